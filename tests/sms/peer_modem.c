/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine for modems as a program for scenarios: peer_modem TTY [PIN]. Events are lines on standard output, commands
 * lines on standard input:
 *
 *	submit HEX     commit 0|1
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "core/base/reader.h"
#include "sms/modem.h"

static int tty;
static struct modem *modem;

static void on_send(void *owner, const void *octets, size_t len)
{
	(void)owner;
	if (write(tty, octets, len) != (ssize_t)len)
		printf("short write\n");
}

static void on_state(void *owner, enum modem_state state, const char *why)
{
	(void)owner;
	printf("state %s: %s\n", modem_state_name(state), why);
}

static void on_message(void *owner, const struct modem_message *m)
{
	char room[600];
	struct writer w = writer_of(room, sizeof(room) - 1);

	(void)owner;
	hex_put(&w, m->tpdu.at, m->tpdu.len);
	*w.at = 0;
	printf("message %s\n", room);
}

static void on_ended(void *owner, const struct modem_end *end)
{
	static const char *const names[MODEM_OUTCOMES] = { "sent", "refused", "not sent", "unsure" };

	(void)owner;
	printf("ended %s %u %u\n", names[end->outcome], end->reference, end->cause);
}

static const struct modem_user user = { on_send, on_state, on_message, on_ended };

static void submit(struct text hex)
{
	uint8_t tpdu[300];
	struct writer w = writer_of(tpdu, sizeof(tpdu));

	if (hex_take(hex, &w) != OK)
		return;
	printf("submitted %s\n",
	       result_name(modem_submit(modem, text_range((char *)tpdu, writer_len(&w)), clock_monotonic())));
}

/* False at the end of the commands. */
static bool command(void)
{
	char line[600];
	struct text rest, word;

	if (!fgets(line, sizeof(line), stdin))
		return false;
	rest = text_trim(text_of(line));
	if (!text_split(&rest, ' ', &word))
		return true;
	if (text_is(word, "submit"))
		submit(rest);
	else if (text_is(word, "commit"))
		modem_committed(modem, text_is(rest, "1"), clock_monotonic());
	return true;
}

static bool turn(void)
{
	struct pollfd p[2] = { { 0, POLLIN, 0 }, { tty, POLLIN, 0 } };
	uint8_t octets[512];
	bool more = true;

	fflush(stdout);
	(void)poll(p, 2, 100);
	if (p[0].revents)
		more = command();
	if (p[1].revents) {
		ssize_t n = read(tty, octets, sizeof(octets));

		if (n <= 0)
			return false;
		modem_received(modem, octets, (size_t)n, clock_monotonic());
	}
	modem_run(modem, clock_monotonic());
	return more;
}

int main(int argc, char **argv)
{
	struct modem_config config = { .timers = MODEM_TIMERS_DEFAULT };
	struct termios raw;

	if (argc < 2)
		return 2;
	config.pin = argc > 2 ? argv[2] : NULL;
	config.timers.pause_us = config.timers.command_us = 2000000;
	config.timers.send_us = 3000000;
	tty = open(argv[1], O_RDWR | O_NOCTTY);
	if (tty < 0 || tcgetattr(tty, &raw)) {
		perror(argv[1]);
		return 1;
	}
	cfmakeraw(&raw);
	(void)tcsetattr(tty, TCSANOW, &raw);
	modem = modem_new(&user, NULL, &config);
	modem_start(modem, clock_monotonic());
	while (turn())
		;
	modem_free(&modem);
	return 0;
}
