/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Carriers of other roles: the record between them, and both kinds against scripted carriers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base/hex.h"
#include "core/base/random.h"
#include "sms/link_side.h"

#define SECOND INT64_C(1000000)
#define IMSI "001010000000012"
#define AOR "sip:+49172@ims.example.net"

static const struct link_pdu sample = {
	.kind = LINK_PDU_TAKEN,
	.outcome = LINK_PDU_UNSURE,
	.link = { "ims", 3 },
	.subscriber = { AOR, sizeof(AOR) - 1 },
	.transaction = { "call-1", 6 },
	.answers = { "call-0", 6 },
	.octets = { "\x02\x05", 2 },
	.permit = { "permit", 6 },
};

static void test_codec(void **state)
{
	uint8_t room[LINK_PDU_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct link_pdu p, big = sample;

	(void)state;
	link_pdu_encode(&sample, &w);
	assert_true(writer_ok(&w));
	size_t len = writer_len(&w);
	assert_int_equal(link_pdu_decode(room, len, &p), OK);
	assert_true(p.kind == sample.kind && p.outcome == sample.outcome);
	assert_true(text_equal(p.link, sample.link) && text_equal(p.subscriber, sample.subscriber));
	assert_true(text_equal(p.transaction, sample.transaction) && text_equal(p.answers, sample.answers));
	assert_true(text_equal(p.octets, sample.octets) && text_equal(p.permit, sample.permit));
	for (size_t n = 0; n < len; n++)
		assert_int_equal(link_pdu_decode(room, n, &p), ERR_SHORT);
	assert_int_equal(link_pdu_decode(room, len + 1, &p), ERR_MALFORMED);
	room[0] = LINK_PDU_KINDS;
	assert_int_equal(link_pdu_decode(room, len, &p), ERR_MALFORMED);
	room[0] = room[1] = 0;
	room[len - 8] = 5; /* the permit's length */
	assert_int_equal(link_pdu_decode(room, len, &p), ERR_TOO_BIG);
	big.octets.len = 256;
	w = writer_of(room, sizeof(room));
	link_pdu_encode(&big, &w);
	assert_false(writer_ok(&w));
	assert_null(link_pdu_kind_name(LINK_PDU_KINDS));
	assert_string_equal(link_pdu_outcome_name(LINK_PDU_UNSURE), "unsure");
}

/* --- the machines
 * ------------------------------------------------------------------------------------------------------ */

static struct link_side *side;
static char seen[6000], last_transaction[256];
static int64_t now;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	va_list args;
	size_t at = strlen(seen);

	va_start(args, format);
	vsnprintf(seen + at, sizeof(seen) - at, format, args);
	va_end(args);
}

static void expect(const char *what)
{
	if (strcmp(seen, what))
		fail_msg("want \"%s\"\nhave \"%s\"", what, seen);
	seen[0] = 0;
}

static void on_pdu(void *owner, const struct link_pdu *pdu)
{
	char hex[600];
	struct writer w = writer_of(hex, sizeof(hex) - 1);

	(void)owner;
	hex_put(&w, pdu->octets.at, pdu->octets.len);
	*w.at = 0;
	note("%s%s%s", link_pdu_kind_name(pdu->kind), hex[0] ? ":" : "", hex);
	if (pdu->transaction.len)
		assert_true(text_copy(pdu->transaction, last_transaction, sizeof(last_transaction)));
	if (pdu->answers.len)
		note("(to %.*s)", TEXT_ARGS(pdu->answers));
	if (pdu->permit.len)
		note("(%.*s)", TEXT_ARGS(pdu->permit));
	note(" ");
}

static void on_message(void *owner, const struct link_phone *from, struct text transaction, const struct rp *rp)
{
	(void)owner;
	note("message(%.*s,%.*s,%s,%d) ", TEXT_ARGS(from->subscriber), TEXT_ARGS(transaction), rp_type_name(rp->type),
	     rp->reference);
}

static void on_ended(void *owner, const struct link_phone *to, const struct link_end *end, const struct rp *report)
{
	(void)owner;
	(void)to;
	note("ended(%s%s,%s,%d) ", rp_outcome_name(end->outcome), end->in_vain ? ",in vain" : "",
	     link_pdu_outcome_name(end->taken), report ? report->cause : 0);
}

static void on_present(void *owner, const struct link_phone *phone, bool there)
{
	(void)owner;
	note("%s(%.*s) ", there ? "present" : "gone", TEXT_ARGS(phone->subscriber));
}

static const struct link_side_user user = { on_pdu, on_message, on_ended, on_present };

static int begin(void **state)
{
	(void)state;
	seen[0] = 0;
	now = SECOND;
	random_seed(1);
	side = link_side_new(&user, NULL, SESSION_TIMERS_DEFAULT, (struct link_side_limits){ 3, 2 });
	return 0;
}

static int end(void **state)
{
	(void)state;
	link_side_free(&side);
	link_side_free(&side);
	return 0;
}

static const struct link_phone in_cell = { LINK_CONNECTIONS, { "cell", 4 }, { IMSI, 15 } };
static const struct link_phone on_ims = { LINK_MESSAGES, { "ims", 3 }, { AOR, sizeof(AOR) - 1 } };

