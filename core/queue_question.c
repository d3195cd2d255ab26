/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions: told, written into the outbox, and those for phones asked. */
#include "core/queue_question.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/digest.h"
#include "core/queue_question_internal.h"

#define BODY_MAX 4096u
#define KIND TEXT_LITERAL("consent")
#define PHONES TEXT_LITERAL("questions") /* the target of rows that are for phones */
#define ROWS_AT_ONCE 50u
#define CODES 9000u /* 1000 .. 9999 */
#define CODES_TRIED 50u

static bool is_question(const struct queue_decision *d)
{
	return d->route.outcome == ROUTE_HOLD && d->route.wakes & WAKE_BIT(WAKE_CONSENT);
}

/* --- for applications ------------------------------------------------------------------------------------------- */

static struct text question_body(struct queue *q, const struct queue_decision *d, struct message_id id,
				 struct text recipient, int64_t deadline_us, struct arena *arena)
{
	char text[MESSAGE_ID_TEXT_SIZE], at[CLOCK_TEXT_SIZE];
	struct json_writer w;

	json_writer_init(&w, arena_alloc(arena, BODY_MAX), BODY_MAX);
	json_open_object(&w);
	json_put_member_cstring(&w, "id", message_id_text(id, text));
	json_put_member_text(&w, "to", recipient);
	json_put_member_cstring(&w, "answer",
				arena_printf(arena, "POST /v1/messages/%s/consent {\"answer\":\"yes\"}", text));
	json_put_member_cstring(&w, "answer_until", clock_text(deadline_us, at));
	queue_put_decision(&w, q->charge, d);
	json_close_object(&w);
	return json_writer_text(&w);
}

/* The same delivery gives the same id: asked once, however often it is decided. */
static void row_id(struct message_id delivery, uint8_t to[16])
{
	uint8_t digest[DIGEST_SHA256_SIZE];
	const struct digest_part parts[] = { { "consent", 7 }, { delivery.octets, MESSAGE_ID_SIZE } };

	digest_sha256(parts, 2, digest);
	memcpy(to, digest, 16);
}

/* --- for phones ------------------------------------------------------------------------------------------------- */

struct phone_question {
	struct message_id id;
	int64_t until_us;
	struct text number, to, price, account;
};

static struct text put_phone_question(const struct phone_question *p, struct arena *arena)
{
	size_t size = 64 + p->number.len + p->to.len + p->price.len + p->account.len;
	struct writer w = writer_of(arena_alloc(arena, size), size);

	writer_bytes(&w, p->id.octets, MESSAGE_ID_SIZE);
	writer_u64(&w, (uint64_t)p->until_us);
	ipc_put_text(&w, p->number);
	ipc_put_text(&w, p->to);
	ipc_put_text(&w, p->price);
	ipc_put_text(&w, p->account);
	return text_range((const char *)w.start, writer_ok(&w) ? writer_len(&w) : 0);
}

static bool take_phone_question(struct octets body, struct phone_question *p)
{
	struct reader r = reader_of(body.at, body.len);

	reader_copy(&r, p->id.octets, MESSAGE_ID_SIZE);
	p->until_us = (int64_t)reader_u64(&r);
	p->number = ipc_get_text(&r, MESSAGE_ADDRESS_MAX);
	p->to = ipc_get_text(&r, MESSAGE_ADDRESS_MAX);
	p->price = ipc_get_text(&r, BODY_MAX);
	p->account = ipc_get_text(&r, MESSAGE_ACCOUNT_MAX);
	return reader_done(&r);
}

static struct phone_question phone_question_of(struct queue *q, const struct queue_decision *d, const struct message *m,
					       struct message_id id, struct text recipient, int64_t deadline_us,
					       struct arena *arena)
{
	struct phone_question p = {
		.id = id, .until_us = deadline_us, .number = m->sender, .to = recipient, .account = d->payer.name
	};

	if (d->has_price)
		p.price = queue_money_text(q->charge, d->price.amount, d->price.currency, arena);
	return p;
}

struct phone_job {
	struct queue *queue;
	struct holder *holder;
	struct phone_question question;
	unsigned code, tried;
	uint8_t value[QUESTION_VALUE_SIZE];
	bool is_row; /* of the outbox, to be done */
	union {
		struct store_fact fact;
		struct store_outbox_end end;
	} request;
};

static void job_end(struct phone_job *j)
{
	struct holder *h = j->holder;

	j->queue->questions_open--;
	queue_release_holder(j->queue, &h);
}

