/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every link of this folder keeps of itself for people, and its row in the table of all links: SMPP links and
 * clients, phones over GSUP and SGs, modems. Numbers are of this process: a restarted role begins at zero.
 */
#ifndef SMS_LINK_LIFE_H
#define SMS_LINK_LIFE_H

#include "core/ipc_messages.h"

#define LINK_ERROR_SIZE 64u
#define LINK_ROW_SIZE 512u

struct link_life {
	bool up, said;
	int64_t since_us; /* monotonic: of the state */
	uint64_t sent, refused, back, doubt;
	char error[LINK_ERROR_SIZE]; /* of the last delivery that did not arrive; cut to fit */
};

/* Beside channel_link() and channel_result(). */
void link_life_up(struct link_life *life, bool up);
void link_life_result(struct link_life *life, const struct ipc_result *result);

struct link_row {
	const char *name;
	const struct link_life *life;
	uint32_t window, in_flight, waiting; /* unanswered at most; unanswered; not sent yet */
	int64_t throttled;		     /* -1: this kind of link knows no such thing */
};

const char *link_row_head(void);
/* Without a newline. Returns `to`. */
const char *link_row_text(const struct link_row *row, char to[LINK_ROW_SIZE]);

#endif
