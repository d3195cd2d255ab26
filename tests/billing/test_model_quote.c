/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is quoted is what happens: random tariffs, messages, facts and answers of the network. The price is worked out
 * beside the product, from the rows as they were written; the quote, its token, the decision, the permit, the hold, the
 * posting, its entries and what goes back must all agree with it, to the last 10^-6.
 *
 *	CELLPOST_QUOTES	 messages (default 100000)
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "billing/ledger.h"

#define ROWS_MAX 24u
#define NOW INT64_C(1700000000000000)

/* A price as it stands in the list. */
struct row {
	char bearer[4], prefix[8];
	int64_t upto, yen, tax_percent;
	bool delivered;
};

struct world {
	uint64_t seed;
	struct row rows[ROWS_MAX];
	unsigned rows_count;
	struct tariff *tariff;
	int64_t paid, revenue, tax; /* our own books */
	unsigned posted, held_back, refused, refunded, free;
};

static unsigned dice(struct world *w, unsigned sides)
{
	w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(w->seed >> 33) % sides;
}

static void add_rows(struct world *w, const char *bearer, const char *prefix)
{
	int64_t upto = 0, tax = dice(w, 3) * 10;
	unsigned steps = 1 + dice(w, 3);
	bool delivered = dice(w, 2);

	for (unsigned i = 0; i < steps; i++) {
		struct row *r = &w->rows[w->rows_count++];
		upto += 1 + dice(w, 3);
		*r = (struct row){ .upto = upto, .yen = dice(w, 40), .tax_percent = tax, .delivered = delivered };
		snprintf(r->bearer, sizeof(r->bearer), "%s", bearer);
		snprintf(r->prefix, sizeof(r->prefix), "%s", prefix);
	}
}

static size_t write_rows(const struct world *w, char *to, size_t size)
{
	size_t n = (size_t)snprintf(to, size, "version,1,JPY,2020-01-01,\n");
	int64_t first = 1;

	for (unsigned i = 0; i < w->rows_count; i++) {
		const struct row *r = &w->rows[i];
		bool goes_on = i && !strcmp(r->bearer, r[-1].bearer) && !strcmp(r->prefix, r[-1].prefix);
		first = goes_on ? r[-1].upto + 1 : 1;
		n += (size_t)snprintf(to + n, size - n, "price,%s,%s,segment,%lld,%lld,%lld,%lld%%,%s\n", r->bearer,
				      r->prefix, (long long)first, (long long)r->upto, (long long)r->yen,
				      (long long)r->tax_percent, r->delivered ? "delivered" : "sent");
	}
	return n;
}

static void new_tariff(struct world *w)
{
	static const char *const prefixes[] = { "", "+81", "+8190", "+44" };
	struct tariff_error error;
	char list[4096];

	w->rows_count = 0;
	for (unsigned i = 0; i < 4; i++) {
		if (dice(w, 4))
			add_rows(w, "sms", prefixes[i]);
		if (!dice(w, 3))
			add_rows(w, "mms", prefixes[i]);
	}
	if (!w->rows_count)
		add_rows(w, "sms", "");
	tariff_free(&w->tariff);
	enum result r = tariff_parse(text_range(list, write_rows(w, list, sizeof(list))), &w->tariff, &error);
	if (r)
		fail_msg("line %u: %s\n%s", error.line, error.why, list);
}

/* The price by the rows: longest prefix, then the smallest step; tax rounded half up. NULL = none. */
static const struct row *price_by_hand(const struct world *w, const char *bearer, const char *to, int64_t units,
				       int64_t *total)
{
	const struct row *best = NULL;
	size_t longest = 0;

	for (unsigned i = 0; i < w->rows_count; i++) {
		const struct row *r = &w->rows[i];
		if (!strcmp(r->bearer, bearer) && !strncmp(to, r->prefix, strlen(r->prefix)) &&
		    strlen(r->prefix) > longest)
			longest = strlen(r->prefix);
	}
	for (unsigned i = 0; i < w->rows_count && !best; i++) {
		const struct row *r = &w->rows[i];
		if (!strcmp(r->bearer, bearer) && !strncmp(to, r->prefix, strlen(r->prefix)) &&
		    strlen(r->prefix) == longest && units <= r->upto)
			best = r;
	}
	if (best)
		*total = best->yen * 1000000 + best->yen * best->tax_percent * 10000;
	return best;
}

