/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `?`, tab, help. */
#include "daemon/vty_internal.h"

static void next_words(struct session *s, const struct vty_line *words,
		       void (*each)(void *owner, struct text word, const char *help), void *owner)
{
	size_t stride;
	unsigned count;
	const void *patterns = vty_patterns(&stride, &count);

	vty_next_words(patterns, stride, count, s->mode, words, each, owner);
	if (s->mode >= VTY_CONFIG)
		configure_next_words(s, words, each, owner);
}

struct saying {
	struct session *s;
	unsigned said;
};

static void say_word(void *owner, struct text word, const char *help)
{
	struct saying *x = owner;

	x->said++;
	session_say(x->s, "  %-20.*s  %s\n", TEXT_ARGS(word), help ? help : "");
}

void help_line(struct session *s)
{
	struct saying x = { .s = s };
	struct vty_line words;

	vty_split(text_range(s->line, s->len), &words);
	if (!words.too_many)
		next_words(s, &words, say_word, &x);
	if (!x.said)
		session_say(s, "%% nothing may follow here but the end of the line\n");
}

/* What all words that may stand here have in common. */
struct completing {
	char word[64];
	size_t len;
	unsigned found;
};

static void meet_word(void *owner, struct text word, const char *help)
{
	struct completing *x = owner;
	size_t n = 0;

	(void)help;
	if (word.len >= sizeof(x->word) || (word.len && (word.at[0] < 'a' || word.at[0] > 'z')))
		return;
	if (!x->found++) {
		memcpy(x->word, word.at, word.len);
		x->len = word.len;
		return;
	}
	while (n < x->len && n < word.len && x->word[n] == word.at[n])
		n++;
	x->len = n;
}

void help_complete(struct session *s)
{
	struct completing x = { .len = 0 };
	struct vty_line words;

	vty_split(text_range(s->line, s->len), &words);
	if (words.too_many || !words.ends_open)
		return;
	size_t had = words.words[words.count - 1].len;
	next_words(s, &words, meet_word, &x);
	if (!x.found || x.len < had || s->len + x.len - had + 1 > VTY_LINE_MAX)
		return;
	struct text more = text_range(x.word + had, x.len - had);
	memcpy(s->line + s->len, more.at, more.len);
	s->len += more.len;
	session_say_text(s, more);
	if (x.found == 1) {
		s->line[s->len++] = ' ';
		session_say(s, " ");
	}
}

struct nearing {
	struct text given;
	char *to;
	size_t size, near; /* length of the best so far, 0 = none */
	bool known;
};

static void near_word(void *owner, struct text word, const char *help)
{
	struct nearing *x = owner;
	char copy[64];
	const char *pair[] = { copy, x->near ? x->to : NULL, NULL };

	(void)help;
	if (!text_copy(word, copy, sizeof(copy)))
		return;
	x->known |= text_equal(word, x->given);
	/* The nearer of this one and the best so far. */
	const char *best = config_nearest(x->given, pair);
	if (best == copy && text_copy(word, x->to, x->size))
		x->near = word.len;
}

bool help_nearest(struct session *s, struct text given, char *to, size_t size)
{
	struct nearing x = { .given = given, .to = to, .size = size };
	struct vty_line empty = { .count = 0 };

	next_words(s, &empty, near_word, &x);
	return x.near && !x.known;
}

void help_list(struct session *s)
{
	size_t stride;
	unsigned count;
	const char *patterns = vty_patterns(&stride, &count);

	if (s->mode >= VTY_CONFIG)
		configure_list(s);
	for (unsigned i = 0; i < count; i++) {
		const void *row = patterns + stride * i;
		const struct vty_pattern *p = row;
		if (p->modes & 1u << s->mode)
			session_say(s, "  %-28s %s\n", p->words, p->help);
	}
}
