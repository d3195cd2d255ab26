/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts, outbox, CDRs, fences, retention and reading in memory. */
#include <stdlib.h>

#include "core/net/digest.h"
#include "store/memory_store.h"

static int compare(struct text a, struct text b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n ? memcmp(a.at, b.at, n) : 0;

	if (order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static bool same(struct octets a, struct octets b)
{
	return a.len == b.len && (!a.len || !memcmp(a.at, b.at, a.len));
}

static struct octets copy(struct octets o, struct arena *arena)
{
	return (struct octets){ o.len ? arena_copy(arena, o.at, o.len) : NULL, o.len };
}

/* The fact's place, ended or not; m->facts.count where it is not. */
static unsigned find_fact(const struct memory_store *m, struct text kind, struct text key)
{
	for (unsigned i = 0; i < m->facts.count; i++) {
		const struct memory_fact *f = m->facts.at[i];
		if (text_equal(f->kind, kind) && text_equal(f->row.key, key))
			return i;
	}
	return m->facts.count;
}

static struct memory_fact *live_fact(const struct memory_store *m, const struct store_fact *c)
{
	unsigned at = find_fact(m, c->kind, c->key);
	struct memory_fact *f = at < m->facts.count ? m->facts.at[at] : NULL;

	return f && f->row.until_us > m->now_us ? f : NULL;
}

static void put_fact(struct memory_store *m, struct store_fact *c)
{
	unsigned at = find_fact(m, c->kind, c->key);
	struct memory_fact *f = at < m->facts.count ? m->facts.at[at] : memory_add(m, &m->facts, sizeof(*f));

	f->kind = memory_text(m, c->kind);
	f->row.key = memory_text(m, c->key);
	f->row.value = memory_octets(m, c->value);
	f->row.until_us = c->until_us;
	answer_done(&c->base);
}

static void get_fact(struct memory_store *m, struct store_fact *c)
{
	const struct memory_fact *f = live_fact(m, c);

	c->value_out = f ? copy(f->row.value, c->arena) : (struct octets){ 0 };
	c->until_out = f ? f->row.until_us : 0;
	if (f)
		answer_done(&c->base);
	else
		answer_refused(&c->base, STORE_NOT_FOUND, "no such fact");
}

void memory_fact(struct memory_store *m, struct store_request *r)
{
	struct store_fact *c = (struct store_fact *)r;
	const struct memory_fact *f = live_fact(m, c);
	unsigned at = find_fact(m, c->kind, c->key);

	if (r->operation == STORE_FACT_GET) {
		get_fact(m, c);
	} else if (r->operation == STORE_FACT_DELETE) {
		if (at < m->facts.count)
			memory_drop(&m->facts, at);
		answer_done(r);
	} else if (r->operation == STORE_FACT_PUT || (c->is_new ? !f : f && same(f->row.value, c->old))) {
		put_fact(m, c);
	} else if (f && same(f->row.value, c->value)) {
		answer_repeat(r);
	} else {
		answer_conflict(r, "another value stands there");
	}
}

static int by_key(const void *a, const void *b)
{
	const struct memory_fact *x = *(void *const *)a, *y = *(void *const *)b;

	return compare(x->row.key, y->row.key);
}

void memory_fact_scan(struct memory_store *m, struct store_request *r)
{
	struct store_fact_scan *c = (struct store_fact_scan *)r;
	struct store_fact_row **tail = &c->rows_out;

	if (m->facts.count > 1)
		qsort(m->facts.at, m->facts.count, sizeof(*m->facts.at), by_key);
	c->rows_out = NULL;
	c->rows_count_out = 0;
	for (unsigned i = 0; i < m->facts.count && c->rows_count_out < c->limit; i++) {
		const struct memory_fact *f = m->facts.at[i];
		struct text head = text_range(f->row.key.at, c->prefix.len);
		if (f->row.until_us <= m->now_us || !text_equal(f->kind, c->kind) || f->row.key.len < c->prefix.len ||
		    !text_equal(head, c->prefix) || (c->after.len && compare(f->row.key, c->after) <= 0))
			continue;
		struct store_fact_row *row = arena_copy(c->arena, &f->row, sizeof(*row));
		row->key = arena_text(c->arena, f->row.key);
		row->value = copy(f->row.value, c->arena);
		row->next = NULL;
		*tail = row;
		tail = &row->next;
		c->rows_count_out++;
	}
	answer_done(r);
}

static struct memory_outbox *find_outbox(const struct memory_store *m, const uint8_t id[16])
{
	for (unsigned i = 0; i < m->outbox.count; i++) {
		struct memory_outbox *o = m->outbox.at[i];
		if (!memcmp(o->row.id, id, sizeof(o->row.id)))
			return o;
	}
	return NULL;
}

void memory_outbox_put(struct memory_store *m, const struct store_outbox *o)
{
	if (find_outbox(m, o->id))
		return;
	struct memory_outbox *kept = memory_add(m, &m->outbox, sizeof(*kept));
	memcpy(kept->row.id, o->id, sizeof(o->id));
	kept->row.target = memory_text(m, o->target);
	kept->row.kind = memory_text(m, o->kind);
	kept->row.body = memory_octets(m, o->body);
	kept->row.due_us = o->due_us;
}

static bool is_due(const struct memory_store *m, const struct store_outbox_due *c, const struct memory_outbox *o)
{
	return !o->done_us && o->row.due_us <= m->now_us && (!c->target.len || text_equal(o->row.target, c->target));
}

void memory_outbox_due(struct memory_store *m, struct store_request *r)
{
	struct store_outbox_due *c = (struct store_outbox_due *)r;
	struct store_outbox_row **tail = &c->rows_out;
	int64_t at = INT64_MIN, next;

	c->rows_out = NULL;
	c->rows_count_out = 0;
	/* Oldest first: one pass per due time. */
	for (bool more = true; more && c->rows_count_out < c->limit; at = next) {
		more = false;
		next = INT64_MAX;
		for (unsigned i = 0; i < m->outbox.count; i++) {
			const struct memory_outbox *o = m->outbox.at[i];
			if (is_due(m, c, o) && o->row.due_us > at && o->row.due_us <= next) {
				next = o->row.due_us;
				more = true;
			}
		}
		for (unsigned i = 0; more && i < m->outbox.count && c->rows_count_out < c->limit; i++) {
			const struct memory_outbox *o = m->outbox.at[i];
			if (!is_due(m, c, o) || o->row.due_us != next)
				continue;
			struct store_outbox_row *row = arena_copy(c->arena, &o->row, sizeof(*row));
			row->target = arena_text(c->arena, row->target);
			row->kind = arena_text(c->arena, row->kind);
			row->body = copy(row->body, c->arena);
			*tail = row;
			tail = &row->next;
			c->rows_count_out++;
		}
	}
	answer_done(r);
}

void memory_outbox_end(struct memory_store *m, struct store_request *r)
{
	struct store_outbox_end *c = (struct store_outbox_end *)r;
	struct memory_outbox *o = find_outbox(m, c->id);
	bool done = r->operation == STORE_OUTBOX_DONE;

	if (!o) {
		answer_refused(r, STORE_NOT_FOUND, "no such row in the outbox");
	} else if (o->done_us) {
		if (done)
			answer_repeat(r);
		else
			answer_refused(r, STORE_ENDED, "the row is done");
	} else {
		if (done)
			o->done_us = m->now_us;
		else
			o->row.due_us = c->due_us;
		answer_done(r);
	}
}

void memory_cdr_put(struct memory_store *m, struct message_id delivery, uint8_t kind, struct text body)
{
	const struct digest_part parts[] = { { m->cdr_chain, sizeof(m->cdr_chain) }, { body.at, body.len } };
	uint8_t chain[DIGEST_SHA256_SIZE];
	uint16_t n = 0;

	if (!body.len)
		return;
	for (unsigned i = 0; i < m->cdrs.count; i++) {
		const struct store_cdr_row *c = m->cdrs.at[i];
		n = (uint16_t)(n + (message_id_equal(c->delivery, delivery) && c->kind == kind));
	}
	digest_sha256(parts, 2, chain);
	memcpy(m->cdr_chain, chain, sizeof(chain));
	struct store_cdr_row *row = memory_add(m, &m->cdrs, sizeof(*row));
	row->seq = ++m->cdr_seq;
	row->delivery = delivery;
	row->kind = kind;
	row->n = n;
	row->body = memory_text(m, body);
	memcpy(row->chain, chain, sizeof(chain));
	row->created_us = m->now_us;
}

void memory_cdr_next(struct memory_store *m, struct store_request *r)
{
	struct store_cdr_next *c = (struct store_cdr_next *)r;
	struct store_cdr_row **tail = &c->rows_out;

	c->rows_out = NULL;
	c->rows_count_out = 0;
	for (unsigned i = 0; i < m->cdrs.count && c->rows_count_out < c->limit; i++) {
		const struct store_cdr_row *kept = m->cdrs.at[i];
		if (kept->seq <= m->cdr_acknowledged)
			continue;
		struct store_cdr_row *row = arena_copy(c->arena, kept, sizeof(*row));
		row->body = arena_text(c->arena, kept->body);
		*tail = row;
		tail = &row->next;
		c->rows_count_out++;
	}
	answer_done(r);
}

void memory_cdr_ack(struct memory_store *m, struct store_request *r)
{
	struct store_cdr_ack *c = (struct store_cdr_ack *)r;

	if (c->seq > m->cdr_seq) {
		answer_refused(r, STORE_TOO_MUCH, "no record has that number yet");
	} else if (c->seq <= m->cdr_acknowledged) {
		answer_repeat(r);
	} else {
		m->cdr_acknowledged = c->seq;
		answer_done(r);
	}
}

void memory_fence(struct memory_store *m, struct store_request *r)
{
	struct store_fence *c = (struct store_fence *)r;
	struct memory_fence *fence = NULL;

	for (unsigned i = 0; i < m->fences.count && !fence; i++) {
		fence = m->fences.at[i];
		if (!text_equal(fence->name, c->name))
			fence = NULL;
	}
	if (!fence) {
		fence = memory_add(m, &m->fences, sizeof(*fence));
		fence->name = memory_text(m, c->name);
	}
	c->epoch_out = ++fence->epoch;
	answer_done(r);
}

static bool is_over(int64_t ended_us, int64_t keep_us, int64_t now_us)
{
	return keep_us > 0 && ended_us < now_us - keep_us;
}

/* When the last delivery of a message ended; INT64_MAX while one lives. `end_out`: the row behind them. */
static int64_t message_end(const struct memory_store *m, unsigned from, unsigned *end_out)
{
	struct message_id id = message_id_of_delivery(((struct memory_row *)m->rows.at[from])->row.id);
	int64_t ended = 0;

	for (*end_out = from; *end_out < m->rows.count; ++*end_out) {
		const struct store_row *row = &((struct memory_row *)m->rows.at[*end_out])->row;
		if (!message_id_equal(message_id_of_delivery(row->id), id))
			break;
		int64_t one = row->state == DELIVERY_FINISHED ? row->final_us : INT64_MAX;
		ended = one > ended ? one : ended;
	}
	return ended;
}

static unsigned prune_messages(struct memory_store *m, const struct store_retention *keep, unsigned limit)
{
	unsigned dropped = 0;

	for (unsigned i = 0, end; i < m->rows.count && dropped < limit; i = end) {
		int64_t ended = message_end(m, i, &end);
		struct memory_row *first = m->rows.at[i];
		if (is_over(ended, keep->message_us, m->now_us)) {
			for (; end > i; end--)
				memory_drop(&m->rows, i);
			dropped++;
		} else if (first->row.text.at && is_over(ended, keep->text_us, m->now_us)) {
			for (unsigned n = i; n < end; n++)
				((struct memory_row *)m->rows.at[n])->row.text = (struct text){ 0 };
			dropped++;
		}
	}
	return dropped;
}

static unsigned prune_list(struct memory_store *m, struct memory_list *list, unsigned limit,
			   bool (*may_go)(const struct memory_store *m, const void *thing, int64_t keep_us),
			   int64_t keep_us)
{
	unsigned dropped = 0;

	for (unsigned i = 0; i < list->count && dropped < limit && keep_us > 0;) {
		if (may_go(m, list->at[i], keep_us)) {
			memory_drop(list, i);
			dropped++;
		} else {
			i++;
		}
	}
	return dropped;
}

static bool idem_goes(const struct memory_store *m, const void *thing, int64_t keep_us)
{
	return is_over(((const struct memory_idem *)thing)->created_us, keep_us, m->now_us);
}

static bool cdr_goes(const struct memory_store *m, const void *thing, int64_t keep_us)
{
	const struct store_cdr_row *c = thing;

	return c->seq <= m->cdr_acknowledged && c->seq < m->cdr_seq && is_over(c->created_us, keep_us, m->now_us);
}

static bool outbox_goes(const struct memory_store *m, const void *thing, int64_t keep_us)
{
	const struct memory_outbox *o = thing;

	return o->done_us && is_over(o->done_us, keep_us, m->now_us);
}

static bool wire_goes(const struct memory_store *m, const void *thing, int64_t keep_us)
{
	return is_over(((const struct memory_wire *)thing)->until_us, keep_us, m->now_us);
}

static bool fact_goes(const struct memory_store *m, const void *thing, int64_t keep_us)
{
	(void)keep_us;
	return ((const struct memory_fact *)thing)->row.until_us <= m->now_us - 1;
}

void memory_prune(struct memory_store *m, struct store_request *r)
{
	struct store_prune *c = (struct store_prune *)r;

	c->dropped_out = prune_messages(m, &c->keep, c->limit);
	c->dropped_out += prune_list(m, &m->idem, c->limit, idem_goes, c->keep.idem_us);
	c->dropped_out += prune_list(m, &m->cdrs, c->limit, cdr_goes, c->keep.cdr_us);
	c->dropped_out += prune_list(m, &m->outbox, c->limit, outbox_goes, c->keep.outbox_us);
	c->dropped_out += prune_list(m, &m->wires, c->limit, wire_goes, 1);
	c->dropped_out += prune_list(m, &m->facts, c->limit, fact_goes, 1);
	answer_done(r);
}
