/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lists of screening as facts of the store, read at start; messages wait for that. */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "core/base/log.h"
#include "core/queue_screen_internal.h"

#define LOAD_ROWS 5000u /* of one read */
#define LOAD_AGAIN_US USEC_PER_SEC
#define FOR_EVER INT64_MAX
#define VALUE_VERSION 1u
#define VALUE_STARTED 1u
#define VALUE_BY_PHONE 2u

/* --- an opt-out as a fact
 *
 *	key:    account LF recipient LF sender, both folded, so that a list comes by account and number
 *	value:  version u8 (1) | flags u8 | time u64 | recipient, sender: length u16 and octets, as they were said
 * ----------------------------------------------------------------------------------------------------------------- */

struct text screen_fact_key(struct arena *arena, struct text account, struct text recipient, struct text sender)
{
	char *room = arena_alloc(arena, OPTOUT_KEY_MAX);
	struct writer w = writer_of(room, OPTOUT_KEY_MAX);

	writer_text(&w, account);
	writer_u8(&w, '\n');
	screen_fold(recipient, &w);
	writer_u8(&w, '\n');
	screen_fold(sender, &w);
	return text_range(room, writer_ok(&w) ? writer_len(&w) : 0);
}

static void put_text(struct writer *w, struct text t)
{
	size_t mark = writer_mark(w, 2);

	writer_text(w, t);
	writer_fill_u16(w, mark);
}

static struct text take_text(struct reader *r)
{
	uint16_t n = reader_u16(r);
	const uint8_t *at = reader_take(r, n);

	return text_range((const char *)at, at ? n : 0);
}

void screen_fact(struct arena *arena, struct text account, struct text recipient, const struct optout *o,
		 struct store_fact *out)
{
	uint8_t *room = arena_alloc(arena, OPTOUT_VALUE_MAX);
	struct writer w = writer_of(room, OPTOUT_VALUE_MAX);

	writer_u8(&w, VALUE_VERSION);
	writer_u8(&w, (uint8_t)((o->started ? VALUE_STARTED : 0) | (o->by_phone ? VALUE_BY_PHONE : 0)));
	writer_u64(&w, (uint64_t)o->at_us);
	put_text(&w, recipient);
	put_text(&w, o->sender);
	*out = (struct store_fact){ .arena = arena,
				    .kind = OPTOUT_KIND,
				    .key = screen_fact_key(arena, account, recipient, o->sender),
				    .value = { room, writer_len(&w) },
				    .until_us = o->started ? o->at_us + OPTOUT_KEEP_START_US : FOR_EVER };
}

bool screen_fact_read(const struct store_fact_row *row, struct screen_fact_view *out)
{
	struct reader r = reader_of(row->value.at, row->value.len);
	struct text key = row->key;

	*out = (struct screen_fact_view){ 0 };
	if (!text_split(&key, '\n', &out->account) || reader_u8(&r) != VALUE_VERSION)
		return false;
	uint8_t flags = reader_u8(&r);
	uint64_t at = reader_u64(&r);
	out->recipient = take_text(&r);
	out->sender = take_text(&r);
	out->at_us = (int64_t)at;
	out->started = flags & VALUE_STARTED;
	out->by_phone = flags & VALUE_BY_PHONE;
	return reader_done(&r);
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

struct load_job {
	struct queue *queue;
	struct holder *holder;
	struct store_fact_scan scan;
};

static void take_optout(struct queue_screen *s, const struct store_fact_row *row)
{
	struct screen_fact_view v;

	if (!screen_fact_read(row, &v)) {
		LOGE(LOG_CORE, NULL, "an opt-out of the store cannot be read: it does not count");
		return;
	}
	struct optout *o = screen_add(s, v.account, v.recipient, v.sender);
	o->at_us = v.at_us;
	o->started = v.started;
	o->by_phone = v.by_phone;
	o->durable = true;
}

static void take_recent(struct queue_screen *s, const struct store_fact_row *row)
{
	struct message_id id;
	uint8_t key[16];
	int64_t at_us;

	if (screen_recent_read(row, key, &id, &at_us))
		screen_recent_add(s, key, id, at_us);
}

static void load_again(void *owner)
{
	screen_load(owner);
}

static void release_waiters(struct queue *q)
{
	struct screen_waiter *w = q->screen->waiters, *next;

	q->screen->waiters = NULL;
	q->screen->waiters_end = &q->screen->waiters;
	for (; w; w = next) {
		next = w->next;
		w->then(w->owner);
		free(w);
	}
}

static void ask_rows(struct queue *q, struct text kind, struct text after);

static void got_rows(struct store_request *r)
{
	struct load_job *j = r->owner;
	struct queue *q = j->queue;
	bool optouts = text_equal(j->scan.kind, OPTOUT_KIND);
	struct text last = { 0 };

	queue_asked_done(q);
	if (r->answer != STORE_DONE) {
		counter_add(q->screen->count.store_errors, 1);
		q->screen->state = SCREEN_NOT_LOADED;
		if (!q->stopping)
			loop_timer_start(q->loop, &q->screen->again, LOAD_AGAIN_US, load_again, q);
		queue_release_holder(q, &j->holder);
		return;
	}
	for (const struct store_fact_row *row = j->scan.rows_out; row; row = row->next) {
		if (optouts)
			take_optout(q->screen, row);
		else
			take_recent(q->screen, row);
		last = row->key;
	}
	if (q->stopping) {
		queue_release_holder(q, &j->holder);
		return;
	}
	if (j->scan.rows_count_out == LOAD_ROWS) {
		ask_rows(q, j->scan.kind, last);
	} else if (optouts) {
		ask_rows(q, RECENT_KIND, (struct text){ 0 });
	} else {
		q->screen->state = SCREEN_LOADED;
		release_waiters(q);
	}
	queue_release_holder(q, &j->holder);
}

static void ask_rows(struct queue *q, struct text kind, struct text after)
{
	struct holder *h = queue_holder(q);
	struct load_job *j = arena_alloc(h->arena, sizeof(*j));

	j->queue = q;
	j->holder = h;
	j->scan.arena = h->arena;
	j->scan.kind = kind;
	j->scan.after = arena_text(h->arena, after);
	j->scan.limit = LOAD_ROWS;
	queue_ask_store(q, &j->scan.base, STORE_FACT_SCAN, got_rows, j);
}

void screen_load(struct queue *q)
{
	q->screen->state = SCREEN_LOADING;
	ask_rows(q, OPTOUT_KIND, (struct text){ 0 });
}

void queue_screen_when_ready(struct queue *q, void (*then)(void *owner), void (*gone)(void *owner), void *owner)
{
	struct queue_screen *s = q->screen;

	if (s->state == SCREEN_LOADED) {
		then(owner);
		return;
	}
	struct screen_waiter *w = must_alloc(sizeof(*w));
	*w = (struct screen_waiter){ .then = then, .gone = gone, .owner = owner };
	*s->waiters_end = w;
	s->waiters_end = &w->next;
}
