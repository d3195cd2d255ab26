/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an operator sees: the links, the queue, a message's timeline, what waits for a recipient. */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_internal.h"
#include "core/queue_online.h"
#include "core/queue_screen.h"
#include "core/queue_lookup.h"

#define SHOW_ROWS 50u

struct show_job {
	struct queue *queue;
	struct holder *holder;
	queue_line_cb line;
	queue_end_cb end;
	void *context;
	union {
		struct store_request base;
		struct store_sums sums;
		struct store_message_get get;
		struct store_scan scan;
	} request;
};

#define SAY(job, ...) (job)->line((job)->context, arena_printf((job)->holder->arena, __VA_ARGS__))

static void job_end(struct show_job *j)
{
	struct holder *h = j->holder;

	j->end(j->context);
	queue_release_holder(j->queue, &h);
}

static void show_links(struct show_job *j)
{
	SAY(j, "%-28s %-5s %9s %9s %10s %9s %9s %9s  %s", "link", "state", "in flight", "window", "sent", "refused",
	    "retried", "in doubt", "");
	for (struct link *l = j->queue->links; l; l = l->next)
		SAY(j, "%-28.*s %-5s %9u %9u %10llu %9llu %9llu %9llu  %s", TEXT_ARGS(l->name), l->up ? "up" : "down",
		    l->in_flight, l->window, (unsigned long long)l->sent, (unsigned long long)l->refused,
		    (unsigned long long)l->retried, (unsigned long long)l->doubted, l->detail);
	job_end(j);
}

static void got_sums(struct store_request *r)
{
	struct show_job *j = r->owner;
	const struct store_sums *s = &j->request.sums;

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE) {
		SAY(j, "the store cannot be read now: %s", r->why ? r->why : "try again");
	} else {
		SAY(j, "waiting      %lld", (long long)s->waiting_out);
		SAY(j, "with a link  %lld", (long long)s->leased_out);
		SAY(j, "handed over  %lld  (a report is awaited)", (long long)s->handed_over_out);
		SAY(j, "on hold      %lld", (long long)s->on_hold_out);
		SAY(j, "ended        %lld", (long long)s->finished_out);
		SAY(j, "files        %s", queue_files_text(j->queue, j->holder->arena));
		SAY(j, "outbox       %lld  (receipts and notices not taken yet)", (long long)s->outbox_open_out);
		SAY(j, "records      %lld", (long long)s->cdr_seq_out);
		SAY(j, "durability   %s", store_durability_name(store_durability(j->queue->store)));
		SAY(j, "ledger       %s", s->sound_out ? "sound" : "NOT SOUND: stop priced sending, compare the sums");
	}
	job_end(j);
}

static void say_trail(struct show_job *j, struct octets trail)
{
	struct reader r = reader_of(trail.at, trail.len);
	struct trail_event e;
	char at[CLOCK_TEXT_SIZE];

	while (trail_take(&r, &e))
		SAY(j, "    %s  %-12s %.*s%s%.*s", clock_text(e.at_us, at), trail_code_name(e.code), TEXT_ARGS(e.rule),
		    e.rule.len ? "  " : "", TEXT_ARGS(e.detail));
}

static const char *state_words(const struct store_row *r)
{
	if (r->state == DELIVERY_FINISHED)
		return store_outcome_name(r->outcome);
	if (r->state == DELIVERY_HANDED_OVER)
		return "handed over, report awaited";
	if (r->state == DELIVERY_LEASED)
		return "with its link";
	if (r->doubt)
		return "in doubt";
	if (r->parked)
		return r->parked == 2 ? "on hold" : "waiting behind another to the same recipient";
	return "waiting";
}

static void say_row(struct show_job *j, const struct store_row *r)
{
	char id[MESSAGE_ID_TEXT_SIZE], masked[LOG_MASK_SIZE];

	SAY(j, "%s  to %s  link %.*s  %s  attempts %lld", message_id_text(r->id, id), log_mask(r->recipient, masked),
	    TEXT_ARGS(r->route), state_words(r), (long long)r->attempt);
}

static void got_message(struct store_request *r)
{
	struct show_job *j = r->owner;

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE || !j->request.get.rows_out)
		SAY(j, "no such message");
	for (struct store_row *row = r->answer == STORE_DONE ? j->request.get.rows_out : NULL; row; row = row->next) {
		say_row(j, row);
		say_trail(j, row->trail);
	}
	job_end(j);
}

static void got_scan(struct store_request *r)
{
	struct show_job *j = r->owner;

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE || !j->request.scan.rows_count_out)
		SAY(j, "nothing found");
	for (struct store_row *row = r->answer == STORE_DONE ? j->request.scan.rows_out : NULL; row; row = row->next)
		say_row(j, row);
	job_end(j);
}

static void show_message(struct show_job *j, struct text id)
{
	j->request.get.arena = j->holder->arena;
	if (!message_id_parse(text_trim(id), &j->request.get.id)) {
		SAY(j, "an id is 28 or 32 hexadecimal digits, as the answer to the sender showed it");
		job_end(j);
		return;
	}
	queue_ask_store(j->queue, &j->request.base, STORE_MESSAGE_GET, got_message, j);
}

static void show_recipient(struct show_job *j, struct text recipient)
{
	j->request.scan.arena = j->holder->arena;
	j->request.scan.recipient = arena_text(j->holder->arena, text_trim(recipient));
	j->request.scan.state = -1;
	j->request.scan.limit = SHOW_ROWS;
	queue_ask_store(j->queue, &j->request.base, STORE_SCAN, got_scan, j);
}

void queue_show(struct queue *q, struct text words, queue_line_cb line, queue_end_cb end, void *context)
{
	if (queue_lookup_show(q, words, line, end, context) || queue_money_show(q, words, line, end, context) ||
	    queue_screen_show(q, words, line, end, context) || queue_online_show(q, words, line, end, context))
		return;
	struct holder *h = queue_holder(q);
	struct show_job *j = arena_alloc(h->arena, sizeof(*j));
	struct text word = { 0 }, rest = words;

	*j = (struct show_job){ .queue = q, .holder = h, .line = line, .end = end, .context = context };
	(void)text_split(&rest, ' ', &word);
	if (text_is(word, "links")) {
		show_links(j);
	} else if (text_is(word, "message")) {
		show_message(j, rest);
	} else if (text_is(word, "recipient")) {
		show_recipient(j, rest);
	} else if (text_is(word, "queue")) {
		queue_ask_store(q, &j->request.base, STORE_SUMS, got_sums, j);
	} else {
		SAY(j, "the queue shows: links, queue, message ID, recipient NUMBER, account NAME, ledger, credit, "
		       "decision ID");
		job_end(j);
	}
}
