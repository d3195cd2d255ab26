/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a terminal hears. */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "daemon/lab_terminal.h"

void lab_say_begin(struct json_writer *w, char *room, size_t size, const char *event)
{
	json_writer_init(w, room, size);
	json_open_object(w);
	json_put_member_cstring(w, "event", event);
}

void lab_say_end(struct json_writer *w, struct terminal *t)
{
	json_close_object(w);
	struct text line = json_writer_text(w);
	if (t->ended || !line.len)
		return;
	stream_write(t->stream, line.at, line.len);
	stream_write(t->stream, "\n", 1);
}

void lab_say_error(struct terminal *t, const char *why)
{
	char room[512];
	struct json_writer w;

	lab_say_begin(&w, room, sizeof(room), "error");
	json_put_member_cstring(&w, "why", why);
	lab_say_end(&w, t);
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

	lab_say_begin(&w, room, size, "message");
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
	lab_say_end(&w, t);
	free(room);
}

void lab_say_inbox(struct terminal *t)
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
		lab_say_begin(&w, room, sizeof(room), "switched");
		json_put_member_bool(&w, "on", handset_on(h));
		put_switches(&w, h);
		lab_say_end(&w, t);
	}
}

void lab_say_ready(struct terminal *t)
{
	char room[256];
	struct json_writer w;
	unsigned n = 0;

	for (const struct inbox_entry *e = handset_inbox(t->handset); e; e = e->next)
		n++;
	lab_say_begin(&w, room, sizeof(room), "ready");
	json_put_member_text(&w, "number", handset_number(t->handset));
	json_put_member_bool(&w, "on", handset_on(t->handset));
	put_switches(&w, t->handset);
	json_put_member_int(&w, "inbox", n);
	lab_say_end(&w, t);
	lab_say_inbox(t);
}

void lab_say_refused(struct terminal *t, const char *to, const char *why)
{
	char room[1024];
	struct json_writer w;

	lab_say_begin(&w, room, sizeof(room), "refused");
	json_put_member_cstring(&w, "to", to);
	json_put_member_cstring(&w, "why", why);
	lab_say_end(&w, t);
}

/* --- what is new on the handset --------------------------------------------------------------- */

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

	lab_say_begin(&w, room_of, sizeof(room_of), "sent");
	json_put_member_cstring(&w, "to", to);
	json_put_member_cstring(&w, "id", message_id_text(id, text));
	lab_say_end(&w, t);
}

void lab_terminal_outcome(struct text number, const char *to, const struct message_id *id, const char *why)
{
	for (struct terminal *t = lab.terminals; t; t = t->next) {
		if (!t->handset || !text_equal(handset_number(t->handset), number))
			continue;
		if (id)
			say_sent(t, to, *id);
		else
			lab_say_refused(t, to, why);
	}
}
