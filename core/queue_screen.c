/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lists of screening in memory, and a message asked against them. */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/net/digest.h"
#include "core/queue_screen_internal.h"

/* --- accounts ------------------------------------------------------------------------------------------------------
 */

static void add_account(struct queue_screen *s, const struct account_settings *in)
{
	struct screen_account *a = arena_alloc(s->arena, sizeof(*a));
	struct text *allowed = arena_alloc(s->arena, (in->allow_recipient.count + 1) * sizeof(*allowed));
	const char *why;

	queue_account_id(in->node.name, a->node.key);
	a->name = arena_text(s->arena, in->node.name);
	a->optout = in->optout;
	a->has_webhook = in->webhook.len != 0;
	a->window_us = in->duplicate_window;
	for (unsigned i = 0; i < in->allow_recipient.count; i++)
		allowed[i] = arena_text(s->arena, in->allow_recipient.items[i]);
	a->allowed = allowed;
	a->allowed_count = in->allow_recipient.count;
	a->has_quiet =
		in->quiet_hours.len && screen_quiet_parse(arena_text(s->arena, in->quiet_hours), &a->quiet, &why);
	flight_add(&s->accounts, &a->node);
}

void queue_screen_switch(struct queue *q, const struct config *config)
{
	struct queue_screen *s = q->screen;
	const struct queue_settings *rules = config_only(config, &queue_kind);

	flight_table_clear(&s->accounts);
	flight_table_init(&s->accounts);
	arena_reset(s->arena);
	s->last = NULL;
	for (const struct account_settings *a = NULL; (a = config_next(config, &account_kind, a)) != NULL;)
		add_account(s, a);
	s->optouts_max = rules->optouts_max;
	s->recents_max = rules->duplicates_max;
	if (s->state == SCREEN_NOT_LOADED)
		screen_load(q);
}

const struct screen_account *screen_account(struct queue_screen *s, struct text name)
{
	uint8_t id[16];

	if (s->last && text_equal(s->last->name, name))
		return s->last;
	queue_account_id(name, id);
	struct screen_account *a = (struct screen_account *)flight_find(&s->accounts, id);
	if (a)
		s->last = a;
	return a;
}

/* --- opt-outs ------------------------------------------------------------------------------------------------------
 */

static void person_key(struct text account, struct text recipient, uint8_t key[16])
{
	char folded[MESSAGE_ADDRESS_MAX];
	uint8_t digest[DIGEST_SHA256_SIZE];
	struct writer w = writer_of(folded, sizeof(folded));

	screen_fold(recipient, &w);
	struct digest_part parts[] = { { account.at, account.len }, { "\n", 1 }, { folded, writer_len(&w) } };
	digest_sha256(parts, 3, digest);
	memcpy(key, digest, 16);
}

struct optout_person *screen_person(const struct queue_screen *s, struct text account, struct text recipient)
{
	uint8_t key[16];

	if (!s->people.count)
		return NULL;
	person_key(account, recipient, key);
	return (struct optout_person *)flight_find(&s->people, key);
}

static bool same_address(struct text a, struct text b)
{
	char x[MESSAGE_ADDRESS_MAX], y[MESSAGE_ADDRESS_MAX];
	struct writer v = writer_of(x, sizeof(x)), w = writer_of(y, sizeof(y));

	screen_fold(a, &v);
	screen_fold(b, &w);
	return text_equal(text_range(x, writer_len(&v)), text_range(y, writer_len(&w)));
}

struct optout *screen_optout(const struct optout_person *p, struct text sender)
{
	struct optout *o = p ? p->first : NULL;

	while (o && !same_address(o->sender, sender))
		o = o->next;
	return o;
}

const struct optout *screen_forbids(const struct optout_person *p, struct text sender)
{
	const struct optout *o = p ? p->first : NULL;

	while (o && (o->started || !(!o->sender.len || !screen_can_answer(sender) || same_address(o->sender, sender))))
		o = o->next;
	return o;
}

static struct optout_person *add_person(struct queue_screen *s, struct text account, struct text recipient)
{
	struct optout_person *p = screen_person(s, account, recipient);

	if (p)
		return p;
	p = must_alloc(sizeof(*p));
	person_key(account, recipient, p->node.key);
	flight_add(&s->people, &p->node);
	return p;
}

struct optout *screen_add(struct queue_screen *s, struct text account, struct text recipient, struct text sender)
{
	struct optout *o = screen_optout(screen_person(s, account, recipient), sender);

