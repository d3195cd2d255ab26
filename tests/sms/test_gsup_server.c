/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The GSUP server between scripted MSCs and a scripted HLR. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base/hex.h"
#include "sms/gsup_server.h"
#include "sms/ipa.h"

#define SECOND INT64_C(1000000)
#define IMSI "001010000000012"
#define OTHER "001010000000099"

static struct gsup_server *server;
static char seen[8000];
static int64_t now;
static bool answer_at_once;

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

static void note_frames(const char *to, uint64_t link, const void *octets, size_t len)
{
	struct reader r = reader_of(octets, len);
	struct ipa_frame frame;
	size_t used;

	while (ipa_parse(r.at, reader_left(&r), &frame, &used) == OK) {
		struct gsup g;

		(void)reader_take(&r, used);
		if (frame.protocol == IPA_CCM) {
			note("%d>%s:ccm%d ", (int)link, to, frame.kind);
			continue;
		}
		assert_int_equal(gsup_decode(frame.payload.at, frame.payload.len, &g, NULL), OK);
		note("%d>%s:%s(%s", (int)link, to, gsup_type_name(g.type), g.imsi + 12);
		if (g.has_cause || g.has_rp_cause)
			note(",%d", g.cause + g.rp_cause);
		if (g.has_tpdu)
			note(",%zu octets", g.tpdu.len);
		if (g.destination_name.len)
			note(",to %.*s", TEXT_ARGS(g.destination_name));
		note(") ");
	}
	assert_true(reader_done(&r));
}

static void on_to_msc(void *owner, uint64_t link, const void *octets, size_t len)
{
	(void)owner;
	note_frames("msc", link, octets, len);
}

static void on_to_hlr(void *owner, uint64_t link, const void *octets, size_t len)
{
	(void)owner;
	note_frames("hlr", link, octets, len);
}

static void on_open_hlr(void *owner, uint64_t link)
{
	(void)owner;
	note("open(%d) ", (int)link);
}

static void on_close(void *owner, uint64_t link, const char *why)
{
	(void)owner;
	note("close(%d,%s) ", (int)link, why);
}

static void on_msc(void *owner, uint64_t link, const char *name, bool up)
{
	(void)owner;
	note("%s(%d,%s) ", up ? "up" : "down", (int)link, name);
}

static void on_message(void *owner, const struct gsup_mo *mo)
{
	(void)owner;
	note("message(%s,%d,%s,%zu%s) ", mo->imsi + 12, mo->reference, mo->originator.text, mo->tpdu.len,
	     mo->memory ? ",memory" : "");
	if (answer_at_once)
		assert_true(gsup_server_answer(server, mo->link, mo->imsi, mo->reference, 0, now));
}

static void on_present(void *owner, const char *imsi, bool there, bool memory)
{
	(void)owner;
	note("%s(%s%s) ", there ? "present" : "gone", imsi + 12, memory ? ",memory" : "");
}

static void on_number(void *owner, const char *imsi, const char *msisdn)
{
	(void)owner;
	note("number(%s,%s) ", imsi + 12, msisdn);
}

static void on_ended(void *owner, const char *imsi, const struct gsup_end *end)
{
	(void)owner;
	note("ended(%s,%s,%d,%zu) ", imsi + 12, gsup_outcome_name(end->outcome), end->cause, end->tpdu.len);
}

static const struct gsup_server_user user = { on_to_msc,  on_to_hlr,  on_open_hlr, on_close, on_msc,
					      on_message, on_present, on_number,   on_ended };

static int begin(void **state)
{
	(void)state;
	seen[0] = 0;
	now = SECOND;
	answer_at_once = false;
	server = gsup_server_new(&user, NULL, "SMSC-cellpost", GSUP_TIMERS_DEFAULT,
				 (struct gsup_limits){ 3, 5, 2, 200 });
	return 0;
}

static int end(void **state)
{
	(void)state;
	gsup_server_free(&server);
	gsup_server_free(&server);
	return 0;
}

