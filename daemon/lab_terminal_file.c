/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of the handset to its terminal, in pieces, as fast as it takes them. */
#include <unistd.h>

#include "core/base/hex.h"
#include "daemon/lab_terminal.h"

#define PIECE (24u * 1024u) /* octets of a file in one line */

void lab_terminal_file_end(struct terminal *t)
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
		lab_say_error(t, "the file cannot be read");
		return false;
	}
	base64_put(&c, piece, (size_t)n, false);
	lab_say_begin(&w, room, sizeof(room), "file");
	json_put_member_cstring(&w, "id", message_id_text(t->file.id, id));
	json_put_member_int(&w, "n", t->file.number + 1);
	json_put_member_text(&w, "data", text_range(coded, writer_len(&c)));
	if (!n)
		json_put_member_bool(&w, "last", true);
	lab_say_end(&w, t);
	t->file.at += (uint64_t)n;
	return n > 0;
}

void lab_terminal_pieces(struct terminal *t)
{
	while (t->file.fd > 0 && !t->ended && stream_room(t->stream)) {
		if (!say_piece(t))
			lab_terminal_file_end(t);
	}
}

void lab_terminal_file(struct terminal *t, struct text rest)
{
	struct text id = { 0 };
	uint64_t number = 0;

	(void)text_split(&rest, ' ', &id);
	if (t->file.fd > 0) {
		lab_say_error(t, "one file at a time");
		return;
	}
	struct terminal_file f = { 0 };
	if (!message_id_parse(id, &f.id) || !text_to_u64(text_trim(rest), MESSAGE_FILES_MAX, &number) || !number) {
		lab_say_error(t, "file ID N");
		return;
	}
	f.number = (unsigned)number - 1;
	f.fd = handset_has(t->handset, f.id) ? lab_files_open(f.id, f.number) : -1;
	if (f.fd < 0) {
		lab_say_error(t, "this file is not at hand, or no longer");
		return;
	}
	t->file = f;
	lab_terminal_pieces(t);
}
