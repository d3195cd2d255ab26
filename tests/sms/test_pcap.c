/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captures: blocks and packets octet by octet, and files with their limits. tshark's view is in test_capture.py. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "core/base/reader.h"
#include "sms/pcap_tap.h"

static uint8_t room[PCAP_BLOCK_MAX];

static void assert_hex(const struct writer *w, const char *wanted)
{
	char text[4096];
	struct writer h = writer_of(text, sizeof(text) - 1);

	assert_true(writer_ok(w));
	hex_put(&h, w->start, writer_len(w));
	text[writer_len(&h)] = 0;
	assert_string_equal(text, wanted);
}

static struct net_address address(const char *text)
{
	struct net_address a;
	const char *why;

	assert_int_equal(net_address_parse(text_of(text), &a, &why), OK);
	return a;
}

/* --- octets --- */

static void test_blocks(void **state)
{
	struct writer w = writer_of(room, sizeof(room));
	struct pcap_packet p = { .interface = 3, .time_us = 0x100000002, .out = true, .octets = TEXT_LITERAL("abcde") };

	(void)state;
	pcap_put_section(&w, TEXT_LITERAL("x"));
	assert_hex(&w, "0a0d0d0a000000281a2b3c4d00010000ffffffffffffffff00040001780000000000000000000028");
	w = writer_of(room, sizeof(room));
	pcap_put_interface(&w, PCAP_UPPER_PDU, TEXT_LITERAL("sgs"));
	assert_hex(&w, "000000010000002000fc00000000000000020003736773000000000000000020");
	w = writer_of(room, sizeof(room));
	pcap_put_packet(&w, &p);
	assert_hex(&w, "00000006000000340000000300000001000000020000000500000005616263646500000000020004000000020000000"
		       "00000003"
		       "4");
	p.out = false;
	w = writer_of(room, sizeof(room));
	pcap_put_packet(&w, &p);
	assert_memory_equal(room + 36, "\0\2\0\4\0\0\0\1\0\0\0\0", 12); /* epb_flags: inbound */
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint32_t sum_of(const uint8_t *at, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	return sum;
}

static void test_ipv4_segment(void **state)
{
	struct net_address from = address("192.0.2.1:2775"), to = address("198.51.100.7:40001");
	struct pcap_segment s = { &from, &to, 0x01020304, 0x05060708, TEXT_LITERAL("odd") };
	struct writer w = writer_of(room, sizeof(room));

	(void)state;
	pcap_put_segment(&w, &s);
	assert_true(writer_ok(&w));
	assert_int_equal(writer_len(&w), 43);
	assert_int_equal(folded(sum_of(room, 20)), 0xffff); /* RFC 1071: with its checksum a header sums up to this */
	assert_int_equal(folded(sum_of(room + 20, 23) + sum_of(room + 12, 8) + IPPROTO_TCP + 23), 0xffff);
	assert_memory_equal(room + 20, "\x0a\xd7\x9c\x41\x01\x02\x03\x04\x05\x06\x07\x08\x50\x18\xff\xff", 16);
}

static void test_ipv6_segment(void **state)
{
	struct net_address from = address("[2001:db8::1]:2775"), to = address("[2001:db8::2]:5");
	struct pcap_segment s = { &from, &to, 1, 2, TEXT_LITERAL("even") };
	struct writer w = writer_of(room, sizeof(room));

	(void)state;
	pcap_put_segment(&w, &s);
	assert_true(writer_ok(&w));
	assert_int_equal(writer_len(&w), 64);
	assert_memory_equal(room, "\x60\0\0\0\0\x18\x06\x40\x20\x01\x0d\xb8", 12);
	assert_int_equal(folded(sum_of(room + 40, 24) + sum_of(room + 8, 32) + IPPROTO_TCP + 24), 0xffff);
}

static void test_other_addresses(void **state)
{
	struct net_address local = address("unix:/run/x"), net = address("[::1]:7");
	struct pcap_segment s = { &local, &net, 0, 0, TEXT_LITERAL("x") };
	struct writer w = writer_of(room, sizeof(room));
	static char big[PCAP_SEGMENT_MAX + 1];

	(void)state;
	pcap_put_segment(&w, &s); /* both ends become the one that is of the net */
	assert_true(writer_ok(&w));
	assert_memory_equal(room + 8, room + 24, 16);
	w = writer_of(room, sizeof(room));
	s.octets = text_range(big, sizeof(big));
	pcap_put_segment(&w, &s);
	assert_false(writer_ok(&w));
}

static void test_messages(void **state)
{
	struct net_address a = address("192.0.2.1:29118"), b = address("192.0.2.2:1");
	struct pcap_message m = { .dissector = "sgsap", .from = &a, .to = &b, .octets = TEXT_LITERAL("\1") };
	struct writer w = writer_of(room, sizeof(room));

	(void)state;
	pcap_put_message(&w, &m);
	assert_hex(&w, "000c000873677361700000000014"
		       "0004c000020100150004c00002020018000400000001001900040000"
		       "71be001a0004000000010023000400000000"
		       "0000000001");
	w = writer_of(room, sizeof(room));
	m = (struct pcap_message){ .dissector = "gsm_sms", .to_network = true, .octets = TEXT_LITERAL("\1") };
	pcap_put_message(&w, &m);
	assert_hex(&w, "000c000867736d5f736d7300002300040000000100000000"
		       "01");
}

/* --- files --- */

static struct loop *loop;
static char path[64];
static char shown[4096];

static int new_file(void)
{
	snprintf(path, sizeof(path), "/tmp/test_pcap.XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	return fd;
}

static size_t file_size(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

static void say(void *owner, const char *line)
{
	(void)owner;
	assert_true(strlen(shown) + strlen(line) + 2 < sizeof(shown));
	size_t n = strlen(shown);
	snprintf(shown + n, sizeof(shown) - n, "%s\n", line);
}

static const char *show(void)
{
	shown[0] = 0;
	pcap_show(say, NULL);
	return shown;
}

static enum result open_capture(const char *link, int64_t size, int64_t time_us, int fd)
{
	struct pcap_order o = { text_of(link), TEXT_LITERAL("file"), size, time_us };
	const char *why = NULL;
	enum result r = pcap_open(loop, &o, fd, &why);

	assert_true(r == OK || why);
	return r;
}

static void turns_until_idle(void)
{
	for (int i = 0; i < 2000 && !pcap_idle(); i++) {
		loop_turn(loop, 1000);
	}
	assert_true(pcap_idle());
}

/* Block after block: both lengths agree, and nothing is left over. Returns how many packets. */
static unsigned read_file(void)
{
	static uint8_t content[1u << 20];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, content, sizeof(content));
	struct reader r = reader_of(content, n > 0 ? (size_t)n : 0);
	unsigned packets = 0;

	close(fd);
	while (reader_left(&r)) {
		uint32_t type = reader_u32(&r);
		uint32_t length = reader_u32(&r);
		assert_true(length >= 12 && length % 4 == 0);
		(void)reader_take(&r, length - 12);
		assert_int_equal(reader_u32(&r), length);
		packets += type == 6;
	}
	assert_true(reader_done(&r));
	return packets;
}

static int start(void **state)
{
	(void)state;
	loop = loop_new();
	return 0;
}

static int finish(void **state)
{
	(void)state;
	pcap_clear();
	assert_false(pcap_on);
	(void)unlink(path);
	loop_free(&loop);
	return 0;
}

static void test_off(void **state)
{
	(void)state;
	assert_false(pcap_on);
	assert_false(pcap_wanted("smsc:one"));
	pcap_take("smsc:one", PCAP_RAW_IP, true, TEXT_LITERAL("x")); /* to nobody */
	assert_string_equal(show(), "");
	assert_int_equal(pcap_end(TEXT_LITERAL("all"), "no"), 0);
}

static void test_one_link(void **state)
{
	(void)state;
	assert_int_equal(open_capture("smsc:one", PCAP_SIZE_DEFAULT, 1000000000, new_file()), OK);
	assert_true(pcap_on && pcap_wanted("smsc:one") && !pcap_wanted("smsc:two") && !pcap_wanted("all"));
	for (unsigned i = 0; i < 5000; i++) {
		pcap_take("smsc:one", PCAP_RAW_IP, i % 2, TEXT_LITERAL("some octets"));
		pcap_take("smsc:two", PCAP_RAW_IP, i % 2, TEXT_LITERAL("others"));
	}
	assert_non_null(strstr(show(), "5000 packets, 0 dropped, "));
	assert_int_equal(pcap_end(TEXT_LITERAL("file"), "enough"), 1);
	assert_int_equal(pcap_end(TEXT_LITERAL("file"), "enough"), 0);
	assert_false(pcap_on);
	turns_until_idle();
	assert_int_equal(read_file(), 5000);
	assert_non_null(strstr(show(), "ended: enough"));
}

static void test_size(void **state)
{
	static char big[20000];

	(void)state;
	assert_int_equal(open_capture("all", PCAP_SIZE_LEAST, 1000000000, new_file()), OK);
	for (unsigned i = 0; i < 10; i++)
		pcap_take("gsup", PCAP_RAW_IP, true, text_range(big, sizeof(big)));
	assert_false(pcap_on);
	turns_until_idle();
	assert_int_equal(read_file(), 3);
	assert_true(file_size() <= PCAP_SIZE_LEAST);
	assert_non_null(strstr(show(), "ended: the file is as big as it may be"));
	static char huge[PCAP_PACKET_MAX + 1];
	assert_int_equal(open_capture("all", PCAP_SIZE_LEAST, 1000000000, open(path, O_WRONLY | O_TRUNC)), OK);
	pcap_take("gsup", PCAP_RAW_IP, true, text_range(huge, sizeof(huge))); /* left out, nothing else */
	assert_true(pcap_on);
}

static void test_time(void **state)
{
	(void)state;
	assert_int_equal(open_capture("all", PCAP_SIZE_DEFAULT, 20000, new_file()), OK);
	for (int i = 0; i < 2000 && pcap_on; i++) {
		loop_turn(loop, 1000);
	}
	assert_false(pcap_on);
	assert_non_null(strstr(show(), "ended: its time is over"));
	turns_until_idle();
}

static void test_full_disk(void **state)
{
	(void)state;
	assert_int_equal(open_capture("all", PCAP_SIZE_DEFAULT, 1000000000, open("/dev/full", O_WRONLY | O_CLOEXEC)),
			 OK);
	pcap_take("sgs", PCAP_UPPER_PDU, true, TEXT_LITERAL("x"));
	turns_until_idle();
	assert_false(pcap_on);
	assert_non_null(strstr(show(), "ended: it cannot be written: No space left on device"));
}

/* A reader that takes nothing is a disk that is too slow: memory stays bounded, what does not fit is counted. */
static void test_slow_disk(void **state)
{
	int ends[2];
	static char big[30000];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(open_capture("all", PCAP_SIZE_MOST, 1000000000, ends[1]), OK);
	for (unsigned i = 0; i < 1000; i++) {
		pcap_take("sgs", PCAP_UPPER_PDU, true, text_range(big, sizeof(big)));
		loop_turn(loop, 1000);
	}
	const char *line = strstr(show(), " packets, ");
	assert_non_null(line);
	unsigned long dropped = strtoul(line + 10, NULL, 10);
	assert_true(dropped > 700 && dropped < 950); /* 4 MiB and what is on its way of 30 MB */
	close(ends[0]);				     /* EPIPE frees the thread */
	turns_until_idle();
	assert_non_null(strstr(show(), "ended: it cannot be written: Broken pipe"));
}

static void test_many(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PCAP_FILES_MAX; i++)
		assert_int_equal(
			open_capture("all", PCAP_SIZE_DEFAULT, 1000000000, open("/dev/null", O_WRONLY | O_CLOEXEC)),
			OK);
	assert_int_equal(open_capture("all", PCAP_SIZE_DEFAULT, 1000000000, open("/dev/null", O_WRONLY | O_CLOEXEC)),
			 ERR_FULL);
	assert_int_equal(pcap_end(TEXT_LITERAL("all"), "enough"), PCAP_FILES_MAX);
	turns_until_idle();
	assert_int_equal(open_capture("all", PCAP_SIZE_DEFAULT, 1000000000, open("/dev/null", O_WRONLY | O_CLOEXEC)),
			 OK);
	/* More links than it tells apart. */
	for (unsigned i = 0; i < PCAP_INTERFACES_MAX + 100; i++) {
		char name[20];
		snprintf(name, sizeof(name), "smsc:%u", i);
		pcap_take(name, i % 2 ? PCAP_RAW_IP : PCAP_UPPER_PDU, true, TEXT_LITERAL("x"));
	}
	assert_true(pcap_on);
}

static bool holds(const char *what, size_t len)
{
	static char content[1u << 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, content, sizeof(content));

	close(fd);
	return n > 0 && memmem(content, (size_t)n, what, len);
}

static size_t on_octets(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	(void)owner;
	(void)stream;
	(void)bytes;
	return n;
}

static void on_closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	(void)owner;
	(void)stream;
	(void)why;
	(void)text;
}

