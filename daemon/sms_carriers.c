/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sms_carriers.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/base/log.h"
#include "core/queue_relay.h"
#include "daemon/role.h"
#include "sms/carrier_port.h"
#include "sms/link_vty.h"

#define LINK_NAME_SIZE 80u

struct held {
	struct held *next;
	struct carrier_port *port;
	const struct carrier_settings *settings;
	char link[LINK_NAME_SIZE];
	bool found; /* in the new configuration */
};

/* What the queue said last: a link that is configured later must know. */
struct there {
	char link[IPC_CARRIER_NAME_MAX + 1];
	bool up, messages;
};

static struct {
	struct held *first;
	struct there there[QUEUE_CARRIERS_MAX];
	unsigned there_count;
	const struct config *config;
} carriers;

/* --- what is known of them --- */

static struct there *find_there(struct text link)
{
	for (unsigned i = 0; i < carriers.there_count; i++) {
		if (text_is(link, carriers.there[i].link))
			return &carriers.there[i];
	}
	return NULL;
}

static void remember(const struct ipc_carrier *said)
{
	struct there *t = find_there(said->link);

	if (!t && carriers.there_count == QUEUE_CARRIERS_MAX)
		return;
	if (!t)
		t = &carriers.there[carriers.there_count++];
	(void)text_copy(said->link, t->link, sizeof(t->link));
	t->up = said->up;
	t->messages = said->messages;
}

/* --- from the queue --- */

void sms_carriers_said(const struct ipc_carrier *said)
{
	remember(said);
	for (struct held *h = carriers.first; h; h = h->next) {
		if (carrier_port_said(h->port, said))
			return;
	}
	LOGN(LOG_SMS, NULL, "a carrier that is not configured (`carrier %.*s`) %s", TEXT_ARGS(said->link),
	     said->up ? "is there" : "went");
}

void sms_carriers_received(const struct ipc_link_pdu *pdu)
{
	for (struct held *h = carriers.first; h; h = h->next) {
		if (carrier_port_received(h->port, pdu))
			return;
	}
	counter_add(
		counter_get(COUNTER_COUNT, "sms_carrier_unknown_total", "", "PDUs of carriers that are not configured"),
		1);
}

void sms_carriers_lost(void)
{
	carriers.there_count = 0;
	for (struct held *h = carriers.first; h; h = h->next)
		carrier_port_lost(h->port);
}

/* --- configuration --- */

static struct carrier_port *new_port(const struct carrier_settings *s, const char *link, struct channel *channel)
{
	struct carrier_port_settings p = { .carrier = s->node.name.at,
					   .timers = SESSION_TIMERS_DEFAULT,
					   .limits = LINK_SIDE_LIMITS_DEFAULT };

	phone_settings_fill(&s->phones, link, &p.phones);
	if (sms_address_from_text(s->phones.centre, &p.centre) != OK) /* checked when it was read */
		LOGE(LOG_SMS, link, "the centre's number cannot be used");
	if (p.limits.phones_max > (uint32_t)s->phones.phones)
		p.limits.phones_max = (uint32_t)s->phones.phones;
	return carrier_port_new(&p, role_loop(), channel);
}

static struct held *find(struct text link)
{
	struct held *h = carriers.first;

	while (h && !text_is(link, h->link))
		h = h->next;
	return h;
}

static struct held *take(const struct carrier_settings *s)
{
	char name[LINK_NAME_SIZE];
	struct writer w = writer_of(name, sizeof(name) - 1);

	writer_printf(&w, "carrier:%.*s", TEXT_ARGS(s->node.name));
	name[writer_len(&w)] = 0;
	struct held *h = find(text_of(name));
	if (!h) {
		h = must_alloc(sizeof(*h));
		(void)text_copy(text_of(name), h->link, sizeof(h->link));
		h->next = carriers.first;
		carriers.first = h;
	}
	h->found = true;
	return h;
}

/* A new port hears at once what is known of its carrier. */
static void start(struct held *h, const struct carrier_settings *s, struct channel *channel)
{
	h->port = new_port(s, h->link, channel);
	const struct there *t = find_there(s->node.name);
	if (t && t->up)
		(void)carrier_port_said(h->port, &(struct ipc_carrier){ text_of(t->link), true, t->messages });
}

static void drop_missing(void)
{
	struct held **at = &carriers.first;

	while (*at) {
		struct held *h = *at;

		if (h->found) {
			h->found = false;
			at = &h->next;
			continue;
		}
		*at = h->next;
		carrier_port_free(&h->port);
		free(h);
	}
}

void sms_carriers_switch(struct channel *channel, const struct config *config,
			 void (*tell)(struct phone_link *phones, const struct config *before,
				      const struct config *config))
{
	const struct carrier_settings *s = NULL;

	while ((s = config_next(config, &carrier_kind, s)) != NULL) {
		struct held *h = take(s);
		bool same = h->port && link_node_equal(&carrier_kind, s, h->settings);

		if (!same) {
			carrier_port_free(&h->port);
			start(h, s, channel);
		}
		h->settings = s;
		tell(carrier_port_phones(h->port), same ? carriers.config : NULL, config);
	}
	drop_missing();
	carriers.config = config;
}

/* --- links --- */

struct phone_link *sms_carriers_phones(struct text link)
{
	struct held *h = find(link);

	return h ? carrier_port_phones(h->port) : NULL;
}

void sms_carriers_each(void (*each)(void *owner, struct phone_link *phones), void *owner)
{
	for (struct held *h = carriers.first; h; h = h->next)
		each(owner, carrier_port_phones(h->port));
}
