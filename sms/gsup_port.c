/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GSUP's connections, and its server joined with its phones. */
#include "sms/gsup_port.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/listen.h"
#include "core/net/stream.h"
#include "sms/gsup.h"
#include "sms/ipa.h"
#include "sms/pcap_tap.h"

#define HLR_CONNECT_US (5 * USEC_PER_SEC)

/* Link id of the server = place + 1. */
struct connection {
	struct gsup_port *port;
	uint64_t id; /* 0 = free */
	struct stream *msc, *hlr;
	struct pcap_flow msc_flow, hlr_flow;
	bool listened; /* came by the listener */
	bool over;     /* to be ended when the turn ends */
};

struct gsup_port {
	struct gsup_port_settings settings;
	struct loop *loop;
	struct gsup_server *server;
	struct phone_link *phones;
	struct listener *listener;
	struct connection *connections;
	unsigned up; /* MSCs that said who they are */
	struct loop_hook hook;
	struct loop_timer timer;
};

static struct connection *connection_of(struct gsup_port *port, uint64_t link)
{
	return &port->connections[link - 1];
}

/* Authentication vectors are keys of phones, and nothing of them helps who looks for a lost message. */
static bool holds_keys(const void *octets, size_t len)
{
	struct reader r = reader_of(octets, len);

	(void)reader_u16(&r); /* length */
	uint8_t protocol = reader_u8(&r);
	uint8_t extension = reader_u8(&r);
	uint8_t type = reader_u8(&r);
	return !r.failed && protocol == IPA_OSMO && extension == IPA_GSUP && type == GSUP_RESULT(GSUP_SEND_AUTH_INFO);
}

static void show_captures(struct connection *c, bool msc, bool out, const void *octets, size_t len)
{
	if (pcap_on && !holds_keys(octets, len))
		pcap_tap_octets(msc ? &c->msc_flow : &c->hlr_flow, msc ? c->msc : c->hlr, c->port->settings.phones.link,
				out, octets, len);
}

/* --- what the server asks for --- */

static void on_frame(void *owner, uint64_t link, bool msc, struct text whole)
{
	show_captures(connection_of(owner, link), msc, false, whole.at, whole.len);
}

static void on_to_msc(void *owner, uint64_t link, const void *octets, size_t len)
{
	struct connection *c = connection_of(owner, link);

	if (!c->msc || c->over)
		return;
	stream_write(c->msc, octets, len);
	show_captures(c, true, true, octets, len);
}

static void on_to_hlr(void *owner, uint64_t link, const void *octets, size_t len)
{
	struct connection *c = connection_of(owner, link);

	if (!c->hlr || c->over)
		return;
	stream_write(c->hlr, octets, len);
	show_captures(c, false, true, octets, len);
}

static void on_hlr_connected(void *owner, struct stream *stream)
{
	struct connection *c = owner;

	(void)stream;
	gsup_server_hlr_up(c->port->server, c->id, clock_monotonic());
}

static size_t on_hlr_received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	struct connection *c = owner;

	(void)stream;
	gsup_server_hlr_received(c->port->server, c->id, bytes, n, clock_monotonic());
	return n;
}

static void on_hlr_closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	struct connection *c = owner;

	(void)stream;
	(void)why;
	LOGN(LOG_SMS, c->port->settings.phones.link, "the HLR is away: %s", text);
	stream_free(&c->hlr);
	gsup_server_hlr_down(c->port->server, c->id, clock_monotonic());
}

static const struct stream_handler hlr_handler = { .connected = on_hlr_connected,
						   .received = on_hlr_received,
						   .closed = on_hlr_closed };

static void on_open_hlr(void *owner, uint64_t link)
{
	struct gsup_port *port = owner;
	struct connection *c = connection_of(port, link);

	stream_free(&c->hlr);
	c->hlr_flow = (struct pcap_flow){ 0 };
	if (port->settings.has_hlr)
		c->hlr = stream_connect(port->loop, &port->settings.hlr, NULL, NULL, HLR_CONNECT_US, &hlr_handler, c);
	else
		gsup_server_hlr_down(port->server, link, clock_monotonic());
}

