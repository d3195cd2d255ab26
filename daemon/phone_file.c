/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/phone_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/hex.h"
#include "core/net/digest.h"

#define SIZE_MAX_SAVED (256u << 20)
#define NAMES_TRIED 100u
#define PATH_SIZE (PHONE_FOLDER_MAX + MESSAGE_FILE_NAME_MAX + 16u)

/* --- saved ------------------------------------------------------------------------------------ */

/* No folder, nothing hidden, nothing that a terminal would act upon. */
static void safe_name(struct text name, unsigned number, char to[MESSAGE_FILE_NAME_MAX + 1])
{
	if (!name.len || !text_copy(name, to, MESSAGE_FILE_NAME_MAX + 1)) {
		(void)snprintf(to, MESSAGE_FILE_NAME_MAX + 1, "file-%u", number + 1);
		return;
	}
	for (char *at = to; *at; at++) {
		if (*at == '/' || *at == '\\' || (uint8_t)*at < 0x20 || *at == 0x7f || (at == to && *at == '.'))
			*at = '_';
	}
}

static void note_file(struct phone_files *f, const struct json_value *v)
{
	struct phone_file *file = &f->files[f->count];
	struct text name = { 0 }, hash = { 0 };
	int64_t size = 0;

	(void)json_text(json_member(v, "name"), &name);
	if (!json_text(json_member(v, "sha256"), &hash) || !json_int(json_member(v, "size"), &size) || size < 0 ||
	    size > SIZE_MAX_SAVED || !text_copy(hash, file->hash, sizeof(file->hash)))
		return;
	safe_name(name, f->count, file->name);
	file->size = (size_t)size;
	f->count++;
}

void phone_files_note(struct phone_files *f, const struct phone_event *e)
{
	size_t count = json_count(e->files);

	if (!count || !text_copy(e->id, f->id, sizeof(f->id)))
		return;
	f->count = 0;
	for (size_t i = 0; i < count && f->count < MESSAGE_FILES_MAX; i++)
		note_file(f, json_item(e->files, i));
}

bool phone_files_save(struct phone_files *f, struct text folder, const char **why_out)
{
	*why_out = f->saving[0] ? "files are being saved" : "no message with files has come";
	if (f->saving[0] || !f->id[0])
		return false;
	*why_out = "the folder's name is too long";
	if (!text_copy(folder.len ? folder : TEXT_LITERAL("."), f->folder, sizeof(f->folder)))
		return false;
	memcpy(f->saving, f->id, sizeof(f->saving));
	f->at = 0;
	f->last = f->count;
	return true;
}

void phone_files_drop(struct phone_files *f)
{
	free(f->bytes);
	f->bytes = NULL;
	f->len = 0;
	f->saving[0] = '\0';
}

struct text phone_files_next(struct phone_files *f, char *room, size_t size)
{
	if (!f->saving[0] || f->at == f->last) {
		phone_files_drop(f);
		return (struct text){ 0 };
	}
	f->bytes = must_alloc(f->files[f->at].size + 1);
	f->len = 0;
	int n = snprintf(room, size, "file %s %u", f->saving, f->at + 1);
	return text_range(room, n > 0 ? (size_t)n : 0);
}

