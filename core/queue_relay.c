/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PDUs between carriers and the machines of CP and RP, which are in another edge: to whom, and nothing else. */
#include "core/queue_relay.h"

#include <stdlib.h>

#include "core/base/log.h"
#include "core/ipc_relay.h"
#include "core/queue_internal.h"

struct queue_carrier {
	struct queue_carrier *next;
	unsigned edge;
	bool up, messages;
	char link[IPC_CARRIER_NAME_MAX + 1];
};

static void count(const char *name, const char *help)
{
	counter_add(counter_get(COUNTER_COUNT, name, NULL, help), 1);
}

static void count_dropped(void)
{
	count("queue_relay_dropped_total", "PDUs for a carrier or for the machines that were away or had no room");
}

void queue_relay_layers(struct queue *q, unsigned edge)
{
	q->layers = edge;
	q->has_layers = true;
}

static struct ipc *layers_ipc(const struct queue *q)
{
	return q->has_layers ? q->edges[q->layers].ipc : NULL;
}

static struct queue_carrier *find(const struct queue *q, struct text link)
{
	struct queue_carrier *c = q->carriers;

	while (c && !text_is(link, c->link))
		c = c->next;
	return c;
}

static struct queue_carrier *make(struct queue *q, struct text link)
{
	struct queue_carrier *c = find(q, link);

	if (c || q->carriers_count == QUEUE_CARRIERS_MAX)
		return c;
	c = must_alloc(sizeof(*c));
	(void)text_copy(link, c->link, sizeof(c->link));
	c->next = q->carriers;
	q->carriers = c;
	q->carriers_count++;
	return c;
}

static void tell(struct ipc *ipc, const struct queue_carrier *c, bool up)
{
	struct ipc_carrier said = { text_of(c->link), up, c->messages };

	if (!ipc)
		return;
	ipc_put_carrier(ipc_begin(ipc, IPC_CARRIER, 0, 32 + said.link.len), &said);
	if (ipc_end(ipc))
		LOGE(LOG_CORE, NULL, "a carrier's name was too long for its record");
}

/* A link is of the edge that announced it while that is there. */
static bool announce(struct queue *q, unsigned edge, const struct ipc_carrier *said)
{
	struct queue_carrier *c = make(q, said->link);

	if (!c || (c->up && c->edge != edge)) {
		count("queue_relay_refused_total", "Carriers whose name is taken, or above the limit");
		return true;
	}
	c->edge = edge;
	c->messages = said->messages;
	c->up = said->up;
	tell(layers_ipc(q), c, c->up);
	tell(q->edges[edge].ipc, c, layers_ipc(q) != NULL);
	return true;
}

bool queue_carrier_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_carrier said;

	if (!ipc_get_carrier(&record->body, &said) || (q->has_layers && edge == q->layers))
		return false;
	return announce(q, edge, &said);
}

bool queue_link_pdu_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_link_pdu pdu;

	if (!ipc_get_link_pdu(&record->body, &pdu))
		return false;
	const struct queue_carrier *c = find(q, pdu.link);
	bool down = q->has_layers && edge == q->layers;
	bool known = c && c->up && (down || c->edge == edge);
	struct ipc *to = known && down ? q->edges[c->edge].ipc : layers_ipc(q);
	if (!known || !to || !ipc_room(to)) {
		count_dropped();
		return true;
	}
	ipc_put_link_pdu(ipc_begin(to, IPC_LINK_PDU, 0, 32 + pdu.link.len + pdu.pdu.len), &pdu);
	if (ipc_end(to))
		count_dropped();
	return true;
}

/* The machines are new: they hear of every carrier, and every carrier of them. */
void queue_relay_came(struct queue *q, unsigned edge)
{
	if (!q->has_layers || edge != q->layers)
		return;
	for (const struct queue_carrier *c = q->carriers; c; c = c->next) {
		if (!c->up)
			continue;
		tell(q->edges[edge].ipc, c, true);
		tell(q->edges[c->edge].ipc, c, true);
	}
}

void queue_relay_lost(struct queue *q, unsigned edge)
{
	bool layers = q->has_layers && edge == q->layers;

	for (struct queue_carrier *c = q->carriers; c; c = c->next) {
		if (layers && c->up) {
			tell(q->edges[c->edge].ipc, c, false);
		} else if (c->up && c->edge == edge) {
			c->up = false;
			tell(layers_ipc(q), c, false);
		}
	}
}

void queue_relay_free(struct queue *q)
{
	for (struct queue_carrier *c = q->carriers, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	q->carriers = NULL;
}
