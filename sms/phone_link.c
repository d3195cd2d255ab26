/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Phones of ours as a link: who is known, and deliveries to them. */
#include "sms/phone_link.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "sms/phone_link_internal.h"

#define RETRY_MS 60000u /* back to the queue: the next try there */
#define STOPPING "the gateway is stopping"
#define LOOK_US (INT64_C(250) * USEC_PER_MSEC)

/* --- deliveries --- */

static void end(struct phone_link *link, struct phone_going *g, enum ipc_outcome outcome, uint32_t retry_ms,
		const char *detail)
{
	struct arena *arena = g->arena;
	struct phone_going **at = &link->first;
	struct ipc_result r = { .id = g->id,
				.outcome = outcome,
				.retry_ms = retry_ms,
				.link = text_of(link->name),
				.detail = text_of(detail),
				.segments = (uint16_t)g->part };

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	if (!*at)
		link->last = at;
	link->count--;
	channel_result(link->channel, &r);
	link_life_result(&link->life, &r);
	arena_free(&arena);
}

/* Unsent, or with its first parts out: those cannot be called back. */
static void give_back(struct phone_link *link, struct phone_going *g, const char *detail)
{
	end(link, g, g->part || g->flying ? IPC_DOUBT : IPC_RETRY, RETRY_MS, detail);
}

/* Back for a while; one whose first parts are out stays in hand until its lease ends. */
static void put_off(struct phone_link *link, struct phone_going *g, int64_t us, const char *why)
{
	g->why = why;
	if (!g->part)
		end(link, g, IPC_RETRY, (uint32_t)(us / USEC_PER_MSEC), why);
	else
		g->again_us = clock_monotonic() + LOOK_US;
}

/* Something else waits for this phone: TP-MMS, and the network may keep its connection. */
bool phone_link_more(const struct phone_link *link, const char *number, const void *but)
{
	for (const struct phone_going *g = link->first; g; g = g->next) {
		if (g != but && text_is(text_of(number), g->number))
			return true;
	}
	for (const struct phone_report *r = link->reports; r; r = r->next) {
		if (r != but && text_is(text_of(number), r->number))
			return true;
	}
	return false;
}

static void put_part(struct phone_link *link, struct phone_going *g, struct phone_known *p)
{
	uint8_t tpdu[TPDU_MAX];
	struct writer w = writer_of(tpdu, sizeof(tpdu));
	struct tp_going going = { .part = g->part,
				  .reference = g->reference,
				  .now_us = g->accepted_us,
				  .quarters = link->settings.quarters,
				  .more = phone_link_more(link, g->number, g) };

	tp_message_deliver(&g->plan, &g->message, &going, &w);
	link->permit = g->permit;
	enum result result = link->carrier->send(link->owner, p->imsi, text_range((char *)tpdu, writer_len(&w)),
						 going.more || g->part + 1 < g->plan.split.parts);
	link->permit = (struct text){ 0 };
	if (result == OK) {
		g->flying = p->flying = true;
	} else if (result == ERR_NOT_FOUND) {
		phone_link_wait(p, link->settings.retry.alert_us, "the phone is not there");
		put_off(link, g, link->settings.retry.alert_us, p->why);
	} else {
		g->again_us = clock_monotonic() + LOOK_US;
		g->why = "the carrier does not take it now";
	}
}

/* The first of each phone goes; nothing leaves before the queue was told. */
static void try_one(struct phone_link *link, struct phone_going *g, bool *unsaid)
{
	struct phone_known *p = key_table_find(link->by_number, text_of(g->number));

	bool behind = p && p->looked == link->look;
	if (p)
		p->looked = link->look;
	if (g->flying || (p && p->flying))
		return;
	if (clock_monotonic() >= g->not_after_us) {
		give_back(link, g, g->why);
		return;
	}
	if (!link->up || behind || clock_monotonic() < g->again_us)
		return;
	if (!p && !link->loaded)
		return;
	if (!p || clock_monotonic() < p->not_before_us) {
		put_off(link, g, p ? p->not_before_us - clock_monotonic() : link->settings.retry.alert_us,
			p ? p->why : "no phone with that number was seen");
		return;
	}
	if (!g->announced) {
		g->announced = true;
		channel_sending(link->channel, &g->id, 1);
		*unsaid = true;
	} else if (channel_said(link->channel)) {
		put_part(link, g, p);
	} else {
		*unsaid = true;
	}
}

