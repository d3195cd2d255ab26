/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Terminals of handsets: lines in, JSON out. The protocol is told in lab_internal.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "core/net/listen.h"
#include "daemon/lab_internal.h"
#include "daemon/role.h"

#define PIECE (24u * 1024u) /* octets of a file in one line */

/* A terminal. It watches one handset. */
struct terminal {
	struct terminal *next;
	struct stream *stream;
	struct listener *listener;
	struct handset *handset;
	bool ended;
	/* a file on its way to it */
	struct terminal_file {
		int fd; /* 0 = none */
		struct message_id id;
		unsigned number;
		uint64_t at;
	} file;
};

static void line_begin(struct json_writer *w, char *room, size_t size, const char *event)
{
	json_writer_init(w, room, size);
	json_open_object(w);
	json_put_member_cstring(w, "event", event);
}

static void line_end(struct json_writer *w, struct terminal *t)
{
	json_close_object(w);
	struct text line = json_writer_text(w);
	if (t->ended || !line.len)
		return;
	stream_write(t->stream, line.at, line.len);
	stream_write(t->stream, "\n", 1);
}

static void say_error(struct terminal *t, const char *why)
{
	char room[512];
	struct json_writer w;

	line_begin(&w, room, sizeof(room), "error");
	json_put_member_cstring(&w, "why", why);
	line_end(&w, t);
}

static void put_files(struct json_writer *w, struct text files)
{
	struct reader r = reader_of(files.at, files.len);
	struct message_file f;
	char hash[65];
	int64_t n = 0;

	json_key(w, "files");
	json_open_array(w);
	while (message_take_file(&r, &f)) {
		struct writer h = writer_of(hash, 64);
		hex_put(&h, f.hash, sizeof(f.hash));
		json_open_object(w);
		json_put_member_int(w, "n", ++n);
		json_put_member_text(w, "media", f.media);
		json_put_member_text(w, "name", f.name);
		json_put_member_int(w, "size", (int64_t)f.size);
		json_put_member_text(w, "sha256", text_range(hash, writer_len(&h)));
		json_close_object(w);
	}
	json_close_array(w);
}

static void say_message(struct terminal *t, const struct inbox_entry *e, bool old)
{
	size_t size = 512 + 6 * (e->from.len + e->text.len) + 8 * e->files.len + 128u * MESSAGE_FILES_MAX;
	char *room = must_alloc(size);
	char at[CLOCK_TEXT_SIZE], id[MESSAGE_ID_TEXT_SIZE];
	struct json_writer w;

	line_begin(&w, room, size, "message");
	json_put_member_cstring(&w, "at", clock_text(e->at_us, at));
	json_put_member_text(&w, "from", e->from);
	json_put_member_text(&w, "text", e->text);
	if (e->bearer[0])
		json_put_member_cstring(&w, "bearer", e->bearer);
	if (e->price[0])
		json_put_member_cstring(&w, "price", e->price);
	json_put_member_cstring(&w, "id", message_id_text(e->id, id));
	if (e->files.len)
		put_files(&w, e->files);
	if (old)
		json_put_member_bool(&w, "old", true);
	line_end(&w, t);
	free(room);
}

static void say_inbox(struct terminal *t)
{
	for (const struct inbox_entry *e = handset_inbox(t->handset); e; e = e->next)
		say_message(t, e, true);
}

static void put_switches(struct json_writer *w, const struct handset *h)
{
	for (unsigned i = 0; i < HANDSET_SWITCHES; i++)
		json_put_member_bool(w, handset_switch_name(i), handset_is(h, i));
}

void lab_terminal_switched(struct handset *h)
{
	for (struct terminal *t = lab.terminals; t; t = t->next) {
		char room[160];
		struct json_writer w;
		if (t->handset != h)
			continue;
		line_begin(&w, room, sizeof(room), "switched");
		json_put_member_bool(&w, "on", handset_on(h));
		put_switches(&w, h);
		line_end(&w, t);
	}
}

static void command_phone(struct terminal *t, struct text number)
{
	char room[256], normal[HANDSET_NUMBER_MAX + 1];
	struct json_writer w;
	const char *why = "";
	unsigned n = 0;

	if (address_normalise(number, normal, sizeof(normal), &why)) {
		say_error(t, why);
		return;
	}
	struct handset *h = handset_find(lab.handsets, text_of(normal));
	if (!h && lab.any)
		h = handset_get(lab.handsets, text_of(normal));
	if (!h) {
		say_error(
			t,
			"no handset has this number: add `handset NUMBER` to the configuration, or `any yes` to `lab`");
		return;
	}
	t->handset = h;
	for (const struct inbox_entry *e = handset_inbox(h); e; e = e->next)
		n++;
	line_begin(&w, room, sizeof(room), "ready");
	json_put_member_text(&w, "number", handset_number(h));
	json_put_member_bool(&w, "on", handset_on(h));
	put_switches(&w, h);
	json_put_member_int(&w, "inbox", n);
	line_end(&w, t);
	say_inbox(t);
}

static void say_refused(struct terminal *t, const char *to, const char *why)
{
	char room[1024];
	struct json_writer w;

	line_begin(&w, room, sizeof(room), "refused");
	json_put_member_cstring(&w, "to", to);
	json_put_member_cstring(&w, "why", why);
	line_end(&w, t);
}

/* --- files to it ----------------------------------------------------------------------------------------------------
 */

