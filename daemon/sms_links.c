/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Links to phones and modems. A listening socket or line comes from the parent once; it is kept here as long as its
 * node stands, and the link gets a copy, so that a link whose settings changed can be made anew.
 */
#include "daemon/sms_links.h"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "daemon/role.h"
#include "sms/gsup_port.h"
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

/* The settings are the set's that is in use. */
struct held_modem {
	struct held_modem *next;
	const struct modem_settings *settings;
	struct modem_link *link;
	bool configured;
};

static struct {
	struct channel *channel;
	const struct config *config;
	struct gsup_port *gsup;
	const struct gsup_settings *gsup_settings;
	struct sgs_port *sgs;
	const struct sgs_settings *sgs_settings;
	struct held_modem *modems;
	struct passed *passed;
} links;

static struct passed **find_passed(const struct node_kind *purpose, struct text address)
{
	struct passed **at = &links.passed;

	while (*at && ((*at)->purpose != purpose || !text_is(address, (*at)->address)))
		at = &(*at)->next;
	return at;
}

/* -1: it was not passed yet. */
static int copy_of(const struct node_kind *purpose, struct text address)
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
	int fd = links.gsup ? copy_of(&gsup_kind, links.gsup_settings->listen) : -1;

	if (fd >= 0)
		gsup_port_listen(links.gsup, fd);
}

static struct gsup_port *new_gsup(const struct gsup_settings *s)
{
	struct gsup_port_settings p = { .unit = s->name.at,
					.centre = centre_of(&s->phones),
					.timers = gsup_settings_timers(s),
					.limits = GSUP_LIMITS_DEFAULT };
	const char *why;

	phone_settings_fill(&s->phones, LINK_GSUP, &p.phones);
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
	int fd = links.sgs ? copy_of(&sgs_kind, links.sgs_settings->listen) : -1;

	if (fd >= 0)
		sgs_port_listen(links.sgs, fd);
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

/* --- modems --- */

static speed_t speed_of(int64_t speed)
{
	static const struct {
		int64_t speed;
		speed_t code;
	} speeds[] = { { 9600, B9600 },	    { 19200, B19200 },	 { 38400, B38400 },   { 57600, B57600 },
		       { 115200, B115200 }, { 230400, B230400 }, { 460800, B460800 }, { 921600, B921600 } };

	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		if (speed <= speeds[i].speed)
			return speeds[i].code;
	}
	return B115200;
}

/* Octets as they are, no echo, no waiting for a carrier. */
static bool set_line(int fd, int64_t speed)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return false;
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	return !cfsetspeed(&t, speed_of(speed)) && !tcsetattr(fd, TCSANOW, &t);
}

static void open_modem(struct held_modem *h)
{
	int fd = copy_of(&modem_kind, h->settings->device);

	if (fd < 0)
		return;
	if (!set_line(fd, h->settings->speed))
		LOGN(LOG_SMS, h->settings->node.name.at, "the line's speed cannot be set");
	modem_link_open(h->link, fd);
}

/* Its line may be there already. */
static void new_modem(struct held_modem *h, const struct modem_settings *s)
{
	struct modem_link_settings m;

	modem_settings_fill(s, &m);
	h->settings = s;
	h->link = modem_link_new(&m, role_loop(), links.channel);
	open_modem(h);
}

static struct held_modem *find_modem(struct text name)
{
	struct held_modem *h = links.modems;

	while (h && !text_equal(h->settings->node.name, name))
		h = h->next;
	return h;
}

static void take_modem(const struct modem_settings *s)
{
	struct held_modem *h = find_modem(s->node.name);

	if (!h) {
		h = must_alloc(sizeof(*h));
		h->next = links.modems;
		links.modems = h;
		new_modem(h, s);
	} else if (!link_node_equal(&modem_kind, h->settings, s)) {
		modem_link_free(&h->link);
		new_modem(h, s);
	}
	h->settings = s;
	h->configured = true;
}

static void drop_modems(void)
{
	struct held_modem **at = &links.modems;

	while (*at) {
		struct held_modem *h = *at;

		if (h->configured) {
			h->configured = false;
			at = &h->next;
			continue;
		}
		*at = h->next;
		modem_link_free(&h->link);
		free(h);
	}
}

/* --- the role --- */

void sms_links_switch(struct channel *channel, const struct config *config)
{
	const struct config *before = links.config;

	links.channel = channel;
	links.config = config;
	switch_gsup(before, config);
	switch_sgs(before, config);
	for (const struct modem_settings *s = config_next(config, &modem_kind, NULL); s;
	     s = config_next(config, &modem_kind, s))
		take_modem(s);
	drop_modems();
}

static struct phone_link *phones_of(struct text name)
{
	if (links.gsup && text_is(name, LINK_GSUP))
		return gsup_port_phones(links.gsup);
	return links.sgs && text_is(name, LINK_SGS) ? sgs_port_phones(links.sgs) : NULL;
}

bool sms_links_deliver(const struct ipc_deliver *d)
{
	struct phone_link *phones = phones_of(d->link);

	if (phones) {
		phone_link_deliver(phones, d);
		return true;
	}
	for (struct held_modem *h = links.modems; h; h = h->next) {
		if (text_equal(modem_link_name(h->link), d->link)) {
			modem_link_deliver(h->link, d);
			return true;
		}
	}
	return false;
}

bool sms_links_outbox(const struct ipc_outbox *row)
{
	struct phone_link *phones = phones_of(row->target);

	if (phones)
		phone_link_outbox(phones, row);
	return phones != NULL;
}

bool sms_links_accepted(uint32_t call, const struct ipc_accepted *a)
{
	if (links.gsup && phone_link_accepted(gsup_port_phones(links.gsup), call, a))
		return true;
	if (links.sgs && phone_link_accepted(sgs_port_phones(links.sgs), call, a))
		return true;
	for (struct held_modem *h = links.modems; h; h = h->next) {
		if (modem_link_accepted(h->link, call, a))
			return true;
	}
	return false;
}

bool sms_links_reported(uint32_t call, bool done)
{
	for (struct held_modem *h = links.modems; h; h = h->next) {
		if (modem_link_reported(h->link, call, done))
			return true;
	}
	return false;
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
	for (struct held_modem *h = links.modems; h && kind == &modem_kind; h = h->next) {
		if (text_equal(h->settings->device, address))
			open_modem(h);
	}
	return true;
}

bool sms_links_unlisten(struct text purpose, struct text address)
{
	const struct node_kind *kind = kind_named(purpose);

	if (kind)
		forget(kind, address);
	return kind != NULL;
}

void sms_links_show(void (*say)(void *owner, const char *line), void *owner)
{
	if (links.gsup)
		phone_link_show(gsup_port_phones(links.gsup), say, owner);
	if (links.sgs)
		phone_link_show(sgs_port_phones(links.sgs), say, owner);
	for (struct held_modem *h = links.modems; h; h = h->next)
		modem_link_show(h->link, say, owner);
}

void sms_links_stop(void)
{
	if (links.gsup)
		phone_link_stop(gsup_port_phones(links.gsup));
	if (links.sgs)
		phone_link_stop(sgs_port_phones(links.sgs));
	for (struct held_modem *h = links.modems; h; h = h->next)
		modem_link_stop(h->link);
}

bool sms_links_idle(void)
{
	bool idle = !links.gsup || phone_link_idle(gsup_port_phones(links.gsup));

	idle = idle && (!links.sgs || phone_link_idle(sgs_port_phones(links.sgs)));
	for (struct held_modem *h = links.modems; h; h = h->next)
		idle = idle && modem_link_idle(h->link);
	return idle;
}
