/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The end of a turn, once for all streams of a loop: only those that were marked are visited, so that thousands of idle
 * ones cost nothing. What is marked after that (by another hook, or before the loop runs) makes the next turn come at
 * once.
 */
#include "core/net/stream_internal.h"

#include <stdlib.h>

#include "core/base/arena.h"

/* A loop belongs to one thread, and so do its streams. */
static _Thread_local struct stream_turn *turns;

static void link_out(struct stream_link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	link->next = link->prev = NULL;
}

static void link_last(struct stream_link *list, struct stream_link *link)
{
	link->prev = list->prev;
	link->next = list;
	list->prev->next = link;
	list->prev = link;
}

/* Moves all of `from` to the empty list `to`. */
static void link_move(struct stream_link *from, struct stream_link *to)
{
	*to = (struct stream_link){ to, to };
	if (from->next == from)
		return;
	*to = *from;
	to->next->prev = to;
	to->prev->next = to;
	*from = (struct stream_link){ from, from };
}

static void turn_ended(void *owner)
{
	struct stream_turn *turn = owner;
	struct stream_link now;

	turn->ended_us = loop_time(turn->loop);
	stream_turn_ref(turn);
	link_move(&turn->dirty, &now);
	while (now.next != &now) {
		struct stream_link *first = now.next;
		link_out(first);
		stream_turn_ended((struct stream *)first);
	}
	stream_turn_unref(turn);
}

static void woken(void *owner)
{
	(void)owner; /* the end of this turn does the work */
}

struct stream_turn *stream_turn_of(struct loop *loop)
{
	struct stream_turn *turn = turns;

	while (turn && turn->loop != loop)
		turn = turn->next;
	if (!turn) {
		turn = must_alloc(sizeof(*turn));
		turn->loop = loop;
		turn->ended_us = loop_time(loop);
		turn->dirty = (struct stream_link){ &turn->dirty, &turn->dirty };
		turn->next = turns;
		turns = turn;
		loop_hook_add(loop, &turn->hook, turn_ended, turn);
	}
	turn->users++;
	return turn;
}

void stream_turn_ref(struct stream_turn *turn)
{
	turn->users++;
}

void stream_turn_unref(struct stream_turn *turn)
{
	if (--turn->users)
		return;
	loop_hook_remove(&turn->hook);
	loop_timer_stop(&turn->again);
	for (struct stream_turn **at = &turns; *at; at = &(*at)->next) {
		if (*at == turn) {
			*at = turn->next;
			break;
		}
	}
	free(turn);
}

void stream_mark(struct stream *stream)
{
	struct stream_turn *turn = stream->turn;

	if (stream->link.next)
		return;
	link_last(&turn->dirty, &stream->link);
	if (turn->ended_us == loop_time(turn->loop) && !loop_timer_running(&turn->again))
		loop_timer_start(turn->loop, &turn->again, 0, woken, turn);
}

void stream_unmark(struct stream *stream)
{
	if (stream->link.next)
		link_out(&stream->link);
}
