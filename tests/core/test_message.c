/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The envelope, addresses, and every record between roles: there and back, and every prefix refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/ipc_messages.h"

static const struct message full = {
	.content = MESSAGE_BINARY,
	.channel = TEXT_LITERAL("smpp"),
	.account = TEXT_LITERAL("acme"),
	.sender = TEXT_LITERAL("+8190"),
	.due_us = 1,
	.validity_us = INT64_C(3600000000),
	.priority = 3,
	.reports = REPORT_ALL,
	.flash = true,
	.from_network = true,
	.emergency = true,
	.protocol_id = 0x41,
	.has_coding = true,
	.coding = 0,
	.udh = TEXT_LITERAL("\x05\x00\x03\x01\x02\x01"),
	.has_ports = true,
	.source_port = 0,
	.destination_port = 2948,
	.service_type = TEXT_LITERAL("CMT"),
	.reference = TEXT_LITERAL("r-1"),
	.report_to = TEXT_LITERAL("http://127.0.0.1/x"),
	.tlvs = TEXT_LITERAL("\x14\x00\x00\x01x"),
	.link = TEXT_LITERAL("smsc1"),
	.user_reference = 0xffff,
	.source_ton = 5,
	.source_npi = 1,
};

static void the_envelope_comes_back(void **state)
{
	uint8_t room[MESSAGE_HEADER_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct message m;

	(void)state;
	message_encode(&full, &w);
	assert_true(writer_ok(&w));
	assert_int_equal(message_decode(text_range((char *)room, writer_len(&w)), &m), OK);
	assert_int_equal(m.content, MESSAGE_BINARY);
	assert_true(text_equal(m.tlvs, full.tlvs) && text_equal(m.udh, full.udh) && text_equal(m.link, full.link));
	assert_true(m.flash && m.from_network && m.emergency && m.has_coding && m.has_ports);
	assert_int_equal(m.coding, 0);
	assert_int_equal(m.destination_port, 2948);
	assert_int_equal(m.user_reference, 0xffff);
	assert_int_equal(m.source_ton, 5);
	assert_true(m.validity_us == full.validity_us);
}

static void money_and_files_come_back(void **state)
{
	static const struct message_file first = { .media = TEXT_LITERAL("image/jpeg"),
						   .name = TEXT_LITERAL("cat.jpg"),
						   .size = 70000,
						   .hash = { 1, 2, 3 } },
					 second = { .media = TEXT_LITERAL("text/plain") };
	uint8_t list[512], room[MESSAGE_HEADER_MAX];
	struct writer files = writer_of(list, sizeof(list)), w = writer_of(room, sizeof(room));
	struct message m = { .choice = CHOICE_PAID, .has_consent = true, .has_max_price = true }, out;
	struct message_file f;

	(void)state;
	message_put_file(&files, &first);
	message_put_file(&files, &second);
	m.files = text_range((char *)list, writer_len(&files));
	m.quote = TEXT_LITERAL("q.1.abc");
	message_encode(&m, &w);
	assert_true(writer_ok(&w));
	assert_int_equal(message_decode(text_range((char *)room, writer_len(&w)), &out), OK);
	assert_int_equal(out.choice, CHOICE_PAID);
	assert_true(out.has_consent && !out.consent && out.has_max_price && !out.max_price);
	assert_true(text_is(out.quote, "q.1.abc"));
	struct reader r = reader_of(out.files.at, out.files.len);
	assert_true(message_take_file(&r, &f));
	assert_true(text_is(f.media, "image/jpeg") && text_is(f.name, "cat.jpg") && f.size == 70000 && f.hash[2] == 3);
	assert_true(message_take_file(&r, &f));
	assert_true(text_is(f.media, "text/plain") && !f.name.len && !f.size);
	assert_false(message_take_file(&r, &f));
	assert_true(reader_done(&r));
	for (size_t n = 1; n < writer_len(&files); n++) {
		r = reader_of(list, n);
		while (message_take_file(&r, &f))
			;
		assert_true(reader_done(&r) == (n == 59));
	}
}

static void unknown_fields_are_skipped(void **state)
{
	static const char future[] = "\x01\xee\x00\x02zz\x04\x00\x02hi";
	struct message m;

	(void)state;
	assert_int_equal(message_decode(text_range(future, sizeof(future) - 1), &m), OK);
	assert_true(text_is(m.sender, "hi"));
	assert_int_equal(message_decode(text_range("\x02", 1), &m), ERR_UNSUPPORTED);
	assert_int_equal(message_decode(text_range("", 0), &m), ERR_SHORT);
	assert_int_equal(message_decode(text_range(future, 5), &m), ERR_SHORT);
}

static void addresses_are_normalised(void **state)
{
	static const struct {
		const char *given, *want;
		enum result result;
	} table[] = {
		{ "+81 90-1234-5678", "+819012345678", OK },
		{ "00819012345678", "+819012345678", OK },
		{ "tel:+819012345678", "+819012345678", OK },
		{ " 12345 ", "12345", OK },
		{ "0000", "0000", OK },
		{ "Cellpost", "Cellpost", OK },
		{ "sip:a@b.example", "sip:a@b.example", OK },
		{ "", "", ERR_MALFORMED },
		{ "+", "", ERR_MALFORMED },
		{ "  ", "", ERR_MALFORMED },
		{ "a\001b", "", ERR_MALFORMED },
		{ "TwelveLetters", "", ERR_TOO_BIG },
		{ "+123456789012345678901", "", ERR_TOO_BIG },
	};
	char to[64];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *why = NULL;
		assert_int_equal(address_normalise(text_of(table[i].given), to, sizeof(to), &why), table[i].result);
		if (table[i].result == OK)
			assert_string_equal(to, table[i].want);
		else
			assert_non_null(why);
	}
}

