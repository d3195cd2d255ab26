/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A link's life, and what the queue is told of it. The map is in smpp_link_internal.h. */
#include "sms/smpp_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/tls.h"
#include "sms/smpp_link_internal.h"

#define AHEAD 4u /* the queue hands us this many windows */
#define AHEAD_LEAST 256u

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

void smpp_link_announce(struct smpp_link *l)
{
	uint32_t window = l->stopping ? 0 : window_of(l);

	l->up = window > 0;
	link_life_up(&l->life, l->up);
	channel_link(smpp_conns_channel(l->conns), text_of(l->name), l->up, window,
		     l->up ? l->settings.host.at : l->why_down);
}

void smpp_link_give_result(struct smpp_link *l, struct outgoing *o)
{
	struct ipc_result r;

	outgoing_result(o, text_of(l->name), l->style.receipts, &r);
	channel_result(smpp_conns_channel(l->conns), &r);
	link_life_result(&l->life, &r);
	l->open--;
	outgoing_free(&o);
}

void smpp_link_give_back(struct smpp_link *l, struct outgoing *o, uint32_t retry_ms, const char *why)
{
	outgoing_give_up(o, retry_ms, why);
	if (!outgoing_open(o)) /* else its last answer gives the result */
		smpp_link_give_result(l, o);
}

/* The peer has nothing of these: they may go another way. Those begun already wait for the link within their lease. */
void smpp_link_give_all_back(struct smpp_link *l)
{
	struct outgoing_list keep;
	struct outgoing *o;

	outgoing_list_init(&keep);
	while ((o = outgoing_pop(&l->list))) {
		if (outgoing_unharmed(o) || l->stopping)
			smpp_link_give_back(l, o, 1, "the link went down before it was sent");
		else
			outgoing_push(&keep, o);
	}
	while ((o = outgoing_pop(&keep)))
		outgoing_push(&l->list, o);
}

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
						     .ports_by_tlv = s->ports == SMSC_PORTS_TLV,
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
	for (int64_t i = 0; i < l->settings.connections && from < SMPP_BONDS_MAX; i++, from++) {
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

	for (unsigned i = 0; i < SMPP_BONDS_MAX; i++)
		l->bonds[i].wanted = false;
	l->bonds_count = add_bonds(l, commands[l->settings.bind], 0);
	if (l->settings.bind == SMSC_SEPARATE)
		l->bonds_count = add_bonds(l, SMPP_BIND_RECEIVER, l->bonds_count);
	for (unsigned i = 0; i < l->bonds_count; i++)
		smpp_link_bond_start(&l->bonds[i]);
}

static struct counter *count(struct smpp_link *l, const char *name, const char *help)
{
	char label[SMPP_LINK_NAME_SIZE + 16];

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
	smpp_link_announce(l);
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
	smpp_link_announce(l);
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
	smpp_link_announce(l);
	smpp_link_give_all_back(l);
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
	smpp_link_give_all_back(l);
	loop_timer_stop(&l->rate);
	loop_timer_stop(&l->overdue);
	channel_link_drop(smpp_conns_channel(l->conns), text_of(l->name));
	tls_client_free(&l->tls);
	arena_free(&l->arena);
	free(l);
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

void smpp_link_row(const struct smpp_link *l, struct link_row *out)
{
	*out = (struct link_row){ .name = l->name, .life = &l->life, .waiting = l->list.count };
	out->throttled = counter_value(l->throttled);
	for (unsigned i = 0; i < l->bonds_count; i++) {
		const struct bond *b = &l->bonds[i];
		if (!b->bound || b->command == SMPP_BIND_RECEIVER)
			continue;
		out->window += (uint32_t)l->settings.window;
		out->in_flight += smpp_session_outstanding(smpp_conn_session(b->conn));
	}
}
