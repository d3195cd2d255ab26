/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network that was found: in a delivery's timeline, in answers; and the quote that waited for it. */
#include "core/queue_lookup.h"

#define DETAIL_MAX 160u

static const struct queue_network *entry_of(const struct queue_networks *networks, unsigned i)
{
	return networks && i < networks->count && networks->each[i].wanted ? &networks->each[i] : NULL;
}

struct text queue_network_of(const struct queue_networks *networks, unsigned i)
{
	const struct queue_network *n = entry_of(networks, i);

	return n && n->answered ? text_of(n->answer.network) : (struct text){ 0 };
}

static struct text detail_of(const struct queue_network *n, char room[DETAIL_MAX])
{
	struct writer w = writer_of(room, DETAIL_MAX);

	if (!n->answered)
		writer_printf(&w, "not found out: %s", n->why);
	else if (!n->answer.network[0])
		writer_printf(&w, "not known to the portability service");
	else
		writer_printf(&w, "by portability");
	if (n->answer.ported)
		writer_printf(&w, ", ported");
	if (n->answer.routing[0])
		writer_printf(&w, ", routing number %s", n->answer.routing);
	if (n->from_memory)
		writer_printf(&w, ", from memory");
	return text_range(room, writer_len(&w));
}

struct octets queue_network_event(const struct queue_networks *networks, unsigned i, int64_t at_us, struct arena *arena)
{
	const struct queue_network *n = entry_of(networks, i);
	char room[DETAIL_MAX];

	if (!n)
		return (struct octets){ 0 };
	return queue_event(arena, at_us, TRAIL_NETWORK, queue_network_of(networks, i), detail_of(n, room));
}

struct text queue_network_bound(struct octets trail)
{
	struct reader r = reader_of(trail.at, trail.len);
	struct trail_event e;

	while (trail_take(&r, &e)) {
		if (e.code == TRAIL_NETWORK)
			return e.rule;
	}
	return (struct text){ 0 };
}

/* --- a quote ------------------------------------------------------------------------------------------------------ */

struct quote_job {
	struct queue *queue;
	struct holder *holder;
	struct queue_networks *networks;
	struct ipc_accept in;
	unsigned edge;
	uint32_t generation, call;
};

static void answer_refused(struct quote_job *j)
{
	char room[256];
	struct json_writer w;

	json_writer_init(&w, room, sizeof(room));
	json_open_object(&w);
	json_put_member_cstring(&w, "message", j->networks->why);
	json_close_object(&w);
	queue_answer(j->queue, j->edge, j->generation, j->call, ERR_BUSY, json_writer_text(&w));
}

static void resume(void *owner)
{
	struct quote_job *j = owner;
	struct holder *h = j->holder;

	if (!queue_edge_ipc(j->queue, j->edge, j->generation))
		; /* who asked is gone, and its number may be another's by now */
	else if (j->networks && j->networks->refused)
		answer_refused(j);
	else
		queue_quote(j->queue, j->edge, j->call, &j->in, j->networks);
	queue_release_holder(j->queue, &h);
}

void queue_lookup_quote(struct queue *q, unsigned edge, uint32_t call, const struct ipc_accept *in)
{
	struct message m;

	if (!q->lookup || message_decode(in->header, &m)) { /* what is malformed is answered as ever */
		queue_quote(q, edge, call, in, NULL);
		return;
	}
	struct holder *h = queue_holder(q);
	struct quote_job *j = arena_alloc(h->arena, sizeof(*j));
	*j = (struct quote_job){ .queue = q, .holder = h, .in = *in, .edge = edge, .call = call };
	j->generation = q->edges[edge].generation;
	j->in.header = arena_text(h->arena, in->header);
	j->in.body = arena_text(h->arena, in->body);
	j->in.key = arena_text(h->arena, in->key);
	j->in.recipients = arena_text(h->arena, in->recipients);
	if (!queue_lookup(q, h->arena, &m, j->in.recipients, resume, j, &j->networks))
		resume(j);
}
