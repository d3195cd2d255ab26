/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A modem's line on the loop, and deliveries out through it. */
#include "sms/modem_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "sms/modem_link_internal.h"
#include "sms/pcap_tap.h"

#define RETRY_SOON_MS 5000u

/* --- deliveries --- */

static bool is_first(const struct modem_link *link, const struct modem_going *g)
{
	return link->first == g;
}

static void unlist(struct modem_link *link, struct modem_going *g)
{
	struct modem_going **at = &link->first;

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	if (!*at)
		link->last = at;
}

static void end(struct modem_link *link, struct modem_going *g, enum ipc_outcome outcome, uint32_t retry_ms,
		const char *detail)
{
	struct arena *arena = g->arena;
	struct ipc_result r = { .id = g->id,
				.outcome = outcome,
				.retry_ms = retry_ms,
				.await = outcome == IPC_SENT && link->reports && g->message.reports,
				.link = text_of(link->name),
				.detail = text_of(detail),
				.segments = (uint16_t)g->part,
				.wires = text_range((const char *)g->wires.start, writer_len(&g->wires)) };

	unlist(link, g);
	channel_result(link->channel, &r);
	link_life_result(&link->life, &r);
	arena_free(&arena);
}

/* What nobody has seen goes back. */
static void return_untouched(struct modem_link *link)
{
	struct modem_going *next;

	for (struct modem_going *g = link->first; g; g = next) {
		next = g->next;
		if (!g->part && !(is_first(link, g) && link->submitting))
			end(link, g, IPC_RETRY, RETRY_SOON_MS, link->why);
	}
}

static void submit(struct modem_link *link, struct modem_going *g)
{
	uint8_t tpdu[TPDU_MAX];
	struct writer w = writer_of(tpdu, sizeof(tpdu));
	struct tp_going going = { .part = g->part, .reference = g->reference };
	struct message m = g->message;

	if (!link->reports)
		m.reports = 0;
	if (tp_message_submit(&g->plan, &m, g->recipient, &going, &w) != OK) {
		end(link, g, IPC_REFUSED, 0, "the recipient is no number that a modem can send to");
		return;
	}
	pcap_tap_tpdu(link->name, true, text_range((char *)tpdu, writer_len(&w)));
	link->submitting = modem_submit(link->modem, text_range((char *)tpdu, writer_len(&w)), clock_monotonic()) == OK;
}

/* Nothing leaves before the queue was told that it will. */
static void pump(struct modem_link *link)
{
	struct modem_going *g = link->first;

	if (!g || link->submitting || modem_state_of(link->modem) != MODEM_READY)
		return;
	if (clock_monotonic() >= g->not_after_us) {
		end(link, g, g->part ? IPC_DOUBT : IPC_RETRY, 0, "not sent in time");
		loop_wake(link->loop);
	} else if (!g->announced) {
		g->announced = true;
		channel_sending(link->channel, &g->id, 1);
		loop_wake(link->loop);
	} else if (channel_said(link->channel)) {
		submit(link, g);
	} else {
		loop_wake(link->loop);
	}
}

/* A part that was refused; those before it are sent. */
static void refused(struct modem_link *link, struct modem_going *g, uint16_t cause)
{
	struct retry r = retry_after(&link->retry, RETRY_CMS, cause, g->tries + 1);
	const char *name = retry_cause_name(RETRY_CMS, cause);

	g->tries++;
	if (r.action == RETRY_STOP_LINK)
		link->halt = name;
	if (r.action == RETRY_STOP_LINK && g->part)
		end(link, g, IPC_DOUBT, 0, name); /* its first parts cannot be called back */
	else if (r.action == RETRY_NEVER)
		end(link, g, IPC_REFUSED, 0, name);
	else if (!g->part)
		end(link, g, IPC_RETRY, (uint32_t)(r.delay_us / USEC_PER_MSEC), name);
	else if (g->tries >= MODEM_LINK_TRIES_MAX)
		end(link, g, IPC_REFUSED, 0, "a later part was refused again and again");
}

static void sent(struct modem_link *link, struct modem_going *g, uint8_t reference)
{
	uint8_t room[MODEM_LINK_WIRE_MAX];
	struct writer w = writer_of(room, sizeof(room));

	modem_link_put_wire(&w, reference, g->recipient);
	if (writer_ok(&w))
		ipc_put_recipient(&g->wires, text_range((char *)room, writer_len(&w)));
	g->tries = 0;
	if (++g->part == g->plan.split.parts)
		end(link, g, IPC_SENT, 0, "");
}

static void on_ended(void *owner, const struct modem_end *e)
{
	struct modem_link *link = owner;
	struct modem_going *g = link->first;

	link->submitting = false;
	if (!g)
		return;
	switch (e->outcome) {
	case MODEM_SENT:
		sent(link, g, e->reference);
		break;
	case MODEM_REFUSED:
		refused(link, g, e->cause);
		break;
	case MODEM_NOT_SENT:
		if (!g->part)
			end(link, g, IPC_RETRY, RETRY_SOON_MS, "the modem did not take it");
		else if (++g->tries >= MODEM_LINK_TRIES_MAX)
			end(link, g, IPC_DOUBT, 0, "the modem took only the first parts");
		break;
	default:
		g->part++; /* it may be out: counted as a segment */
		end(link, g, IPC_DOUBT, 0, "the modem did not say what became of it");
	}
}

