/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The VLR's side of SGs against a scripted MME with its phones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base/hex.h"
#include "sms/sgs_fsm.h"

#define SECOND INT64_C(1000000)
#define IMSI "001010000000012"
#define OTHER "001010000000099"
#define MME "mmec01.mmegi0001.mme.epc.mnc001.mcc001.3gppnetwork.org"

static struct sgs *sgs;
static char seen[6000];
static int64_t now;
static bool accept_at_once;
static unsigned send_more; /* from within ended() */

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

static void on_send(void *owner, uint64_t link, const void *octets, size_t len)
{
	struct sgsap m;
	char text[600] = "";
	struct writer w = writer_of(text, sizeof(text) - 1);

	(void)owner;
	assert_int_equal(sgsap_decode(octets, len, &m, NULL), OK);
	assert_true(sgsap_type_side(m.type) & SGSAP_FROM_VLR);
	if (sgsap_has(&m, SGSAP_CAUSE) || sgsap_has(&m, SGSAP_REJECT_CAUSE))
		writer_printf(&w, ":%u", sgsap_octet(&m, SGSAP_CAUSE) + sgsap_octet(&m, SGSAP_REJECT_CAUSE));
	if (sgsap_has(&m, SGSAP_NAS_CONTAINER)) {
		writer_printf(&w, ":");
		hex_put(&w, m.element[SGSAP_NAS_CONTAINER].at, m.element[SGSAP_NAS_CONTAINER].len);
	}
	assert_true(writer_ok(&w));
	*w.at = 0;
	note("%d>%s%s ", (int)link, sgsap_type_name(m.type), text);
}

static void on_locate(void *owner, const char *imsi, const char *mme)
{
	(void)owner;
	assert_string_equal(mme, MME);
	note("locate(%s) ", imsi + 12);
	if (accept_at_once)
		sgs_accept(sgs, imsi, now);
}

static void on_attached(void *owner, const char *imsi)
{
	(void)owner;
	note("attached(%s) ", imsi + 12);
}

static void on_detached(void *owner, const char *imsi)
{
	(void)owner;
	note("detached(%s) ", imsi + 12);
}

static void on_message(void *owner, const char *imsi, const struct rp *rp)
{
	(void)owner;
	note("message(%s,%s,%zu) ", imsi + 12, rp_type_name(rp->type), rp->tpdu.len);
}

static enum result send_to(const char *imsi)
{
	struct rp rp = { .originator = { 1, 1, 3, "123" }, .has_tpdu = true, .tpdu = TEXT_LITERAL("\x04\x01") };

	return sgs_send(sgs, imsi, &rp, now);
}

static void on_ended(void *owner, const char *imsi, const struct sgs_end *end, const struct rp *report)
{
	(void)owner;
	note("ended(%s,%s%s,%d,%d) ", imsi + 12, rp_outcome_name(end->outcome), end->paged_in_vain ? ",in vain" : "",
	     end->cause, report ? report->cause : 0);
	if (!send_more)
		return;
	send_more--;
	assert_int_equal(send_to(imsi), OK);
}

static const struct sgs_user user = { on_send, on_locate, on_attached, on_detached, on_message, on_ended };

static int begin(void **state)
{
	(void)state;
	seen[0] = 0;
	now = SECOND;
	accept_at_once = true;
	send_more = 0;
	sgs = sgs_new(&user, NULL, "vlr.example.net", SGS_TIMERS_DEFAULT, (struct sgs_limits){ 2, 3 });
	return 0;
}

static int end(void **state)
{
	(void)state;
	sgs_free(&sgs);
	sgs_free(&sgs);
	return 0;
}

static void give(uint64_t link, const struct sgsap *m)
{
	uint8_t room[SGSAP_MAX];
	struct writer w = writer_of(room, sizeof(room));

	sgsap_encode(m, &w);
	assert_true(writer_ok(&w));
	sgs_received(sgs, link, room, writer_len(&w), now);
}

