/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a phone's screen makes of a message: text from any alphabet, and where a part of a long message belongs. */
#ifndef DAEMON_HANDSET_TEXT_H
#define DAEMON_HANDSET_TEXT_H

#include "core/message.h"

#define HANDSET_TEXT_MAX 4096u /* octets of what one delivery shows */
#define HANDSET_SET_KEY 320u

struct handset_part {
	struct text text;	   /* in `room`, or the message's own */
	uint8_t total, number;	   /* total <= 1: whole */
	char key[HANDSET_SET_KEY]; /* of the long message it belongs to */
};

/* Never fails: what cannot be read is shown in hexadecimal. */
void handset_text(const struct message *m, char *room, size_t size, struct handset_part *out);

#endif
