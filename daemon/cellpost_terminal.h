/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts that others wrote, on the operator's terminal: what could move the cursor, change colours, answer for the user
 * or turn the writing around is shown, never sent.
 */
#ifndef DAEMON_CELLPOST_TERMINAL_H
#define DAEMON_CELLPOST_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/text.h"
#include "core/base/writer.h"

#define TERMINAL_CHAR_MAX 12u /* octets that one octet of a text may become */

/* Printable UTF-8 stands for itself. Control characters become \xNN, those of direction \u{NNNN}, octets that are no
 * UTF-8 \xNN. A line end becomes "\n" and two more characters, or, with an indent, a line end and that indent. */
void terminal_put(struct writer *w, struct text t, const char *indent);
void terminal_print(FILE *to, struct text t, const char *indent);
/* Terminal columns of a character: 0 (combining), 1 or 2. */
unsigned terminal_columns(uint32_t character);

#endif
