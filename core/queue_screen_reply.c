/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STOP, START and HELP from a phone. In this order, so that whatever is cut short is done again when the phone's
 * network offers the message again:
 *
 *	1. the opt-out as a fact, committed
 *	2. our answer to the phone accepted, with the event for the application in the same commit
 *	3. the message itself accepted, on its way to the application
 *	4. only then the network's answer
 *
 * The key of our answer is derived from the change, so a repeat of the word sends neither it nor the event again.
 *
 * A word counts only where the phone wrote to an application. What one person writes to another is never a command.
 */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/digest.h"
#include "core/queue_screen_internal.h"

#define CHANGES_MAX 2u
#define REPEATED_WITHIN_US (86400 * USEC_PER_SEC) /* our answer to a change is offered again this long */
#define HELP_EVERY_US (60 * USEC_PER_SEC)	  /* one recipient gets help at most that often */
#define EVENT_MAX 2048u

struct reply_job {
	struct queue *queue;
	const struct message *message; /* from the phone */
	struct store_accept *accept;
	struct text account, number; /* who is written to: the account, and the sender it uses */
	bool has_webhook;
	enum optout_command command;
	struct text language;
	int64_t at_us; /* of the change that is answered; 0 = there is none */
	bool changed, failed;
	struct store_fact facts[CHANGES_MAX];
	unsigned facts_count, open;
	void (*then)(void *owner, enum result result, const char *why);
	void *owner;
};

/* --- what it is ----------------------------------------------------------------------------------------------------
 */

static bool account_of_link(struct text link, struct text *account_out)
{
	struct text kind;

	*account_out = link;
	return text_split(account_out, ':', &kind) && account_out->len &&
	       (text_is(kind, "webhook") || text_is(kind, "esme"));
}

static enum optout_command read_command(const struct queue *q, const struct message *m, const struct store_accept *a,
					const struct screen_account **account_out, struct text *language_out)
{
	struct text name;

	if (!m->from_network || m->emergency || a->deliveries_count != 1 || m->content != MESSAGE_TEXT || m->udh.len ||
	    !account_of_link(a->deliveries[0].route, &name))
		return OPTOUT_NONE;
	*account_out = screen_account(q->screen, name);
	if (!*account_out || !(*account_out)->optout)
		return OPTOUT_NONE;
	return optout_command_with(m->body, NULL, 0, language_out);
}

/* --- the change ----------------------------------------------------------------------------------------------------
 */

static void write_fact(struct reply_job *j, const struct optout *o)
{
	screen_fact(j->accept->arena, j->account, j->message->sender, o, &j->facts[j->facts_count++]);
}

/* Each change of an entry has a time of its own, also while the store's clock stands after a restart: the keys of our
 * answer and of the event are made of it. */
static void change(struct reply_job *j, struct optout *o, bool started)
{
	int64_t now = store_now(j->queue->store);

	o->at_us = now > o->at_us ? now : o->at_us + 1;
	o->started = started;
	o->by_phone = true;
	o->durable = false;
	j->changed = true;
}

static enum result stop(struct reply_job *j)
{
	struct optout *o = screen_add(j->queue->screen, j->account, j->message->sender, j->number);

	if (!o)
		return ERR_FULL;
	if (!o->at_us || o->started || !o->by_phone)
		change(j, o, false);
	j->at_us = o->at_us;
	if (!o->durable)
		write_fact(j, o);
	return OK;
}

/* Back from what was said to this number, and from what the account imported for all of its numbers. */
static void start(struct reply_job *j)
{
	const struct optout_person *p = screen_person(j->queue->screen, j->account, j->message->sender);
	struct optout *entries[CHANGES_MAX] = { screen_optout(p, j->number), screen_optout(p, (struct text){ 0 }) };

	for (unsigned i = 0; i < CHANGES_MAX; i++) {
		struct optout *o = entries[i];
		if (!o)
			continue;
		if (!o->started)
			change(j, o, true);
		if (o->at_us > j->at_us)
			j->at_us = o->at_us;
		if (!o->durable)
			write_fact(j, o);
	}
}

