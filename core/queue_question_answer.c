/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A phone's answer. The code names one question of that number; without one there must be but one question open. A
 * yes that cannot be carried out (no balance, a cap) is told by another text.
 */
#include "core/base/log.h"
#include "core/queue_question_internal.h"
#include "core/screen.h"

#define OPEN_MAX 64u

struct answer_job {
	struct queue *queue;
	struct arena *arena;
	struct text number, key;
	bool yes;
	struct message_id delivery;
	uint8_t value[QUESTION_VALUE_SIZE];
	void (*then)(void *owner, enum result result, const char *why);
	void *owner;
	union {
		struct store_fact fact;
		struct store_fact_scan scan;
	} request;
};

struct text queue_question_key(struct text number, unsigned code, struct arena *arena)
{
	return text_of(arena_printf(arena, "%.*s/%u", TEXT_ARGS(number), code));
}

void queue_notice(struct queue *q, struct arena *arena, const struct text *account, struct text number,
		  const char *text, const char *key, queue_accepted_cb accepted, void *owner)
{
	struct charge_notice notice;
	uint8_t *header = arena_alloc(arena, MESSAGE_HEADER_MAX), *list = arena_alloc(arena, MESSAGE_ADDRESS_MAX + 8);
	struct writer h = writer_of(header, MESSAGE_HEADER_MAX), l = writer_of(list, MESSAGE_ADDRESS_MAX + 8);
	struct ipc_accept a = { .body = text_of(text), .key = text_of(key) };

	q->charge->notice(q->charge->owner, &notice);
	struct message m = { .channel = TEXT_LITERAL(SCREEN_NOTICE), .sender = notice.number, .choice = CHOICE_PAID };
	if (account)
		m.account = *account;
	message_encode(&m, &h);
	ipc_put_recipient(&l, number);
	a.header = text_range((const char *)header, writer_len(&h));
	a.recipients = text_range((const char *)list, writer_len(&l));
	queue_accept(q, &a, accepted, owner);
}

bool queue_question_is_answer(struct queue *q, const struct message *m, const struct store_accept *accept)
{
	struct charge_notice notice;

	if (!q->priced || !m->from_network || m->emergency || accept->deliveries_count != 1)
		return false;
	q->charge->notice(q->charge->owner, &notice);
	return notice.number.len && text_equal(accept->deliveries[0].recipient, notice.number);
}

static void end(struct answer_job *j, enum result result, const char *why)
{
	j->then(j->owner, result, why);
}

static void told(void *owner, const struct ipc_accepted *a)
{
	struct answer_job *j = owner;

	if (a->result)
		LOGN(LOG_CORE, NULL, "a phone could not be told what became of its answer: %.*s", TEXT_ARGS(a->why));
	end(j, OK, NULL);
}

static void tell_failure(struct answer_job *j, const char *why)
{
	char id[MESSAGE_ID_TEXT_SIZE];

	queue_notice(j->queue, j->arena, NULL, j->number, arena_printf(j->arena, "Not sent: %s.", why),
		     arena_printf(j->arena, "not-sent/%s/%s", message_id_text(j->delivery, id), why), told, j);
}

static void marked(struct store_request *r)
{
	struct answer_job *j = r->owner;

	queue_asked_done(j->queue);
	end(j, OK, NULL); /* where it could not be marked: its code still tells it from others */
}

static void decided(void *owner, enum result result, const char *why)
{
	struct answer_job *j = owner;
	struct store_fact *f = &j->request.fact;

	if (result == ERR_BUSY || result == ERR_UNKNOWN) {
		end(j, ERR_BUSY, "the answer could not be kept: try again");
		return;
	}
	if (result == ERR_DENIED) { /* he may answer again, once the balance allows it */
		tell_failure(j, why);
		return;
	}
	j->value[MESSAGE_ID_SIZE] = 1;
	*f = (struct store_fact){ .arena = j->arena, .kind = QUESTION_FACT, .key = j->key, .until_us = f->until_out };
	f->value = (struct octets){ j->value, sizeof(j->value) };
	if (!f->until_us)
		f->until_us = store_now(j->queue->store) + j->queue->rules.validity_max_us;
	queue_ask_store(j->queue, &f->base, STORE_FACT_PUT, marked, j);
}

static void take(struct answer_job *j, struct text key, struct octets value)
{
	j->key = arena_text(j->arena, key);
	memcpy(j->value, value.at, sizeof(j->value));
	memcpy(j->delivery.octets, value.at, MESSAGE_ID_SIZE);
	queue_money_answer(j->queue, (struct text){ 0 }, j->delivery, j->yes, decided, j);
}

static void no_question(struct answer_job *j)
{
	end(j, ERR_NOT_FOUND, "no question of ours is open under that number: reply with the code of the question");
}

static void found(struct store_request *r)
{
	struct answer_job *j = r->owner;
	struct store_fact *f = &j->request.fact;

	queue_asked_done(j->queue);
	if (queue_not_written(r))
		end(j, ERR_BUSY, "the store cannot be read now: try again");
	else if (r->answer == STORE_DONE && f->value_out.len == sizeof(j->value))
		take(j, f->key, f->value_out);
	else
		no_question(j);
}

static void scanned(struct store_request *r)
{
	struct answer_job *j = r->owner;
	const struct store_fact_row *only = NULL;
	unsigned open = 0;

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE) {
		end(j, ERR_BUSY, "the store cannot be read now: try again");
		return;
	}
	for (const struct store_fact_row *row = j->request.scan.rows_out; row; row = row->next) {
		const uint8_t *value = row->value.at;
		if (row->value.len != sizeof(j->value) || value[MESSAGE_ID_SIZE])
			continue;
		only = row;
		open++;
	}
	if (open == 1)
		take(j, only->key, only->value);
	else if (open)
		end(j, ERR_CONFLICT, "several questions are open: reply with the code of the question, as YES 1234");
	else
		no_question(j);
}

void queue_question_answer(struct queue *q, struct arena *arena, const struct message *m,
			   void (*then)(void *owner, enum result result, const char *why), void *owner)
{
	struct answer_job *j = arena_alloc(arena, sizeof(*j));
	unsigned code;

	*j = (struct answer_job){ .queue = q, .arena = arena, .number = m->sender, .then = then, .owner = owner };
	if (m->content != MESSAGE_TEXT || !queue_question_parse(m->body, &j->yes, &code)) {
		end(j, ERR_MALFORMED, "not understood: reply YES or NO with the code of the question, as YES 1234");
		return;
	}
	if (code) {
		j->request.fact = (struct store_fact){ .arena = arena, .kind = QUESTION_FACT };
		j->request.fact.key = queue_question_key(j->number, code, arena);
		queue_ask_store(q, &j->request.fact.base, STORE_FACT_GET, found, j);
		return;
	}
	j->request.scan = (struct store_fact_scan){ .arena = arena, .kind = QUESTION_FACT, .limit = OPEN_MAX };
	j->request.scan.prefix = text_of(arena_printf(arena, "%.*s/", TEXT_ARGS(j->number)));
	queue_ask_store(q, &j->request.scan.base, STORE_FACT_SCAN, scanned, j);
}
