/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is in hand lies in one table by delivery id; results wait in it until their RESULT_DONE. */
#include "core/channel.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/flight.h"

#define PENDING_SIZE 4096u /* power of two; grows */

enum pending_kind { PENDING_NONE, PENDING_OFFER, PENDING_REPORT, PENDING_ASK };

/* A delivery in hand, or its result. */
struct hand {
	struct flight_node node; /* first */
	int64_t epoch;
	bool answered, sending;
	uint32_t call;
	/* the result's record body, once answered */
	size_t len;
	uint8_t *body;
};

struct channel_link_state {
	struct channel_link_state *next;
	bool up;
	uint32_t window;
	char detail[120];
	size_t name_len;
	char name[];
};

/* An accept or part as it was offered, for the next queue. */
struct offer {
	uint16_t type;
	size_t len;
	uint8_t body[];
};

struct pending {
	uint32_t call; /* 0 = free */
	enum pending_kind kind;
	struct offer *offer;
};

struct channel {
	const struct channel_handler *handler;
	void *owner;
	struct ipc *ipc;
	char incarnation[32];
	bool says_sending, permits;
	struct flight_table hands;
	unsigned answered;
	struct channel_link_state *links;
	uint32_t last_call;
	struct pending *pending;
	uint32_t pending_size, pending_count;
	/* results by call, so that RESULT_DONE finds them */
	struct hand **results;
	uint32_t results_size;
};

struct channel *channel_new(const char *role, bool says_sending, const struct channel_handler *handler, void *owner)
{
	struct channel *c = must_alloc(sizeof(*c));
	uint32_t random;

	c->handler = handler;
	c->owner = owner;
	random_bytes(&random, sizeof(random));
	snprintf(c->incarnation, sizeof(c->incarnation), "%.16s-%08x", role, random);
	c->says_sending = says_sending;
	flight_table_init(&c->hands);
	c->pending_size = PENDING_SIZE;
	c->pending = must_alloc(c->pending_size * sizeof(*c->pending));
	c->results_size = PENDING_SIZE;
	c->results = must_alloc(c->results_size * sizeof(struct hand *));
	return c;
}

static void free_hand(void *owner, struct flight_node *node)
{
	struct hand *h = (struct hand *)node;

	(void)owner;
	free(h->body);
	free(h);
}

void channel_free(struct channel **channel)
{
	struct channel *c = *channel;

	*channel = NULL;
	if (!c)
		return;
	flight_each(&c->hands, free_hand, NULL);
	flight_table_clear(&c->hands);
	for (struct channel_link_state *l = c->links, *next; l; l = next) {
		next = l->next;
		free(l);
	}
	for (uint32_t i = 0; i < c->pending_size; i++)
		free(c->pending[i].offer);
	free(c->pending);
	free(c->results);
	free(c);
}

void channel_require_permits(struct channel *c, bool required)
{
	c->permits = required;
}

bool channel_permits_required(const struct channel *c)
{
	return c->permits;
}

bool channel_ready(const struct channel *c)
{
	return c->ipc && ipc_room(c->ipc);
}

static void sent(struct channel *c, enum result r)
{
	if (r)
		LOGE(LOG_CORE, c->incarnation, "a record for the queue was dropped: %s", result_name(r));
}

/* --- calls ---------------------------------------------------------------------------------------------------- */

static void pending_put(struct pending *table, uint32_t size, struct pending p)
{
	uint32_t at = p.call & (size - 1);

	while (table[at].call)
		at = (at + 1) & (size - 1);
	table[at] = p;
}

static uint32_t new_call(struct channel *c)
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
	struct pending p = { new_call(c), kind, offer };
	pending_put(c->pending, c->pending_size, p);
	c->pending_count++;
	return p.call;
}

/* Takes the call out; its followers move up. */
static enum pending_kind pending_take(struct channel *c, uint32_t call)
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

static void call_lost(struct channel *c, struct pending p)
{
	static const struct ipc_answer no_answer = { .result = ERR_UNKNOWN };

	if (p.kind == PENDING_REPORT && c->handler->reported)
		c->handler->reported(c->owner, p.call, false);
	else if (p.kind == PENDING_ASK && c->handler->answer)
		c->handler->answer(c->owner, p.call, &no_answer);
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
	sent(c, ipc_end(c->ipc));
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
	sent(c, ipc_end(c->ipc));
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
	sent(c, ipc_end(c->ipc));
	return call;
}

/* --- deliveries and results ----------------------------------------------------------------------------------- */

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
		h->call = new_call(c);
	} while (c->results[h->call & (c->results_size - 1)]);
	c->results[h->call & (c->results_size - 1)] = h;
}

static void offer_result(struct channel *c, const struct hand *h)
{
	if (!c->ipc)
		return;
	struct writer *w = ipc_begin(c->ipc, IPC_RESULT, h->call, h->len);
	writer_bytes(w, h->body, h->len);
	sent(c, ipc_end(c->ipc));
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

static bool result_done(struct channel *c, uint32_t call)
{
	struct hand *h = c->results[call & (c->results_size - 1)];

	if (!h || h->call != call)
		return true; /* acknowledged twice */
	c->results[call & (c->results_size - 1)] = NULL;
	c->answered--;
	flight_remove(&c->hands, &h->node);
	free_hand(NULL, &h->node);
	return true;
}

static bool deliver(struct channel *c, struct ipc_record *record)
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
		result_done(c, h->call);
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
	sent(c, ipc_end(c->ipc));
}

bool channel_said(struct channel *c)
{
	if (!c->ipc)
		return true; /* nobody counts on it: the queue finds out by what we hold */
	ipc_flush(c->ipc);
	return ipc_drained(c->ipc);
}

