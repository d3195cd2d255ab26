/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of an envelope, counted and measured. */
#include "core/message.h"

#define FILE_OCTETS_MAX (UINT64_C(1) << 40) /* of one: sums stay far from the end of 64 bits */

bool message_file_at(const struct message *m, unsigned n, struct message_file *out)
{
	struct reader r = reader_of(m->files.at, m->files.len);

	for (unsigned i = 0; i < n; i++) {
		if (!message_take_file(&r, out))
			return false;
	}
	return message_take_file(&r, out);
}

unsigned message_files_count(const struct message *m)
{
	struct reader r = reader_of(m->files.at, m->files.len);
	struct message_file file;
	unsigned n = 0;

	while (message_take_file(&r, &file))
		n++;
	return n;
}

uint64_t message_octets(const struct message *m)
{
	struct reader r = reader_of(m->files.at, m->files.len);
	struct message_file file;
	uint64_t octets = m->body.len;

	while (message_take_file(&r, &file))
		octets += file.size;
	return octets;
}

bool message_files_valid(const struct message *m)
{
	struct reader r = reader_of(m->files.at, m->files.len);
	struct message_file file;
	unsigned n = 0;

	while (message_take_file(&r, &file)) {
		if (++n > MESSAGE_FILES_MAX || !file.media.len || !file.size || file.size > FILE_OCTETS_MAX)
			return false;
	}
	return reader_done(&r) && m->files.len <= MESSAGE_FILES_OCTETS;
}
