/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words of the configuration language: names, look-ups, and what a wrong word may have been meant to be. */
#include "core/config_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define WORD_MAX 64u /* longer words are never near to one of ours */
#define WORDS_MAX 256u

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
static unsigned distance(struct text a, struct text b)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *two = rows[0], *one = rows[1], *now = rows[2];

	for (unsigned j = 0; j <= b.len; j++)
		one[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		now[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned differs = a.at[i - 1] != b.at[j - 1];
			now[j] = least(least(one[j] + 1, now[j - 1] + 1), one[j - 1] + differs);
			if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
				now[j] = least(now[j], two[j - 2] + 1);
		}
		unsigned *free_row = two;
		two = one;
		one = now;
		now = free_row;
	}
	return one[b.len];
}

const char *config_nearest(struct text given, const char *const *words)
{
	const char *nearest = NULL;
	unsigned best = UINT32_MAX;

	if (!given.len || given.len > WORD_MAX)
		return NULL;
	for (; *words; words++) {
		struct text word = text_of(*words);
		if (word.len > WORD_MAX)
			continue;
		unsigned d = distance(given, word);
		size_t longer = given.len > word.len ? given.len : word.len;
		if (d < best && d * 3 <= longer) {
			best = d;
			nearest = *words;
		}
	}
	return nearest;
}

bool config_name_good(struct text name)
{
	if (!name.len || name.len > CONFIG_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !(c >= '0' && c <= '9') && !(c && strchr("._-@+", c)))
			return false;
	}
	return true;
}

int config_knob_index(const struct node_kind *kind, struct text name)
{
	for (unsigned i = 0; i < kind->knobs_count; i++) {
		if (text_is(name, kind->knobs[i].name))
			return (int)i;
	}
	return -1;
}

static void suggest(struct text given, const char *const *words, char *to, size_t size)
{
	struct writer w = writer_of(to, size - 1);
	const char *nearest = config_nearest(given, words);

	if (nearest) {
		writer_printf(&w, "; did you mean `%s`?", nearest);
	} else {
		writer_printf(&w, "; known are: ");
		for (unsigned i = 0; words[i]; i++)
			writer_printf(&w, i ? ", %s" : "%s", words[i]);
	}
	to[writer_len(&w)] = 0;
}

void config_suggest_kind(const struct config *config, struct text given, char *to, size_t size)
{
	const char *words[WORDS_MAX + 1] = { NULL };

	for (unsigned i = 0; i < config->kinds_count && i < WORDS_MAX; i++)
		words[i] = config->kinds[i]->name;
	suggest(given, words, to, size);
}

void config_suggest_knob(const struct node_kind *kind, struct text given, char *to, size_t size)
{
	const char *words[WORDS_MAX + 1] = { NULL };

	for (unsigned i = 0; i < kind->knobs_count && i < WORDS_MAX; i++)
		words[i] = kind->knobs[i].name;
	suggest(given, words, to, size);
}

struct text config_take_word(struct text *rest)
{
	struct text line = text_trim(*rest);
	size_t n = 0;

	while (n < line.len && line.at[n] != ' ' && line.at[n] != '\t')
		n++;
	*rest = text_trim(text_range(line.at + n, line.len - n));
	return text_range(line.at, n);
}
