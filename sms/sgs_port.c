/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SGs' sockets, and the VLR's side joined with its phones. */
#include "sms/sgs_port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/listen.h"
#include "core/net/net_address.h"
#include "sms/pcap_tap.h"
#include "sms/phone_link_internal.h"

#define RECORD_MAX 4096u
#define REJECT_IMSI_UNKNOWN_IN_HLR 2u /* 24.008 10.5.3.6 */

/* Link id of the engine = place + 1. */
struct association {
	struct sgs_port *port;
	uint64_t id; /* 0 = free */
	int fd;
	struct loop_watch watch;
	bool listened, over;
};

struct sgs_port {
	struct sgs_port_settings settings;
	struct loop *loop;
	struct sgs *sgs;
	struct phone_link *phones;
	struct listener *listener;
	struct association *associations;
	unsigned up;
	struct loop_hook hook;
	struct loop_timer timer;
};

/* --- what the VLR's side asks for --- */

/* A record that the socket does not take is lost, as on any signalling link: timers repeat what matters. */
static void on_send(void *owner, uint64_t link, const void *octets, size_t len)
{
	struct sgs_port *port = owner;
	struct association *a = &port->associations[link - 1];

	pcap_tap_sgsap(a->fd, port->settings.phones.link, true, octets, len);
	if (!a->over && send(a->fd, octets, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN)
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

static void on_ready(void *owner, unsigned events)
{
	struct association *a = owner;
	uint8_t octets[RECORD_MAX];

	(void)events;
	ssize_t n = recv(a->fd, octets, sizeof(octets), MSG_DONTWAIT);
	if (n > 0)
		pcap_tap_sgsap(a->fd, a->port->settings.phones.link, false, octets, (size_t)n);
	if (n > 0)
		sgs_received(a->port->sgs, a->id, octets, (size_t)n, clock_monotonic());
	else if (!n || (errno != EAGAIN && errno != EINTR))
		a->over = true;
	if (a->over)
		loop_wake(a->port->loop);
}

static void end_association(struct association *a)
{
	struct sgs_port *port = a->port;
	uint64_t id = a->id;

	loop_unwatch(&a->watch);
	close(a->fd);
	if (a->listened && port->listener)
		listener_released(port->listener);
	sgs_link_down(port->sgs, id, clock_monotonic());
	*a = (struct association){ 0 };
	port->up--;
	say_up(port);
}

static void add_association(struct sgs_port *port, int fd, const char *peer, bool listened)
{
	for (uint32_t i = 0; i < port->settings.limits.links_max; i++) {
		struct association *a = &port->associations[i];

		if (a->id)
			continue;
		*a = (struct association){ .port = port, .id = i + 1, .fd = fd, .listened = listened };
		port->up++;
		if (loop_watch(port->loop, &a->watch, fd, LOOP_READ, on_ready, a) != OK ||
		    sgs_link_up(port->sgs, a->id, peer, clock_monotonic()) != OK)
			a->over = true;
		say_up(port);
		return;
	}
	LOGN(LOG_SMS, port->settings.phones.link, "an association of %s is refused: too many", peer);
	close(fd);
	if (listened)
		listener_released(port->listener);
}

static void on_accepted(void *owner, int fd, const struct net_address *peer)
{
	char text[NET_ADDRESS_TEXT_SIZE];

	add_association(owner, fd, net_address_text(peer, text), true);
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
	listener_free(&p->listener);
	loop_hook_remove(&p->hook);
	loop_timer_stop(&p->timer);
	phone_link_free(&p->phones);
	sgs_free(&p->sgs);
	free(p->associations);
	free(p);
	*port = NULL;
}

void sgs_port_listen(struct sgs_port *port, int fd)
{
	listener_free(&port->listener);
	port->listener = listener_new(port->loop, fd, port->settings.limits.links_max, on_accepted, port);
}

void sgs_port_connection(struct sgs_port *port, int fd, const char *peer)
{
	add_association(port, fd, peer, false);
}

struct phone_link *sgs_port_phones(struct sgs_port *port)
{
	return port->phones;
}
