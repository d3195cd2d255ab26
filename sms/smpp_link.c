/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each bind is a bond: a connection that comes and goes, with its own back-off. Deliveries wait in one list and go by
 * whichever bond has room. A delivery with parts unanswered is in nobody's list; the session's answer brings it back.
 */
#include "sms/smpp_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/net/tls.h"
#include "core/permit_spend.h"
#include "sms/smpp_incoming.h"
#include "sms/smpp_outgoing.h"

#define BONDS_MAX 128u
#define FIRST_WAIT_US USEC_PER_SEC
#define REFUSED_WAIT_US (60 * USEC_PER_SEC) /* a refused bind is not hammered */
#define AHEAD 4u			    /* the queue hands us this many windows */
#define AHEAD_LEAST 256u
#define OVERDUE_EVERY_US USEC_PER_SEC
#define NAME_SIZE 80u

struct bond {
	struct smpp_link *link;
	struct smpp_conn *conn;
	uint32_t command; /* the bind it asks for */
	struct loop_timer again;
	int64_t wait_us;
	bool bound, wanted; /* not wanted: of a larger number of connections that was configured before */
	uint64_t asking;    /* dns */
};

struct smpp_link {
	struct smpp_conns *conns;
	struct sms_calls *calls;
	struct dns *dns;
	struct arena *arena; /* of the settings */
	struct smsc_settings settings;
	struct tls_client *tls;
	char name[NAME_SIZE];
	struct outgoing_style style;
	struct smpp_incoming incoming;
	struct bond bonds[BONDS_MAX];
	unsigned bonds_count, next_bond;
	struct outgoing_list list;
	unsigned open; /* deliveries here, waiting or unanswered */
	struct loop_timer rate, overdue;
	bool stopping, up;
	char why_down[120];
	struct counter *submitted, *taken, *refused, *throttled, *unanswered, *received, *binds, *bind_refused;
};

static void pump(struct smpp_link *l);
static void start_bond(void *owner);

/* --- telling the queue ----------------------------------------------------------------------------------------------
 */

static uint32_t window_of(const struct smpp_link *l)
{
	uint32_t bound = 0;

	for (unsigned i = 0; i < l->bonds_count; i++)
		bound += l->bonds[i].bound && l->bonds[i].command != SMPP_BIND_RECEIVER;
	uint32_t window = bound * (uint32_t)l->settings.window * AHEAD;
	if (window && window < AHEAD_LEAST)
		window = AHEAD_LEAST;
	/* What a slow link is given it must be able to send within its lease. */
	uint32_t by_rate = (uint32_t)l->settings.rate * bound * 10u;
	if (l->settings.rate && window > by_rate)
		window = by_rate;
	return window;
}

static void announce(struct smpp_link *l)
{
	uint32_t window = l->stopping ? 0 : window_of(l);

	l->up = window > 0;
	channel_link(smpp_conns_channel(l->conns), text_of(l->name), l->up, window,
		     l->up ? l->settings.host.at : l->why_down);
}

static void give_result(struct smpp_link *l, struct outgoing *o)
{
	struct ipc_result r;

	outgoing_result(o, text_of(l->name), l->style.receipts, &r);
	channel_result(smpp_conns_channel(l->conns), &r);
	l->open--;
	outgoing_free(&o);
}

static void give_back(struct smpp_link *l, struct outgoing *o, uint32_t retry_ms, const char *why)
{
	outgoing_give_up(o, retry_ms, why);
	if (!outgoing_open(o)) /* else its last answer gives the result */
		give_result(l, o);
}

/* The peer has nothing of these: they may go another way. Those begun already wait for the link within their lease. */
static void give_all_back(struct smpp_link *l)
{
	struct outgoing_list keep;
	struct outgoing *o;

	outgoing_list_init(&keep);
	while ((o = outgoing_pop(&l->list))) {
		if (outgoing_unharmed(o) || l->stopping)
			give_back(l, o, 1, "the link went down before it was sent");
		else
			outgoing_push(&keep, o);
	}
	while ((o = outgoing_pop(&keep)))
		outgoing_push(&l->list, o);
}

/* --- sending --------------------------------------------------------------------------------------------------------
 */

static void rate_again(void *owner)
{
	pump(owner);
}