	if (o)
		return o;
	if (s->optouts >= s->optouts_max && s->state == SCREEN_LOADED) {
		counter_add(s->count.full, 1);
		return NULL;
	}
	struct optout_person *p = add_person(s, account, recipient);
	o = must_alloc(sizeof(*o) + sender.len + 1);
	if (sender.len)
		memcpy(o->room, sender.at, sender.len);
	o->sender = text_range(o->room, sender.len);
	o->next = p->first;
	p->first = o;
	counter_set(s->count.entries, ++s->optouts);
	return o;
}

void screen_drop(struct queue_screen *s, struct text account, struct text recipient, struct text sender)
{
	struct optout_person *p = screen_person(s, account, recipient);
	struct optout *o = screen_optout(p, sender), **at = p ? &p->first : NULL;

	if (!o)
		return;
	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	free(o);
	counter_set(s->count.entries, --s->optouts);
	if (p->first)
		return;
	flight_remove(&s->people, &p->node);
	free(p);
}

static void free_person(void *owner, struct flight_node *node)
{
	struct optout_person *p = (struct optout_person *)node;

	(void)owner;
	for (struct optout *o = p->first, *next; o; o = next) {
		next = o->next;
		free(o);
	}
	free(p);
}

/* --- life ----------------------------------------------------------------------------------------------------------
 */

static void make_counters(struct screen_counters *c)
{
	for (unsigned i = SCREEN_PASSES + 1; i < SCREEN_RULE_COUNT; i++) {
		char label[] = "rule=\"S0\"";
		label[7] = screen_rule_name((enum screen_rule)i)[1];
		c->refused[i] = counter_get(COUNTER_COUNT, "screen_refused_total", label,
					    "Messages that screening refused, by rule");
	}
	c->put_off = counter_get(COUNTER_COUNT, "screen_put_off_total", NULL, "Messages put off by quiet hours");
	c->stops = counter_get(COUNTER_COUNT, "screen_stops_total", NULL, "Recipients that opted out by STOP");
	c->starts = counter_get(COUNTER_COUNT, "screen_starts_total", NULL, "Recipients that came back by START");
	c->helps = counter_get(COUNTER_COUNT, "screen_helps_total", NULL, "Recipients that asked for HELP");
	c->repeats =
		counter_get(COUNTER_COUNT, "screen_words_repeated_total", NULL, "STOP or START that changed nothing");
	c->imported = counter_get(COUNTER_COUNT, "screen_imported_total", NULL, "Opt-outs put in by the API");
	c->full = counter_get(COUNTER_COUNT, "screen_optouts_full_total", NULL,
			      "Opt-outs refused for now by optouts-max");
	c->evicted = counter_get(COUNTER_COUNT, "screen_duplicates_evicted_total", NULL,
				 "Messages forgotten before their window ended, by duplicates-max");
	c->store_errors = counter_get(COUNTER_COUNT, "screen_store_errors_total", NULL,
				      "Opt-outs and lists that the store could not keep or read at once");
	c->unanswered = counter_get(COUNTER_COUNT, "screen_unanswered_total", NULL,
				    "Answers to STOP, START or HELP that could not be accepted");
	c->entries = counter_get(COUNTER_GAUGE, "screen_optouts", NULL, "Opt-outs kept");
	c->remembered = counter_get(COUNTER_GAUGE, "screen_duplicates", NULL, "Messages remembered against copies");
}

void queue_screen_new(struct queue *q)
{
	struct queue_screen *s = must_alloc(sizeof(*s));

	s->arena = arena_new(4096);
	flight_table_init(&s->accounts);
	flight_table_init(&s->people);
	flight_table_init(&s->recents);
	s->waiters_end = &s->waiters;
	make_counters(&s->count);
	q->screen = s;
}

void queue_screen_free(struct queue *q)
{
	struct queue_screen *s = q->screen;

	q->screen = NULL;
	loop_timer_stop(&s->again);
	for (struct screen_waiter *w = s->waiters, *next; w; w = next) {
		next = w->next;
		w->gone(w->owner);
		free(w);
	}
	flight_each(&s->people, free_person, NULL);
	screen_recent_clear(s);
	flight_table_clear(&s->accounts);
	flight_table_clear(&s->people);
	flight_table_clear(&s->recents);
	arena_free(&s->arena);
	free(s);
}

/* --- a message -----------------------------------------------------------------------------------------------------
 */

static void set_optout(const struct queue_screen *s, const struct screen_account *a, const struct message *m,
		       struct screen_facts *f)
{
	const struct optout *o = screen_forbids(screen_person(s, a->name, f->recipient), m->sender);