static void file_end(struct terminal *t)
{
	if (t->file.fd > 0)
		close(t->file.fd);
	t->file.fd = 0;
}

/* False: that was all of it, or it cannot be read. */
static bool say_piece(struct terminal *t)
{
	uint8_t piece[PIECE];
	char room[2 * PIECE], id[MESSAGE_ID_TEXT_SIZE], coded[PIECE / 3 * 4 + 8];
	ssize_t n = pread(t->file.fd, piece, sizeof(piece), (off_t)t->file.at);
	struct writer c = writer_of(coded, sizeof(coded));
	struct json_writer w;

	if (n < 0) {
		say_error(t, "the file cannot be read");
		return false;
	}
	base64_put(&c, piece, (size_t)n, false);
	line_begin(&w, room, sizeof(room), "file");
	json_put_member_cstring(&w, "id", message_id_text(t->file.id, id));
	json_put_member_int(&w, "n", t->file.number + 1);
	json_put_member_text(&w, "data", text_range(coded, writer_len(&c)));
	if (!n)
		json_put_member_bool(&w, "last", true);
	line_end(&w, t);
	t->file.at += (uint64_t)n;
	return n > 0;
}

static void say_pieces(struct terminal *t)
{
	while (t->file.fd > 0 && !t->ended && stream_room(t->stream)) {
		if (!say_piece(t))
			file_end(t);
	}
}

static void command_file(struct terminal *t, struct text rest)
{
	struct text id = { 0 };
	uint64_t number = 0;

	(void)text_split(&rest, ' ', &id);
	if (t->file.fd > 0) {
		say_error(t, "one file at a time");
		return;
	}
	struct terminal_file f = { 0 };
	if (!message_id_parse(id, &f.id) || !text_to_u64(text_trim(rest), MESSAGE_FILES_MAX, &number) || !number) {
		say_error(t, "file ID N");
		return;
	}
	f.number = (unsigned)number - 1;
	f.fd = handset_has(t->handset, f.id) ? lab_files_open(f.id, f.number) : -1;
	if (f.fd < 0) {
		say_error(t, "this file is not at hand, or no longer");
		return;
	}
	t->file = f;
	say_pieces(t);
}

/* --- messages of it --------------------------------------------------------------------------------------------------
 */

static bool take_to(struct terminal *t, struct text given, char to[MESSAGE_ADDRESS_MAX + 1])
{
	const char *why = "";

	if (address_normalise(given, to, MESSAGE_ADDRESS_MAX + 1, &why)) {
		say_error(t, why);
		return false;
	}
	if (handset_on(t->handset))
		return true;
	say_refused(t, to, "this handset is switched off");
	return false;
}

static void command_send(struct terminal *t, struct text rest)
{
	char to[MESSAGE_ADDRESS_MAX + 1];
	struct text given;

	if (!text_split(&rest, ' ', &given) || !given.len || !rest.len) {
		say_error(t, "send TO TEXT");
		return;
	}
	if (!take_to(t, given, to))
		return;
	const char *why = lab_send(t->handset, to, rest);
	if (why)
		say_refused(t, to, why);
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
		say_error(t, "attach TO MEDIA NAME BASE64, at most 128 KiB");
	else if (take_to(t, given, to))
		why = lab_attach(t->handset, to, media, spaced(name, room),
				 text_range((const char *)bytes, writer_len(&w)));
	if (why)
		say_refused(t, to, why);
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
		say_error(t, "say `phone NUMBER` first");
	else if (text_is(word, "send"))
		command_send(t, rest);
	else if (text_is(word, "attach"))
		command_attach(t, rest);
	else if (text_is(word, "file"))
		command_file(t, rest);
	else if (text_is(word, "inbox"))
		say_inbox(t);
	else if (lab_switched_by(t->handset, word, text_trim(rest)))
		return;
	else if (word.len) {
		counter_add(lab.bad_lines, 1);
		say_error(t, "known: phone NUMBER, send TO TEXT, attach TO MEDIA NAME BASE64, file ID N, on, off, "
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
		say_error(t, "the line is too long");
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
	file_end(t);
	listener_released(t->listener);
	stream_free(&t->stream);
	free(t);
}

static void room(void *owner, struct stream *stream)
{
	(void)stream;
	say_pieces(owner);
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

/* --- what is new on the handset
 * ---------------------------------------------------------------------------------------- */

void lab_terminal_show(struct handset *h, const struct inbox_entry *e)
{
	for (struct terminal *t = lab.terminals; t; t = t->next) {
		if (t->handset == h)
			say_message(t, e, false);
	}
}

static void say_sent(struct terminal *t, const char *to, struct message_id id)
{
	char room_of[1024], text[MESSAGE_ID_TEXT_SIZE];
	struct json_writer w;

	line_begin(&w, room_of, sizeof(room_of), "sent");
	json_put_member_cstring(&w, "to", to);
	json_put_member_cstring(&w, "id", message_id_text(id, text));
	line_end(&w, t);
}

void lab_terminal_outcome(struct text number, const char *to, const struct message_id *id, const char *why)
{
	for (struct terminal *t = lab.terminals; t; t = t->next) {
		if (!t->handset || !text_equal(handset_number(t->handset), number))
			continue;
		if (id)
			say_sent(t, to, *id);
		else
			say_refused(t, to, why);
	}
}
