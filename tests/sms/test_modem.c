/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine for modems against a scripted one: what it says is compared, what the modem answers is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sms/modem.h"

#define SECOND INT64_C(1000000)
#define DELIVER "040b919471325476f800006211523214054005c8329bfd06"
#define CENTRE \
	"07919471071600" \
	"00"

static struct modem *modem;
static char seen[4000];
static int64_t now;
static bool commit_at_once, commit_as;

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

static void on_send(void *owner, const void *octets, size_t len)
{
	const char *at = octets;

	(void)owner;
	for (size_t i = 0; i < len; i++) {
		if (at[i] == '\r')
			note("|");
		else if (at[i] == 0x1a)
			note("^Z");
		else if (at[i] == 0x1b)
			note("^[");
		else
			note("%c", at[i]);
	}
}

static void on_state(void *owner, enum modem_state state, const char *why)
{
	(void)owner;
	note("{%s: %s}", modem_state_name(state), why);
}

static void on_message(void *owner, const struct modem_message *m)
{
	(void)owner;
	note("{message %s %zu}", m->centre.text, m->tpdu.len);
	if (commit_at_once)
		modem_committed(modem, commit_as, now);
}

static void on_ended(void *owner, const struct modem_end *end)
{
	static const char *const names[MODEM_OUTCOMES] = { "sent", "refused", "not sent", "unsure" };

	(void)owner;
	note("{%s %d %d}", names[end->outcome], end->reference, end->cause);
}

static const struct modem_user user = { on_send, on_state, on_message, on_ended };
static struct modem_config config;

static int begin_with(enum modem_storage storage)
{
	seen[0] = 0;
	now = SECOND;
	commit_at_once = commit_as = true;
	config = (struct modem_config){ .storage = storage, .timers = MODEM_TIMERS_DEFAULT };
	modem = modem_new(&user, NULL, &config);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	return begin_with(MODEM_STORAGE_ANY);
}

static int end(void **state)
{
	(void)state;
	modem_free(&modem);
	modem_free(&modem);
	return 0;
}

static void says(const char *text)
{
	modem_received(modem, text, strlen(text), now);
}

/* Starts it; the answer to each step that is not "OK" stands in `other` as "step number, answer". */
static void start_with(unsigned at, const char *other)
{
	modem_start(modem, now);
	for (unsigned i = 0; i < 20 && modem_state_of(modem) == MODEM_STARTING; i++) {
		if (i == at)
			says(other);
		else
			says(i == 2 ? "\r\n+CPIN: READY\r\n\r\nOK\r\n" : "\r\nOK\r\n");
	}
}

static void start(void)
{
	start_with(9, "\r\n+CREG: 1,1\r\n\r\nOK\r\n");
	assert_int_equal(modem_state_of(modem), MODEM_READY);
	says("\r\nOK\r\n");		       /* the list is empty */
	says("\r\n+CSQ: 17,99\r\n\r\nOK\r\n"); /* and the signal good */
	assert_int_equal(modem_signal(modem), 17);
	seen[0] = 0;
}

static void test_start(void **state)
{
	(void)state;
	start_with(9, "\r\n+CREG: 1,5\r\n\r\nOK\r\n");
	expect("{starting: "
	       "starting}^[|ATE0|AT+CMEE=1|AT+CPIN?|AT+CREG=1|AT+CMGF=0|AT+CSMS=1|AT+CPMS=\"ME\",\"ME\",\"ME\"|"
	       "AT|AT+CNMI=2,2,0,1,0|AT+CREG?|{ready: registered}AT+CMGL=4|");
	says("\r\n+CMGL: 3,1,,24\r\n" CENTRE DELIVER "\r\n+CMGL: 7,1,,24\r\n" CENTRE DELIVER "\r\n\r\nOK\r\n");
	expect("AT+CMGR=3|");
	says("\r\n+CMGR: 1,,24\r\n" CENTRE DELIVER "\r\n\r\nOK\r\n");
	expect("{message 491770610000 24}AT+CMGD=3|");
	says("\r\nOK\r\n");
	expect("AT+CMGR=7|");
	says("\r\nOK\r\n"); /* gone meanwhile */
	expect("AT+CSQ|");
}