static enum result send_to(const struct link_phone *to, const char *permit)
{
	struct rp rp = { .originator = { 1, 1, 3, "123" }, .has_tpdu = true, .tpdu = TEXT_LITERAL("\x04\x01") };

	return link_side_send(side, to, &rp, text_of(permit), now);
}

static void give(const struct link_phone *from, enum link_pdu_kind kind, enum link_pdu_outcome outcome,
		 const char *transaction, const char *answers, const char *hex)
{
	uint8_t octets[300];
	struct writer w = writer_of(octets, sizeof(octets));
	struct link_pdu pdu = { .kind = kind, .outcome = outcome, .link = from->link, .subscriber = from->subscriber };

	assert_int_equal(hex_take(text_of(hex), &w), OK);
	pdu.transaction = text_of(transaction);
	pdu.answers = text_of(answers);
	pdu.octets = text_range((char *)octets, writer_len(&w));
	assert_int_equal(link_side_received(side, from->carrier, &pdu, now), OK);
}

static void from_cell(enum link_pdu_kind kind, enum link_pdu_outcome outcome, const char *hex)
{
	give(&in_cell, kind, outcome, "", "", hex);
}

static void test_over_connections(void **state)
{
	(void)state;
	assert_int_equal(send_to(&in_cell, "P"), OK);
	assert_int_equal(send_to(&in_cell, ""), ERR_BUSY);
	expect("open ");
	from_cell(LINK_PDU_UP, LINK_PDU_FINE, "");
	expect("octets:19010a0100039121f300020401(P) ");
	from_cell(LINK_PDU_OCTETS, LINK_PDU_FINE, "9904");
	from_cell(LINK_PDU_OCTETS, LINK_PDU_FINE, "9901020200");
	expect("octets:1904(P) ended(delivered,fine,0) close ");
	assert_int_equal(link_side_phones(side), 0);
	from_cell(LINK_PDU_UP, LINK_PDU_FINE, ""); /* the phone is about to speak: not closed before it did */
	expect("");
	from_cell(LINK_PDU_OCTETS, LINK_PDU_FINE, "0901020607");
	expect("octets:8904 message(" IMSI ",,RP-SMMA,7) ");
	assert_true(link_side_answer(side, &in_cell, (struct text){ 0 }, 0, NULL, now));
	assert_false(link_side_answer(side, &in_cell, (struct text){ 0 }, 0, NULL, now));
	from_cell(LINK_PDU_OCTETS, LINK_PDU_FINE, "0904");
	expect("octets:8901020307 close ");
	assert_true(link_side_next_us(side) == INT64_MAX);
}

static void test_connections_lost(void **state)
{
	(void)state;
	assert_int_equal(send_to(&in_cell, ""), OK);
	from_cell(LINK_PDU_LOST, LINK_PDU_ABSENT, "");
	expect("open alert ended(carrier lost,in vain,absent,0) ");
	from_cell(LINK_PDU_PRESENT, LINK_PDU_FINE, "");
	expect("present(" IMSI ") ");
	assert_int_equal(send_to(&in_cell, ""), OK);
	from_cell(LINK_PDU_UP, LINK_PDU_FINE, "");
	seen[0] = 0;
	from_cell(LINK_PDU_GONE, LINK_PDU_FINE, ""); /* after it went down: in doubt */
	expect("ended(carrier lost,absent,0) gone(" IMSI ") ");
	assert_int_equal(send_to(&in_cell, ""), OK);
	seen[0] = 0;
	link_side_down(side, TEXT_LITERAL("ims"), now);
	expect("");
	link_side_down(side, TEXT_LITERAL("cell"), now);
	expect("ended(carrier lost,in vain,unsure,0) ");
	assert_int_equal(send_to(&in_cell, ""), OK);
	seen[0] = 0;
	assert_true(link_side_next_us(side) == now + 40 * SECOND);
	now += 40 * SECOND;
	link_side_run(side, now);
	expect("ended(no report,in vain,fine,0) ");
}

