/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lab role: a network of simulated handsets. It takes the deliveries of the link "lab", and terminals
 * (`cellpost phone`) connect to see what a handset shows, to answer, and to switch it off and on.
 *
 *	terminal -> lab: lines    phone NUMBER | send TO TEXT | on | off | inbox | quit
 *	lab -> terminal: JSON     {"event":"ready"|"message"|"sent"|"refused"|"switched"|"error", ...}, one per line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing/billing_vty.h"
#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/log.h"
#include "core/channel.h"
#include "core/net/json.h"
#include "core/net/listen.h"
#include "core/net/stream.h"
#include "core/permit_spend.h"
#include "daemon/handset.h"
#include "daemon/lab_vty.h"
#include "daemon/role.h"

#define LINE_MAX_OCTETS 4096u
#define LISTENS_MAX 8u
#define LAB_LINK TEXT_LITERAL("lab")

/* A terminal. It watches one handset. */
struct terminal {
	struct terminal *next;
	struct stream *stream;
	struct listener *listener;
	struct handset *handset;
	bool ended;
};

/* A message that a handset sent, until the queue answers. */
struct sending {
	struct sending *next;
	uint32_t call;
	char from[HANDSET_NUMBER_MAX + 1];
	char to[MESSAGE_ADDRESS_MAX + 1];
};

struct place {
	struct text address;
	struct listener *listener;
	char room[NET_ADDRESS_TEXT_SIZE];
};

static struct {
	struct channel *channel;
	struct handsets *handsets;
	struct terminal *terminals;
	struct sending *sendings;
	struct place places[LISTENS_MAX];
	bool enabled, any, offline_text;
	bool presence; /* some handset may have RCS, and messages are decided */
	int64_t window, inbox, retry_us, phones;
	struct counter *shown, *absent, *unknown, *from_phones, *bad_lines;
} lab;

/* --- terminals ------------------------------------------------------------------------------------------------ */

static void line_begin(struct json_writer *w, char *room, size_t size, const char *event)
{
	json_writer_init(w, room, size);
	json_open_object(w);
	json_put_member_cstring(w, "event", event);
}

static void line_end(struct json_writer *w, struct terminal *t)
{
	json_close_object(w);
	struct text line = json_writer_text(w);
	if (t->ended || !line.len)
		return;
	stream_write(t->stream, line.at, line.len);
	stream_write(t->stream, "\n", 1);
}

static void say_error(struct terminal *t, const char *why)
{
	char room[512];
	struct json_writer w;

	line_begin(&w, room, sizeof(room), "error");
	json_put_member_cstring(&w, "why", why);
	line_end(&w, t);
}

static void say_message(struct terminal *t, const struct inbox_entry *e, bool old)
{
	size_t size = 512 + 6 * (e->from.len + e->text.len);
	char *room = must_alloc(size);
	char at[CLOCK_TEXT_SIZE], id[MESSAGE_ID_TEXT_SIZE];
	struct json_writer w;

	line_begin(&w, room, size, "message");
	json_put_member_cstring(&w, "at", clock_text(e->at_us, at));
	json_put_member_text(&w, "from", e->from);
	json_put_member_text(&w, "text", e->text);
	if (e->bearer[0])
		json_put_member_cstring(&w, "bearer", e->bearer);
	if (e->price[0])
		json_put_member_cstring(&w, "price", e->price);
	json_put_member_cstring(&w, "id", message_id_text(e->id, id));
	if (old)
		json_put_member_bool(&w, "old", true);
	line_end(&w, t);
	free(room);
}

static void say_inbox(struct terminal *t)
{
	for (const struct inbox_entry *e = handset_inbox(t->handset); e; e = e->next)
		say_message(t, e, true);
}

static void put_switches(struct json_writer *w, const struct handset *h)
{
	for (unsigned i = 0; i < HANDSET_SWITCHES; i++)
		json_put_member_bool(w, handset_switch_name(i), handset_is(h, i));
}

static void say_switched(struct handset *h)
{
	for (struct terminal *t = lab.terminals; t; t = t->next) {
		char room[128];
		struct json_writer w;
		if (t->handset != h)
			continue;
		line_begin(&w, room, sizeof(room), "switched");
		json_put_member_bool(&w, "on", handset_on(h));
		put_switches(&w, h);
		line_end(&w, t);
	}
}