static void make_durable(struct reply_job *j)
{
	const struct optout_person *p = screen_person(j->queue->screen, j->account, j->message->sender);

	struct optout *entries[CHANGES_MAX] = { screen_optout(p, j->number), screen_optout(p, (struct text){ 0 }) };

	for (unsigned i = 0; i < CHANGES_MAX; i++) {
		struct optout *o = entries[i];
		if (o && o->at_us <= j->at_us) /* else it changed again meanwhile */
			o->durable = true;
	}
}

/* --- the application hears of it -----------------------------------------------------------------------------------
 */

static struct text event_text(struct reply_job *j)
{
	char at[CLOCK_TEXT_SIZE], id[MESSAGE_ID_TEXT_SIZE];
	struct json_writer w;

	json_writer_init(&w, arena_alloc(j->accept->arena, EVENT_MAX), EVENT_MAX);
	json_open_object(&w);
	json_put_member_cstring(&w, "command", optout_command_name(j->command));
	json_put_member_text(&w, "number", j->message->sender);
	json_put_member_text(&w, "sender", j->number);
	json_put_member_text(&w, "account", j->account);
	json_put_member_text(&w, "language", j->language);
	json_put_member_cstring(&w, "at", clock_text(j->at_us, at));
	json_put_member_cstring(&w, "message", message_id_text(j->accept->id, id));
	json_close_object(&w);
	return json_writer_text(&w);
}

/* A repeat of the same change has the same id, so that the row is written once. */
static void event_id(const struct reply_job *j, uint8_t to[16])
{
	uint8_t digest[DIGEST_SHA256_SIZE];
	struct text command = text_of(optout_command_name(j->command));
	struct digest_part parts[] = { { "optout", 6 },
				       { j->account.at, j->account.len },
				       { "\n", 1 },
				       { j->message->sender.at, j->message->sender.len },
				       { "\n", 1 },
				       { j->number.at, j->number.len },
				       { "\n", 1 },
				       { command.at, command.len },
				       { &j->at_us, sizeof(j->at_us) } };

	digest_sha256(parts, sizeof(parts) / sizeof(parts[0]), digest);
	memcpy(to, digest, 16);
}

/* For the webhook; NULL where there is none. */
static const struct store_outbox *event_row(struct reply_job *j)
{
	struct arena *arena = j->accept->arena;

	if (!j->has_webhook || j->command == OPTOUT_HELP)
		return NULL;
	struct text body = event_text(j);
	struct store_outbox *row = arena_alloc(arena, sizeof(*row));
	*row = (struct store_outbox){ .target = text_of(arena_printf(arena, "webhook:%.*s", TEXT_ARGS(j->account))),
				      .kind = OPTOUT_KIND,
				      .body = { body.at, body.len },
				      .due_us = store_now(j->queue->store) };
	event_id(j, row->id);
	return row;
}

static void note(struct reply_job *j)
{
	struct store_new_delivery *d = &j->accept->deliveries[0];
	const char *words[] = { "", "STOP: the recipient opted out of", "START: the recipient is back at",
				"HELP: the recipient was told what STOP does at" };
	struct arena *arena = j->accept->arena;
	const char *detail = arena_printf(arena, "%s %.*s", words[j->command], TEXT_ARGS(j->number));
	struct octets e = queue_event(arena, store_now(j->queue->store), TRAIL_NOTE,
				      text_of(screen_rule_name(SCREEN_OPTED_OUT)), text_of(detail));
	uint8_t *both = arena_alloc(arena, d->trail.len + e.len);

	memcpy(both, d->trail.at, d->trail.len);
	memcpy(both + d->trail.len, e.at, e.len);
	d->trail = (struct octets){ both, d->trail.len + e.len };
}

/* --- our answer to the phone ---------------------------------------------------------------------------------------
 */

static void go_on(struct reply_job *j)
{
	if (j->changed)
		queue_publish(j->queue, j->account, OPTOUT_KIND, event_text(j));
	note(j);
	j->then(j->owner, OK, NULL);
}

static void answered(void *context, const struct ipc_accepted *a)
{
	struct reply_job *j = context;

	if (a->result) {
		counter_add(j->queue->screen->count.unanswered, 1);
		LOGN(LOG_CORE, NULL, "the answer to %s could not be accepted: %.*s", optout_command_name(j->command),
		     TEXT_ARGS(a->why));
		j->accept->outbox = event_row(j);
		j->accept->outbox_count = j->accept->outbox != NULL;
	}
	go_on(j);
}