static struct route_facts random_facts(struct world *w)
{
	return (struct route_facts){
		.sender = dice(w, 2) ? SENDER_NO : dice(w, SENDER_STATE_COUNT),
		.recipient = dice(w, RECIPIENT_STATE_COUNT),
		.content = dice(w, 4) ? CONTENT_TEXT : CONTENT_FILE,
		.query = QUERY_EXHAUSTED,
		.charge_class = dice(w, 3) ? CLASS_PACKET_THEN_PAID : dice(w, CHARGE_CLASS_COUNT),
		.sms_fit = FIT_OK,
		.mms_fit = FIT_OK,
		.consent = dice(w, 2) ? CONSENT_ALWAYS : dice(w, CONSENT_COUNT),
		.answer = dice(w, ANSWER_COUNT),
		.rcs_fits = true,
		.roaming = !dice(w, 4),
		.e2ee = !dice(w, 20),
	};
}

/* The quote beside the prices by hand, and its token, whole and changed. */
static void check_quote(struct world *w, const struct quote *q, const char *to, int64_t units)
{
	const struct quote_key key = { 1, { "0123456789abcdef", 16 } };
	char token[QUOTE_TOKEN_MAX];
	struct writer out = writer_of(token, sizeof(token));
	int64_t dearest = 0;
	struct quote back;

	for (unsigned i = 0; i < q->lines_count; i++) {
		int64_t total = -1;
		const struct row *r = price_by_hand(w, q->lines[i].bearer, to, units, &total);
		assert_non_null(r);
		assert_int_equal(q->lines[i].total, total);
		assert_int_equal(q->lines[i].pay_on, r->delivered);
		dearest = total > dearest ? total : dearest;
	}
	assert_int_equal(q->max_amount, dearest);
	quote_encode(&out, q, &key);
	assert_true(writer_ok(&out));
	assert_int_equal(quote_verify(text_range(token, writer_len(&out)), &key, 1, NOW, &back), OK);
	assert_int_equal(back.max_amount, q->max_amount);
	assert_int_equal(back.lines_count, q->lines_count);
	token[writer_len(&out) / 2] ^= 1;
	assert_int_not_equal(quote_verify(text_range(token, writer_len(&out)), &key, 1, NOW, &back), OK);
}

static void book(struct world *w, const struct ledger_entry *entries, unsigned n, int64_t amount)
{
	int64_t payer = ledger_gain(entries, n, ACCOUNT_PAYER), revenue = ledger_gain(entries, n, ACCOUNT_REVENUE),
		tax = ledger_gain(entries, n, ACCOUNT_TAX);

	assert_int_equal(payer, -amount);
	assert_int_equal(payer + revenue + tax, 0); /* B9 */
	w->paid -= payer;
	w->revenue += revenue;
	w->tax += tax;
}

