/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A refund by hand: all or part of what a delivery was charged goes back to its payer, once (B15), with a record of its
 * own in the chain. The same key and amount is a repeat; a second refund of the same charge is refused, by hand or by
 * itself.
 */
#include "core/net/digest.h"
#include "core/queue_internal.h"

struct refund_job {
	struct queue *queue;
	struct holder *holder;
	unsigned edge;
	uint32_t generation, call;
	struct text reason, amount, key;
	struct message message;
	struct store_row *row;
	int64_t micros;
	union {
		struct store_request base;
		struct store_message_get get;
		struct store_refund refund;
	} request;
};

static void answer(struct refund_job *j, enum result result, const char *name, const char *value, const char *currency)
{
	struct holder *h = j->holder;
	char room[640];
	struct json_writer w;

	json_writer_init(&w, room, sizeof(room));
	json_open_object(&w);
	json_put_member_cstring(&w, name, value);
	if (currency)
		json_put_member_cstring(&w, "currency", currency);
	json_close_object(&w);
	queue_answer(j->queue, j->edge, j->generation, j->call, result, json_writer_text(&w));
	queue_release_holder(j->queue, &h);
}

static void refuse(struct refund_job *j, enum result result, const char *why)
{
	answer(j, result, "message", why, NULL);
}

static void refunded(struct store_request *r)
{
	struct refund_job *j = r->owner;
	char room[40];
	struct writer w = writer_of(room, sizeof(room) - 1);

	queue_asked_done(j->queue);
	j->queue->charge->put_amount(&w, j->micros);
	room[writer_len(&w)] = '\0';
	if (r->answer == STORE_DONE || r->answer == STORE_REPEAT)
		answer(j, OK, "refunded", room, arena_cstring(j->holder->arena, j->row->currency));
	else if (r->answer == STORE_CONFLICT)
		refuse(j, ERR_CONFLICT, "this key was used for another refund");
	else if (r->answer == STORE_REFUSED && r->refusal == STORE_ENDED)
		refuse(j, ERR_CONFLICT, "it was refunded before: a charge is given back once");
	else
		refuse(j, r->answer == STORE_UNKNOWN || queue_not_written(r) ? ERR_BUSY : ERR_DENIED,
		       r->why ? r->why : "it could not be booked: repeat with the same key");
}

/* The charge of the lowest kind is the sender's. */
static void book(struct refund_job *j)
{
	struct queue *q = j->queue;
	struct store_refund *f = &j->request.refund;
	uint8_t digest[DIGEST_SHA256_SIZE];
	const struct digest_part parts[] = { { "refund", 6 }, { j->key.at, j->key.len } };

	*f = (struct store_refund){ .delivery = j->row->id, .amount = j->micros };
	digest_sha256(parts, 2, digest);
	memcpy(f->key, digest, sizeof(f->key));
	f->cdr = queue_money_refund_cdr(q->charge, &j->message, j->row, j->micros, j->reason, store_now(q->store),
					j->holder->arena);
	queue_ask_store(q, &f->base, STORE_REFUND, refunded, j);
}

static void found(struct store_request *r)
{
	struct refund_job *j = r->owner;
	const struct charge_port *c = j->queue->charge;

	queue_asked_done(j->queue);
	j->row = r->answer == STORE_DONE ? j->request.get.rows_out : NULL;
	if (!j->row || message_decode(text_range(j->row->header.at, j->row->header.len), &j->message)) {
		refuse(j, queue_not_written(r) ? ERR_BUSY : ERR_NOT_FOUND, "no delivery has that id");
		return;
	}
	j->message.body = j->row->text;
	j->micros = j->row->charge_posted;
	if (!j->row->currency.len || !j->row->charge_posted)
		refuse(j, ERR_CONFLICT, "nothing was charged for it");
	else if (j->amount.len && (!c->take_amount(j->amount, &j->micros) || j->micros <= 0))
		refuse(j, ERR_MALFORMED, "amount is a decimal number above zero as a text, as \"3.30\"");
	else
		book(j);
}

void queue_refund_ask(struct queue *q, unsigned edge, uint32_t call, const struct ipc_ask *in)
{
	struct holder *h = queue_holder(q);
	struct refund_job *j = arena_alloc(h->arena, sizeof(*j));

	*j = (struct refund_job){
		.queue = q, .holder = h, .edge = edge, .generation = q->edges[edge].generation, .call = call
	};
	j->reason = arena_text(h->arena, in->accept.header);
	j->amount = arena_text(h->arena, in->accept.body);
	j->key = arena_text(h->arena, in->accept.key);
	if (!q->priced) {
		refuse(j, ERR_NOT_FOUND, "billing is not configured");
	} else if (!j->key.len || !j->reason.len) {
		refuse(j, ERR_MALFORMED, "a refund needs a reason and the header Idempotency-Key");
	} else {
		j->request.get.arena = h->arena;
		j->request.get.id = in->id;
		queue_ask_store(q, &j->request.base, STORE_MESSAGE_GET, found, j);
	}
}
