/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sessions of diameter_sessions.h: two tables, by delivery for the queue and by end-to-end number for answers,
 * which stays the same over repeats. */
#include "daemon/diameter_sessions.h"

#include <stdio.h>
#include <stdlib.h>

#include "billing/ro.h"
#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/base/log.h"
#include "core/flight.h"

#define SHOWN_MAX 20u
#define DEFAULT_TX_US INT64_C(10000000)

struct held {
	struct flight_node node; /* key: delivery */
	struct flight_node end;	 /* key: end-to-end number */
	struct diameter_sessions *all;
	struct ro_session session;
	struct loop_timer timer; /* Tx, or the back-off */
	struct ipc_credit ask;	 /* its texts lie in `texts` */
	char texts[CREDIT_SESSION_MAX + 3 * CREDIT_TEXT_MAX];
};

struct diameter_sessions {
	struct loop *loop;
	struct diameter_peer *peer;
	diameter_told_cb told;
	const struct diameter_settings *settings;
	struct flight_table by_delivery, by_end;
	struct counter *requests, *repeats, *granted, *free_of_charge, *denied, *faults, *doubts, *settled,
		*differences, *unknown, *open;
};

static struct held *of_end(struct flight_node *node)
{
	return (struct held *)((char *)node - offsetof(struct held, end));
}

static void end_key(uint32_t end, uint8_t key[16])
{
	struct writer w = writer_of(key, 16);

	memset(key, 0, 16);
	writer_u32(&w, end);
}

static void drop(struct held *h)
{
	struct diameter_sessions *s = h->all;

	loop_timer_stop(&h->timer);
	flight_remove(&s->by_delivery, &h->node);
	flight_remove(&s->by_end, &h->end);
	counter_set(s->open, s->by_delivery.count);
	free(h);
}

static void step(struct held *h, enum ro_event event, const struct ro_message *m);

/* --- sending -------------------------------------------------------------------------------------------------- */

static struct ro_request request_of(const struct held *h, bool initial)
{
	const struct diameter_settings *s = h->all->settings;
	const struct ipc_credit *a = &h->ask;
	struct ro_request q = { .type = initial ? RO_INITIAL_REQUEST : RO_TERMINATION_REQUEST,
				.number = !initial,
				.retransmitted = h->session.left,
				.ids = { 0, a->end_to_end },
				.session = a->session,
				.destination_realm = s->peer_realm.len ? s->peer_realm : s->realm,
				.destination_host = s->peer_host,
				.context = s->context,
				.subscriber = a->subscriber,
				.sender = a->sender,
				.recipient = a->recipient,
				.units = a->units,
				.unit = (enum ro_unit)s->unit,
				.content = (enum ro_content)s->content,
				.mandatory = s->mandatory,
				.service = (uint32_t)s->service,
				.rating_group = (uint32_t)s->rating_group,
				.at_us = a->at_us };

	return q;
}

static void silent(void *owner)
{
	struct held *h = owner;

	LOGN(LOG_BILLING, h->texts, "no answer of the charging system: in doubt, it is asked again");
	step(h, RO_SILENCE, NULL);
}

static void due(void *owner)
{
	step(owner, RO_DUE, NULL);
}

static void send_request(struct held *h, bool initial)
{
	struct diameter_sessions *s = h->all;

	if (s->settings) {
		struct ro_request q = request_of(h, initial);
		if (diameter_peer_send(s->peer, &q)) {
			counter_add(s->requests, 1);
			counter_add(s->repeats, h->session.left);
			ro_session_left(&h->session);
			loop_timer_start(s->loop, &h->timer, s->settings->tx_timer, silent, h);
			return;
		}
	}
	step(h, RO_NO_LINK, NULL);
}

/* --- telling -------------------------------------------------------------------------------------------------- */

static const enum credit_verdict verdicts[RO_TELL_COUNT] = {
	[RO_TELL_GRANTED] = CREDIT_GRANTED,
	[RO_TELL_SHORT] = CREDIT_TOO_LITTLE,
	[RO_TELL_FREE] = CREDIT_FREE,
	[RO_TELL_DENIED] = CREDIT_DENIED,
	[RO_TELL_LATER] = CREDIT_LATER,
	[RO_TELL_DOUBT] = CREDIT_DOUBT,
	[RO_TELL_UNREACHED] = CREDIT_UNREACHED,
	[RO_TELL_SETTLED] = CREDIT_SETTLED,
	[RO_TELL_DIFFERENCE] = CREDIT_DIFFERENCE,
};

static void count(struct diameter_sessions *s, enum ro_tell tell)
{
	struct counter *const counters[RO_TELL_COUNT] = {
		[RO_TELL_GRANTED] = s->granted,	    [RO_TELL_SHORT] = s->denied,
		[RO_TELL_FREE] = s->free_of_charge, [RO_TELL_DENIED] = s->denied,
		[RO_TELL_LATER] = s->faults,	    [RO_TELL_DOUBT] = s->doubts,
		[RO_TELL_SETTLED] = s->settled,	    [RO_TELL_DIFFERENCE] = s->differences,
	};

	if (counters[tell])
		counter_add(counters[tell], 1);
}

