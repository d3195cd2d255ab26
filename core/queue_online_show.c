/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "show credit": the charging system as the queue sees it. */
#include <stdio.h>

#include "core/queue_online_internal.h"

#define SHOWN_MAX 20u

struct show {
	struct queue *queue;
	queue_line_cb line;
	void *context;
	unsigned shown, states[ONLINE_STATE_COUNT], doubts, buffered;
};

static const char *state_name(const struct online_session *s)
{
	static const char *const names[ONLINE_STATE_COUNT] = { "asked",	 "granted",  "free of charge",
							       "denied", "settling", "settled" };

	if (s->buffered)
		return "sent without a grant";
	return s->doubt ? "in doubt" : names[s->state];
}

static void count_one(void *owner, struct flight_node *node)
{
	struct show *show = owner;
	const struct online_session *s = (const struct online_session *)node;

	show->states[s->state]++;
	show->doubts += s->doubt;
	show->buffered += s->buffered;
}

static void show_one(void *owner, struct flight_node *node)
{
	struct show *show = owner;
	const struct online_session *s = (const struct online_session *)node;
	char line[CREDIT_SESSION_MAX + 64];

	if (show->shown++ >= SHOWN_MAX)
		return;
	snprintf(line, sizeof(line), "  %.*s: %s", TEXT_ARGS(s->session), state_name(s));
	show->line(show->context, line);
}

static void show_exposure(struct show *show)
{
	struct online *o = show->queue->online;
	struct arena *arena = arena_new(1024);
	const struct charge_port *port = show->queue->charge;
	char line[200];

	for (unsigned i = 0; i < ONLINE_CURRENCIES && o->rules.buffer; i++) {
		const struct online_currency *c = &o->currencies[i];
		if (!c->currency[0])
			continue;
		struct text now = queue_money_text(port, c->exposure, c->currency, arena);
		struct text most = queue_money_text(port, o->rules.exposure_all, c->currency, arena);
		snprintf(line, sizeof(line), "exposure         %.*s of at most %.*s", TEXT_ARGS(now), TEXT_ARGS(most));
		show->line(show->context, line);
	}
	arena_free(&arena);
}

static void show_all(struct show *show)
{
	struct online *o = show->queue->online;
	char line[200];

	snprintf(line, sizeof(line), "charging system  %s; while it does not answer: %s", o->up ? "there" : "away",
		 o->rules.buffer ? "buffer" : "stop");
	show->line(show->context, line);
	flight_each(&o->sessions, count_one, show);
	snprintf(line, sizeof(line),
		 "sessions         %u: %u asked, %u granted, %u settling; %u in doubt, %u without a grant",
		 o->sessions.count, show->states[ONLINE_ASKED], show->states[ONLINE_GRANTED],
		 show->states[ONLINE_SETTLING], show->doubts, show->buffered);
	show->line(show->context, line);
	show_exposure(show);
	flight_each(&o->sessions, show_one, show);
}

bool queue_online_show(struct queue *q, struct text words, queue_line_cb line, queue_end_cb end, void *context)
{
	struct show show = { .queue = q, .line = line, .context = context };

	if (!text_is(words, "credit"))
		return false;
	if (!q->online || !q->online->rules.on)
		line(context, "no charging system is configured (`diameter`)");
	else
		show_all(&show);
	end(context);
	return true;
}