/* --- links ---------------------------------------------------------------------------------------------------- */

static void announce(struct channel *c, const struct channel_link_state *s)
{
	struct ipc_link l = {
		.name = text_range(s->name, s->name_len), .up = s->up, .window = s->window, .detail = text_of(s->detail)
	};

	if (!c->ipc)
		return;
	ipc_put_link(ipc_begin(c->ipc, IPC_LINK, 0, 32 + l.name.len + l.detail.len), &l);
	sent(c, ipc_end(c->ipc));
}

static struct channel_link_state **find_link(struct channel *c, struct text name)
{
	struct channel_link_state **at = &c->links;

	while (*at && !text_equal(text_range((*at)->name, (*at)->name_len), name))
		at = &(*at)->next;
	return at;
}

void channel_link(struct channel *c, struct text name, bool up, uint32_t window, const char *detail)
{
	struct channel_link_state **at = find_link(c, name);

	if (!*at) {
		*at = must_alloc(sizeof(**at) + name.len + 1);
		memcpy((*at)->name, name.at, name.len);
		(*at)->name_len = name.len;
	}
	(*at)->up = up;
	(*at)->window = window;
	snprintf((*at)->detail, sizeof((*at)->detail), "%s", detail ? detail : "");
	announce(c, *at);
}

void channel_presence(struct channel *c, const struct ipc_presence *p)
{
	if (!c->ipc)
		return;
	ipc_put_presence(ipc_begin(c->ipc, IPC_PRESENCE, 0, 32 + p->link.len + p->numbers.len), p);
	sent(c, ipc_end(c->ipc));
}

bool channel_due(struct channel *c, struct text link, struct text recipient)
{
	struct ipc_due d = { link, recipient };

	if (!channel_ready(c))
		return false;
	ipc_put_due(ipc_begin(c->ipc, IPC_DUE, 0, 8 + link.len + recipient.len), &d);
	sent(c, ipc_end(c->ipc));
	return true;
}

void channel_link_drop(struct channel *c, struct text name)
{
	struct channel_link_state **at = find_link(c, name), *l = *at;

	if (!l)
		return;
	l->up = false;
	snprintf(l->detail, sizeof(l->detail), "no longer configured");
	announce(c, l);
	*at = l->next;
	free(l);
}

/* --- connection ----------------------------------------------------------------------------------------------- */

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
	sent(c, ipc_end(c->ipc));
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

static void say_holding(struct channel *c)
{
	struct saying *s = must_alloc(sizeof(*s));

	s->channel = c;
	flight_each(&c->hands, say_hand, s);
	say_some(s, false);
	free(s);
}

static void offer_again(void *owner, struct flight_node *node)
{
	struct hand *h = (struct hand *)node;

	if (h->answered)
		offer_result(owner, h);
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
			call_lost(c, old[i]);
	}
	free(old);
}

static int by_call(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	return (x->call > y->call) - (x->call < y->call);
}

/* In the order in which they came. */
static void offer_all(struct channel *c)
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

void channel_connect(struct channel *c, struct ipc *ipc)
{
	c->ipc = ipc;
	say_holding(c);
	flight_each(&c->hands, offer_again, c);
	for (struct channel_link_state *l = c->links; l; l = l->next)
		announce(c, l);
	offer_all(c);
	if (c->handler->connected)
		c->handler->connected(c->owner);
}

void channel_outbox_end(struct channel *c, const uint8_t id[16], bool done, uint32_t retry_ms, struct text detail)
{
	struct ipc_outbox_end e = { .done = done, .retry_ms = retry_ms, .detail = detail };

	if (!c->ipc)
		return; /* the queue sends the row again */
	memcpy(e.id, id, sizeof(e.id));
	ipc_put_outbox_end(ipc_begin(c->ipc, IPC_OUTBOX_END, 0, 32 + detail.len), &e);
	sent(c, ipc_end(c->ipc));
}

/* --- records -------------------------------------------------------------------------------------------------- */

static bool accepted(struct channel *c, struct ipc_record *record)
{
	struct ipc_accepted a;

	if (!ipc_get_accepted(&record->body, &a) || pending_take(c, record->call) != PENDING_OFFER)
		return false;
	c->handler->accepted(c->owner, record->call, &a);
	return true;
}

static bool reported(struct channel *c, struct ipc_record *record)
{
	if (!reader_done(&record->body) || pending_take(c, record->call) != PENDING_REPORT)
		return false;
	c->handler->reported(c->owner, record->call, true);
	return true;
}

static bool answered(struct channel *c, struct ipc_record *record)
{
	struct ipc_answer a;

	if (!ipc_get_answer(&record->body, &a) || pending_take(c, record->call) != PENDING_ASK)
		return false;
	c->handler->answer(c->owner, record->call, &a);
	return true;
}

static bool outbox(struct channel *c, struct ipc_record *record)
{
	struct ipc_outbox o;

	if (!c->handler->outbox || !ipc_get_outbox(&record->body, &o))
		return false;
	c->handler->outbox(c->owner, &o);
	return true;
}

bool channel_record(struct channel *c, struct ipc_record *record)
{
	switch ((enum ipc_type)record->type) {
	case IPC_DELIVER:
		return deliver(c, record);
	case IPC_RESULT_DONE:
		return reader_done(&record->body) && result_done(c, record->call);
	case IPC_ACCEPTED:
		return accepted(c, record);
	case IPC_REPORT_DONE:
		return reported(c, record);
	case IPC_ANSWER:
		return answered(c, record);
	case IPC_OUTBOX:
		return outbox(c, record);
	default:
		return c->handler->other && c->handler->other(c->owner, record);
	}
}