/* One part over one bond. False: this bond takes nothing now. */
static bool send_one(struct smpp_link *l, struct bond *b, struct outgoing *o)
{
	struct smpp_session *s = smpp_conn_session(b->conn);
	int64_t now = clock_monotonic();
	struct smpp_pdu pdu;
	enum result r = smpp_session_can_send(s, l->style.request, now);

	if (r == ERR_BUSY) {
		int64_t due = smpp_session_send_due(s, now);
		if (!loop_timer_running(&l->rate))
			loop_timer_start(smpp_conns_loop(l->conns), &l->rate, due - now, rate_again, l);
	}
	if (r)
		return false;
	if (!outgoing_next(o, &l->style, smpp_session_takes_tlvs(s), now, &pdu))
		return false;
	if (outgoing_untouched(o))
		smpp_conns_sending(l->conns, outgoing_id(o));
	uint64_t cookie = outgoing_sent(o);
	r = smpp_session_send(s, &pdu, cookie, now);
	if (r) { /* a field that SMPP cannot hold */
		struct smpp_answer a = { .cookie = cookie, .end = SMPP_UNSENT };
		(void)outgoing_answered(o, &a, SMPP_DO_REFUSE);
		outgoing_fail(o, IPC_REFUSED, 0, "the message has a field that SMPP cannot hold");
		return true;
	}
	counter_add(l->submitted, 1);
	smpp_conn_touch(b->conn);
	return true;
}

static struct bond *bond_with_room(struct smpp_link *l)
{
	for (unsigned n = 0; n < l->bonds_count; n++) {
		struct bond *b = &l->bonds[l->next_bond++ % l->bonds_count];
		if (!b->bound || !smpp_session_may(smpp_conn_session(b->conn), l->style.request))
			continue;
		enum result r = smpp_session_can_send(smpp_conn_session(b->conn), l->style.request, clock_monotonic());
		if (!r || r == ERR_BUSY)
			return b;
	}
	return NULL;
}

static bool too_late(const struct outgoing *o)
{
	return !outgoing_open(o) && outgoing_not_after(o) <= clock_monotonic();
}

/* The head of the list leaves it when it has no part to send. */
static bool settle_head(struct smpp_link *l, struct outgoing *o)
{
	if (outgoing_more(o))
		return false;
	(void)outgoing_pop(&l->list);
	if (!outgoing_open(o))
		give_result(l, o);
	return true;
}

static void pump(struct smpp_link *l)
{
	struct outgoing *o;

	while ((o = outgoing_head(&l->list))) {
		if (settle_head(l, o))
			continue;
		if (too_late(o)) {
			(void)outgoing_pop(&l->list);
			give_back(l, o, 1, "the link was too slow to send it within its lease");
			continue;
		}
		struct bond *b = bond_with_room(l);
		if (!b || !send_one(l, b, o))
			return;
		(void)settle_head(l, o);
	}
}

static void look_for_overdue(void *owner)
{
	struct smpp_link *l = owner;

	pump(l);
	if (l->list.count)
		loop_timer_start(smpp_conns_loop(l->conns), &l->overdue, OVERDUE_EVERY_US, look_for_overdue, l);
}

void smpp_link_deliver(struct smpp_link *l, const struct ipc_deliver *d)
{
	struct ipc_result refusal;

	if (d->doubt && l->settings.doubt == SMSC_DOUBT_REPORT) {
		struct ipc_result r = { .id = d->id,
					.outcome = IPC_UNKNOWN,
					.link = text_of(l->name),
					.detail = TEXT_LITERAL(
						"sent before, and no answer came: not sent again (doubt report)") };
		channel_result(smpp_conns_channel(l->conns), &r);
		return;
	}
	struct outgoing *o = outgoing_new(d, &l->style, &refusal);
	if (o && !permit_spend(d, TEXT_LITERAL("sms"), outgoing_segments(o),
			       channel_permits_required(smpp_conns_channel(l->conns)), clock_monotonic(), &refusal))
		outgoing_free(&o);
	if (!o) {
		refusal.link = text_of(l->name);
		channel_result(smpp_conns_channel(l->conns), &refusal);
		return;
	}
	l->open++;
	if (!l->up) {
		give_back(l, o, 1, "the link went down before it was sent");
		return;
	}
	outgoing_push(&l->list, o);
	pump(l);
	if (l->list.count && !loop_timer_running(&l->overdue))
		loop_timer_start(smpp_conns_loop(l->conns), &l->overdue, OVERDUE_EVERY_US, look_for_overdue, l);
}