static void on_close(void *owner, uint64_t link, const char *why)
{
	struct gsup_port *port = owner;

	LOGN(LOG_SMS, port->settings.phones.link, "an MSC's connection is closed: %s", why);
	connection_of(port, link)->over = true;
	loop_wake(port->loop);
}

static void on_msc(void *owner, uint64_t link, const char *name, bool up)
{
	struct gsup_port *port = owner;
	char why[120];
	struct writer w = writer_of(why, sizeof(why) - 1);

	(void)link;
	port->up += up ? 1u : 0u;
	port->up -= up ? 0u : 1u;
	writer_printf(&w, "%.60s %s, %u connected", name, up ? "came" : "went", port->up);
	why[writer_len(&w)] = 0;
	phone_link_up(port->phones, port->up, why);
}

static void on_message(void *owner, const struct gsup_mo *mo)
{
	struct gsup_port *port = owner;
	uint64_t handle = mo->link << 8 | mo->reference;
	struct text number = text_range(mo->originator.text, mo->originator.len);

	if (!mo->memory) {
		phone_link_message(port->phones, mo->imsi, number, handle, mo->tpdu);
		return;
	}
	(void)gsup_server_answer(port->server, mo->link, mo->imsi, mo->reference, 0, clock_monotonic());
	phone_link_present(port->phones, mo->imsi, true);
}

static void on_present(void *owner, const char *imsi, bool there, bool memory)
{
	struct gsup_port *port = owner;

	(void)memory;
	phone_link_present(port->phones, imsi, there);
}

static void on_number(void *owner, const char *imsi, const char *msisdn)
{
	struct gsup_port *port = owner;

	phone_link_learned(port->phones, imsi, msisdn);
}

static void on_ended(void *owner, const char *imsi, const struct gsup_end *e)
{
	struct gsup_port *port = owner;
	struct phone_end end = { .delivered = e->outcome == GSUP_DELIVERED,
				 .unsure = e->outcome == GSUP_NO_ANSWER || e->outcome == GSUP_LINK_LOST,
				 .source = e->outcome == GSUP_REFUSED ? RETRY_RP : RETRY_GSUP,
				 .cause = e->cause };
	struct tpdu t;

	if (e->outcome == GSUP_NO_ANSWER && port->settings.silent_is_absent) {
		end.unsure = false;
		end.cause = GSUP_CAUSE_DETACHED;
	}
	if (e->outcome == GSUP_REFUSED && e->tpdu.len &&
	    tpdu_decode(e->tpdu.at, e->tpdu.len, TPDU_FROM_PHONE, TPDU_IN_ERROR, &t, NULL) == OK) {
		end.has_fcs = t.has_fcs;
		end.fcs = t.fcs;
	}
	phone_link_ended(port->phones, imsi, &end);
}

static const struct gsup_server_user server_user = { on_to_msc,	 on_to_hlr,  on_open_hlr, on_close, on_msc,
						     on_message, on_present, on_number,	  on_ended };

/* --- what the phones' link asks for --- */

static enum result on_send(void *owner, const char *imsi, struct text tpdu, bool more)
{
	struct gsup_port *port = owner;

	return gsup_server_send(port->server, imsi, &port->settings.centre, tpdu, more, clock_monotonic());
}

static void on_answer(void *owner, const char *imsi, uint64_t handle, uint8_t rp_cause, const struct text *report)
{
	struct gsup_port *port = owner;

	(void)report; /* GSUP's errors carry the cause alone */
	(void)gsup_server_answer(port->server, handle >> 8, imsi, (uint8_t)handle, rp_cause, clock_monotonic());
}

static const struct phone_carrier carrier = { on_send, on_answer };

/* --- connections --- */

