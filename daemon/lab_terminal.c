/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Terminals: their connections and the lines they say. */
#include "daemon/lab_terminal.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/hex.h"
#include "core/net/listen.h"
#include "daemon/role.h"

static void command_phone(struct terminal *t, struct text number)
{
	char normal[HANDSET_NUMBER_MAX + 1];
	const char *why = "";

	if (address_normalise(number, normal, sizeof(normal), &why)) {
		lab_say_error(t, why);
		return;
	}
	struct handset *h = handset_find(lab.handsets, text_of(normal));
	if (!h && lab.any)
		h = handset_get(lab.handsets, text_of(normal));
	if (!h) {
		lab_say_error(t, "no handset has this number: add `handset NUMBER` to the configuration, or `any yes` "
				 "to `lab`");
		return;
	}
	t->handset = h;
	lab_say_ready(t);
}

/* --- messages of it --------------------------------------------------------------------------- */

static bool take_to(struct terminal *t, struct text given, char to[MESSAGE_ADDRESS_MAX + 1])
{
	const char *why = "";

	if (address_normalise(given, to, MESSAGE_ADDRESS_MAX + 1, &why)) {
		lab_say_error(t, why);
		return false;
	}
	if (handset_on(t->handset))
		return true;
	lab_say_refused(t, to, "this handset is switched off");
	return false;
}

static void command_send(struct terminal *t, struct text rest)
{
	char to[MESSAGE_ADDRESS_MAX + 1];
	struct text given;

	if (!text_split(&rest, ' ', &given) || !given.len || !rest.len) {
		lab_say_error(t, "send TO TEXT");
		return;
	}
	if (!take_to(t, given, to))
		return;
	const char *why = lab_send(t->handset, to, rest);
	if (why)
		lab_say_refused(t, to, why);
}

/* Names have no spaces on the line: "/" stands for one, which no name holds. */
static struct text spaced(struct text name, char room[MESSAGE_FILE_NAME_MAX + 1])
{
	if (!text_copy(name, room, MESSAGE_FILE_NAME_MAX + 1))
		return (struct text){ 0 };
	for (char *at = room; *at; at++) {
		if (*at == '/')
			*at = ' ';
	}
	return text_of(room);
}

static void command_attach(struct terminal *t, struct text rest)
{
	char to[MESSAGE_ADDRESS_MAX + 1], room[MESSAGE_FILE_NAME_MAX + 1];
	struct text given = { 0 }, media = { 0 }, name = { 0 };
	bool good = text_split(&rest, ' ', &given) && text_split(&rest, ' ', &media) && text_split(&rest, ' ', &name);
	uint8_t *bytes = must_alloc(LAB_ATTACHED_MAX);
	struct writer w = writer_of(bytes, LAB_ATTACHED_MAX);
	const char *why = NULL;

	if (!good || !media.len || media.len > MESSAGE_MEDIA_MAX || base64_take(rest, &w) != OK || !writer_ok(&w) ||
	    !writer_len(&w))
		lab_say_error(t, "attach TO MEDIA NAME BASE64, at most 128 KiB");
	else if (take_to(t, given, to))
		why = lab_attach(t->handset, to, media, spaced(name, room),
				 text_range((const char *)bytes, writer_len(&w)));
	if (why)
		lab_say_refused(t, to, why);
	free(bytes);
}

static void command(struct terminal *t, struct text line)
{
	struct text word = { 0 }, rest = line;

	(void)text_split(&rest, ' ', &word);
	if (text_is(word, "phone"))
		command_phone(t, text_trim(rest));
	else if (text_is(word, "quit"))
		stream_finish(t->stream);
	else if (!t->handset)
		lab_say_error(t, "say `phone NUMBER` first");
	else if (text_is(word, "send"))
		command_send(t, rest);
	else if (text_is(word, "attach"))
		command_attach(t, rest);
	else if (text_is(word, "file"))
		lab_terminal_file(t, rest);
	else if (text_is(word, "inbox"))
		lab_say_inbox(t);
	else if (lab_switched_by(t->handset, word, text_trim(rest)))
		return;
	else if (word.len) {
		counter_add(lab.bad_lines, 1);
		lab_say_error(t, "known: phone NUMBER, send TO TEXT, attach TO MEDIA NAME BASE64, file ID N, on, off, "
				 "rcs, data, roaming or mms on or off, inbox, quit");
	}
}

static size_t received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	struct terminal *t = owner;
	size_t taken = 0;

	(void)stream;
	while (!t->ended) {
		const uint8_t *end = memchr(bytes + taken, '\n', n - taken);
		if (!end)
			break;
		size_t len = (size_t)(end - (bytes + taken));
		command(t, text_trim(text_range((const char *)bytes + taken, len)));
		taken += len + 1;
	}
	if (n - taken > LAB_LINE_MAX) {
		counter_add(lab.bad_lines, 1);
		lab_say_error(t, "the line is too long");
		stream_finish(t->stream);
		return n;
	}
	return taken;
}

static void closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	struct terminal *t = owner, **at = &lab.terminals;

	(void)stream;
	(void)why;
	(void)text;
	t->ended = true;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	lab_terminal_file_end(t);
	listener_released(t->listener);
	stream_free(&t->stream);
	free(t);
}

static void room(void *owner, struct stream *stream)
{
	(void)stream;
	lab_terminal_pieces(owner);
}

static const struct stream_handler terminal_handler = { .received = received, .closed = closed, .room = room };

void lab_terminal_new(int fd, struct listener *listener)
{
	struct terminal *t = must_alloc(sizeof(*t));

	t->listener = listener;
	t->stream = stream_accept(role_loop(), fd, NULL, &terminal_handler, t);
	t->next = lab.terminals;
	lab.terminals = t;
}
