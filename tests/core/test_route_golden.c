/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The 48 cells and the paid path as a table for people, compared with tests/core/route_golden.txt. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/route_decide.h"

#define GOLDEN "tests/core/route_golden.txt"
#define GOLDEN_MAX (64u << 10)

/* The cases below start from favourable facts and change one or two. */
#pragma GCC diagnostic ignored "-Woverride-init"

/* All else favourable. */
#define FAVOURABLE \
	.charge_class = CLASS_PACKET_THEN_PAID, .consent = CONSENT_ALWAYS, .rcs_fits = true, .link_by_sms = false

static void put_outcome(struct writer *w, const struct route_facts *f)
{
	struct route_decision d;
	const char *before = ", wakes on ";

	route_decide(f, &d);
	writer_printf(w, "%s", route_outcome_name(d.outcome));
	for (unsigned i = 0; i < ROUTE_WAKE_COUNT; i++) {
		if (d.wakes & WAKE_BIT(i)) {
			writer_printf(w, "%s%s", before, route_wake_name(i));
			before = " or ";
		}
	}
}

static void put_cell(struct writer *w, struct route_facts f, unsigned outcomes[ROUTE_OUTCOME_COUNT])
{
	struct route_decision d;

	route_decide(&f, &d);
	outcomes[d.outcome]++;
	writer_printf(w, "%-6s %-5s %-5s  %-2s  ", route_rule_name(d.cell), sender_state_name(f.sender),
		      recipient_state_name(f.recipient), route_cell_mark(d.cell));
	put_outcome(w, &f);
	if (d.outcome == ROUTE_QUERY_FIRST) {
		f.query = QUERY_EXHAUSTED;
		writer_printf(w, "; exhausted: ");
		put_outcome(w, &f);
	}
	if (d.cell == R3_5) {
		f.latch = LATCH_RCS;
		writer_printf(w, "; in a running chat: ");
		put_outcome(w, &f);
	}
	writer_printf(w, "\n");
}

static void put_cells(struct writer *w)
{
	static const struct {
		const char *title;
		enum content_class content;
		bool offline;
	} tables[] = {
		{ "1  text and card, offline reception allowed", CONTENT_TEXT, true },
		{ "2  file, offline reception allowed", CONTENT_FILE, true },
		{ "3  text and card, offline reception not allowed; geo always", CONTENT_TEXT, false },
		{ "4  file, offline reception not allowed", CONTENT_FILE, false },
	};
	unsigned outcomes[ROUTE_OUTCOME_COUNT] = { 0 };

	for (unsigned t = 0; t < 4; t++) {
		writer_printf(w, "\n%s\n", tables[t].title);
		for (unsigned i = 0; i < SENDER_STATE_COUNT * RECIPIENT_STATE_COUNT; i++) {
			struct route_facts f = { FAVOURABLE,
						 .content = tables[t].content,
						 .sender = i / RECIPIENT_STATE_COUNT,
						 .recipient = i % RECIPIENT_STATE_COUNT,
						 .offline_text = tables[t].offline,
						 .offline_file = tables[t].offline };
			put_cell(w, f, outcomes);
		}
	}
	writer_printf(w, "\nIn all:");
	for (unsigned i = 0; i < ROUTE_OUTCOME_COUNT; i++) {
		if (outcomes[i])
			writer_printf(w, " %s %u", route_outcome_name(i), outcomes[i]);
	}
	writer_printf(w, "\n");
}

/* A text to somebody registered elsewhere, offline reception not allowed: the cell says SMS. */
#define TO_OFF FAVOURABLE, .recipient = RECIPIENT_OFF
#define TO_NO FAVOURABLE, .recipient = RECIPIENT_NO
#define A_FILE .content = CONTENT_FILE

