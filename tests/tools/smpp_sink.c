/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message centre that answers every submit_sm at once.
 *	smpp_sink -p PORT [-n MESSAGES] [-r]
 * With -r a receipt "DELIVRD" follows each message that asked for one. Ends by a signal, or after -n messages (with -r
 * when their receipts were answered too), and prints counts and the rate at which submits came.
 */
#include <getopt.h>

#include "smpp_wire.h"

static struct {
	unsigned long count, wanted, reports, reports_answered, reports_refused, asked;
	bool receipts;
	int64_t first_us, last_us;
	struct peer peer;
	char stamp[16];
} sink;

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
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
	pdu_put(&c->out, DELIVER_SM, ROK, (uint32_t)(++sink.reports & 0x7FFFFFFF), body.at, body.len);
}

static void submit(struct connection *c, const struct pdu *p)
{
	struct message_view m;
	char id[24];

	sink.last_us = now_us();
	if (!sink.count++)
		sink.first_us = sink.last_us;
	int n = snprintf(id, sizeof(id), "%lu", sink.count);
	pdu_put(&c->out, SUBMIT_SM | REPLY, ROK, p->sequence, id, (size_t)n + 1);
	if (!sink.receipts || !message_view(p->body, p->body_len, &m) || !(m.registered & 3))
		return;
	sink.asked++;
	put_receipt(c, &m, sink.count);
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
		sink.reports_answered++;
		sink.reports_refused += p->status != ROK;
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

int main(int argc, char **argv)
{
	unsigned long port = 0;
	int o;
	time_t now = time(NULL);

	while ((o = getopt(argc, argv, "p:n:r")) >= 0) {
		if (o == 'p')
			port = number(optarg);
		else if (o == 'n')
			sink.wanted = number(optarg);
		else if (o == 'r')
			sink.receipts = true;
		else
			die("usage: smpp_sink -p PORT [-n MESSAGES] [-r]");
	}
	strftime(sink.stamp, sizeof(sink.stamp), "%y%m%d%H%M", gmtime(&now));
	signal(SIGTERM, end);
	signal(SIGINT, end);
	sink.peer.received = received;
	peer_open(&sink.peer);
	peer_listen(&sink.peer, port);
	while (!ended && !all_came())
		peer_turn(&sink.peer, 100);
	for (unsigned i = 0; i < sink.peer.count; i++)
		connection_flush(&sink.peer, sink.peer.all[i]);
	double seconds = (double)(sink.last_us - sink.first_us) / 1e6;
	printf("smpp_sink count=%lu receipts=%lu answered=%lu refused=%lu seconds=%.3f rate=%.0f\n", sink.count,
	       sink.reports, sink.reports_answered, sink.reports_refused, seconds,
	       seconds > 0 ? (double)(sink.count - 1) / seconds : 0.0);
	return 0;
}
