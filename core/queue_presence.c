/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an edge with RCS says about who can be reached there: the recipient's state for the decision, roaming of a
 * sender. One table by number; what an edge said is forgotten with it.
 */
#include <stdlib.h>

#include "core/base/log.h"
#include "core/net/digest.h"
#include "core/queue_internal.h"

#define PRESENCE_MAX 1000000u

struct presence {
	struct flight_node node; /* first; key = digest of the number */
	enum recipient_state state;
	bool roaming;
};

static void key_of(struct text number, uint8_t key[16])
{
	struct digest_part part = { number.at, number.len };
	uint8_t digest[DIGEST_SHA256_SIZE];

	digest_sha256(&part, 1, digest);
	memcpy(key, digest, 16);
}

static struct presence *find(const struct queue *q, struct text number)
{
	uint8_t key[16];

	key_of(number, key);
	return (struct presence *)flight_find(&q->presence, key);
}

bool queue_presence(const struct queue *q, struct text number, enum recipient_state *state_out, bool *roaming_out)
{
	const struct presence *p = q->rcs ? find(q, number) : NULL;

	if (!p)
		return false;
	*state_out = p->state;
	*roaming_out = p->roaming;
	return true;
}

void queue_presence_set(struct queue *q, struct text number, enum recipient_state state)
{
	struct presence *p = find(q, number);

	if (p)
		p->state = state;
}

static void take(struct queue *q, struct text number, enum recipient_state state, bool roaming)
{
	struct presence *p = find(q, number);
	bool came = state == RECIPIENT_ON && (!p || p->state != RECIPIENT_ON);

	if (!p && q->presence.count >= PRESENCE_MAX)
		return;
	if (!p) {
		p = must_alloc(sizeof(*p));
		key_of(number, p->node.key);
		flight_add(&q->presence, &p->node);
	}
	p->state = state;
	p->roaming = roaming;
	if (came && q->priced)
		queue_money_recipient_on(q, number);
}

bool queue_presence_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_presence in;
	struct ipc_presence_of one;

	if (!ipc_get_presence(&record->body, &in))
		return false;
	q->rcs = queue_link_get(q, in.link);
	q->rcs_edge = edge;
	q->offline_text = in.offline_text;
	struct reader r = reader_of(in.numbers.at, in.numbers.len);
	while (ipc_take_presence(&r, &one))
		take(q, one.number,
		     one.registered ? RECIPIENT_ON
		     : one.known    ? RECIPIENT_OFF
				    : RECIPIENT_NO,
		     one.roaming);
	return !r.failed;
}

static void forget(void *owner, struct flight_node *node)
{
	(void)owner;
	free(node);
}

void queue_presence_lost(struct queue *q, unsigned edge)
{
	if (!q->rcs || q->rcs_edge != edge)
		return;
	q->rcs = NULL;
	flight_each(&q->presence, forget, NULL);
	flight_table_clear(&q->presence);
	flight_table_init(&q->presence);
}