static void job_again(struct phone_job *j)
{
	j->queue->questions_waiting = true;
	job_end(j);
}

static void row_done(struct store_request *r)
{
	struct phone_job *j = r->owner;

	queue_asked_done(j->queue);
	if (queue_not_written(r))
		job_again(j);
	else
		job_end(j);
}

static void text_accepted(void *owner, const struct ipc_accepted *a)
{
	struct phone_job *j = owner;

	if (a->result == ERR_BUSY || a->result == ERR_FULL || a->result == ERR_UNKNOWN || a->result == ERR_IO) {
		job_again(j);
		return;
	}
	if (a->result)
		LOGN(LOG_CORE, NULL, "a question could not be asked by text: %.*s", TEXT_ARGS(a->why));
	if (!j->is_row) {
		job_end(j);
		return;
	}
	j->request.end = (struct store_outbox_end){ 0 };
	row_id(j->question.id, j->request.end.id);
	queue_ask_store(j->queue, &j->request.end.base, STORE_OUTBOX_DONE, row_done, j);
}

static const char *question_text(struct phone_job *j, bool japanese)
{
	const struct phone_question *p = &j->question;

	if (japanese)
		return arena_printf(j->holder->arena,
				    "%.*sへのメッセージをSMSで送ると%.*sかかります。送信は「はい %u」、取消は「いいえ "
				    "%u」と返信してください。",
				    TEXT_ARGS(p->to), TEXT_ARGS(p->price), j->code, j->code);
	return arena_printf(j->holder->arena,
			    "Your text to %.*s would go as SMS for %.*s. Reply YES %u to send it, NO %u to drop it.",
			    TEXT_ARGS(p->to), TEXT_ARGS(p->price), j->code, j->code);
}

static void ask_by_text(struct phone_job *j)
{
	struct queue *q = j->queue;
	struct charge_notice notice;
	char id[MESSAGE_ID_TEXT_SIZE];

	q->charge->notice(q->charge->owner, &notice);
	queue_notice(q, j->holder->arena, &j->question.account, j->question.number, question_text(j, notice.japanese),
		     arena_printf(j->holder->arena, "question/%s", message_id_text(j->question.id, id)), text_accepted,
		     j);
}

static void try_code(struct phone_job *j);

static void code_kept(struct store_request *r)
{
	struct phone_job *j = r->owner;
	struct octets there = j->request.fact.value_out;

	queue_asked_done(j->queue);
	bool ours = r->answer == STORE_CONFLICT && there.len == sizeof(j->value) &&
		    !memcmp(there.at, j->value, MESSAGE_ID_SIZE);
	if (r->answer == STORE_DONE || r->answer == STORE_REPEAT || ours)
		ask_by_text(j);
	else if (r->answer == STORE_CONFLICT && ++j->tried < CODES_TRIED)
		try_code(j);
	else
		job_again(j);
}

/* From the delivery's id, so that a second attempt finds its own; the next one where another question has it. */
static void try_code(struct phone_job *j)
{
	uint8_t digest[DIGEST_SHA256_SIZE];
	const struct digest_part part = { j->question.id.octets, MESSAGE_ID_SIZE };
	struct store_fact *f = &j->request.fact;
	struct arena *arena = j->holder->arena;

	digest_sha256(&part, 1, digest);
	j->code = 1000 + (((unsigned)digest[0] << 8 | digest[1]) + j->tried) % CODES;
	memcpy(j->value, j->question.id.octets, MESSAGE_ID_SIZE);
	*f = (struct store_fact){ .arena = arena, .kind = QUESTION_FACT, .is_new = true };
	f->key = queue_question_key(j->question.number, j->code, arena);
	f->value = (struct octets){ j->value, sizeof(j->value) };
	f->until_us = j->question.until_us;
	queue_ask_store(j->queue, &f->base, STORE_FACT_SWAP, code_kept, j);
}

static void ask_phone(struct queue *q, const struct phone_question *p, bool is_row)
{
	struct holder *h = queue_holder(q);
	struct phone_job *j = arena_alloc(h->arena, sizeof(*j));

	*j = (struct phone_job){ .queue = q, .holder = h, .question = *p, .is_row = is_row };
	j->question.number = arena_text(h->arena, p->number);
	j->question.to = arena_text(h->arena, p->to);
	j->question.price = arena_text(h->arena, p->price);
	j->question.account = arena_text(h->arena, p->account);
	q->questions_open++;
	try_code(j);
}

/* --- rows ------------------------------------------------------------------------------------------------------- */