static void give(uint64_t link, bool msc, const struct writer *w)
{
	assert_true(writer_ok(w));
	if (msc)
		gsup_server_received(server, link, w->start, writer_len(w), now);
	else
		gsup_server_hlr_received(server, link, w->start, writer_len(w), now);
}

static void ccm(uint64_t link, bool msc, enum ipa_ccm message)
{
	uint8_t room[64];
	struct writer w = writer_of(room, sizeof(room));

	ipa_put_ccm(&w, message);
	give(link, msc, &w);
}

static void says(uint64_t link, bool msc, const struct gsup *g)
{
	uint8_t room[600];
	struct writer w = writer_of(room, sizeof(room));

	gsup_put_frame(g, &w);
	give(link, msc, &w);
}

static void plain(uint64_t link, bool msc, uint8_t type, const char *imsi)
{
	struct gsup g = { .type = type };

	assert_true(text_copy(text_of(imsi), g.imsi, sizeof(g.imsi)));
	says(link, msc, &g);
}

static void identify(uint64_t link, const char *name)
{
	uint8_t room[200];
	struct writer w = writer_of(room, sizeof(room));
	struct ipa_identity identity = { text_of(name), text_of(name), TEXT_LITERAL("0/0/0") };

	assert_int_equal(gsup_server_up(server, link, now), OK);
	ipa_put_identity(&w, &identity);
	give(link, true, &w);
}

static void connect_all(uint64_t link, const char *name)
{
	identify(link, name);
	gsup_server_hlr_up(server, link, now);
	ccm(link, false, IPA_ID_REQUEST);
	seen[0] = 0;
}

static void test_connecting(void **state)
{
	(void)state;
	identify(7, "MSC-a");
	expect("7>msc:ccm4 7>msc:ccm6 up(7,MSC-a) open(7) ");
	ccm(7, true, IPA_ID_ACK);
	plain(7, true, GSUP_SEND_AUTH_INFO, IMSI); /* kept until the HLR is there */
	expect("");
	gsup_server_hlr_up(server, 7, now);
	ccm(7, false, IPA_ID_REQUEST);
	expect("7>hlr:ccm5 7>hlr:ccm6 7>hlr:sendAuthInfo(012) ");
	ccm(7, false, IPA_ID_ACK);
	plain(7, false, GSUP_RESULT(GSUP_SEND_AUTH_INFO), IMSI);
	expect("7>msc:sendAuthInfo result(012) ");
	ccm(7, true, IPA_PING);
	ccm(7, false, IPA_PING);
	expect("7>msc:ccm1 7>hlr:ccm1 ");
	/* Another connection of that name is the MSC after its restart. */
	identify(8, "MSC-a");
	expect("8>msc:ccm4 8>msc:ccm6 close(7,another connection has its name) up(8,MSC-a) open(8) ");
	plain(7, true, GSUP_SEND_AUTH_INFO, IMSI);
	expect("");
	gsup_server_down(server, 7, now);
	expect("down(7,MSC-a) ");
	gsup_server_down(server, 7, now);
	assert_int_equal(gsup_server_up(server, 9, now), OK);
	assert_int_equal(gsup_server_up(server, 9, now), ERR_FULL);
	assert_int_equal(gsup_server_up(server, 0, now), ERR_FULL);
	assert_int_equal(gsup_server_up(server, 10, now), OK);
	assert_int_equal(gsup_server_up(server, 11, now), ERR_FULL);
}

