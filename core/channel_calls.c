/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls by number, open addressing. */
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/channel_internal.h"

static void pending_put(struct pending *table, uint32_t size, struct pending p)
{
	uint32_t at = p.call & (size - 1);

	while (table[at].call)
		at = (at + 1) & (size - 1);
	table[at] = p;
}

uint32_t channel_new_call(struct channel *c)
{
	if (!++c->last_call)
		c->last_call = 1;
	return c->last_call;
}

static uint32_t pending_add(struct channel *c, enum pending_kind kind, struct offer *offer)
{
	if (c->pending_count * 2 >= c->pending_size) {
		struct pending *bigger = must_alloc(2 * c->pending_size * sizeof(*bigger));
		for (uint32_t i = 0; i < c->pending_size; i++) {
			if (c->pending[i].call)
				pending_put(bigger, 2 * c->pending_size, c->pending[i]);
		}
		free(c->pending);
		c->pending = bigger;
		c->pending_size *= 2;
	}
	struct pending p = { channel_new_call(c), kind, offer };
	pending_put(c->pending, c->pending_size, p);
	c->pending_count++;
	return p.call;
}

uint32_t channel_pending_add(struct channel *c, enum pending_kind kind)
{
	return pending_add(c, kind, NULL);
}

/* Takes the call out; its followers move up. */
enum pending_kind channel_pending_take(struct channel *c, uint32_t call)
{
	uint32_t mask = c->pending_size - 1, gap = call & mask;

	while (c->pending[gap].call != call) {
		if (!c->pending[gap].call)
			return PENDING_NONE;
		gap = (gap + 1) & mask;
	}
	enum pending_kind kind = c->pending[gap].kind;
	free(c->pending[gap].offer);
	c->pending[gap] = (struct pending){ 0 };
	c->pending_count--;
	for (uint32_t at = (gap + 1) & mask; c->pending[at].call; at = (at + 1) & mask) {
		uint32_t home = c->pending[at].call & mask;
		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		c->pending[gap] = c->pending[at];
		c->pending[at] = (struct pending){ 0 };
		gap = at;
	}
	return kind;
}

static void channel_call_lost(struct channel *c, struct pending p)
{
	static const struct ipc_answer no_answer = { .result = ERR_UNKNOWN };
	static const struct ipc_file_answer no_file = { .result = ERR_UNKNOWN,
							.why = { "the queue was lost meanwhile", 28 } };

	if (p.kind == PENDING_REPORT && c->handler->reported)
		c->handler->reported(c->owner, p.call, false);
	else if (p.kind == PENDING_ASK && c->handler->answer)
		c->handler->answer(c->owner, p.call, &no_answer);
	else if (p.kind == PENDING_FILE && c->handler->file)
		c->handler->file(c->owner, p.call, &no_file, -1);
}

static struct offer *offer_new(uint16_t type, size_t room, struct writer *w)
{
	struct offer *o = must_alloc(sizeof(*o) + room);

	o->type = type;
	*w = writer_of(o->body, room);
	return o;
}

static void say_offer(struct channel *c, uint32_t call, const struct offer *o)
{
	struct writer *w = ipc_begin(c->ipc, o->type, call, o->len);

	writer_bytes(w, o->body, o->len);
	channel_wrote(c, ipc_end(c->ipc));
}

static uint32_t make_offer(struct channel *c, struct offer *o, const struct writer *w)
{
	if (!writer_ok(w)) {
		LOGE(LOG_CORE, c->incarnation, "a message was too large for its record");
		free(o);
		return 0;
	}
	o->len = writer_len(w);
	uint32_t call = pending_add(c, PENDING_OFFER, o);
	say_offer(c, call, o);
	return call;
}

uint32_t channel_accept(struct channel *c, const struct ipc_accept *accept)
{
	struct ipc_accept a = *accept;
	struct writer w;

	if (!channel_ready(c))
		return 0;
	if (!message_id_time(a.id))
		a.id = message_id_new(clock_now());
	struct offer *o = offer_new(IPC_ACCEPT, 48 + a.header.len + a.body.len + a.key.len + a.recipients.len, &w);
	ipc_put_accept(&w, &a);
	return make_offer(c, o, &w);
}

uint32_t channel_part(struct channel *c, const struct ipc_part *part)
{
	struct ipc_part p = *part;
	struct writer w;

	if (!channel_ready(c))
		return 0;
	if (!message_id_time(p.id))
		p.id = message_id_new(clock_now());
	struct offer *o = offer_new(IPC_PART, 80 + p.header.len + p.body.len + p.recipient.len + p.peer.len, &w);
	ipc_put_part(&w, &p);
	return make_offer(c, o, &w);
}

uint32_t channel_report(struct channel *c, const struct ipc_report *r)
{
	if (!channel_ready(c))
		return 0;
	uint32_t call = pending_add(c, PENDING_REPORT, NULL);
	size_t room = 64 + r->peer.len + r->forms.len + r->detail.len;
	ipc_put_report(ipc_begin(c->ipc, IPC_REPORT, call, room), r);
	channel_wrote(c, ipc_end(c->ipc));
	return call;
}

uint32_t channel_ask(struct channel *c, const struct ipc_ask *a)
{
	if (!channel_ready(c))
		return 0;
	uint32_t call = pending_add(c, PENDING_ASK, NULL);
	const struct ipc_accept *in = &a->accept;
	size_t room = 128 + a->account.len + in->header.len + in->body.len + in->key.len + in->recipients.len;
	ipc_put_ask(ipc_begin(c->ipc, IPC_ASK, call, room), a);
	channel_wrote(c, ipc_end(c->ipc));
	return call;
}

/* What was offered stays, and is offered again; the rest is told. */
void channel_lost(struct channel *c)
{
	struct pending *old = c->pending;
	uint32_t size = c->pending_size;

	c->ipc = NULL;
	c->pending = must_alloc(size * sizeof(*c->pending));
	c->pending_count = 0;
	for (uint32_t i = 0; i < size; i++) {
		if (old[i].kind != PENDING_OFFER || !old[i].call)
			continue;
		pending_put(c->pending, size, old[i]);
		c->pending_count++;
	}
	for (uint32_t i = 0; i < size; i++) {
		if (old[i].call && old[i].kind != PENDING_OFFER)
			channel_call_lost(c, old[i]);
	}
	free(old);
}

static int by_call(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	return (x->call > y->call) - (x->call < y->call);
}

/* In the order in which they came. */
void channel_offer_all(struct channel *c)
{
	struct pending *all = must_alloc(c->pending_count * sizeof(*all));
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->pending_size; i++) {
		if (c->pending[i].call && c->pending[i].kind == PENDING_OFFER)
			all[n++] = c->pending[i];
	}
	qsort(all, n, sizeof(*all), by_call);
	for (uint32_t i = 0; i < n; i++)
		say_offer(c, all[i].call, all[i].offer);
	free(all);
}