static void write_why(struct writer *w, enum ro_tell tell, const struct ro_message *m)
{
	if (!m) {
		writer_printf(w, tell == RO_TELL_DOUBT ? "the charging system does not answer"
						       : "the charging system is not connected");
		return;
	}
	uint32_t code = ro_code(m);
	writer_printf(w, "%s (%u%s%s)",
		      tell == RO_TELL_DOUBT ? "the charging system may not have been reached" : ro_reason(code), code,
		      ro_result_name(code)[0] ? " " : "", ro_result_name(code));
}

static void log_fault(const struct held *h, const struct ro_message *m)
{
	char error[120];

	LOGE(LOG_BILLING, h->texts, "the charging system refuses a request of ours: %u %s, failed AVP %u, \"%s\"",
	     ro_code(m), ro_result_name(ro_code(m)), m->failed, text_quote(m->error, error, sizeof(error)));
}

static void tell(struct held *h, enum ro_tell what, const struct ro_message *m)
{
	char why[CREDIT_TEXT_MAX];
	struct writer w = writer_of(why, sizeof(why));
	struct ipc_credit_done d = { .delivery = h->ask.delivery,
				     .verdict = verdicts[what],
				     .session = h->ask.session };

	count(h->all, what);
	if ((what == RO_TELL_LATER || what == RO_TELL_DIFFERENCE) && m)
		log_fault(h, m);
	write_why(&w, what, m);
	d.why = text_range(why, writer_ok(&w) ? writer_len(&w) : 0);
	if (m) {
		d.result = ro_code(m);
		d.valid_s = m->validity_s;
	}
	h->all->told(&d);
}

/* --- the engine's word ---------------------------------------------------------------------------------------- */

static void step(struct held *h, enum ro_event event, const struct ro_message *m)
{
	struct ro_step s = ro_session_event(&h->session, event);

	if (s.tell)
		tell(h, s.tell, m);
	switch (s.action) {
	case RO_SEND_INITIAL:
	case RO_SEND_TERMINATION:
		loop_timer_stop(&h->timer);
		send_request(h, s.action == RO_SEND_INITIAL);
		return;
	case RO_WAIT:
		loop_timer_start(h->all->loop, &h->timer, ro_session_wait_us(&h->session), due, h);
		break;
	default:
		break;
	}
	if (h->session.state == RO_CLOSED || h->session.state == RO_GRANTED)
		drop(h);
}

static struct text keep(struct writer *w, struct text t)
{
	char *at = (char *)w->at;

	writer_text(w, t);
	return text_range(at, t.len);
}

static void take_ask(struct held *h, const struct ipc_credit *a)
{
	struct writer w = writer_of(h->texts, sizeof(h->texts));

	h->ask = *a;
	h->ask.session = keep(&w, a->session);
	writer_u8(&w, 0); /* as the id of its log lines */
	h->ask.subscriber = keep(&w, a->subscriber);
	h->ask.sender = keep(&w, a->sender);
	h->ask.recipient = keep(&w, a->recipient);
	if (h->all->by_end.count && flight_find(&h->all->by_end, h->end.key) == &h->end)
		flight_remove(&h->all->by_end, &h->end);
	end_key(a->end_to_end, h->end.key);
	flight_add(&h->all->by_end, &h->end);
}

static struct held *held_new(struct diameter_sessions *s, const struct ipc_credit *a)
{
	struct held *h = must_alloc(sizeof(*h));

	h->all = s;
	memcpy(h->node.key, a->delivery.octets, MESSAGE_ID_SIZE);
	flight_add(&s->by_delivery, &h->node);
	ro_session_init(&h->session, a->again);
	take_ask(h, a);
	counter_set(s->open, s->by_delivery.count);
	return h;
}

void diameter_sessions_ask(struct diameter_sessions *s, const struct ipc_credit *a)
{
	struct held *h = (struct held *)flight_find(&s->by_delivery, a->delivery.octets);

	if (h && !text_equal(h->ask.session, a->session)) {
		drop(h);
		h = NULL;
	}
	if (!h)
		h = held_new(s, a);
	else if (a->step == CREDIT_SETTLE && h->ask.step == CREDIT_RESERVE)
		take_ask(h, a);
	step(h, a->step == CREDIT_RESERVE ? RO_RESERVE : RO_SETTLE, NULL);
}

