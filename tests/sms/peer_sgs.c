/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The VLR's side of SGs as a program for scenarios: peer_sgs NAME listens on the abstract socket of records NAME.
 * Phones are accepted when their IMSI begins with 00101. Events are lines on standard output, commands lines on
 * standard input:
 *
 *	mt IMSI HEX       a TPDU to a phone          answer IMSI CAUSE     to "message IMSI TYPE HEX"
 */
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "core/base/reader.h"
#include "sms/sgs_fsm.h"

#define LINKS 4u

static int links[LINKS], listener; /* link n + 1 is links[n]; -1 = none */
static struct sgs *sgs;

static void on_send(void *owner, uint64_t link, const void *octets, size_t len)
{
	(void)owner;
	if (send(links[link - 1], octets, len, MSG_NOSIGNAL) != (ssize_t)len)
		printf("short write\n");
}

static void on_locate(void *owner, const char *imsi, const char *mme)
{
	(void)owner;
	printf("locate %s %s\n", imsi, mme);
	if (text_starts(text_of(imsi), "00101"))
		sgs_accept(sgs, imsi, clock_monotonic());
	else
		sgs_reject(sgs, imsi, 2, clock_monotonic());
}

static void on_attached(void *owner, const char *imsi)
{
	(void)owner;
	printf("attached %s\n", imsi);
}

static void on_detached(void *owner, const char *imsi)
{
	(void)owner;
	printf("detached %s\n", imsi);
}

static void on_message(void *owner, const char *imsi, const struct rp *rp)
{
	char room[600];
	struct writer w = writer_of(room, sizeof(room) - 1);

	(void)owner;
	hex_put(&w, rp->tpdu.at, rp->tpdu.len);
	*w.at = 0;
	printf("message %s %s %s\n", imsi, rp_type_name(rp->type), room);
}

static void on_ended(void *owner, const char *imsi, const struct sgs_end *end, const struct rp *report)
{
	(void)owner;
	printf("ended %s %s, %u%s\n", imsi, rp_outcome_name(end->outcome), report ? report->cause : end->cause,
	       end->paged_in_vain ? ", in vain" : "");
}

static const struct sgs_user user = { on_send, on_locate, on_attached, on_detached, on_message, on_ended };

static void accept_one(void)
{
	int fd = accept(listener, NULL, NULL);

	for (unsigned i = 0; fd >= 0 && i < LINKS; i++) {
		if (links[i] >= 0)
			continue;
		links[i] = fd;
		printf("link %s\n", result_name(sgs_link_up(sgs, i + 1, "mme", clock_monotonic())));
		return;
	}
}

static void read_one(unsigned i)
{
	uint8_t octets[4096];
	ssize_t n = recv(links[i], octets, sizeof(octets), 0);

	if (n > 0) {
		sgs_received(sgs, i + 1, octets, (size_t)n, clock_monotonic());
		return;
	}
	close(links[i]);
	links[i] = -1;
	sgs_link_down(sgs, i + 1, clock_monotonic());
	printf("down\n");
}

static void command_mt(const char *imsi, struct text hex)
{
	uint8_t tpdu[300];
	struct writer w = writer_of(tpdu, sizeof(tpdu));
	struct rp rp = { .has_tpdu = true };

	if (sms_address_from_text(TEXT_LITERAL("+491770610000"), &rp.originator) != OK || hex_take(hex, &w) != OK)
		return;
	rp.tpdu = text_range((char *)tpdu, writer_len(&w));
	enum result result = sgs_send(sgs, imsi, &rp, clock_monotonic());
	printf("sent %s %s\n", imsi, result_name(result));
}

/* False at the end of the commands. */
static bool command(void)
{
	char line[600], imsi[32];
	struct text rest, words[3] = { 0 };
	uint64_t cause = 0;

	if (!fgets(line, sizeof(line), stdin))
		return false;
	rest = text_trim(text_of(line));
	for (unsigned i = 0; i < 3 && text_split(&rest, ' ', &words[i]); i++)
		;
	if (!text_copy(words[1], imsi, sizeof(imsi)))
		return true;
	if (text_is(words[0], "mt"))
		command_mt(imsi, words[2]);
	else if (text_is(words[0], "answer") && text_to_u64(words[2], 127, &cause))
		printf("answered %d\n", sgs_answer(sgs, imsi, (uint8_t)cause, NULL, clock_monotonic()));
	return true;
}

static bool turn(void)
{
	struct pollfd p[2 + LINKS] = { { 0, POLLIN, 0 }, { listener, POLLIN, 0 } };
	bool more = true;

	for (unsigned i = 0; i < LINKS; i++)
		p[2 + i] = (struct pollfd){ links[i], POLLIN, 0 };
	fflush(stdout);
	(void)poll(p, 2 + LINKS, 100);
	if (p[0].revents)
		more = command();
	if (p[1].revents)
		accept_one();
	for (unsigned i = 0; i < LINKS; i++) {
		if (p[2 + i].revents && links[i] >= 0)
			read_one(i);
	}
	sgs_run(sgs, clock_monotonic());
	return more;
}

int main(int argc, char **argv)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	struct sgs_timers timers = SGS_TIMERS_DEFAULT;

	if (argc != 2 || strlen(argv[1]) >= sizeof(u.sun_path) - 1)
		return 2;
	timers.ts5_us = 2000000;
	memcpy(u.sun_path + 1, argv[1], strlen(argv[1]));
	listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (bind(listener, (struct sockaddr *)(void *)&u,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(argv[1]))) ||
	    listen(listener, 4)) {
		perror("listen");
		return 1;
	}
	for (unsigned i = 0; i < LINKS; i++)
		links[i] = -1;
	sgs = sgs_new(&user, NULL, "vlr.example.net", timers, SGS_LIMITS_DEFAULT);
	printf("ready\n");
	while (turn())
		;
	sgs_free(&sgs);
	return 0;
}
