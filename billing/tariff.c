/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks prices up in the tables that tariff_file.c built. */
#include "billing/tariff.h"

#include <stdlib.h>

#include "billing/tariff_internal.h"
#include "core/base/writer.h"
#include "core/base/utf8.h"

int tariff_order(struct text a, struct text b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.at, b.at, n) : 0;

	if (c)
		return c;
	return a.len < b.len ? -1 : a.len > b.len;
}

int tariff_row_order(const struct store_price_row *a, const struct store_price_row *b)
{
	int c = tariff_order(a->bearer, b->bearer);

	if (!c)
		c = tariff_order(a->unit, b->unit);
	if (!c)
		c = tariff_order(a->prefix, b->prefix);
	if (!c)
		c = a->upto < b->upto ? -1 : a->upto > b->upto;
	return c;
}

void tariff_free(struct tariff **tariff)
{
	struct tariff *t = *tariff;

	if (!t)
		return;
	for (unsigned i = 0; i < t->count; i++) {
		const void *rows = t->versions[i].rows;
		free((void *)(uintptr_t)rows);
	}
	free(t->versions);
	arena_free(&t->arena);
	free(t);
	*tariff = NULL;
}

unsigned tariff_count(const struct tariff *tariff)
{
	return tariff->count;
}

const struct tariff_version *tariff_version(const struct tariff *tariff, unsigned index)
{
	return index < tariff->count ? &tariff->versions[index] : NULL;
}

const struct tariff_version *tariff_at(const struct tariff *tariff, int64_t now_us)
{
	for (unsigned i = tariff->count; i--;) {
		const struct tariff_version *v = &tariff->versions[i];
		if (now_us >= v->from_us)
			return now_us < v->until_us ? v : NULL;
	}
	return NULL;
}

void tariff_publish(const struct tariff_version *version, struct store_price *out)
{
	out->id = version->id;
	out->from_us = version->from_us;
	out->currency = text_of(version->currency);
	memcpy(out->hash, version->hash, sizeof(out->hash));
	out->rows = version->rows;
	out->rows_count = version->rows_count;
}

/* The first row that is not before `key`, or rows_count. */
static unsigned lower_bound(const struct tariff_version *v, const struct store_price_row *key)
{
	unsigned low = 0, high = v->rows_count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		if (tariff_row_order(&v->rows[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool tariff_same_series(const struct store_price_row *a, const struct store_price_row *b)
{
	return text_equal(a->bearer, b->bearer) && text_equal(a->unit, b->unit) && text_equal(a->prefix, b->prefix);
}

/* 1: *out is the row. 0: the series exists and ends below `units`. -1: no such series. */
static int find_row(const struct tariff_version *v, struct store_price_row key, const struct store_price_row **out)
{
	unsigned at = lower_bound(v, &key);

	if (at < v->rows_count && tariff_same_series(&v->rows[at], &key)) {
		*out = &v->rows[at];
		return 1;
	}
	return at && tariff_same_series(&v->rows[at - 1], &key) ? 0 : -1;
}

static enum result fill_price(const struct tariff_version *v, const struct store_price_row *row, int64_t units,
			      struct tariff_price *out)
{
	struct tariff_price p = { .version = v->id,
				  .net = row->amount,
				  .tax_ppm = row->tax_ppm,
				  .unit = row->unit,
				  .units = units,
				  .pay_on = row->pay_on };

	memcpy(p.currency, v->currency, CURRENCY_SIZE);
	if (!money_tax(p.net, p.tax_ppm, v->rounding, v->step, &p.tax) || !amount_add(p.net, p.tax, &p.total))
		return ERR_TOO_BIG;
	*out = p;
	return OK;
}

/* The rows of exactly this prefix. False: there are none, in none of the units. */
static bool price_at(const struct tariff_version *version, struct text bearer, struct text prefix,
		     const struct tariff_measure *measures, unsigned count, struct tariff_price *out,
		     enum result *result_out)
{
	for (unsigned i = 0; i < count; i++) {
		const struct store_price_row *row = NULL;
		const struct store_price_row key = {
			.bearer = bearer, .unit = measures[i].unit, .prefix = prefix, .upto = measures[i].units
		};
		int found = find_row(version, key, &row);
		if (found < 0)
			continue;
		*result_out = ERR_NOT_FOUND;
		if (found)
			*result_out = fill_price(version, row, measures[i].units, out);
		return true;
	}
	return false;
}

enum result tariff_price(const struct tariff_version *version, struct text bearer, struct text destination,
			 const struct tariff_measure *measures, unsigned count, struct tariff_price *out)
{
	size_t len = destination.len < version->prefix_max ? destination.len : version->prefix_max;
	enum result result = ERR_NOT_FOUND;

	while (!price_at(version, bearer, text_range(destination.at, len), measures, count, out, &result)) {
		if (!len--)
			return ERR_NOT_FOUND;
	}
	return result;
}

enum result tariff_price_in(const struct tariff_version *version, struct text bearer, struct text network,
			    struct text destination, const struct tariff_measure *measures, unsigned count,
			    struct tariff_price *out)
{
	char room[TARIFF_WORD_MAX];
	struct writer w = writer_of(room, sizeof(room));
	enum result result;

	writer_printf(&w, TARIFF_NETWORK "%.*s", TEXT_ARGS(network));
	struct text whole = text_range(room, writer_ok(&w) ? writer_len(&w) : 0);
	struct text country = text_range(room, sizeof(TARIFF_NETWORK) - 1 + 3);
	if (network.len > 3 && price_at(version, bearer, whole, measures, count, out, &result))
		return result;
	if (network.len > 3 && price_at(version, bearer, country, measures, count, out, &result))
		return result;
	return tariff_price(version, bearer, destination, measures, count, out);
}

unsigned tariff_measure_text(struct text utf8, int64_t segments, struct tariff_measure out[TARIFF_MEASURES])
{
	int64_t units = 0;
	uint32_t c;
	bool ascii = true;

	while (utf8_take(&utf8, &c)) {
		ascii = ascii && c < 0x80;
		units += c > 0xffff ? 2 : 1;
	}
	/* An empty text is still one message: it costs what one character costs. */
	out[0] = (struct tariff_measure){ ascii ? TEXT_LITERAL("half") : TEXT_LITERAL("full"), units ? units : 1 };
	out[1] = (struct tariff_measure){ TEXT_LITERAL("segment"), segments };
	out[2] = (struct tariff_measure){ TEXT_LITERAL("message"), 1 };
	return TARIFF_MEASURES;
}
