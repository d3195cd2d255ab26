/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Look-ups against a name server of our own on the same loop. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/reader.h"
#include "core/base/sandbox.h"
#include "core/base/writer.h"
#include "core/net/dns.h"
#include "core/net/dns_internal.h"

#define TYPE_A 1
#define TYPE_NAPTR 35
#define TYPE_AAAA 28
#define NAME_ERROR 3
#define SERVER_FAILURE 2

struct server {
	struct loop *loop;
	struct loop_watch watch;
	int fd;
	char at[40];
	unsigned questions;
	bool garbage; /* sends rubbish before each answer */
};

/* The name as text; returns its type. */
static uint16_t read_question(struct reader *r, char *name, size_t size)
{
	size_t n = 0;
	uint8_t len;

	(void)reader_take(r, 12);
	while ((len = reader_u8(r))) {
		const uint8_t *label = reader_take(r, len);
		assert_non_null(label);
		assert_true(n + len + 2 < size);
		memcpy(name + n, label, len);
		n += len;
		name[n++] = '.';
	}
	name[n ? n - 1 : 0] = 0;
	return reader_u16(r);
}

static void put_record(struct writer *w, uint16_t type, uint32_t ttl, const void *data, uint16_t len)
{
	writer_u16(w, 0xc00c); /* the name of the question */
	writer_u16(w, type);
	writer_u16(w, 1);
	writer_u32(w, ttl);
	writer_u16(w, len);
	writer_bytes(w, data, len);
}

static const char naptr_first[] = "\x00\x64\x00\x0a\x01u\x07"
				  "E2U+sip\x1e!^.*$!sip:+4917@ims.example!\x00";
static const char naptr_second[] = "\x00\x64\x00\x05\x01u\x07"
				   "E2U+mms\x00\x03mms\x07"
				   "example\x00";