/* In the delivery's own arena: the record's texts end with the call. */
static struct modem_going *going_new(struct modem_link *link, const struct ipc_deliver *d, enum result *result,
				     const char **why)
{
	struct arena *arena = arena_new(8192);
	struct modem_going *g = arena_alloc(arena, sizeof(*g));
	size_t room = SPLIT_PARTS_MAX * (MODEM_LINK_WIRE_MAX + 2);

	g->arena = arena;
	g->id = d->id;
	g->not_after_us = d->not_after_us;
	g->recipient = arena_text(arena, d->recipient);
	/* Random octets of the id: the same parts when it is sent again. */
	g->reference = (uint16_t)(d->id.octets[12] << 8 | d->id.octets[13]);
	g->wires = writer_of(arena_alloc(arena, room), room);
	*why = "the envelope cannot be read";
	*result = message_decode(arena_text(arena, d->header), &g->message);
	g->message.body = arena_text(arena, d->body);
	if (*result == OK)
		*result = tp_message_plan(&g->message, &link->languages, arena, &g->plan, why);
	return g;
}

void modem_link_deliver(struct modem_link *link, const struct ipc_deliver *d)
{
	enum result result;
	const char *why;

	if (link_doubt_ends(link->doubt, link->channel, text_of(link->name), d))
		return;
	struct modem_going *g = going_new(link, d, &result, &why);
	bool ready = !link->stopping && modem_state_of(link->modem) == MODEM_READY;
	if (result == OK && ready && !link_may_send(link->channel, text_of(link->name), d, g->plan.split.parts)) {
		arena_free(&(struct arena *){ g->arena });
		return;
	}
	*link->last = g;
	link->last = &g->next;
	if (result != OK)
		end(link, g, IPC_REFUSED, 0, why);
	else if (!ready)
		end(link, g, IPC_RETRY, RETRY_SOON_MS, link->why);
	else
		loop_wake(link->loop);
}

/* --- the line --- */

static void flush(struct modem_link *link)
{
	ssize_t n = link->fd >= 0 && link->out_len ? write(link->fd, link->out, link->out_len) : 0;

	if (n > 0) {
		memmove(link->out, link->out + n, link->out_len - (size_t)n);
		link->out_len -= (size_t)n;
	}
	if (link->fd >= 0)
		loop_want(&link->watch, LOOP_READ | (link->out_len ? LOOP_WRITE : 0));
}

static void on_send(void *owner, const void *octets, size_t len)
{
	struct modem_link *link = owner;

	/* A line that takes nothing is silent, and soon counts as broken. */
	if (len > sizeof(link->out) - link->out_len)
		return;
	memcpy(link->out + link->out_len, octets, len);
	link->out_len += len;
	flush(link);
}

static void resume(void *owner)
{
	struct modem_link *link = owner;

	link->resume_at_us = 0;
	modem_resume(link->modem, clock_monotonic());
	loop_wake(link->loop);
}

static void plan_resume(struct modem_link *link, bool stopped)
{
	loop_timer_stop(&link->resume);
	link->resume_at_us = 0;
	if (!stopped || !link->resume_us)
		return;
	link->resume_at_us = clock_monotonic() + link->resume_us;
	loop_timer_start(link->loop, &link->resume, link->resume_us, resume, link);
}

static void on_state(void *owner, enum modem_state state, const char *why)
{
	struct modem_link *link = owner;

	(void)text_copy(text_of(why), link->why, sizeof(link->why));
	log_write(LOG_SMS, state == MODEM_STOPPED ? LOG_ERROR : LOG_NOTICE, link->name, "%s: %s",
		  modem_state_name(state), why);
	link_life_up(&link->life, state == MODEM_READY && !link->stopping);
	channel_link(link->channel, text_of(link->name), state == MODEM_READY && !link->stopping, MODEM_LINK_WINDOW,
		     why);
	plan_resume(link, state == MODEM_STOPPED);
	if (state != MODEM_READY)
		return_untouched(link);
}

static void on_message(void *owner, const struct modem_message *m)
{
	modem_link_take(owner, m);
}

static const struct modem_user modem_user = { on_send, on_state, on_message, on_ended };

static void on_timer(void *owner);

static void plan_timer(struct modem_link *link)
{
	int64_t next = modem_next_us(link->modem), now = clock_monotonic();

	if (next == INT64_MAX)
		loop_timer_stop(&link->timer);
	else
		loop_timer_start(link->loop, &link->timer, next > now ? next - now : 0, on_timer, link);
}

static void on_timer(void *owner)
{
	struct modem_link *link = owner;

	modem_run(link->modem, clock_monotonic());
	plan_timer(link);
}