/* A bind between two other PDUs: its password is not in the file, all else is. */
static void test_passwords(void **state)
{
	static const struct stream_handler handler = { .received = on_octets, .closed = on_closed };
	static const char octets[] = "\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\1"
				     "\0\0\0\x23\0\0\0\x09\0\0\0\0\0\0\0\2user\0secret\0VMA\0\x34\0\0"
				     "\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\3";
	struct pcap_flow flow = { 0 };
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	struct stream *s = stream_accept(loop, ends[0], NULL, &handler, NULL);
	assert_int_equal(open_capture("smsc:one", PCAP_SIZE_DEFAULT, 1000000000, new_file()), OK);
	pcap_tap_smpp(&flow, s, "smsc:one", false, octets, sizeof(octets) - 1);
	uint32_t in = flow.sequence[0];
	pcap_tap_smpp(&flow, s, "smsc:one", true, octets, 16);
	pcap_tap_smpp(&flow, s, "smsc:two", false, octets, 16); /* not taken, and not counted */
	assert_int_equal(flow.sequence[0], in);
	(void)pcap_end(TEXT_LITERAL("all"), "enough");
	turns_until_idle();
	assert_int_equal(read_file(), 4);
	assert_true(holds("user\0******\0VMA", 15));
	assert_false(holds("secret", 6));
	assert_true(holds("\0\0\0\x15\0\0\0\0\0\0\0\3", 12));
	stream_free(&s);
	close(ends[1]);
}

