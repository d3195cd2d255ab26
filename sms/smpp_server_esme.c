/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An account's binds and the deliveries for them. Deliveries wait in one list and go by whichever bind has room, in
 * turn. One with parts unanswered is found again by the session's answer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "sms/smpp_server_internal.h"

#define AHEAD 4u /* the queue hands us this many windows */
#define AHEAD_LEAST 256u
#define OVERDUE_EVERY_US USEC_PER_SEC

static struct counter *count(const struct smpp_esme *e, const char *name, const char *help)
{
	char label[MESSAGE_ACCOUNT_MAX + 16];

	snprintf(label, sizeof(label), "account=\"%s\"", e->account->name);
	return counter_get(COUNTER_COUNT, name, label, help);
}

static void make_counters(struct smpp_esme *e)
{
	e->taken_in = count(e, "smpp_server_taken_total", "Messages of clients that were handed to the queue");
	e->refused_in =
		count(e, "smpp_server_refused_total", "Requests of clients that were refused unseen by the queue");
	e->throttled_in = count(e, "smpp_server_throttled_total", "Requests above the account's rate or window");
	e->sent = count(e, "smpp_server_sent_total", "deliver_sm sent to clients, receipts too");
	e->refused = count(e, "smpp_server_sent_refused_total", "deliver_sm that clients answered with an error");
	e->unanswered = count(e, "smpp_server_unanswered_total", "deliver_sm that clients did not answer");
	e->receipts_sent = count(e, "smpp_server_receipts_total", "Receipts that clients took");
}

/* Clients that take no TLVs get parts joined by headers. */
static void choose_style(struct smpp_esme *e)
{
	enum smpp_join join = (enum smpp_join)e->server->settings.join;

	for (unsigned i = 0; i < e->binds_count && join != SMPP_JOIN_UDH_16; i++) {
		const struct smpp_client *c = e->binds[i];
		if (c->receives && !smpp_session_takes_tlvs(smpp_conn_session(c->conn)))
			join = SMPP_JOIN_UDH_8;
	}
	e->style = (struct outgoing_style){ .request = SMPP_DELIVER_SM,
					    .source_ton = 256,
					    .source_npi = 256,
					    .destination_ton = 256,
					    .destination_npi = 256 };
	e->style.text.alphabet = (enum smpp_alphabet)e->account->settings.smpp_alphabet;
	e->style.text.join = join;
}

struct smpp_esme *smpp_esme_of(struct smpp_server *server, struct smpp_account *account)
{
	struct smpp_esme *e = account->esme;

	if (e)
		return e;
	e = must_alloc(sizeof(*e));
	e->server = server;
	e->account = account;
	snprintf(e->link, sizeof(e->link), "esme:%s", account->name);
	outgoing_list_init(&e->list);
	smpp_receipts_init(e);
	make_counters(e);
	choose_style(e);
	account->esme = e;
	return e;
}

/* --- telling the queue --- */

static void announce(struct smpp_esme *e)
{
	uint32_t window = 0;

	for (unsigned i = 0; i < e->binds_count; i++)
		window += e->binds[i]->receives ? (uint32_t)e->account->settings.smpp_window * AHEAD : 0;
	if (window && window < AHEAD_LEAST)
		window = AHEAD_LEAST;
	if (e->server->stopping)
		window = 0;
	if (e->announced && window == e->window)
		return;
	e->announced = true;
	e->window = window;
	e->up = window > 0;
	link_life_up(&e->life, e->up);
	channel_link(e->server->channel, text_of(e->link), e->up, window, e->up ? "bound" : "no client is bound");
}

static void give_result(struct smpp_esme *e, struct outgoing *o)
{
	struct ipc_result r;

	outgoing_result(o, text_of(e->link), false, &r);
	channel_result(e->server->channel, &r);
	link_life_result(&e->life, &r);
	e->open--;
	outgoing_free(&o);
}

static void give_back(struct smpp_esme *e, struct outgoing *o, const char *why)
{
	outgoing_give_up(o, 1, why);
	if (!outgoing_open(o)) /* else its last answer gives the result */
		give_result(e, o);
}

/* Nobody is bound. What a client has in part waits for its return within the lease, but for when we stop. */
static void give_all_back(struct smpp_esme *e)
{
	struct outgoing_list keep;
	struct outgoing *o;

	outgoing_list_init(&keep);
	while ((o = outgoing_pop(&e->list))) {
		if (outgoing_unharmed(o) || e->server->stopping)
			give_back(e, o, "the client went away before it was sent");
		else
			outgoing_push(&keep, o);
	}
	while ((o = outgoing_pop(&keep)))
		outgoing_push(&e->list, o);
	smpp_receipts_put_off(e, "no client is bound");
}

