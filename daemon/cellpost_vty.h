/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Talking to the VTY as a program: what it sends, up to the prompt that ends an answer. */
#ifndef DAEMON_CELLPOST_VTY_H
#define DAEMON_CELLPOST_VTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "daemon/vty_telnet.h"

#define VTY_ANSWER_SIZE_MAX (16u * 1024u * 1024u)

/* Zeroed it is ready. */
struct vty_answer {
	struct telnet telnet;
	char *at; /* what came since the last prompt, telnet's own octets and CR taken out */
	size_t len, size;
};

/* Takes octets; *prompt_out: a prompt stands at the end. One counts only where
 * nothing follows it in what came. */
void vty_answer_take(struct vty_answer *a, const uint8_t *bytes, size_t n, bool *prompt_out);
/* What stood before the prompt. */
struct text vty_answer_text(const struct vty_answer *a);
void vty_answer_next(struct vty_answer *a);
void vty_answer_clear(struct vty_answer *a);

/* Connects, types one line, and waits for the whole answer (cellpost_vty.c). ERR_MALFORMED, ERR_NOT_FOUND for the
 * address, ERR_CLOSED when nobody listens, ERR_TIMEOUT when the answer is not whole; what came is in `answer`. */
MUST_CHECK enum result vty_ask(const char *where, const char *line, struct vty_answer *answer, const char **why_out);

#endif
