/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lab role: its life, its configuration, what an operator sees of it. The map is in lab_internal.h. */
#include <stdio.h>
#include <unistd.h>

#include "billing/billing_vty.h"
#include "core/base/log.h"
#include "core/net/listen.h"
#include "daemon/lab_carrier.h"
#include "daemon/lab_internal.h"
#include "daemon/role.h"

#define LISTENS_MAX 8u

struct place {
	struct text address;
	struct listener *listener;
	char room[NET_ADDRESS_TEXT_SIZE];
};

struct lab lab;
static struct place places[LISTENS_MAX];

/* --- the queue -------------------------------------------------------------------------------- */

static void deliver(void *owner, const struct ipc_deliver *d)
{
	(void)owner;
	lab_deliver(d);
}

static void accepted(void *owner, uint32_t call, const struct ipc_accepted *a)
{
	(void)owner;
	lab_send_accepted(call, a);
}

static void connected(void *owner)
{
	(void)owner;
	lab_tell_all();
	lab_carriers_connected();
}

static void file(void *owner, uint32_t call, const struct ipc_file_answer *answer, int fd)
{
	(void)owner;
	if (!lab_send_file_answer(call, answer, fd))
		lab_files_answer(call, answer, fd);
}

static bool other(void *owner, struct ipc_record *r)
{
	(void)owner;
	return lab_carriers_record(r);
}

static const struct channel_handler channel_handler = {
	.deliver = deliver, .accepted = accepted, .connected = connected, .file = file, .other = other
};

/* --- the role --------------------------------------------------------------------------------- */

static enum result check(const struct config *config, const char **why_out)
{
	char number[HANDSET_NUMBER_MAX + 1];

	for (const struct handset_settings *h = config_next(config, &handset_kind, NULL); h;
	     h = config_next(config, &handset_kind, h)) {
		if (address_normalise(h->node.name, number, sizeof(number), why_out))
			return ERR_MALFORMED;
	}
	return OK;
}

static enum result open_role(struct loop *loop, const struct config *config, struct sandbox_path paths[ROLE_PATHS_MAX],
			     const char **why_out)
{
	(void)loop;
	(void)config;
	(void)paths;
	(void)why_out;
	lab.channel = channel_new("lab", false, &channel_handler, NULL);
	lab.handsets = handsets_new();
	lab.shown = counter_get(COUNTER_COUNT, "lab_shown_total", NULL, "Messages shown on handsets");
	lab.absent = counter_get(COUNTER_COUNT, "lab_absent_total", NULL, "Tries to reach a handset that was off");
	lab.unknown = counter_get(COUNTER_COUNT, "lab_unknown_total", NULL, "Messages to numbers without a handset");
	lab.from_phones = counter_get(COUNTER_COUNT, "lab_sent_total", NULL, "Messages that handsets sent");
	lab.bad_lines =
		counter_get(COUNTER_COUNT, "lab_bad_lines_total", NULL, "Lines of terminals that say nothing known");
	lab.files = counter_get(COUNTER_COUNT, "lab_files_total", NULL, "Files of messages shown on handsets");
	return OK;
}

static void take_handset(const struct handset_settings *s)
{
	char number[HANDSET_NUMBER_MAX + 1];
	const char *why;

	if (address_normalise(s->node.name, number, sizeof(number), &why))
		return;
	if (handset_find(lab.handsets, text_of(number)))
		return; /* a reload leaves its switch as it is */
	struct handset *h = handset_get(lab.handsets, text_of(number));
	if (!h)
		return;
	handset_switch(h, s->coverage);
	handset_set(h, HANDSET_RCS, s->rcs);
	handset_set(h, HANDSET_DATA, s->data);
	handset_set(h, HANDSET_ROAMING, s->roaming);
	handset_set(h, HANDSET_MMS, s->mms);
}

/* The first configured handset, as a command to try. */
static void say_phone(const struct config *config)
{
	const struct handset_settings *h = config_next(config, &handset_kind, NULL);
	char line[160];

	if (!h)
		return;
	(void)snprintf(line, sizeof(line), "watch it arrive:  cellpost phone %.*s", TEXT_ARGS(h->node.name));
	role_ready_text(line);
}

