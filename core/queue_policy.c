/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Receipts and call detail records as text. The functions for the store run on its thread: they read nothing of the
 * queue's.
 *
 * A receipt is a JSON object that the edge of its target turns into what the sender speaks: a webhook's body, Kannel's
 * dlr-url, a deliver_sm.
 */
#include "core/base/clock.h"
#include "core/net/digest.h"
#include "core/net/json.h"
#include "core/queue_internal.h"

#define RECEIPT_MAX 8192u
#define CDR_MAX 2048u
#define TEXT_HEAD 60u /* octets of the text in a receipt: SMPP shows the first 20 characters */

unsigned queue_report_bit(enum store_outcome outcome)
{
	switch (outcome) {
	case OUTCOME_SENT:
		return REPORT_ACCEPTED;
	case OUTCOME_DELIVERED:
	case OUTCOME_DISPLAYED:
		return REPORT_DELIVERED;
	case OUTCOME_REFUSED:
		return REPORT_REJECTED | REPORT_FAILED;
	case OUTCOME_EXPIRED:
	case OUTCOME_CANCELLED:
	case OUTCOME_UNKNOWN:
		return REPORT_FAILED;
	default:
		return 0;
	}
}

/* A repeat of the same cause has the same id, so that the row is written once. */
static void receipt_id(struct message_id id, enum store_outcome outcome, uint8_t to[16])
{
	uint8_t kind = (uint8_t)outcome, digest[DIGEST_SHA256_SIZE];
	struct digest_part parts[] = { { "receipt", 7 }, { id.octets, MESSAGE_ID_SIZE }, { &kind, 1 } };

	digest_sha256(parts, 3, digest);
	memcpy(to, digest, 16);
}

/* Of a phone of ours: its account is the link by which the report reaches it. */
static bool is_of_phone(const struct message *m)
{
	return text_is(m->channel, "phone");
}

/* Where it goes: SMPP clients by their binds, all others by HTTP when they said where. */
static struct text target_of(const struct message *m, struct arena *arena)
{
	const char *kind = text_is(m->channel, "smpp") ? "esme" : "webhook";

	if (is_of_phone(m))
		return arena_text(arena, m->account);
	return text_of(arena_printf(arena, "%s:%.*s", kind, TEXT_ARGS(m->account)));
}

static struct text text_head(const struct message *m)
{
	struct text head = m->body;

	if (m->content != MESSAGE_TEXT)
		return (struct text){ 0 };
	if (head.len > TEXT_HEAD) {
		head.len = TEXT_HEAD;
		while (head.len && ((uint8_t)m->body.at[head.len] & 0xc0) == 0x80)
			head.len--;
	}
	return head;
}

static void put_ids(struct json_writer *w, struct message_id id, struct text recipient)
{
	char text[MESSAGE_ID_TEXT_SIZE];

	json_put_member_cstring(w, "id", message_id_text(message_id_of_delivery(id), text));
	json_put_member_cstring(w, "recipient_id", message_id_text(id, text));
	json_put_member_text(w, "to", recipient);
}

static void put_member_given(struct json_writer *w, const char *name, struct text t)
{
	if (t.len)
		json_put_member_text(w, name, t);
}

bool queue_receipt(const struct message *m, struct message_id id, struct text recipient, enum store_outcome outcome,
		   unsigned wanted, struct text detail, int64_t now_us, struct arena *arena, struct store_outbox *out)
{
	char *room, at[CLOCK_TEXT_SIZE];
	struct json_writer w;

	if (!(m->reports & wanted) || (m->from_network && !is_of_phone(m)) || !m->account.len)
		return false;
	room = arena_alloc(arena, RECEIPT_MAX);
	json_writer_init(&w, room, RECEIPT_MAX);
	json_open_object(&w);
	put_ids(&w, id, recipient);
	json_put_member_text(&w, "from", m->sender);
	json_put_member_text(&w, "account", m->account);
	json_put_member_text(&w, "channel", m->channel);
	json_put_member_cstring(&w, "state", outcome == OUTCOME_SENT ? "accepted" : store_outcome_name(outcome));
	put_member_given(&w, "detail", detail);
	json_put_member_cstring(&w, "at", clock_text(now_us, at));
	json_put_member_cstring(&w, "accepted_at", clock_text(message_id_time(id), at));
	json_put_member_int(&w, "reports", m->reports);
	put_member_given(&w, "reference", m->reference);
	put_member_given(&w, "report_to", m->report_to);
	if (m->user_reference)
		json_put_member_int(&w, "user_reference", m->user_reference);
	put_member_given(&w, "text_head", text_head(m));
	json_close_object(&w);
	struct text body = json_writer_text(&w);
	if (!body.len)
		return false;
	*out = (struct store_outbox){ .target = target_of(m, arena),
				      .kind = TEXT_LITERAL("receipt"),
				      .body = { body.at, body.len },
				      .due_us = now_us };
	receipt_id(id, outcome, out->id);
	return true;
}

