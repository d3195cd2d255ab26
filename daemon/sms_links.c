/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Links to phones and modems. A listening socket or line comes from the parent once; it is kept here as long as its
 * node stands, and the link gets a copy, so that a link whose settings changed can be made anew.
 */
#include "daemon/sms_links.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "daemon/role.h"
#include "daemon/sms_carriers.h"
#include "daemon/sms_modems.h"
#include "sms/gsup_port.h"
#include "sms/link_life.h"
#include "sms/link_vty.h"
#include "sms/sgs_port.h"

#define LINK_GSUP "gsup"
#define LINK_SGS "sgs"

/* What the parent passed. */
struct passed {
	struct passed *next;
	const struct node_kind *purpose;
	char *address;
	int fd;
};

static struct {
	struct channel *channel;
	const struct config *config;
	struct gsup_port *gsup;
	const struct gsup_settings *gsup_settings;
	struct sgs_port *sgs;
	const struct sgs_settings *sgs_settings;
	struct passed *passed;
} links;

static struct passed **find_passed(const struct node_kind *purpose, struct text address)
{
	struct passed **at = &links.passed;

	while (*at && ((*at)->purpose != purpose || !text_is(address, (*at)->address)))
		at = &(*at)->next;
	return at;
}

int sms_links_copy(const struct node_kind *purpose, struct text address)
{
	const struct passed *p = *find_passed(purpose, address);

	return p ? fcntl(p->fd, F_DUPFD_CLOEXEC, 0) : -1;
}

static void keep(const struct node_kind *purpose, struct text address, int fd)
{
	struct passed **at = find_passed(purpose, address);

	if (*at) {
		close((*at)->fd);
	} else {
		*at = must_alloc(sizeof(**at));
		**at = (struct passed){ .purpose = purpose, .address = must_alloc(address.len + 1) };
		(void)text_copy(address, (*at)->address, address.len + 1);
	}
	(*at)->fd = fd;
}

static void forget(const struct node_kind *purpose, struct text address)
{
	struct passed **at = find_passed(purpose, address), *p = *at;

	if (!p)
		return;
	*at = p->next;
	close(p->fd);
	free(p->address);
	free(p);
}

/* Numbers of IMSIs, and the end of those that are no longer configured. */
static void tell_subscribers(struct phone_link *phones, const struct config *before, const struct config *config)
{
	const struct subscriber_settings *s = NULL;

	while (before && (s = config_next(before, &subscriber_kind, s)) != NULL) {
		if (!config_find(config, &subscriber_kind, s->node.name))
			phone_link_no_number(phones, s->imsi.at);
	}
	for (s = config_next(config, &subscriber_kind, NULL); s; s = config_next(config, &subscriber_kind, s))
		phone_link_number(phones, s->imsi.at, s->node.name.at);
}

/* --- GSUP --- */

static struct sms_address centre_of(const struct phone_settings *s)
{
	struct sms_address a = { 0 };

	if (sms_address_from_text(s->centre, &a) != OK) /* checked when it was read */
		LOGE(LOG_SMS, "config", "the centre's number cannot be used");
	return a;
}

static void listen_gsup(void)
{
	int fd = links.gsup ? sms_links_copy(&gsup_kind, links.gsup_settings->listen) : -1;

	if (fd >= 0)
		gsup_port_listen(links.gsup, fd);
}

static struct gsup_port *new_gsup(const struct gsup_settings *s)
{
	struct gsup_port_settings p = { .unit = s->name.at,
					.centre = centre_of(&s->phones),
					.silent_is_absent = s->no_answer == GSUP_SILENCE_ABSENT,
					.timers = gsup_settings_timers(s),
					.limits = GSUP_LIMITS_DEFAULT };
	const char *why;

	phone_settings_fill(&s->phones, LINK_GSUP, &p.phones);
	p.phones.keeps_numbers = true;
	p.limits.links_max = (uint32_t)s->mscs;
	p.limits.phones_max = (uint32_t)s->phones.phones;
	p.has_hlr = s->hlr.len && net_address_parse(s->hlr, &p.hlr, &why) == OK;
	return gsup_port_new(&p, role_loop(), links.channel);
}