static void switch_to(const struct config *config)
{
	const struct lab_settings *s = config_only(config, &lab_kind);

	if (s && !lab.enabled)
		say_phone(config);
	lab.enabled = s != NULL;
	lab_carriers_switch(lab.channel, config);
	lab.presence = config_only(config, &billing_kind) != NULL;
	channel_require_permits(lab.channel, lab.presence);
	if (s) {
		lab.any = s->any;
		lab.window = s->window;
		lab.inbox = s->inbox;
		lab.retry_us = s->absent_retry;
		lab.phones = s->phones;
		lab.offline_text = s->offline_text;
		lab.offline_file = s->offline_file;
		lab.mms = s->mms;
		lab.mms_max = (uint64_t)s->mms_max;
		lab.rcs_file_max = (uint64_t)s->rcs_file_max;
	}
	for (const struct handset_settings *h = config_next(config, &handset_kind, NULL); h;
	     h = config_next(config, &handset_kind, h))
		take_handset(h);
	if (s)
		channel_link(lab.channel, LAB_LINK, true, (uint32_t)lab.window, "simulated handsets");
	else
		channel_link_drop(lab.channel, LAB_LINK);
	lab_tell_all();
}

static void accepted_terminal(void *owner, int fd, const struct net_address *peer)
{
	struct place *p = owner;

	(void)peer;
	lab_terminal_new(fd, p->listener);
}

static struct place *place_of(struct text address)
{
	for (unsigned i = 0; i < LISTENS_MAX; i++) {
		if (places[i].listener && text_equal(places[i].address, address))
			return &places[i];
	}
	return NULL;
}

static void listen_on(struct text purpose, struct text address, int fd)
{
	if (lab_carriers_listen(purpose, address, fd))
		return;
	for (unsigned i = 0; i < LISTENS_MAX; i++) {
		struct place *p = &places[i];
		if (p->listener)
			continue;
		(void)text_copy(address, p->room, sizeof(p->room));
		p->address = text_of(p->room);
		p->listener = listener_new(role_loop(), fd, (unsigned)lab.phones, accepted_terminal, p);
		return;
	}
	LOGE(LOG_LAB, NULL, "more than %u listening addresses: one is left out", LISTENS_MAX);
}

static void unlisten(struct text purpose, struct text address)
{
	struct place *p = place_of(address);

	if (!lab_carriers_unlisten(purpose, address) && p)
		listener_free(&p->listener);
}

static void peer(enum role_id id, struct ipc *ipc)
{
	if (id == ROLE_QUEUE)
		channel_connect(lab.channel, ipc);
}

static void peer_lost(enum role_id id)
{
	if (id != ROLE_QUEUE)
		return;
	channel_lost(lab.channel);
	lab_carriers_lost();
}

static bool record(enum role_id id, struct ipc *ipc, struct ipc_record *r)
{
	(void)ipc;
	return id == ROLE_QUEUE && channel_record(lab.channel, r);
}

static void show_handset(void *owner, struct handset *h)
{
	uint32_t call = *(uint32_t *)owner;
	char masked[LOG_MASK_SIZE];

	role_show_text(call, "%-20s %-4s %8llu messages%s%s%s%s\n", log_mask(handset_number(h), masked),
		       handset_on(h) ? "on" : "off", (unsigned long long)handset_received(h),
		       handset_registered(h)	    ? "  rcs"
		       : handset_is(h, HANDSET_RCS) ? "  rcs away"
						    : "",
		       handset_is(h, HANDSET_DATA) ? "" : "  no data",
		       handset_is(h, HANDSET_ROAMING) ? "  roaming" : "", handset_is(h, HANDSET_MMS) ? "" : "  no mms");
}

/* "handsets", "handset NUMBER on|off", "handset NUMBER rcs on|off" */
static void show(uint32_t call, struct text words)
{
	struct text word = { 0 }, number = { 0 }, rest = words;

	(void)text_split(&rest, ' ', &word);
	if (text_is(word, "handset") && text_split(&rest, ' ', &number)) {
		struct handset *h = handset_find(lab.handsets, number);
		word = rest;
		if (h && (text_is(rest, "on") || text_is(rest, "off") || text_split(&rest, ' ', &word)))
			(void)lab_switched_by(h, word, rest);
		if (h)
			show_handset(&call, h);
		else
			role_show_text(call, "no handset has this number\n");
	} else {
		handsets_each(lab.handsets, show_handset, &call);
	}
	role_show_end(call);
}

const struct role role_lab = {
	.id = ROLE_LAB,
	.name = "lab",
	.promises = SANDBOX_INET | SANDBOX_UNIX,
	.peers = 1u << ROLE_QUEUE,
	.description = "simulated handsets",
	.check = check,
	.open = open_role,
	.switch_to = switch_to,
	.listen = listen_on,
	.unlisten = unlisten,
	.peer = peer,
	.peer_lost = peer_lost,
	.record = record,
	.show = show,
};
