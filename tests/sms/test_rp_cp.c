/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RP and CP messages and their machines (24.011): vectors, wrong octets, and each way a transfer can go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/base/hex.h"
#include "sms/cp_fsm.h"
#include "sms/rp_fsm.h"

#define RP_MO "00050007919471071600001331000b919471325476f80000a705c8329bfd06"
#define RP_MT \
	"01050791947107160000" \
	"0018040b919471325476f800006211523214054005c8329bfd06"

static uint8_t octets[300];

static size_t from_hex(const char *hex)
{
	struct writer w = writer_of(octets, sizeof(octets));

	assert_int_equal(hex_take(text_of(hex), &w), OK);
	return writer_len(&w);
}

static const char *const rp_vectors[] = {
	RP_MO, RP_MT, "0205", "0305", "0305410400d30000", "040502160a", "04050116", "05050115410401c40000", "0605"
};

static void test_rp_vectors(void **state)
{
	struct rp rp;

	(void)state;
	for (size_t i = 0; i < sizeof(rp_vectors) / sizeof(rp_vectors[0]); i++) {
		size_t n = from_hex(rp_vectors[i]);
		uint8_t again[RP_MAX];
		struct writer w = writer_of(again, sizeof(again));

		assert_int_equal(rp_decode(octets, n, &rp, NULL), OK);
		assert_int_equal(rp.reference, 5);
		rp_encode(&rp, &w);
		assert_true(writer_ok(&w));
		assert_int_equal(writer_len(&w), n);
		assert_memory_equal(again, octets, n);
	}
	assert_int_equal(rp_decode(octets, from_hex(RP_MO), &rp, NULL), OK);
	assert_int_equal(rp.type, RP_DATA_FROM_PHONE);
	assert_int_equal(rp.originator.len, 0);
	assert_string_equal(rp.destination.text, "491770610000");
	assert_int_equal(rp.tpdu.len, 19);
	assert_int_equal(rp_decode(octets, from_hex("0405021600"), &rp, NULL), OK);
	assert_true(rp.has_diagnostic);
	assert_int_equal(rp.cause, RP_CAUSE_MEMORY_EXCEEDED);
	assert_string_equal(rp_cause_name(rp.cause), "memory capacity exceeded");
	assert_string_equal(rp_cause_name(2), "reserved");
	/* An unknown element before the user data is skipped. */
	assert_int_equal(rp_decode(octets,
				   from_hex("02059955"
					    "01aa"
					    "41020000"),
				   &rp, NULL),
			 OK);
	assert_int_equal(rp.tpdu.len, 2);
}

static void test_rp_every_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rp_vectors) / sizeof(rp_vectors[0]); i++) {
		size_t n = from_hex(rp_vectors[i]);

		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);
			struct rp rp;
			size_t bad = 999;

			assert_non_null(exact);
			memcpy(exact, octets, cut);
			enum result result = rp_decode(exact, cut, &rp, &bad);
			free(exact);
			/* RP-ACK and RP-ERROR are whole before their optional part. */
			if (result == OK)
				continue;
			assert_int_equal(result, ERR_SHORT);
			assert_true(bad <= cut);
		}
	}
}

