/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What queue_question.c (asking) and queue_question_answer.c (being answered) share. */
#ifndef CORE_QUEUE_QUESTION_INTERNAL_H
#define CORE_QUEUE_QUESTION_INTERNAL_H

#include "core/queue_question.h"

#define QUESTION_FACT TEXT_LITERAL("question")
/* The delivery's id, then 1 once it was answered. */
#define QUESTION_VALUE_SIZE (MESSAGE_ID_SIZE + 1)

/* "+8190.../4711" */
struct text queue_question_key(struct text number, unsigned code, struct arena *arena);
/* A text of ours to a phone, free, under that key. */
void queue_notice(struct queue *q, struct arena *arena, const struct text *account, struct text number,
		  const char *text, const char *key, queue_accepted_cb accepted, void *owner);

#endif