static void command_phone(struct terminal *t, struct text number)
{
	char room[256], normal[HANDSET_NUMBER_MAX + 1];
	struct json_writer w;
	const char *why = "";
	unsigned n = 0;

	if (address_normalise(number, normal, sizeof(normal), &why)) {
		say_error(t, why);
		return;
	}
	struct handset *h = handset_find(lab.handsets, text_of(normal));
	if (!h && lab.any)
		h = handset_get(lab.handsets, text_of(normal));
	if (!h) {
		say_error(
			t,
			"no handset has this number: add `handset NUMBER` to the configuration, or `any yes` to `lab`");
		return;
	}
	t->handset = h;
	for (const struct inbox_entry *e = handset_inbox(h); e; e = e->next)
		n++;
	line_begin(&w, room, sizeof(room), "ready");
	json_put_member_text(&w, "number", handset_number(h));
	json_put_member_bool(&w, "on", handset_on(h));
	put_switches(&w, h);
	json_put_member_int(&w, "inbox", n);
	line_end(&w, t);
	say_inbox(t);
}

static void say_refused(struct terminal *t, const char *to, const char *why)
{
	char room[1024];
	struct json_writer w;

	line_begin(&w, room, sizeof(room), "refused");
	json_put_member_cstring(&w, "to", to);
	json_put_member_cstring(&w, "why", why);
	line_end(&w, t);
}

static void offer(struct terminal *t, const char *to, struct text body)
{
	uint8_t header[MESSAGE_HEADER_MAX], list[MESSAGE_ADDRESS_MAX + 8];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct message m = {
		.channel = LAB_LINK, .account = LAB_LINK, .sender = handset_number(t->handset), .from_network = true
	};
	struct ipc_accept a = { .body = body };

	message_encode(&m, &h);
	ipc_put_recipient(&l, text_of(to));
	a.header = text_range((const char *)header, writer_len(&h));
	a.recipients = text_range((const char *)list, writer_len(&l));
	uint32_t call = channel_accept(lab.channel, &a);
	if (!call) {
		say_refused(t, to, "the queue is not running: try again");
		return;
	}
	struct sending *s = must_alloc(sizeof(*s));
	s->call = call;
	(void)text_copy(handset_number(t->handset), s->from, sizeof(s->from));
	(void)text_copy(text_of(to), s->to, sizeof(s->to));
	s->next = lab.sendings;
	lab.sendings = s;
	counter_add(lab.from_phones, 1);
}

static void command_send(struct terminal *t, struct text rest)
{
	char to[MESSAGE_ADDRESS_MAX + 1];
	struct text given;
	const char *why = "";

	if (!text_split(&rest, ' ', &given) || !given.len || !rest.len) {
		say_error(t, "send TO TEXT");
		return;
	}
	if (address_normalise(given, to, sizeof(to), &why))
		say_error(t, why);
	else if (!handset_on(t->handset))
		say_refused(t, to, "this handset is switched off");
	else
		offer(t, to, rest);
}

/* --- who has RCS ---------------------------------------------------------------------------------------------- */

#define PRESENCE_ROOM (HANDSET_NUMBER_MAX + 16u)

static void put_presence(void *owner, struct handset *h)
{
	struct ipc_presence_of p = { .number = handset_number(h),
				     .known = handset_is(h, HANDSET_RCS),
				     .registered = handset_registered(h),
				     .roaming = handset_is(h, HANDSET_ROAMING) };

	ipc_put_presence_of(owner, &p);
}

static void tell_presence(struct writer *numbers)
{
	struct ipc_presence p = { .link = LAB_LINK,
				  .offline_text = lab.offline_text,
				  .numbers = text_range((const char *)numbers->start, writer_len(numbers)) };

	if (lab.enabled && lab.presence)
		channel_presence(lab.channel, &p);
}

static void tell_one(struct handset *h)
{
	uint8_t room[PRESENCE_ROOM];
	struct writer w = writer_of(room, sizeof(room));

	put_presence(&w, h);
	tell_presence(&w);
}

static void tell_all(void)
{
	size_t size = (handsets_count(lab.handsets) + 1u) * PRESENCE_ROOM;
	uint8_t *room = must_alloc(size);
	struct writer w = writer_of(room, size);

	handsets_each(lab.handsets, put_presence, &w);
	tell_presence(&w);
	free(room);
}

static void connected(void *owner)
{
	(void)owner;
	tell_all();
}

static void set_switch(struct handset *h, enum handset_switch which, bool on)
{
	handset_set(h, which, on);
	tell_one(h);
	say_switched(h);
	LOGN(LOG_LAB, NULL, "a handset: %s %s", handset_switch_name(which), on ? "on" : "off");
}

static void switch_handset(struct handset *h, bool on)
{
	set_switch(h, HANDSET_COVERAGE, on);
}