static void test_rp_wrong(void **state)
{
	static const struct {
		const char *hex;
		enum result result;
		size_t at;
		uint8_t cause;
	} rows[] = {
		{ "", ERR_SHORT, 0, 96 },
		{ "00", ERR_SHORT, 1, 96 },
		{ "0705", ERR_UNSUPPORTED, 0, 97 },
		{ "000500079194710716000014"
		  "31000b91",
		  ERR_SHORT, 11, 96 },
		{ "0005000191"
		  "00"
		  "00",
		  ERR_MALFORMED, 6, 96 },
		{ "0005000f919471071600009471071600000000"
		  "00",
		  ERR_TOO_BIG, 4, 96 },
		{ "000500069194f107160000", ERR_MALFORMED, 5, 96 },
		{ "00050000ea", ERR_TOO_BIG, 4, 96 },
		{ "060500", ERR_MALFORMED, 2, 96 },
		{ "040500", ERR_MALFORMED, 2, 96 },
		{ "0405", ERR_SHORT, 2, 96 },
		{ "02054105aa", ERR_SHORT, 3, 96 },
		{ "02054205aa", ERR_SHORT, 2, 96 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rp rp;
		size_t at = 999, n = from_hex(rows[i].hex);
		enum result result = rp_decode(octets, n, &rp, &at);

		assert_int_equal(result, rows[i].result);
		assert_int_equal(at, rows[i].at);
		assert_int_equal(rp_cause_of_bad_rp(result), rows[i].cause);
	}
	assert_int_equal(rp_cause_of_bad_tpdu(ERR_MALFORMED), 95);
	assert_int_equal(rp_cause_of_bad_tpdu(ERR_UNSUPPORTED), 111);
}

static void test_cp(void **state)
{
	static const struct {
		const char *hex;
		enum result result;
		size_t at;
	} rows[] = {
		{ "09010401020304", OK, 0 },
		{ "8904", OK, 0 },
		{ "691011", OK, 0 },
		{ "", ERR_SHORT, 0 },
		{ "09", ERR_SHORT, 1 },
		{ "0901", ERR_SHORT, 2 },
		{ "090105aabb", ERR_SHORT, 2 },
		{ "0901f9", ERR_TOO_BIG, 2 },
		{ "0910", ERR_SHORT, 2 },
		{ "0501", ERR_UNSUPPORTED, 0 },
		{ "7904", ERR_UNSUPPORTED, 0 },
		{ "0902", ERR_UNSUPPORTED, 1 },
		{ "090400", ERR_MALFORMED, 2 },
		{ "091011ff", ERR_MALFORMED, 3 },
		{ "090101aabb", ERR_MALFORMED, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t again[CP_MAX];
		struct writer w = writer_of(again, sizeof(again));
		struct cp cp;
		size_t at = 0, n = from_hex(rows[i].hex);

		assert_int_equal(cp_decode(octets, n, &cp, &at), rows[i].result);
		assert_int_equal(at, rows[i].at);
		if (rows[i].result != OK)
			continue;
		cp_encode(&cp, &w);
		assert_int_equal(writer_len(&w), n);
		assert_memory_equal(again, octets, n);
	}
	assert_int_equal(cp_cause_of_bad(ERR_UNSUPPORTED), CP_CAUSE_TYPE_UNKNOWN);
	assert_string_equal(cp_type_name(CP_DATA), "CP-DATA");
	assert_null(cp_type_name(3));
	assert_string_equal(cp_cause_name(98), "message not compatible with the state");
}

/* What a machine asked for, in order, as words. */
static char said[1024];
static struct writer log_writer;

static void say(const char *word, const void *bytes, size_t n)
{
	if (writer_len(&log_writer))
		writer_u8(&log_writer, ' ');
	writer_text(&log_writer, text_of(word));
	hex_put(&log_writer, bytes, n);
	said[writer_len(&log_writer)] = 0;
}

static void assert_said(const char *expected)
{
	assert_string_equal(said, expected);
	log_writer = writer_of(said, sizeof(said) - 1);
	said[0] = 0;
}

static void send_cb(void *owner, const void *bytes, size_t n)
{
	assert_ptr_equal(owner, said);
	say(">", bytes, n);
}

static void open_cb(void *owner)
{
	(void)owner;
	say("open", NULL, 0);
}

static void close_cb(void *owner)
{
	(void)owner;
	say("close", NULL, 0);
}

static void timer_cb(void *owner, int64_t us)
{
	(void)owner;
	say(us ? "timer" : "stop", NULL, 0);
}

static void up_cb(void *owner, struct text rp)
{
	(void)owner;
	say("up:", rp.at, rp.len);
}

static void failed_cb(void *owner, uint8_t cause)
{
	(void)owner;
	say("failed:", &cause, 1);
}

static const struct cp_fsm_user cp_user = { send_cb, open_cb, close_cb, timer_cb, up_cb, failed_cb };

static struct cp_fsm cp_new(bool answerer)
{
	struct cp_fsm f;

	log_writer = writer_of(said, sizeof(said) - 1);
	said[0] = 0;
	cp_fsm_init(&f, &cp_user, said, CP_TIMERS_DEFAULT, 2, answerer);
	return f;
}

static void feed(struct cp_fsm *f, const char *hex)
{
	struct cp cp;

	assert_int_equal(cp_decode(octets, from_hex(hex), &cp, NULL), OK);
	cp_fsm_received(f, &cp);
}

static void test_cp_towards_the_phone(void **state)
{
	struct cp_fsm f = cp_new(false);

	(void)state;
	assert_true(cp_fsm_send(&f, text_of("AB")));
	assert_said("open");
	assert_false(cp_fsm_send(&f, text_of("AB")));
	cp_fsm_carrier_up(&f);
	assert_said(">2901024142 timer");
	feed(&f, "a904");
	assert_said("stop");
	feed(&f, "a901023132");
	assert_said(">2904 up:3132");
	/* The same again is acknowledged again and not passed up. */
	feed(&f, "a901023132");
	assert_said(">2904");
	/* More messages go at once. */
	assert_true(cp_fsm_send(&f, text_of("CD")));
	assert_said(">2901024344 timer");
	feed(&f, "a904");
	feed(&f, "a901023334");
	assert_said("stop >2904 up:3334");
	cp_fsm_release(&f);
	assert_said("stop close");
	assert_int_equal(f.state, CP_IDLE);
}

static void test_cp_from_the_phone(void **state)
{
	struct cp_fsm f = cp_new(true);

	(void)state;
	feed(&f, "290103313233");
	assert_said(">a904 up:313233");
	assert_true(cp_fsm_send(&f, text_of("A")));
	cp_fsm_release(&f);
	assert_said(">a9010141 timer");
	assert_int_equal(f.state, CP_CLOSING);
	feed(&f, "2904");
	assert_said("stop close");
	/* The phone starts its next transaction before that acknowledgement. */
	f = cp_new(true);
	feed(&f, "29010131");
	assert_true(cp_fsm_send(&f, text_of("A")));
	cp_fsm_release(&f);
	assert_said(">a904 up:31 >a9010141 timer");
	cp_fsm_implied_ack(&f);
	assert_said("stop close");
}

static void test_cp_repeats_and_gives_up(void **state)
{
	struct cp_fsm f = cp_new(false);

	(void)state;
	assert_true(cp_fsm_send(&f, text_of("A")));
	cp_fsm_carrier_up(&f);
	assert_said("open >29010141 timer");
	cp_fsm_timeout(&f);
	assert_said(">29010141 timer");
	cp_fsm_timeout(&f);
	assert_said(">29010141 timer");
	cp_fsm_timeout(&f);
	assert_said("close failed:11");
	assert_int_equal(f.state, CP_IDLE);
	cp_fsm_timeout(&f);
	assert_said("");
}

static void test_cp_ends_badly(void **state)
{
	struct cp_fsm f = cp_new(false);

	(void)state;
	assert_true(cp_fsm_send(&f, text_of("A")));
	cp_fsm_carrier_lost(&f);
	assert_said("open stop failed:00");
	assert_true(cp_fsm_send(&f, text_of("A")));
	cp_fsm_carrier_up(&f);
	feed(&f, "a91061");
	assert_said("open >29010141 timer stop close failed:61");
	assert_true(cp_fsm_send(&f, text_of("A")));
	cp_fsm_carrier_up(&f);
	/* The answer instead of the acknowledgement. */
	feed(&f, "a9010155");
	assert_said("open >29010141 timer stop >2904 up:55");
	cp_fsm_abort(&f, CP_CAUSE_NETWORK_FAILURE);
	assert_said("stop >291011 close");
	assert_int_equal(f.state, CP_IDLE);
	assert_false(cp_fsm_send(&f, text_range(said, CP_RP_MAX + 1)));
}

/* Every state and event has a name, every pair is safe, and who waits for the other side runs a timer or a carrier. */
static void test_cp_every_event_in_every_state(void **state)
{
	static void (*const calls[])(struct cp_fsm * f) = { cp_fsm_release, cp_fsm_carrier_up, cp_fsm_carrier_lost,
							    cp_fsm_implied_ack, cp_fsm_timeout };

	(void)state;
	for (unsigned s = 0; s < CP_STATES; s++) {
		assert_non_null(cp_state_name(s));
		for (unsigned c = 0; c < sizeof(calls) / sizeof(calls[0]); c++) {
			struct cp_fsm f = cp_new(false);

			f.state = s;
			calls[c](&f);
			assert_true(f.state < CP_STATES);
			if (f.state == CP_SENT && f.state != s)
				assert_non_null(strstr(said, "timer"));
			if (f.state == CP_IDLE && s != CP_IDLE && s != CP_OPENING && c != 4)
				assert_non_null(strstr(said, "stop"));
		}
	}
	for (unsigned e = 0; e < CP_EVENTS; e++)
		assert_non_null(cp_event_name(e));
}

static void message_cb(void *owner, const struct rp *rp)
{
	(void)owner;
	say("message:", &rp->reference, 1);
}

static void ended_cb(void *owner, enum rp_outcome outcome, const struct rp *report)
{
	(void)owner;
	say(rp_outcome_name(outcome), NULL, 0);
	if (report && report->cause)
		say("cause:", &report->cause, 1);
}

static const struct rp_fsm_user rp_user = { send_cb, timer_cb, message_cb, ended_cb, close_cb };

static struct rp_fsm rp_new(enum tpdu_direction sends)
{
	struct rp_fsm f;

	log_writer = writer_of(said, sizeof(said) - 1);
	said[0] = 0;
	rp_fsm_init(&f, &rp_user, said, RP_TIMERS_DEFAULT, sends);
	return f;
}

static enum result rp_feed(struct rp_fsm *f, const char *hex)
{
	return rp_fsm_received(f, octets, from_hex(hex));
}

static const struct rp data_to_phone = { .type = RP_DATA_TO_PHONE, .reference = 7 };

static void test_rp_towards_the_phone(void **state)
{
	struct rp_fsm f = rp_new(TPDU_TO_PHONE);
	struct rp mine = { .type = RP_DATA_FROM_PHONE };

	(void)state;
	assert_false(rp_fsm_send(&f, &mine));
	assert_true(rp_fsm_send(&f, &data_to_phone));
	assert_said("timer >0107000000");
	assert_false(rp_fsm_send(&f, &data_to_phone));
	assert_int_equal(rp_feed(&f, "0208"), OK);
	assert_said("");
	assert_int_equal(rp_feed(&f, "0207"), OK);
	assert_said("stop delivered close");
	assert_true(rp_fsm_send(&f, &data_to_phone));
	assert_int_equal(rp_feed(&f, "04070116"), OK);
	assert_said("timer >0107000000 stop refused cause:16 close");
	assert_true(rp_fsm_send(&f, &data_to_phone));
	rp_fsm_timeout(&f);
	assert_said("timer >0107000000 no report close");
	assert_true(rp_fsm_send(&f, &data_to_phone));
	rp_fsm_lost(&f);
	assert_said("timer >0107000000 stop carrier lost");
	assert_true(rp_fsm_send(&f, &data_to_phone));
	rp_fsm_cancel(&f);
	assert_said("timer >0107000000 stop close");
}

static void test_rp_reports_count_although_wrong_behind(void **state)
{
	struct rp_fsm f = rp_new(TPDU_TO_PHONE);

	(void)state;
	assert_true(rp_fsm_send(&f, &data_to_phone));
	assert_int_equal(rp_feed(&f, "0207410500"), ERR_SHORT);
	assert_said("timer >0107000000 stop delivered close");
	assert_true(rp_fsm_send(&f, &data_to_phone));
	assert_int_equal(rp_feed(&f, "0407"), ERR_SHORT);
	assert_said("timer >0107000000 stop refused cause:6f close");
}

static void test_rp_from_the_phone(void **state)
{
	struct rp_fsm f = rp_new(TPDU_TO_PHONE);
	struct text tpdu = text_of("T");

	(void)state;
	assert_int_equal(rp_feed(&f, RP_MO), OK);
	assert_said("timer message:05");
	/* The layer below repeated itself; another message is out of place. */
	assert_int_equal(rp_feed(&f, RP_MO), OK);
	assert_said("");
	assert_int_equal(rp_feed(&f, "0609"), OK);
	assert_said(">05090162");
	assert_true(rp_fsm_answer(&f, 0, NULL));
	assert_said("stop >0305 delivered close");
	assert_false(rp_fsm_answer(&f, 0, NULL));
	assert_int_equal(rp_feed(&f, "0606"), OK);
	assert_true(rp_fsm_answer(&f, RP_CAUSE_REJECTED, &tpdu));
	assert_said("timer message:06 stop >05060115410154 refused cause:15 close");
	assert_int_equal(rp_feed(&f, RP_MO), OK);
	rp_fsm_timeout(&f);
	assert_said("timer message:05 no answer close");
	assert_int_equal(rp_feed(&f, RP_MO), OK);
	rp_fsm_lost(&f);
	assert_said("timer message:05 stop answer lost");
}

static void test_rp_wrong_messages_are_answered(void **state)
{
	struct rp_fsm f = rp_new(TPDU_TO_PHONE);

	(void)state;
	assert_int_equal(rp_feed(&f, "0709"), ERR_UNSUPPORTED);
	assert_said(">05090161");
	assert_int_equal(rp_feed(&f, "00090009"), ERR_SHORT);
	assert_said(">05090160");
	assert_int_equal(rp_feed(&f, "0109000000"), ERR_UNSUPPORTED);
	assert_said(">05090161");
	assert_int_equal(rp_feed(&f, "00"), ERR_SHORT);
	assert_said("");
	assert_true(rp_fsm_send(&f, &data_to_phone));
	assert_int_equal(rp_feed(&f, RP_MO), OK);
	assert_said("timer >0107000000 >05050162");
}

static void test_rp_on_the_phones_side(void **state)
{
	struct rp_fsm f = rp_new(TPDU_FROM_PHONE);
	struct rp smma = { .type = RP_SMMA, .reference = 3 };

	(void)state;
	assert_false(rp_fsm_send(&f, &data_to_phone));
	assert_true(rp_fsm_send(&f, &smma));
	assert_int_equal(rp_feed(&f, "0303"), OK);
	assert_said("timer >0603 stop delivered close");
	assert_int_equal(rp_feed(&f, RP_MT), OK);
	assert_true(rp_fsm_answer(&f, RP_CAUSE_MEMORY_EXCEEDED, NULL));
	assert_said("timer message:05 stop >04050116 refused cause:16 close");
}

static void test_timers_are_in_their_ranges(void **state)
{
	(void)state;
	for (const struct rp_timer_info *t = rp_timer_list(); t->name; t++) {
		struct rp_timers timers = RP_TIMERS_DEFAULT;
		int64_t us;

		memcpy(&us, (const char *)&timers + t->offset, sizeof(us));
		assert_int_equal(us, t->default_us);
		assert_true(t->least_us <= us && us <= t->most_us);
		assert_non_null(t->help);
	}
	for (unsigned i = 0; i < RP_STATES; i++)
		assert_non_null(rp_state_name(i));
	for (unsigned i = 0; i < RP_EVENTS; i++)
		assert_non_null(rp_event_name(i));
	for (unsigned i = 0; i < RP_OUTCOMES; i++)
		assert_non_null(rp_outcome_name(i));
	/* All tries of TC1* together stay within TR1 less 10 s. */
	struct cp_timers cp = CP_TIMERS_DEFAULT;
	struct rp_timers rp = RP_TIMERS_DEFAULT;
	assert_true(cp.tc1_us * (cp.repeats + 1) <= rp.tr1_us - 10000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rp_vectors),
		cmocka_unit_test(test_rp_every_prefix),
		cmocka_unit_test(test_rp_wrong),
		cmocka_unit_test(test_cp),
		cmocka_unit_test(test_cp_towards_the_phone),
		cmocka_unit_test(test_cp_from_the_phone),
		cmocka_unit_test(test_cp_repeats_and_gives_up),
		cmocka_unit_test(test_cp_ends_badly),
		cmocka_unit_test(test_cp_every_event_in_every_state),
		cmocka_unit_test(test_rp_towards_the_phone),
		cmocka_unit_test(test_rp_reports_count_although_wrong_behind),
		cmocka_unit_test(test_rp_from_the_phone),
		cmocka_unit_test(test_rp_wrong_messages_are_answered),
		cmocka_unit_test(test_rp_on_the_phones_side),
		cmocka_unit_test(test_timers_are_in_their_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