void diameter_sessions_answer(struct diameter_sessions *s, const struct ro_message *m)
{
	uint8_t key[16];

	end_key(m->ids.end, key);
	struct flight_node *node = flight_find(&s->by_end, key);
	struct held *h = node ? of_end(node) : NULL;
	if (!h || (m->session.len && !text_equal(m->session, h->ask.session)) || m->command != RO_CREDIT_CONTROL) {
		counter_add(s->unknown, 1);
		return;
	}
	bool initial = h->ask.step == CREDIT_RESERVE;
	step(h, ro_meaning(m, initial ? RO_INITIAL_REQUEST : RO_TERMINATION_REQUEST, h->ask.units), m);
}

/* --- all of them ---------------------------------------------------------------------------------------------- */

static void drop_one(void *owner, struct flight_node *node)
{
	(void)owner;
	drop((struct held *)node);
}

static void lose_one(void *owner, struct flight_node *node)
{
	struct held *h = (struct held *)node;

	(void)owner;
	if (h->session.state == RO_INITIAL_SENT || h->session.state == RO_TERMINATION_SENT)
		step(h, RO_SILENCE, NULL);
}

static void wake_one(void *owner, struct flight_node *node)
{
	struct held *h = (struct held *)node;

	(void)owner;
	if (h->session.state == RO_INITIAL_WAITS || h->session.state == RO_TERMINATION_WAITS)
		step(h, RO_DUE, NULL);
}

void diameter_sessions_forget(struct diameter_sessions *s)
{
	flight_each(&s->by_delivery, drop_one, NULL);
}

void diameter_sessions_up(struct diameter_sessions *s)
{
	flight_each(&s->by_delivery, wake_one, NULL);
}

void diameter_sessions_down(struct diameter_sessions *s)
{
	flight_each(&s->by_delivery, lose_one, NULL);
}

void diameter_sessions_use(struct diameter_sessions *s, const struct diameter_settings *settings)
{
	s->settings = settings;
}

struct show {
	void (*say)(void *owner, const char *line);
	void *owner;
	unsigned shown;
};

static void show_one(void *owner, struct flight_node *node)
{
	struct show *show = owner;
	const struct held *h = (const struct held *)node;
	char line[400];

	if (++show->shown > SHOWN_MAX)
		return;
	snprintf(line, sizeof(line), "  %.*s: %s, tried %u times", TEXT_ARGS(h->ask.session),
		 ro_state_name(h->session.state), h->session.tries);
	show->say(show->owner, line);
}

void diameter_sessions_show(struct diameter_sessions *s, void (*say)(void *owner, const char *line), void *owner)
{
	struct show show = { say, owner, 0 };
	char line[120];

	snprintf(line, sizeof(line), "%u sessions wait for an answer", s->by_delivery.count);
	say(owner, line);
	flight_each(&s->by_delivery, show_one, &show);
}

static void make_counters(struct diameter_sessions *s)
{
	s->requests = counter_get(COUNTER_COUNT, "diameter_requests_total", NULL,
				  "Credit-control requests sent, repeats counted");
	s->repeats = counter_get(COUNTER_COUNT, "diameter_repeats_total", NULL, "... that may have left before");
	s->granted = counter_get(COUNTER_COUNT, "diameter_granted_total", NULL, "Reservations granted");
	s->free_of_charge =
		counter_get(COUNTER_COUNT, "diameter_free_total", NULL, "Answers that no charging applies (4011)");
	s->denied = counter_get(COUNTER_COUNT, "diameter_denied_total", NULL, "Reservations denied to the payer");
	s->faults = counter_get(COUNTER_COUNT, "diameter_faults_total", NULL,
				"Requests refused for a fault that is not the payer's");
	s->doubts = counter_get(COUNTER_COUNT, "diameter_doubt_total", NULL,
				"Reservations that came into doubt: no answer, or a relay's 3xxx");
	s->settled = counter_get(COUNTER_COUNT, "diameter_settled_total", NULL, "Reservations settled");
	s->differences = counter_get(COUNTER_COUNT, "diameter_differences_total", NULL,
				     "Settlements that the charging system refused: to be reconciled");
	s->unknown =
		counter_get(COUNTER_COUNT, "diameter_unknown_answers_total", NULL, "Answers to nothing that waits");
	s->open = counter_get(COUNTER_GAUGE, "diameter_sessions", NULL, "Sessions that wait for an answer");
}

struct diameter_sessions *diameter_sessions_new(struct loop *loop, struct diameter_peer *peer, diameter_told_cb told)
{
	struct diameter_sessions *s = must_alloc(sizeof(*s));

	s->loop = loop;
	s->peer = peer;
	s->told = told;
	flight_table_init(&s->by_delivery);
	flight_table_init(&s->by_end);
	make_counters(s);
	counter_set(s->open, 0);
	return s;
}

void diameter_sessions_free(struct diameter_sessions **sessions)
{
	if (!*sessions)
		return;
	diameter_sessions_forget(*sessions);
	flight_table_clear(&(*sessions)->by_delivery);
	flight_table_clear(&(*sessions)->by_end);
	free(*sessions);
	*sessions = NULL;
}
