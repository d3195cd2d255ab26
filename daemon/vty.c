/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listeners and sessions of the VTY. */
#include "daemon/vty_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/base/log.h"
#include "core/ipc_messages.h"

#define ABOVE_MAX 16u /* connections taken in only to be told that there are too many */

struct place {
	struct listener *listener;
	char address[NET_ADDRESS_TEXT_SIZE];
};

static struct place places[VTY_LISTENERS_MAX];
static int64_t idle_us;
static unsigned sessions_max, sessions_count;
struct session *vty_sessions;

int64_t vty_idle_us(void)
{
	return idle_us;
}

void vty_switch_to(const struct config *config)
{
	const struct vty_settings *settings = config_only(config, &vty_kind);

	idle_us = settings->idle;
	sessions_max = (unsigned)settings->sessions;
}

static void accepted(void *owner, int fd, const struct net_address *peer)
{
	struct place *place = owner;

	(void)peer;
	if (sessions_count >= sessions_max) {
		counter_add(counter_get(COUNTER_COUNT, "vty_refused_total", "", "sessions above `vty sessions`"), 1);
		session_refuse(fd);
		listener_released(place->listener);
		return;
	}
	struct session *s = session_new(fd, place->listener);
	s->next = vty_sessions;
	vty_sessions = s;
	sessions_count++;
	counter_add(counter_get(COUNTER_COUNT, "vty_sessions_total", "", "terminal sessions opened"), 1);
	LOGI(LOG_DAEMON, stream_peer(s->stream), "terminal session");
}

void vty_forget(struct session *s)
{
	struct session **at = &vty_sessions;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	sessions_count--;
	if (s->listener)
		listener_released(s->listener);
}

static struct place *place_of(struct text address)
{
	for (unsigned i = 0; i < VTY_LISTENERS_MAX; i++) {
		if (places[i].listener ? text_is(address, places[i].address) : !address.len)
			return &places[i];
	}
	return NULL;
}

void vty_listen(struct text purpose, struct text address, int fd)
{
	struct place *place = place_of(text_range("", 0));
	char line[NET_ADDRESS_TEXT_SIZE + 80];
	struct net_address where;
	const char *why = "";

	(void)purpose;
	if (net_address_parse(address, &where, &why) || !net_address_is_loopback(&where))
		LOGN(LOG_DAEMON, NULL, "the terminal on %.*s has no password: whoever reaches it may change everything",
		     TEXT_ARGS(address));
	if (!place || !text_copy(address, place->address, sizeof(place->address))) {
		LOGE(LOG_DAEMON, NULL, "more than %u terminal addresses: one is not served", VTY_LISTENERS_MAX);
		close(fd);
		return;
	}
	/* Nobody is kept waiting in silence: who is one too many is told so. */
	place->listener = listener_new(role_loop(), fd, sessions_max + 256 + ABOVE_MAX, accepted, place);
	const char *colon = strrchr(place->address, ':');
	if (colon && !text_starts(address, "unix:"))
		snprintf(line, sizeof(line), "terminal: telnet %.*s %s", (int)(colon - place->address), place->address,
			 colon + 1);
	else
		snprintf(line, sizeof(line), "terminal: %s", place->address);
	role_ready_text(line);
}

void vty_unlisten(struct text purpose, struct text address)
{
	struct place *place = place_of(address);

	(void)purpose;
	if (!place)
		return;
	for (struct session *s = vty_sessions; s; s = s->next) {
		if (s->listener == place->listener)
			s->listener = NULL;
	}
	listener_free(&place->listener);
	place->address[0] = 0;
}

struct session *vty_waiting_for(enum role_id role, uint32_t call)
{
	struct session *s = vty_sessions;

	while (s && !(s->waiting && s->awaited == role && s->call == call))
		s = s->next;
	return s;
}

bool vty_show_lines(enum role_id role, struct ipc_record *record)
{
	uint8_t last = reader_u8(&record->body);
	struct text text = ipc_get_text(&record->body, UINT16_MAX);

	if (!reader_done(&record->body) || last > 1)
		return false;
	struct session *s = vty_waiting_for(role, record->call);
	if (!s) /* it went away, or waits no longer */
		return true;
	session_say_text(s, text);
	if (last)
		session_go_on(s);
	else
		session_wait(s, role, record->call);
	return true;
}

void vty_role_lost(enum role_id role)
{
	for (struct session *s = vty_sessions; s; s = s->next) {
		if (s->waiting && s->awaited == role) {
			session_say(s, "%% role %s went away\n", role_name(role));
			session_go_on(s);
		}
	}
}

void vty_parent_done(uint32_t call, struct text why)
{
	struct session *s = vty_waiting_for(ROLE_PARENT, call);

	if (!s)
		return;
	if (why.len)
		session_say(s, "%% not written: %.*s\n", TEXT_ARGS(why));
	else
		session_say(s, "Configuration written\n");
	session_go_on(s);
}