static void test_hlr_away(void **state)
{
	(void)state;
	identify(7, "MSC-a");
	seen[0] = 0;
	for (unsigned i = 0; i < 13; i++)
		plain(7, true, GSUP_SEND_AUTH_INFO, IMSI); /* 15 octets each, 200 are kept */
	expect("");
	plain(7, true, GSUP_SEND_AUTH_INFO, IMSI);
	expect("7>msc:sendAuthInfo error(012,17) ");
	gsup_server_hlr_down(server, 7, now);
	plain(7, true, GSUP_UPDATE_LOCATION, IMSI);
	plain(7, true, GSUP_RESULT(GSUP_INSERT_DATA), IMSI); /* no request: nobody waits */
	expect("7>msc:updateLocation error(012,17) ");
	now += 20 * SECOND;
	gsup_server_run(server, now);
	expect("7>msc:ccm0 open(7) ");
	gsup_server_hlr_up(server, 7, now);
	ccm(7, false, IPA_ID_REQUEST);
	expect("7>hlr:ccm5 7>hlr:ccm6 ");
}

static void test_learning(void **state)
{
	struct gsup insert = { .type = GSUP_INSERT_DATA,
			       .imsi = IMSI,
			       .msisdn = TEXT_LITERAL("\x06\x94\x71\x32\x54\x76\xf8") };

	(void)state;
	connect_all(7, "MSC-a");
	plain(7, true, GSUP_UPDATE_LOCATION, IMSI);
	says(7, false, &insert);
	expect("7>hlr:updateLocation(012) 7>msc:insertSubscriberData(012) number(012,49172345678) ");
	plain(7, false, GSUP_RESULT(GSUP_UPDATE_LOCATION), IMSI);
	expect("7>msc:updateLocation result(012) present(012) ");
	assert_string_equal(gsup_server_place(server, IMSI), "MSC-a");
	connect_all(8, "MSC-b");
	plain(8, false, GSUP_RESULT(GSUP_UPDATE_LOCATION), IMSI);
	plain(7, false, GSUP_LOCATION_CANCEL, IMSI); /* from the old place, after it is at the new one */
	expect("8>msc:updateLocation result(012) present(012) 7>msc:locationCancel(012) ");
	assert_string_equal(gsup_server_place(server, IMSI), "MSC-b");
	plain(8, true, GSUP_PURGE, IMSI);
	expect("gone(012) 8>hlr:purgeMS(012) ");
	assert_null(gsup_server_place(server, IMSI));
	assert_int_equal(gsup_server_phones(server), 0);
}

static enum result send_to(const char *imsi)
{
	struct sms_address centre;

	assert_int_equal(sms_address_from_text(TEXT_LITERAL("+491770610000"), &centre), OK);
	return gsup_server_send(server, imsi, &centre, TEXT_LITERAL("\x04\x01"), false, now);
}

static void mt_answer(uint64_t link, const char *imsi, uint8_t rp_cause, uint8_t cause)
{
	struct gsup g = { .type = rp_cause || cause ? GSUP_ERROR(GSUP_MT_FORWARD) : GSUP_RESULT(GSUP_MT_FORWARD),
			  .has_reference = true,
			  .reference = 99, /* the MSC's own */
			  .has_rp_cause = rp_cause,
			  .rp_cause = rp_cause,
			  .has_cause = cause,
			  .cause = cause };

	assert_true(text_copy(text_of(imsi), g.imsi, sizeof(g.imsi)));
	says(link, true, &g);
}

static void test_to_phones(void **state)
{
	(void)state;
	assert_int_equal(send_to(IMSI), ERR_CLOSED);
	connect_all(7, "MSC-a");
	connect_all(8, "MSC-b");
	plain(8, false, GSUP_RESULT(GSUP_UPDATE_LOCATION), IMSI);
	seen[0] = 0;
	assert_int_equal(send_to(IMSI), OK);
	assert_int_equal(send_to(IMSI), ERR_BUSY);
	expect("8>msc:MT-forwardSM(012,2 octets,to MSC-b) ");
	mt_answer(7, IMSI, 0, 0); /* from the wrong MSC */
	expect("");
	mt_answer(8, IMSI, 0, 0);
	expect("ended(012,delivered,0,0) ");
	mt_answer(8, IMSI, 0, 0); /* late: nobody's */
	expect("");
	assert_int_equal(send_to(IMSI), OK);
	seen[0] = 0;
	mt_answer(8, IMSI, 22, 0);
	expect("ended(012,refused by the phone,22,0) ");
	assert_int_equal(send_to(IMSI), OK);
	seen[0] = 0;
	mt_answer(8, IMSI, 0, GSUP_CAUSE_IMSI_UNKNOWN); /* it was known to be there: not searched */
	expect("ended(012,refused by the network,2,0) ");
	assert_int_equal(send_to(IMSI), OK);
	seen[0] = 0;
	assert_true(gsup_server_next_us(server) <= now + 60 * SECOND);
	ccm(8, true, IPA_PONG);
	now += 60 * SECOND;
	gsup_server_run(server, now);
	assert_non_null(strstr(seen, "ended(012,no answer,0,0) "));
	assert_int_equal(gsup_server_send(server, IMSI, &(struct sms_address){ 0 }, text_range(seen, RP_TPDU_MAX + 1),
					  false, now),
			 ERR_TOO_BIG);
}

