/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The telnet protocol's own octets (RFC 854, 857, 858), taken out of what a terminal sends. Bytes in, bytes out. */
#ifndef DAEMON_VTY_TELNET_H
#define DAEMON_VTY_TELNET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/writer.h"

#define TELNET_ANSWERS_MAX 32u /* refusals of one session; what is asked after that is not answered */

/* What the cursor keys up and down are told as, and what Ctrl-P and Ctrl-N send. */
#define TELNET_KEY_OLDER 0x10
#define TELNET_KEY_NEWER 0x0e

enum telnet_state {
	TELNET_DATA,
	TELNET_COMMAND,
	TELNET_OPTION,
	TELNET_SUB,
	TELNET_SUB_COMMAND,
	TELNET_ESCAPE,
	TELNET_CSI
};

struct telnet {
	enum telnet_state state;
	uint8_t command;
	unsigned answers;
	bool echo; /* the terminal lets us echo: it sends each key */
	bool after_cr;
};

/* What we offer: to echo, and to send without go-aheads. To be sent first. */
void telnet_offer(struct writer *w);
/* One octet. Returns a character ('\n' for any end of line), or -1 when it was the protocol's. What must be answered is
 * written to w (3 octets at most). */
int telnet_take(struct telnet *t, uint8_t octet, struct writer *w);

#endif
