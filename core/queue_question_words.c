/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a phone's answer. */
#include "core/optout.h"
#include "core/queue_question.h"

#define CODE_DIGITS_MAX 6u

static const struct {
	const char *word;
	bool yes;
} words[] = {
	{ "yes", true }, { "y", true },	 { "ok", true },      { "はい", true },	   { "送信", true },
	{ "no", false }, { "n", false }, { "cancel", false }, { "いいえ", false }, { "取消", false },
};

/* Digits alone, or nothing. */
static bool take_code(struct text t, unsigned *code_out)
{
	uint64_t code = 0;

	*code_out = 0;
	if (!t.len)
		return true;
	if (t.len > CODE_DIGITS_MAX || !text_to_u64(t, 999999, &code))
		return false;
	*code_out = (unsigned)code;
	return true;
}

/* The word with the code behind it or before it. */
static bool matches(struct text t, const char *word, unsigned *code_out)
{
	size_t n = strlen(word);

	if (t.len < n)
		return false;
	if (!memcmp(t.at, word, n) && take_code(text_trim(text_range(t.at + n, t.len - n)), code_out))
		return true;
	return !memcmp(t.at + t.len - n, word, n) && take_code(text_trim(text_range(t.at, t.len - n)), code_out);
}

bool queue_question_parse(struct text utf8, bool *yes_out, unsigned *code_out)
{
	char room[OPTOUT_TEXT_MAX * 3];
	struct writer w = writer_of(room, sizeof(room));

	if (utf8.len > OPTOUT_TEXT_MAX || optout_normalise(utf8, &w) != OK || !writer_ok(&w))
		return false;
	struct text t = text_trim(text_range(room, writer_len(&w)));
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (matches(t, words[i].word, code_out)) {
			*yes_out = words[i].yes;
			return true;
		}
	}
	return false;
}
