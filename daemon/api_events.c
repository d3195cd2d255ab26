/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GET /v1/events: what happens to the account's messages, as server-sent events. A client that does not read fast
 * enough loses events and is told how many; nothing is kept for it. Whoever needs every receipt uses a webhook.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "daemon/api_internal.h"
#include "daemon/role.h"

#define STILL_THERE_US (15 * USEC_PER_SEC)

struct subscriber {
	struct subscriber *next, **at;
	struct api_ref ref;
	const struct api_account *account; /* NULL: of every account */
	bool full;			   /* took no more the last time */
	uint64_t lost;
};

static struct subscriber *subscribers;
static unsigned count;
static uint64_t number; /* of the last event, within this process */
static struct loop_timer timer;

static void watch(bool wanted)
{
	struct ipc *ipc = role_peer(ROLE_QUEUE);

	if (!ipc)
		return;
	writer_u8(ipc_begin(ipc, IPC_WATCH, 0, 1), wanted);
	if (ipc_end(ipc) != OK)
		LOGE(LOG_API, NULL, "the wish for events could not be sent");
}

void api_events_connected(void)
{
	if (count)
		watch(true);
}

static void write_to(struct subscriber *s, struct text t)
{
	struct http_exchange *x = api_port_exchange(s->ref);

	if (x)
		s->full = !http_stream_write(x, t);
}

static void still_there(void *owner)
{
	(void)owner;
	for (struct subscriber *s = subscribers, *next; s; s = next) {
		next = s->next;
		if (!s->full)
			write_to(s, TEXT_LITERAL(": still there\n\n"));
	}
	if (count)
		loop_timer_start(api.loop, &timer, STILL_THERE_US, still_there, NULL);
}

static void add(struct api_ref ref, struct http_exchange *x, struct api_account *account)
{
	struct subscriber *s = must_alloc(sizeof(*s));

	s->ref = ref;
	s->account = account->settings->admin ? NULL : account;
	s->next = subscribers;
	s->at = &subscribers;
	if (s->next)
		s->next->at = &s->next;
	subscribers = s;
	http_exchange_set_data(x, s);
	if (count++)
		return;
	watch(true);
	loop_timer_start(api.loop, &timer, STILL_THERE_US, still_there, NULL);
}

void api_events_open(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	static const struct http_field no_cache = { TEXT_LITERAL("Cache-Control"), TEXT_LITERAL("no-store") };
	static const struct http_answer head = {
		.status = 200, .content_type = "text/event-stream", .fields = &no_cache, .fields_count = 1
	};

	(void)id;
	if (count >= (unsigned)api.settings->events_max || api.stopping) {
		api_answer_busy(x, 60, "busy", "too many clients read events: see `events-max`");
		return;
	}
	add(ref, x, account);
	http_stream_start(x, &head);
	write_to(subscribers, TEXT_LITERAL("retry: 2000\n\n"));
}

void api_events_closed(struct http_exchange *x)
{
	struct subscriber *s = http_exchange_data(x);

	if (!s)
		return;
	*s->at = s->next;
	if (s->next)
		s->next->at = s->at;
	free(s);
	if (--count)
		return;
	watch(false);
	loop_timer_stop(&timer);
}

void api_events_room(struct http_exchange *x)
{
	struct subscriber *s = http_exchange_data(x);
	char line[96];

	if (!s)
		return;
	s->full = false;
	if (!s->lost)
		return;
	snprintf(line, sizeof(line), "event: lost\ndata: {\"events\":%llu}\n\n", (unsigned long long)s->lost);
	s->lost = 0;
	write_to(s, text_of(line));
}

/* "id", "event", then a line of "data" per line of the body: JSON of ours has none, but the format is kept whatever
 * comes. */
static struct text format(const struct ipc_event *e)
{
	size_t lines = 1;

	for (size_t i = 0; i < e->body.len; i++)
		lines += e->body.at[i] == '\n';
	size_t size = e->body.len + e->kind.len + lines * 8 + 64;
	struct writer w = writer_of(arena_alloc(api.arena, size), size);
	struct text rest = e->body, line;

	writer_printf(&w, "id: %llu\nevent: ", (unsigned long long)++number);
	writer_text(&w, e->kind);
	writer_u8(&w, '\n');
	while (text_split(&rest, '\n', &line)) {
		writer_text(&w, TEXT_LITERAL("data: "));
		writer_text(&w, line);
		writer_u8(&w, '\n');
	}
	writer_u8(&w, '\n');
	return text_range((const char *)w.start, writer_len(&w));
}

bool api_events_record(struct ipc_record *record)
{
	struct ipc_event e;

	if (!ipc_get_event(&record->body, &e) || memchr(e.kind.at ? e.kind.at : "", '\n', e.kind.len))
		return false;
	arena_reset(api.arena);
	struct text t = format(&e);
	for (struct subscriber *s = subscribers, *next; s; s = next) {
		next = s->next;
		if (s->account && !text_equal(s->account->name, e.account))
			continue;
		if (s->full) {
			s->lost++;
			counter_add(api.count.events_dropped, 1);
			continue;
		}
		counter_add(api.count.events, 1);
		write_to(s, t);
	}
	return true;
}

void api_events_free(void)
{
	for (struct subscriber *s = subscribers, *next; s; s = next) {
		next = s->next;
		free(s);
	}
	subscribers = NULL;
	count = 0;
	loop_timer_stop(&timer);
}
