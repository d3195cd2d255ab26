/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams under TLS, with certificates made here. */
#include "tests/core/net/stream_pair.h"

#include <sys/wait.h>

#include "core/base/sandbox.h"
#include "core/net/stream_internal.h"
#include "tests/core/net/test_certificate.h"

#define NAMES "DNS:smsc.example,DNS:*.lab.example,IP:127.0.0.1"

static struct certificate first, second;

static struct tls_server *server_of(const struct certificate *c, const char *alpn)
{
	struct tls_server *server = NULL;
	const char *why = "";

	assert_int_equal(tls_server_new(text_of(c->chain), text_of(c->key), alpn, &server, &why), OK);
	return server;
}

static struct tls_client *client_of(const struct certificate *c, const char *alpn)
{
	struct tls_client *client = NULL;
	const char *why = "";
	struct text authorities = { 0 };

	if (c)
		authorities = text_of(c->chain);
	assert_int_equal(tls_client_new(authorities, c != NULL, alpn, &client, &why), OK);
	return client;
}

static void prepare(struct stream_pair *p, const char *server_alpn, const char *client_alpn)
{
	*p = (struct stream_pair){ .name = "smsc.example" };
	p->server = server_of(&first, server_alpn);
	p->client = client_of(&first, client_alpn);
}

static void echo_once(struct stream_pair *p, const char *text)
{
	size_t before = p->a.got_len;

	p->b.echo = true;
	stream_write(p->a.stream, text, strlen(text));
	until_octets(p, &p->a.got_len, before + strlen(text));
	assert_memory_equal(p->a.got + before, text, strlen(text));
	p->b.echo = false;
}

static void handshake_and_alpn(void **state)
{
	static const struct {
		const char *server, *client, *chosen;
	} table[] = {
		{ "h2 http/1.1", "http/1.1 h2", "h2" },
		{ "http/1.1", "h2 http/1.1", "http/1.1" },
		{ "h2", "smpp", "" },
		{ "", "h2", "" },
		{ "h2 http/1.1", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct stream_pair p;
		prepare(&p, table[i].server, table[i].client);
		pair_open(&p);
		assert_true(stream_is_tls(p.a.stream) && stream_is_tls(p.b.stream));
		assert_string_equal(stream_alpn(p.a.stream), table[i].chosen);
		assert_string_equal(stream_alpn(p.b.stream), table[i].chosen);
		echo_once(&p, "hello");
		stream_finish(p.a.stream);
		until(&p, &p.b.closed, 1);
		assert_int_equal(p.b.why, OK);
		until(&p, &p.a.closed, 1);
		assert_int_equal(p.a.why, OK);
		pair_close(&p);
	}
}

static void written_before_connected(void **state)
{
	struct stream_pair p;

	(void)state;
	prepare(&p, "", "");
	pair_listen(&p);
	pair_connect(&p);
	stream_write(p.a.stream, "early", 5);
	stream_finish(p.a.stream);
	until(&p, &p.b.closed, 1);
	assert_memory_equal(p.b.got, "early", 5);
	assert_int_equal(p.b.why, OK);
	pair_close(&p);
}

static void paused_before_it_is_open(void **state)
{
	struct stream_pair p;

	(void)state;
	prepare(&p, "", "");
	pair_listen(&p);
	pair_connect(&p);
	while (!p.a.connected) {
		stream_pause(p.a.stream, true);
		turns(&p, 1);
		stream_pause(p.a.stream, false);
		if (p.b.stream && p.b.connected && !stream_backlog(p.b.stream) && !p.b.echo)
			stream_write(p.b.stream, "hello", 5);
		p.b.echo = p.b.connected;
	}
	if (!p.b.echo)
		stream_write(p.b.stream, "hello", 5);
	until_octets(&p, &p.a.got_len, 5);
	pair_close(&p);
}

static void much_with_pauses(void **state)
{
	static uint8_t much[5u << 20];
	struct stream_pair p;

	(void)state;
	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = (uint8_t)(i * 31 + i / 257);
	prepare(&p, "", "");
	pair_open(&p);
	stream_pause(p.b.stream, true);
	stream_write(p.a.stream, much, sizeof(much));
	turns(&p, 10);
	assert_int_equal(p.b.received, 0);
	assert_false(stream_room(p.a.stream));
	while (p.b.got_len < sizeof(much)) {
		stream_pause(p.b.stream, false);
		turns(&p, 1);
		stream_pause(p.b.stream, true);
		turns(&p, 1);
	}
	assert_int_equal(p.b.got_len, sizeof(much));
	assert_memory_equal(p.b.got, much, sizeof(much));
	assert_int_equal(p.a.rooms, 1);
	pair_close(&p);
}

/* --- a relay that moves one octet a turn -------------------------------------------------------------------------- */

static void move_one(int from, int to)
{
	char c;

	if (recv(from, &c, 1, MSG_DONTWAIT) == 1)
		assert_int_equal(send(to, &c, 1, MSG_NOSIGNAL), 1);
}

static void trickled_octets(void **state)
{
	struct stream_pair p;
	struct net_address relay;
	int listening;

	(void)state;
	prepare(&p, "h2", "h2");
	pair_listen(&p);
	listen_somewhere(&relay, &listening);
	p.a.stream = stream_connect(p.loop, &relay, p.client, "smsc.example", 60 * USEC_PER_SEC, &side_handler, &p.a);
	int client = accept(listening, NULL, NULL), server = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(server, (struct sockaddr *)&p.at.storage, p.at.len), 0);
	stream_write(p.a.stream, "slowly", 6);
	p.b.echo = true;
	for (unsigned i = 0; i < 100000 && p.a.got_len < 6; i++) {
		move_one(client, server);
		move_one(server, client);
		loop_turn(p.loop, 0);
	}
	assert_int_equal(p.a.got_len, 6);
	assert_memory_equal(p.a.got, "slowly", 6);
	assert_string_equal(stream_alpn(p.b.stream), "h2");
	/* A cut without TLS's good-bye is not a clean end. */
	close(client);
	until(&p, &p.a.closed, 1);
	assert_int_equal(p.a.why, ERR_CLOSED);
	close(server);
	close(listening);
	pair_close(&p);
}