static void test_over_messages(void **state)
{
	char first[256];

	(void)state;
	assert_int_equal(send_to(&on_ims, "P"), OK);
	assert_int_equal(send_to(&on_ims, "P"), ERR_BUSY);
	expect("octets:0100039121f300020401(P) ");
	memcpy(first, last_transaction, sizeof(first));
	assert_int_equal(strlen(first), 24);
	give(&on_ims, LINK_PDU_TAKEN, LINK_PDU_FINE, first, "", "");
	give(&on_ims, LINK_PDU_OCTETS, LINK_PDU_FINE, "phone-1", "another", "0200");
	expect("");
	give(&on_ims, LINK_PDU_OCTETS, LINK_PDU_FINE, "phone-2", first, "0200");
	expect("ended(delivered,fine,0) ");
	assert_int_equal(link_side_phones(side), 0);
	/* Without In-Reply-To the reference has to do; another one does not. */
	assert_int_equal(send_to(&on_ims, ""), OK);
	seen[0] = 0;
	give(&on_ims, LINK_PDU_OCTETS, LINK_PDU_FINE, "phone-3", "", "0207");
	expect("");
	give(&on_ims, LINK_PDU_OCTETS, LINK_PDU_FINE, "phone-4", "",
	     "0401"
	     "0116");
	expect("ended(refused,fine,22) ");
	/* The carrier's own word. */
	assert_int_equal(send_to(&on_ims, ""), OK);
	seen[0] = 0;
	give(&on_ims, LINK_PDU_TAKEN, LINK_PDU_ABSENT, "another", "", "");
	expect("");
	give(&on_ims, LINK_PDU_TAKEN, LINK_PDU_ABSENT, last_transaction, "", "");
	expect("alert ended(carrier lost,in vain,absent,0) ");
	assert_int_equal(send_to(&on_ims, ""), OK);
	seen[0] = 0;
	give(&on_ims, LINK_PDU_TAKEN, LINK_PDU_UNSURE, last_transaction, "", "");
	expect("ended(carrier lost,unsure,0) ");
	assert_int_equal(send_to(&on_ims, ""), OK);
	seen[0] = 0;
	now += 40 * SECOND;
	link_side_run(side, now);
	expect("ended(no report,fine,0) ");
}

static void test_messages_from_the_phone(void **state)
{
	(void)state;
	give(&on_ims, LINK_PDU_OCTETS, LINK_PDU_FINE, "c1", "", "0607");
	give(&on_ims, LINK_PDU_OCTETS, LINK_PDU_FINE, "c1", "", "0607"); /* SIP repeats itself */
	expect("message(" AOR ",c1,RP-SMMA,7) ");
	give(&on_ims, LINK_PDU_OCTETS, LINK_PDU_FINE, "c2", "", "0608");
	expect("message(" AOR ",c2,RP-SMMA,8) ");
	give(&on_ims, LINK_PDU_OCTETS, LINK_PDU_FINE, "c3", "", "0609"); /* one too many */
	expect("octets:0509012a(to c3) ");
	assert_true(link_side_answer(side, &on_ims, TEXT_LITERAL("c2"), 0, NULL, now));
	expect("octets:0308(to c2) ");
	assert_false(link_side_answer(side, &on_ims, TEXT_LITERAL("c2"), 0, NULL, now));
	assert_true(link_side_answer(side, &on_ims, TEXT_LITERAL("c1"), 41, NULL, now));
	expect("octets:05070129(to c1) ");
	assert_int_equal(link_side_phones(side), 0);
	give(&on_ims, LINK_PDU_OCTETS, LINK_PDU_FINE, "c4", "", "0005"); /* cut off: answered, and over */
	expect("octets:05050160(to c4) ");
	give(&on_ims, LINK_PDU_OCTETS, LINK_PDU_FINE, "c5", "", "");
	expect("");
	assert_int_equal(link_side_phones(side), 0);
	give(&on_ims, LINK_PDU_OCTETS, LINK_PDU_FINE, "c6", "", "0601");
	seen[0] = 0;
	assert_true(link_side_next_us(side) == now + 15 * SECOND);
	now += 15 * SECOND;
	link_side_run(side, now);
	assert_int_equal(link_side_phones(side), 0);
	assert_false(link_side_answer(side, &on_ims, TEXT_LITERAL("c6"), 0, NULL, now));
	expect("");
}

static void test_limits_and_nonsense(void **state)
{
	static const char *const names[] = { "1", "2", "3" };
	struct link_phone p = on_ims;
	struct link_pdu pdu = { .kind = LINK_PDU_OPEN, .link = on_ims.link, .subscriber = on_ims.subscriber };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		p.subscriber = text_of(names[i]);
		assert_int_equal(send_to(&p, ""), OK);
	}
	assert_int_equal(send_to(&on_ims, ""), ERR_FULL);
	assert_int_equal(link_side_received(side, LINK_MESSAGES, &pdu, now), ERR_MALFORMED);
	pdu.kind = LINK_PDU_OCTETS;
	assert_int_equal(link_side_received(side, LINK_MESSAGES, &pdu, now), ERR_FULL);
	pdu.subscriber.len = 0;
	assert_int_equal(link_side_received(side, LINK_MESSAGES, &pdu, now), ERR_MALFORMED);
	struct rp big = { .has_tpdu = true, .tpdu = text_range(seen, RP_TPDU_MAX + 1) };
	link_side_down(side, on_ims.link, now);
	assert_int_equal(link_side_send(side, &on_ims, &big, (struct text){ 0 }, now), ERR_TOO_BIG);
	assert_int_equal(link_side_phones(side), 0);
	assert_int_equal(link_side_send(side, &on_ims, &big, text_range(seen, LINK_PDU_PERMIT_MAX + 1), now),
			 ERR_TOO_BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codec),
		cmocka_unit_test_setup_teardown(test_over_connections, begin, end),
		cmocka_unit_test_setup_teardown(test_connections_lost, begin, end),
		cmocka_unit_test_setup_teardown(test_over_messages, begin, end),
		cmocka_unit_test_setup_teardown(test_messages_from_the_phone, begin, end),
		cmocka_unit_test_setup_teardown(test_limits_and_nonsense, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
