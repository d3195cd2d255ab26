/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of a message, from JSON. */
#include "daemon/api_files.h"

#include "core/base/hex.h"
#include "core/config.h"
#include "core/net/digest.h"
#include "daemon/api_take.h"

#define SCHEME TEXT_LITERAL("sha256:")
#define DATA_MAX (64u << 20) /* octets of one file that stands in a message; body-max is the limit before */

const char *const api_files_fields[] = { "media", "name", "data", "file", NULL };

/* RFC 6838 4.2: restricted-name of both sides. */
static bool is_media_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$&-^_.+", c));
}

bool api_files_media(struct text t)
{
	size_t slash = 0;

	if (!t.len || t.len > MESSAGE_MEDIA_MAX)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '/' && !slash && i)
			slash = i;
		else if (!is_media_octet(t.at[i]))
			return false;
	}
	return slash && slash + 1 < t.len;
}

static bool is_name(struct text t)
{
	if (!t.len || text_is(t, ".") || text_is(t, ".."))
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if ((uint8_t)t.at[i] < 0x20 || t.at[i] == 0x7f || t.at[i] == '/' || t.at[i] == '\\')
			return false;
	}
	return true;
}

struct text api_file_name(const struct message_file *f, char room[API_FILE_NAME_SIZE])
{
	struct writer w = writer_of(room, API_FILE_NAME_SIZE - 1);

	writer_text(&w, SCHEME);
	hex_put(&w, f->hash, sizeof(f->hash));
	writer_printf(&w, ":%llu", (unsigned long long)f->size);
	return text_range(room, writer_ok(&w) ? writer_len(&w) : 0);
}

static enum result take_media(struct api_take *p, const struct json_value *v, struct api_file *f)
{
	enum result r = api_take_text(p, v, MESSAGE_MEDIA_MAX, &f->file.media);

	if (r == OK && !api_files_media(f->file.media))
		return API_TAKE_BAD(p, "malformed", "must be a media type, as image/jpeg");
	return r;
}

static enum result take_name(struct api_take *p, const struct json_value *v, struct api_file *f)
{
	enum result r = api_take_text(p, v, MESSAGE_FILE_NAME_MAX, &f->file.name);

	if (r == OK && !is_name(f->file.name))
		return API_TAKE_BAD(p, "malformed", "must be a file's name, without a path");
	return r;
}

static enum result take_data(struct api_take *p, const struct json_value *v, struct api_file *f)
{
	enum result r = api_take_octets(p, v, false, DATA_MAX, &f->bytes);
	struct digest_part part = { f->bytes.at, f->bytes.len };

	if (r == OK && !f->bytes.len)
		return API_TAKE_BAD(p, "malformed", "an empty file");
	if (r == OK) {
		digest_sha256(&part, 1, f->file.hash);
		f->file.size = f->bytes.len;
	}
	return r;
}

static bool parse_file(struct text t, struct message_file *f)
{
	struct text hash;
	struct writer w = writer_of(f->hash, sizeof(f->hash));

	if (!text_starts(t, "sha256:"))
		return false;
	t = text_range(t.at + SCHEME.len, t.len - SCHEME.len);
	return text_split(&t, ':', &hash) && hash.len == 2 * sizeof(f->hash) && hex_take(hash, &w) == OK &&
	       text_to_u64(t, UINT64_C(1) << 40, &f->size) && f->size;
}

static enum result take_file(struct api_take *p, const struct json_value *v, struct api_file *f)
{
	struct text t;
	enum result r = api_take_text(p, v, API_FILE_NAME_SIZE, &t);

	if (r == OK && !parse_file(t, &f->file))
		return API_TAKE_BAD(p, "malformed", "must be what POST /v1/files answered: sha256:HASH:OCTETS");
	return r;
}

typedef enum result (*take_of)(struct api_take *p, const struct json_value *v, struct api_file *f);

static take_of field_of(struct text name)
{
	static const take_of takers[] = { take_media, take_name, take_data, take_file };

	for (unsigned i = 0; api_files_fields[i]; i++) {
		if (text_is(name, api_files_fields[i]))
			return takers[i];
	}
	return NULL;
}

static enum result unknown_field(struct api_take *p, struct text name)
{
	const char *near = config_nearest(name, api_files_fields);
	char shown[80];

	return API_TAKE_BAD(p, "unknown_field", "%s: no such field of a file; did you mean \"%s\"?",
			    text_quote(name, shown, sizeof(shown)), near ? near : "media, name, data or file");
}

static enum result take_one(struct api_take *p, const struct json_value *v, struct api_file *f)
{
	const struct json_value *member;
	struct json_cursor at = { 0 };
	struct text name;

	if (json_kind(v) != JSON_KIND_OBJECT)
		return API_TAKE_BAD(p, "wrong_type", "must be an object with media, and data or file");
	while (json_next_member(v, &at, &name, &member)) {
		take_of take = field_of(name);
		enum result r = take ? take(p, member, f) : unknown_field(p, name);
		if (r != OK)
			return r;
	}
	if (!f->file.media.len)
		return API_TAKE_BAD(p, "missing", "a file has a media type: \"media\": \"image/jpeg\"");
	if (!json_member(v, "data") == !json_member(v, "file"))
		return API_TAKE_BAD(p, "missing",
				    "a file has either data, in base64, or file, as POST /v1/files names it");
	return OK;
}

static enum result describe(struct api_take *p)
{
	struct writer w = writer_of(arena_alloc(p->arena, MESSAGE_FILES_OCTETS), MESSAGE_FILES_OCTETS);

	for (unsigned i = 0; i < p->out->files_count; i++)
		message_put_file(&w, &p->out->files[i].file);
	if (!writer_ok(&w))
		return API_TAKE_BAD(p, "too_long", "the names of the files are too long together");
	p->out->message.files = text_range((const char *)w.start, writer_len(&w));
	return OK;
}

enum result api_files_take(struct api_take *p, const struct json_value *v)
{
	size_t count = json_count(v);

	if (json_kind(v) != JSON_KIND_ARRAY || !count)
		return API_TAKE_BAD(p, "wrong_type", "must be a list of files");
	if (count > MESSAGE_FILES_MAX)
		return API_TAKE_BAD(p, "too_many", "%zu files, at most %u are taken", count, MESSAGE_FILES_MAX);
	struct api_file *files = arena_alloc(p->arena, count * sizeof(*files));
	for (size_t i = 0; i < count; i++) {
		p->field = text_of(arena_printf(p->arena, "files[%zu]", i));
		enum result r = take_one(p, json_item(v, i), &files[i]);
		if (r != OK)
			return r;
	}
	p->out->files = files;
	p->out->files_count = (unsigned)count;
	return describe(p);
}

bool api_files_inline(const struct api_file *files, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (files[i].bytes.len)
			return true;
	}
	return false;
}