/* --- answers of a session
 * --------------------------------------------------------------------------------------------- */

static void count_answer(struct smpp_link *l, const struct smpp_answer *a, enum smpp_action action)
{
	if (a->end == SMPP_IN_DOUBT)
		counter_add(l->unanswered, 1);
	else if (a->end == SMPP_ANSWERED && action == SMPP_DO_KEEP)
		counter_add(l->taken, 1);
	else if (a->end == SMPP_ANSWERED && action == SMPP_DO_THROTTLE)
		counter_add(l->throttled, 1);
	else if (a->end == SMPP_ANSWERED)
		counter_add(l->refused, 1);
}

static void on_answer(void *owner, struct smpp_session *s, const struct smpp_answer *a)
{
	struct bond *b = owner;
	struct smpp_link *l = b->link;
	enum smpp_action action = a->pdu ? smpp_status_action(a->pdu->status, NULL, 0) : SMPP_DO_REFUSE;
	struct outgoing *o = outgoing_of_cookie(a->cookie);

	(void)s;
	count_answer(l, a, action);
	if (a->pdu && action == SMPP_DO_REBIND) { /* before it is sent again: not by this session */
		LOGN(LOG_SMS, l->name, "%s: binding anew", smpp_status_name(a->pdu->status));
		smpp_conn_end(b->conn);
	}
	switch (outgoing_answered(o, a, action)) {
	case OUTGOING_ENDED:
		outgoing_unlist(&l->list, o);
		give_result(l, o);
		break;
	case OUTGOING_AGAIN:
		outgoing_push_again(&l->list, o);
		break;
	default:
		break;
	}
	pump(l);
}

/* --- binds
 * ------------------------------------------------------------------------------------------------------------ */

static void on_request(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct bond *b = owner;

	if (pdu->id != SMPP_DELIVER_SM && pdu->id != SMPP_DATA_SM) {
		(void)smpp_session_answer(s, pdu->id, pdu->sequence, SMPP_RINVCMDID, (struct text){ 0 });
		return;
	}
	counter_add(b->link->received, 1);
	smpp_incoming_take(&b->link->incoming, b->conn, pdu);
}

static void on_state(void *owner, struct smpp_session *s, enum smpp_session_state state)
{
	struct bond *b = owner;
	struct smpp_link *l = b->link;
	bool bound = smpp_session_bound(s);

	if (state == SMPP_SESSION_UNBINDING || state == SMPP_SESSION_CLOSED)
		bound = false;
	if (bound == b->bound)
		return;
	b->bound = bound;
	if (bound) {
		b->wait_us = 0;
		counter_add(l->binds, 1);
		LOGN(LOG_SMS, l->name, "bound (%s)", smpp_session_state_name(state));
	} else {
		snprintf(l->why_down, sizeof(l->why_down), "session ended: %s",
			 smpp_close_name(smpp_session_closed_by(s)));
	}
	announce(l);
	if (bound)
		pump(l);
	else if (!l->up)
		give_all_back(l);
}

static void on_fault(void *owner, struct smpp_session *s, uint32_t id, uint32_t sequence, uint32_t status,
		     const char *what)
{
	struct bond *b = owner;

	(void)s;
	LOGI(LOG_SMS, b->link->name, "peer's %s %u: %s (answered 0x%x)", smpp_command_name(id), sequence, what, status);
}

static void bind_now(struct bond *b, struct smpp_session *session)
{
	const struct smsc_settings *s = &b->link->settings;
	struct smpp_bind bind = { .system_id = s->system_id, .password = s->password, .system_type = s->system_type };

	if (smpp_session_bind(session, b->command, &bind, clock_monotonic()))
		smpp_session_close(session);
}

static void on_opened(void *owner, struct smpp_conn *conn)
{
	struct bond *b = owner;

	b->conn = conn;
	if (!b->link->settings.outbind_listen.len)
		bind_now(b, smpp_conn_session(conn));
}

static void on_outbind(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct bond *b = owner;

	LOGI(LOG_SMS, b->link->name, "outbind of %.*s", TEXT_ARGS(pdu->u.outbind.system_id));
	bind_now(b, s);
}

