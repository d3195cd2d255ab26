/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies, signatures and verdicts of webhooks; accounts, networks and waiting calls. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/account.h"
#include "core/net/json.h"
#include "daemon/api_accounts.h"
#include "daemon/api_calls.h"
#include "daemon/webhook_body.h"

static struct arena *arena;

static void receipts_are_wrapped(void **state)
{
	uint8_t id[16] = { 1, 2, [15] = 0xff };
	struct text body =
		webhook_event_body(TEXT_LITERAL("receipt"), id, TEXT_LITERAL("{\"state\":\"delivered\"}"), arena);

	(void)state;
	assert_true(text_is(body, "{\"type\":\"receipt\",\"event_id\":\"010200000000000000000000000000ff\","
				  "\"data\":{\"state\":\"delivered\"}}"));
}

static struct text message_json(const struct message *m, struct text body, enum result *result_out)
{
	static uint8_t header[MESSAGE_HEADER_MAX];
	struct writer w = writer_of(header, sizeof(header));
	struct ipc_deliver d = { .recipient = TEXT_LITERAL("+81\"9"), .body = body, .accepted_us = 1795000000000000 };
	struct text out = { 0 };

	message_encode(m, &w);
	d.header = text_range((char *)header, writer_len(&w));
	d.id.octets[15] = 1;
	*result_out = webhook_message_body(&d, arena, &out);
	return out;
}

static const struct json_value *data_of(struct json_doc *doc)
{
	return json_member(json_root(doc), "data");
}

static void messages_tell_what_came(void **state)
{
	struct message m = { .sender = TEXT_LITERAL("+4470\\0"),
			     .account = TEXT_LITERAL("smsc:a"),
			     .flash = true,
			     .has_ports = true,
			     .destination_port = 7 };
	struct json_doc *doc = NULL;
	struct json_error error;
	enum result r;
	struct text t;
	int64_t port = 0;

	(void)state;
	struct text json = message_json(&m, TEXT_LITERAL("gr\xc3\xbc\xc3\x9f\n\x01"), &r);
	assert_int_equal(r, OK);
	assert_int_equal(json_parse(json, NULL, &doc, &error), OK);
	assert_true(json_text(json_member(json_root(doc), "event_id"), &t) && t.len == 32);
	assert_true(json_text(json_member(data_of(doc), "id"), &t) && t.len == 28);
	assert_true(json_text(json_member(data_of(doc), "from"), &t) && text_is(t, "+4470\\0"));
	assert_true(json_text(json_member(data_of(doc), "to"), &t) && text_is(t, "+81\"9"));
	assert_true(json_text(json_member(data_of(doc), "text"), &t) && text_is(t, "gr\xc3\xbc\xc3\x9f\n\x01"));
	assert_true(json_text(json_member(data_of(doc), "received_at"), &t) && text_starts(t, "2026-11-18T11:06:40"));
	assert_true(json_int(json_member(json_member(data_of(doc), "ports"), "destination"), &port) && port == 7);
	json_free(&doc);
}

static void octets_come_as_base64(void **state)
{
	struct message m = { .content = MESSAGE_BINARY, .udh = text_range("\x00", 1) };
	struct json_doc *doc = NULL;
	struct json_error error;
	enum result r;
	struct text t;

	(void)state;
	struct text json = message_json(&m, text_range("\x00\xff\x10", 3), &r);
	assert_int_equal(json_parse(json, NULL, &doc, &error), OK);
	assert_true(json_text(json_member(data_of(doc), "binary"), &t) && text_is(t, "AP8Q"));
	assert_true(json_text(json_member(data_of(doc), "udh"), &t) && text_is(t, "00"));
	assert_null(json_member(data_of(doc), "text"));
	json_free(&doc);
	assert_int_equal(webhook_message_body(&(struct ipc_deliver){ .header = TEXT_LITERAL("x") }, arena, &t),
			 ERR_MALFORMED);
}

/* Made with Python: hmac.new(b'key', b'1795000000.{"a":1}', 'sha256') */
static void signatures(void **state)
{
	char to[WEBHOOK_SIGNATURE_SIZE];

	(void)state;
	assert_string_equal(webhook_sign(TEXT_LITERAL("key"), 1795000000, TEXT_LITERAL("{\"a\":1}"), arena, to),
			    "t=1795000000,v1=1bd16f4bb96630234f5d9db1391a58d04079ea2aaf515271f43b4b91dcdfe987");
}

static void receipts_are_read(void **state)
{
	static const char whole[] =
		"{\"id\":\"1\",\"from\":\"a\",\"to\":\"b\",\"account\":\"c\",\"state\":\"refused\","
		"\"channel\":\"kannel\",\"report_to\":\"http://h/%d\",\"detail\":\"d\",\"reports\":3,"
		"\"at\":\"2026-11-18T11:06:40.000000Z\",\"wire_id\":\"w\",\"reference\":\"r\"}";
	struct webhook_receipt r;

	(void)state;
	assert_int_equal(webhook_receipt_read(text_of(whole), arena, &r), OK);
	assert_true(text_is(r.channel, "kannel") && text_is(r.report_to, "http://h/%d"));
	assert_int_equal(r.kannel.report, 2); /* failures were asked for, not refusals */
	assert_int_equal(r.kannel.at_us, 1795000000000000);
	assert_true(text_is(r.kannel.wire_id, "w") && text_is(r.kannel.reference, "r"));
	for (size_t n = 0; n + 1 < sizeof(whole); n++)
		assert_int_equal(webhook_receipt_read(text_range(whole, n), arena, &r), ERR_MALFORMED);
	assert_int_equal(webhook_receipt_read(TEXT_LITERAL("{\"channel\":5,\"state\":[]}"), arena, &r), OK);
	assert_int_equal(r.channel.len, 0);
	assert_int_equal(r.kannel.report, 0);
}

