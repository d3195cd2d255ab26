/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SGs' sockets, and the VLR's side joined with its phones. */
#include "sms/sgs_port.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/sctp.h"
#include "sms/pcap_tap.h"
#include "sms/phone_link_internal.h"

#define REJECT_IMSI_UNKNOWN_IN_HLR 2u /* 24.008 10.5.3.6 */

/* Link id of the engine = place + 1. */
struct association {
	struct sgs_port *port;
	uint64_t id; /* 0 = free */
	struct sctp_link *link;
	bool over;
};

struct sgs_port {
	struct sgs_port_settings settings;
	struct loop *loop;
	struct sgs *sgs;
	struct phone_link *phones;
	struct sctp_listener *listener;
	struct association *associations;
	unsigned up;
	struct loop_hook hook;
	struct loop_timer timer;
};

static void show_captures(const struct association *a, bool out, const void *octets, size_t len)
{
	if (pcap_on)
		pcap_tap_sgsap(a->link, a->port->settings.phones.link, out, octets, len);
}

/* --- what the VLR's side asks for --- */

/* A record that the socket does not take is lost, as on any signalling link: timers repeat what matters. */
static void on_send(void *owner, uint64_t link, const void *octets, size_t len)
{
	struct sgs_port *port = owner;
	struct association *a = &port->associations[link - 1];

	show_captures(a, true, octets, len);
	if (!a->over && !sctp_link_send(a->link, octets, len))
		a->over = true;
}

static void on_locate(void *owner, const char *imsi, const char *mme)
{
	struct sgs_port *port = owner;
	const struct phone_known *p = phone_link_find(port->phones, imsi);

	(void)mme;
	if (port->settings.anybody || (p && p->number[0]))
		sgs_accept(port->sgs, imsi, clock_monotonic());
	else
		sgs_reject(port->sgs, imsi, REJECT_IMSI_UNKNOWN_IN_HLR, clock_monotonic());
}

static void on_attached(void *owner, const char *imsi)
{
	phone_link_present(((struct sgs_port *)owner)->phones, imsi, true);
}

static void on_detached(void *owner, const char *imsi)
{
	phone_link_present(((struct sgs_port *)owner)->phones, imsi, false);
}

static void on_message(void *owner, const char *imsi, const struct rp *rp)
{
	struct sgs_port *port = owner;

	if (rp->type != RP_SMMA) {
		phone_link_message(port->phones, imsi, (struct text){ 0 }, 0, rp->tpdu);
		return;
	}
	(void)sgs_answer(port->sgs, imsi, 0, NULL, clock_monotonic());
	phone_link_present(port->phones, imsi, true);
}

static void on_ended(void *owner, const char *imsi, const struct sgs_end *e, const struct rp *report)
{
	struct sgs_port *port = owner;
	struct phone_end end = { .delivered = e->outcome == RP_DELIVERED, .source = RETRY_SGS, .cause = e->cause };
	struct tpdu t;

	if (e->outcome == RP_REFUSED && report) {
		end.source = RETRY_RP;
		end.cause = report->cause;
		if (report->has_tpdu &&
		    tpdu_decode(report->tpdu.at, report->tpdu.len, TPDU_FROM_PHONE, TPDU_IN_ERROR, &t, NULL) == OK) {
			end.has_fcs = t.has_fcs;
			end.fcs = t.fcs;
		}
	}
	end.unsure = !end.delivered && e->outcome != RP_REFUSED && !e->paged_in_vain;
	phone_link_ended(port->phones, imsi, &end);
}

static const struct sgs_user sgs_user = { on_send, on_locate, on_attached, on_detached, on_message, on_ended };

/* --- what the phones' link asks for --- */

static enum result on_carry(void *owner, const char *imsi, struct text tpdu, bool more)
{
	struct sgs_port *port = owner;
	struct rp rp = { .originator = port->settings.centre, .has_tpdu = true, .tpdu = tpdu };

	(void)more; /* the carrier stays while there is something to send */
	return sgs_send(port->sgs, imsi, &rp, clock_monotonic());
}

static void on_answer(void *owner, const char *imsi, uint64_t handle, uint8_t rp_cause, const struct text *report)
{
	struct sgs_port *port = owner;

	(void)handle; /* one message of a phone at a time */
	(void)sgs_answer(port->sgs, imsi, rp_cause, report, clock_monotonic());
}

static const struct phone_carrier carrier = { on_carry, on_answer };

/* --- associations --- */

