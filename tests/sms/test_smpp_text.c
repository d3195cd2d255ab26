/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Content over SMPP: what each data_coding is read as, and what is sent in every way of joining comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hex.h"
#include "sms/smpp_status.h"
#include "sms/smpp_text.h"

#define EURO "\xe2\x82\xac"
#define SMILE "\xf0\x9f\x98\x80"

static uint8_t octets[600];
static char text[2000];
static struct smpp_content content;
static uint32_t status;

static struct text from_hex(const char *hex)
{
	struct writer w = writer_of(octets, sizeof(octets));

	for (; *hex; hex += *hex == ' ' ? 1 : 2)
		if (*hex != ' ')
			assert_int_equal(hex_take(text_range(hex, 2), &w), OK);
	return text_range((const char *)octets, writer_len(&w));
}

/* short_message as hex, to what it says. */
static enum result read_hex(uint8_t esm_class, uint8_t coding, const char *hex, struct smpp_text_settings settings,
			    struct text *out)
{
	struct smpp_given given = { .esm_class = esm_class, .data_coding = coding, .octets = from_hex(hex) };
	struct writer body = writer_of(text, sizeof(text));

	enum result result = smpp_text_read(&given, &settings, &content, &body, &status);
	*out = text_range(text, writer_len(&body));
	return result;
}