struct text queue_cdr(const struct message *m, struct message_id id, struct text recipient, struct text link,
		      enum store_outcome outcome, int64_t attempts, int64_t accepted_us, int64_t now_us,
		      struct arena *arena)
{
	char *room = arena_alloc(arena, CDR_MAX), at[CLOCK_TEXT_SIZE];
	struct json_writer w;

	json_writer_init(&w, room, CDR_MAX);
	json_open_object(&w);
	json_put_member_cstring(&w, "type", "delivery");
	put_ids(&w, id, recipient);
	json_put_member_text(&w, "from", m->sender);
	json_put_member_text(&w, "account", m->account);
	json_put_member_text(&w, "channel", m->channel);
	json_put_member_cstring(&w, "accepted", clock_text(accepted_us, at));
	json_put_member_cstring(&w, "ended", clock_text(now_us, at));
	json_put_member_text(&w, "link", link);
	json_put_member_cstring(&w, "result", store_outcome_name(outcome));
	json_put_member_int(&w, "attempts", attempts);
	json_put_member_int(&w, "size", (int64_t)m->body.len);
	json_close_object(&w);
	return json_writer_text(&w);
}

/* --- for the store ---------------------------------------------------------------------------------------------- */

static bool message_of_row(const struct store_row *row, struct message *m)
{
	if (message_decode(text_range(row->header.at, row->header.len), m))
		return false;
	m->body = row->text;
	return true;
}

static bool receipt_of_row(void *owner, const struct store_row *row, enum store_outcome outcome, int64_t now_us,
			   struct arena *arena, struct store_outbox *out)
{
	struct message m;

	(void)owner;
	return message_of_row(row, &m) && queue_receipt(&m, row->id, row->recipient, outcome, queue_report_bit(outcome),
							(struct text){ 0 }, now_us, arena, out);
}

static struct text cdr_of_row(void *owner, const struct store_row *row, enum store_outcome outcome, int64_t now_us,
			      struct arena *arena)
{
	const struct charge_port *port = owner;
	struct message m;
	struct text cdr = { 0 };

	if (!message_of_row(row, &m))
		return cdr;
	if (port)
		cdr = queue_money_cdr(port, &m, row, outcome, now_us, arena);
	if (cdr.len)
		return cdr;
	return queue_cdr(&m, row->id, row->recipient, row->route, outcome, row->attempt, row->accepted_us, now_us,
			 arena);
}

static struct text refund_cdr_of_row(void *owner, const struct store_row *row, int64_t amount, int64_t now_us,
				     struct arena *arena)
{
	const struct charge_port *port = owner;
	struct message m;

	if (!port || !message_of_row(row, &m))
		return (struct text){ 0 };
	return queue_money_refund_cdr(port, &m, row, amount, TEXT_LITERAL("not delivered"), now_us, arena);
}

static bool cap_warning(void *owner, const struct store_cap *window, unsigned percent, int64_t now_us,
			struct arena *arena, struct store_outbox *out)
{
	const struct charge_port *port = owner;

	return port && port->cap_warning && port->cap_warning(port->owner, window, percent, now_us, arena, out);
}

/* The row as the finish leaves it. */
struct text queue_finish_cdr(struct queue *q, const struct flight *f, const struct store_finish *c, int64_t now_us)
{
	struct text cdr = { 0 };
	struct store_row row = { .id = f->id,
				 .recipient = f->recipient,
				 .bearer = queue_flight_bearer(f),
				 .attempt = f->attempt,
				 .accepted_us = f->accepted_us,
				 .expires_us = f->expires_us,
				 .charge_units = f->units,
				 .charge_version = f->version,
				 .charge_posted = c->post ? c->amount : 0,
				 .currency = text_of(f->currency),
				 .trail = f->trail };

	memcpy(row.payer_id, f->payer_id, sizeof(row.payer_id));
	if (q->charge && q->priced)
		cdr = queue_money_cdr(q->charge, &f->message, &row, c->outcome, now_us, f->holder->arena);
	if (cdr.len)
		return cdr;
	return queue_cdr(&f->message, f->id, f->recipient, f->link->name, c->outcome, f->attempt, f->accepted_us,
			 now_us, f->holder->arena);
}

void queue_charge_policy(const struct charge_port *port, struct store_policy *out)
{
	*out = *queue_store_policy();
	out->owner = (void *)(uintptr_t)port;
}

const struct store_policy *queue_store_policy(void)
{
	static const struct store_policy policy = { .receipt = receipt_of_row,
						    .cdr = cdr_of_row,
						    .refund_cdr = refund_cdr_of_row,
						    .cap_warning = cap_warning };

	return &policy;
}