/* Numbers come from the HLR; those configured are known before it says them. */
static void switch_gsup(const struct config *before, const struct config *config)
{
	const struct gsup_settings *s = config_only(config, &gsup_kind);
	bool same = s && links.gsup && link_node_equal(&gsup_kind, s, links.gsup_settings);

	links.gsup_settings = s;
	if (!same) {
		gsup_port_free(&links.gsup);
		before = NULL;
	}
	if (!s)
		return;
	if (!same)
		links.gsup = new_gsup(s);
	tell_subscribers(gsup_port_phones(links.gsup), before, config);
	if (!same)
		listen_gsup();
}

/* --- SGs --- */

static void listen_sgs(void)
{
	int fd = links.sgs ? sms_links_copy(&sgs_kind, links.sgs_settings->listen) : -1;
	struct net_address address;
	const char *why;

	if (fd >= 0 && net_address_parse(links.sgs_settings->listen, &address, &why) == OK)
		sgs_port_listen(links.sgs, &address, fd);
}

static struct sgs_port *new_sgs(const struct sgs_settings *s)
{
	struct sgs_port_settings p = { .vlr_name = s->vlr_name.at,
				       .centre = centre_of(&s->phones),
				       .anybody = s->anybody,
				       .timers = sgs_settings_timers(s),
				       .limits = SGS_LIMITS_DEFAULT };

	phone_settings_fill(&s->phones, LINK_SGS, &p.phones);
	p.limits.links_max = (uint32_t)s->mmes;
	p.limits.subscribers_max = (uint32_t)s->phones.phones;
	return sgs_port_new(&p, role_loop(), links.channel);
}

static void switch_sgs(const struct config *before, const struct config *config)
{
	const struct sgs_settings *s = config_only(config, &sgs_kind);
	bool same = s && links.sgs && link_node_equal(&sgs_kind, s, links.sgs_settings);

	links.sgs_settings = s;
	if (!same) {
		sgs_port_free(&links.sgs);
		before = NULL;
	}
	if (!s)
		return;
	if (!same)
		links.sgs = new_sgs(s);
	tell_subscribers(sgs_port_phones(links.sgs), before, config);
	if (!same)
		listen_sgs();
}

/* --- the role --- */

void sms_links_switch(struct channel *channel, const struct config *config)
{
	const struct config *before = links.config;

	links.channel = channel;
	links.config = config;
	switch_gsup(before, config);
	switch_sgs(before, config);
	sms_carriers_switch(channel, config, tell_subscribers);
	sms_modems_switch(channel, config);
}

static struct phone_link *phones_of(struct text name)
{
	if (links.gsup && text_is(name, LINK_GSUP))
		return gsup_port_phones(links.gsup);
	if (links.sgs && text_is(name, LINK_SGS))
		return sgs_port_phones(links.sgs);
	return sms_carriers_phones(name);
}

/* Every link to phones that there is. */
static void each_phones(void (*each)(void *owner, struct phone_link *phones), void *owner)
{
	if (links.gsup)
		each(owner, gsup_port_phones(links.gsup));
	if (links.sgs)
		each(owner, sgs_port_phones(links.sgs));
	sms_carriers_each(each, owner);
}

bool sms_links_deliver(const struct ipc_deliver *d)
{
	struct phone_link *phones = phones_of(d->link);

	if (phones)
		phone_link_deliver(phones, d);
	return phones || sms_modems_deliver(d);
}

bool sms_links_outbox(const struct ipc_outbox *row)
{
	struct phone_link *phones = phones_of(row->target);

	if (phones)
		phone_link_outbox(phones, row);
	return phones != NULL;
}

struct answer {
	uint32_t call;
	const struct ipc_accepted *accepted;
	const struct ipc_facts *facts;
	bool taken;
};

