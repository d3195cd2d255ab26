/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading from memory: messages, those on HOLD, scans, what waits where, sums. */
#include "store/memory_store.h"

/* Copies of the rows that `wanted` says, in the order of their ids. */
static struct store_row *select_rows(struct memory_store *m, struct arena *arena, unsigned limit, bool newest_first,
				     bool (*wanted)(const struct memory_store *m, const struct memory_row *r,
						    const void *request),
				     const void *request, unsigned *count_out)
{
	struct store_row *first = NULL, **tail = &first;

	*count_out = 0;
	for (unsigned i = 0; i < m->rows.count && *count_out < limit; i++) {
		const struct memory_row *r = m->rows.at[newest_first ? m->rows.count - 1 - i : i];
		if (!wanted(m, r, request))
			continue;
		*tail = memory_row_copy(m, r, arena);
		tail = &(*tail)->next;
		++*count_out;
	}
	return first;
}

static bool is_of_message(const struct memory_store *m, const struct memory_row *r, const void *request)
{
	struct message_id id = ((const struct store_message_get *)request)->id;

	(void)m;
	if (message_id_recipient(id))
		return message_id_equal(r->row.id, id);
	return message_id_equal(message_id_of_delivery(r->row.id), id);
}

void memory_message_get(struct memory_store *m, struct store_request *r)
{
	struct store_message_get *c = (struct store_message_get *)r;

	c->rows_out = select_rows(m, c->arena, UINT16_MAX, false, is_of_message, c, &c->rows_count_out);
	if (c->rows_count_out)
		answer_done(r);
	else
		answer_refused(r, STORE_NOT_FOUND, "no such message");
}

static bool is_woken(const struct memory_store *m, const struct memory_row *r, const void *request)
{
	const struct store_wake *c = request;

	if (r->row.state != DELIVERY_WAITING || r->row.parked != 2)
		return false;
	if (!c->key.len)
		return r->row.due_us <= m->now_us;
	for (unsigned i = 0; i < r->keys_count; i++) {
		if (text_equal(r->keys[i], c->key))
			return true;
	}
	return false;
}

void memory_wake(struct memory_store *m, struct store_request *r)
{
	struct store_wake *c = (struct store_wake *)r;

	c->rows_out = select_rows(m, c->arena, c->limit, false, is_woken, c, &c->rows_count_out);
	answer_done(r);
}

static bool is_scanned(const struct memory_store *m, const struct memory_row *r, const void *request)
{
	const struct store_scan *c = request;

	(void)m;
	return (!c->route.len || text_equal(r->row.route, c->route)) &&
	       (!c->recipient.len || text_equal(r->row.recipient, c->recipient)) &&
	       (c->state < 0 || (int)r->row.state == c->state);
}

void memory_scan(struct memory_store *m, struct store_request *r)
{
	struct store_scan *c = (struct store_scan *)r;

	c->rows_out = select_rows(m, c->arena, c->limit, true, is_scanned, c, &c->rows_count_out);
	answer_done(r);
}

