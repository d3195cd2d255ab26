/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/vty_words.h"

#include "core/base/writer.h"

#define MORE_WORDS "(more words follow)"

void vty_split(struct text line, struct vty_line *out)
{
	*out = (struct vty_line){ .ends_open =
					  line.len && line.at[line.len - 1] != ' ' && line.at[line.len - 1] != '\t' };
	for (size_t i = 0; i < line.len;) {
		while (i < line.len && (line.at[i] == ' ' || line.at[i] == '\t'))
			i++;
		size_t start = i;
		while (i < line.len && line.at[i] != ' ' && line.at[i] != '\t')
			i++;
		if (i == start)
			break;
		if (out->count == VTY_WORDS_MAX) {
			out->too_many = true;
			break;
		}
		out->words[out->count++] = text_range(line.at + start, i - start);
	}
}

bool vty_pattern_word(const char *words, unsigned n, struct text *out)
{
	struct text rest = text_of(words);

	for (unsigned i = 0; i <= n; i++) {
		if (!text_split(&rest, ' ', out))
			return false;
	}
	return true;
}

static bool is_any(struct text word)
{
	return word.len && word.at[0] >= 'A' && word.at[0] <= 'Z';
}

static bool is_prefix(struct text part, struct text word)
{
	return part.len <= word.len && (!part.len || !memcmp(part.at, word.at, part.len));
}

static const struct vty_pattern *row(const void *patterns, size_t stride, unsigned n)
{
	const char *at = patterns;
	const void *p = at + stride * n;

	return p;
}

/* How word n of a pattern fits: 0 not, 1 any word, 2 abbreviated, 3 in full. */
static unsigned fits(const struct vty_pattern *p, unsigned n, struct text given)
{
	struct text word;

	if (!vty_pattern_word(p->words, n, &word))
		return 0;
	if (is_any(word))
		return 1;
	if (text_equal(word, given))
		return 3;
	return is_prefix(given, word) ? 2 : 0;
}

/* Leaves in `live` the patterns whose words so far fit best. */
static void narrow(const void *patterns, size_t stride, unsigned count, const struct vty_line *line, unsigned words,
		   bool live[VTY_COMMANDS_MAX])
{
	for (unsigned n = 0; n < words; n++) {
		unsigned best = 0;
		for (unsigned i = 0; i < count; i++) {
			unsigned f = live[i] ? fits(row(patterns, stride, i), n, line->words[n]) : 0;
			best = f > best ? f : best;
		}
		for (unsigned i = 0; i < count; i++)
			live[i] = live[i] && best && fits(row(patterns, stride, i), n, line->words[n]) == best;
	}
}

static void of_mode(const void *patterns, size_t stride, unsigned count, unsigned mode, bool live[VTY_COMMANDS_MAX])
{
	for (unsigned i = 0; i < count; i++)
		live[i] = row(patterns, stride, i)->modes & 1u << mode;
}

/* An abbreviation means one word only: "sh" is neither of show and shutdown, though one of them may end there. */
static bool one_meaning(const void *patterns, size_t stride, unsigned count, const struct vty_line *line,
			const bool live[VTY_COMMANDS_MAX])
{
	for (unsigned n = 0; n < line->count; n++) {
		struct text first = { 0 }, word;
		for (unsigned i = 0; i < count; i++) {
			if (!live[i] || !vty_pattern_word(row(patterns, stride, i)->words, n, &word) || is_any(word))
				continue;
			if (first.len && !text_equal(first, word))
				return false;
			first = word;
		}
	}
	return true;
}

enum vty_found vty_find(const void *patterns, size_t stride, unsigned count, unsigned mode, const struct vty_line *line,
			unsigned *index_out)
{
	bool live[VTY_COMMANDS_MAX];
	unsigned whole = 0, longer = 0;
	struct text word;

	of_mode(patterns, stride, count, mode, live);
	narrow(patterns, stride, count, line, line->count, live);
	for (unsigned i = 0; i < count; i++) {
		if (!live[i])
			continue;
		if (vty_pattern_word(row(patterns, stride, i)->words, line->count, &word)) {
			longer++;
			continue;
		}
		whole++;
		*index_out = i;
	}
	if (!whole && !longer)
		return VTY_NONE;
	if (whole > 1 || !one_meaning(patterns, stride, count, line, live))
		return VTY_AMBIGUOUS;
	return whole ? VTY_FOUND : VTY_INCOMPLETE;
}

static bool told_before(const void *patterns, size_t stride, unsigned i, unsigned n, const bool live[VTY_COMMANDS_MAX],
			struct text word)
{
	struct text other;

	for (unsigned j = 0; j < i; j++) {
		if (live[j] && vty_pattern_word(row(patterns, stride, j)->words, n, &other) && text_equal(other, word))
			return true;
	}
	return false;
}

void vty_next_words(const void *patterns, size_t stride, unsigned count, unsigned mode, const struct vty_line *line,
		    void (*each)(void *owner, struct text word, const char *help), void *owner)
{
	bool live[VTY_COMMANDS_MAX];
	unsigned n = line->count - (line->ends_open ? 1 : 0);
	struct text part = line->ends_open ? line->words[n] : (struct text){ 0 };
	struct text word, more;

	of_mode(patterns, stride, count, mode, live);
	narrow(patterns, stride, count, line, n, live);
	for (unsigned i = 0; i < count; i++) {
		const struct vty_pattern *p = row(patterns, stride, i);
		if (!live[i] || !vty_pattern_word(p->words, n, &word) || (!is_any(word) && !is_prefix(part, word)))
			continue;
		if (!told_before(patterns, stride, i, n, live, word))
			each(owner, word, vty_pattern_word(p->words, n + 1, &more) ? MORE_WORDS : p->help);
	}
}

bool vty_full_words(const char *pattern, const struct vty_line *line, unsigned from, char *to, size_t size)
{
	struct writer w = writer_of(to, size - 1);
	struct text word;

	for (unsigned n = from; n < line->count; n++) {
		if (n > from)
			writer_u8(&w, ' ');
		bool known = vty_pattern_word(pattern, n, &word) && !is_any(word);
		writer_text(&w, known ? word : line->words[n]);
	}
	to[writer_len(&w)] = 0;
	return writer_ok(&w);
}
