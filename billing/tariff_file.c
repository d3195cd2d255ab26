/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a price list and refuses, with its line, whatever would leave a message without a certain price. */
#include <stdio.h>
#include <stdlib.h>

#include "billing/tariff.h"
#include "billing/tariff_internal.h"
#include "core/message.h"
#include "core/portability.h"

#define FIELDS_MAX 10

struct loading {
	struct tariff *tariff;
	struct tariff_line *rows; /* of the version being read */
	unsigned rows_count, rows_room;
	unsigned versions_room, version_line;
	bool until_given;
	struct tariff_error *error;
	unsigned line;
};

static enum result bad(struct loading *l, enum result result, unsigned line, const char *why)
{
	l->error->line = line;
	l->error->why = why;
	return result;
}

static enum result bad_here(struct loading *l, enum result result, const char *why)
{
	return bad(l, result, l->line, why);
}

static enum result parse_amount(struct loading *l, struct text t, int64_t *out)
{
	enum result result = amount_parse(t, false, out);

	if (result == ERR_DENIED)
		return bad_here(l, result, "a negative amount");
	if (result == ERR_TOO_BIG)
		return bad_here(l, result, "an amount that overflows");
	if (result != OK)
		return bad_here(l, result, "an amount is digits with at most six decimals");
	return OK;
}

static bool is_word(struct text t, const char *extra)
{
	if (!t.len || t.len > TARIFF_WORD_MAX)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr(extra, c)))
			return false;
	}
	return true;
}

static enum result end_version(struct loading *l)
{
	struct tariff *t = l->tariff;

	if (!t->count)
		return OK;
	if (!l->rows_count)
		return bad(l, ERR_NOT_FOUND, l->version_line, "a version without a price row");
	enum result result = tariff_complete(&t->versions[t->count - 1], l->rows, l->rows_count, l->error);
	l->rows_count = 0;
	return result;
}

/* --- lines ----------------------------------------------------------------------------------------------------------
 */

static enum result check_follows(struct loading *l, const struct tariff_version *v)
{
	if (!l->tariff->count)
		return OK;
	struct tariff_version *before = &l->tariff->versions[l->tariff->count - 1];
	if (v->id <= before->id)
		return bad_here(l, ERR_CONFLICT, "version numbers rise");
	if (memcmp(v->currency, before->currency, CURRENCY_SIZE) != 0)
		return bad_here(l, ERR_CONFLICT, "all versions of a tariff have one currency");
	if (v->from_us <= before->from_us || (l->until_given && v->from_us < before->until_us))
		return bad_here(l, ERR_CONFLICT, "overlaps the version before it");
	if (l->until_given && v->from_us > before->until_us)
		return bad_here(l, ERR_NOT_FOUND, "a gap after the version before it");
	before->until_us = v->from_us;
	return OK;
}

static bool parse_rounding(struct text t, enum rounding *out)
{
	static const char *const names[] = { "half-up", "down", "up" };

	for (unsigned i = 0; i < ROUNDING_COUNT; i++) {
		if (text_is(t, names[i])) {
			*out = (enum rounding)i;
			return true;
		}
	}
	return !t.len;
}

static enum result parse_version(struct loading *l, const struct text *f, unsigned count, struct tariff_version *v)
{
	uint64_t id;

	if (count < 5 || count > 7)
		return bad_here(l, ERR_MALFORMED, "version,ID,CURRENCY,FROM,UNTIL[,ROUNDING[,STEP]]");
	if (!text_to_u64(f[1], INT64_MAX, &id) || !id)
		return bad_here(l, ERR_MALFORMED, "a version's number is 1 or more");
	v->id = (int64_t)id;
	if (!currency_parse(f[2], v->currency))
		return bad_here(l, ERR_UNSUPPORTED, "unknown currency");
	if (!tariff_parse_time(f[3], &v->from_us) || (f[4].len && !tariff_parse_time(f[4], &v->until_us)))
		return bad_here(l, ERR_MALFORMED, "a time is 2019-10-01 or 2019-10-01T00:00:00Z");
	if (v->until_us <= v->from_us)
		return bad_here(l, ERR_MALFORMED, "a version ends after it begins");
	if (count > 5 && !parse_rounding(f[5], &v->rounding))
		return bad_here(l, ERR_MALFORMED, "rounding is half-up, down or up");
	if (count > 6 && (amount_parse(f[6], false, &v->step) != OK || !v->step))
		return bad_here(l, ERR_MALFORMED, "a rounding step is an amount above 0");
	return OK;
}