	if (!o)
		return;
	f->opted_out = true;
	f->optout_sender = o->sender;
	f->optout_us = o->at_us;
}

static void set_duplicate(const struct queue_screen *s, const struct screen_account *a, const struct message *m,
			  struct message_id id, struct screen_facts *f)
{
	uint8_t key[16];

	screen_recent_key(m, f->recipient, key);
	const struct recent *r = screen_recent(s, key);
	if (!r || f->now_us - r->at_us >= a->window_us || message_id_equal(r->id, id))
		return;
	f->duplicate = true;
	f->earlier = r->id;
	f->earlier_us = r->at_us;
	f->window_us = a->window_us;
}

void screen_look(const struct queue *q, const struct screen_account *a, const struct message *m, struct text recipient,
		 struct message_id id, int64_t now_us, bool with_time, struct screen_facts *f)
{
	*f = (struct screen_facts){ .emergency = m->emergency,
				    .notice = screen_is_notice(m),
				    .from_network = m->from_network,
				    .now_us = now_us,
				    .due_us = m->due_us,
				    .validity_us = m->validity_us,
				    .recipient = recipient };
	if (!a || f->emergency || f->notice || f->from_network)
		return;
	f->allowed = a->allowed;
	f->allowed_count = a->allowed_count;
	if (a->has_quiet && with_time)
		f->quiet = &a->quiet;
	if (recipient.len && a->optout)
		set_optout(q->screen, a, m, f);
	if (recipient.len && a->window_us)
		set_duplicate(q->screen, a, m, id, f);
}

static const char *explain(struct arena *arena, const struct screen_facts *f, const struct screen_verdict *v)
{
	char room[SCREEN_EXPLAIN_MAX];
	struct writer w = writer_of(room, sizeof(room));

	screen_explain(f, v, &w);
	return arena_cstring(arena, text_range(room, writer_ok(&w) ? writer_len(&w) : 0));
}

/* Of "S3: quiet hours ..", for a timeline, where the rule has a place of its own. */
static struct text without_rule(const char *why)
{
	struct text t = text_of(why), rule;

	(void)text_split(&t, ' ', &rule);
	return t;
}

void queue_screen_time(struct queue *q, struct arena *arena, struct message *m, int64_t now_us,
		       struct queue_screened *out)
{
	const struct screen_account *a = screen_account(q->screen, m->account);
	struct screen_facts f;
	struct screen_verdict v;

	if (!a || !a->has_quiet)
		return;
	screen_look(q, NULL, m, (struct text){ 0 }, (struct message_id){ 0 }, now_us, true, &f);
	f.quiet = &a->quiet;
	screen_decide(&f, &v);
	if (v.rule != SCREEN_QUIET)
		return;
	out->why = explain(arena, &f, &v);
	if (v.refused) {
		counter_add(q->screen->count.refused[v.rule], 1);
		out->result = ERR_DENIED;
		return;
	}
	counter_add(q->screen->count.put_off, 1);
	m->due_us = v.due_us;
	out->event = queue_event(arena, now_us, TRAIL_NOTE, text_of(screen_rule_name(v.rule)), without_rule(out->why));
}

int64_t queue_screen_due(struct queue *q, const struct message *m, int64_t due_us)
{
	const struct screen_account *a = screen_account(q->screen, m->account);

	if (m->due_us > due_us)
		due_us = m->due_us;
	if (!a || !a->has_quiet || m->emergency || m->from_network || screen_is_notice(m))
		return due_us;
	return screen_quiet_end(&a->quiet, due_us);
}

enum result queue_screen_recipient(struct queue *q, struct arena *arena, const struct message *m, struct text recipient,
				   struct message_id id, int64_t now_us, const char **why_out)
{
	const struct screen_account *a = screen_account(q->screen, m->account);
	struct screen_facts f;
	struct screen_verdict v;
	uint8_t key[16];

	if (!a)
		return OK;
	screen_look(q, a, m, recipient, id, now_us, false, &f);
	screen_decide(&f, &v);
	if (v.refused) {
		counter_add(q->screen->count.refused[v.rule], 1);
		*why_out = explain(arena, &f, &v);
		return v.rule == SCREEN_DUPLICATE ? ERR_CONFLICT : ERR_DENIED;
	}
	if (a->window_us && !f.emergency && !f.notice && !f.from_network) {
		screen_recent_key(m, recipient, key);
		screen_recent_add(q->screen, key, id, now_us);
	}
	return OK;
}
