/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is in hand lies in one table by delivery id; results wait in it until their RESULT_DONE. */
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/channel_internal.h"

void channel_free_hand(void *owner, struct flight_node *node)
{
	struct hand *h = (struct hand *)node;

	(void)owner;
	free(h->body);
	free(h);
}

static void results_grow(struct channel *c)
{
	uint32_t size = c->results_size * 2;
	struct hand **bigger = must_alloc(size * sizeof(struct hand *));

	for (uint32_t i = 0; i < c->results_size; i++) {
		if (c->results[i])
			bigger[c->results[i]->call & (size - 1)] = c->results[i];
	}
	free(c->results);
	c->results = bigger;
	c->results_size = size;
}

/* A call number whose place is free: calls are counted up, so that the place of a new one is free unless very many
 * results wait. */
static void results_put(struct channel *c, struct hand *h)
{
	if (c->answered * 2 >= c->results_size)
		results_grow(c);
	do {
		h->call = channel_new_call(c);
	} while (c->results[h->call & (c->results_size - 1)]);
	c->results[h->call & (c->results_size - 1)] = h;
}

static void offer_result(struct channel *c, const struct hand *h)
{
	if (!c->ipc)
		return;
	struct writer *w = ipc_begin(c->ipc, IPC_RESULT, h->call, h->len);
	writer_bytes(w, h->body, h->len);
	channel_wrote(c, ipc_end(c->ipc));
}

void channel_result(struct channel *c, const struct ipc_result *result)
{
	struct hand *h = (struct hand *)flight_find(&c->hands, result->id.octets);
	struct ipc_result r = *result;

	if (!h || h->answered)
		return;
	r.epoch = h->epoch;
	size_t room = 64 + r.link.len + r.detail.len + r.wires.len;
	h->body = must_alloc(room);
	struct writer w = writer_of(h->body, room);
	ipc_put_result(&w, &r);
	if (!writer_ok(&w))
		log_fatal(LOG_CORE, "a result was too large for its record");
	h->len = writer_len(&w);
	h->answered = true;
	results_put(c, h);
	c->answered++;
	offer_result(c, h);
}

bool channel_result_done(struct channel *c, uint32_t call)
{
	struct hand *h = c->results[call & (c->results_size - 1)];

	if (!h || h->call != call)
		return true; /* acknowledged twice */
	c->results[call & (c->results_size - 1)] = NULL;
	c->answered--;
	flight_remove(&c->hands, &h->node);
	channel_free_hand(NULL, &h->node);
	return true;
}

bool channel_deliver(struct channel *c, struct ipc_record *record)
{
	struct ipc_deliver d;

	if (!ipc_get_deliver(&record->body, &d))
		return false;
	struct hand *h = (struct hand *)flight_find(&c->hands, d.id.octets);
	if (h && !h->answered) {
		h->epoch = d.epoch; /* its result counts for the new lease */
		if (h->sending)
			channel_sending(c, &d.id, 1);
		return true;
	}
	if (h) /* the result that waits is of an older lease: this is another try */
		channel_result_done(c, h->call);
	h = must_alloc(sizeof(*h));
	memcpy(h->node.key, d.id.octets, MESSAGE_ID_SIZE);
	h->epoch = d.epoch;
	flight_add(&c->hands, &h->node);
	c->handler->deliver(c->owner, &d);
	return true;
}

bool channel_in_hand(const struct channel *c, struct message_id id)
{
	const struct hand *h = (const struct hand *)flight_find(&c->hands, id.octets);

	return h && !h->answered;
}

unsigned channel_in_hand_count(const struct channel *c)
{
	return c->hands.count - c->answered;
}

unsigned channel_unacknowledged(const struct channel *c)
{
	return c->answered;
}

void channel_sending(struct channel *c, const struct message_id *ids, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct hand *h = (struct hand *)flight_find(&c->hands, ids[i].octets);
		if (h)
			h->sending = true;
	}
	if (!c->ipc || !count)
		return;
	struct writer *w = ipc_begin(c->ipc, IPC_SENDING, 0, (size_t)count * MESSAGE_ID_SIZE);
	writer_bytes(w, ids, (size_t)count * MESSAGE_ID_SIZE);
	channel_wrote(c, ipc_end(c->ipc));
}

bool channel_said(struct channel *c)
{
	if (!c->ipc)
		return true; /* nobody counts on it: the queue finds out by what we hold */
	ipc_flush(c->ipc);
	return ipc_drained(c->ipc);
}

/* What is said of the deliveries in hand, a record's worth at a time. */
struct saying {
	struct channel *channel;
	uint8_t ids[IPC_HOLDING_IDS][MESSAGE_ID_SIZE], sending[IPC_HOLDING_IDS][MESSAGE_ID_SIZE];
	unsigned ids_count, sending_count;
};

static void say_some(struct saying *s, bool more)
{
	struct channel *c = s->channel;
	struct ipc_holding h = { .says_sending = c->says_sending,
				 .more = more,
				 .incarnation = text_of(c->incarnation),
				 .ids = text_range((char *)s->ids, (size_t)s->ids_count * MESSAGE_ID_SIZE),
				 .sending =
					 text_range((char *)s->sending, (size_t)s->sending_count * MESSAGE_ID_SIZE) };

	ipc_put_holding(ipc_begin(c->ipc, IPC_HOLDING, 0, 64 + h.ids.len + h.sending.len), &h);
	channel_wrote(c, ipc_end(c->ipc));
	s->ids_count = s->sending_count = 0;
}

static void say_hand(void *owner, struct flight_node *node)
{
	struct saying *s = owner;

	if (s->ids_count == IPC_HOLDING_IDS)
		say_some(s, true);
	memcpy(s->ids[s->ids_count++], node->key, MESSAGE_ID_SIZE);
	if (((struct hand *)node)->sending)
		memcpy(s->sending[s->sending_count++], node->key, MESSAGE_ID_SIZE);
}

void channel_say_holding(struct channel *c)
{
	struct saying *s = must_alloc(sizeof(*s));

	s->channel = c;
	flight_each(&c->hands, say_hand, s);
	say_some(s, false);
	free(s);
}

void channel_offer_result(void *owner, struct flight_node *node)
{
	struct hand *h = (struct hand *)node;

	if (h->answered)
		offer_result(owner, h);
}
