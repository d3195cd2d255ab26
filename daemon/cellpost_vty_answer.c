/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/reader.h"
#include "daemon/cellpost_vty.h"

static struct text last_line(const struct vty_answer *a)
{
	if (!a->len)
		return text_range("", 0);
	const char *end = memrchr(a->at, '\n', a->len);
	size_t from = end ? (size_t)(end - a->at) + 1 : 0;

	return text_range(a->at + from, a->len - from);
}

/* "cellpost> ", "cellpost# ", "cellpost(config-x)# " */
static bool is_prompt(struct text line)
{
	if (line.len < 10 || !text_starts(line, "cellpost") || line.at[line.len - 1] != ' ')
		return false;
	char mark = line.at[line.len - 2], after = line.at[8];
	return (mark == '>' || mark == '#') && (line.len == 10 || after == '(');
}

static void put(struct vty_answer *a, char c)
{
	if (a->len == VTY_ANSWER_SIZE_MAX)
		return;
	if (a->len == a->size) {
		a->size = a->size ? a->size * 2 : 4096;
		a->at = must_realloc(a->at, a->size);
	}
	a->at[a->len++] = c;
}

void vty_answer_take(struct vty_answer *a, const uint8_t *bytes, size_t n, bool *prompt_out)
{
	struct reader r = reader_of(bytes, n);
	uint8_t dropped[8];

	while (reader_left(&r)) {
		struct writer w = writer_of(dropped, sizeof(dropped));
		int c = telnet_take(&a->telnet, reader_u8(&r), &w);
		if (c >= 0)
			put(a, (char)c);
	}
	*prompt_out = is_prompt(last_line(a));
}

struct text vty_answer_text(const struct vty_answer *a)
{
	struct text prompt = last_line(a);

	return text_range(a->at, is_prompt(prompt) ? a->len - prompt.len : a->len);
}

void vty_answer_next(struct vty_answer *a)
{
	a->len = 0;
}

void vty_answer_clear(struct vty_answer *a)
{
	free(a->at);
	*a = (struct vty_answer){ 0 };
}
