/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine for modems: lines of the input, with submits, commits and time between them. What goes out is printable
 * and ends a line, and every submit has its end once the line is gone.
 */
#include <stdlib.h>

#include "core/base/reader.h"
#include "sms/modem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct modem *modem;
static int64_t now;
static int open_submits, open_commits;

static void on_send(void *owner, const void *octets, size_t len)
{
	struct reader r = reader_of(octets, len);

	(void)owner;
	while (reader_left(&r)) {
		uint8_t c = reader_u8(&r);

		if ((c < ' ' && c != '\r' && c != 0x1a && c != 0x1b) || c > '~')
			abort();
	}
}

static void on_state(void *owner, enum modem_state state, const char *why)
{
	(void)owner;
	if (!why || !modem_state_name(state))
		abort();
}

static void on_message(void *owner, const struct modem_message *m)
{
	(void)owner;
	if (!m->tpdu.len)
		abort();
	if (m->tpdu.len & 1)
		modem_committed(modem, true, now);
	else
		open_commits++;
}

static void on_ended(void *owner, const struct modem_end *end)
{
	(void)owner;
	(void)end;
	open_submits--;
}

static const struct modem_user user = { on_send, on_state, on_message, on_ended };

static void step(uint8_t c)
{
	switch (c) {
	case 0x80:
		open_submits += modem_submit(modem, TEXT_LITERAL("\x01\x00\x01\x80\xf1\x00\x00\x00"), now) == OK;
		break;
	case 0x81:
		now += INT64_C(10000000);
		modem_run(modem, now);
		break;
	case 0x82:
	case 0x83:
		if (open_commits)
			modem_committed(modem, c & 1, now);
		open_commits -= open_commits > 0;
		break;
	case 0x84: /* a start that goes well */
		modem_start(modem, now);
		for (unsigned i = 0; i < 12; i++)
			modem_received(modem, "OK\r\n", 4, now);
		break;
	default:
		modem_received(modem, &c, 1, now);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct modem_config config = { .pin = "1234", .timers = MODEM_TIMERS_DEFAULT };
	struct reader r = reader_of(bytes, len);

	now = 1;
	open_submits = open_commits = 0;
	modem = modem_new(&user, NULL, &config);
	step(0x84);
	while (reader_left(&r))
		step(reader_u8(&r));
	modem_line_lost(modem, now);
	if (open_submits || modem_next_us(modem) != INT64_MAX)
		abort();
	modem_free(&modem);
	return 0;
}
