/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys to a line: characters are added and taken at its end only, whole characters at a time. */
#include "core/base/utf8.h"
#include "daemon/cellpost_terminal.h"
#include "daemon/phone.h"

#define KEY_INTERRUPT 0x03
#define KEY_END 0x04
#define KEY_ERASE 0x08
#define KEY_KILL 0x15
#define KEY_WORD 0x17
#define KEY_ESCAPE 0x1b
#define KEY_DELETE 0x7f

enum { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_INSIDE };

void phone_edit_clear(struct phone_edit *e)
{
	*e = (struct phone_edit){ 0 };
}

static bool is_inside(char octet)
{
	return ((unsigned char)octet & 0xc0u) == 0x80u;
}

static void erase_character(struct phone_edit *e)
{
	while (e->len && is_inside(e->line[e->len - 1]))
		e->len--;
	if (e->len)
		e->len--;
}

static void erase_word(struct phone_edit *e)
{
	while (e->len && e->line[e->len - 1] == ' ')
		e->len--;
	while (e->len && e->line[e->len - 1] != ' ')
		erase_character(e);
}

/* ESC [ ... letter, ESC O letter, or ESC and one character: keys that mean nothing here. */
static void in_escape(struct phone_edit *e, uint8_t octet)
{
	if (e->escape == ESCAPE_BEGUN)
		e->escape = octet == '[' || octet == 'O' ? ESCAPE_INSIDE : ESCAPE_NONE;
	else if (octet >= 0x40)
		e->escape = ESCAPE_NONE;
}

/* An octet of a text; a character is added when it is whole, and what is none is dropped. */
static enum phone_key put(struct phone_edit *e, uint8_t octet)
{
	struct text t;
	uint32_t c;

	if (octet < 0x80 || (octet & 0xc0) == 0xc0)
		e->part_len = 0;
	if (e->part_len == sizeof(e->part))
		return PHONE_KEY_NONE;
	e->part[e->part_len++] = (char)octet;
	t = text_range(e->part, e->part_len);
	if (!utf8_take(&t, &c) || e->len + e->part_len > PHONE_EDIT_MAX)
		return PHONE_KEY_NONE;
	memcpy(e->line + e->len, e->part, e->part_len);
	e->len += e->part_len;
	e->part_len = 0;
	return PHONE_KEY_CHANGED;
}

static enum phone_key control(struct phone_edit *e, uint8_t octet)
{
	switch (octet) {
	case '\r':
	case '\n':
		return PHONE_KEY_LINE;
	case KEY_INTERRUPT:
		return PHONE_KEY_END;
	case KEY_END:
		return e->len ? PHONE_KEY_NONE : PHONE_KEY_END;
	case KEY_ERASE:
	case KEY_DELETE:
		erase_character(e);
		return PHONE_KEY_CHANGED;
	case KEY_WORD:
		erase_word(e);
		return PHONE_KEY_CHANGED;
	case KEY_KILL:
		e->len = 0;
		return PHONE_KEY_CHANGED;
	case KEY_ESCAPE:
		e->escape = ESCAPE_BEGUN;
		return PHONE_KEY_NONE;
	default:
		return PHONE_KEY_NONE;
	}
}

enum phone_key phone_edit_key(struct phone_edit *e, uint8_t octet)
{
	if (e->escape) {
		in_escape(e, octet);
		return PHONE_KEY_NONE;
	}
	if (octet == '\t')
		octet = ' ';
	return octet < 0x20 || octet == KEY_DELETE ? control(e, octet) : put(e, octet);
}

struct text phone_edit_tail(const struct phone_edit *e, unsigned columns)
{
	struct text t = text_range(e->line, e->len), rest = t;
	unsigned all = 0;
	uint32_t c;

	while (utf8_take(&rest, &c))
		all += terminal_columns(c);
	while (all > columns && utf8_take(&t, &c))
		all -= terminal_columns(c);
	return t;
}
