/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modems: made, renewed and dropped as the configuration says; their lines are set as they come. */
#include "daemon/sms_modems.h"

#include <stdlib.h>
#include <termios.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "daemon/role.h"
#include "daemon/sms_links.h"
#include "sms/link_life.h"
#include "sms/link_vty.h"

/* The settings are the set's that is in use. */
struct held_modem {
	struct held_modem *next;
	const struct modem_settings *settings;
	struct modem_link *link;
	bool configured;
};

static struct {
	struct channel *channel;
	struct held_modem *first;
} modems;

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
	int fd = sms_links_copy(&modem_kind, h->settings->device);

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
	h->link = modem_link_new(&m, role_loop(), modems.channel);
	open_modem(h);
}

static struct held_modem *find_modem(struct text name)
{
	struct held_modem *h = modems.first;

	while (h && !text_equal(h->settings->node.name, name))
		h = h->next;
	return h;
}

static void take_modem(const struct modem_settings *s)
{
	struct held_modem *h = find_modem(s->node.name);

	if (!h) {
		h = must_alloc(sizeof(*h));
		h->next = modems.first;
		modems.first = h;
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
	struct held_modem **at = &modems.first;

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

void sms_modems_switch(struct channel *channel, const struct config *config)
{
	modems.channel = channel;
	for (const struct modem_settings *s = config_next(config, &modem_kind, NULL); s;
	     s = config_next(config, &modem_kind, s))
		take_modem(s);
	drop_modems();
}

bool sms_modems_deliver(const struct ipc_deliver *d)
{
	for (struct held_modem *h = modems.first; h; h = h->next) {
		if (text_equal(modem_link_name(h->link), d->link)) {
			modem_link_deliver(h->link, d);
			return true;
		}
	}
	return false;
}

bool sms_modems_accepted(uint32_t call, const struct ipc_accepted *a)
{
	for (struct held_modem *h = modems.first; h; h = h->next) {
		if (modem_link_accepted(h->link, call, a))
			return true;
	}
	return false;
}

bool sms_modems_reported(uint32_t call, bool done)
{
	for (struct held_modem *h = modems.first; h; h = h->next) {
		if (modem_link_reported(h->link, call, done))
			return true;
	}
	return false;
}

void sms_modems_line(struct text address)
{
	for (struct held_modem *h = modems.first; h; h = h->next) {
		if (text_equal(h->settings->device, address))
			open_modem(h);
	}
}

void sms_modems_show(void (*say)(void *owner, const char *line), void *owner)
{
	for (struct held_modem *h = modems.first; h; h = h->next)
		modem_link_show(h->link, say, owner);
}

void sms_modems_rows(void (*each)(void *owner, const struct link_row *row), void *owner)
{
	struct link_row row;

	for (struct held_modem *h = modems.first; h; h = h->next) {
		modem_link_row(h->link, &row);
		each(owner, &row);
	}
}

const char *sms_modems_restart(struct text name)
{
	struct held_modem *h = find_modem(name);

	if (!h)
		return "no modem has this name";
	return modem_link_restart(h->link) ? "it is started again" : "it is not stopped";
}

void sms_modems_stop(void)
{
	for (struct held_modem *h = modems.first; h; h = h->next)
		modem_link_stop(h->link);
}

bool sms_modems_idle(void)
{
	bool idle = true;

	for (struct held_modem *h = modems.first; h; h = h->next)
		idle = idle && modem_link_idle(h->link);
	return idle;
}