static void wait_and_bind(struct bond *b, int64_t least_us)
{
	struct smpp_link *l = b->link;

	if (l->stopping || !b->wanted)
		return;
	b->wait_us = b->wait_us ? b->wait_us * 2 : FIRST_WAIT_US;
	if (b->wait_us > l->settings.reconnect_max)
		b->wait_us = l->settings.reconnect_max;
	if (b->wait_us < least_us)
		b->wait_us = least_us;
	int64_t jitter = random_below((uint32_t)(b->wait_us / 4 + 1));
	loop_timer_start(smpp_conns_loop(l->conns), &b->again, b->wait_us - jitter, start_bond, b);
}

static void on_gone(void *owner, struct smpp_conn *conn, const char *why)
{
	struct bond *b = owner;
	struct smpp_link *l = b->link;
	struct smpp_session *s = smpp_conn_session(conn);
	bool refused = s && smpp_session_closed_by(s) == SMPP_CLOSE_BIND_REFUSED;

	b->conn = NULL;
	b->bound = false;
	if (refused) {
		counter_add(l->bind_refused, 1);
		snprintf(l->why_down, sizeof(l->why_down), "bind refused: %s",
			 smpp_status_name(smpp_session_bind_status(s)));
		LOGE(LOG_SMS, l->name, "%s: check system-id and password", l->why_down);
	} else {
		snprintf(l->why_down, sizeof(l->why_down), "%s", why);
		LOGI(LOG_SMS, l->name, "connection ended: %s", why);
	}
	announce(l);
	if (!l->up)
		give_all_back(l);
	wait_and_bind(b, refused && l->settings.reconnect_max >= REFUSED_WAIT_US ? REFUSED_WAIT_US : 0);
}

static const struct smpp_conn_user bond_user = {
	.session = { .outbind = on_outbind,
		     .request = on_request,
		     .answer = on_answer,
		     .state = on_state,
		     .fault = on_fault },
	.opened = on_opened,
	.gone = on_gone,
};

static void options_of(const struct smsc_settings *s, struct smpp_session_options *o)
{
	*o = SMPP_SESSION_DEFAULTS(SMPP_ESME);
	o->interface_version = smsc_version(s);
	o->force_tlvs = s->tlvs;
	o->window = (uint32_t)s->window;
	o->rate = (uint32_t)s->rate;
	o->burst = (uint32_t)s->burst;
	o->bind_us = s->bind_timeout;
	o->answer_us = s->answer;
	o->enquire_us = s->enquire;
	o->enquire_answer_us = s->enquire_answer;
	o->silence_us = s->silence;
}

static void connect_to(struct bond *b, const struct net_address *address)
{
	struct smpp_link *l = b->link;
	struct smpp_session_options options;
	struct text host;
	uint16_t port;
	char name[256];

	options_of(&l->settings, &options);
	if (net_host_port(l->settings.host, &host, &port))
		return;
	(void)text_copy(l->settings.server_name.len ? l->settings.server_name : host, name, sizeof(name));
	b->conn = smpp_conn_connect(l->conns, address, l->settings.tls ? l->tls : NULL, name, &options, &bond_user, b);
}

static void resolved(void *owner, const struct dns_answer *answer)
{
	struct bond *b = owner;
	struct text host;
	uint16_t port;

	b->asking = 0;
	if (answer->result || !answer->count) {
		snprintf(b->link->why_down, sizeof(b->link->why_down), "the host's name has no address");
		wait_and_bind(b, 0);
		return;
	}
	struct net_address to = answer->addresses[random_below(answer->count)];
	if (net_host_port(b->link->settings.host, &host, &port) == OK)
		net_address_set_port(&to, port);
	connect_to(b, &to);
}

static void start_bond(void *owner)
{
	struct bond *b = owner;
	struct smpp_link *l = b->link;
	struct net_address to;
	struct text host;
	uint16_t port;
	const char *why;

	if (l->stopping || !b->wanted || b->conn || b->asking || l->settings.outbind_listen.len)
		return;
	if (net_address_parse(l->settings.host, &to, &why) == OK) {
		connect_to(b, &to);
	} else if (l->dns && net_host_port(l->settings.host, &host, &port) == OK) {
		b->asking = dns_ask(l->dns, DNS_ADDRESSES, host, resolved, b);
		if (!b->asking)
			wait_and_bind(b, 0);
	}
}

/* --- life
 * ------------------------------------------------------------------------------------------------------------- */