static void offer_accepted(void *owner, struct phone_link *phones)
{
	struct answer *a = owner;

	a->taken = a->taken || phone_link_accepted(phones, a->call, a->accepted);
}

bool sms_links_accepted(uint32_t call, const struct ipc_accepted *accepted)
{
	struct answer a = { .call = call, .accepted = accepted };

	each_phones(offer_accepted, &a);
	return a.taken || sms_modems_accepted(call, accepted);
}

/* --- what else the queue says --- */

static void offer_facts(void *owner, struct phone_link *phones)
{
	struct answer *a = owner;

	a->taken = a->taken || phone_link_facts(phones, a->call, a->facts);
}

/* A list that a link asked for which is gone meanwhile is nobody's. */
static void on_facts(void *owner, uint32_t call, const struct ipc_facts *facts)
{
	struct answer a = { .call = call, .facts = facts };

	(void)owner;
	each_phones(offer_facts, &a);
}

static void on_carrier(void *owner, const struct ipc_carrier *said)
{
	(void)owner;
	sms_carriers_said(said);
}

static void on_link_pdu(void *owner, const struct ipc_link_pdu *pdu)
{
	(void)owner;
	sms_carriers_received(pdu);
}

bool sms_links_record(struct ipc_record *record)
{
	static const struct channel_relay_handler handler = { on_carrier, on_link_pdu, on_facts };

	return channel_relay_record(&handler, NULL, record);
}

static void connected(void *owner, struct phone_link *phones)
{
	(void)owner;
	phone_link_connected(phones);
}

void sms_links_connected(void)
{
	each_phones(connected, NULL);
}

void sms_links_lost(void)
{
	sms_carriers_lost();
}

bool sms_links_reported(uint32_t call, bool done)
{
	return sms_modems_reported(call, done);
}

static const struct node_kind *kind_named(struct text purpose)
{
	static const struct node_kind *const kinds[] = { &gsup_kind, &sgs_kind, &modem_kind };

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (text_is(purpose, kinds[i]->name))
			return kinds[i];
	}
	return NULL;
}

bool sms_links_listen(struct text purpose, struct text address, int fd)
{
	const struct node_kind *kind = kind_named(purpose);

	if (!kind)
		return false;
	keep(kind, address, fd);
	if (kind == &gsup_kind)
		listen_gsup();
	else if (kind == &sgs_kind)
		listen_sgs();
	else
		sms_modems_line(address);
	return true;
}

bool sms_links_unlisten(struct text purpose, struct text address)
{
	const struct node_kind *kind = kind_named(purpose);

	if (kind)
		forget(kind, address);
	return kind != NULL;
}

struct sayer {
	void (*say)(void *owner, const char *line);
	void *owner;
};

static void show_one(void *owner, struct phone_link *phones)
{
	const struct sayer *s = owner;

	phone_link_show(phones, s->say, s->owner);
}

void sms_links_show(void (*say)(void *owner, const char *line), void *owner)
{
	each_phones(show_one, &(struct sayer){ say, owner });
	sms_modems_show(say, owner);
}

static void stop_one(void *owner, struct phone_link *phones)
{
	(void)owner;
	phone_link_stop(phones);
}

struct row_taker {
	void (*each)(void *owner, const struct link_row *row);
	void *owner;
};

static void give_row(void *owner, struct phone_link *phones)
{
	const struct row_taker *t = owner;
	struct link_row row;

	phone_link_row(phones, &row);
	t->each(t->owner, &row);
}

void sms_links_rows(void (*each)(void *owner, const struct link_row *row), void *owner)
{
	each_phones(give_row, &(struct row_taker){ each, owner });
	sms_modems_rows(each, owner);
}

void sms_links_stop(void)
{
	each_phones(stop_one, NULL);
	sms_modems_stop();
}

static void look_idle(void *owner, struct phone_link *phones)
{
	bool *idle = owner;

	*idle = *idle && phone_link_idle(phones);
}

bool sms_links_idle(void)
{
	bool idle = true;

	each_phones(look_idle, &idle);
	return idle && sms_modems_idle();
}