/* Writes the records for that name and type; returns their count, or minus the code of an error. */
static int put_answer(struct writer *w, const char *name, uint16_t type)
{
	if (!strcmp(name, "missing.test"))
		return -NAME_ERROR;
	if (!strcmp(name, "broken.test"))
		return -SERVER_FAILURE;
	if (!strcmp(name, "half.test") && type == TYPE_AAAA)
		return -SERVER_FAILURE;
	if (type == TYPE_NAPTR && strstr(name, "e164.arpa")) {
		put_record(w, type, 60, naptr_first, sizeof(naptr_first) - 1);
		put_record(w, type, 40, naptr_second, sizeof(naptr_second) - 1);
		return 2;
	}
	if (type == TYPE_A && strcmp(name, "six.test")) {
		put_record(w, type, strcmp(name, "brief.test") ? 60 : 0, "\xc0\x00\x02\x01", 4);
		put_record(w, type, 60, "\xc0\x00\x02\x02", 4);
		return 2;
	}
	if (type == TYPE_AAAA && strcmp(name, "four.test")) {
		put_record(w, type, 60, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
		return 1;
	}
	return 0;
}

static void serve(void *owner, unsigned events)
{
	struct server *s = owner;
	uint8_t question[512], answer[1024];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	char name[300] = "";
	ssize_t n = recvfrom(s->fd, question, sizeof(question), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);

	(void)events;
	if (n < 0)
		return;
	s->questions++;
	struct reader r = reader_of(question, (size_t)n);
	uint16_t type = read_question(&r, name, sizeof(name));
	size_t asked = (size_t)n - reader_left(&r) + 2; /* with the class */
	struct writer w = writer_of(answer, sizeof(answer));
	writer_bytes(&w, question, asked);
	int count = put_answer(&w, name, type);
	assert_true(writer_ok(&w));
	answer[2] = 0x84;
	answer[3] = (uint8_t)(0x80 | (count < 0 ? -count : 0));
	memset(answer + 6, 0, 6);
	answer[7] = (uint8_t)(count > 0 ? count : 0);
	for (size_t cut = 0; s->garbage && cut < writer_len(&w); cut += 3) {
		uint8_t rubbish[1024];
		memcpy(rubbish, answer, cut);
		if (cut > 1)
			rubbish[1] ^= 1; /* another's number */
		(void)sendto(s->fd, rubbish, cut, 0, (struct sockaddr *)&from, from_len);
	}
	(void)sendto(s->fd, answer, writer_len(&w), 0, (struct sockaddr *)&from, from_len);
}

struct asked {
	unsigned answers, count;
	enum result result;
	char first[NET_ADDRESS_TEXT_SIZE], last[NET_ADDRESS_TEXT_SIZE];
	uint32_t ttl_s;
	struct dns_naptr naptrs[4];
	struct dns *ask_again;
};

static void answered(void *owner, const struct dns_answer *answer)
{
	struct asked *a = owner;

	a->answers++;
	a->result = answer->result;
	a->ttl_s = answer->ttl_s;
	a->count = answer->count;
	if (answer->result)
		assert_non_null(answer->why);
	else
		assert_true(answer->count > 0);
	for (unsigned i = 0; answer->addresses && i < answer->count; i++)
		(void)net_address_text(&answer->addresses[i], i ? a->last : a->first);
	for (unsigned i = 0; answer->naptrs && i < answer->count && i < 4; i++)
		a->naptrs[i] = answer->naptrs[i];
	if (a->ask_again) {
		struct dns *dns = a->ask_again;
		a->ask_again = NULL;
		(void)dns_ask(dns, DNS_ADDRESSES, TEXT_LITERAL("both.test"), answered, a);
	}
}

struct fixture {
	struct server server;
	struct dns *dns;
};

static void open_all(struct fixture *f)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	const char *why = "";

	*f = (struct fixture){ .server.loop = loop_new() };
	f->server.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->server.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(f->server.fd, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(loop_watch(f->server.loop, &f->server.watch, f->server.fd, LOOP_READ, serve, &f->server), OK);
	snprintf(f->server.at, sizeof(f->server.at), "127.0.0.1:%u", ntohs(at.sin_port));
	assert_int_equal(dns_new(f->server.loop, f->server.at, &f->dns, &why), OK);
}

static void close_all(struct fixture *f)
{
	dns_free(&f->dns);
	loop_unwatch(&f->server.watch);
	close(f->server.fd);
	loop_free(&f->server.loop);
}

static struct asked ask(struct fixture *f, enum dns_kind kind, const char *name)
{
	struct asked a = { 0 };

	(void)dns_ask(f->dns, kind, text_of(name), answered, &a);
	assert_int_equal(a.answers, 0); /* never inside the call */
	for (unsigned i = 0; i < 10000 && !a.answers; i++)
		loop_turn(f->server.loop, 10000);
	assert_int_equal(a.answers, 1);
	return a;
}

static void names_are_looked_up(void **state)
{
	static const struct {
		const char *name;
		enum result result;
		unsigned count;
		const char *first, *last;
	} table[] = {
		{ "both.test", OK, 3, "192.0.2.1:0", "[2001:db8::1]:0" },
		{ "BOTH.Test.", OK, 3, "192.0.2.1:0", "[2001:db8::1]:0" },
		{ "four.test", OK, 2, "192.0.2.1:0", "192.0.2.2:0" },
		{ "six.test", OK, 1, "[2001:db8::1]:0", "" },
		{ "half.test", OK, 2, "192.0.2.1:0", "192.0.2.2:0" },
		{ "missing.test", ERR_NOT_FOUND, 0, "", "" },
		{ "broken.test", ERR_BUSY, 0, "", "" },
		{ "192.0.2.9", OK, 1, "192.0.2.9:0", "" },
		{ "2001:db8::9", OK, 1, "[2001:db8::9]:0", "" },
		{ "localhost", OK, 2, "127.0.0.1:0", "[::1]:0" },
		{ "a.LOCALHOST", OK, 2, "127.0.0.1:0", "[::1]:0" },
		{ "", ERR_MALFORMED, 0, "", "" },
		{ ".", ERR_MALFORMED, 0, "", "" },
		{ "a..b", ERR_MALFORMED, 0, "", "" },
		{ ".a", ERR_MALFORMED, 0, "", "" },
		{ "a b", ERR_MALFORMED, 0, "", "" },
		{ "a\xc3\xbc", ERR_MALFORMED, 0, "", "" },
		{ "a123456789012345678901234567890123456789012345678901234567890123.test", ERR_MALFORMED, 0, "", "" },
	};
	struct fixture f;

	(void)state;
	open_all(&f);
	for (unsigned rubbish = 0; rubbish < 2; rubbish++) {
		f.server.garbage = rubbish;
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
			struct asked a = ask(&f, DNS_ADDRESSES, table[i].name);
			assert_int_equal(a.result, table[i].result);
			assert_int_equal(a.count, table[i].count);
			assert_string_equal(a.first, table[i].first);
			assert_string_equal(a.last, table[i].last);
		}
		close_all(&f);
		open_all(&f);
	}
	close_all(&f);
}