static void copy_settings(struct smpp_link *l, const struct smsc_settings *s)
{
	struct arena *arena = arena_new(1024);
	struct text *texts[] = {
		&l->settings.node.name,	  &l->settings.outbind_listen, &l->settings.host,
		&l->settings.server_name, &l->settings.system_id,      &l->settings.password,
		&l->settings.system_type, &l->settings.service_type,   &l->settings.authorities.content
	};

	l->settings = *s;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = arena_text(arena, *texts[i]);
	arena_free(&l->arena);
	l->arena = arena;
}

static void use_settings(struct smpp_link *l)
{
	const struct smsc_settings *s = &l->settings;
	const char *why = "";

	l->style = (struct outgoing_style){ .request = SMPP_SUBMIT_SM,
					    .service_type = s->service_type,
					    .source_ton = s->source_ton,
					    .source_npi = s->source_npi,
					    .destination_ton = s->destination_ton,
					    .destination_npi = s->destination_npi,
					    .receipts = s->receipts,
					    .validity = s->validity,
					    .repeat_tlv = (uint16_t)s->repeat_tlv };
	l->style.text = (struct smpp_text_settings){ .alphabet = (enum smpp_alphabet)s->alphabet,
						     .join = (enum smpp_join)s->join,
						     .transliterate = s->transliterate,
						     .strict = s->strict };
	l->incoming = (struct smpp_incoming){ .calls = l->calls,
					      .channel = smpp_conns_channel(l->conns),
					      .link = text_of(l->name),
					      .text = l->style.text,
					      .habit = (enum smpp_id_habit)s->id_habit,
					      .accepted_is_final = s->accepted_is_final };
	tls_client_free(&l->tls);
	if (s->tls && tls_client_new(s->authorities.content, s->tls_verify, "", &l->tls, &why))
		LOGE(LOG_SMS, l->name, "TLS cannot be used: %s", why);
}

static unsigned add_bonds(struct smpp_link *l, uint32_t command, unsigned from)
{
	for (int64_t i = 0; i < l->settings.connections && from < BONDS_MAX; i++, from++) {
		l->bonds[from].link = l;
		l->bonds[from].command = command;
		l->bonds[from].wanted = true;
	}
	return from;
}

static void make_bonds(struct smpp_link *l)
{
	static const uint32_t commands[] = { [SMSC_TRANSCEIVER] = SMPP_BIND_TRANSCEIVER,
					     [SMSC_TRANSMITTER] = SMPP_BIND_TRANSMITTER,
					     [SMSC_RECEIVER] = SMPP_BIND_RECEIVER,
					     [SMSC_SEPARATE] = SMPP_BIND_TRANSMITTER };

	for (unsigned i = 0; i < BONDS_MAX; i++)
		l->bonds[i].wanted = false;
	l->bonds_count = add_bonds(l, commands[l->settings.bind], 0);
	if (l->settings.bind == SMSC_SEPARATE)
		l->bonds_count = add_bonds(l, SMPP_BIND_RECEIVER, l->bonds_count);
	for (unsigned i = 0; i < l->bonds_count; i++)
		start_bond(&l->bonds[i]);
}

static struct counter *count(struct smpp_link *l, const char *name, const char *help)
{
	char label[NAME_SIZE + 16];

	snprintf(label, sizeof(label), "link=\"%s\"", l->name);
	return counter_get(COUNTER_COUNT, name, label, help);
}

static void make_counters(struct smpp_link *l)
{
	l->submitted = count(l, "smpp_submitted_total", "submit_sm sent");
	l->taken = count(l, "smpp_taken_total", "submit_sm answered with success");
	l->refused = count(l, "smpp_refused_total", "submit_sm answered with an error");
	l->throttled = count(l, "smpp_throttled_total", "submit_sm answered with ESME_RTHROTTLED or ESME_RMSGQFUL");
	l->unanswered = count(l, "smpp_unanswered_total", "submit_sm whose answer never came");
	l->received = count(l, "smpp_received_total", "deliver_sm and data_sm received");
	l->binds = count(l, "smpp_binds_total", "Binds that succeeded");
	l->bind_refused = count(l, "smpp_binds_refused_total", "Binds that the peer refused");
}

struct smpp_link *smpp_link_new(const struct smsc_settings *settings, struct smpp_conns *conns, struct sms_calls *calls,
				struct dns *dns)
{
	struct smpp_link *l = must_alloc(sizeof(*l));

	l->conns = conns;
	l->calls = calls;
	l->dns = dns;
	snprintf(l->name, sizeof(l->name), "smsc:%.*s", TEXT_ARGS(settings->node.name));
	snprintf(l->why_down, sizeof(l->why_down), "not bound yet");
	outgoing_list_init(&l->list);
	copy_settings(l, settings);
	use_settings(l);
	make_counters(l);
	announce(l);
	make_bonds(l);
	return l;
}