/* The send and its end; what was quoted for that bearer is what is paid. */
static void send(struct world *w, const struct quote *q, const char *bearer, const char *to, int64_t units)
{
	static const enum store_outcome ends[] = { OUTCOME_SENT, OUTCOME_DELIVERED, OUTCOME_REFUSED, OUTCOME_UNKNOWN };
	struct message_id id = { { 1, [15] = 1 } };
	enum store_outcome outcome = ends[dice(w, 4)];
	struct ledger_charge_room room;
	struct store_charge charge = { 0 };
	struct ledger_entry entries[LEDGER_ENTRIES_MAX];
	struct permit_terms terms;
	int64_t by_hand = -1;
	const struct row *row = price_by_hand(w, bearer, to, units, &by_hand);
	const struct ledger_terms hold = { .recipient = 1, .deadline_us = NOW + 2 };

	assert_non_null(row);
	assert_true(ledger_permit_terms(q, id, text_of(bearer), units, 1, 1, NOW, &terms));
	assert_int_equal(terms.price, by_hand);
	assert_false(ledger_permit_terms(q, id, text_of(bearer), units + 1, 1, 1, NOW, &terms));
	assert_int_equal(ledger_charge(q, &hold, &room, &charge), q->max_amount > 0);
	struct ledger_end end = ledger_finish(outcome, terms.price, charge.amount);
	bool taken = outcome == OUTCOME_SENT || outcome == OUTCOME_DELIVERED;
	assert_int_equal(end.post ? end.amount : 0, taken ? by_hand : 0);
	if (!end.post) {
		w->free += by_hand == 0;
		w->refused += !taken;
		return;
	}
	book(w, entries, ledger_post(end.amount, row->tax_percent * 10000, entries), end.amount);
	w->posted++;
	enum store_outcome report = dice(w, 2) ? OUTCOME_DELIVERED : OUTCOME_REFUSED;
	int64_t back = ledger_refund_due(row->delivered, report, end.amount, 0);
	assert_int_equal(back, row->delivered && report == OUTCOME_REFUSED ? by_hand : 0);
	book(w, entries, ledger_reverse(back, row->tax_percent * 10000, entries), -back);
	w->refunded += back > 0;
}

static void one_message(struct world *w)
{
	static const char *const destinations[] = { "+8190123", "+8180123", "+441234", "+1555" };
	const char *to = destinations[dice(w, 4)];
	int64_t units = 1 + dice(w, 5), ceiling = dice(w, 100) * INT64_C(1000000);
	const struct tariff_measure measure = { TEXT_LITERAL("segment"), units };
	const struct quote_bearer chain[] = { { TEXT_LITERAL("sms"), &measure, 1 },
					      { TEXT_LITERAL("mms"), &measure, 1 } };
	struct route_facts facts = random_facts(w);
	const char *bearer = facts.content == CONTENT_FILE ? "mms" : "sms";
	struct quote q = { .given_us = NOW, .until_us = NOW + 1 };
	struct route_decision quoted, sent;
	int64_t by_hand = -1;
	const struct row *row = price_by_hand(w, bearer, to, units, &by_hand);

	if (quote_make(tariff_at(w->tariff, NOW), text_of(to), chain, 2, &q) != OK)
		q.lines_count = 0;
	else
		check_quote(w, &q, to, units);
	facts.price = q.lines_count ? quote_price_fact(&q, text_of(bearer), ceiling) : PRICE_UNKNOWN;
	assert_int_equal(facts.price, !row ? PRICE_UNKNOWN : by_hand > ceiling ? PRICE_ABOVE : PRICE_WITHIN);
	route_decide(&facts, &quoted);
	route_decide(&facts, &sent);
	assert_memory_equal(&quoted, &sent, sizeof(quoted));
	if (sent.outcome != ROUTE_SMS && sent.outcome != ROUTE_MMS) {
		w->held_back++;
		return;
	}
	assert_true(row != NULL && by_hand <= ceiling && facts.charge_class != CLASS_PACKET && !facts.e2ee);
	assert_string_equal(bearer, sent.outcome == ROUTE_MMS ? "mms" : "sms");
	send(w, &q, bearer, to, units);
}

static void what_is_quoted_is_what_happens(void **state)
{
	const char *wanted = getenv("CELLPOST_QUOTES");
	unsigned long messages = wanted ? strtoul(wanted, NULL, 10) : 100000;
	struct world w = { .seed = 1 };

	(void)state;
	for (unsigned long i = 0; i < messages; i++) {
		if (i % 20 == 0)
			new_tariff(&w);
		one_message(&w);
		assert_int_equal(w.paid, w.revenue + w.tax);
	}
	assert_true(w.posted && w.refused && w.refunded && w.held_back);
	print_message("%lu messages: %u posted, %u given back, %u not taken, %u not sent priced\n", messages, w.posted,
		      w.refunded, w.refused, w.held_back);
	tariff_free(&w.tariff);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_quoted_is_what_happens) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