static void from_mme(uint64_t link, enum sgsap_type type, const char *imsi)
{
	struct sgsap m;

	sgsap_init(&m, type);
	if (imsi)
		sgsap_set_imsi(&m, text_of(imsi));
	if (!imsi || type == SGSAP_LOCATION_UPDATE_REQUEST || type == SGSAP_EPS_DETACH_INDICATION ||
	    type == SGSAP_IMSI_DETACH_INDICATION)
		sgsap_set_name(&m, SGSAP_MME_NAME, text_of(MME));
	sgsap_set_octet(&m, SGSAP_EPS_UPDATE_TYPE, SGSAP_UPDATE_ATTACH);
	sgsap_set(&m, SGSAP_LAI, text_range("\x00\xf1\x10\x00\x01", 5));
	sgsap_set_octet(&m, SGSAP_SERVICE_INDICATOR, SGSAP_SERVICE_SMS);
	sgsap_set_octet(&m, SGSAP_EPS_DETACH_TYPE, 1);
	sgsap_set_octet(&m, SGSAP_NON_EPS_DETACH_TYPE, 1);
	give(link, &m);
}

static void from_mme_cause(uint64_t link, enum sgsap_type type, const char *imsi, uint8_t cause)
{
	struct sgsap m;

	sgsap_init(&m, type);
	sgsap_set_imsi(&m, text_of(imsi));
	sgsap_set_octet(&m, SGSAP_CAUSE, cause);
	give(link, &m);
}

static void uplink(const char *imsi, const char *hex)
{
	uint8_t nas[260];
	struct writer w = writer_of(nas, sizeof(nas));
	struct sgsap m;

	assert_int_equal(hex_take(text_of(hex), &w), OK);
	sgsap_init(&m, SGSAP_UPLINK_UNITDATA);
	sgsap_set_imsi(&m, text_of(imsi));
	sgsap_set(&m, SGSAP_NAS_CONTAINER, text_range((char *)nas, writer_len(&w)));
	give(7, &m);
}

static void attach(void)
{
	assert_int_equal(sgs_link_up(sgs, 7, "10.0.0.1", now), OK);
	from_mme(7, SGSAP_RESET_ACK, NULL);
	from_mme(7, SGSAP_LOCATION_UPDATE_REQUEST, IMSI);
	assert_int_equal(sgs_state_of(sgs, IMSI), SGS_ASSOCIATED);
	seen[0] = 0;
}

static void test_registration(void **state)
{
	(void)state;
	assert_int_equal(sgs_link_up(sgs, 7, "10.0.0.1", now), OK);
	expect("7>RESET-INDICATION ");
	from_mme(7, SGSAP_RESET_ACK, NULL);
	assert_true(sgs_next_us(sgs) == INT64_MAX);
	assert_int_equal(send_to(IMSI), ERR_NOT_FOUND);
	from_mme(7, SGSAP_LOCATION_UPDATE_REQUEST, IMSI);
	expect("locate(012) 7>LOCATION-UPDATE-ACCEPT attached(012) ");
	accept_at_once = false;
	from_mme(7, SGSAP_LOCATION_UPDATE_REQUEST, OTHER);
	expect("locate(099) ");
	assert_int_equal(send_to(OTHER), ERR_NOT_FOUND);
	assert_string_equal(sgs_state_name(sgs_state_of(sgs, OTHER)), "LA-UPDATE-PRESENT");
	sgs_reject(sgs, OTHER, 2, now);
	expect("7>LOCATION-UPDATE-REJECT:2 detached(099) ");
	sgs_accept(sgs, OTHER, now);
	sgs_reject(sgs, IMSI, 2, now);
	expect("");
	assert_int_equal(sgs_subscribers(sgs), 1);
	from_mme(7, SGSAP_EPS_DETACH_INDICATION, IMSI);
	expect("7>EPS-DETACH-ACK detached(012) ");
	from_mme(7, SGSAP_IMSI_DETACH_INDICATION, IMSI); /* acknowledged to a stranger too */
	expect("7>IMSI-DETACH-ACK ");
	assert_int_equal(sgs_subscribers(sgs), 0);
}