/* What it refuses and how we go on. */
static void test_start_otherwise(void **state)
{
	static const struct {
		unsigned at;
		const char *answer, *what;
	} rows[] = {
		{ 0, "ERROR\r\n", "{broken: it refuses a command that we need}" },
		{ 1, "ERROR\r\n", "{ready: registered}" },
		{ 2, "+CPIN: SIM PUK\r\nOK\r\n", "{stopped: the SIM wants its PUK}" },
		{ 2, "+CPIN: SIM PIN\r\nOK\r\n", "{stopped: the SIM wants its PIN}" },
		{ 2, "+CME ERROR: 10\r\n", "{stopped: no SIM}" },
		{ 2, "+CMS ERROR: 316\r\n", "{stopped: the SIM does not serve}" },
		{ 5, "ERROR\r\n", "AT+CNMI=2,1,0,1,0|" }, /* no AT+CNMA: then through the store */
		{ 6, "ERROR\r\n", "AT+CPMS=\"SM\",\"SM\",\"SM\"|AT|" },
		{ 8, "+CMS ERROR: 303\r\n", "AT+CNMI=2,1,0,1,0|" },
		{ 9, "+CREG: 1,2\r\nOK\r\n", "{no network: no network}" },
		{ 9, "ERROR\r\n", "{ready: registered}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (i) {
			(void)end(state);
			(void)begin(state);
		}
		start_with(rows[i].at, rows[i].answer);
		if (!strstr(seen, rows[i].what))
			fail_msg("row %zu: %s", i, seen);
	}
}

/* A storage that is configured is that one, or none. */
static void test_storage(void **state)
{
	static const struct {
		enum modem_storage storage;
		bool refuse;
		const char *what;
	} rows[] = {
		{ MODEM_STORAGE_SIM, false, "AT+CPMS=\"SM\",\"SM\",\"SM\"|AT|" },
		{ MODEM_STORAGE_SIM, true, "AT+CPMS=\"SM\",\"SM\",\"SM\"|AT+CPMS=\"SM\"|AT|" },
		{ MODEM_STORAGE_PHONE, false, "AT+CPMS=\"ME\",\"ME\",\"ME\"|AT|" },
		{ MODEM_STORAGE_BOTH, true, "AT+CPMS=\"MT\",\"ME\",\"ME\"|AT+CPMS=\"MT\",\"SM\",\"SM\"|AT|" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)end(state);
		(void)begin_with(rows[i].storage);
		start_with(6, rows[i].refuse ? "ERROR\r\n" : "OK\r\n");
		if (!strstr(seen, rows[i].what))
			fail_msg("row %zu: %s", i, seen);
	}
	(void)end(state);
	(void)begin_with(MODEM_STORAGE_PHONE);
	modem_start(modem, 0);
	for (unsigned i = 0; i < 6; i++)
		says("OK\r\n");
	says("ERROR\r\n");
	says("ERROR\r\n");
	if (!strstr(seen, "{stopped: it has not the storage that is configured}"))
		fail_msg("%s", seen);
	/* Out of it by hand or by time; a line that does not serve is left alone. */
	seen[0] = 0;
	modem_resume(modem, 1000);
	assert_int_equal(modem_state_of(modem), MODEM_STARTING);
	modem_halt(modem, "not yet up", 2000);
	assert_int_equal(modem_state_of(modem), MODEM_STARTING);
	modem_resume(modem, 3000);
	assert_int_equal(modem_state_of(modem), MODEM_STARTING);
}

static void test_halt(void **state)
{
	(void)state;
	start();
	modem_halt(modem, "barred", 100);
	expect("{stopped: barred}");
	assert_int_equal(modem_submit(modem, TEXT_LITERAL("x"), 100), ERR_CLOSED);
	modem_resume(modem, 200);
	expect("{starting: starting}^[|ATE0|");
}

static void test_pin(void **state)
{
	(void)end(state);
	(void)begin(state);
	modem_free(&modem);
	config.pin = "1234";
	config.centre = "+491770610000";
	modem = modem_new(&user, NULL, &config);
	modem_start(modem, now);
	says("OK\r\nOK\r\n");
	seen[0] = 0;
	says("+CPIN: SIM PIN\r\nOK\r\n");
	expect("AT+CPIN=\"1234\"|");
	says("OK\r\n");
	expect("AT+CPIN?|");
	says("+CPIN: SIM PIN\r\nOK\r\n"); /* never a second time */
	expect("{stopped: the SIM refused its PIN}");
	says("OK\r\n");
	expect("");
	modem_start(modem, now);
	says("OK\r\nOK\r\n+CPIN: READY\r\nOK\r\nOK\r\nOK\r\nOK\r\nOK\r\n");
	assert_non_null(strstr(seen, "AT+CSCA=\"+491770610000\",145|"));
	/* Nothing but digits gets into a command. */
	modem_free(&modem);
	config.pin = "1\"\rATH";
	config.centre = "1+2";
	modem = modem_new(&user, NULL, &config);
	start_with(2, "+CPIN: SIM PIN\r\nOK\r\n");
	assert_non_null(strstr(seen, "{stopped: the SIM wants its PIN}"));
}