static const struct path {
	const char *what;
	struct route_facts facts;
} paths[] = {
	{ "all allowed", { TO_OFF } },
	{ "asked for packet only", { TO_OFF, .charge_class = CLASS_PACKET } },
	{ "asked for packet only, to a phone without RCS", { TO_NO, .charge_class = CLASS_PACKET } },
	{ "asked for SMS, to a registered user", { FAVOURABLE, .charge_class = CLASS_PAID, .consent = CONSENT_NEVER } },
	{ "end-to-end encrypted", { TO_OFF, .e2ee = true } },
	{ "end-to-end encrypted, SMS asked for", { TO_OFF, .e2ee = true, .charge_class = CLASS_PAID } },
	{ "more segments than allowed", { TO_OFF, .sms_fit = FIT_TOO_BIG } },
	{ "more segments than allowed, though MMS would do", { TO_NO, .sms_fit = FIT_TOO_BIG, .mms_fit = FIT_OK } },
	{ "a card without a fallback text", { TO_NO, .content = CONTENT_CARD, .sms_fit = FIT_NONE } },
	{ "a place, as text", { TO_NO, .content = CONTENT_GEO } },
	{ "a file by MMS", { TO_NO, A_FILE } },
	{ "a file over the MMS class", { TO_NO, A_FILE, .mms_fit = FIT_TOO_BIG } },
	{ "a file, no MMS for the pair", { TO_NO, A_FILE, .mms_fit = FIT_NONE } },
	{ "a file, no MMS for the pair, its link by SMS", { TO_NO, A_FILE, .mms_fit = FIT_NONE, .link_by_sms = true } },
	{ "a file's link that needs too many segments",
	  { TO_NO, A_FILE, .mms_fit = FIT_NONE, .link_by_sms = true, .sms_fit = FIT_TOO_BIG } },
	{ "consent never", { TO_OFF, .consent = CONSENT_NEVER } },
	{ "consent never, to a phone without RCS", { TO_NO, .consent = CONSENT_NEVER } },
	{ "consent ask, not answered", { TO_OFF, .consent = CONSENT_ASK } },
	{ "consent ask, yes", { TO_OFF, .consent = CONSENT_ASK, .answer = ANSWER_YES } },
	{ "consent ask, no", { TO_OFF, .consent = CONSENT_ASK, .answer = ANSWER_NO } },
	{ "consent not when roaming, at home", { TO_OFF, .consent = CONSENT_NOT_WHEN_ROAMING } },
	{ "consent not when roaming, abroad", { TO_OFF, .consent = CONSENT_NOT_WHEN_ROAMING, .roaming = true } },
	{ "consent always, abroad", { TO_OFF, .roaming = true } },
	{ "price above the ceiling", { TO_OFF, .price = PRICE_ABOVE } },
	{ "no price row", { TO_OFF, .price = PRICE_UNKNOWN } },
	{ "SMS asked for, price above the ceiling", { TO_OFF, .charge_class = CLASS_PAID, .price = PRICE_ABOVE } },
	{ "mixed group, not answered", { FAVOURABLE, .group_mixed = true } },
	{ "mixed group, SMS asked for, not answered", { FAVOURABLE, .group_mixed = true, .charge_class = CLASS_PAID } },
	{ "mixed group, yes", { FAVOURABLE, .group_mixed = true, .answer = ANSWER_YES } },
	{ "mixed group, no", { FAVOURABLE, .group_mixed = true, .answer = ANSWER_NO } },
	{ "the thread moved to SMS", { FAVOURABLE, .latch = LATCH_XMS } },
	{ "the thread moved to SMS, consent never", { FAVOURABLE, .latch = LATCH_XMS, .consent = CONSENT_NEVER } },
	{ "larger than RCS takes", { FAVOURABLE, .rcs_fits = false } },
	{ "an RCS attempt is open", { TO_OFF, .attempt = ATTEMPT_RCS_OPEN } },
	{ "an RCS attempt is open, the recipient is back", { FAVOURABLE, .attempt = ATTEMPT_RCS_OPEN } },
	{ "a paid attempt is open", { TO_OFF, .attempt = ATTEMPT_PAID_OPEN } },
	{ "barred", { TO_OFF, .barred = true } },
	{ "stale, offline reception allowed", { FAVOURABLE, .freshness = KNOWN_STALE, .offline_text = true } },
	{ "stale, offline reception not allowed", { FAVOURABLE, .freshness = KNOWN_STALE } },
	{ "registered without the capability", { FAVOURABLE, .capability = CAPABILITY_NO, .offline_text = true } },
	{ "terminated as RCS", { FAVOURABLE, .sender = SENDER_NO, .terminate_as_rcs = true } },
};

static void put_path(struct writer *w, const struct path *p)
{
	struct route_decision d;
	const struct route_record record = { .sequence = 1,
					     .policy = 41,
					     .price = TEXT_LITERAL("1 x 3.30 JPY <= 10.00") };

	route_decide(&p->facts, &d);
	writer_printf(w, "\n%s\n\t", p->what);
	route_explain(w, &p->facts, &d, &record);
	for (unsigned i = 0; i < ROUTE_BEARER_COUNT; i++) {
		writer_printf(w, "\n\t");
		route_explain_bearer(w, &d, i);
	}
	writer_printf(w, "\n");
}

static void the_table_is_as_written(void **state)
{
	static char now[GOLDEN_MAX], then[GOLDEN_MAX];
	struct writer w = writer_of(now, sizeof(now) - 1);

	(void)state;
	writer_printf(
		&w,
		"The decision, as core/route_decide.c makes it. tests/core/test_route_golden.c compares.\n"
		"\nThe four tables, all else favourable, consent always, a new thread. After the cell how sure it is:\n"
		"D documented, M seen, R recalled, I inferred, P policy.\n");
	put_cells(&w);
	writer_printf(&w, "\nThe paid path: a text from a registered sender, unless said otherwise.\n");
	for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		put_path(&w, &paths[i]);
	assert_true(writer_ok(&w));

	FILE *file = fopen(GOLDEN, "r");
	size_t len = file ? fread(then, 1, sizeof(then) - 1, file) : 0;
	if (file)
		fclose(file);
	if (len != writer_len(&w) || memcmp(now, then, len)) {
		file = fopen("/tmp/route_golden.new", "w");
		if (file) {
			fwrite(now, 1, writer_len(&w), file);
			fclose(file);
		}
		fail_msg("%s differs from what the code decides: see /tmp/route_golden.new", GOLDEN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_as_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