static void test_to_the_phone(void **state)
{
	(void)state;
	attach();
	assert_int_equal(send_to(IMSI), OK);
	assert_int_equal(send_to(IMSI), ERR_BUSY);
	expect("7>PAGING-REQUEST ");
	assert_true(sgs_next_us(sgs) == now + 10 * SECOND);
	from_mme(7, SGSAP_SERVICE_REQUEST, IMSI);
	expect("7>DOWNLINK-UNITDATA:09010a0100039121f300020401 ");
	uplink(IMSI, "8904");
	send_more = 1;
	uplink(IMSI, "8901020200");
	expect("7>DOWNLINK-UNITDATA:0904 ended(012,delivered,0,0) 7>DOWNLINK-UNITDATA:19010a0101039121f300020401 ");
	uplink(IMSI, "9904");
	uplink(IMSI, "9901040401"
		     "0116");
	expect("7>DOWNLINK-UNITDATA:1904 ended(012,refused,0,22) 7>RELEASE-REQUEST ");
	assert_true(sgs_next_us(sgs) == INT64_MAX);
}

/* An open network once stopped after 288 messages to one phone: each alone, and all over one carrier. */
static void test_thousands_to_one_phone(void **state)
{
	(void)state;
	attach();
	for (unsigned i = 0; i < 3000; i++) {
		char hex[40], ti = (char)('8' + i % 7);

		if (ti > '9')
			ti = (char)('a' + i % 7 - 2);
		if (i < 1500 || i == 1500) {
			if (i == 1500)
				send_more = 1499;
			assert_int_equal(send_to(IMSI), OK);
			from_mme(7, SGSAP_SERVICE_REQUEST, IMSI);
		}
		snprintf(hex, sizeof(hex), "%c904", ti);
		uplink(IMSI, hex);
		seen[0] = 0;
		snprintf(hex, sizeof(hex), "%c9010202%02x", ti, i & 0xff);
		uplink(IMSI, hex);
		assert_non_null(strstr(seen, "ended(012,delivered,0,0) "));
		assert_true((strstr(seen, "RELEASE-REQUEST") != NULL) == (i < 1500 || i == 2999));
		now += SECOND;
	}
	assert_true(sgs_next_us(sgs) == INT64_MAX);
}