static int compare(struct text a, struct text b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n ? memcmp(a.at, b.at, n) : 0;

	if (order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static void count_route(struct store_routes *c, const struct store_row *row)
{
	struct store_route_row **at = &c->rows_out;

	while (*at && compare((*at)->route, row->route) < 0)
		at = &(*at)->next;
	if (!*at || !text_equal((*at)->route, row->route)) {
		struct store_route_row *added = arena_alloc(c->arena, sizeof(*added));
		added->route = arena_text(c->arena, row->route);
		added->earliest_due_us = INT64_MAX;
		added->next = *at;
		*at = added;
		c->rows_count_out++;
	}
	(*at)->waiting++;
	if (!row->parked && row->due_us < (*at)->earliest_due_us)
		(*at)->earliest_due_us = row->due_us;
}

void memory_routes(struct memory_store *m, struct store_request *r)
{
	struct store_routes *c = (struct store_routes *)r;

	c->rows_out = NULL;
	c->rows_count_out = 0;
	for (unsigned i = 0; i < m->rows.count; i++) {
		const struct store_row *row = &((struct memory_row *)m->rows.at[i])->row;
		if (row->state == DELIVERY_WAITING && row->parked < 2)
			count_route(c, row);
	}
	answer_done(r);
}

static void count_target(struct store_targets *c, const struct store_outbox_row *row)
{
	struct store_target_row **at = &c->rows_out;

	while (*at && compare((*at)->target, row->target) < 0)
		at = &(*at)->next;
	if (!*at || !text_equal((*at)->target, row->target)) {
		struct store_target_row *added = arena_alloc(c->arena, sizeof(*added));
		added->target = arena_text(c->arena, row->target);
		added->earliest_due_us = INT64_MAX;
		added->next = *at;
		*at = added;
		c->rows_count_out++;
	}
	(*at)->waiting++;
	if (row->due_us < (*at)->earliest_due_us)
		(*at)->earliest_due_us = row->due_us;
}

void memory_targets(struct memory_store *m, struct store_request *r)
{
	struct store_targets *c = (struct store_targets *)r;

	c->rows_out = NULL;
	c->rows_count_out = 0;
	for (unsigned i = 0; i < m->outbox.count; i++) {
		const struct memory_outbox *o = m->outbox.at[i];
		if (!o->done_us)
			count_target(c, &o->row);
	}
	answer_done(r);
}

static void count_row(struct store_sums *c, const struct store_row *row)
{
	if (row->state == DELIVERY_LEASED)
		c->leased_out++;
	else if (row->state == DELIVERY_HANDED_OVER)
		c->handed_over_out++;
	else if (row->state == DELIVERY_FINISHED)
		c->finished_out++;
	else if (row->parked == 2)
		c->on_hold_out++;
	else
		c->waiting_out++;
}

static const struct memory_account *account_of(const struct memory_store *m, const uint8_t id[16])
{
	for (unsigned i = 0; i < m->accounts.count; i++) {
		const struct memory_account *a = m->accounts.at[i];
		if (!memcmp(a->id, id, sizeof(a->id)))
			return a;
	}
	return NULL;
}

static struct store_currency_sum *sum_of(struct store_sums *c, struct text currency)
{
	unsigned i = 0;

	while (i < c->currencies_out && compare(text_of(c->by_currency_out[i].currency), currency) < 0)
		i++;
	struct store_currency_sum *sum = &c->by_currency_out[i];
	if (i < c->currencies_out && text_is(currency, sum->currency))
		return sum;
	if (c->currencies_out == STORE_SUM_CURRENCIES)
		return &c->by_currency_out[STORE_SUM_CURRENCIES - 1];
	memmove(sum + 1, sum, (c->currencies_out - i) * sizeof(*sum));
	*sum = (struct store_currency_sum){ 0 };
	(void)text_copy(currency, sum->currency, sizeof(sum->currency));
	c->currencies_out++;
	return sum;
}

static void sum_side(const struct memory_store *m, struct store_sums *c, const uint8_t account[16], int64_t amount)
{
	const struct memory_account *a = account_of(m, account);

	if (!a)
		return;
	struct store_currency_sum *sum = sum_of(c, a->currency);
	sum->entries_sum += amount;
	if (a->kind == ACCOUNT_PAYER)
		sum->payers_entries += amount;
}

static void sum_money(const struct memory_store *m, struct store_sums *c)
{
	for (unsigned i = 0; i < m->accounts.count; i++) {
		const struct memory_account *a = m->accounts.at[i];
		if (a->kind != ACCOUNT_PAYER)
			continue;
		sum_of(c, a->currency)->payers_posted += a->posted;
		sum_of(c, a->currency)->payers_held += a->held;
	}
	for (unsigned i = 0; i < m->entries.count; i++) {
		const struct memory_entry *e = m->entries.at[i];
		sum_side(m, c, e->debit, -e->amount);
		sum_side(m, c, e->credit, e->amount);
	}
	for (unsigned i = 0; i < m->charges.count; i++) {
		const struct memory_charge *h = m->charges.at[i];
		if (h->state == CHARGE_HELD)
			sum_of(c, h->charge.currency)->charges_held += h->charge.amount;
	}
}

void memory_sums(struct memory_store *m, struct store_request *r)
{
	struct store_sums *c = (struct store_sums *)r;

	*c = (struct store_sums){ .base = c->base, .sound_out = true };
	for (unsigned i = 0; i < m->rows.count; i++)
		count_row(c, &((struct memory_row *)m->rows.at[i])->row);
	for (unsigned i = 0; i < m->outbox.count; i++)
		c->outbox_open_out += !((struct memory_outbox *)m->outbox.at[i])->done_us;
	sum_money(m, c);
	for (unsigned i = 0; i < c->currencies_out; i++) {
		const struct store_currency_sum *sum = &c->by_currency_out[i];
		c->sound_out = c->sound_out && !sum->entries_sum && sum->payers_posted == sum->payers_entries &&
			       sum->payers_held == sum->charges_held;
	}
	c->cdr_seq_out = m->cdr_seq;
	memcpy(c->cdr_chain_out, m->cdr_chain, sizeof(c->cdr_chain_out));
	answer_done(r);
}
