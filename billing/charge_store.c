/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tariff versions and payers into the store: it keeps the order of its requests, so that a hold finds them. */
#include "billing/charge_internal.h"
#include "core/base/log.h"

struct put {
	struct billing *billing;
	struct arena *arena;
	union {
		struct store_request base;
		struct store_price price;
		struct store_account account;
	} request;
};

static void ask(struct put *p, enum store_operation operation, struct store *store,
		void (*done)(struct store_request *r))
{
	p->request.base.operation = operation;
	p->request.base.done = done;
	p->request.base.owner = p;
	p->billing->asked++;
	store_submit(store, &p->request.base);
}

static struct put *put_new(struct billing *b)
{
	struct arena *arena = arena_new(1024);
	struct put *p = arena_alloc(arena, sizeof(*p));

	p->billing = b;
	p->arena = arena;
	return p;
}

static void put_free(struct put *p)
{
	struct arena *arena = p->arena;

	p->billing->asked--;
	arena_free(&arena);
}

static void price_put(struct store_request *r)
{
	struct put *p = r->owner;

	if (r->answer == STORE_CONFLICT) {
		p->billing->conflict = true;
		LOGE(LOG_CORE, NULL,
		     "tariff version %lld was published with other prices: nothing is priced until the list gives its "
		     "prices a new version",
		     (long long)p->request.price.id);
	} else if (r->answer != STORE_DONE && r->answer != STORE_REPEAT) {
		p->billing->conflict = true;
		LOGE(LOG_CORE, NULL, "tariff version %lld could not be published: %s", (long long)p->request.price.id,
		     r->why ? r->why : store_answer_name(r->answer));
	}
	put_free(p);
}

static void account_put(struct store_request *r)
{
	if (r->answer != STORE_DONE && r->answer != STORE_REPEAT)
		LOGE(LOG_CORE, NULL, "a payer's account could not be kept: %s",
		     r->why ? r->why : store_answer_name(r->answer));
	put_free(r->owner);
}

/* The rows are copied: a reload may free the tariff before the store has read them. */
static void publish_version(struct billing *b, const struct tariff_version *v, struct store *store)
{
	struct put *p = put_new(b);
	struct store_price *price = &p->request.price;

	tariff_publish(v, price);
	struct store_price_row *rows = arena_copy(p->arena, price->rows, price->rows_count * sizeof(*rows));
	for (unsigned i = 0; i < price->rows_count; i++) {
		rows[i].bearer = arena_text(p->arena, rows[i].bearer);
		rows[i].prefix = arena_text(p->arena, rows[i].prefix);
		rows[i].unit = arena_text(p->arena, rows[i].unit);
	}
	price->rows = rows;
	price->currency = arena_text(p->arena, price->currency);
	ask(p, STORE_PRICE_PUT, store, price_put);
}

void billing_publish(struct billing *b, struct store *store)
{
	for (unsigned i = 0; i < tariff_count(b->rules->tariff); i++)
		publish_version(b, tariff_version(b->rules->tariff, i), store);
	for (unsigned i = 0; i < b->rules->payers_count; i++) {
		const struct payer *payer = &b->rules->payers[i];
		if (!payer->payer.pays)
			continue;
		struct put *p = put_new(b);
		struct store_account *a = &p->request.account;
		a->arena = p->arena;
		memcpy(a->id, payer->payer.account_id, sizeof(a->id));
		a->kind = ACCOUNT_PAYER;
		a->currency = arena_text(p->arena, text_of(payer->payer.currency));
		a->credit = payer->credit;
		ask(p, STORE_ACCOUNT_PUT, store, account_put);
	}
}