static void codings_are_read(void **state)
{
	static const struct {
		uint8_t coding;
		enum smpp_alphabet alphabet;
		const char *hex, *says;
		enum message_content content;
		bool flash, keep;
	} table[] = {
		{ 0x00, SMPP_ALPHABET_GSM7, "00411b6505", "@A" EURO "é", MESSAGE_TEXT, false, false },
		{ 0x00, SMPP_ALPHABET_LATIN1, "40e9", "@é", MESSAGE_TEXT, false, false },
		{ 0x00, SMPP_ALPHABET_ASCII, "4041", "@A", MESSAGE_TEXT, false, false },
		{ 0x00, SMPP_ALPHABET_GSM7_PACKED, "c8329bfd06", "Hello", MESSAGE_TEXT, false, false },
		{ 0x00, SMPP_ALPHABET_GSM7_PACKED, "c8329bfd7601", "Hello.", MESSAGE_TEXT, false, false },
		{ 0x01, SMPP_ALPHABET_GSM7, "4041e9", "@Aé", MESSAGE_TEXT, false, false },
		{ 0x02, SMPP_ALPHABET_GSM7, "00ff", "\x00\xff", MESSAGE_BINARY, false, false },
		{ 0x03, SMPP_ALPHABET_GSM7, "40e9", "@é", MESSAGE_TEXT, false, false },
		{ 0x04, SMPP_ALPHABET_GSM7, "0102", "\x01\x02", MESSAGE_BINARY, false, false },
		{ 0x05, SMPP_ALPHABET_GSM7, "b1b2", "\xb1\xb2", MESSAGE_BINARY, false, true },
		{ 0x06, SMPP_ALPHABET_GSM7, "b1b2", "\xb1\xb2", MESSAGE_BINARY, false, true },
		{ 0x08, SMPP_ALPHABET_GSM7, "0041d83dde00", "A" SMILE, MESSAGE_TEXT, false, false },
		{ 0x0e, SMPP_ALPHABET_GSM7, "b1b2", "\xb1\xb2", MESSAGE_BINARY, false, true },
		{ 0x10, SMPP_ALPHABET_GSM7, "00", "@", MESSAGE_TEXT, true, false },
		{ 0x18, SMPP_ALPHABET_GSM7, "0041", "A", MESSAGE_TEXT, true, false },
		{ 0x80, SMPP_ALPHABET_GSM7, "0041", "\x00\x41", MESSAGE_BINARY, false, true },
		{ 0xc8, SMPP_ALPHABET_GSM7, "00", "@", MESSAGE_TEXT, false, true },
		{ 0xd0, SMPP_ALPHABET_GSM7, "00", "@", MESSAGE_TEXT, false, true },
		{ 0xe0, SMPP_ALPHABET_GSM7, "0041", "A", MESSAGE_TEXT, false, true },
		{ 0xf0, SMPP_ALPHABET_GSM7, "00", "@", MESSAGE_TEXT, true, false },
		{ 0xf1, SMPP_ALPHABET_GSM7, "00", "@", MESSAGE_TEXT, false, true },
		{ 0xf5, SMPP_ALPHABET_GSM7, "00", "\x00", MESSAGE_BINARY, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct text says;
		size_t len = strlen(table[i].says);

		assert_int_equal(read_hex(0, table[i].coding, table[i].hex,
					  (struct smpp_text_settings){ .alphabet = table[i].alphabet, .strict = true },
					  &says),
				 OK);
		if (table[i].content == MESSAGE_BINARY)
			len = strlen(table[i].hex) / 2;
		assert_int_equal(says.len, len);
		assert_memory_equal(says.at, table[i].says, len);
		assert_int_equal(content.content, table[i].content);
		assert_int_equal(content.flash, table[i].flash);
		assert_int_equal(content.keep_coding, table[i].keep);
		assert_int_equal(content.coding, table[i].coding);
		assert_false(content.guessed);
	}
}

/* Octets that are none of their coding: refused by the strict, read as Latin-1 by the rest. */
static void wrong_octets(void **state)
{
	struct smpp_text_settings strict = { .strict = true }, lenient = { 0 };
	struct text says;

	(void)state;
	assert_int_equal(read_hex(0, 0, "48e9", strict, &says), ERR_MALFORMED);
	assert_int_not_equal(status, 0);
	assert_int_equal(read_hex(0, 0, "48e9", lenient, &says), OK);
	assert_true(text_is(says, "Hé") && content.guessed);
	assert_int_equal(read_hex(0, 8, "d83d", strict, &says), ERR_MALFORMED);
	assert_int_equal(read_hex(0, 8, "004100", strict, &says), ERR_MALFORMED);
	assert_int_equal(read_hex(0, 8, "004100", lenient, &says), OK);
	assert_true(text_is(says, "A\xef\xbf\xbd"));
	struct smpp_given given = { .octets = from_hex("414243") };
	struct writer body = writer_of(text, 2);
	assert_int_equal(smpp_text_read(&given, &lenient, &content, &body, &status), ERR_TOO_BIG);
	assert_int_equal(status, SMPP_RINVMSGLEN);
}

static void headers_are_read(void **state)
{
	struct smpp_text_settings s = { 0 }, strict = { .strict = true };
	struct text says;

	(void)state;
	assert_int_equal(read_hex(SMPP_ESM_UDHI, 0, "0500034d0201 4142", s, &says), OK);
	assert_true(text_is(says, "AB") && content.udh.len == 6);
	assert_true(content.concat.width == HEADER_8_BIT && content.concat.reference == 0x4d);
	assert_true(content.concat.total == 2 && content.concat.number == 1);
	assert_int_equal(read_hex(SMPP_ESM_UDHI | 3, 8, "060804abcd0302 0041", s, &says), OK);
	assert_true(text_is(says, "A") && content.concat.width == HEADER_16_BIT);
	assert_true(content.concat.reference == 0xabcd && content.concat.number == 2);
	assert_int_equal(read_hex(SMPP_ESM_UDHI, 4, "0605040b8423f0 01", s, &says), OK);
	assert_true(content.has_ports && content.destination_port == 2948 && content.source_port == 9200);
	/* packed septets behind a header: one fill bit */
	assert_int_equal(read_hex(SMPP_ESM_UDHI, 0, "0500034d0201 906536fb0d",
				  (struct smpp_text_settings){ .alphabet = SMPP_ALPHABET_GSM7_PACKED }, &says),
			 OK);
	assert_true(text_is(says, "Hello"));
	/* the Turkish single shift table: 0x1b 0x49 is a capital dotted I */
	assert_int_equal(read_hex(SMPP_ESM_UDHI, 0, "03240101 1b49", s, &says), OK);
	assert_true(text_is(says, "\xc4\xb0"));
	/* a header that is none: content to the lenient */
	assert_int_equal(read_hex(SMPP_ESM_UDHI, 0, "4142", s, &says), OK);
	assert_true(content.header_bad && text_is(says, "AB"));
	assert_int_equal(read_hex(SMPP_ESM_UDHI, 0, "4142", strict, &says), ERR_MALFORMED);
	assert_int_equal(status, SMPP_RINVESMCLASS);
	assert_int_equal(read_hex(SMPP_ESM_UDHI, 0, "", s, &says), OK);
	assert_true(content.header_bad);
}

static void tlvs_are_read(void **state)
{
	uint8_t room[100];
	struct writer w = writer_of(room, sizeof(room)), body = writer_of(text, sizeof(text));
	struct smpp_text_settings s = { 0 };

	(void)state;
	smpp_tlv_put(&w, SMPP_TLV_MESSAGE_PAYLOAD, TEXT_LITERAL("Hi"));
	smpp_tlv_put_u16(&w, SMPP_TLV_SAR_MSG_REF_NUM, 258);
	smpp_tlv_put_u8(&w, SMPP_TLV_SAR_TOTAL_SEGMENTS, 3);
	smpp_tlv_put_u8(&w, SMPP_TLV_SAR_SEGMENT_SEQNUM, 2);
	smpp_tlv_put_u16(&w, SMPP_TLV_DESTINATION_PORT, 5000);
	smpp_tlv_put_u8(&w, SMPP_TLV_DEST_ADDR_SUBUNIT, 1);
	struct smpp_pdu pdu = { .id = SMPP_DATA_SM, .tlvs = text_range((const char *)room, writer_len(&w)) };
	struct smpp_given given;
	assert_true(smpp_given_of_pdu(&pdu, &given));
	assert_int_equal(smpp_text_read(&given, &s, &content, &body, &status), OK);
	assert_true(text_is(text_range(text, writer_len(&body)), "Hi") && content.flash);
	assert_true(content.concat.width == HEADER_16_BIT && content.concat.reference == 258);
	assert_true(content.concat.total == 3 && content.concat.number == 2);
	assert_true(content.has_ports && content.destination_port == 5000);
	/* with a header as well: against the book */
	given.esm_class = SMPP_ESM_UDHI;
	given.octets = from_hex("0500034d0201 4142");
	given.tlvs.at += 6;
	given.tlvs.len -= 6;
	body = writer_of(text, sizeof(text));
	assert_int_equal(smpp_text_read(&given, &s, &content, &body, &status), OK);
	assert_int_equal(content.concat.width, HEADER_8_BIT);
	s.strict = true;
	assert_int_equal(smpp_text_read(&given, &s, &content, &body, &status), ERR_MALFORMED);
	assert_int_equal(status, SMPP_RTLVNOTALLWD);
	/* numbers that cannot be */
	w = writer_of(room, sizeof(room));
	smpp_tlv_put_u16(&w, SMPP_TLV_SAR_MSG_REF_NUM, 258);
	smpp_tlv_put_u8(&w, SMPP_TLV_SAR_TOTAL_SEGMENTS, 3);
	smpp_tlv_put_u8(&w, SMPP_TLV_SAR_SEGMENT_SEQNUM, 4);
	given = (struct smpp_given){ .tlvs = text_range((const char *)room, writer_len(&w)) };
	assert_int_equal(smpp_text_read(&given, &s, &content, &body, &status), OK);
	assert_int_equal(content.concat.width, HEADER_ABSENT);
	pdu.id = SMPP_QUERY_SM;
	assert_false(smpp_given_of_pdu(&pdu, &given));
}

static struct smpp_text_plan plan;

static void plan_it(struct message m, struct smpp_text_settings s, struct arena *arena)
{
	size_t bad = 0;

	assert_int_equal(smpp_text_plan(&m, &s, arena, &plan, &bad), OK);
}

/* Part n as hex, what stands in TLVs behind a bar. */
static const char *part_hex(unsigned part, uint16_t reference)
{
	static char hex[1000];
	uint8_t sm[SMPP_SHORT_MESSAGE_MAX], tlvs[300];
	struct writer w = writer_of(sm, sizeof(sm)), t = writer_of(tlvs, sizeof(tlvs)), h = writer_of(hex, sizeof(hex));

	smpp_text_put_part(&plan, part, reference, &w, &t);
	assert_true(writer_ok(&w) && writer_ok(&t));
	for (const uint8_t *at = w.start; at < w.at; at++)
		writer_printf(&h, "%02x", *at);
	if (writer_len(&t))
		writer_printf(&h, "|");
	for (const uint8_t *at = t.start; at < t.at; at++)
		writer_printf(&h, "%02x", *at);
	writer_u8(&h, 0);
	return hex;
}

static void short_texts_are_sent(void **state)
{
	static const struct {
		const char *body;
		struct smpp_text_settings s;
		bool flash;
		uint8_t coding;
		const char *hex;
	} table[] = {
		{ "@A" EURO, { .alphabet = SMPP_ALPHABET_GSM7 }, false, 0x00, "00411b65" },
		{ "@é", { .alphabet = SMPP_ALPHABET_LATIN1 }, false, 0x00, "40e9" },
		{ "@" EURO, { .alphabet = SMPP_ALPHABET_LATIN1 }, false, 0x08, "004020ac" },
		{ "@A", { .alphabet = SMPP_ALPHABET_ASCII }, false, 0x00, "4041" },
		{ "é", { .alphabet = SMPP_ALPHABET_ASCII }, false, 0x08, "00e9" },
		{ "Hello", { .alphabet = SMPP_ALPHABET_GSM7_PACKED }, false, 0x00, "c8329bfd06" },
		{ SMILE, { .alphabet = SMPP_ALPHABET_GSM7 }, false, 0x08, "d83dde00" },
		{ "A", { .alphabet = SMPP_ALPHABET_GSM7 }, true, 0xf0, "41" },
		{ SMILE, { .alphabet = SMPP_ALPHABET_GSM7 }, true, 0x18, "d83dde00" },
		{ "A", { .flash_by_subunit = true }, true, 0x00, "41|0005000101" },
		{ "", { 0 }, false, 0x00, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		plan_it((struct message){ .body = text_of(table[i].body), .flash = table[i].flash }, table[i].s, NULL);
		assert_int_equal(plan.coding, table[i].coding);
		assert_int_equal(plan.esm_class, 0);
		assert_int_equal(plan.parts, 1);
		assert_string_equal(part_hex(0, 1), table[i].hex);
	}
}

static void what_the_sender_gave_is_kept(void **state)
{
	struct arena *arena = arena_new(4096);
	struct message m = { .content = MESSAGE_BINARY, .body = TEXT_LITERAL("\x01\x02") };
	struct smpp_text_settings sar = { .join = SMPP_JOIN_SAR };

	(void)state;
	plan_it(m, sar, arena);
	assert_int_equal(plan.coding, SMPP_CODING_OCTETS);
	m.has_coding = true;
	m.coding = 0x05;
	plan_it(m, sar, arena);
	assert_int_equal(plan.coding, 0x05);
	m.coding = 0xf6;
	m.udh = TEXT_LITERAL("\x02\x70\x00");
	plan_it(m, sar, arena);
	assert_int_equal(plan.coding, 0xf6);
	assert_int_equal(plan.esm_class, SMPP_ESM_UDHI);
	assert_string_equal(part_hex(0, 1), "0270000102");
	/* a part of the sender's own making stays one part */
	m = (struct message){ .body = TEXT_LITERAL("AB"), .udh = TEXT_LITERAL("\x05\x00\x03\x4d\x02\x01") };
	plan_it(m, sar, arena);
	assert_string_equal(part_hex(0, 1), "0500034d02014142");
	/* message waiting, and a text that its coding cannot say any more */
	m = (struct message){ .body = TEXT_LITERAL("A"), .has_coding = true, .coding = 0xc8 };
	plan_it(m, sar, arena);
	assert_int_equal(plan.coding, 0xc8);
	m.body = TEXT_LITERAL(SMILE);
	plan_it(m, sar, arena);
	assert_int_equal(plan.coding, SMPP_CODING_UCS2);
	/* ports */
	m = (struct message){
		.body = TEXT_LITERAL("A"), .has_ports = true, .destination_port = 2948, .source_port = 9200
	};
	plan_it(m, sar, arena);
	assert_string_equal(part_hex(0, 1), "0605040b8423f041");
	m.udh = TEXT_LITERAL("\x05");
	assert_int_equal(smpp_text_plan(&m, &sar, arena, &plan, NULL), ERR_MALFORMED);
	arena_free(&arena);
}

static void a_bad_text_has_its_octet(void **state)
{
	struct message m = { .body = TEXT_LITERAL("ab\xff") };
	struct smpp_text_settings s = { 0 };
	size_t bad = 0;

	(void)state;
	assert_int_equal(smpp_text_plan(&m, &s, NULL, &plan, &bad), ERR_MALFORMED);
	assert_int_equal(bad, 2);
	s.parts_max = 1;
	char longer[300];
	memset(longer, 'x', sizeof(longer));
	m.body = text_range(longer, sizeof(longer));
	assert_int_equal(smpp_text_plan(&m, &s, NULL, &plan, &bad), ERR_TOO_BIG);
}

/* Sends a text with these settings and puts together what the other side reads. */
static void there_and_back(struct text body, struct smpp_text_settings s, struct arena *arena)
{
	static uint8_t sm[SMPP_SHORT_MESSAGE_MAX], tlvs[6000];
	static char back[6000];
	struct writer joined = writer_of(back, sizeof(back));

	plan_it((struct message){ .body = body }, s, arena);
	for (unsigned i = 0; i < plan.parts; i++) {
		struct writer w = writer_of(sm, sizeof(sm)), t = writer_of(tlvs, sizeof(tlvs));

		smpp_text_put_part(&plan, i, 0xabcd, &w, &t);
		assert_true(writer_ok(&w) && writer_ok(&t));
		struct smpp_given given = { .esm_class = plan.esm_class,
					    .data_coding = plan.coding,
					    .octets = text_range((const char *)sm, writer_len(&w)),
					    .tlvs = text_range((const char *)tlvs, writer_len(&t)) };
		s.strict = true;
		assert_int_equal(smpp_text_read(&given, &s, &content, &joined, &status), OK);
		assert_int_equal(content.concat.width != HEADER_ABSENT, plan.parts > 1);
		if (plan.parts == 1)
			continue;
		assert_int_equal(content.concat.reference, plan.join == SMPP_JOIN_UDH_8 ? 0xcd : 0xabcd);
		assert_int_equal(content.concat.total, plan.parts);
		assert_int_equal(content.concat.number, i + 1);
	}
	assert_int_equal(writer_len(&joined), body.len);
	assert_memory_equal(back, body.at, body.len);
}

static void every_way_of_joining_comes_back(void **state)
{
	struct arena *arena = arena_new(4096);
	static char longer[1500];

	(void)state;
	for (size_t i = 0; i < sizeof(longer); i++)
		longer[i] = "Wer zur Quelle gelangen will, {muss} gegen den Strom schwimmen."[i % 63];
	for (unsigned join = 0; join < SMPP_JOINS; join++) {
		for (unsigned alphabet = 0; alphabet < SMPP_ALPHABETS; alphabet++) {
			struct smpp_text_settings s = { .join = (enum smpp_join)join,
							.alphabet = (enum smpp_alphabet)alphabet };

			for (size_t n = 1; n < sizeof(longer); n += n < 330 ? 1 : 97)
				there_and_back(text_range(longer, n), s, arena);
			there_and_back(TEXT_LITERAL(SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE
							    SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE
								    SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE
									    SMILE SMILE SMILE SMILE SMILE SMILE SMILE
						    "z"),
				       s, arena);
		}
		enum smpp_join back;
		assert_true(smpp_join_find(text_of(smpp_join_name((enum smpp_join)join)), &back) && back == join);
	}
	there_and_back(TEXT_LITERAL("\xc4\xb0stanbul'da g\xc3\xbczel bir \xc5\x9f\x65y"),
		       (struct smpp_text_settings){ .single_languages = ALPHABET_ALL_SINGLE }, arena);
	assert_int_equal(plan.coding, 0);
	for (unsigned i = 0; i < SMPP_ALPHABETS; i++) {
		enum smpp_alphabet back;
		assert_true(smpp_alphabet_find(text_of(smpp_alphabet_name((enum smpp_alphabet)i)), &back) && back == i);
	}
	arena_free(&arena);
}

static void a_payload_is_one_pdu_and_its_segments_are_counted(void **state)
{
	static char longer[200];

	(void)state;
	memset(longer, 'x', sizeof(longer));
	plan_it((struct message){ .body = text_range(longer, 200) },
		(struct smpp_text_settings){ .join = SMPP_JOIN_PAYLOAD }, NULL);
	assert_int_equal(plan.parts, 1);
	assert_int_equal(plan.segments, 2);
	assert_true(plan.payload && plan.esm_class == 0);
	assert_memory_equal(part_hex(0, 1), "|042400c87878", 13);
}

/* No header of ours; the centre will put ports and concatenation into each part, and the room for both is left. */
static void ports_as_tlvs(void **state)
{
	static char longer[300];
	struct message m = {
		.content = MESSAGE_BINARY, .has_ports = true, .destination_port = 2948, .source_port = 9200
	};
	struct smpp_text_settings s = { .ports_by_tlv = true };
	struct arena *arena = arena_new(4096);

	(void)state;
	m.body = TEXT_LITERAL("\x01\x02");
	plan_it(m, s, arena);
	assert_string_equal(part_hex(0, 1), "0102|020a000223f0020b00020b84");
	assert_int_equal(plan.esm_class, 0);
	for (unsigned join = 0; join < SMPP_JOINS; join++) {
		bool payload = join == SMPP_JOIN_PAYLOAD;

		s.join = join;
		m.body = text_range(longer, 257);
		plan_it(m, s, arena);
		assert_int_equal(plan.segments, 3);
		assert_int_equal(plan.parts, payload ? 1 : 3);
		assert_int_equal(plan.esm_class, 0);
		assert_non_null(strstr(part_hex(0, 0x1234), "|020a000223f0020b00020b84"));
		assert_non_null(strstr(part_hex(0, 0x1234), payload ? "04240101" : "020c00021234020e000103020f000101"));
	}
	/* a header of the sender's, or none of the two */
	m.udh = TEXT_LITERAL("\x02\x70\x00");
	m.body = TEXT_LITERAL("\x01");
	s.join = SMPP_JOIN_UDH_8;
	plan_it(m, s, arena);
	assert_string_equal(part_hex(0, 1), "08700005040b8423f001");
	plan_it((struct message){ .body = TEXT_LITERAL("A") }, s, arena);
	assert_string_equal(part_hex(0, 1), "41");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_as_tlvs),
		cmocka_unit_test(codings_are_read),
		cmocka_unit_test(wrong_octets),
		cmocka_unit_test(headers_are_read),
		cmocka_unit_test(tlvs_are_read),
		cmocka_unit_test(short_texts_are_sent),
		cmocka_unit_test(what_the_sender_gave_is_kept),
		cmocka_unit_test(a_bad_text_has_its_octet),
		cmocka_unit_test(every_way_of_joining_comes_back),
		cmocka_unit_test(a_payload_is_one_pdu_and_its_segments_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