static void test_paging_in_vain(void **state)
{
	static const struct {
		uint8_t cause;
		const char *what;
	} rows[] = {
		{ SGSAP_CAUSE_UNREACHABLE, "7>ALERT-REQUEST ended(012,carrier lost,in vain,6,0) " },
		{ SGSAP_CAUSE_TEMPORARILY_UNREACHABLE, "7>ALERT-REQUEST ended(012,carrier lost,in vain,14,0) " },
		{ SGSAP_CAUSE_IMSI_UNKNOWN, "ended(012,carrier lost,in vain,3,0) detached(012) " },
		{ SGSAP_CAUSE_DETACHED_NON_EPS, "ended(012,carrier lost,in vain,4,0) detached(012) " },
		{ SGSAP_CAUSE_CALL_REJECTED, "ended(012,carrier lost,in vain,13,0) " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (i) {
			(void)end(state);
			(void)begin(state);
		}
		attach();
		assert_int_equal(send_to(IMSI), OK);
		seen[0] = 0;
		from_mme_cause(7, i & 1 ? SGSAP_UE_UNREACHABLE : SGSAP_PAGING_REJECT, IMSI, rows[i].cause);
		expect(rows[i].what);
	}
}

static void test_alert(void **state)
{
	(void)state;
	attach();
	assert_int_equal(send_to(IMSI), OK);
	seen[0] = 0;
	now += 10 * SECOND; /* Ts5 */
	sgs_run(sgs, now);
	expect("7>ALERT-REQUEST ended(012,carrier lost,in vain,0,0) ");
	for (unsigned i = 0; i < 2; i++) { /* Ns7 */
		assert_true(sgs_next_us(sgs) == now + 4 * SECOND);
		now += 4 * SECOND;
		sgs_run(sgs, now);
		expect("7>ALERT-REQUEST ");
	}
	now += 4 * SECOND;
	sgs_run(sgs, now);
	expect("");
	assert_true(sgs_next_us(sgs) == INT64_MAX);
	from_mme(7, SGSAP_ALERT_ACK, IMSI);
	assert_int_equal(send_to(IMSI), OK);
	from_mme_cause(7, SGSAP_PAGING_REJECT, IMSI, SGSAP_CAUSE_UNREACHABLE);
	expect("7>PAGING-REQUEST ended(012,carrier lost,in vain,6,0) "); /* the promise still stands */
	from_mme(7, SGSAP_UE_ACTIVITY_INDICATION, IMSI);
	expect("attached(012) ");
	assert_int_equal(send_to(IMSI), OK);
	from_mme_cause(7, SGSAP_PAGING_REJECT, IMSI, SGSAP_CAUSE_UNREACHABLE);
	seen[0] = 0;
	from_mme_cause(7, SGSAP_ALERT_REJECT, IMSI, SGSAP_CAUSE_IMSI_UNKNOWN);
	expect("detached(012) ");
	assert_int_equal(sgs_subscribers(sgs), 0);
}

#define SUBMIT "1331000b919471325476f80000a705c8329bfd06"

static void test_from_the_phone(void **state)
{
	(void)state;
	attach();
	uplink(IMSI, "090120"
		     "0005"
		     "00"
		     "0791947107160000"
		     "14" SUBMIT);
	expect("7>DOWNLINK-UNITDATA:8904 message(012,RP-DATA,20) ");
	assert_true(sgs_answer(sgs, IMSI, 0, NULL, now));
	assert_false(sgs_answer(sgs, IMSI, 0, NULL, now));
	expect("7>DOWNLINK-UNITDATA:8901020305 ");
	uplink(IMSI, "0904");
	expect("7>RELEASE-REQUEST ");
	assert_false(sgs_answer(sgs, OTHER, 0, NULL, now));
}

static void test_restarts(void **state)
{
	(void)state;
	/* Ours: what we do not know must register again. */
	assert_int_equal(sgs_link_up(sgs, 7, "10.0.0.1", now), OK);
	seen[0] = 0;
	for (unsigned i = 0; i < 2; i++) { /* Ns11 */
		now += 4 * SECOND;
		sgs_run(sgs, now);
		expect("7>RESET-INDICATION ");
	}
	now += 4 * SECOND;
	sgs_run(sgs, now);
	expect("");
	uplink(IMSI, "0901020607");
	expect("7>RELEASE-REQUEST:3 ");
	from_mme(7, SGSAP_LOCATION_UPDATE_REQUEST, IMSI);
	seen[0] = 0;
	/* The MME's. */
	assert_int_equal(send_to(IMSI), OK);
	from_mme(7, SGSAP_RESET_INDICATION, NULL);
	expect("7>PAGING-REQUEST 7>RESET-ACK ended(012,carrier lost,in vain,0,0) detached(012) ");
	assert_int_equal(sgs_subscribers(sgs), 0);
	/* The link's: the association stays, and another link of that MME takes over. */
	from_mme(7, SGSAP_LOCATION_UPDATE_REQUEST, IMSI);
	assert_int_equal(send_to(IMSI), OK);
	seen[0] = 0;
	sgs_link_down(sgs, 7, now);
	expect("ended(012,carrier lost,in vain,0,0) ");
	assert_int_equal(send_to(IMSI), ERR_CLOSED);
	assert_int_equal(sgs_state_of(sgs, IMSI), SGS_ASSOCIATED);
	assert_int_equal(sgs_link_up(sgs, 8, "10.0.0.1", now), OK);
	expect("");
	from_mme(8, SGSAP_UE_ACTIVITY_INDICATION, IMSI); /* nameless so far: its subscriber names it */
	assert_int_equal(send_to(IMSI), OK);
	expect("attached(012) 8>PAGING-REQUEST ");
	/* A second association of that MME comes and goes. */
	assert_int_equal(sgs_link_up(sgs, 9, "10.0.0.2", now), OK);
	from_mme(9, SGSAP_RESET_ACK, NULL);
	seen[0] = 0;
	sgs_link_down(sgs, 9, now);
	expect("ended(012,carrier lost,in vain,0,0) ");
	assert_int_equal(send_to(IMSI), OK);
	expect("8>PAGING-REQUEST ");
	assert_int_equal(sgs_link_up(sgs, 9, "10.0.0.2", now), OK);
	assert_int_equal(sgs_link_up(sgs, 10, "10.0.0.3", now), ERR_FULL);
}

/* Another MME cannot speak for a phone that is not registered through it. */
static void test_strangers(void **state)
{
	struct sgsap m;

	(void)state;
	attach();
	assert_int_equal(sgs_link_up(sgs, 8, "10.0.0.2", now), OK);
	seen[0] = 0;
	sgsap_init(&m, SGSAP_RESET_INDICATION);
	sgsap_set_name(&m, SGSAP_MME_NAME, TEXT_LITERAL("mmec02.mmegi0001.mme.epc.mnc001.mcc001.3gppnetwork.org"));
	give(8, &m);
	expect("8>RESET-ACK ");
	from_mme(8, SGSAP_SERVICE_REQUEST, IMSI);
	expect("8>RELEASE-REQUEST:3 ");
	from_mme_cause(8, SGSAP_UE_UNREACHABLE, IMSI, 3);
	expect("");
	assert_int_equal(sgs_state_of(sgs, IMSI), SGS_ASSOCIATED);
	/* Limits: three subscribers in all. */
	from_mme(7, SGSAP_LOCATION_UPDATE_REQUEST, "001010000000001");
	from_mme(7, SGSAP_LOCATION_UPDATE_REQUEST, "001010000000002");
	seen[0] = 0;
	from_mme(7, SGSAP_LOCATION_UPDATE_REQUEST, "001010000000003");
	expect("7>LOCATION-UPDATE-REJECT:22 ");
}

static void test_bad_messages(void **state)
{
	static const struct {
		const char *hex, *what;
	} rows[] = {
		{ "", "" },
		{ "05", "7>STATUS:12 " },		     /* no such message */
		{ "01", "7>STATUS:8 " },		     /* an element lacks */
		{ "1b01080910100000000021", "7>STATUS:7 " }, /* one of ours */
		{ "1d", "" },				     /* never a STATUS about a STATUS */
		{ "1d08010c1b0105", "" },
	};

	(void)state;
	attach();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t octets[64];
		struct writer w = writer_of(octets, sizeof(octets));

		assert_int_equal(hex_take(text_of(rows[i].hex), &w), OK);
		sgs_received(sgs, 7, octets, writer_len(&w), now);
		expect(rows[i].what);
	}
	sgs_received(sgs, 99, "\x05", 1, now);
	sgs_received(sgs, 0, "\x05", 1, now);
	expect("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_registration, begin, end),
		cmocka_unit_test_setup_teardown(test_to_the_phone, begin, end),
		cmocka_unit_test_setup_teardown(test_thousands_to_one_phone, begin, end),
		cmocka_unit_test_setup_teardown(test_paging_in_vain, begin, end),
		cmocka_unit_test_setup_teardown(test_alert, begin, end),
		cmocka_unit_test_setup_teardown(test_from_the_phone, begin, end),
		cmocka_unit_test_setup_teardown(test_restarts, begin, end),
		cmocka_unit_test_setup_teardown(test_strangers, begin, end),
		cmocka_unit_test_setup_teardown(test_bad_messages, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