static void enum_names(void **state)
{
	char name[100];
	struct fixture f;

	(void)state;
	assert_true(dns_enum_name(TEXT_LITERAL("+4917"), "e164.arpa", name, sizeof(name)));
	assert_string_equal(name, "7.1.9.4.e164.arpa");
	assert_false(dns_enum_name(TEXT_LITERAL("+4"), "e164.arpa", name, sizeof(name)));
	assert_false(dns_enum_name(TEXT_LITERAL("+1234567890123456"), "e164.arpa", name, sizeof(name)));
	assert_false(dns_enum_name(TEXT_LITERAL("49x7"), "e164.arpa", name, sizeof(name)));
	assert_false(dns_enum_name(TEXT_LITERAL("4917"), "e164.arpa", name, 17));
	assert_true(dns_enum_name(TEXT_LITERAL("4917"), "e164.arpa", name, 18));
	open_all(&f);
	struct asked a = ask(&f, DNS_NAPTR, name);
	assert_int_equal(a.result, OK);
	assert_int_equal(a.count, 2);
	assert_int_equal(a.ttl_s, 40);			     /* the least of the set */
	assert_string_equal(a.naptrs[0].service, "E2U+mms"); /* the lower preference first */
	assert_string_equal(a.naptrs[0].replacement, "mms.example");
	assert_int_equal(a.naptrs[1].order, 100);
	assert_int_equal(a.naptrs[1].preference, 10);
	assert_string_equal(a.naptrs[1].regexp, "!^.*$!sip:+4917@ims.example!");
	assert_int_equal(ask(&f, DNS_NAPTR, name).ttl_s, 40);
	assert_int_equal(ask(&f, DNS_NAPTR, "four.test").result, ERR_NOT_FOUND);
	close_all(&f);
}

static void answers_are_kept(void **state)
{
	struct fixture f;
	struct asked many[50] = { 0 };

	(void)state;
	open_all(&f);
	for (unsigned i = 0; i < 50; i++)
		(void)dns_ask(f.dns, DNS_ADDRESSES, TEXT_LITERAL("both.test"), answered, &many[i]);
	many[3].ask_again = f.dns;
	for (unsigned i = 0; i < 1000 && many[49].answers + many[3].answers < 3; i++)
		loop_turn(f.server.loop, 10000);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(many[i].answers, i == 3 ? 2 : 1);
	assert_int_equal(f.server.questions, 2); /* A and AAAA, once */
	(void)ask(&f, DNS_ADDRESSES, "missing.test");
	(void)ask(&f, DNS_ADDRESSES, "missing.test");
	assert_int_equal(f.server.questions, 4);
	(void)ask(&f, DNS_ADDRESSES, "brief.test"); /* TTL 0 */
	(void)ask(&f, DNS_ADDRESSES, "brief.test");
	assert_int_equal(f.server.questions, 8);
	int64_t now = clock_monotonic();
	clock_set(0, now + 59 * USEC_PER_SEC);
	(void)ask(&f, DNS_ADDRESSES, "both.test");
	assert_int_equal(f.server.questions, 8);
	clock_set(0, now + 61 * USEC_PER_SEC);
	(void)ask(&f, DNS_ADDRESSES, "both.test");
	assert_int_equal(f.server.questions, 10);
	clock_real();
	close_all(&f);
}

static void the_cache_is_bounded(void **state)
{
	struct fixture f;
	char name[40];

	(void)state;
	open_all(&f);
	for (unsigned i = 0; i < DNS_CACHE_MAX + 200; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		assert_int_equal(ask(&f, DNS_ADDRESSES, name).result, OK);
	}
	unsigned before = f.server.questions;
	(void)ask(&f, DNS_ADDRESSES, name);
	assert_int_equal(f.server.questions, before);
	(void)ask(&f, DNS_ADDRESSES, "n0.test");
	assert_int_equal(f.server.questions, before + 2);
	close_all(&f);
}