/* "rcs on", "data off", ... */
static bool switched_by(struct handset *h, struct text word, struct text rest)
{
	bool on = text_is(rest, "on");

	for (unsigned i = 0; i < HANDSET_SWITCHES; i++) {
		if (!text_is(word, handset_switch_name(i)) || (!on && !text_is(rest, "off")))
			continue;
		set_switch(h, i, on);
		return true;
	}
	return false;
}

static void command(struct terminal *t, struct text line)
{
	struct text word = { 0 }, rest = line;

	(void)text_split(&rest, ' ', &word);
	if (text_is(word, "phone"))
		command_phone(t, text_trim(rest));
	else if (text_is(word, "quit"))
		stream_finish(t->stream);
	else if (!t->handset)
		say_error(t, "say `phone NUMBER` first");
	else if (text_is(word, "send"))
		command_send(t, rest);
	else if (text_is(word, "on") || text_is(word, "off"))
		switch_handset(t->handset, text_is(word, "on"));
	else if (text_is(word, "inbox"))
		say_inbox(t);
	else if (switched_by(t->handset, word, text_trim(rest)))
		return;
	else if (word.len) {
		counter_add(lab.bad_lines, 1);
		say_error(t, "known: phone NUMBER, send TO TEXT, on, off, rcs, data or roaming on or off, inbox, quit");
	}
}

static size_t received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	struct terminal *t = owner;
	size_t taken = 0;

	(void)stream;
	while (!t->ended) {
		const uint8_t *end = memchr(bytes + taken, '\n', n - taken);
		if (!end)
			break;
		size_t len = (size_t)(end - (bytes + taken));
		command(t, text_trim(text_range((const char *)bytes + taken, len)));
		taken += len + 1;
	}
	if (n - taken > LINE_MAX_OCTETS) {
		counter_add(lab.bad_lines, 1);
		say_error(t, "the line is too long");
		stream_finish(t->stream);
		return n;
	}
	return taken;
}

static void closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	struct terminal *t = owner, **at = &lab.terminals;

	(void)stream;
	(void)why;
	(void)text;
	t->ended = true;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	listener_released(t->listener);
	stream_free(&t->stream);
	free(t);
}

static const struct stream_handler terminal_handler = { .received = received, .closed = closed };

static void accepted_terminal(void *owner, int fd, const struct net_address *peer)
{
	struct place *p = owner;
	struct terminal *t = must_alloc(sizeof(*t));

	(void)peer;
	t->listener = p->listener;
	t->stream = stream_accept(role_loop(), fd, NULL, &terminal_handler, t);
	t->next = lab.terminals;
	lab.terminals = t;
}

/* --- the link ------------------------------------------------------------------------------------------------- */

static void give_result(const struct ipc_deliver *d, enum ipc_outcome outcome, const char *detail, int64_t retry_us)
{
	struct ipc_result r = {
		.id = d->id, .outcome = outcome, .link = LAB_LINK, .detail = text_of(detail), .segments = 1
	};

	r.retry_ms = (uint32_t)(retry_us / USEC_PER_MSEC);
	channel_result(lab.channel, &r);
}

static void show_on_terminals(struct handset *h, const struct inbox_entry *e)
{
	for (struct terminal *t = lab.terminals; t; t = t->next) {
		if (t->handset == h)
			say_message(t, e, false);
	}
}

static void deliver(void *owner, const struct ipc_deliver *d)
{
	struct message m;
	bool again;
	struct handset *h = handset_find(lab.handsets, d->recipient);

	(void)owner;
	if (!h && lab.any)
		h = handset_get(lab.handsets, d->recipient);
	if (!h) {
		counter_add(lab.unknown, 1);
		give_result(d, IPC_REFUSED, "no handset of the lab has this number", 0);
		return;
	}
	bool rcs = text_is(d->bearer, "rcs");
	if (rcs && !handset_registered(h)) {
		counter_add(lab.absent, 1);
		give_result(d, IPC_RETRY, handset_is(h, HANDSET_RCS) ? "480 not registered" : "404 no RCS user",
			    lab.retry_us);
		return;
	}
	if (!handset_on(h)) {
		counter_add(lab.absent, 1);
		give_result(d, IPC_RETRY, "absent subscriber", lab.retry_us);
		return;
	}
	struct ipc_result refusal;
	if (!rcs && !permit_spend(d, TEXT_LITERAL("sms"), 0, channel_permits_required(lab.channel), clock_monotonic(),
				  &refusal)) {
		refusal.link = LAB_LINK;
		channel_result(lab.channel, &refusal);
		return;
	}
	if (message_decode(d->header, &m)) {
		give_result(d, IPC_REFUSED, "the envelope is damaged", 0);
		return;
	}
	m.body = d->body;
	const struct inbox_entry *e = handset_receive(h, &m, d->id, clock_now(), (unsigned)lab.inbox, &again);
	if (e) {
		counter_add(lab.shown, 1);
		handset_note(h, e, d->bearer, d->price);
		show_on_terminals(h, e);
	}
	give_result(d, IPC_DELIVERED, "shown on the handset", 0);
}

