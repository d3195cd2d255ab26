/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Command lines: a table of patterns, found by words that may be abbreviated as long as one meaning is left. A pattern
 * is words; one in capitals stands for any word of the line ("show message ID").
 */
#ifndef DAEMON_VTY_WORDS_H
#define DAEMON_VTY_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/text.h"

#define VTY_WORDS_MAX 16u
#define VTY_COMMANDS_MAX 64u

struct vty_line {
	struct text words[VTY_WORDS_MAX];
	unsigned count;
	bool too_many;
	bool ends_open; /* the last word is not finished: no blank behind it */
};

struct vty_pattern {
	const char *words;
	unsigned modes; /* bits of enum vty_mode */
	const char *help;
};

enum vty_found { VTY_NONE, VTY_AMBIGUOUS, VTY_INCOMPLETE, VTY_FOUND };

void vty_split(struct text line, struct vty_line *out);
/* Word n of a pattern; false at its end. */
bool vty_pattern_word(const char *words, unsigned n, struct text *out);
/* `stride` octets from pattern to pattern: they may be the first members of larger rows. */
enum vty_found vty_find(const void *patterns, size_t stride, unsigned count, unsigned mode, const struct vty_line *line,
			unsigned *index_out);
/* Calls `each` once for every word that may stand at the line's end (instead of its last word, when that is open).
 * `help` is that of the pattern that ends there. */
void vty_next_words(const void *patterns, size_t stride, unsigned count, unsigned mode, const struct vty_line *line,
		    void (*each)(void *owner, struct text word, const char *help), void *owner);
/* The line's words, the pattern's in full, from word `from` on, with single blanks; false when it does not fit. */
bool vty_full_words(const char *pattern, const struct vty_line *line, unsigned from, char *to, size_t size);

#endif
