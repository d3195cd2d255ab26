/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sessions as facts of the store, kind "credit", key = the delivery's id.
 *
 *	version u8 = 1 | state u8 | flags u8: 1 buffered, 2 ended, 4 paid on delivery | end-to-end u32
 *	units u64 | used u64 | amount u64 | accepted u64 | valid until u64 | expires u64 | payer 16 octets
 *	currency 4 octets | session, subscriber, sender, recipient: u16 length and octets
 */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_online_internal.h"

#define FACT_KIND TEXT_LITERAL("credit")
#define VERSION 1u
#define BUFFERED 1u
#define ENDED 2u
#define ON_DELIVERY 4u
#define KEEP_US (90 * 86400 * USEC_PER_SEC) /* beyond the message's end, where the other side never answers */

struct online_write {
	struct queue *queue;
	struct holder *holder;
	struct message_id id;
	uint32_t end_to_end;
	union {
		struct store_request base;
		struct store_fact fact;
		struct store_fact_scan scan;
	} request;
};

static struct online_write *write_new(struct queue *q)
{
	struct holder *h = queue_holder(q);
	struct online_write *w = arena_alloc(h->arena, sizeof(*w));

	w->queue = q;
	w->holder = h;
	return w;
}

static void write_end(struct online_write *w)
{
	struct holder *h = w->holder;

	queue_asked_done(w->queue);
	queue_release_holder(w->queue, &h);
}

static void put_session(struct writer *w, const struct online_session *s)
{
	writer_u8(w, VERSION);
	writer_u8(w, (uint8_t)(s->state == ONLINE_DENIED ? ONLINE_ASKED : s->state));
	writer_u8(w, (uint8_t)((s->buffered ? BUFFERED : 0u) | (s->ended ? ENDED : 0u) |
			       (s->on_delivery ? ON_DELIVERY : 0u)));
	writer_u32(w, s->end_to_end);
	writer_u64(w, s->units);
	writer_u64(w, s->used);
	writer_u64(w, (uint64_t)s->amount);
	writer_u64(w, (uint64_t)s->at_us);
	writer_u64(w, (uint64_t)s->valid_until_us);
	writer_u64(w, (uint64_t)s->expires_us);
	writer_bytes(w, s->payer, sizeof(s->payer));
	writer_bytes(w, s->currency, sizeof(s->currency));
	ipc_put_text(w, s->session);
	ipc_put_text(w, s->subscriber);
	ipc_put_text(w, s->sender);
	ipc_put_text(w, s->recipient);
}

static bool get_session(struct octets value, struct online_session *s)
{
	struct reader r = reader_of(value.at, value.len);
	uint8_t version = reader_u8(&r), state = reader_u8(&r), flags = reader_u8(&r);

	s->state = (enum online_state)state;
	s->buffered = flags & BUFFERED;
	s->ended = flags & ENDED;
	s->on_delivery = flags & ON_DELIVERY;
	s->end_to_end = reader_u32(&r);
	s->units = reader_u64(&r);
	s->used = reader_u64(&r);
	s->amount = (int64_t)reader_u64(&r);
	s->at_us = (int64_t)reader_u64(&r);
	s->valid_until_us = (int64_t)reader_u64(&r);
	s->expires_us = (int64_t)reader_u64(&r);
	reader_copy(&r, s->payer, sizeof(s->payer));
	reader_copy(&r, s->currency, sizeof(s->currency));
	s->currency[sizeof(s->currency) - 1] = 0;
	s->session = ipc_get_text(&r, CREDIT_SESSION_MAX);
	s->subscriber = ipc_get_text(&r, CREDIT_TEXT_MAX);
	s->sender = ipc_get_text(&r, CREDIT_TEXT_MAX);
	s->recipient = ipc_get_text(&r, CREDIT_TEXT_MAX);
	return reader_done(&r) && version == VERSION && state < ONLINE_GONE && s->session.len && s->amount >= 0 &&
	       s->amount <= STORE_AMOUNT_MAX;
}

static struct text key_of(struct arena *arena, struct message_id id)
{
	char *room = arena_alloc(arena, MESSAGE_ID_TEXT_SIZE);

	return text_of(message_id_text(id, room));
}

/* --- writing -------------------------------------------------------------------------------------------------- */