static enum result add_version(struct loading *l, const struct text *f, unsigned count)
{
	struct tariff *t = l->tariff;
	struct tariff_version v = { .until_us = TARIFF_FOREVER, .step = 1 };
	enum result result = end_version(l);

	if (result == OK)
		result = parse_version(l, f, count, &v);
	if (result == OK)
		result = check_follows(l, &v);
	if (result != OK)
		return result;
	if (t->count == TARIFF_VERSIONS_MAX)
		return bad_here(l, ERR_TOO_BIG, "too many versions");
	if (t->count == l->versions_room) {
		l->versions_room = 2 * l->versions_room + 4;
		t->versions = must_realloc(t->versions, l->versions_room * sizeof(*t->versions));
	}
	t->versions[t->count++] = v;
	l->until_given = f[4].len > 0;
	l->version_line = l->line;
	return OK;
}

static bool is_prefix(struct text t)
{
	size_t mark = sizeof(TARIFF_NETWORK) - 1;

	if (text_starts(t, TARIFF_NETWORK))
		return portability_is_network(text_range(t.at + mark, t.len - mark));
	return address_is_number(t) || text_is(t, "+");
}

static enum result parse_words(struct loading *l, const struct text *f, struct store_price_row *row)
{
	if (!is_word(f[1], "-_") || !is_word(f[3], "-_"))
		return bad_here(l, ERR_MALFORMED, "bearer and unit are words of small letters");
	if (f[2].len && (f[2].len > TARIFF_WORD_MAX || !is_prefix(f[2])))
		return bad_here(l, ERR_MALFORMED,
				"a prefix is digits, with or without +, or a network as net:44010 or net:440");
	row->bearer = arena_text(l->tariff->arena, f[1]);
	row->prefix = arena_text(l->tariff->arena, f[2]);
	row->unit = arena_text(l->tariff->arena, f[3]);
	if (!text_is(f[8], "sent") && !text_is(f[8], "delivered"))
		return bad_here(l, ERR_MALFORMED, "a price is due on sent or delivered");
	row->pay_on = text_is(f[8], "delivered");
	return OK;
}

static enum result parse_row(struct loading *l, const struct text *f, unsigned count, struct tariff_line *out)
{
	const struct tariff_version *v = &l->tariff->versions[l->tariff->count - 1];
	uint64_t first, upto;
	int64_t tax;

	if (count != 9)
		return bad_here(l, ERR_MALFORMED, "price,BEARER,PREFIX,UNIT,FIRST,UPTO,AMOUNT,TAX,sent|delivered");
	if (!text_to_u64(f[4], INT32_MAX, &first) || !text_to_u64(f[5], INT32_MAX, &upto) || !first || upto < first)
		return bad_here(l, ERR_MALFORMED, "units run from a number >= 1 to one that is not smaller");
	out->first = (int64_t)first;
	out->row.upto = (int64_t)upto;
	enum result result = parse_words(l, f, &out->row);
	if (result == OK)
		result = parse_amount(l, f[6], &out->row.amount);
	if (result != OK)
		return result;
	if (!tariff_parse_tax(f[7], &out->row.tax_ppm))
		return bad_here(l, ERR_MALFORMED, "a tax is a percentage from 0% to 100%, with at most four decimals");
	if (!money_tax(out->row.amount, out->row.tax_ppm, v->rounding, v->step, &tax) ||
	    !amount_add(out->row.amount, tax, &tax))
		return bad_here(l, ERR_TOO_BIG, "an amount that overflows with its tax");
	return OK;
}