static void say_up(struct sgs_port *port)
{
	char why[80];
	struct writer w = writer_of(why, sizeof(why) - 1);

	writer_printf(&w, "%u associations of MMEs", port->up);
	why[writer_len(&w)] = 0;
	phone_link_up(port->phones, port->up, why);
}

static void on_record(void *owner, const uint8_t *octets, size_t len)
{
	struct association *a = owner;

	show_captures(a, false, octets, len);
	sgs_received(a->port->sgs, a->id, octets, len, clock_monotonic());
	if (a->over)
		loop_wake(a->port->loop);
}

static void on_closed(void *owner, const char *why)
{
	struct association *a = owner;

	LOGI(LOG_SMS, a->port->settings.phones.link, "an association ended: %s", why);
	a->over = true;
	loop_wake(a->port->loop);
}

static const struct sctp_handler link_handler = { on_record, on_closed };

static void end_association(struct association *a)
{
	struct sgs_port *port = a->port;
	uint64_t id = a->id;

	sctp_link_free(&a->link);
	sgs_link_down(port->sgs, id, clock_monotonic());
	*a = (struct association){ 0 };
	port->up--;
	say_up(port);
}

static void add_association(struct sgs_port *port, struct sctp_link *link, const char *peer)
{
	for (uint32_t i = 0; i < port->settings.limits.links_max; i++) {
		struct association *a = &port->associations[i];

		if (a->id)
			continue;
		*a = (struct association){ .port = port, .id = i + 1, .link = link };
		port->up++;
		sctp_link_start(link, &link_handler, a);
		if (sgs_link_up(port->sgs, a->id, peer, clock_monotonic()) != OK)
			a->over = true;
		say_up(port);
		return;
	}
	LOGN(LOG_SMS, port->settings.phones.link, "an association of %s is refused: too many", peer);
	sctp_link_free(&link);
}

static void on_accepted(void *owner, struct sctp_link *link, const char *peer)
{
	add_association(owner, link, peer);
}

static void on_timer(void *owner)
{
	struct sgs_port *port = owner;

	sgs_run(port->sgs, clock_monotonic());
}

static void turn_ended(void *owner)
{
	struct sgs_port *port = owner;

	for (uint32_t i = 0; i < port->settings.limits.links_max; i++) {
		if (port->associations[i].id && port->associations[i].over)
			end_association(&port->associations[i]);
	}
	int64_t next = sgs_next_us(port->sgs), now = clock_monotonic();
	if (next == INT64_MAX)
		loop_timer_stop(&port->timer);
	else
		loop_timer_start(port->loop, &port->timer, next > now ? next - now : 0, on_timer, port);
}

/* --- life --- */

struct sgs_port *sgs_port_new(const struct sgs_port_settings *settings, struct loop *loop, struct channel *channel)
{
	struct sgs_port *port = must_alloc(sizeof(*port));

	port->settings = *settings;
	port->loop = loop;
	port->associations = must_alloc((settings->limits.links_max + 1) * sizeof(*port->associations));
	port->sgs = sgs_new(&sgs_user, port, settings->vlr_name, settings->timers, settings->limits);
	port->phones = phone_link_new(&settings->phones, loop, channel, &carrier, port);
	port->settings.phones.link = phone_link_name(port->phones).at;
	loop_hook_add(loop, &port->hook, turn_ended, port);
	return port;
}

void sgs_port_free(struct sgs_port **port)
{
	struct sgs_port *p = *port;

	if (!p)
		return;
	for (uint32_t i = 0; i < p->settings.limits.links_max; i++) {
		if (p->associations[i].id)
			end_association(&p->associations[i]);
	}
	sctp_listener_free(&p->listener);
	loop_hook_remove(&p->hook);
	loop_timer_stop(&p->timer);
	phone_link_free(&p->phones);
	sgs_free(&p->sgs);
	free(p->associations);
	free(p);
	*port = NULL;
}

void sgs_port_listen(struct sgs_port *port, const struct net_address *address, int fd)
{
	const char *why = "";

	sctp_listener_free(&port->listener);
	if (sctp_listener_new(port->loop, address, fd, port->settings.limits.links_max, on_accepted, port,
			      &port->listener, &why) != OK)
		LOGE(LOG_SMS, port->settings.phones.link, "no MME can connect: %s", why);
}

void sgs_port_connection(struct sgs_port *port, int fd, const char *peer)
{
	add_association(port, sctp_link_of_socket(port->loop, fd), peer);
}

struct phone_link *sgs_port_phones(struct sgs_port *port)
{
	return port->phones;
}
