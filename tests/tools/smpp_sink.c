/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message centre that answers every submit_sm at once.
 *	smpp_sink -p PORT [-n MESSAGES] [-r] [-k]
 * With -r a receipt "DELIVRD" follows each message that asked for one. Ends by a signal, or after -n messages (with -r
 * when their receipts were answered too), and prints counts and the rate at which submits came. With -k it goes on
 * instead, and prints that of each -n messages.
 */
#include <getopt.h>

#include "smpp_wire.h"

static struct {
	unsigned long count, wanted, reports, reports_answered, reports_refused, asked;
	unsigned long ids;
	bool receipts, keep;
	int64_t first_us, last_us;
	struct peer peer;
	char stamp[16];
} sink;

/* Receipts of a bind that did not leave yet, whole PDUs. A centre keeps to a window too. */
#define RECEIPT_WINDOW 200u
struct receipts {
	struct octets queue;
	size_t at;
	unsigned open;
};

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static struct receipts *receipts_of(struct connection *c)
{
	if (!c->own)
		c->own = calloc(1, sizeof(struct receipts));
	if (!c->own)
		die("no memory");
	return c->own;
}

static void send_receipts(struct connection *c)
{
	struct receipts *r = receipts_of(c);

	while (r->open < RECEIPT_WINDOW && r->at < r->queue.len) {
		uint32_t len = get_u32(r->queue.at + r->at);
		put(&c->out, r->queue.at + r->at, len);
		r->at += len;
		r->open++;
	}
	if (r->at == r->queue.len)
		r->at = r->queue.len = 0;
}

static void receipt_answered(struct connection *c, const struct pdu *p)
{
	receipts_of(c)->open--;
	sink.reports_answered++;
	sink.reports_refused += p->status != ROK;
	send_receipts(c);
}

static void put_receipt(struct connection *c, const struct message_view *m, unsigned long id)
{
	static struct octets body;
	char text[255], from[80], to[80];

	snprintf(from, sizeof(from), "%s%s", m->destination_ton == 1 ? "+" : "", m->destination);
	snprintf(to, sizeof(to), "%s%s", m->source_ton == 1 ? "+" : "", m->source);
	int n = snprintf(text, sizeof(text),
			 "id:%lu sub:001 dlvrd:001 submit date:%s done date:%s stat:DELIVRD err:000 text:", id,
			 sink.stamp, sink.stamp);
	body.len = 0;
	message_put(&body, from, to, 4, 0, text, (size_t)n);
	pdu_put(&receipts_of(c)->queue, DELIVER_SM, ROK, (uint32_t)(++sink.reports & 0x7FFFFFFF), body.at, body.len);
	send_receipts(c);
}

static void submit(struct connection *c, const struct pdu *p)
{
	struct message_view m;
	char id[24];

	sink.last_us = now_us();
	if (!sink.count++)
		sink.first_us = sink.last_us;
	int n = snprintf(id, sizeof(id), "%lu", ++sink.ids);
	pdu_put(&c->out, SUBMIT_SM | REPLY, ROK, p->sequence, id, (size_t)n + 1);
	if (!sink.receipts || !message_view(p->body, p->body_len, &m) || !(m.registered & 3))
		return;
	sink.asked++;
	put_receipt(c, &m, sink.ids);
}

static void take(struct connection *c, const struct pdu *p)
{
	switch (p->command) {
	case SUBMIT_SM:
		submit(c, p);
		break;
	case BIND_RECEIVER:
	case BIND_TRANSMITTER:
	case BIND_TRANSCEIVER:
		pdu_put(&c->out, p->command | REPLY, ROK, p->sequence, "sink\0\x02\x10\0\x01\x34", 10);
		break;
	case DELIVER_SM | REPLY:
		receipt_answered(c, p);
		break;
	case ENQUIRE_LINK:
	case UNBIND:
		pdu_put(&c->out, p->command | REPLY, ROK, p->sequence, NULL, 0);
		break;
	case ENQUIRE_LINK | REPLY:
		break;
	default:
		pdu_put(&c->out, REPLY, 3, p->sequence, NULL, 0);
	}
}

static size_t received(struct connection *c, const uint8_t *at, size_t n)
{
	size_t taken = 0, size;
	struct pdu p;

	while ((size = pdu_take(at + taken, n - taken, &p))) {
		take(c, &p);
		taken += size;
	}
	return taken;
}

static bool all_came(void)
{
	return sink.wanted && sink.count >= sink.wanted && sink.reports_answered >= sink.asked;
}

static void say(void)
{
	double seconds = (double)(sink.last_us - sink.first_us) / 1e6;

	printf("smpp_sink count=%lu receipts=%lu answered=%lu refused=%lu seconds=%.3f rate=%.0f\n", sink.count,
	       sink.asked, sink.reports_answered, sink.reports_refused, seconds,
	       seconds > 0 ? (double)(sink.count - 1) / seconds : 0.0);
	fflush(stdout);
	sink.count = sink.asked = sink.reports_answered = sink.reports_refused = 0;
}

int main(int argc, char **argv)
{
	unsigned long port = 0;
	int o;
	time_t now = time(NULL);

	while ((o = getopt(argc, argv, "p:n:rk")) >= 0) {
		if (o == 'p')
			port = number(optarg);
		else if (o == 'n')
			sink.wanted = number(optarg);
		else if (o == 'r')
			sink.receipts = true;
		else if (o == 'k')
			sink.keep = true;
		else
			die("usage: smpp_sink -p PORT [-n MESSAGES] [-r] [-k]");
	}
	strftime(sink.stamp, sizeof(sink.stamp), "%y%m%d%H%M", gmtime(&now));
	signal(SIGTERM, end);
	signal(SIGINT, end);
	sink.peer.received = received;
	peer_open(&sink.peer);
	peer_listen(&sink.peer, port);
	while (!ended) {
		peer_turn(&sink.peer, 100);
		if (!all_came())
			continue;
		if (!sink.keep)
			break;
		say();
	}
	for (unsigned i = 0; i < sink.peer.count; i++)
		connection_flush(&sink.peer, sink.peer.all[i]);
	say();
	return 0;
}
