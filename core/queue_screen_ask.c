/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Screening for those who ask: the API's lists, quotes, an operator. */
#include "core/base/clock.h"
#include "core/base/hex.h"
#include "core/base/log.h"
#include "core/queue_screen_internal.h"

#define PAGE_ROWS 200u
#define SHOW_ROWS 50u
#define ROW_OCTETS (12u * MESSAGE_ADDRESS_MAX + 200u) /* of one entry as JSON */

struct screen_ask {
	struct queue *queue;
	struct holder *holder;
	unsigned edge;
	uint32_t generation, call;
	enum ipc_question question;
	bool is_operator;
	struct text account, number, sender;
	union {
		struct store_request base;
		struct store_fact fact;
		struct store_fact_scan scan;
	} request;
	queue_line_cb line;
	queue_end_cb end;
	void *context;
};

static void answer(struct screen_ask *j, enum result result, struct text body)
{
	struct holder *h = j->holder;

	queue_answer(j->queue, j->edge, j->generation, j->call, result, body);
	queue_release_holder(j->queue, &h);
}

static void answer_error(struct screen_ask *j, enum result result, const char *why)
{
	struct json_writer w;

	json_writer_init(&w, arena_alloc(j->holder->arena, 1024), 1024);
	json_open_object(&w);
	json_put_member_cstring(&w, "message", why);
	json_close_object(&w);
	answer(j, result, json_writer_text(&w));
}

/* --- the list ------------------------------------------------------------------------------------------------------
 */

static void put_entry(struct json_writer *w, const struct screen_fact_view *v)
{
	char at[CLOCK_TEXT_SIZE];

	json_open_object(w);
	json_put_member_text(w, "number", v->recipient);
	if (v->sender.len)
		json_put_member_text(w, "sender", v->sender);
	json_put_member_cstring(w, "at", clock_text(v->at_us, at));
	json_put_member_cstring(w, "by", v->by_phone ? "recipient" : "import");
	json_close_object(w);
}

/* Where the next page begins: the last key without the account, in hexadecimal digits. */
static void put_next(struct screen_ask *j, struct json_writer *w, struct text key)
{
	size_t skip = j->request.scan.prefix.len, size = 2 * key.len + 1;
	char *room = arena_alloc(j->holder->arena, size);
	struct writer h = writer_of(room, size);

	hex_put(&h, key.at + skip, key.len - skip);
	json_put_member_text(w, "next", text_range(room, writer_len(&h)));
}

static void listed(struct store_request *r)
{
	struct screen_ask *j = r->owner;
	size_t size = (PAGE_ROWS + 1) * ROW_OCTETS;
	struct screen_fact_view v;
	struct json_writer w;
	struct text last = { 0 };

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE) {
		answer_error(j, ERR_BUSY, "the store cannot be read now: try again");
		return;
	}
	json_writer_init(&w, arena_alloc(j->holder->arena, size), size);
	json_open_object(&w);
	json_key(&w, "optouts");
	json_open_array(&w);
	for (const struct store_fact_row *row = j->request.scan.rows_out; row; row = row->next) {
		last = row->key;
		if (screen_fact_read(row, &v) && !v.started)
			put_entry(&w, &v);
	}
	json_close_array(&w);
	if (j->request.scan.rows_count_out == PAGE_ROWS)
		put_next(j, &w, last);
	json_close_object(&w);
	answer(j, OK, json_writer_text(&w));
}

