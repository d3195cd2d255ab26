/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `cellpost phone`: a handset of the lab network in a terminal. What its parts share: phone_line.c (lines typed, lines
 * received), phone_edit.c (keys to a line), phone_screen.c (what is seen), phone_file.c (files saved and sent), phone.c
 * (sockets and time). The first two are pure. The protocol is told in lab_internal.h.
 */
#ifndef DAEMON_PHONE_H
#define DAEMON_PHONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text.h"
#include "core/net/json.h"

/* --- phone_line.c --- */

enum phone_action {
	PHONE_NOTHING, /* an empty line */
	PHONE_SEND,    /* `to` and `text` */
	PHONE_ON,
	PHONE_OFF,
	PHONE_SWITCH, /* `to`: "rcs", "data", "roaming" or "mms"; `text`: "on" or "off" */
	PHONE_SAVE,   /* `text`: a folder, or empty */
	PHONE_ATTACH, /* `to`, and `text`: a file's path */
	PHONE_INBOX,
	PHONE_QUIT,
	PHONE_HELP,
	PHONE_WRONG, /* `why` says what to type instead */
};

struct phone_typed {
	enum phone_action action;
	struct text to, text; /* views of the line, or of the last sender */
	const char *why;      /* lives until the next call */
};

/* A typed line: a text answers `last` (empty = nobody yet), "/to NUMBER TEXT" anybody, "//x" is the text "/x". */
struct phone_typed phone_typed(struct text line, struct text last);

enum phone_event_kind {
	PHONE_EVENT_READY,
	PHONE_EVENT_MESSAGE,
	PHONE_EVENT_SENT,
	PHONE_EVENT_REFUSED,
	PHONE_EVENT_SWITCHED,
	PHONE_EVENT_ERROR,
	PHONE_EVENT_FILE,  /* a piece of a file */
	PHONE_EVENT_OTHER, /* of a newer gateway: passed over */
};

struct phone_event {
	enum phone_event_kind kind;
	bool on, old, rcs, data_on, roaming, mms, last;
	int64_t inbox;
	struct text number, at, from, to, text, id, why, bearer, price, data; /* live as long as the document */
	const struct json_value *files;
};

/* A line of the gateway. False when it is no such object. */
bool phone_event(struct text line, struct json_doc **doc_out, struct phone_event *out);

/* --- phone_edit.c --- */

#define PHONE_EDIT_MAX 2000u /* octets of a typed line */

enum phone_key { PHONE_KEY_NONE, PHONE_KEY_CHANGED, PHONE_KEY_LINE, PHONE_KEY_END };

/* Zeroed it is empty. */
struct phone_edit {
	char line[PHONE_EDIT_MAX];
	size_t len;
	char part[4]; /* octets of a character that is not complete */
	size_t part_len;
	unsigned escape; /* inside a key's escape sequence */
};

/* One octet of a terminal in raw mode. PHONE_KEY_LINE: `line` is complete, phone_edit_clear() afterwards. */
enum phone_key phone_edit_key(struct phone_edit *e, uint8_t octet);
void phone_edit_clear(struct phone_edit *e);
/* The end of the line that fits in so many columns. */
struct text phone_edit_tail(const struct phone_edit *e, unsigned columns);

/* --- phone_screen.c --- */

struct phone_screen {
	bool terminal; /* raw mode, a prompt that is redrawn; else lines in, lines out */
	char last[64]; /* whom a text answers; empty = nobody */
	struct phone_edit edit;
};

void phone_screen_open(struct phone_screen *s);
void phone_screen_close(struct phone_screen *s);
void phone_screen_event(struct phone_screen *s, const struct phone_event *e);
void phone_screen_sending(struct phone_screen *s, struct text to, struct text text);
void phone_screen_say(struct phone_screen *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void phone_screen_help(struct phone_screen *s);
void phone_screen_prompt(struct phone_screen *s); /* draws it, where there is one */

#endif