static int open_new(const struct phone_files *f, char path[PATH_SIZE])
{
	for (unsigned i = 0; i < NAMES_TRIED; i++) {
		if (i)
			(void)snprintf(path, PATH_SIZE, "%s/%u-%s", f->folder, i, f->files[f->at].name);
		else
			(void)snprintf(path, PATH_SIZE, "%s/%s", f->folder, f->files[f->at].name);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

static bool is_whole(const struct phone_files *f)
{
	const struct phone_file *file = &f->files[f->at];
	struct digest_part part = { f->bytes, f->len };
	uint8_t digest[DIGEST_SHA256_SIZE];
	char hex[65];
	struct writer w = writer_of(hex, 64);

	digest_sha256(&part, 1, digest);
	hex_put(&w, digest, sizeof(digest));
	return f->len == file->size && text_is(text_range(hex, 64), file->hash);
}

static void write_out(struct phone_files *f, char *said, size_t size)
{
	char path[PATH_SIZE];
	int fd = open_new(f, path);
	bool good = fd >= 0;
	size_t at = 0;

	while (good && at < f->len) {
		ssize_t n = write(fd, f->bytes + at, f->len - at);
		good = n > 0 || (n < 0 && errno == EINTR);
		at += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0 && close(fd))
		good = false;
	if (good)
		(void)snprintf(said, size, "saved %.400s (%zu octets)", path, f->len);
	else
		(void)snprintf(said, size, "! cannot write %.400s: %s", path, strerror(errno));
}

static void file_end(struct phone_files *f)
{
	free(f->bytes);
	f->bytes = NULL;
	f->at++;
}

bool phone_files_piece(struct phone_files *f, const struct phone_event *e, char *said, size_t size)
{
	if (!f->bytes || !text_is(e->id, f->saving))
		return false;
	struct writer w = writer_of(f->bytes + f->len, f->files[f->at].size - f->len);
	bool good = base64_take(e->data, &w) == OK && writer_ok(&w);
	f->len += good ? writer_len(&w) : 0;
	if (good && !e->last)
		return false;
	if (good && is_whole(f))
		write_out(f, said, size);
	else
		(void)snprintf(said, size, "! %s came damaged: not saved", f->files[f->at].name);
	file_end(f);
	return true;
}

/* --- sent ------------------------------------------------------------------------------------- */

const char *phone_file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *phone_file_media(const char *path)
{
	static const char *const known[][2] = { { ".jpg", "image/jpeg" },      { ".jpeg", "image/jpeg" },
						{ ".png", "image/png" },       { ".gif", "image/gif" },
						{ ".webp", "image/webp" },     { ".txt", "text/plain" },
						{ ".vcf", "text/vcard" },      { ".ics", "text/calendar" },
						{ ".pdf", "application/pdf" }, { ".mp3", "audio/mpeg" },
						{ ".amr", "audio/amr" },       { ".m4a", "audio/mp4" },
						{ ".mp4", "video/mp4" },       { ".3gp", "video/3gpp" } };
	const char *dot = strrchr(phone_file_name(path), '.');

	for (size_t i = 0; dot && i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcasecmp(dot, known[i][0]))
			return known[i][1];
	}
	return "application/octet-stream";
}

static size_t read_file(const char *path, uint8_t *bytes, size_t max, const char **why_out)
{
	FILE *file = fopen(path, "re");
	size_t n = file ? fread(bytes, 1, max, file) : 0;

	*why_out = "an empty file, or a folder";
	if (!file)
		*why_out = strerror(errno);
	else
		fclose(file);
	if (n < max)
		return n;
	*why_out = "the lab's handsets send files of less than 128 KiB";
	return 0;
}

/* A space of the name stands as "/" on the line. */
static void put_name(struct writer *w, const char *name)
{
	for (; *name; name++)
		writer_u8(w, *name == ' ' ? '/' : (uint8_t)*name);
}

char *phone_file_line(struct text to, struct text path, const char **why_out)
{
	char name[PHONE_FOLDER_MAX];
	uint8_t *bytes = must_alloc(PHONE_SEND_FILE_MAX);
	size_t n = 0, room = PHONE_SEND_FILE_MAX / 3 * 4 + 2048;
	char *line = NULL;

	*why_out = "the path is too long";
	if (text_copy(path, name, sizeof(name)))
		n = read_file(name, bytes, PHONE_SEND_FILE_MAX, why_out);
	if (n) {
		line = must_alloc(room);
		struct writer w = writer_of(line, room - 1);
		writer_printf(&w, "attach %.*s %s ", TEXT_ARGS(to), phone_file_media(name));
		put_name(&w, phone_file_name(name));
		writer_printf(&w, " ");
		base64_put(&w, bytes, n, false);
	}
	free(bytes);
	return line;
}