/* --- binds --- */

void smpp_esme_add(struct smpp_esme *e, struct smpp_client *c)
{
	if (e->binds_count == e->binds_room) {
		e->binds_room = e->binds_room ? 2 * e->binds_room : 4;
		e->binds = must_realloc(e->binds, e->binds_room * sizeof(struct smpp_client *));
	}
	e->binds[e->binds_count++] = c;
	choose_style(e);
	announce(e);
	smpp_esme_pump(e);
}

void smpp_esme_remove(struct smpp_esme *e, struct smpp_client *c)
{
	unsigned i = 0;

	while (e->binds[i] != c)
		i++;
	for (e->binds_count--; i < e->binds_count; i++)
		e->binds[i] = e->binds[i + 1];
	choose_style(e);
	announce(e);
	if (!e->up)
		give_all_back(e);
}

static bool may_stay(const struct smpp_esme *e, const struct smpp_client *c, unsigned place)
{
	const struct smpp_account *a = e->account;

	return a->configured && place < a->settings.smpp_binds && smpp_account_from(a, smpp_conn_peer(c->conn));
}

/* Ends binds; the youngest first, as they were one too many. */
static void end_binds(struct smpp_esme *e, bool all)
{
	for (unsigned i = e->binds_count; i--;) {
		struct smpp_client *c = e->binds[i];
		if (all || !may_stay(e, c, i))
			smpp_conn_end(c->conn);
	}
}

void smpp_esme_set(struct smpp_esme *e)
{
	uint32_t window = (uint32_t)e->account->settings.smpp_window;

	if (e->account->changed && e->binds_count)
		LOGN(LOG_SMS, e->account->name, "the account was %s: its %u binds end",
		     e->account->configured ? "changed" : "taken out", e->binds_count);
	end_binds(e, e->account->changed || !e->account->configured);
	for (unsigned i = 0; i < e->binds_count; i++)
		smpp_session_set_windows(smpp_conn_session(e->binds[i]->conn), window, window);
	choose_style(e);
	if (!e->account->configured && !e->binds_count) {
		channel_link_drop(e->server->channel, text_of(e->link));
		e->announced = false;
		return;
	}
	announce(e);
	smpp_esme_pump(e);
}

void smpp_esme_stop(struct smpp_esme *e)
{
	announce(e);
	give_all_back(e);
	end_binds(e, true);
}

bool smpp_esme_idle(const struct smpp_esme *e)
{
	return !e->open && !e->receipts.count && !e->binds_count;
}

void smpp_esme_free(struct smpp_account *a)
{
	struct smpp_esme *e = a->esme;

	a->esme = NULL;
	if (!e)
		return;
	give_all_back(e);
	loop_timer_stop(&e->again);
	loop_timer_stop(&e->overdue);
	if (e->announced)
		channel_link_drop(e->server->channel, text_of(e->link));
	smpp_receipts_clear(e);
	free(e->binds);
	free(e);
}

/* --- sending --- */

static void pump_again(void *owner)
{
	smpp_esme_pump(owner);
}

/* The earliest that a client which asked us to slow down takes more. */
static void wait_for(struct smpp_esme *e, int64_t due_us)
{
	if (due_us != INT64_MAX && !loop_timer_running(&e->again))
		loop_timer_start(e->server->loop, &e->again, due_us - clock_monotonic(), pump_again, e);
}

struct smpp_client *smpp_esme_ready(struct smpp_esme *e)
{
	int64_t now = clock_monotonic(), due = INT64_MAX;

	for (unsigned n = 0; n < e->binds_count; n++) {
		struct smpp_client *c = e->binds[e->turn++ % e->binds_count];
		struct smpp_session *s = smpp_conn_session(c->conn);
		enum result r = smpp_session_can_send(s, SMPP_DELIVER_SM, now);
		if (!r)
			return c;
		if (r == ERR_BUSY && smpp_session_send_due(s, now) < due)
			due = smpp_session_send_due(s, now);
	}
	wait_for(e, due);
	return NULL;
}