static void test_bad_orders(void **state)
{
	static const char *const bad[] = { "",
					   ".x",
					   "a/b",
					   "a b",
					   "\xc3\xa4",
					   "..",
					   "0123456789012345678901234567890123456789012345678901234567890123x" };
	const int64_t sizes[] = { 0, PCAP_SIZE_LEAST - 1, PCAP_SIZE_MOST + 1 }, times[] = { 0, -1, PCAP_TIME_MOST + 1 };

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(pcap_name_good(text_of(bad[i])));
	assert_true(pcap_name_good(TEXT_LITERAL("a.B-9_c")));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(open_capture("all", sizes[i], 1, dup(0)), ERR_MALFORMED);
		assert_int_equal(open_capture("all", PCAP_SIZE_LEAST, times[i], dup(0)), ERR_MALFORMED);
	}
	assert_int_equal(open_capture("", PCAP_SIZE_LEAST, 1, dup(0)), ERR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_ipv4_segment),
		cmocka_unit_test(test_ipv6_segment),
		cmocka_unit_test(test_other_addresses),
		cmocka_unit_test(test_messages),
		cmocka_unit_test_setup_teardown(test_off, start, finish),
		cmocka_unit_test_setup_teardown(test_one_link, start, finish),
		cmocka_unit_test_setup_teardown(test_size, start, finish),
		cmocka_unit_test_setup_teardown(test_time, start, finish),
		cmocka_unit_test_setup_teardown(test_full_disk, start, finish),
		cmocka_unit_test_setup_teardown(test_slow_disk, start, finish),
		cmocka_unit_test_setup_teardown(test_many, start, finish),
		cmocka_unit_test_setup_teardown(test_passwords, start, finish),
		cmocka_unit_test_setup_teardown(test_bad_orders, start, finish),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