static void forgotten_and_freed(void **state)
{
	struct fixture f;
	struct asked a = { 0 }, b = { 0 };

	(void)state;
	open_all(&f);
	uint64_t first = dns_ask(f.dns, DNS_ADDRESSES, TEXT_LITERAL("both.test"), answered, &a);
	(void)dns_ask(f.dns, DNS_ADDRESSES, TEXT_LITERAL("both.test"), answered, &b);
	uint64_t third = dns_ask(f.dns, DNS_ADDRESSES, TEXT_LITERAL("192.0.2.1"), answered, &a);
	dns_forget(f.dns, first);
	dns_forget(f.dns, first);
	dns_forget(f.dns, third);
	for (unsigned i = 0; i < 1000 && !b.answers; i++)
		loop_turn(f.server.loop, 10000);
	assert_int_equal(a.answers, 0);
	assert_int_equal(b.answers, 1);
	/* Open questions, answers that wait to be told: all end with it. */
	(void)dns_ask(f.dns, DNS_ADDRESSES, TEXT_LITERAL("both.test"), answered, &a);
	(void)dns_ask(f.dns, DNS_ADDRESSES, TEXT_LITERAL("other.test"), answered, &a);
	(void)dns_ask(f.dns, DNS_ADDRESSES, TEXT_LITERAL("10.0.0.1"), answered, &a);
	close_all(&f);
	assert_int_equal(a.answers, 0);
}

static void nobody_answers(void **state)
{
	struct fixture f;
	const char *why = NULL;

	(void)state;
	open_all(&f);
	loop_unwatch(&f.server.watch);
	close(f.server.fd);
	f.server.fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(ask(&f, DNS_ADDRESSES, "both.test").result, ERR_BUSY); /* the port is closed */
	close_all(&f);
	struct loop *loop = loop_new();
	assert_int_equal(dns_new(loop, "no server", &f.dns, &why), ERR_MALFORMED);
	assert_non_null(why);
	loop_free(&loop);
}

/* In a child: all that it needs was read before. */
static void behind_the_sandbox(void **state)
{
	const struct sandbox s = { .role = "test", .promises = SANDBOX_INET };
	struct fixture f;
	int status;

	(void)state;
	pid_t child = fork();
	if (!child) {
		open_all(&f);
		if (sandbox_enter(&s))
			_exit(1);
		bool good = ask(&f, DNS_ADDRESSES, "both.test").count == 3;
		good &= ask(&f, DNS_ADDRESSES, "localhost").result == OK;
		good &= ask(&f, DNS_NAPTR, "1.2.e164.arpa").count == 2;
		_exit(good ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void silence_ends(void **state)
{
	struct fixture f;

	(void)state;
	open_all(&f);
	loop_unwatch(&f.server.watch);
	assert_int_equal(ask(&f, DNS_ADDRESSES, "both.test").result, ERR_TIMEOUT);
	close_all(&f);
}

static void the_hosts_file(void **state)
{
	static const char file[] = "127.0.0.1\tlocalhost # comment\n"
				   "#10.0.0.1 no\n"
				   "  10.0.0.1  A.example   b.example\r\n"
				   "fe80::1%eth0 zoned\n"
				   "2001:db8::1 a.example\n"
				   "nonsense here\n10.0.0.2\n\n10.0.0.3 last";
	struct net_address got[DNS_ADDRESSES_MAX];
	char text[NET_ADDRESS_TEXT_SIZE];

	(void)state;
	struct dns_hosts *h = dns_hosts_parse(text_range(file, sizeof(file) - 1));
	assert_int_equal(dns_hosts_find(h, "a.example", got), 2);
	assert_string_equal(net_address_text(&got[0], text), "10.0.0.1:0");
	assert_string_equal(net_address_text(&got[1], text), "[2001:db8::1]:0");
	assert_int_equal(dns_hosts_find(h, "b.example", got), 1);
	assert_int_equal(dns_hosts_find(h, "last", got), 1);
	assert_int_equal(dns_hosts_find(h, "no", got), 0);
	assert_int_equal(dns_hosts_find(h, "zoned", got), 0);
	assert_int_equal(dns_hosts_find(h, "here", got), 0);
	dns_hosts_free(&h);
	for (size_t n = 0; n < sizeof(file); n++) {
		h = dns_hosts_parse(text_range(file, n));
		dns_hosts_free(&h);
	}
	h = dns_hosts_read("/nowhere/at/all");
	assert_int_equal(dns_hosts_find(h, "localhost", got), 0);
	dns_hosts_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_looked_up), cmocka_unit_test(enum_names),
		cmocka_unit_test(answers_are_kept),    cmocka_unit_test(the_cache_is_bounded),
		cmocka_unit_test(forgotten_and_freed), cmocka_unit_test(nobody_answers),
		cmocka_unit_test(the_hosts_file),      cmocka_unit_test(behind_the_sandbox),
		cmocka_unit_test(silence_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