static void send_part(struct smpp_esme *e, struct smpp_client *c, struct outgoing *o)
{
	struct smpp_session *s = smpp_conn_session(c->conn);
	int64_t now = clock_monotonic();
	struct smpp_pdu pdu;

	if (!outgoing_next(o, &e->style, smpp_session_takes_tlvs(s), now, &pdu))
		return;
	if (outgoing_untouched(o))
		smpp_conns_sending(e->server->conns, outgoing_id(o));
	uint64_t cookie = outgoing_sent(o);
	if (smpp_session_send(s, &pdu, cookie, now)) { /* a field that SMPP cannot hold */
		struct smpp_answer a = { .cookie = cookie, .end = SMPP_UNSENT };
		(void)outgoing_answered(o, &a, SMPP_DO_REFUSE);
		outgoing_fail(o, IPC_REFUSED, 0, "the message has a field that SMPP cannot hold");
		return;
	}
	counter_add(e->sent, 1);
	smpp_conn_touch(c->conn);
}

static bool settle_head(struct smpp_esme *e, struct outgoing *o)
{
	if (outgoing_more(o))
		return false;
	(void)outgoing_pop(&e->list);
	if (!outgoing_open(o))
		give_result(e, o);
	return true;
}

static void pump_deliveries(struct smpp_esme *e)
{
	struct outgoing *o;

	while ((o = outgoing_head(&e->list))) {
		if (settle_head(e, o))
			continue;
		if (!outgoing_open(o) && outgoing_not_after(o) <= clock_monotonic()) {
			(void)outgoing_pop(&e->list);
			give_back(e, o, "the client was too slow to take it within its lease");
			continue;
		}
		struct smpp_client *c = smpp_esme_ready(e);
		if (!c)
			return;
		send_part(e, c, o);
	}
}

static void look_for_overdue(void *owner)
{
	smpp_esme_pump(owner);
}

void smpp_esme_pump(struct smpp_esme *e)
{
	smpp_receipts_pump(e);
	pump_deliveries(e);
	if (e->list.count && !loop_timer_running(&e->overdue))
		loop_timer_start(e->server->loop, &e->overdue, OVERDUE_EVERY_US, look_for_overdue, e);
}

static void nobody_there(struct smpp_server *server, const struct ipc_deliver *d)
{
	struct ipc_result r = { .id = d->id,
				.outcome = IPC_RETRY,
				.retry_ms = 1,
				.link = d->link,
				.detail = TEXT_LITERAL("no client of the account is bound to take it") };

	channel_result(server->channel, &r);
}

void smpp_server_deliver(struct smpp_server *server, const struct ipc_deliver *d)
{
	struct text name = text_range(d->link.at + 5, d->link.len - 5); /* after "esme:" */
	struct smpp_account *a = smpp_accounts_find(server->accounts, name);
	struct smpp_esme *e = a ? a->esme : NULL;
	struct ipc_result refusal;

	if (!e || !e->up) {
		nobody_there(server, d);
		return;
	}
	/* Out of doubt (d->doubt) it is sent again like any other: it costs nobody anything. */
	struct outgoing *o = outgoing_new(d, &e->style, &refusal);
	if (!o) {
		refusal.link = text_of(e->link);
		channel_result(server->channel, &refusal);
		return;
	}
	e->open++;
	outgoing_push(&e->list, o);
	smpp_esme_pump(e);
}

static void count_answer(struct smpp_esme *e, const struct smpp_answer *a, enum smpp_action action)
{
	if (a->end == SMPP_IN_DOUBT)
		counter_add(e->unanswered, 1);
	else if (a->end == SMPP_ANSWERED && action != SMPP_DO_KEEP)
		counter_add(e->refused, 1);
}

void smpp_esme_answer(struct smpp_client *c, const struct smpp_answer *a)
{
	struct smpp_esme *e = c->account->esme;
	enum smpp_action action = a->pdu ? smpp_status_action(a->pdu->status, NULL, 0) : SMPP_DO_REFUSE;
	struct outgoing *o = outgoing_of_cookie(a->cookie);

	count_answer(e, a, action);
	if (a->pdu && action == SMPP_DO_REBIND) { /* it does not know that it is bound */
		LOGN(LOG_SMS, c->account->name, "%s: unbinding", smpp_status_name(a->pdu->status));
		smpp_conn_end(c->conn);
	}
	switch (outgoing_answered(o, a, action)) {
	case OUTGOING_ENDED:
		outgoing_unlist(&e->list, o);
		give_result(e, o);
		break;
	case OUTGOING_AGAIN:
		if (!e->up && outgoing_unharmed(o)) {
			outgoing_unlist(&e->list, o);
			give_back(e, o, "the client went away before it was sent");
		} else {
			outgoing_push_again(&e->list, o);
		}
		break;
	default:
		break;
	}
	smpp_esme_pump(e);
}
