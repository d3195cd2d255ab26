/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A carrier's link PDUs, and its machines joined with its phones. */
#include "sms/carrier_port.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/log.h"
#include "sms/phone_link_internal.h"

#define SGS_CAUSE_UNREACHABLE 6u /* retry_cause.h knows SGs' causes: an absent phone is alike everywhere */

/* Of a carrier of messages: which transaction an answer belongs to. */
struct carrier_call {
	struct carrier_call *next;
	uint64_t handle;
	char transaction[LINK_PDU_TEXT_MAX + 1];
};

struct carrier_port {
	struct carrier_port_settings settings;
	struct loop *loop;
	struct channel *channel;
	struct link_side *side;
	struct phone_link *phones;
	char carrier[IPC_CARRIER_NAME_MAX + 1];
	enum link_carrier kind;
	bool up;
	struct carrier_call *calls;
	uint64_t last_handle;
	struct loop_hook hook;
	struct loop_timer timer;
	struct counter *bad, *dropped;
};

static struct link_phone phone_of(struct carrier_port *port, const char *subscriber)
{
	return (struct link_phone){ port->kind, text_of(port->carrier), text_of(subscriber) };
}

/* --- what the machines ask for --- */

/* One that the queue does not take is lost, as on any signalling link: timers repeat what matters. */
static void on_pdu(void *owner, const struct link_pdu *pdu)
{
	struct carrier_port *port = owner;
	uint8_t room[LINK_PDU_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct ipc_link_pdu out = { .link = text_of(port->carrier) };

	link_pdu_encode(pdu, &w);
	out.pdu = text_range((const char *)room, writer_len(&w));
	if (!writer_ok(&w) || !channel_link_pdu(port->channel, &out))
		counter_add(port->dropped, 1);
}

static uint64_t keep_call(struct carrier_port *port, struct text transaction)
{
	struct carrier_call *c;

	if (!transaction.len)
		return 0;
	c = must_alloc(sizeof(*c));
	c->handle = ++port->last_handle;
	(void)text_copy(transaction, c->transaction, sizeof(c->transaction));
	c->next = port->calls;
	port->calls = c;
	return c->handle;
}

static struct carrier_call *take_call(struct carrier_port *port, uint64_t handle)
{
	struct carrier_call **at = &port->calls;

	while (*at && (*at)->handle != handle)
		at = &(*at)->next;
	struct carrier_call *c = *at;
	if (c)
		*at = c->next;
	return c;
}

/* An address of record whose user is a number: sip:+491...@ims.example, tel:+491... */
static void learn_number(struct carrier_port *port, const char *subscriber)
{
	struct text t = text_of(subscriber);
	char digits[PHONE_NUMBER_MAX + 1];
	struct writer w = writer_of(digits, PHONE_NUMBER_MAX);

	if (!text_starts(t, "sip:+") && !text_starts(t, "tel:+"))
		return;
	for (size_t i = 5; i < t.len && t.at[i] >= '0' && t.at[i] <= '9'; i++)
		writer_u8(&w, (uint8_t)t.at[i]);
	digits[writer_len(&w)] = 0;
	if (writer_ok(&w) && digits[0])
		phone_link_number(port->phones, subscriber, digits);
}

/* False: longer than anything that is known by it. */
static bool name_of(struct text subscriber, char to[PHONE_IMSI_MAX + 1])
{
	return text_copy(subscriber, to, PHONE_IMSI_MAX + 1);
}

static void on_message(void *owner, const struct link_phone *from, struct text transaction, const struct rp *rp)
{
	struct carrier_port *port = owner;
	char name[PHONE_IMSI_MAX + 1];

	if (!name_of(from->subscriber, name)) {
		(void)link_side_answer(port->side, from, transaction, RP_CAUSE_UNIDENTIFIED_SUBSCRIBER, NULL,
				       clock_monotonic());
		return;
	}
	learn_number(port, name);
	if (rp->type != RP_SMMA) {
		phone_link_message(port->phones, name, (struct text){ 0 }, keep_call(port, transaction), rp->tpdu);
		return;
	}
	(void)link_side_answer(port->side, from, transaction, 0, NULL, clock_monotonic());
	phone_link_present(port->phones, name, true);
}

/* Nothing of it arrived: why, in causes that the retry table knows. */
static void in_vain(enum link_pdu_outcome taken, struct phone_end *end)
{
	end->source = RETRY_RP;
	if (taken == LINK_PDU_ABSENT) {
		end->source = RETRY_SGS;
		end->cause = SGS_CAUSE_UNREACHABLE;
	} else if (taken == LINK_PDU_BUSY) {
		end->cause = RP_CAUSE_CONGESTION;
	} else if (taken == LINK_PDU_REFUSED) {
		end->cause = RP_CAUSE_NETWORK_OUT_OF_ORDER;
	} else {
		end->cause = RP_CAUSE_TEMPORARY_FAILURE;
	}
}

static void refused(const struct rp *report, struct phone_end *end)
{
	struct tpdu t;

	end->source = RETRY_RP;
	end->cause = report->cause;
	if (!report->has_tpdu ||
	    tpdu_decode(report->tpdu.at, report->tpdu.len, TPDU_FROM_PHONE, TPDU_IN_ERROR, &t, NULL) != OK)
		return;
	end->has_fcs = t.has_fcs;
	end->fcs = t.fcs;
}

static void on_ended(void *owner, const struct link_phone *to, const struct link_end *e, const struct rp *report)
{
	struct carrier_port *port = owner;
	struct phone_end end = { .delivered = e->outcome == RP_DELIVERED };
	char name[PHONE_IMSI_MAX + 1];

	if (e->outcome == RP_REFUSED && report)
		refused(report, &end);
	else if (e->in_vain)
		in_vain(e->taken, &end);
	end.unsure = !end.delivered && e->outcome != RP_REFUSED && !e->in_vain;
	if (name_of(to->subscriber, name))
		phone_link_ended(port->phones, name, &end);
}

static void on_present(void *owner, const struct link_phone *phone, bool there)
{
	struct carrier_port *port = owner;
	char name[PHONE_IMSI_MAX + 1];

	if (!name_of(phone->subscriber, name))
		return;
	learn_number(port, name);
	phone_link_present(port->phones, name, there);
}

static const struct link_side_user side_user = { on_pdu, on_message, on_ended, on_present };

/* --- what the phones' link asks for --- */

static enum result on_carry(void *owner, const char *subscriber, struct text tpdu, bool more)
{
	struct carrier_port *port = owner;
	struct link_phone to = phone_of(port, subscriber);
	struct rp rp = { .originator = port->settings.centre, .has_tpdu = true, .tpdu = tpdu };

	(void)more; /* the connection stays while there is something to send */
	if (!port->up)
		return ERR_CLOSED;
	return link_side_send(port->side, &to, &rp, phone_link_permit(port->phones), clock_monotonic());
}

static void on_answer(void *owner, const char *subscriber, uint64_t handle, uint8_t rp_cause, const struct text *report)
{
	struct carrier_port *port = owner;
	struct link_phone to = phone_of(port, subscriber);
	struct carrier_call *c = take_call(port, handle);
	struct text transaction = c ? text_of(c->transaction) : (struct text){ 0 };

	(void)link_side_answer(port->side, &to, transaction, rp_cause, report, clock_monotonic());
	free(c);
}

static const struct phone_carrier carrier = { on_carry, on_answer };

/* --- time --- */

static void on_timer(void *owner)
{
	struct carrier_port *port = owner;

	link_side_run(port->side, clock_monotonic());
}

static void turn_ended(void *owner)
{
	struct carrier_port *port = owner;
	int64_t next = link_side_next_us(port->side), now = clock_monotonic();

	if (next == INT64_MAX)
		loop_timer_stop(&port->timer);
	else
		loop_timer_start(port->loop, &port->timer, next > now ? next - now : 0, on_timer, port);
}

/* --- life --- */

struct carrier_port *carrier_port_new(const struct carrier_port_settings *settings, struct loop *loop,
				      struct channel *channel)
{
	struct carrier_port *port = must_alloc(sizeof(*port));

	port->settings = *settings;
	port->loop = loop;
	port->channel = channel;
	(void)text_copy(text_of(settings->carrier), port->carrier, sizeof(port->carrier));
	port->settings.carrier = port->carrier;
	port->bad = counter_get(COUNTER_COUNT, "sms_carrier_bad_total", "", "PDUs of carriers that could not be read");
	port->dropped = counter_get(COUNTER_COUNT, "sms_carrier_dropped_total", "",
				    "PDUs to carriers that the queue did not take");
	port->side = link_side_new(&side_user, port, settings->timers, settings->limits);
	port->phones = phone_link_new(&settings->phones, loop, channel, &carrier, port);
	port->settings.phones.link = phone_link_name(port->phones).at;
	loop_hook_add(loop, &port->hook, turn_ended, port);
	phone_link_up(port->phones, false, "its carrier is not there");
	return port;
}

static void free_calls(struct carrier_port *port)
{
	struct carrier_call *next;

	for (struct carrier_call *c = port->calls; c; c = next) {
		next = c->next;
		free(c);
	}
	port->calls = NULL;
}

void carrier_port_free(struct carrier_port **port)
{
	struct carrier_port *p = *port;

	if (!p)
		return;
	loop_hook_remove(&p->hook);
	loop_timer_stop(&p->timer);
	phone_link_free(&p->phones);
	link_side_free(&p->side);
	free_calls(p);
	free(p);
	*port = NULL;
}

/* --- from the queue --- */

static void go_down(struct carrier_port *port, const char *why)
{
	port->up = false;
	link_side_down(port->side, text_of(port->carrier), clock_monotonic());
	phone_link_up(port->phones, false, why);
}

bool carrier_port_said(struct carrier_port *port, const struct ipc_carrier *said)
{
	enum link_carrier kind = said->messages ? LINK_MESSAGES : LINK_CONNECTIONS;

	if (!text_is(said->link, port->carrier))
		return false;
	/* Its role is a new one, or it says so again: what was under way there is lost. */
	if (port->up)
		go_down(port, "its carrier begins anew");
	port->kind = kind;
	port->up = said->up;
	phone_link_up(port->phones, said->up,
		      !said->up	       ? "its carrier went"
		      : said->messages ? "its carrier is there, for messages"
				       : "its carrier is there, for connections");
	return true;
}

bool carrier_port_received(struct carrier_port *port, const struct ipc_link_pdu *in)
{
	struct link_pdu pdu;

	if (!text_is(in->link, port->carrier))
		return false;
	if (!port->up || link_pdu_decode(in->pdu.at, in->pdu.len, &pdu) != OK || !text_is(pdu.link, port->carrier) ||
	    link_side_received(port->side, port->kind, &pdu, clock_monotonic()) != OK)
		counter_add(port->bad, 1);
	return true;
}

void carrier_port_lost(struct carrier_port *port)
{
	if (port->up)
		go_down(port, "the queue, and with it the carrier, is away");
}

struct phone_link *carrier_port_phones(struct carrier_port *port)
{
	return port->phones;
}