static void verdicts(void **state)
{
	struct http_message m = { .fields_count = 1 };

	(void)state;
	assert_int_equal(webhook_verdict_of(200), WEBHOOK_DONE);
	assert_int_equal(webhook_verdict_of(204), WEBHOOK_DONE);
	assert_int_equal(webhook_verdict_of(301), WEBHOOK_AGAIN);
	assert_int_equal(webhook_verdict_of(400), WEBHOOK_REFUSED);
	assert_int_equal(webhook_verdict_of(410), WEBHOOK_REFUSED);
	static const unsigned again[] = { 401, 403, 404, 408, 425, 429, 500, 502, 503, 504 };
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++)
		assert_int_equal(webhook_verdict_of(again[i]), WEBHOOK_AGAIN);
	m.fields[0] = (struct http_field){ TEXT_LITERAL("Retry-After"), TEXT_LITERAL(" 7 ") };
	assert_int_equal(webhook_retry_after(&m), 7);
	m.fields[0].value = TEXT_LITERAL("4000000000");
	assert_int_equal(webhook_retry_after(&m), 86400);
	m.fields[0].value = TEXT_LITERAL("Wed, 21 Oct 2026 07:28:00 GMT");
	assert_int_equal(webhook_retry_after(&m), 0);
	assert_int_equal(webhook_wait_ms(1), 1000);
	assert_int_equal(webhook_wait_ms(4), 8000);
	assert_int_equal(webhook_wait_ms(1000000), 300000);
}

static void networks(void **state)
{
	struct network list[3];
	struct api_account a = { .networks = list, .networks_count = 3 };

	(void)state;
	assert_true(network_parse(TEXT_LITERAL("192.0.2.0/25"), &list[0]));
	assert_true(network_parse(TEXT_LITERAL("2001:db8::/33"), &list[1]));
	assert_true(network_parse(TEXT_LITERAL("198.51.100.7"), &list[2]));
	assert_true(api_account_from(&a, "192.0.2.127:5"));
	assert_false(api_account_from(&a, "192.0.2.128:5"));
	assert_true(api_account_from(&a, "[2001:db8:7fff::1]:5"));
	assert_false(api_account_from(&a, "[2001:db8:8000::1]:5"));
	assert_true(api_account_from(&a, "198.51.100.7:65535"));
	assert_false(api_account_from(&a, "198.51.100.6:1"));
	assert_true(api_account_from(&a, "[::ffff:192.0.2.1]:5"));
	assert_false(api_account_from(&a, "unknown"));
	a.networks_count = 0;
	assert_true(api_account_from(&a, "203.0.113.1:1"));
	static const char *const bad[] = { "", "/", "192.0.2.0/33", "192.0.2/24", "::/129", "host/8", "192.0.2.0/a" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(network_parse(text_of(bad[i]), &list[0]));
}

static void senders(void **state)
{
	static const struct text patterns[] = { TEXT_LITERAL("+8190*"), TEXT_LITERAL("Shop") };
	struct account_settings s = { .allow_sender = { patterns, 2 }, .default_sender = TEXT_LITERAL("1234") };

	(void)state;
	assert_true(account_may_send_as(&s, TEXT_LITERAL("1234")));
	assert_true(account_may_send_as(&s, TEXT_LITERAL("+8190")));
	assert_true(account_may_send_as(&s, TEXT_LITERAL("+819012")));
	assert_true(account_may_send_as(&s, TEXT_LITERAL("Shop")));
	assert_false(account_may_send_as(&s, TEXT_LITERAL("Shops")));
	assert_false(account_may_send_as(&s, TEXT_LITERAL("+819")));
	assert_false(account_may_send_as(&s, TEXT_LITERAL("")));
}

static void calls_are_found_once(void **state)
{
	struct api_calls *calls = api_calls_new();
	struct api_call call = { 0 };

	(void)state;
	for (uint32_t i = 1; i <= 5000; i++)
		api_calls_add(calls, i * 512, &(struct api_call){ .ref.id = i });
	assert_int_equal(api_calls_count(calls), 5000);
	for (uint32_t i = 1; i <= 5000; i += 2) {
		assert_true(api_calls_take(calls, i * 512, &call));
		assert_int_equal(call.ref.id, i);
		assert_false(api_calls_take(calls, i * 512, &call));
	}
	for (uint32_t i = 2; i <= 5000; i += 2) {
		assert_true(api_calls_take(calls, i * 512, &call));
		assert_int_equal(call.ref.id, i);
	}
	assert_false(api_calls_take(calls, 0, &call));
	assert_int_equal(api_calls_count(calls), 0);
	api_calls_free(&calls);
}

static int make_arena(void **state)
{
	(void)state;
	arena = arena_new(4096);
	return 0;
}

static int drop_arena(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(receipts_are_wrapped),
		cmocka_unit_test(messages_tell_what_came),
		cmocka_unit_test(octets_come_as_base64),
		cmocka_unit_test(signatures),
		cmocka_unit_test(receipts_are_read),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(networks),
		cmocka_unit_test(senders),
		cmocka_unit_test(calls_are_found_once),
	};
	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
