/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/cellpost_terminal.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/utf8.h"

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* Marks that change the order of what is seen (Unicode TR 9), and line ends of its own. */
static bool is_direction(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f ||
	       c == 0x061c || c == 0x2028 || c == 0x2029;
}

static void put_char(struct writer *w, uint32_t c, const char *indent)
{
	if (c == '\n' && indent)
		writer_printf(w, "\n%s", indent);
	else if (c == '\n')
		writer_printf(w, "\\n");
	else if (is_control(c))
		writer_printf(w, "\\x%02x", (unsigned)c);
	else if (is_direction(c))
		writer_printf(w, "\\u{%04x}", (unsigned)c);
	else
		utf8_put(w, c);
}

void terminal_put(struct writer *w, struct text t, const char *indent)
{
	while (t.len) {
		uint32_t c;
		if (utf8_take(&t, &c)) {
			put_char(w, c, indent);
			continue;
		}
		writer_printf(w, "\\x%02x", (unsigned)(uint8_t)t.at[0]);
		t = text_range(t.at + 1, t.len - 1);
	}
}

void terminal_print(FILE *to, struct text t, const char *indent)
{
	size_t each = TERMINAL_CHAR_MAX + (indent ? strlen(indent) : 0), size = t.len * each + 1;
	char *room = must_alloc(size);
	struct writer w = writer_of(room, size);

	terminal_put(&w, t, indent);
	fwrite(room, 1, writer_len(&w), to);
	free(room);
}

/* Not wcwidth(3): the answer must not hang on the locale. Wide: East Asian Width W and F, and emoji. */
static const struct span {
	uint32_t first, last;
} wide[] = { { 0x1100, 0x115f },   { 0x231a, 0x231b },	 { 0x23e9, 0x23ec },   { 0x2e80, 0x303e },
	     { 0x3041, 0x33ff },   { 0x3400, 0x4dbf },	 { 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },
	     { 0xa960, 0xa97c },   { 0xac00, 0xd7a3 },	 { 0xf900, 0xfaff },   { 0xfe10, 0xfe19 },
	     { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },	 { 0xffe0, 0xffe6 },   { 0x1f004, 0x1f004 },
	     { 0x1f0cf, 0x1f0cf }, { 0x1f18e, 0x1f19a }, { 0x1f200, 0x1f320 }, { 0x1f32d, 0x1f64f },
	     { 0x1f680, 0x1f6fc }, { 0x1f7e0, 0x1f7eb }, { 0x1f90c, 0x1faff }, { 0x20000, 0x3fffd } },
  narrow[] = { { 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x0610, 0x061a }, { 0x064b, 0x065f },
	       { 0x093c, 0x093c }, { 0x0941, 0x0948 }, { 0x094d, 0x094d }, { 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a },
	       { 0x0e47, 0x0e4e }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x200b, 0x200d }, { 0x20d0, 0x20ff },
	       { 0x3099, 0x309a }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff }, { 0xe0100, 0xe01ef } };

static bool within(const struct span *spans, size_t count, uint32_t c)
{
	for (size_t i = 0; i < count; i++) {
		if (c >= spans[i].first && c <= spans[i].last)
			return true;
	}
	return false;
}

unsigned terminal_columns(uint32_t c)
{
	if (within(narrow, sizeof(narrow) / sizeof(narrow[0]), c))
		return 0;
	return within(wide, sizeof(wide) / sizeof(wide[0]), c) ? 2 : 1;
}
