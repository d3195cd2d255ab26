/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/net/net_address.h"

static void good_addresses_come_back(void **state)
{
	static const struct {
		const char *in, *out;
		bool loopback;
	} table[] = {
		{ "127.0.0.1:2775", "127.0.0.1:2775", true },
		{ "192.0.2.7:65535", "192.0.2.7:65535", false },
		{ "[::1]:80", "[::1]:80", true },
		{ "[2001:DB8:0::1]:1", "[2001:db8::1]:1", false },
		{ "[::ffff:127.0.0.1]:5", "[::ffff:127.0.0.1]:5", true },
		{ "unix:/run/x.sock", "unix:/run/x.sock", true },
		{ "seqpacket:/run/x.sock", "seqpacket:/run/x.sock", true },
		{ "sctp:127.0.0.1:29118", "127.0.0.1:29118", true },
		{ "udp-sctp:127.0.0.1:29118", "127.0.0.1:9899", true },
		{ "udp-sctp:127.0.0.1:29118/19899", "127.0.0.1:19899", true },
		{ "udp-sctp:[::1]:29118/1", "[::1]:1", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct net_address a;
		const char *why = NULL;
		char text[NET_ADDRESS_TEXT_SIZE];
		assert_int_equal(net_address_parse(text_of(table[i].in), &a, &why), OK);
		assert_string_equal(net_address_text(&a, text), table[i].out);
		assert_int_equal(net_address_is_loopback(&a), table[i].loopback);
	}
}

static void bad_addresses_are_refused(void **state)
{
	static const char *const table[] = {
		"",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:0",
		"127.0.0.1:65536",
		"127.0.0.1:80x",
		":80",
		"[::1]",
		"[::1]80",
		"[::1:80",
		"::1:80",
		"localhost:80",
		"unix:",
		"seqpacket:",
		"sctp:",
		"udp-sctp:",
		"udp-sctp:127.0.0.1",
		"udp-sctp:127.0.0.1:29118/",
		"udp-sctp:127.0.0.1:29118/0",
		"udp-sctp:127.0.0.1:29118/65536",
		"udp-sctp:127.0.0.1:29118/9899x",
		"udp-sctp:127.0.0.1:0/9899",
		"udp-sctp:localhost:29118",
		"sctp:localhost:29118",
		"sctp:unix:/run/x.sock",
		"127.1:80",
		"[localhost]:80",
		"127.0.0.1: 80",
		"[]:80",
		"[",
		"127.0.0.1\0:80",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct net_address a;
		const char *why = NULL;
		assert_int_equal(net_address_parse(text_of(table[i]), &a, &why), ERR_MALFORMED);
		assert_non_null(why);
	}
	char longest[200];
	snprintf(longest, sizeof(longest), "unix:/%0108d", 0);
	struct net_address a;
	const char *why = NULL;
	assert_int_equal(net_address_parse(text_of(longest), &a, &why), ERR_MALFORMED);
}

static void host_and_port(void **state)
{
	struct text host;
	uint16_t port;

	(void)state;
	assert_int_equal(net_host_port(text_of("smsc.example.net:2775"), &host, &port), OK);
	assert_true(text_is(host, "smsc.example.net"));
	assert_int_equal(port, 2775);
	assert_int_equal(net_host_port(text_of("[2001:db8::1]:1"), &host, &port), OK);
	assert_true(text_is(host, "2001:db8::1"));
	assert_int_equal(net_host_port(text_of("a:b:1"), &host, &port), ERR_MALFORMED);
}

static void a_stale_unix_socket_is_replaced(void **state)
{
	char folder[] = "/tmp/net_address.XXXXXX", path[64], name[80];
	struct net_address a;
	const char *why = NULL;
	int first, second;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s", folder);
	snprintf(name, sizeof(name), "unix:%s", path);
	assert_int_equal(net_address_parse(text_of(name), &a, &why), OK);
	assert_int_equal(net_listen(&a, 1, &first, &why), OK);
	assert_int_equal(net_listen(&a, 1, &second, &why), ERR_IO); /* somebody listens */
	assert_string_equal(why, "Address already in use");
	close(first);
	assert_int_equal(net_listen(&a, 1, &second, &why), OK);
	close(second);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_addresses_come_back),
		cmocka_unit_test(bad_addresses_are_refused),
		cmocka_unit_test(host_and_port),
		cmocka_unit_test(a_stale_unix_socket_is_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
