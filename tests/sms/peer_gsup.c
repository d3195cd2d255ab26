/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The GSUP server as a program for scenarios: peer_gsup LISTEN_PORT HLR_IP HLR_PORT. Events are lines on standard
 * output, commands lines on standard input:
 *
 *	mt IMSI HEX       a TPDU to a phone          answer IMSI MR CAUSE     to "message LINK IMSI MR NUMBER HEX"
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "sms/gsup_server.h"

#define LINKS 8u

/* Link n + 1 is msc[n] and hlr[n]; -1 = none. */
static int msc[LINKS], hlr[LINKS], listener;
static struct sockaddr_in hlr_address;
static struct gsup_server *server;
static uint64_t last_link; /* of the message to be answered */

static void put(int fd, const void *octets, size_t len)
{
	if (fd >= 0 && send(fd, octets, len, MSG_NOSIGNAL) != (ssize_t)len)
		fprintf(stderr, "short write\n");
}

static void on_to_msc(void *owner, uint64_t link, const void *octets, size_t len)
{
	(void)owner;
	put(msc[link - 1], octets, len);
}

static void on_to_hlr(void *owner, uint64_t link, const void *octets, size_t len)
{
	(void)owner;
	put(hlr[link - 1], octets, len);
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void on_open_hlr(void *owner, uint64_t link)
{
	int *fd = &hlr[link - 1];

	(void)owner;
	drop(fd);
	*fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(*fd, (struct sockaddr *)(void *)&hlr_address, sizeof(hlr_address)))
		drop(fd);
	printf("hlr %s\n", *fd < 0 ? "away" : "open");
}

static void on_close(void *owner, uint64_t link, const char *why)
{
	(void)owner;
	printf("close %d %s\n", (int)link, why);
	(void)shutdown(msc[link - 1], SHUT_RDWR);
}

static void on_msc(void *owner, uint64_t link, const char *name, bool up)
{
	(void)owner;
	(void)link;
	printf("msc %s %s\n", name, up ? "up" : "down");
}

static void show_hex(const char *before, struct text octets)
{
	char room[600];
	struct writer w = writer_of(room, sizeof(room) - 1);

	hex_put(&w, octets.at, octets.len);
	*w.at = 0;
	printf("%s%s\n", before, room);
}

static void on_message(void *owner, const struct gsup_mo *mo)
{
	(void)owner;
	last_link = mo->link;
	printf("message %s %u %s ", mo->imsi, mo->reference, mo->originator.len ? mo->originator.text : "-");
	show_hex("", mo->tpdu);
}

static void on_present(void *owner, const char *imsi, bool there, bool memory)
{
	(void)owner;
	printf("%s %s%s\n", there ? "present" : "gone", imsi, memory ? " memory" : "");
}

static void on_number(void *owner, const char *imsi, const char *msisdn)
{
	(void)owner;
	printf("number %s %s\n", imsi, msisdn);
}

static void on_ended(void *owner, const char *imsi, const struct gsup_end *end)
{
	(void)owner;
	printf("ended %s %s, %u\n", imsi, gsup_outcome_name(end->outcome), end->cause);
}

static const struct gsup_server_user user = { on_to_msc,  on_to_hlr,  on_open_hlr, on_close, on_msc,
					      on_message, on_present, on_number,   on_ended };

static void accept_one(void)
{
	int fd = accept(listener, NULL, NULL);

	for (unsigned i = 0; fd >= 0 && i < LINKS; i++) {
		if (msc[i] >= 0)
			continue;
		msc[i] = fd;
		if (gsup_server_up(server, i + 1, clock_monotonic()) == OK)
			return;
		drop(&msc[i]);
		return;
	}
}

static void read_one(unsigned i, bool from_msc)
{
	uint8_t octets[4096];
	int *fd = from_msc ? &msc[i] : &hlr[i];
	ssize_t n = recv(*fd, octets, sizeof(octets), 0);

	if (n > 0) {
		(from_msc ? gsup_server_received : gsup_server_hlr_received)(server, i + 1, octets, (size_t)n,
									     clock_monotonic());
		return;
	}
	drop(fd);
	if (from_msc) {
		drop(&hlr[i]);
		gsup_server_down(server, i + 1, clock_monotonic());
	} else {
		gsup_server_hlr_down(server, i + 1, clock_monotonic());
	}
}

static void command_mt(const char *imsi, struct text hex)
{
	uint8_t tpdu[300];
	struct writer w = writer_of(tpdu, sizeof(tpdu));
	struct sms_address centre;

	if (sms_address_from_text(TEXT_LITERAL("+491770610000"), &centre) != OK || hex_take(hex, &w) != OK)
		return;
	enum result result = gsup_server_send(server, imsi, &centre, text_range((char *)tpdu, writer_len(&w)), false,
					      clock_monotonic());
	printf("sent %s %s\n", imsi, result_name(result));
}

static void command_answer(const char *imsi, struct text reference, struct text cause)
{
	uint64_t r = 0, c = 0;

	if (text_to_u64(reference, 255, &r) && text_to_u64(cause, 255, &c))
		printf("answered %d\n",
		       gsup_server_answer(server, last_link, imsi, (uint8_t)r, (uint8_t)c, clock_monotonic()));
}

/* False at the end of the commands. */
static bool command(void)
{
	char line[600], imsi[32];
	struct text rest, words[4] = { 0 };

	if (!fgets(line, sizeof(line), stdin))
		return false;
	rest = text_trim(text_of(line));
	for (unsigned i = 0; i < 4 && text_split(&rest, ' ', &words[i]); i++)
		;
	if (!text_copy(words[1], imsi, sizeof(imsi)))
		return true;
	if (text_is(words[0], "mt"))
		command_mt(imsi, words[2]);
	else if (text_is(words[0], "answer"))
		command_answer(imsi, words[2], words[3]);
	return true;
}

static void turn(bool *more)
{
	struct pollfd p[2 + 2 * LINKS] = { { 0, POLLIN, 0 }, { listener, POLLIN, 0 } };

	for (unsigned i = 0; i < LINKS; i++) {
		p[2 + 2 * i] = (struct pollfd){ msc[i], POLLIN, 0 };
		p[3 + 2 * i] = (struct pollfd){ hlr[i], POLLIN, 0 };
	}
	fflush(stdout);
	(void)poll(p, 2 + 2 * LINKS, 100);
	if (p[0].revents)
		*more = command();
	if (p[1].revents)
		accept_one();
	for (unsigned i = 0; i < LINKS; i++) {
		if (p[3 + 2 * i].revents && hlr[i] >= 0)
			read_one(i, false);
		if (p[2 + 2 * i].revents && msc[i] >= 0)
			read_one(i, true);
	}
	gsup_server_run(server, clock_monotonic());
}

static int listen_at(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)(void *)&a, sizeof(a)) || listen(fd, 8)) {
		perror("listen");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	bool more = true;

	if (argc != 4)
		return 2;
	hlr_address.sin_family = AF_INET;
	hlr_address.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
	(void)inet_pton(AF_INET, argv[2], &hlr_address.sin_addr);
	for (unsigned i = 0; i < LINKS; i++)
		msc[i] = hlr[i] = -1;
	listener = listen_at((uint16_t)strtoul(argv[1], NULL, 10));
	server = gsup_server_new(&user, NULL, "SMSC-cellpost", GSUP_TIMERS_DEFAULT, GSUP_LIMITS_DEFAULT);
	printf("ready\n");
	while (more)
		turn(&more);
	gsup_server_free(&server);
	return 0;
}