static void result_there_and_every_prefix(void **state)
{
	uint8_t room[512];
	struct writer w = writer_of(room, sizeof(room));
	struct ipc_result in = { .epoch = -2,
				 .outcome = IPC_DOUBT,
				 .await = true,
				 .retry_ms = 5,
				 .link = TEXT_LITERAL("l"),
				 .detail = TEXT_LITERAL("ESME_RSYSERR"),
				 .segments = 2,
				 .wires = TEXT_LITERAL("w") };
	struct ipc_result out;

	(void)state;
	ipc_put_result(&w, &in);
	for (size_t n = 0; n < writer_len(&w); n++) {
		struct reader r = reader_of(room, n);
		assert_false(ipc_get_result(&r, &out));
	}
	struct reader r = reader_of(room, writer_len(&w));
	assert_true(ipc_get_result(&r, &out));
	assert_true(out.epoch == -2 && out.outcome == IPC_DOUBT && out.await && text_is(out.detail, "ESME_RSYSERR"));
	r = reader_of(room, writer_len(&w) + 1);
	assert_false(ipc_get_result(&r, &out)); /* nothing may be left over */
	room[MESSAGE_ID_SIZE + 8] = IPC_OUTCOME_COUNT;
	r = reader_of(room, writer_len(&w));
	assert_false(ipc_get_result(&r, &out));
}

static void deliver_there_and_every_prefix(void **state)
{
	uint8_t room[512];
	struct writer w = writer_of(room, sizeof(room));
	struct ipc_deliver in = { .epoch = 7,
				  .attempt = 2,
				  .not_after_us = 9,
				  .doubt = true,
				  .link = TEXT_LITERAL("lab"),
				  .recipient = TEXT_LITERAL("+81"),
				  .header = TEXT_LITERAL("h"),
				  .body = TEXT_LITERAL("b"),
				  .expires_us = 11 };
	struct ipc_deliver out;

	(void)state;
	ipc_put_deliver(&w, &in);
	for (size_t n = 0; n < writer_len(&w); n++) {
		struct reader r = reader_of(room, n);
		assert_false(ipc_get_deliver(&r, &out));
	}
	struct reader r = reader_of(room, writer_len(&w));
	assert_true(ipc_get_deliver(&r, &out));
	assert_true(out.epoch == 7 && out.doubt && text_is(out.body, "b") && out.expires_us == 11);
}

static void parts_must_make_sense(void **state)
{
	uint8_t room[256];
	static const uint8_t table[][3] = { { 0, 1, 0 }, { 1, 0, 0 }, { 2, 3, 0 }, { 2, 2, 1 }, { 255, 255, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct writer w = writer_of(room, sizeof(room));
		struct ipc_part in = { .total = table[i][0], .number = table[i][1] }, out;
		ipc_put_part(&w, &in);
		struct reader r = reader_of(room, writer_len(&w));
		assert_int_equal(ipc_get_part(&r, &out), table[i][2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_envelope_comes_back),	 cmocka_unit_test(money_and_files_come_back),
		cmocka_unit_test(unknown_fields_are_skipped),	 cmocka_unit_test(addresses_are_normalised),
		cmocka_unit_test(result_there_and_every_prefix), cmocka_unit_test(deliver_there_and_every_prefix),
		cmocka_unit_test(parts_must_make_sense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
