/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See answer.h. */
#include "store/answer.h"

#include "core/trail.h"

void answer_done(struct store_request *r)
{
	r->answer = STORE_DONE;
	r->refusal = STORE_NO_REFUSAL;
	r->why = NULL;
}

void answer_repeat(struct store_request *r)
{
	r->answer = STORE_REPEAT;
	r->refusal = STORE_NO_REFUSAL;
	r->why = NULL;
}

void answer_refused(struct store_request *r, enum store_refusal refusal, const char *why)
{
	r->answer = STORE_REFUSED;
	r->refusal = refusal;
	r->why = why;
}

void answer_conflict(struct store_request *r, const char *why)
{
	r->answer = STORE_CONFLICT;
	r->refusal = STORE_NO_REFUSAL;
	r->why = why;
}

void receipt_add(struct receipt_list *list, const struct store_outbox *o, struct arena *arena)
{
	if (list->count == list->room) {
		unsigned room = list->room ? list->room * 2 : 4;
		struct store_outbox *rows = arena_alloc(arena, room * sizeof(*rows));
		if (list->count)
			memcpy(rows, list->rows, list->count * sizeof(*rows));
		list->rows = rows;
		list->room = room;
	}
	list->rows[list->count++] = *o;
}

struct octets trail_with(struct octets trail, struct octets events, struct arena *arena)
{
	size_t room = trail.len + events.len + TRAIL_EVENT_SIZE;
	struct writer w = writer_of(arena_alloc(arena, room), room);

	trail_append(&w, trail.at, trail.len, events.at, events.len);
	return (struct octets){ w.start, writer_len(&w) };
}

struct octets trail_one(struct arena *arena, int64_t at_us, unsigned code, const char *detail)
{
	struct writer w = writer_of(arena_alloc(arena, TRAIL_EVENT_SIZE), TRAIL_EVENT_SIZE);

	trail_put(&w, &(struct trail_event){ at_us, (enum trail_code)code, { 0 }, text_of(detail) });
	return (struct octets){ w.start, writer_len(&w) };
}

struct octets trail_early(struct arena *arena, int64_t at_us, enum store_outcome outcome)
{
	static const uint8_t codes[OUTCOME_COUNT] = {
		[OUTCOME_SENT] = TRAIL_SENT,	       [OUTCOME_REFUSED] = TRAIL_REFUSED,
		[OUTCOME_EXPIRED] = TRAIL_EXPIRED,     [OUTCOME_CANCELLED] = TRAIL_CANCELLED,
		[OUTCOME_UNKNOWN] = TRAIL_UNKNOWN_END, [OUTCOME_DELIVERED] = TRAIL_DELIVERED,
		[OUTCOME_DISPLAYED] = TRAIL_DISPLAYED,
	};

	return trail_one(arena, at_us, codes[outcome], "the report came first");
}