static void look_again(void *owner)
{
	phone_link_wake(owner);
}

static void turn_ended(void *owner)
{
	struct phone_link *link = owner;
	struct phone_going *next;
	bool unsaid = false;

	if (!link->dirty)
		return;
	link->dirty = false;
	link->look++;
	phone_link_tell_back(link);
	phone_link_facts_turn(link);
	for (struct phone_going *g = link->first; g; g = next) {
		next = g->next;
		try_one(link, g, &unsaid);
	}
	phone_link_reports_turn(link);
	if (unsaid)
		phone_link_wake(link);
	if ((link->first || link->back || link->reports || link->unput || !link->loaded) &&
	    !loop_timer_running(&link->timer))
		loop_timer_start(link->loop, &link->timer, LOOK_US, look_again, link);
}

static struct phone_going *going_new(struct phone_link *link, const struct ipc_deliver *d, enum result *result,
				     const char **why)
{
	struct arena *arena = arena_new(4096);
	struct phone_going *g = arena_alloc(arena, sizeof(*g));

	g->arena = arena;
	g->id = d->id;
	g->not_after_us = d->not_after_us;
	g->accepted_us = d->accepted_us;
	/* Random octets of the id: a phone sees that what is sent again is the same. */
	g->reference = (uint16_t)(d->id.octets[12] << 8 | d->id.octets[13]);
	g->why = "not sent in time";
	*why = "this is no number of a phone";
	*result = text_copy(d->recipient, g->number, sizeof(g->number)) ? OK : ERR_MALFORMED;
	if (*result == OK) {
		*why = "the envelope cannot be read";
		*result = message_decode(arena_text(arena, d->header), &g->message);
	}
	g->message.body = arena_text(arena, d->body);
	g->permit = arena_text(arena, d->permit);
	if (*result == OK)
		*result = tp_message_plan(&g->message, &link->settings.languages, arena, &g->plan, why);
	return g;
}

void phone_link_deliver(struct phone_link *link, const struct ipc_deliver *d)
{
	enum result result;
	const char *why;

	if (link_doubt_ends(link->settings.doubt, link->channel, text_of(link->name), d))
		return;
	struct phone_going *g = going_new(link, d, &result, &why);
	if (result == OK && !link_may_send(link->channel, text_of(link->name), d, g->plan.split.parts)) {
		arena_free(&(struct arena *){ g->arena });
		return;
	}
	*link->last = g;
	link->last = &g->next;
	link->count++;
	if (result != OK)
		end(link, g, IPC_REFUSED, 0, why);
	else if (link->stopping)
		give_back(link, g, STOPPING);
	else
		phone_link_wake(link);
}

static struct phone_going *flying_to(const struct phone_link *link, const struct phone_known *p)
{
	for (struct phone_going *g = link->first; g; g = g->next) {
		if (g->flying && text_is(text_of(p->number), g->number))
			return g;
	}
	return NULL;
}

static void refused(struct phone_link *link, struct phone_known *p, struct phone_going *g, const struct phone_end *e)
{
	struct retry r = e->source == RETRY_RP ? retry_after_rp(&link->settings.retry, (uint8_t)e->cause, e->has_fcs,
								e->fcs, g->tries + 1)
					       : retry_after(&link->settings.retry, e->source, e->cause, g->tries + 1);

	g->why = retry_cause_name(e->source, e->cause);
	g->tries += r.counts;
	if (r.action == RETRY_NEVER) {
		end(link, g, IPC_REFUSED, 0, g->why);
	} else if (r.action == RETRY_WAIT_ALERT || r.action == RETRY_WAIT_MEMORY) {
		phone_link_wait(p, r.delay_us, g->why);
		put_off(link, g, r.delay_us, g->why);
	} else if (r.action == RETRY_ONCE) {
		g->again_us = clock_monotonic();
	} else if (!g->part) {
		end(link, g, IPC_RETRY, (uint32_t)(r.delay_us / USEC_PER_MSEC), g->why);
	} else {
		g->again_us = clock_monotonic() + r.delay_us; /* in hand until the lease ends */
	}
}