static size_t on_msc_received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	struct connection *c = owner;

	(void)stream;
	gsup_server_received(c->port->server, c->id, bytes, n, clock_monotonic());
	return n;
}

static void on_msc_closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	struct connection *c = owner;

	(void)stream;
	(void)why;
	(void)text;
	c->over = true;
	loop_wake(c->port->loop);
}

static const struct stream_handler msc_handler = { .received = on_msc_received, .closed = on_msc_closed };

static void end_connection(struct connection *c)
{
	struct gsup_port *port = c->port;
	uint64_t id = c->id;

	stream_free(&c->msc);
	stream_free(&c->hlr);
	if (c->listened && port->listener)
		listener_released(port->listener);
	gsup_server_down(port->server, id, clock_monotonic());
	c->id = 0;
	c->over = c->listened = false;
}

static void add_connection(struct gsup_port *port, int fd, bool listened)
{
	for (uint32_t i = 0; i < port->settings.limits.links_max; i++) {
		struct connection *c = &port->connections[i];

		if (c->id)
			continue;
		*c = (struct connection){ .port = port, .id = i + 1, .listened = listened };
		c->msc = stream_accept(port->loop, fd, NULL, &msc_handler, c);
		if (gsup_server_up(port->server, c->id, clock_monotonic()) != OK)
			c->over = true;
		return;
	}
	struct stream *refused = stream_accept(port->loop, fd, NULL, &msc_handler, NULL);
	stream_free(&refused);
	if (listened)
		listener_released(port->listener);
}

static void on_accepted(void *owner, int fd, const struct net_address *peer)
{
	(void)peer;
	add_connection(owner, fd, true);
}

static void on_timer(void *owner)
{
	struct gsup_port *port = owner;

	gsup_server_run(port->server, clock_monotonic());
}

static void turn_ended(void *owner)
{
	struct gsup_port *port = owner;
	int64_t next = gsup_server_next_us(port->server), now = clock_monotonic();

	for (uint32_t i = 0; i < port->settings.limits.links_max; i++) {
		if (port->connections[i].id && port->connections[i].over)
			end_connection(&port->connections[i]);
	}
	if (next == INT64_MAX)
		loop_timer_stop(&port->timer);
	else
		loop_timer_start(port->loop, &port->timer, next > now ? next - now : 0, on_timer, port);
}

/* --- life --- */

struct gsup_port *gsup_port_new(const struct gsup_port_settings *settings, struct loop *loop, struct channel *channel)
{
	struct gsup_port *port = must_alloc(sizeof(*port));

	port->settings = *settings;
	port->loop = loop;
	port->connections = must_alloc((settings->limits.links_max + 1) * sizeof(*port->connections));
	port->server = gsup_server_new(&server_user, port, settings->unit, settings->timers, settings->limits);
	gsup_server_watch(port->server, on_frame);
	port->phones = phone_link_new(&settings->phones, loop, channel, &carrier, port);
	port->settings.phones.link = phone_link_name(port->phones).at;
	loop_hook_add(loop, &port->hook, turn_ended, port);
	return port;
}

void gsup_port_free(struct gsup_port **port)
{
	struct gsup_port *p = *port;

	if (!p)
		return;
	for (uint32_t i = 0; i < p->settings.limits.links_max; i++) {
		if (p->connections[i].id)
			end_connection(&p->connections[i]);
	}
	listener_free(&p->listener);
	loop_hook_remove(&p->hook);
	loop_timer_stop(&p->timer);
	phone_link_free(&p->phones);
	gsup_server_free(&p->server);
	free(p->connections);
	free(p);
	*port = NULL;
}

void gsup_port_listen(struct gsup_port *port, int fd)
{
	listener_free(&port->listener);
	port->listener = listener_new(port->loop, fd, port->settings.limits.links_max, on_accepted, port);
}

void gsup_port_connection(struct gsup_port *port, int fd)
{
	add_connection(port, fd, false);
}

struct phone_link *gsup_port_phones(struct gsup_port *port)
{
	return port->phones;
}