static void test_searching(void **state)
{
	(void)state;
	connect_all(7, "MSC-a");
	connect_all(8, "MSC-b");
	assert_int_equal(send_to(IMSI), OK);
	mt_answer(7, IMSI, 0, GSUP_CAUSE_IMSI_UNKNOWN);
	expect("7>msc:MT-forwardSM(012,2 octets,to MSC-a) 8>msc:MT-forwardSM(012,2 octets,to MSC-b) ");
	mt_answer(8, IMSI, 0, 0);
	expect("ended(012,delivered,0,0) ");
	assert_string_equal(gsup_server_place(server, IMSI), "MSC-b");
	assert_int_equal(send_to(OTHER), OK);
	mt_answer(7, OTHER, 0, GSUP_CAUSE_IMSI_UNKNOWN);
	seen[0] = 0;
	mt_answer(8, OTHER, 0, GSUP_CAUSE_IMSI_UNKNOWN);
	expect("ended(099,refused by the network,2,0) ");
	assert_int_equal(gsup_server_phones(server), 1);
	assert_int_equal(send_to(OTHER), OK);
	assert_int_equal(send_to(IMSI), OK);
	seen[0] = 0;
	gsup_server_down(server, 8, now);
	expect("ended(012,link lost,0,0) down(8,MSC-b) ");
	gsup_server_down(server, 7, now);
	expect("ended(099,link lost,0,0) down(7,MSC-a) ");
	assert_int_equal(gsup_server_phones(server), 0);
}

static struct gsup mo_of(const char *imsi, uint8_t reference)
{
	struct gsup g = { .type = GSUP_MO_FORWARD,
			  .has_reference = true,
			  .reference = reference,
			  .destination = { GSUP_ADDRESS_CENTRE, { 1, 1, 3, "123" } },
			  .originator = { GSUP_ADDRESS_MSISDN, { 1, 1, 5, "49172" } },
			  .has_tpdu = true,
			  .tpdu = TEXT_LITERAL("\x01\x00") };

	assert_true(text_copy(text_of(imsi), g.imsi, sizeof(g.imsi)));
	return g;
}

static void test_from_phones(void **state)
{
	struct gsup g = mo_of(IMSI, 5),
		    ready = { .type = GSUP_READY_FOR_SM, .imsi = IMSI, .has_alert = true, .alert = 2 };

	(void)state;
	connect_all(7, "MSC-a");
	says(7, true, &g);
	says(7, true, &g); /* repeated */
	expect("message(012,5,49172,2) ");
	g.reference = 6;
	g.source = TEXT_LITERAL("MSC-a");
	says(7, true, &g);
	g.reference = 7;
	seen[0] = 0;
	says(7, true, &g);
	expect("7>msc:MO-forwardSM error(012,42,to MSC-a) ");
	assert_true(gsup_server_answer(server, 7, IMSI, 5, 0, now));
	assert_false(gsup_server_answer(server, 7, IMSI, 5, 0, now));
	assert_true(gsup_server_answer(server, 7, IMSI, 6, 21, now));
	assert_false(gsup_server_answer(server, 9, IMSI, 6, 21, now));
	expect("7>msc:MO-forwardSM result(012) 7>msc:MO-forwardSM error(012,21,to MSC-a) ");
	answer_at_once = true;
	says(7, true, &g);
	expect("message(012,7,49172,2) 7>msc:MO-forwardSM result(012,to MSC-a) ");
	answer_at_once = false;
	says(7, true, &g);
	says(7, true, &ready);
	expect("message(012,7,49172,2) 7>msc:READY-FOR-SM result(012) present(012,memory) ");
	assert_string_equal(gsup_server_place(server, IMSI), "MSC-a");
	ccm(7, true, IPA_PONG);
	now += 41 * SECOND;
	gsup_server_run(server, now);
	assert_false(gsup_server_answer(server, 7, IMSI, 7, 0, now));
}

