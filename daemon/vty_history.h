/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines that were typed at one terminal, to be called back with the cursor keys. No I/O. */
#ifndef DAEMON_VTY_HISTORY_H
#define DAEMON_VTY_HISTORY_H

#include <stdbool.h>

#include "core/base/text.h"

#define VTY_HISTORY_LINES 32u

struct vty_history {
	char *lines[VTY_HISTORY_LINES]; /* a ring; NULL where none is yet */
	unsigned next;			/* where the next one goes */
	unsigned back;			/* how many lines the terminal has gone back; 0 = at the line being typed */
};

/* Copies. Nothing is kept of an empty line, of the same line once more, and of one that may hold a secret. */
void vty_history_add(struct vty_history *h, struct text line);
/* The line before the one shown, and the one after it (empty at the line being typed). False: there is none. */
bool vty_history_older(struct vty_history *h, struct text *out);
bool vty_history_newer(struct vty_history *h, struct text *out);
void vty_history_clear(struct vty_history *h);

#endif