static bool is_of_phone(const struct message *m)
{
	return m->from_network;
}

static void put_row(struct queue *q, const struct queue_decision *d, const struct message *m, struct message_id id,
		    const struct store_new_delivery *to, struct arena *arena, struct store_outbox *row)
{
	struct text body;

	*row = (struct store_outbox){ .kind = KIND, .due_us = store_now(q->store) };
	row_id(id, row->id);
	if (is_of_phone(m)) {
		struct phone_question p = phone_question_of(q, d, m, id, to->recipient, to->deadline_us, arena);
		row->target = PHONES;
		body = put_phone_question(&p, arena);
	} else {
		row->target = text_of(arena_printf(arena, "webhook:%.*s", TEXT_ARGS(m->account)));
		body = question_body(q, d, id, to->recipient, to->deadline_us, arena);
	}
	row->body = (struct octets){ body.at, body.len };
}

void queue_question_rows(struct queue *q, const struct queue_money *money, struct store_accept *a,
			 const struct message *m)
{
	struct store_outbox *rows = NULL;

	for (unsigned i = 0; money && i < a->deliveries_count; i++) {
		if (!is_question(&money->decisions[i]))
			continue;
		if (!rows)
			rows = arena_alloc(a->arena, a->deliveries_count * sizeof(*rows));
		put_row(q, &money->decisions[i], m, message_id_delivery(a->id, (uint16_t)(i + 1)), &a->deliveries[i],
			a->arena, &rows[a->outbox_count++]);
	}
	if (rows)
		a->outbox = rows;
}

static void publish(struct queue *q, const struct queue_decision *d, const struct message *m, struct message_id id,
		    struct text recipient, int64_t deadline_us, struct arena *arena)
{
	struct text body = question_body(q, d, id, recipient, deadline_us, arena);

	queue_publish(q, is_of_phone(m) ? d->payer.name : m->account, KIND, body);
}

void queue_question_committed(struct queue *q, const struct queue_money *money, const struct store_accept *a,
			      const struct message *m)
{
	bool phones = a->outbox_count && text_equal(a->outbox[0].target, PHONES);

	if (!phones)
		queue_outbox_push(q, a->outbox, a->outbox_count);
	for (unsigned i = 0; money && i < a->deliveries_count; i++) {
		if (is_question(&money->decisions[i]))
			publish(q, &money->decisions[i], m, message_id_delivery(a->id_out, (uint16_t)(i + 1)),
				a->deliveries[i].recipient, a->deliveries[i].deadline_us, a->arena);
	}
	if (!phones)
		return;
	q->questions_waiting = true;
	queue_question_turn(q);
}

void queue_question_late(struct queue *q, const struct queue_decision *d, const struct message *m, struct message_id id,
			 struct text recipient, int64_t deadline_us)
{
	if (!is_question(d))
		return;
	struct holder *h = queue_holder(q);
	publish(q, d, m, id, recipient, deadline_us, h->arena);
	if (is_of_phone(m)) {
		struct phone_question p = phone_question_of(q, d, m, id, recipient, deadline_us, h->arena);
		ask_phone(q, &p, false);
	}
	queue_release_holder(q, &h);
}

struct fetch_job {
	struct queue *queue;
	struct holder *holder;
	struct store_outbox_due due;
};

static void fetched(struct store_request *r)
{
	struct fetch_job *j = r->owner;
	struct queue *q = j->queue;
	struct phone_question p;

	queue_asked_done(q);
	if (r->answer != STORE_DONE || j->due.rows_count_out == ROWS_AT_ONCE)
		q->questions_waiting = true;
	for (struct store_outbox_row *row = r->answer == STORE_DONE ? j->due.rows_out : NULL; row; row = row->next) {
		if (take_phone_question(row->body, &p))
			ask_phone(q, &p, true);
	}
	q->questions_open--;
	queue_release_holder(q, &j->holder);
}

void queue_question_turn(struct queue *q)
{
	if (!q->priced || !q->questions_waiting || q->questions_open || q->stopping)
		return;
	struct holder *h = queue_holder(q);
	struct fetch_job *j = arena_alloc(h->arena, sizeof(*j));
	*j = (struct fetch_job){ .queue = q, .holder = h };
	j->due.arena = h->arena;
	j->due.target = PHONES;
	j->due.limit = ROWS_AT_ONCE;
	q->questions_waiting = false;
	q->questions_open++;
	queue_ask_store(q, &j->due.base, STORE_OUTBOX_DUE, fetched, j);
}