static void a_reload_drops_nobody(void **state)
{
	struct stream_pair p;
	const char *why = "";

	(void)state;
	prepare(&p, "", "");
	pair_open(&p);
	assert_int_equal(tls_server_reload(p.server, text_of(first.chain), text_of(second.key), &why), ERR_MALFORMED);
	assert_string_equal(why, "the key does not belong to the certificate");
	assert_int_equal(tls_server_reload(p.server, text_of("x"), text_of(second.key), &why), ERR_MALFORMED);
	echo_once(&p, "before");
	assert_int_equal(tls_server_reload(p.server, text_of(second.chain), text_of(second.key), &why), OK);
	echo_once(&p, "after");

	/* One who trusts the new certificate alone is served now. */
	struct side other = { .take = TO_TAKE_ALL };
	struct tls_client *client = client_of(&second, "");
	struct stream *old = p.b.stream;
	p.b.stream = NULL;
	p.b.connected = 0;
	other.stream = stream_connect(p.loop, &p.at, client, "smsc.example", 5 * USEC_PER_SEC, &side_handler, &other);
	until(&p, &other.connected, 1);
	tls_client_free(&client); /* the stream keeps what it needs */
	assert_int_equal(p.a.closed, 0);
	stream_free(&other.stream);
	stream_free(&old);
	pair_close(&p);
}

static void whom_a_client_trusts(void **state)
{
	static const struct {
		const char *name, *why; /* why NULL: accepted */
		const struct certificate *authority;
	} table[] = {
		{ "smsc.example", NULL, &first },
		{ "mms.lab.example", NULL, &first },
		{ "127.0.0.1", NULL, &first },
		{ "anything.at.all", NULL, NULL },
		{ "other.example", "hostname mismatch", &first },
		{ "a.b.lab.example", "hostname mismatch", &first },
		{ "", "hostname mismatch", &first },
		{ "127.0.0.2", "IP address mismatch", &first },
		{ "smsc.example", "self-signed certificate", &second },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct stream_pair p = { .name = table[i].name };
		p.server = server_of(&first, "");
		p.client = client_of(table[i].authority, "");
		pair_listen(&p);
		pair_connect(&p);
		until(&p, table[i].why ? &p.a.closed : &p.a.connected, 1);
		assert_int_equal(p.a.connected, table[i].why == NULL);
		if (table[i].why) {
			assert_int_equal(p.a.why, ERR_DENIED);
			assert_string_equal(p.a.text, table[i].why);
		}
		pair_close(&p);
	}
}

