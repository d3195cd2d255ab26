/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/vty_telnet.h"

#define IAC 255u
#define DONT 254u
#define DO 253u
#define WONT 252u
#define WILL 251u
#define SB 250u
#define SE 240u
#define OPTION_ECHO 1u
#define OPTION_SGA 3u
#define ESCAPE 0x1bu
#define CURSOR_UP 'A'
#define CURSOR_DOWN 'B'

void telnet_offer(struct writer *w)
{
	static const uint8_t offer[] = { IAC, WILL, OPTION_ECHO, IAC, WILL, OPTION_SGA };

	writer_bytes(w, offer, sizeof(offer));
}

static void answer(struct telnet *t, uint8_t command, uint8_t option, struct writer *w)
{
	if (t->answers >= TELNET_ANSWERS_MAX)
		return;
	t->answers++;
	writer_u8(w, IAC);
	writer_u8(w, command);
	writer_u8(w, option);
}

/* Of what the other side wants or offers nothing but echo and SGA is taken; an acknowledged refusal is not answered. */
static void option(struct telnet *t, uint8_t which, struct writer *w)
{
	if (which == OPTION_ECHO && (t->command == DO || t->command == DONT))
		t->echo = t->command == DO;
	else if (t->command == DO && which != OPTION_SGA)
		answer(t, WONT, which, w);
	else if (t->command == WILL && which != OPTION_SGA)
		answer(t, DONT, which, w);
}

static void command(struct telnet *t, uint8_t octet)
{
	t->command = octet;
	if (octet >= WILL && octet <= DONT)
		t->state = TELNET_OPTION;
	else
		t->state = octet == SB ? TELNET_SUB : TELNET_DATA;
}

/* CR LF, CR NUL and LF alone end a line. */
static int data(struct telnet *t, uint8_t octet)
{
	bool after_cr = t->after_cr;

	t->after_cr = octet == '\r';
	if (after_cr && (octet == '\n' || !octet))
		return -1;
	if (octet == '\r')
		return '\n';
	if (octet == ESCAPE) {
		t->state = TELNET_ESCAPE;
		return -1;
	}
	return octet;
}

int telnet_take(struct telnet *t, uint8_t octet, struct writer *w)
{
	switch (t->state) {
	case TELNET_DATA:
		if (octet != IAC)
			return data(t, octet);
		t->state = TELNET_COMMAND;
		break;
	case TELNET_COMMAND:
		command(t, octet);
		break;
	case TELNET_OPTION:
		t->state = TELNET_DATA;
		option(t, octet, w);
		break;
	case TELNET_SUB:
		if (octet == IAC)
			t->state = TELNET_SUB_COMMAND;
		break;
	case TELNET_SUB_COMMAND:
		t->state = octet == SE ? TELNET_DATA : TELNET_SUB;
		break;
	case TELNET_ESCAPE: /* cursor keys: ESC [ ... letter */
		t->state = octet == '[' || octet == 'O' ? TELNET_CSI : TELNET_DATA;
		break;
	case TELNET_CSI:
		if (octet < 0x40)
			break;
		t->state = TELNET_DATA;
		if (octet == CURSOR_UP)
			return TELNET_KEY_OLDER;
		if (octet == CURSOR_DOWN)
			return TELNET_KEY_NEWER;
		break;
	}
	return -1;
}
