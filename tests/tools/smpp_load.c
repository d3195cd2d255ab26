/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Load for an SMPP server: submit_sm within a window on each of some binds.
 *	smpp_load -p PORT -u SYSTEM_ID -P PASSWORD -n MESSAGES -w WINDOW -c BINDS [-f FROM] [-t PREFIX] [-l LENGTH] [-r]
 * The recipient is PREFIX and eight digits of the message's number. With -r receipts are asked for, and it ends when
 * one came for each. A message refused as throttled or for a full queue is sent again, and counted.
 */
#include <getopt.h>
#include <inttypes.h>

#include "smpp_wire.h"

#define WINDOW_MAX 10000u

static struct {
	const char *system_id, *password, *from, *prefix;
	unsigned long wanted, window, length;
	bool receipts;
	char text[255];
	unsigned long started, good, bad, busy, reported, bound;
	int64_t begun_us, answered_us, reported_us;
	struct latencies latencies;
	struct peer peer;
} load = { .system_id = "u",
	   .password = "p",
	   .from = "+81500000001",
	   .prefix = "+8190",
	   .wanted = 10000,
	   .window = 10,
	   .length = 100 };

/* What a bind has under way: by the low bits of the sequence number, which is slot + 1 + WINDOW_MAX * turn. */
struct bind {
	unsigned long numbers[WINDOW_MAX];
	int64_t begun_us[WINDOW_MAX];
	uint32_t sequence[WINDOW_MAX];
	unsigned free[WINDOW_MAX], free_count;
	uint32_t turn;
};

static void send_submit(struct connection *c, unsigned slot)
{
	static struct octets body;
	struct bind *b = c->own;
	char to[64];

	snprintf(to, sizeof(to), "%s%08lu", load.prefix, b->numbers[slot]);
	body.len = 0;
	message_put(&body, load.from, to, 0, load.receipts, load.text, load.length);
	b->turn = (b->turn + 1) % 200000;
	b->sequence[slot] = slot + 1 + WINDOW_MAX * b->turn;
	b->begun_us[slot] = now_us();
	pdu_put(&c->out, SUBMIT_SM, ROK, b->sequence[slot], body.at, body.len);
}

static void fill_window(struct connection *c)
{
	struct bind *b = c->own;

	while (b->free_count && load.started < load.wanted) {
		unsigned slot = b->free[--b->free_count];
		b->numbers[slot] = load.started++;
		send_submit(c, slot);
	}
}

static void submit_answered(struct connection *c, const struct pdu *p)
{
	struct bind *b = c->own;
	unsigned slot = (p->sequence - 1) % WINDOW_MAX;

	if (slot >= load.window || b->sequence[slot] != p->sequence)
		die("an answer with a sequence number that was not asked");
	if (p->status == RTHROTTLED || p->status == RMSGQFUL) {
		load.busy++;
		send_submit(c, slot);
		return;
	}
	load.answered_us = now_us();
	latency(&load.latencies, load.answered_us - b->begun_us[slot]);
	if (p->status == ROK)
		load.good++;
	else if (!load.bad++)
		fprintf(stderr, "first bad status: %#x\n", p->status);
	b->free[b->free_count++] = slot;
}

static void take(struct connection *c, const struct pdu *p)
{
	struct message_view m;

	switch (p->command) {
	case SUBMIT_SM | REPLY:
		submit_answered(c, p);
		break;
	case BIND_TRANSCEIVER | REPLY:
		if (p->status != ROK)
			die("bind refused: %#x", p->status);
		load.bound++;
		break;
	case DELIVER_SM:
		pdu_put(&c->out, DELIVER_SM | REPLY, ROK, p->sequence, "", 1);
		if (message_view(p->body, p->body_len, &m) && m.esm_class & 4) {
			load.reported++;
			load.reported_us = now_us();
		}
		break;
	case ENQUIRE_LINK:
	case UNBIND:
		pdu_put(&c->out, p->command | REPLY, ROK, p->sequence, NULL, 0);
		break;
	default:
		die("unexpected PDU %#x", p->command);
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
	if (load.begun_us)
		fill_window(c);
	return taken;
}

static void closed(struct connection *c)
{
	(void)c;
	die("the server closed a connection after %lu answers", load.good + load.bad);
}

static void read_options(int argc, char **argv, unsigned long *port, unsigned long *binds)
{
	int o;

	while ((o = getopt(argc, argv, "p:u:P:n:w:c:f:t:l:r")) >= 0) {
		if (o == 'p')
			*port = number(optarg);
		else if (o == 'u')
			load.system_id = optarg;
		else if (o == 'P')
			load.password = optarg;
		else if (o == 'n')
			load.wanted = number(optarg);
		else if (o == 'w')
			load.window = number(optarg);
		else if (o == 'c')
			*binds = number(optarg);
		else if (o == 'f')
			load.from = optarg;
		else if (o == 't')
			load.prefix = optarg;
		else if (o == 'l')
			load.length = number(optarg);
		else if (o == 'r')
			load.receipts = true;
		else
			die("usage: smpp_load -p PORT -u SYSTEM_ID -P PASSWORD -n N -w WINDOW -c BINDS [-r]");
	}
	if (load.window < 1 || load.window > WINDOW_MAX || load.length > 254)
		die("window 1 to %u, length up to 254", WINDOW_MAX);
}

static void bind_at(unsigned long port)
{
	struct connection *c = peer_connect(&load.peer, port);
	struct bind *b = calloc(1, sizeof(*b));
	struct octets body = { 0 };

	if (!b)
		die("no memory");
	for (unsigned i = 0; i < load.window; i++)
		b->free[b->free_count++] = i;
	c->own = b;
	put_string(&body, load.system_id);
	put_string(&body, load.password);
	put_string(&body, "");
	put_octets3(&body, 0x34, 0, 0);
	put_string(&body, "");
	pdu_put(&c->out, BIND_TRANSCEIVER, ROK, 0x7FFFFFFF, body.at, body.len);
	connection_flush(&load.peer, c);
}

static void begin(void)
{
	load.begun_us = now_us();
	for (unsigned i = 0; i < load.peer.count; i++) {
		fill_window(load.peer.all[i]);
		connection_flush(&load.peer, load.peer.all[i]);
	}
}

int main(int argc, char **argv)
{
	unsigned long port = 2775, binds = 1;

	read_options(argc, argv, &port, &binds);
	memset(load.text, 'a', sizeof(load.text));
	load.peer.received = received;
	load.peer.closed = closed;
	peer_open(&load.peer);
	for (unsigned long i = 0; i < binds; i++)
		bind_at(port);
	while (load.bound < binds)
		peer_turn(&load.peer, 1000);
	begin();
	while (load.good + load.bad < load.wanted)
		peer_turn(&load.peer, 1000);
	while (load.receipts && load.reported < load.good)
		peer_turn(&load.peer, 1000);
	double seconds = (double)(load.answered_us - load.begun_us) / 1e6;
	uint32_t half = latency_at(&load.latencies, 500), most = latency_at(&load.latencies, 990);
	printf("smpp_load good=%lu bad=%lu busy=%lu seconds=%.3f rate=%.0f p50_us=%" PRIu32 " p99_us=%" PRIu32,
	       load.good, load.bad, load.busy, seconds, (double)load.good / seconds, half, most);
	if (load.receipts)
		printf(" receipts=%lu receipts_rate=%.0f", load.reported,
		       (double)load.reported * 1e6 / (double)(load.reported_us - load.begun_us));
	printf("\n");
	return load.bad > 0;
}
