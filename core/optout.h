/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words by which a recipient says stop, or start again. A message is a command only when it is nothing but one such
 * word or phrase, in any language of the list, with any punctuation, blanks, letter case and width around it: "STOP",
 * "Stop!", "ＳＴＯＰ", "停止。" are; "please don't stop" is not. Pure.
 */
#ifndef CORE_OPTOUT_H
#define CORE_OPTOUT_H

#include <stdbool.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

#define OPTOUT_TEXT_MAX 160u /* octets: longer messages are no commands */
#define OPTOUT_LANGUAGE_MAX 8u

enum optout_command { OPTOUT_NONE, OPTOUT_STOP, OPTOUT_START, OPTOUT_HELP, OPTOUT_COMMAND_COUNT };

/* What the text asks for. `language_out` (may be NULL) gets the language of the word: "en", "ja", ...; "" for none. */
enum optout_command optout_command(struct text utf8, const char **language_out);

/* An operator's own word, beside those built in. Words are compared in normal form. */
struct optout_word {
	enum optout_command command;
	struct text language;
	struct text word;
};
/* The same with words of the operator's, which win. A word longer than OPTOUT_TEXT_MAX never matches. */
enum optout_command optout_command_with(struct text utf8, const struct optout_word *words, unsigned count,
					struct text *language_out);

/* The normal form: lower case of Latin, Greek and Cyrillic letters, full-width forms made plain, half-width katakana
 * made full, punctuation dropped at both ends, runs of blanks made one. ERR_MALFORMED for what is no UTF-8. */
MUST_CHECK enum result optout_normalise(struct text utf8, struct writer *w);

const char *optout_command_name(enum optout_command command);
/* What is answered, free of charge, in that language (English where there is none): a text for people. */
const char *optout_reply(enum optout_command command, struct text language);

#endif