static void start_list(struct screen_ask *j, struct text cursor)
{
	struct arena *arena = j->holder->arena;
	struct store_fact_scan *scan = &j->request.scan;
	char *room = arena_alloc(arena, OPTOUT_KEY_MAX);
	struct writer w = writer_of(room, OPTOUT_KEY_MAX);

	scan->arena = arena;
	scan->kind = OPTOUT_KIND;
	scan->prefix = text_of(arena_printf(arena, "%.*s\n", TEXT_ARGS(j->account)));
	scan->limit = PAGE_ROWS;
	writer_text(&w, scan->prefix);
	if (cursor.len && (hex_take(cursor, &w) != OK || !writer_ok(&w))) {
		answer_error(j, ERR_MALFORMED, "`after` is the `next` of the page before");
		return;
	}
	if (cursor.len)
		scan->after = text_range(room, writer_len(&w));
	queue_ask_store(j->queue, &scan->base, STORE_FACT_SCAN, listed, j);
}

/* --- one entry -----------------------------------------------------------------------------------------------------
 */

static struct optout *find(const struct screen_ask *j)
{
	return screen_optout(screen_person(j->queue->screen, j->account, j->number), j->sender);
}

static void answer_entry(struct screen_ask *j, const struct optout *o)
{
	struct screen_fact_view v = {
		.recipient = j->number, .sender = j->sender, .at_us = o->at_us, .by_phone = o->by_phone
	};
	struct json_writer w;

	json_writer_init(&w, arena_alloc(j->holder->arena, ROW_OCTETS), ROW_OCTETS);
	put_entry(&w, &v);
	answer(j, OK, json_writer_text(&w));
}

static void put_done(struct store_request *r)
{
	struct screen_ask *j = r->owner;
	struct optout *o = find(j);

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE && r->answer != STORE_REPEAT) {
		counter_add(j->queue->screen->count.store_errors, 1);
		answer_error(j, ERR_BUSY, "the store could not keep the opt-out: try again");
		return;
	}
	if (!o) {
		answer_error(j, ERR_CONFLICT, "it was taken out again meanwhile");
		return;
	}
	o->durable = true;
	counter_add(j->queue->screen->count.imported, 1);
	answer_entry(j, o);
}

static void start_put(struct screen_ask *j)
{
	struct optout *o = screen_add(j->queue->screen, j->account, j->number, j->sender);

	if (!o) {
		answer_error(j, ERR_FULL, "no room for another opt-out: raise `optouts-max` of the queue");
		return;
	}
	if (o->at_us && !o->started && o->durable) {
		answer_entry(j, o);
		return;
	}
	if (!o->at_us || o->started) {
		int64_t now = store_now(j->queue->store);
		o->at_us = now > o->at_us ? now : o->at_us + 1;
		o->by_phone = false;
	}
	o->started = o->durable = false;
	screen_fact(j->holder->arena, j->account, j->number, o, &j->request.fact);
	queue_ask_store(j->queue, &j->request.base, STORE_FACT_PUT, put_done, j);
}

static void dropped(struct store_request *r)
{
	struct screen_ask *j = r->owner;

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE && r->answer != STORE_REPEAT) {
		counter_add(j->queue->screen->count.store_errors, 1);
		answer_error(j, ERR_BUSY, "the store could not take the opt-out out: try again");
		return;
	}
	screen_drop(j->queue->screen, j->account, j->number, j->sender);
	answer(j, OK, TEXT_LITERAL("{}"));
}

/* What a person said stands until that person, or who runs the gateway, says otherwise. */
static void start_drop(struct screen_ask *j)
{
	const struct optout *o = find(j);

	if (!o || o->started) {
		answer_error(j, ERR_NOT_FOUND, "no such opt-out: GET /v1/optouts lists them");
		return;
	}
	if (o->by_phone && !j->is_operator) {
		answer_error(j, ERR_DENIED,
			     "S1: the recipient said STOP; START by the recipient, or an account with `admin yes`, "
			     "takes it out");
		return;
	}
	j->request.fact = (struct store_fact){
		.arena = j->holder->arena,
		.kind = OPTOUT_KIND,
		.key = screen_fact_key(j->holder->arena, j->account, j->number, j->sender),
	};
	queue_ask_store(j->queue, &j->request.base, STORE_FACT_DELETE, dropped, j);
}

