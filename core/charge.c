/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The prices of a quote, recipient by recipient: runs of the same price. */
#include "core/charge.h"

static bool same_line(const struct charge_quoted_line *line, struct text bearer, const struct charge_price *p)
{
	return text_is(bearer, line->bearer) && line->price.units == p->units && line->price.amount == p->amount &&
	       line->price.tax_ppm == p->tax_ppm && line->price.pay_on == p->pay_on;
}

/* One quote has one version of one tariff. */
static bool fits(const struct charge_quoted *q, const struct charge_price *p)
{
	const struct charge_price *first = &q->lines[0].price;

	return !q->lines_count || (first->version == p->version && text_is(text_of(first->currency), p->currency));
}

/* The line of that price, made where there is none; CHARGE_QUOTED_LINES: there is no room for it. */
static unsigned line_of(struct charge_quoted *q, struct text bearer, const struct charge_price *price)
{
	unsigned i = 0;

	if (!fits(q, price))
		return CHARGE_QUOTED_LINES;
	while (i < q->lines_count && !same_line(&q->lines[i], bearer, price))
		i++;
	if (i < q->lines_count)
		return i;
	if (i == CHARGE_QUOTED_LINES || !text_copy(bearer, q->lines[i].bearer, sizeof(q->lines[i].bearer)))
		return CHARGE_QUOTED_LINES;
	q->lines[i].price = *price;
	return q->lines_count++;
}

bool charge_quoted_add(struct charge_quoted *q, struct text bearer, const struct charge_price *price)
{
	unsigned line = price ? line_of(q, bearer, price) : CHARGE_QUOTED_FREE;
	struct charge_quoted_run *last = q->runs_count ? &q->runs[q->runs_count - 1] : NULL;

	if (line == CHARGE_QUOTED_LINES)
		return false;
	if (last && last->line == line && last->count < UINT16_MAX) {
		last->count++;
		return true;
	}
	if (q->runs_count == CHARGE_QUOTED_RUNS)
		return false;
	q->runs[q->runs_count++] = (struct charge_quoted_run){ (uint8_t)line, 1 };
	return true;
}

const struct charge_price *charge_quoted_price(const struct charge_quoted *q, unsigned recipient, struct text bearer)
{
	unsigned upto = 0;

	for (unsigned i = 0; recipient && i < q->runs_count; i++) {
		upto += q->runs[i].count;
		if (recipient > upto)
			continue;
		const struct charge_quoted_line *line = &q->lines[q->runs[i].line % CHARGE_QUOTED_LINES];
		return q->runs[i].line < q->lines_count && text_is(bearer, line->bearer) ? &line->price : NULL;
	}
	return NULL;
}
