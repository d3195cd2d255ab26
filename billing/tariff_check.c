/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A version of a price list is complete: no overlap, no gap, no missing row. And its hash. */
#include <stdlib.h>

#include "billing/tariff_internal.h"
#include "core/net/digest.h"

static int by_row(const void *a, const void *b)
{
	const struct tariff_line *x = a, *y = b;
	int c = tariff_row_order(&x->row, &y->row);

	return c ? c : x->line < y->line ? -1 : x->line > y->line;
}

static enum result bad(struct tariff_error *error, enum result result, unsigned line, const char *why)
{
	error->line = line;
	error->why = why;
	return result;
}

/* Each series begins at 1 and its steps touch. */
static enum result check_steps(const struct tariff_line *lines, unsigned count, struct tariff_error *error)
{
	for (unsigned i = 0; i < count; i++) {
		const struct tariff_line *r = &lines[i];
		bool starts = !i || !tariff_same_series(&lines[i - 1].row, &r->row);
		int64_t expected = starts ? 1 : lines[i - 1].row.upto + 1;
		if (r->first < expected)
			return bad(error, ERR_CONFLICT, r->line, "overlaps another row of its bearer, prefix and unit");
		if (r->first > expected)
			return bad(error, ERR_NOT_FOUND, r->line,
				   starts ? "a price row is missing: the steps begin at 1"
					  : "a gap before this row of its bearer, prefix and unit");
	}
	return OK;
}

static bool same_unit(const struct store_price_row *a, const struct store_price_row *b)
{
	return text_equal(a->bearer, b->bearer) && text_equal(a->unit, b->unit);
}

static unsigned end_of_unit(const struct tariff_line *lines, unsigned count, unsigned at)
{
	unsigned end = at;

	while (end < count && same_unit(&lines[at].row, &lines[end].row))
		end++;
	return end;
}

static unsigned end_of_series(const struct tariff_line *lines, unsigned end, unsigned at)
{
	unsigned next = at;

	while (next < end && tariff_same_series(&lines[at].row, &lines[next].row))
		next++;
	return next;
}

/* Two units of one bearer, side by side: both have the same prefixes. */
static enum result compare_units(const struct tariff_line *lines, unsigned a, unsigned a_end, unsigned b,
				 unsigned b_end, struct tariff_error *error)
{
	while (a < a_end || b < b_end) {
		int c = a == a_end ? 1 : b == b_end ? -1 : tariff_order(lines[a].row.prefix, lines[b].row.prefix);
		if (c)
			return bad(error, ERR_NOT_FOUND, lines[c < 0 ? a : b].line,
				   "a price row is missing: this prefix lacks another unit of its bearer");
		a = end_of_series(lines, a_end, a);
		b = end_of_series(lines, b_end, b);
	}
	return OK;
}

/* A unit that one prefix of a bearer has, all its prefixes have: else some message would have no price there. */
static enum result check_units(const struct tariff_line *lines, unsigned count, struct tariff_error *error)
{
	for (unsigned at = 0; at < count;) {
		unsigned next = end_of_unit(lines, count, at);
		unsigned end = next < count ? end_of_unit(lines, count, next) : next;
		if (next < count && text_equal(lines[at].row.bearer, lines[next].row.bearer)) {
			enum result result = compare_units(lines, at, next, next, end, error);
			if (result != OK)
				return result;
		}
		at = next;
	}
	return OK;
}

static void hash_version(struct tariff_version *v)
{
	size_t room = 256 + (size_t)v->rows_count * (4 * TARIFF_WORD_MAX + 128);
	char *text = must_alloc(room);
	struct writer w = writer_of(text, room);

	writer_printf(&w, "%lld %s %lld %d %lld\n", (long long)v->id, v->currency, (long long)v->from_us, v->rounding,
		      (long long)v->step);
	for (unsigned i = 0; i < v->rows_count; i++) {
		const struct store_price_row *r = &v->rows[i];
		writer_printf(&w, "%.*s %.*s %.*s %lld %lld %lld %u\n", TEXT_ARGS(r->bearer), TEXT_ARGS(r->prefix),
			      TEXT_ARGS(r->unit), (long long)r->upto, (long long)r->amount, (long long)r->tax_ppm,
			      r->pay_on);
	}
	digest_sha256(&(struct digest_part){ text, writer_len(&w) }, 1, v->hash);
	free(text);
}

enum result tariff_complete(struct tariff_version *version, struct tariff_line *lines, unsigned count,
			    struct tariff_error *error)
{
	qsort(lines, count, sizeof(*lines), by_row);
	enum result result = check_steps(lines, count, error);
	if (result == OK)
		result = check_units(lines, count, error);
	if (result != OK)
		return result;
	struct store_price_row *rows = must_alloc(count * sizeof(*rows));
	for (unsigned i = 0; i < count; i++)
		rows[i] = lines[i].row;
	version->rows = rows;
	version->rows_count = count;
	hash_version(version);
	return OK;
}