static void follow(struct online_session *s)
{
	enum online_then then = s->then;

	s->then = THEN_NOTHING;
	if (then == THEN_ASK)
		online_ask(s);
	else if (then == THEN_GO)
		online_go(s);
}

static void written(struct store_request *r)
{
	struct online_write *w = r->owner;
	struct online_session *s = online_find(w->queue, w->id);
	bool good = r->answer == STORE_DONE || r->answer == STORE_REPEAT;

	counter_add(w->queue->count.store_errors, !good);
	write_end(w);
	if (!s || s->end_to_end != w->end_to_end)
		return;
	s->writing = false;
	if (good)
		follow(s);
	else
		s->dirty = true;
}

void online_save(struct online_session *s, enum online_then then)
{
	struct queue *q = s->queue;
	struct online_write *w = write_new(q);
	uint8_t *room = arena_alloc(w->holder->arena, ONLINE_FACT_MAX);
	struct writer value = writer_of(room, ONLINE_FACT_MAX);
	struct store_fact *f = &w->request.fact;

	if (then != THEN_NOTHING)
		s->then = then;
	s->writing = true;
	s->dirty = false;
	put_session(&value, s);
	w->id = s->id;
	w->end_to_end = s->end_to_end;
	f->arena = w->holder->arena;
	f->kind = FACT_KIND;
	f->key = key_of(f->arena, s->id);
	f->value = (struct octets){ room, writer_ok(&value) ? writer_len(&value) : 0 };
	f->until_us = s->expires_us + KEEP_US;
	queue_ask_store(q, &f->base, STORE_FACT_PUT, written, w);
}

static void deleted(struct store_request *r)
{
	struct online_write *w = r->owner;
	struct online_session *s = online_find(w->queue, w->id);
	bool good = !queue_not_written(r);

	write_end(w);
	if (!s || s->state != ONLINE_GONE)
		return;
	if (good)
		online_session_remove(s);
	else
		s->dirty = true;
}

void online_delete(struct online_session *s)
{
	struct online_write *w = write_new(s->queue);
	struct store_fact *f = &w->request.fact;

	online_set_doubt(s, false);
	online_set_buffered(s, false);
	s->state = ONLINE_GONE;
	s->then = THEN_NOTHING;
	s->dirty = false;
	w->id = s->id;
	f->arena = w->holder->arena;
	f->kind = FACT_KIND;
	f->key = key_of(f->arena, s->id);
	queue_ask_store(s->queue, &f->base, STORE_FACT_DELETE, deleted, w);
}

/* --- at start ------------------------------------------------------------------------------------------------- */

static void take_row(struct online *o, const struct store_fact_row *row)
{
	struct online_session read = { .queue = o->queue };

	if (!message_id_parse(row->key, &read.id) || !get_session(row->value, &read)) {
		LOGE(LOG_CORE, NULL, "a session with the charging system cannot be read and is passed over");
		return;
	}
	bool buffered = read.buffered;
	read.buffered = false;
	struct online_session *s = online_session_new(o, &read);
	s->again = true;
	online_set_buffered(s, buffered);
	online_set_doubt(s, s->state == ONLINE_ASKED);
}

static void loaded(struct store_request *r)
{
	struct online_write *w = r->owner;
	struct online *o = w->queue->online;
	struct store_fact_scan *scan = &w->request.scan;

	o->loading = false;
	o->loaded = r->answer == STORE_DONE; /* else the clockwork asks again */
	for (struct store_fact_row *row = o->loaded ? scan->rows_out : NULL; row; row = row->next)
		take_row(o, row);
	if (o->loaded && scan->rows_count_out)
		LOGN(LOG_CORE, NULL, "%u sessions with the charging system are open", scan->rows_count_out);
	write_end(w);
}

void online_load(struct online *o)
{
	if (o->loaded || o->loading)
		return;
	struct online_write *w = write_new(o->queue);
	struct store_fact_scan *scan = &w->request.scan;

	o->loading = true;
	scan->arena = w->holder->arena;
	scan->kind = FACT_KIND;
	scan->limit = ONLINE_FACTS_MAX;
	queue_ask_store(o->queue, &scan->base, STORE_FACT_SCAN, loaded, w);
}