static void garbage_closes_only_itself(void **state)
{
	static const char *const table[] = { "GET / HTTP/1.0\r\n\r\n", "\x16\x03\x01\xff\xff", "\x80\x2e\x01\x00\x02",
					     "\x15\x03\x01\x00\x02\x02\x28", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz" };

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct stream_pair p;
		prepare(&p, "", "");
		pair_open(&p);
		struct stream *good = p.b.stream;
		p.b.stream = NULL;
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(fd, (struct sockaddr *)&p.at.storage, p.at.len), 0);
		size_t n = strlen(table[i]) > 5 ? strlen(table[i]) : 5;
		assert_int_equal(send(fd, table[i], n, MSG_NOSIGNAL), n);
		shutdown(fd, SHUT_WR);
		until(&p, &p.b.closed, 1);
		assert_true(p.b.why == ERR_DENIED || p.b.why == ERR_CLOSED);
		close(fd);
		stream_free(&p.b.stream);
		p.b.stream = good;
		echo_once(&p, "still here");
		assert_int_equal(p.a.closed, 0);
		pair_close(&p);
	}
}

static void bad_pairs_are_refused(void **state)
{
	struct tls_server *server = NULL;
	struct tls_client *client = NULL;
	const char *why = NULL;
	char longest[100];

	(void)state;
	struct text chain = text_of(first.chain), key = text_of(first.key);
	assert_int_equal(tls_server_new((struct text){ 0 }, key, "", &server, &why), ERR_MALFORMED);
	assert_string_equal(why, "the certificate is no PEM certificate that TLS can use");
	assert_int_equal(tls_server_new(key, key, "", &server, &why), ERR_MALFORMED);
	assert_int_equal(tls_server_new(chain, chain, "", &server, &why), ERR_MALFORMED);
	assert_string_equal(why, "the key is no PEM key without a passphrase");
	snprintf(longest, sizeof(longest), "%090d", 0);
	assert_int_equal(tls_server_new(chain, key, longest, &server, &why), ERR_MALFORMED);
	assert_int_equal(tls_client_new(key, true, "", &client, &why), ERR_MALFORMED);
	assert_string_equal(why, "the authorities hold no PEM certificate");
	assert_null(server);
	assert_null(client);
	for (size_t n = 0; n < chain.len - 30; n += 7) /* every cut of the chain */
		assert_int_equal(tls_server_new(text_range(chain.at, n), key, "", &server, &why), ERR_MALFORMED);
}

/* In a child: handshakes, a reload and refusals need nothing that the sandbox forbids. */
static void behind_the_sandbox(void **state)
{
	const struct sandbox s = { .role = "test", .promises = SANDBOX_INET };
	int status;

	(void)state;
	pid_t child = fork();
	if (!child) {
		struct stream_pair p;
		const char *why;
		prepare(&p, "h2", "h2");
		pair_listen(&p);
		if (sandbox_enter(&s))
			_exit(1);
		pair_connect(&p);
		until(&p, &p.a.connected, 1);
		until(&p, &p.b.connected, 1);
		echo_once(&p, "inside");
		if (tls_server_reload(p.server, text_of(second.chain), text_of(second.key), &why))
			_exit(2);
		side_clear(&p.a);
		pair_connect(&p); /* does not trust the new one */
		until(&p, &p.a.closed, 1);
		bool good = p.a.why == ERR_DENIED;
		pair_close(&p);
		_exit(good ? 0 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static int make_certificates(void **state)
{
	(void)state;
	certificate_make(&first, NAMES);
	certificate_make(&second, NAMES);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake_and_alpn),	 cmocka_unit_test(written_before_connected),
		cmocka_unit_test(much_with_pauses),	 cmocka_unit_test(paused_before_it_is_open),
		cmocka_unit_test(trickled_octets),	 cmocka_unit_test(a_reload_drops_nobody),
		cmocka_unit_test(whom_a_client_trusts),	 cmocka_unit_test(garbage_closes_only_itself),
		cmocka_unit_test(bad_pairs_are_refused), cmocka_unit_test(behind_the_sandbox),
	};
	return cmocka_run_group_tests(tests, make_certificates, NULL);
}
