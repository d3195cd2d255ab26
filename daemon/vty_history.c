/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/vty_history.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

/* The line `back` before the next one; NULL when it was never typed. */
static char **place(struct vty_history *h, unsigned back)
{
	return &h->lines[(h->next + VTY_HISTORY_LINES - back) % VTY_HISTORY_LINES];
}

static bool may_hold_secret(struct text line)
{
	return memmem(line.at, line.len, "secret", 6) || memmem(line.at, line.len, "password", 8);
}

void vty_history_add(struct vty_history *h, struct text line)
{
	char **last = place(h, 1), **next = &h->lines[h->next];

	h->back = 0;
	line = text_trim(line);
	if (!line.len || (*last && text_is(line, *last)) || may_hold_secret(line))
		return;
	free(*next);
	*next = must_alloc(line.len + 1);
	memcpy(*next, line.at, line.len);
	h->next = (h->next + 1) % VTY_HISTORY_LINES;
}

bool vty_history_older(struct vty_history *h, struct text *out)
{
	if (h->back == VTY_HISTORY_LINES || !*place(h, h->back + 1))
		return false;
	h->back++;
	*out = text_of(*place(h, h->back));
	return true;
}

bool vty_history_newer(struct vty_history *h, struct text *out)
{
	if (!h->back)
		return false;
	h->back--;
	*out = h->back ? text_of(*place(h, h->back)) : (struct text){ 0 };
	return true;
}

void vty_history_clear(struct vty_history *h)
{
	for (unsigned i = 0; i < VTY_HISTORY_LINES; i++)
		free(h->lines[i]);
	*h = (struct vty_history){ 0 };
}
