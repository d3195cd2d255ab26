/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an edge with RCS and MMS says about who can be reached there: the recipient's state for the decision, roaming of
 * a sender. One table by number; what an edge said is forgotten with it.
 */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/digest.h"
#include "core/queue_internal.h"

#define PRESENCE_MAX 1000000u
#define BEGINNING_US (15 * USEC_PER_SEC) /* roles that started with us have said by then whom they reach */

struct presence {
	struct flight_node node; /* first; key = digest of the number */
	enum recipient_state state;
	bool roaming, mms;
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

bool queue_carries_files(const struct queue *q)
{
	return q->rcs && q->rcs->up;
}

bool queue_files_soon(const struct queue *q)
{
	return !queue_carries_files(q) && (q->presence_seen || clock_monotonic() - q->began_us < BEGINNING_US);
}

static bool is_routed_there(struct queue *q, const struct message *m, struct text number)
{
	struct route_choice choice;

	queue_route(q, m, number, &choice);
	for (unsigned i = 0; i < choice.count; i++) {
		if (text_equal(choice.candidates[i].link, q->rcs->name))
			return true;
	}
	return false;
}

bool queue_presence_mms(struct queue *q, const struct message *m, struct text number)
{
	const struct presence *p = q->rcs ? find(q, number) : NULL;

	if (p)
		return p->mms;
	return q->rcs && q->mms_unlisted && is_routed_there(q, m, number);
}

static struct presence *get(struct queue *q, struct text number)
{
	struct presence *p = find(q, number);

	if (p || q->presence.count >= PRESENCE_MAX)
		return p;
	p = must_alloc(sizeof(*p));
	p->state = RECIPIENT_UNKNOWN;
	key_of(number, p->node.key);
	flight_add(&q->presence, &p->node);
	return p;
}

static enum recipient_state state_of(const struct ipc_presence_of *in)
{
	if (in->registered)
		return RECIPIENT_ON;
	return in->known ? RECIPIENT_OFF : RECIPIENT_NO;
}

static void take(struct queue *q, const struct ipc_presence_of *in)
{
	struct presence *p = get(q, in->number);

	if (!p)
		return;
	bool came = in->registered && p->state != RECIPIENT_ON, home = p->roaming && !in->roaming;
	p->state = state_of(in);
	p->roaming = in->roaming;
	p->mms = in->mms;
	if (came && q->priced)
		queue_money_recipient_on(q, in->number);
	if (home && q->priced)
		queue_money_roaming_end(q, in->number);
}

bool queue_presence_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_presence in;
	struct ipc_presence_of one;

	if (!ipc_get_presence(&record->body, &in))
		return false;
	q->rcs = queue_link_get(q, in.link);
	q->rcs_edge = edge;
	q->presence_seen = true;
	q->offline_text = in.offline_text;
	q->offline_file = in.offline_file;
	q->mms_unlisted = in.mms_unlisted;
	q->rcs_file_max = in.rcs_file_max;
	q->mms_max = in.mms_max;
	struct reader r = reader_of(in.numbers.at, in.numbers.len);
	while (ipc_take_presence(&r, &one))
		take(q, &one);
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