static enum result add_row(struct loading *l, const struct text *f, unsigned count)
{
	struct tariff_line row = { .line = l->line };

	if (!l->tariff->count)
		return bad_here(l, ERR_MALFORMED, "a price stands before its version");
	enum result result = parse_row(l, f, count, &row);
	if (result != OK)
		return result;
	if (l->rows_count == TARIFF_ROWS_MAX)
		return bad_here(l, ERR_TOO_BIG, "too many price rows in one version");
	if (l->rows_count == l->rows_room) {
		l->rows_room = 2 * l->rows_room + 64;
		l->rows = must_realloc(l->rows, l->rows_room * sizeof(*l->rows));
	}
	l->rows[l->rows_count++] = row;
	struct tariff_version *v = &l->tariff->versions[l->tariff->count - 1];
	if (row.row.prefix.len > v->prefix_max)
		v->prefix_max = row.row.prefix.len;
	return OK;
}

/* Fields between commas, trimmed; an empty last one counts. More than FIELDS_MAX: FIELDS_MAX + 1. */
static unsigned split_fields(struct text line, struct text fields[FIELDS_MAX])
{
	unsigned n = 0;

	for (;;) {
		const char *comma = line.len ? memchr(line.at, ',', line.len) : NULL;
		size_t len = comma ? (size_t)(comma - line.at) : line.len;
		if (n == FIELDS_MAX)
			return FIELDS_MAX + 1;
		fields[n++] = text_trim(text_range(line.at, len));
		if (!comma)
			return n;
		line = text_range(comma + 1, line.len - len - 1);
	}
}

static enum result add_line(struct loading *l, struct text line)
{
	struct text fields[FIELDS_MAX] = { 0 };

	if (line.len > TARIFF_LINE_MAX)
		return bad_here(l, ERR_TOO_BIG, "a line is longer than 512 octets");
	const char *comment = line.len ? memchr(line.at, '#', line.len) : NULL;
	if (comment)
		line.len = (size_t)(comment - line.at);
	line = text_trim(line);
	if (!line.len)
		return OK;
	unsigned count = split_fields(line, fields);
	if (text_is(fields[0], "version"))
		return add_version(l, fields, count);
	if (text_is(fields[0], "price"))
		return add_row(l, fields, count);
	return bad_here(l, ERR_MALFORMED, "a line begins with version or price");
}

enum result tariff_parse(struct text list, struct tariff **out, struct tariff_error *error_out)
{
	struct loading l = { .tariff = must_alloc(sizeof(struct tariff)), .error = error_out };
	enum result result = OK;
	struct text line;

	*out = NULL;
	*error_out = (struct tariff_error){ 0, "" };
	l.tariff->arena = arena_new(64u << 10);
	while (result == OK && text_split(&list, '\n', &line)) {
		l.line++;
		result = add_line(&l, line);
	}
	if (result == OK)
		result = l.tariff->count ? end_version(&l) : bad(&l, ERR_NOT_FOUND, l.line, "no version at all");
	free(l.rows);
	if (result == OK)
		*out = l.tariff;
	else
		tariff_free(&l.tariff);
	return result;
}

enum result tariff_load(const char *path, struct tariff **out, struct tariff_error *error_out)
{
	enum result result = ERR_IO;
	char *content = NULL;
	size_t room = 64u << 10, len = 0;

	*out = NULL;
	*error_out = (struct tariff_error){ 0, "cannot be read" };
	FILE *file = fopen(path, "re");
	if (!file)
		return ERR_IO;
	for (size_t n = 1; n && len < TARIFF_FILE_MAX; len += n) {
		if (!content || len == room) {
			room = content ? 2 * room : room;
			content = must_realloc(content, room);
		}
		n = fread(content + len, 1, room - len, file);
	}
	if (len >= TARIFF_FILE_MAX) {
		error_out->why = "the file is too large";
		result = ERR_TOO_BIG;
	} else if (!ferror(file)) {
		result = tariff_parse(text_range(content, len), out, error_out);
	}
	fclose(file);
	free(content);
	return result;
}