static struct screen_ask *job_new(struct queue *q)
{
	struct holder *h = queue_holder(q);
	struct screen_ask *j = arena_alloc(h->arena, sizeof(*j));

	j->queue = q;
	j->holder = h;
	return j;
}

static void begin(void *owner)
{
	struct screen_ask *j = owner;

	if (j->question == ASK_OPTOUTS)
		start_list(j, j->number);
	else if (j->question == ASK_OPTOUT_PUT)
		start_put(j);
	else
		start_drop(j);
}

static void gone(void *owner)
{
	struct screen_ask *j = owner;
	struct holder *h = j->holder;

	queue_release_holder(j->queue, &h);
}

bool queue_screen_ask(struct queue *q, unsigned edge, uint32_t call, const struct ipc_ask *in)
{
	if (in->question != ASK_OPTOUTS && in->question != ASK_OPTOUT_PUT && in->question != ASK_OPTOUT_DROP)
		return false;
	struct screen_ask *j = job_new(q);
	struct arena *arena = j->holder->arena;

	j->question = in->question;
	j->edge = edge;
	j->generation = q->edges[edge].generation;
	j->call = call;
	j->is_operator = !in->account.len;
	j->account = arena_text(arena, in->accept.header);
	j->number = arena_text(arena, in->accept.key);
	j->sender = arena_text(arena, in->accept.body);
	if (!j->is_operator && !text_equal(in->account, j->account))
		answer_error(j, ERR_DENIED, "the list of another account is for accounts with `admin yes`");
	else if (!screen_account(q->screen, j->account))
		answer_error(j, ERR_NOT_FOUND, "no account has that name");
	else
		queue_screen_when_ready(q, begin, gone, j);
	return true;
}

/* --- quotes --------------------------------------------------------------------------------------------------------
 */

bool queue_screen_quote(struct queue *q, struct arena *arena, const struct message *m, struct text recipient,
			struct json_writer *w)
{
	const struct screen_account *a = screen_account(q->screen, m->account);
	char *room = arena_alloc(arena, SCREEN_EXPLAIN_MAX), due[CLOCK_TEXT_SIZE];
	struct writer words = writer_of(room, SCREEN_EXPLAIN_MAX);
	struct screen_verdict v;
	struct screen_facts f;

	screen_look(q, a, m, recipient, (struct message_id){ 0 }, store_now(q->store), true, &f);
	screen_decide(&f, &v);
	if (!v.rule)
		return false;
	screen_explain(&f, &v, &words);
	struct text why = text_range(room, writer_ok(&words) ? writer_len(&words) : 0);
	if (v.refused) {
		json_put_member_cstring(w, "outcome", "reject");
		json_put_member_cstring(w, "rule", screen_rule_name(v.rule));
		json_put_member_text(w, "reason", why);
		return true;
	}
	json_put_member_cstring(w, "due", clock_text(v.due_us, due));
	json_put_member_text(w, "screening", why);
	return false;
}

/* --- an operator ---------------------------------------------------------------------------------------------------
 */

#define SAY(job, ...) (job)->line((job)->context, arena_printf((job)->holder->arena, __VA_ARGS__))

static void show_end(struct screen_ask *j)
{
	struct holder *h = j->holder;

	j->end(j->context);
	queue_release_holder(j->queue, &h);
}

static void say_entry(struct screen_ask *j, struct text account, struct text number, struct text sender, int64_t at_us,
		      bool started, bool by_phone)
{
	char at[CLOCK_TEXT_SIZE];
	struct text of = sender.len ? sender : TEXT_LITERAL("(all its senders)");

	SAY(j, "%-16.*s %-18.*s %-18.*s %-6s %-10s %s", TEXT_ARGS(account), TEXT_ARGS(number), TEXT_ARGS(of),
	    started ? "back" : "out", by_phone ? "recipient" : "import", clock_text(at_us, at));
}