static enum result submit(void)
{
	return modem_submit(modem, text_range("\x01\x00\x01\x80\xf1\x00\x00\x00", 8), now);
}

static void test_submit(void **state)
{
	(void)state;
	assert_int_equal(submit(), ERR_CLOSED);
	start();
	assert_int_equal(submit(), OK);
	assert_int_equal(submit(), ERR_BUSY);
	expect("AT+CMGS=8|");
	says("\r\n> ");
	expect("000100"
	       "0180f1000000^Z");
	assert_true(modem_next_us(modem) == now + 60 * SECOND);
	says("\r\n+CMT: ,24\r\n" CENTRE DELIVER "\r\n"); /* in between */
	expect("{message 491770610000 24}");
	says("\r\n+CMGS: 200\r\n\r\nOK\r\n");
	expect("{sent 200 0}AT+CNMA|");
	says("OK\r\n");
	assert_int_equal(submit(), OK);
	says("\r\n>");
	seen[0] = 0;
	says("\r\n+CMS ERROR: 21\r\n");
	expect("{refused 0 21}");
	assert_int_equal(submit(), OK);
	says("\r\nERROR\r\n");
	expect("AT+CMGS=8|{refused 0 500}");
	assert_int_equal(submit(), OK);
	says("\r\n>\r\nOK\r\n"); /* OK, and no reference */
	expect("AT+CMGS=8|0001000180f1000000^Z{unsure 0 0}");
	assert_int_equal(submit(), OK);
	says("\r\n>\r\n+CMS ERROR: 322\r\n");
	expect("AT+CMGS=8|0001000180f1000000^Z{refused 0 322}AT+CMGL=4|");
	says("OK\r\n");
	assert_int_equal(submit(), OK);
	says("\r\n>\r\n+CMS ERROR: 310\r\n");
	expect("AT+CMGS=8|0001000180f1000000^Z{refused 0 310}{stopped: no SIM}");
	assert_int_equal(submit(), ERR_CLOSED);
	assert_int_equal(modem_submit(modem, (struct text){ 0 }, now), ERR_CLOSED);
	start();
	assert_int_equal(modem_submit(modem, (struct text){ 0 }, now), ERR_TOO_BIG);
	assert_int_equal(submit(), OK);
	says("\r\n>\r\n+CMS ERROR: 330\r\n");
	assert_non_null(strstr(seen, "{stopped: the SIM has no service centre}"));
}

static void test_silence(void **state)
{
	(void)state;
	start();
	assert_int_equal(submit(), OK);
	now += 10 * SECOND;
	modem_run(modem, now);
	expect("AT+CMGS=8|^[{not sent 0 0}");
	says("\r\n> "); /* late: not for anybody */
	expect("^[");
	assert_int_equal(submit(), OK);
	says("\r\n> ");
	now += 60 * SECOND; /* the PDU left, and silence: in doubt */
	seen[0] = 0;
	modem_run(modem, now);
	expect("{unsure 0 0}{broken: it does not answer}");
	assert_true(modem_next_us(modem) == now + 10 * SECOND);
	now += 10 * SECOND;
	modem_run(modem, now);
	expect("{starting: starting}^[|ATE0|");
	now += 10 * SECOND;
	modem_run(modem, now);
	expect("{broken: it does not answer}");
	now += 10 * SECOND;
	modem_run(modem, now);
	start();
	now += 60 * SECOND; /* three silent commands */
	modem_run(modem, now);
	expect("AT+CMGL=4|");
	now += 10 * SECOND;
	modem_run(modem, now);
	expect("AT+CSQ|");
	now += 10 * SECOND;
	modem_run(modem, now);
	expect("AT+CREG?|");
	now += 10 * SECOND;
	modem_run(modem, now);
	expect("{broken: it does not answer}");
	modem_line_lost(modem, now);
	expect("{off: the line is gone}");
	assert_true(modem_next_us(modem) == INT64_MAX);
	says("OK\r\n");
	expect("");
}