/* B17: free, and never screened. The phone asked by SMS and is answered by it. */
static void answer_phone(struct reply_job *j)
{
	struct arena *arena = j->accept->arena;
	struct message m = { .channel = TEXT_LITERAL(SCREEN_NOTICE),
			     .account = j->account,
			     .sender = j->number,
			     .choice = CHOICE_PAID,
			     .body = text_of(optout_reply(j->command, j->language)) };
	uint8_t *header = arena_alloc(arena, MESSAGE_HEADER_MAX), *list = arena_alloc(arena, MESSAGE_ADDRESS_MAX + 8);
	struct writer h = writer_of(header, MESSAGE_HEADER_MAX), l = writer_of(list, MESSAGE_ADDRESS_MAX + 8);
	struct ipc_accept a = { .body = m.body };

	message_encode(&m, &h);
	ipc_put_recipient(&l, j->message->sender);
	a.header = text_range((const char *)header, writer_len(&h));
	a.recipients = text_range((const char *)list, writer_len(&l));
	a.key = text_of(arena_printf(arena, "%s/%.*s/%.*s/%lld", optout_command_name(j->command),
				     TEXT_ARGS(j->message->sender), TEXT_ARGS(j->number), (long long)j->at_us));
	queue_accept_with(j->queue, &a, event_row(j), answered, j);
}

static void after_change(struct reply_job *j)
{
	struct screen_counters *c = &j->queue->screen->count;

	if (j->failed) {
		counter_add(c->store_errors, 1);
		j->then(j->owner, ERR_BUSY, "the store could not keep the opt-out: try again later");
		return;
	}
	if (j->facts_count)
		make_durable(j);
	if (j->command == OPTOUT_HELP)
		counter_add(c->helps, 1);
	else if (!j->changed)
		counter_add(c->repeats, 1);
	else
		counter_add(j->command == OPTOUT_STOP ? c->stops : c->starts, 1);
	if (j->at_us && store_now(j->queue->store) - j->at_us < REPEATED_WITHIN_US)
		answer_phone(j);
	else
		j->then(j->owner, OK, NULL); /* nothing new to anybody */
}

static void kept(struct store_request *r)
{
	struct reply_job *j = r->owner;

	queue_asked_done(j->queue);
	j->failed = j->failed || (r->answer != STORE_DONE && r->answer != STORE_REPEAT);
	if (!--j->open)
		after_change(j);
}

static void carry_out(struct reply_job *j)
{
	enum result r = OK;

	if (j->command == OPTOUT_STOP)
		r = stop(j);
	else if (j->command == OPTOUT_START)
		start(j);
	else
		j->at_us = store_now(j->queue->store) / HELP_EVERY_US * HELP_EVERY_US;
	if (r) {
		LOGE(LOG_CORE, NULL,
		     "a STOP is put off: no room for another opt-out, raise `optouts-max` of the queue");
		j->then(j->owner, r, "no room for another opt-out (`optouts-max`): try again later");
		return;
	}
	j->open = j->facts_count;
	for (unsigned i = 0; i < j->facts_count; i++)
		queue_ask_store(j->queue, &j->facts[i].base, STORE_FACT_PUT, kept, j);
	if (!j->facts_count)
		after_change(j);
}

void queue_screen_reply(struct queue *q, const struct message *m, struct store_accept *accept,
			void (*then)(void *owner, enum result result, const char *why), void *owner)
{
	const struct screen_account *a = NULL;
	struct text language;
	enum optout_command command = read_command(q, m, accept, &a, &language);

	if (command == OPTOUT_NONE) {
		then(owner, OK, NULL);
		return;
	}
	struct reply_job *j = arena_alloc(accept->arena, sizeof(*j));
	*j = (struct reply_job){ .queue = q,
				 .message = m,
				 .accept = accept,
				 .account = arena_text(accept->arena, a->name),
				 .number = accept->deliveries[0].recipient,
				 .has_webhook = a->has_webhook,
				 .command = command,
				 .language = language,
				 .then = then,
				 .owner = owner };
	carry_out(j);
}
