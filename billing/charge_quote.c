/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tokens of quotes, and the key by which we know our own. The key lies in the store, so that a quote outlives a restart
 * of the queue, and another node on the same store gives and takes the same quotes.
 */
#include <assert.h>

#include "billing/charge_internal.h"
#include "billing/quote.h"
#include "core/base/log.h"
#include "core/base/random.h"

#define KEY_KIND TEXT_LITERAL("secret")
#define KEY_NAME TEXT_LITERAL("quote-1")
#define KEY_NUMBER 1
#define KEPT_US (INT64_C(100) * 365 * 86400 * 1000000)

static_assert(CHARGE_QUOTED_LINES == QUOTE_BEARERS_MAX, "the port and the token hold as many lines");
static_assert(CHARGE_QUOTED_RUNS == QUOTE_RUNS_MAX && CHARGE_QUOTED_FREE == QUOTE_FREE, "and as many runs");

/* --- tokens ----------------------------------------------------------------------------------------------------- */

static void to_lines(const struct charge_quoted *from, struct quote *q)
{
	q->lines_count = from->lines_count;
	for (unsigned i = 0; i < from->lines_count; i++) {
		const struct charge_price *p = &from->lines[i].price;
		q->lines[i] = (struct quote_line){
			.units = p->units, .total = p->amount, .tax_ppm = p->tax_ppm, .pay_on = p->pay_on
		};
		memcpy(q->lines[i].bearer, from->lines[i].bearer, sizeof(q->lines[i].bearer));
		if (p->amount > q->max_amount)
			q->max_amount = p->amount;
	}
	q->runs_count = from->runs_count;
	for (unsigned i = 0; i < from->runs_count; i++)
		q->runs[i] = (struct quote_run){ from->runs[i].line, from->runs[i].count };
}

static struct quote to_quote(const struct charge_quoted *from)
{
	struct quote q = { .version = from->lines[0].price.version,
			   .given_us = from->given_us,
			   .until_us = from->until_us };

	memcpy(q.account_id, from->account_id, sizeof(q.account_id));
	memcpy(q.content_hash, from->recipients, 16);
	memcpy(q.content_hash + 16, from->content, 16);
	memcpy(q.currency, from->lines[0].price.currency, CURRENCY_SIZE);
	to_lines(from, &q);
	return q;
}

static void from_quote(const struct quote *q, struct charge_quoted *to)
{
	*to = (struct charge_quoted){ .given_us = q->given_us,
				      .until_us = q->until_us,
				      .lines_count = q->lines_count,
				      .runs_count = q->runs_count };
	memcpy(to->account_id, q->account_id, sizeof(to->account_id));
	memcpy(to->recipients, q->content_hash, 16);
	memcpy(to->content, q->content_hash + 16, 16);
	for (unsigned i = 0; i < q->lines_count; i++) {
		const struct quote_line *line = &q->lines[i];
		struct charge_price *p = &to->lines[i].price;
		memcpy(to->lines[i].bearer, line->bearer, sizeof(line->bearer));
		*p = (struct charge_price){ .version = q->version,
					    .units = line->units,
					    .amount = line->total,
					    .tax_ppm = line->tax_ppm,
					    .pay_on = line->pay_on };
		memcpy(p->currency, q->currency, CURRENCY_SIZE);
	}
	for (unsigned i = 0; i < q->runs_count; i++)
		to->runs[i] = (struct charge_quoted_run){ q->runs[i].line, q->runs[i].count };
}

struct text billing_quote(void *owner, struct charge_quoted *quoted, int64_t now_us, struct arena *arena)
{
	struct billing *b = owner;
	struct writer w = writer_of(arena_alloc(arena, QUOTE_TOKEN_MAX), QUOTE_TOKEN_MAX);
	const struct quote_key key = { KEY_NUMBER, { b->key, sizeof(b->key) } };

	if (!b->has_key || !b->rules || !quoted->lines_count)
		return (struct text){ 0 };
	quoted->given_us = now_us;
	quoted->until_us = now_us + b->rules->quote_valid_us;
	struct quote q = to_quote(quoted);
	quote_encode(&w, &q, &key);
	return text_range((const char *)w.start, writer_ok(&w) ? writer_len(&w) : 0);
}

enum result billing_quoted(void *owner, struct text token, int64_t now_us, struct charge_quoted *out)
{
	struct billing *b = owner;
	const struct quote_key key = { KEY_NUMBER, { b->key, sizeof(b->key) } };
	struct quote q;

	if (!b->has_key)
		return ERR_BUSY;
	enum result r = quote_verify(token, &key, 1, now_us, &q);
	if (r == OK || r == ERR_TIMEOUT)
		from_quote(&q, out);
	return r;
}

/* --- the key ------------------------------------------------------------------------------------------------------ */

struct key_look {
	struct billing *billing;
	struct store *store;
	struct arena *arena;
	struct store_fact fact;
};

static void look_end(struct key_look *l)
{
	struct arena *arena = l->arena;

	l->billing->asked--;
	arena_free(&arena);
}

static void take_key(struct billing *b, struct octets value)
{
	if (value.len != sizeof(b->key)) {
		LOGE(LOG_CORE, NULL, "the key of the quotes is damaged in the store: no quotes are given");
		return;
	}
	memcpy(b->key, value.at, sizeof(b->key));
	b->has_key = true;
}

static void ask(struct key_look *l, enum store_operation operation, void (*done)(struct store_request *r))
{
	l->fact.base = (struct store_request){ .operation = operation, .done = done, .owner = l };
	store_submit(l->store, &l->fact.base);
}

/* Ours, or that of another node which was faster. */
static void made(struct store_request *r)
{
	struct key_look *l = r->owner;

	if (r->answer == STORE_DONE || r->answer == STORE_REPEAT)
		take_key(l->billing, l->fact.value);
	else if (r->answer == STORE_CONFLICT)
		take_key(l->billing, l->fact.value_out);
	else
		LOGE(LOG_CORE, NULL, "the key of the quotes could not be kept: no quotes are given until a reload");
	look_end(l);
}

static void found(struct store_request *r)
{
	struct key_look *l = r->owner;

	if (r->answer == STORE_DONE) {
		take_key(l->billing, l->fact.value_out);
		look_end(l);
		return;
	}
	uint8_t *key = arena_alloc(l->arena, BILLING_KEY_SIZE);
	random_bytes(key, BILLING_KEY_SIZE);
	l->fact.value = (struct octets){ key, BILLING_KEY_SIZE };
	l->fact.is_new = true;
	l->fact.until_us = store_now(l->store) + KEPT_US;
	ask(l, STORE_FACT_SWAP, made);
}

void billing_key(struct billing *b, struct store *store)
{
	if (b->has_key)
		return;
	struct arena *arena = arena_new(1024);
	struct key_look *l = arena_alloc(arena, sizeof(*l));
	*l = (struct key_look){ .billing = b, .store = store, .arena = arena };
	l->fact.arena = arena;
	l->fact.kind = KEY_KIND;
	l->fact.key = KEY_NAME;
	b->asked++;
	ask(l, STORE_FACT_GET, found);
}