static void test_pings(void **state)
{
	(void)state;
	assert_int_equal(gsup_server_up(server, 9, now), OK);
	assert_true(gsup_server_next_us(server) == now + 10 * SECOND);
	now += 10 * SECOND;
	seen[0] = 0;
	gsup_server_run(server, now);
	expect("close(9,it does not say who it is) ");
	gsup_server_run(server, now + 10 * SECOND);
	expect("");
	gsup_server_down(server, 9, now);
	connect_all(7, "MSC-a");
	now += 20 * SECOND;
	gsup_server_run(server, now);
	expect("7>msc:ccm0 7>hlr:ccm0 ");
	ccm(7, true, IPA_PONG);
	assert_true(gsup_server_next_us(server) == now + 20 * SECOND);
	now += 20 * SECOND;
	gsup_server_run(server, now);
	seen[0] = 0;
	now += 10 * SECOND;
	gsup_server_run(server, now);
	expect("close(7,no answer to a ping) ");
}

/* Octets one by one, several frames at once, and frames that make no sense. */
static void test_streams(void **state)
{
	struct gsup g = mo_of(IMSI, 5);
	uint8_t room[600];
	struct writer w = writer_of(room, sizeof(room));

	(void)state;
	connect_all(7, "MSC-a");
	gsup_put_frame(&g, &w);
	ipa_put_ccm(&w, IPA_PING);
	for (size_t i = 0; i < writer_len(&w); i++)
		gsup_server_received(server, 7, room + i, 1, now);
	expect("message(012,5,49172,2) 7>msc:ccm1 ");
	/* Another protocol, MO-forwardSM without an IMSI; then a ping. */
	gsup_server_received(server, 7, "\x00\x01\x00\x04\x00\x02\xee\x05\x24\x00\x01\xfe\x00", 13, now);
	expect("7>msc:ccm1 ");
	gsup_server_received(server, 7, "\x10\x01\xee", 3, now);
	expect("close(7,the MSC's frames make no sense) ");
	gsup_server_received(server, 7, "\x00\x01\xfe\x00", 4, now);
	expect("");
	gsup_server_down(server, 7, now);
	connect_all(8, "MSC-b");
	gsup_server_hlr_received(server, 8, "\x00\x00\xee", 3, now);
	expect("close(8,the HLR's frames make no sense) ");
	gsup_server_down(server, 8, now);
	assert_int_equal(gsup_server_up(server, 9, now), OK);
	seen[0] = 0;
	gsup_server_received(server, 9, "\x00\x01\xfe\x05", 4, now);
	expect("close(9,it says no name) ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_connecting, begin, end),
		cmocka_unit_test_setup_teardown(test_hlr_away, begin, end),
		cmocka_unit_test_setup_teardown(test_learning, begin, end),
		cmocka_unit_test_setup_teardown(test_to_phones, begin, end),
		cmocka_unit_test_setup_teardown(test_searching, begin, end),
		cmocka_unit_test_setup_teardown(test_from_phones, begin, end),
		cmocka_unit_test_setup_teardown(test_pings, begin, end),
		cmocka_unit_test_setup_teardown(test_streams, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
