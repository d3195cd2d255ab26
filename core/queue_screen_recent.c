/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What went out a moment ago: in memory from its accept on, as a fact once it is committed. */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "core/net/digest.h"
#include "core/queue_screen_internal.h"

#define VALUE_SIZE (MESSAGE_ID_SIZE + 8u)

/* All that the recipient would see of it. */
void screen_recent_key(const struct message *m, struct text recipient, uint8_t key[16])
{
	char folded[MESSAGE_ADDRESS_MAX];
	uint8_t digest[DIGEST_SHA256_SIZE], content = (uint8_t)m->content;
	struct writer w = writer_of(folded, sizeof(folded));

	screen_fold(recipient, &w);
	struct digest_part parts[] = { { m->account.at, m->account.len },
				       { "\n", 1 },
				       { m->sender.at, m->sender.len },
				       { "\n", 1 },
				       { folded, writer_len(&w) },
				       { "\n", 1 },
				       { &content, 1 },
				       { m->udh.at, m->udh.len },
				       { "\n", 1 },
				       { m->files.at, m->files.len },
				       { "\n", 1 },
				       { m->body.at, m->body.len } };
	digest_sha256(parts, sizeof(parts) / sizeof(parts[0]), digest);
	memcpy(key, digest, 16);
}

const struct recent *screen_recent(const struct queue_screen *s, const uint8_t key[16])
{
	return (struct recent *)flight_find(&s->recents, key);
}

static void unlink_recent(struct queue_screen *s, struct recent *r)
{
	if (r->older)
		r->older->newer = r->newer;
	else
		s->oldest = r->newer;
	if (r->newer)
		r->newer->older = r->older;
	else
		s->newest = r->older;
}

static void link_newest(struct queue_screen *s, struct recent *r)
{
	r->older = s->newest;
	r->newer = NULL;
	if (s->newest)
		s->newest->newer = r;
	else
		s->oldest = r;
	s->newest = r;
}

static void drop(struct queue_screen *s, struct recent *r)
{
	unlink_recent(s, r);
	flight_remove(&s->recents, &r->node);
	free(r);
	counter_set(s->count.remembered, s->recents.count);
}

/* Windows are days at most: older ones make room by themselves. */
static void make_room(struct queue_screen *s, int64_t now_us)
{
	while (s->oldest && now_us - s->oldest->at_us > SCREEN_WINDOW_MAX_US)
		drop(s, s->oldest);
	while (s->oldest && s->recents.count >= s->recents_max) {
		counter_add(s->count.evicted, 1);
		drop(s, s->oldest);
	}
}

void screen_recent_add(struct queue_screen *s, const uint8_t key[16], struct message_id id, int64_t at_us)
{
	struct recent *r = (struct recent *)flight_find(&s->recents, key);

	if (!r) {
		make_room(s, at_us);
		r = must_alloc(sizeof(*r));
		memcpy(r->node.key, key, 16);
		flight_add(&s->recents, &r->node);
	} else {
		unlink_recent(s, r);
	}
	r->id = id;
	r->at_us = at_us;
	link_newest(s, r);
	counter_set(s->count.remembered, s->recents.count);
}

void screen_recent_clear(struct queue_screen *s)
{
	while (s->oldest)
		drop(s, s->oldest);
}

/* --- as facts: key: 32 hexadecimal digits, value: message id, time u64 -------------------------------------------- */

struct keep_job {
	struct queue *queue;
	struct holder *holder;
	struct store_fact fact;
};

static void kept(struct store_request *r)
{
	struct keep_job *j = r->owner;

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE && r->answer != STORE_REPEAT)
		counter_add(j->queue->screen->count.store_errors, 1);
	queue_release_holder(j->queue, &j->holder);
}

static void keep(struct queue *q, const struct recent *recent, int64_t window_us)
{
	struct holder *h = queue_holder(q);
	struct keep_job *j = arena_alloc(h->arena, sizeof(*j));
	uint8_t *value = arena_alloc(h->arena, VALUE_SIZE);
	char *key = arena_alloc(h->arena, 33);
	struct writer v = writer_of(value, VALUE_SIZE), k = writer_of(key, 33);

	writer_bytes(&v, recent->id.octets, MESSAGE_ID_SIZE);
	writer_u64(&v, (uint64_t)recent->at_us);
	hex_put(&k, recent->node.key, sizeof(recent->node.key));
	j->queue = q;
	j->holder = h;
	j->fact = (struct store_fact){ .arena = h->arena,
				       .kind = RECENT_KIND,
				       .key = { key, writer_len(&k) },
				       .value = { value, writer_len(&v) },
				       .until_us = recent->at_us + window_us };
	queue_ask_store(q, &j->fact.base, STORE_FACT_PUT, kept, j);
}

bool screen_recent_read(const struct store_fact_row *row, uint8_t key[16], struct message_id *id, int64_t *at_us)
{
	struct reader r = reader_of(row->value.at, row->value.len);
	struct writer w = writer_of(key, 16);

	reader_copy(&r, id->octets, MESSAGE_ID_SIZE);
	uint64_t at = reader_u64(&r);
	*at_us = (int64_t)at;
	return reader_done(&r) && hex_take(row->key, &w) == OK && writer_len(&w) == 16;
}

/* Read from the store: rows that were there before, for a repeated STOP, were not written and are not sent again. */
static void send_events(struct queue *q, const struct store_accept *accept)
{
	for (unsigned i = 0; i < accept->outbox_count; i++) {
		struct link *l = queue_link_get(q, accept->outbox[i].target);
		l->outbox_waiting = true;
		queue_outbox_fetch(q, l);
	}
}

void queue_screen_settle(struct queue *q, const struct message *m, const struct store_accept *accept, bool committed)
{
	struct queue_screen *s = q->screen;
	const struct screen_account *a = screen_account(s, m->account);

	if (committed && !q->stopping)
		send_events(q, accept);
	if (!a || !a->window_us || !s->recents.count)
		return;
	for (unsigned i = 0; i < accept->deliveries_count; i++) {
		uint8_t key[16];
		screen_recent_key(m, accept->deliveries[i].recipient, key);
		struct recent *r = (struct recent *)flight_find(&s->recents, key);
		if (!r || !message_id_equal(r->id, accept->id))
			continue;
		if (!committed)
			drop(s, r);
		else if (!q->stopping)
			keep(q, r, a->window_us);
	}
}
