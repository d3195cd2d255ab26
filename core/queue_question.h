/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions to the payer of a delivery that waits for his consent (R6.4), each told by the channel that he used:
 *
 *	an application	an event of kind "consent", and a webhook of that kind through the outbox: id, price, and how
 *			to answer (POST /v1/messages/{id}/consent)
 *	a phone		a text, free of charge (B17), from the number that `notice-number` of `billing` names:
 *			"Reply YES 4711 ..."; what it sends to that number is the answer, and goes nowhere else
 *
 * The question is a row of the outbox from the commit on which the delivery lies on HOLD. A row for a phone is of the
 * target "questions", which is this file: it keeps the fact (number, code) -> delivery, then accepts the text under a
 * key of the delivery's, and only then is the row done. Whatever is cut short is done again, and asks once.
 */
#ifndef CORE_QUEUE_QUESTION_H
#define CORE_QUEUE_QUESTION_H

#include "core/queue_internal.h"

/* Adds the rows of an accept whose deliveries were decided. */
void queue_question_rows(struct queue *q, const struct queue_money *money, struct store_accept *accept,
			 const struct message *m);
/* The accept is committed: those who watch hear of it, and what is for phones is asked. */
void queue_question_committed(struct queue *q, const struct queue_money *money, const struct store_accept *accept,
			      const struct message *m);
/* A delivery that lay on HOLD already waits for consent by a new decision. */
void queue_question_late(struct queue *q, const struct queue_decision *d, const struct message *m, struct message_id id,
			 struct text recipient, int64_t deadline_us);
/* From time to time: rows for phones that are not done yet. */
void queue_question_turn(struct queue *q);

/* Whether this message is a phone's answer to us. */
bool queue_question_is_answer(struct queue *q, const struct message *m, const struct store_accept *accept);
/* Takes it: OK where it was understood, also when the delivery is not waiting any more. */
void queue_question_answer(struct queue *q, struct arena *arena, const struct message *m,
			   void (*then)(void *owner, enum result result, const char *why), void *owner);

/* "YES 4711", "4711 no", "はい", in any width: the answer, and the code or 0. False: neither yes nor no. Pure. */
bool queue_question_parse(struct text utf8, bool *yes_out, unsigned *code_out);

#endif
