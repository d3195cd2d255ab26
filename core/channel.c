/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A channel's life, its links and its connection. The map is in channel_internal.h. */
#include "core/channel.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/channel_internal.h"

#define PENDING_SIZE 4096u /* power of two; grows */

struct channel *channel_new(const char *role, bool says_sending, const struct channel_handler *handler, void *owner)
{
	struct channel *c = must_alloc(sizeof(*c));
	uint32_t random;

	c->handler = handler;
	c->owner = owner;
	random_bytes(&random, sizeof(random));
	snprintf(c->incarnation, sizeof(c->incarnation), "%.16s-%08x", role, random);
	c->says_sending = says_sending;
	flight_table_init(&c->hands);
	c->pending_size = PENDING_SIZE;
	c->pending = must_alloc(c->pending_size * sizeof(*c->pending));
	c->results_size = PENDING_SIZE;
	c->results = must_alloc(c->results_size * sizeof(struct hand *));
	return c;
}

void channel_free(struct channel **channel)
{
	struct channel *c = *channel;

	*channel = NULL;
	if (!c)
		return;
	flight_each(&c->hands, channel_free_hand, NULL);
	flight_table_clear(&c->hands);
	for (unsigned i = 0; i < CHANNEL_LINK_LISTS; i++) {
		for (struct channel_link_state *l = c->links[i], *next; l; l = next) {
			next = l->next;
			free(l);
		}
	}
	for (uint32_t i = 0; i < c->pending_size; i++)
		free(c->pending[i].offer);
	free(c->pending);
	free(c->results);
	free(c);
}

void channel_require_permits(struct channel *c, bool required)
{
	c->permits = required;
}

bool channel_permits_required(const struct channel *c)
{
	return c->permits;
}

bool channel_ready(const struct channel *c)
{
	return c->ipc && ipc_room(c->ipc);
}

void channel_wrote(struct channel *c, enum result r)
{
	if (r)
		LOGE(LOG_CORE, c->incarnation, "a record for the queue was dropped: %s", result_name(r));
}

/* --- links ---------------------------------------------------------------------------------------------------- */

static void announce(struct channel *c, const struct channel_link_state *s)
{
	struct ipc_link l = {
		.name = text_range(s->name, s->name_len), .up = s->up, .window = s->window, .detail = text_of(s->detail)
	};

	if (!c->ipc)
		return;
	ipc_put_link(ipc_begin(c->ipc, IPC_LINK, 0, 32 + l.name.len + l.detail.len), &l);
	channel_wrote(c, ipc_end(c->ipc));
}

static struct channel_link_state **find_link(struct channel *c, struct text name)
{
	struct channel_link_state **at = &c->links[text_hash(name) % CHANNEL_LINK_LISTS];

	while (*at && !text_equal(text_range((*at)->name, (*at)->name_len), name))
		at = &(*at)->next;
	return at;
}

void channel_link(struct channel *c, struct text name, bool up, uint32_t window, const char *detail)
{
	struct channel_link_state **at = find_link(c, name);

	if (!*at) {
		*at = must_alloc(sizeof(**at) + name.len + 1);
		memcpy((*at)->name, name.at, name.len);
		(*at)->name_len = name.len;
	}
	(*at)->up = up;
	(*at)->window = window;
	snprintf((*at)->detail, sizeof((*at)->detail), "%s", detail ? detail : "");
	announce(c, *at);
}

void channel_presence(struct channel *c, const struct ipc_presence *p)
{
	if (!c->ipc)
		return;
	ipc_put_presence(ipc_begin(c->ipc, IPC_PRESENCE, 0, 32 + p->link.len + p->numbers.len), p);
	channel_wrote(c, ipc_end(c->ipc));
}

bool channel_due(struct channel *c, struct text link, struct text recipient)
{
	struct ipc_due d = { link, recipient };

	if (!channel_ready(c))
		return false;
	ipc_put_due(ipc_begin(c->ipc, IPC_DUE, 0, 8 + link.len + recipient.len), &d);
	channel_wrote(c, ipc_end(c->ipc));
	return true;
}

void channel_link_drop(struct channel *c, struct text name)
{
	struct channel_link_state **at = find_link(c, name), *l = *at;

	if (!l)
		return;
	l->up = false;
	snprintf(l->detail, sizeof(l->detail), "no longer configured");
	announce(c, l);
	*at = l->next;
	free(l);
}

/* --- connection ----------------------------------------------------------------------------------------------- */

void channel_connect(struct channel *c, struct ipc *ipc)
{
	c->ipc = ipc;
	channel_say_holding(c);
	flight_each(&c->hands, channel_offer_result, c);
	for (unsigned i = 0; i < CHANNEL_LINK_LISTS; i++) {
		for (const struct channel_link_state *l = c->links[i]; l; l = l->next)
			announce(c, l);
	}
	channel_offer_all(c);
	if (c->handler->connected)
		c->handler->connected(c->owner);
}

void channel_outbox_end(struct channel *c, const uint8_t id[16], bool done, uint32_t retry_ms, struct text detail)
{
	struct ipc_outbox_end e = { .done = done, .retry_ms = retry_ms, .detail = detail };

	if (!c->ipc)
		return; /* the queue sends the row again */
	memcpy(e.id, id, sizeof(e.id));
	ipc_put_outbox_end(ipc_begin(c->ipc, IPC_OUTBOX_END, 0, 32 + detail.len), &e);
	channel_wrote(c, ipc_end(c->ipc));
}

/* --- records -------------------------------------------------------------------------------------------------- */

static bool accepted(struct channel *c, struct ipc_record *record)
{
	struct ipc_accepted a;

	if (!ipc_get_accepted(&record->body, &a) || channel_pending_take(c, record->call) != PENDING_OFFER)
		return false;
	c->handler->accepted(c->owner, record->call, &a);
	return true;
}

static bool reported(struct channel *c, struct ipc_record *record)
{
	if (!reader_done(&record->body) || channel_pending_take(c, record->call) != PENDING_REPORT)
		return false;
	c->handler->reported(c->owner, record->call, true);
	return true;
}

static bool answered(struct channel *c, struct ipc_record *record)
{
	struct ipc_answer a;

	if (!ipc_get_answer(&record->body, &a) || channel_pending_take(c, record->call) != PENDING_ASK)
		return false;
	c->handler->answer(c->owner, record->call, &a);
	return true;
}

static bool outbox(struct channel *c, struct ipc_record *record)
{
	struct ipc_outbox o;

	if (!c->handler->outbox || !ipc_get_outbox(&record->body, &o))
		return false;
	c->handler->outbox(c->owner, &o);
	return true;
}

bool channel_record(struct channel *c, struct ipc_record *record)
{
	switch ((enum ipc_type)record->type) {
	case IPC_DELIVER:
		return channel_deliver(c, record);
	case IPC_RESULT_DONE:
		return reader_done(&record->body) && channel_result_done(c, record->call);
	case IPC_ACCEPTED:
		return accepted(c, record);
	case IPC_REPORT_DONE:
		return reported(c, record);
	case IPC_ANSWER:
		return answered(c, record);
	case IPC_OUTBOX:
		return outbox(c, record);
	case IPC_FILE_ANSWER:
		return channel_file_answer(c, record);
	default:
		return c->handler->other && c->handler->other(c->owner, record);
	}
}