static struct sending *take_sending(uint32_t call)
{
	struct sending **at = &lab.sendings, *s;

	while (*at && (*at)->call != call)
		at = &(*at)->next;
	s = *at;
	if (s)
		*at = s->next;
	return s;
}

static void say_outcome(struct terminal *t, const struct sending *s, const struct ipc_accepted *a)
{
	char room[1024], id[MESSAGE_ID_TEXT_SIZE], why[512];
	struct json_writer w;

	if (a->result) {
		(void)text_copy(a->why, why, sizeof(why));
		say_refused(t, s->to, why[0] ? why : result_name(a->result));
		return;
	}
	line_begin(&w, room, sizeof(room), "sent");
	json_put_member_cstring(&w, "to", s->to);
	json_put_member_cstring(&w, "id", message_id_text(a->id, id));
	line_end(&w, t);
}

static void accepted(void *owner, uint32_t call, const struct ipc_accepted *a)
{
	struct sending *s = take_sending(call);

	(void)owner;
	if (!s)
		return;
	for (struct terminal *t = lab.terminals; t; t = t->next) {
		if (t->handset && text_is(handset_number(t->handset), s->from))
			say_outcome(t, s, a);
	}
	free(s);
}

static const struct channel_handler channel_handler = { .deliver = deliver,
							.accepted = accepted,
							.connected = connected };

/* --- the role ------------------------------------------------------------------------------------------------- */

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
	lab.presence = config_only(config, &billing_kind) != NULL;
	channel_require_permits(lab.channel, lab.presence);
	if (s) {
		lab.any = s->any;
		lab.window = s->window;
		lab.inbox = s->inbox;
		lab.retry_us = s->absent_retry;
		lab.phones = s->phones;
		lab.offline_text = s->offline_text;
	}
	for (const struct handset_settings *h = config_next(config, &handset_kind, NULL); h;
	     h = config_next(config, &handset_kind, h))
		take_handset(h);
	if (s)
		channel_link(lab.channel, LAB_LINK, true, (uint32_t)lab.window, "simulated handsets");
	else
		channel_link_drop(lab.channel, LAB_LINK);
	tell_all();
}

static struct place *place_of(struct text address)
{
	for (unsigned i = 0; i < LISTENS_MAX; i++) {
		if (lab.places[i].listener && text_equal(lab.places[i].address, address))
			return &lab.places[i];
	}
	return NULL;
}

static void listen_on(struct text purpose, struct text address, int fd)
{
	(void)purpose;
	for (unsigned i = 0; i < LISTENS_MAX; i++) {
		struct place *p = &lab.places[i];
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

	(void)purpose;
	if (p)
		listener_free(&p->listener);
}

static void peer(enum role_id id, struct ipc *ipc)
{
	if (id == ROLE_QUEUE)
		channel_connect(lab.channel, ipc);
}

static void peer_lost(enum role_id id)
{
	if (id == ROLE_QUEUE)
		channel_lost(lab.channel);
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

	role_show_text(call, "%-20s %-4s %8llu messages%s%s%s\n", log_mask(handset_number(h), masked),
		       handset_on(h) ? "on" : "off", (unsigned long long)handset_received(h),
		       handset_registered(h)	    ? "  rcs"
		       : handset_is(h, HANDSET_RCS) ? "  rcs away"
						    : "",
		       handset_is(h, HANDSET_DATA) ? "" : "  no data",
		       handset_is(h, HANDSET_ROAMING) ? "  roaming" : "");
}

/* "handsets", "handset NUMBER on|off", "handset NUMBER rcs on|off" */
static void show(uint32_t call, struct text words)
{
	struct text word = { 0 }, number = { 0 }, rest = words;

	(void)text_split(&rest, ' ', &word);
	if (text_is(word, "handset") && text_split(&rest, ' ', &number)) {
		struct handset *h = handset_find(lab.handsets, number);
		if (h && (text_is(rest, "on") || text_is(rest, "off")))
			switch_handset(h, text_is(rest, "on"));
		else if (h && text_split(&rest, ' ', &word))
			(void)switched_by(h, word, rest);
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