/* Acknowledged, or deleted, only after the commit. */
static void test_commits(void **state)
{
	(void)state;
	start();
	commit_at_once = false;
	says("\r\n+CMT: \"x\",24\r\n" CENTRE DELIVER "\r\n");
	says("\r\n+CMTI: \"ME\",5\r\n");
	expect("{message 491770610000 24}AT+CMGR=5|");
	says("\r\n+CMGR: 0,,24\r\n" CENTRE DELIVER "\r\nOK\r\n");
	says("\r\n+CMTI: \"ME\",5\r\n+CMTI: \"ME\",6\r\n"); /* that one again, and the next */
	expect("{message 491770610000 24}");
	modem_committed(modem, true, now); /* of the pushed one */
	expect("AT+CNMA|");
	says("OK\r\n");
	modem_committed(modem, true, now);
	expect("AT+CMGD=5|");
	says("OK\r\n");
	expect("AT+CMGR=6|");
	says("\r\n+CMGR: 0,,24\r\n" CENTRE DELIVER "\r\nOK\r\n");
	modem_committed(modem, false, now); /* stays in the store, and is looked at again */
	modem_committed(modem, true, now);  /* one too many */
	expect("{message 491770610000 24}");
	now += 60 * SECOND;
	modem_run(modem, now);
	says("OK\r\n");
	expect("AT+CMGL=4|AT+CSQ|");
	says("OK\r\n");
	says("OK\r\n");
	seen[0] = 0;
	says("\r\n+CDS: 24\r\n" CENTRE DELIVER "\r\n");
	modem_committed(modem, false, now); /* the network keeps it */
	expect("{message 491770610000 24}AT+CNMA=2|");
	says("OK\r\n");
	/* The line breaks in between: an answer to an old message is not one to a new. */
	says("\r\n+CMT: ,24\r\n" CENTRE DELIVER "\r\n");
	start();
	says("\r\n+CMT: ,24\r\n" CENTRE DELIVER "\r\n");
	seen[0] = 0;
	modem_committed(modem, true, now);
	expect("");
	modem_committed(modem, true, now);
	expect("AT+CNMA|");
	says("+CMS ERROR: 340\r\n"); /* too late: the modem may have stopped pushing */
	expect("{starting: starting}^[|ATE0|");
}

static void test_registration(void **state)
{
	(void)state;
	start();
	says("+CREG: 2\r\n");
	expect("{no network: no network}");
	assert_int_equal(submit(), ERR_CLOSED);
	says("+CREG: 3\r\n+CREG: 5\r\n");
	expect("{ready: registered}");
	now += 60 * SECOND;
	modem_run(modem, now);
	says("OK\r\n");
	says("+CSQ: 99,99\r\nOK\r\n");
	says("+CREG: 2,3,\"00C3\",\"1234\"\r\nOK\r\n");
	expect("AT+CMGL=4|AT+CSQ|AT+CREG?|{no network: registration denied}");
	assert_int_equal(modem_signal(modem), 99);
}

static void test_nonsense(void **state)
{
	char longer[3000];

	(void)state;
	start();
	says("\r\n+CMT: ,23\r\n" CENTRE DELIVER "\r\n"); /* length that lies: acknowledged, or it comes for ever */
	expect("AT+CNMA|");
	says("OK\r\n");
	says("\r\n+CMT: ,24\r\nxx\r\n");
	expect("AT+CNMA|");
	says("OK\r\n+CMT: nothing\r\n+CMGR\r\n+CMTI:\r\n+CSQ: x\r\n+CREG:\r\n\x01\xff\r\nRING\r\nNO CARRIER\r\n");
	expect("");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	says(longer);
	says("\r\n");
	assert_int_equal(submit(), OK);
	expect("AT+CMGS=8|");
	for (const char *at = "\r\n> "; *at; at++) /* octet by octet */
		modem_received(modem, at, 1, now);
	expect("0001000180f1000000^Z");
	for (const char *at = "\r\n+CMGS: 7\r\n\r\nOK\r\n"; *at; at++)
		modem_received(modem, at, 1, now);
	expect("{sent 7 0}");
	/* More places than we keep: the rest is found at the next look. */
	for (unsigned i = 0; i < 200; i++) {
		char text[32];

		snprintf(text, sizeof(text), "+CMTI: \"ME\",%u\r\n", i);
		says(text);
	}
	for (unsigned i = 0; i < 65; i++)
		says("OK\r\n");
	assert_non_null(strstr(seen, "AT+CMGR=64|AT+CMGL=4|"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_start, begin, end),
		cmocka_unit_test_setup_teardown(test_start_otherwise, begin, end),
		cmocka_unit_test_setup_teardown(test_storage, begin, end),
		cmocka_unit_test_setup_teardown(test_halt, begin, end),
		cmocka_unit_test_setup_teardown(test_pin, begin, end),
		cmocka_unit_test_setup_teardown(test_submit, begin, end),
		cmocka_unit_test_setup_teardown(test_silence, begin, end),
		cmocka_unit_test_setup_teardown(test_commits, begin, end),
		cmocka_unit_test_setup_teardown(test_registration, begin, end),
		cmocka_unit_test_setup_teardown(test_nonsense, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