void phone_link_ended(struct phone_link *link, const char *imsi, const struct phone_end *e)
{
	struct phone_known *p = phone_link_find(link, imsi);
	struct phone_going *g = p ? flying_to(link, p) : NULL;

	if (!g) {
		if (p && phone_link_report_ended(link, p, e))
			phone_link_wake(link);
		return;
	}
	g->flying = p->flying = false;
	if (e->delivered) {
		g->tries = 0;
		if (++g->part == g->plan.split.parts)
			end(link, g, IPC_DELIVERED, 0, "");
	} else if (e->unsure) {
		g->part++; /* it may be there: counted as a segment */
		end(link, g, IPC_DOUBT, 0, "the phone did not say whether it has it");
	} else {
		refused(link, p, g, e);
	}
	phone_link_wake(link);
}

/* --- life --- */

struct phone_link *phone_link_new(const struct phone_link_settings *settings, struct loop *loop,
				  struct channel *channel, const struct phone_carrier *carrier, void *owner)
{
	struct phone_link *link = must_alloc(sizeof(*link));

	link->loop = loop;
	link->channel = channel;
	link->carrier = carrier;
	link->owner = owner;
	link->settings = *settings;
	link->last = &link->first;
	(void)text_copy(text_of(settings->link), link->name, sizeof(link->name));
	link->settings.link = link->name;
	link->loaded = !settings->keeps_numbers;
	link->by_imsi = key_table_new(settings->phones_max);
	link->by_number = key_table_new(settings->phones_max);
	loop_hook_add(loop, &link->hook, turn_ended, link);
	phone_link_up(link, false, "not connected yet");
	return link;
}

static void free_known(void *owner, void *object)
{
	(void)owner;
	free(object);
}

void phone_link_free(struct phone_link **link)
{
	struct phone_link *l = *link;

	if (!l)
		return;
	while (l->first)
		give_back(l, l->first, "this link is no longer used");
	phone_link_reports_return(l, true);
	phone_link_calls_free(l);
	loop_hook_remove(&l->hook);
	loop_timer_stop(&l->timer);
	channel_link_drop(l->channel, text_of(l->name));
	key_table_free(&l->by_number);
	key_table_each(l->by_imsi, free_known, NULL);
	key_table_free(&l->by_imsi);
	free(l);
	*link = NULL;
}

void phone_link_stop(struct phone_link *link)
{
	struct phone_going *next;

	link->stopping = true;
	channel_link(link->channel, text_of(link->name), false, link->settings.window, STOPPING);
	for (struct phone_going *g = link->first; g; g = next) {
		next = g->next;
		if (!g->flying && !g->part)
			give_back(link, g, STOPPING);
	}
	phone_link_reports_return(link, false);
}

bool phone_link_idle(const struct phone_link *link)
{
	return !link->first && !link->calls && !link->reports;
}

struct text phone_link_permit(const struct phone_link *link)
{
	return link->permit;
}

struct text phone_link_name(const struct phone_link *link)
{
	return text_of(link->name);
}

void phone_link_up(struct phone_link *link, bool up, const char *why)
{
	link->up = up;
	(void)text_copy(text_of(why), link->why, sizeof(link->why));
	log_write(LOG_SMS, LOG_NOTICE, link->name, "%s: %s", up ? "up" : "down", why);
	link_life_up(&link->life, up && !link->stopping);
	channel_link(link->channel, text_of(link->name), up && !link->stopping, link->settings.window, why);
	phone_link_wake(link);
}

void phone_link_show(const struct phone_link *link, void (*say)(void *owner, const char *line), void *owner)
{
	char line[400];
	struct writer w = writer_of(line, sizeof(line) - 1);

	writer_printf(&w, "%s %s: %s, %u phones known, %u messages in hand, %u from phones under way", link->name,
		      link->up ? "up" : "down", link->why, key_table_count(link->by_imsi), link->count,
		      link->calls_count);
	line[writer_len(&w)] = 0;
	say(owner, line);
}

void phone_link_row(const struct phone_link *link, struct link_row *out)
{
	*out = (struct link_row){
		.name = link->name, .life = &link->life, .window = link->settings.window, .throttled = -1
	};
	for (const struct phone_going *g = link->first; g; g = g->next)
		out->in_flight += g->flying;
	out->waiting = link->count - out->in_flight;
}