static void close_line(struct modem_link *link)
{
	if (link->fd < 0)
		return;
	loop_unwatch(&link->watch);
	close(link->fd);
	link->fd = -1;
	link->out_len = 0;
	modem_line_lost(link->modem, clock_monotonic());
}

static void on_ready(void *owner, unsigned events)
{
	struct modem_link *link = owner;
	uint8_t octets[512];

	if (events & LOOP_WRITE)
		flush(link);
	if (!(events & (LOOP_READ | LOOP_HUP)))
		return;
	ssize_t n = read(link->fd, octets, sizeof(octets));
	if (n > 0)
		modem_received(link->modem, octets, (size_t)n, clock_monotonic());
	else if (!n || (errno != EAGAIN && errno != EINTR))
		close_line(link);
}

static void turn_ended(void *owner)
{
	struct modem_link *link = owner;

	if (link->halt) {
		modem_halt(link->modem, link->halt, clock_monotonic());
		link->halt = NULL;
	}
	pump(link);
	plan_timer(link);
}

struct modem_link *modem_link_new(const struct modem_link_settings *settings, struct loop *loop,
				  struct channel *channel)
{
	struct modem_link *link = must_alloc(sizeof(*link));
	struct writer w = writer_of(link->name, sizeof(link->name) - 1);

	writer_printf(&w, "modem:%s", settings->name);
	const char *number = settings->number && settings->number[0] ? settings->number : settings->name;
	(void)text_copy(text_of(number), link->number, sizeof(link->number));
	(void)text_copy(TEXT_LITERAL("its line is not open"), link->why, sizeof(link->why));
	link->loop = loop;
	link->channel = channel;
	link->languages = settings->languages;
	link->reports = settings->reports;
	link->resume_us = settings->resume_us;
	link->doubt = settings->doubt;
	link->fd = -1;
	link->last = &link->first;
	link->retry = settings->retry;
	if (!link->retry.rules_count)
		retry_table_init(&link->retry);
	link->modem = modem_new(&modem_user, link, &settings->modem);
	loop_hook_add(loop, &link->hook, turn_ended, link);
	channel_link(channel, text_of(link->name), false, MODEM_LINK_WINDOW, link->why);
	link_life_up(&link->life, false);
	return link;
}

void modem_link_open(struct modem_link *link, int fd)
{
	close_line(link);
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	link->fd = fd;
	if (loop_watch(link->loop, &link->watch, fd, LOOP_READ, on_ready, link) != OK) {
		close(fd);
		link->fd = -1;
		return;
	}
	modem_start(link->modem, clock_monotonic());
}

bool modem_link_restart(struct modem_link *link)
{
	if (link->fd < 0 || modem_state_of(link->modem) != MODEM_STOPPED)
		return false;
	modem_start(link->modem, clock_monotonic());
	loop_wake(link->loop);
	return true;
}

bool modem_link_is_open(const struct modem_link *link)
{
	return link->fd >= 0;
}

void modem_link_free(struct modem_link **link)
{
	struct modem_link *l = *link;

	if (!l)
		return;
	close_line(l);
	while (l->first)
		end(l, l->first, l->first->part ? IPC_DOUBT : IPC_RETRY, RETRY_SOON_MS, "the modem is no longer used");
	loop_hook_remove(&l->hook);
	loop_timer_stop(&l->timer);
	loop_timer_stop(&l->resume);
	channel_link_drop(l->channel, text_of(l->name));
	modem_free(&l->modem);
	free(l);
	*link = NULL;
}

void modem_link_stop(struct modem_link *link)
{
	link->stopping = true;
	(void)text_copy(TEXT_LITERAL("the gateway is stopping"), link->why, sizeof(link->why));
	channel_link(link->channel, text_of(link->name), false, MODEM_LINK_WINDOW, link->why);
	return_untouched(link);
}

bool modem_link_idle(const struct modem_link *link)
{
	return !link->first && !link->calls_count;
}

struct text modem_link_name(const struct modem_link *link)
{
	return text_of(link->name);
}

void modem_link_show(const struct modem_link *link, void (*say)(void *owner, const char *line), void *owner)
{
	char line[300];
	struct writer w = writer_of(line, sizeof(line) - 1);
	unsigned waiting = 0;

	for (const struct modem_going *g = link->first; g; g = g->next)
		waiting++;
	writer_printf(&w, "%s %s: %s, signal %d of 31, %u messages in hand, %u arrived and not committed", link->name,
		      modem_state_name(modem_state_of(link->modem)), link->why, modem_signal(link->modem), waiting,
		      link->calls_count);
	if (link->resume_at_us)
		writer_printf(&w, ", starts again in %lld s",
			      (long long)((link->resume_at_us - clock_monotonic()) / USEC_PER_SEC));
	line[writer_len(&w)] = 0;
	say(owner, line);
}

void modem_link_row(const struct modem_link *link, struct link_row *out)
{
	*out = (struct link_row){ .name = link->name, .life = &link->life, .window = 1, .throttled = -1 };
	out->in_flight = link->submitting;
	for (const struct modem_going *g = link->first; g; g = g->next)
		out->waiting++;
	out->waiting -= out->in_flight;
}
