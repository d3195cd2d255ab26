/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sessions that are open, and what they add up to: doubts of each payer, exposure of each payer and currency. */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/queue_online_internal.h"

struct online_session *online_find(const struct queue *q, struct message_id id)
{
	return q->online ? (struct online_session *)flight_find(&q->online->sessions, id.octets) : NULL;
}

static struct text keep(struct writer *w, struct text t)
{
	char *at = (char *)w->at;

	writer_text(w, t);
	return text_range(at, t.len);
}

struct online_session *online_session_new(struct online *o, const struct online_session *from)
{
	size_t room = from->session.len + from->subscriber.len + from->sender.len + from->recipient.len;
	struct online_session *s = must_alloc(sizeof(*s) + room + 1);
	struct writer w = writer_of(s + 1, room + 1);

	*s = *from;
	s->queue = o->queue;
	s->session = keep(&w, from->session);
	s->subscriber = keep(&w, from->subscriber);
	s->sender = keep(&w, from->sender);
	s->recipient = keep(&w, from->recipient);
	memcpy(s->node.key, s->id.octets, MESSAGE_ID_SIZE);
	flight_add(&o->sessions, &s->node);
	counter_set(o->open, o->sessions.count);
	return s;
}

void online_session_remove(struct online_session *s)
{
	struct online *o = s->queue->online;

	online_set_doubt(s, false);
	online_set_buffered(s, false);
	flight_remove(&o->sessions, &s->node);
	counter_set(o->open, o->sessions.count);
	free(s);
}

uint32_t online_end_to_end(struct online *o)
{
	/* RFC 6733 3: 12 bits of time, 20 that differ, also over a restart. */
	uint32_t seconds = (uint32_t)(store_now(o->queue->store) / USEC_PER_SEC);

	return (seconds & 0xfffu) << 20 | (o->next_end++ & 0xfffffu);
}

struct online_payer *online_payer_of(struct online *o, const uint8_t id[16])
{
	struct online_payer *p = (struct online_payer *)flight_find(&o->payers, id);

	if (p)
		return p;
	p = must_alloc(sizeof(*p));
	memcpy(p->node.key, id, sizeof(p->node.key));
	flight_add(&o->payers, &p->node);
	return p;
}

/* NULL: more currencies than anybody has. */
static struct online_currency *currency_of(struct online *o, const char currency[CHARGE_CURRENCY_SIZE])
{
	for (unsigned i = 0; i < ONLINE_CURRENCIES; i++) {
		struct online_currency *c = &o->currencies[i];
		if (!c->currency[0])
			memcpy(c->currency, currency, CHARGE_CURRENCY_SIZE);
		if (!memcmp(c->currency, currency, CHARGE_CURRENCY_SIZE))
			return c;
	}
	return NULL;
}

void online_set_doubt(struct online_session *s, bool doubt)
{
	struct online *o = s->queue->online;

	if (s->doubt == doubt)
		return;
	s->doubt = doubt;
	online_payer_of(o, s->payer)->doubts += doubt ? 1u : -1u;
	o->doubts += doubt ? 1 : -1;
	counter_set(o->in_doubt, o->doubts); /* the page outlives a process: never added to */
}

void online_set_buffered(struct online_session *s, bool buffered)
{
	struct online *o = s->queue->online;
	int64_t amount = buffered ? s->amount : -s->amount;
	struct online_currency *c = currency_of(o, s->currency);

	if (s->buffered == buffered)
		return;
	s->buffered = buffered;
	online_payer_of(o, s->payer)->exposure += amount;
	if (c)
		c->exposure += amount;
	o->exposure_sum += amount;
	counter_set(o->exposure, o->exposure_sum);
}

/* B20: within both limits, and never a sum that cannot be told. */
bool online_may_buffer(struct online *o, const uint8_t payer[16], const char *currency, int64_t amount)
{
	const struct online_currency *c = currency_of(o, currency);

	if (!o->rules.buffer || !c || amount > o->rules.exposure_payer)
		return false;
	return online_payer_of(o, payer)->exposure <= o->rules.exposure_payer - amount &&
	       c->exposure <= o->rules.exposure_all - amount;
}