static bool same_bind(const struct smsc_settings *a, const struct smsc_settings *b)
{
	return text_equal(a->host, b->host) && text_equal(a->system_id, b->system_id) &&
	       text_equal(a->password, b->password) && text_equal(a->system_type, b->system_type) &&
	       a->bind == b->bind && a->connections == b->connections && a->version == b->version && a->tls == b->tls &&
	       a->window == b->window && a->rate == b->rate && a->burst == b->burst && a->tlvs == b->tlvs &&
	       a->enquire == b->enquire && a->answer == b->answer &&
	       text_equal(a->authorities.content, b->authorities.content);
}

static void end_bonds(struct smpp_link *l)
{
	for (unsigned i = 0; i < l->bonds_count; i++) {
		loop_timer_stop(&l->bonds[i].again);
		if (l->bonds[i].asking)
			dns_forget(l->dns, l->bonds[i].asking);
		l->bonds[i].asking = 0;
		if (l->bonds[i].conn)
			smpp_conn_end(l->bonds[i].conn);
	}
}

void smpp_link_set(struct smpp_link *l, const struct smsc_settings *settings)
{
	bool same = same_bind(&l->settings, settings);

	copy_settings(l, settings);
	use_settings(l);
	announce(l);
	if (same)
		return;
	/* Bonds whose number changed are taken up when the old ones are gone; each binds anew with the new settings. */
	end_bonds(l);
	unsigned before = l->bonds_count;
	make_bonds(l);
	if (l->bonds_count < before)
		l->bonds_count = before;
}

void smpp_link_stop(struct smpp_link *l)
{
	l->stopping = true;
	snprintf(l->why_down, sizeof(l->why_down), "stopping");
	announce(l);
	give_all_back(l);
	end_bonds(l);
}

bool smpp_link_idle(const struct smpp_link *l)
{
	for (unsigned i = 0; i < l->bonds_count; i++) {
		if (l->bonds[i].conn)
			return false;
	}
	return !l->open;
}

void smpp_link_free(struct smpp_link **link)
{
	struct smpp_link *l = *link;

	*link = NULL;
	if (!l)
		return;
	l->stopping = true;
	for (unsigned i = 0; i < l->bonds_count; i++) {
		loop_timer_stop(&l->bonds[i].again);
		if (l->bonds[i].asking)
			dns_forget(l->dns, l->bonds[i].asking);
		if (l->bonds[i].conn)
			smpp_conn_cut(l->bonds[i].conn);
	}
	give_all_back(l);
	loop_timer_stop(&l->rate);
	loop_timer_stop(&l->overdue);
	channel_link_drop(smpp_conns_channel(l->conns), text_of(l->name));
	tls_client_free(&l->tls);
	arena_free(&l->arena);
	free(l);
}

void smpp_link_outbind(struct smpp_link *l, int fd)
{
	struct smpp_session_options options;

	options_of(&l->settings, &options);
	for (unsigned i = 0; i < l->bonds_count && !l->stopping; i++) {
		struct bond *b = &l->bonds[i];
		if (!b->wanted || b->conn)
			continue;
		b->conn = smpp_conn_accept(l->conns, fd, NULL, &options, &bond_user, b);
		return;
	}
	LOGN(LOG_SMS, l->name, "a connection for an outbind is closed: all sessions are there");
	close(fd);
}

struct text smpp_link_name(const struct smpp_link *l)
{
	return text_of(l->name);
}

void smpp_link_show(const struct smpp_link *l, void (*say)(void *owner, const char *line), void *owner)
{
	char line[320];
	unsigned bound = 0, outstanding = 0, wanted = 0;

	for (unsigned i = 0; i < l->bonds_count; i++) {
		const struct bond *b = &l->bonds[i];
		bound += b->bound;
		wanted += b->wanted;
		if (b->bound)
			outstanding += smpp_session_outstanding(smpp_conn_session(b->conn));
	}
	snprintf(line, sizeof(line), "%-24s %.*s  bound %u of %u  unanswered %u  waiting %u  %s", l->name,
		 TEXT_ARGS(l->settings.host), bound, wanted, outstanding, l->list.count, l->up ? "" : l->why_down);
	say(owner, line);
}