static void say_account(void *owner, struct flight_node *node)
{
	struct screen_ask *j = owner;
	const struct screen_account *a = (const struct screen_account *)node;
	const struct optout_person *p = screen_person(j->queue->screen, a->name, j->number);

	for (const struct optout *o = p ? p->first : NULL; o; o = o->next)
		say_entry(j, a->name, j->number, o->sender, o->at_us, o->started, o->by_phone);
}

static void said_list(struct store_request *r)
{
	struct screen_ask *j = r->owner;
	struct screen_fact_view v;
	char masked[LOG_MASK_SIZE];

	queue_asked_done(j->queue);
	for (const struct store_fact_row *row = r->answer == STORE_DONE ? j->request.scan.rows_out : NULL; row;
	     row = row->next) {
		if (screen_fact_read(row, &v))
			say_entry(j, v.account, text_of(log_mask(v.recipient, masked)), v.sender, v.at_us, v.started,
				  v.by_phone);
	}
	if (j->request.scan.rows_count_out == SHOW_ROWS)
		SAY(j, "... and more: show optouts NUMBER, or GET /v1/optouts");
	show_end(j);
}

static void show_optouts(struct screen_ask *j)
{
	SAY(j, "%lld kept, at most %lld (`optouts-max`)", (long long)j->queue->screen->optouts,
	    (long long)j->queue->screen->optouts_max);
	SAY(j, "%-16s %-18s %-18s %-6s %-10s %s", "account", "recipient", "sender", "", "said by", "since");
	if (j->number.len) {
		flight_each(&j->queue->screen->accounts, say_account, j);
		show_end(j);
		return;
	}
	j->request.scan.arena = j->holder->arena;
	j->request.scan.kind = OPTOUT_KIND;
	j->request.scan.limit = SHOW_ROWS;
	queue_ask_store(j->queue, &j->request.base, STORE_FACT_SCAN, said_list, j);
}

static void say_count(struct screen_ask *j, const char *what, const struct counter *c)
{
	SAY(j, "%-44s %lld", what, (long long)atomic_load(&c->value));
}

static void show_counters(struct screen_ask *j)
{
	static const char *const what[SCREEN_RULE_COUNT] = { "", "refused by S1, opted out",
							     "refused by S2, not on the allow list",
							     "refused by S3, quiet hours", "refused by S4, duplicate" };
	const struct screen_counters *c = &j->queue->screen->count;

	for (unsigned i = SCREEN_PASSES + 1; i < SCREEN_RULE_COUNT; i++)
		say_count(j, what[i], c->refused[i]);
	say_count(j, "put off by S3, quiet hours", c->put_off);
	say_count(j, "STOP", c->stops);
	say_count(j, "START", c->starts);
	say_count(j, "HELP", c->helps);
	say_count(j, "STOP or START that changed nothing", c->repeats);
	say_count(j, "answers that could not be accepted", c->unanswered);
	say_count(j, "opt-outs put in by the API", c->imported);
	say_count(j, "opt-outs kept", c->entries);
	say_count(j, "opt-outs put off by `optouts-max`", c->full);
	say_count(j, "messages remembered against copies", c->remembered);
	say_count(j, "of them forgotten early by `duplicates-max`", c->evicted);
	say_count(j, "failures of the store", c->store_errors);
	show_end(j);
}

bool queue_screen_show(struct queue *q, struct text words, queue_line_cb line, queue_end_cb end, void *context)
{
	struct text word = { 0 }, rest = words;

	(void)text_split(&rest, ' ', &word);
	if (!text_is(word, "optouts") && !text_is(word, "screening"))
		return false;
	struct screen_ask *j = job_new(q);
	j->line = line;
	j->end = end;
	j->context = context;
	j->number = arena_text(j->holder->arena, text_trim(rest));
	if (text_is(word, "optouts"))
		show_optouts(j);
	else
		show_counters(j);
	return true;
}
