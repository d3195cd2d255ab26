/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing JSON. A comma goes before each item but the first of a level; `has_items` remembers that, a bit per level.
 * Escaped are only the quote, the backslash and the control characters: the rest is UTF-8 as it is.
 */
#include "core/net/json.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/utf8.h"

#define GROWING_FIRST 512u

void json_writer_init(struct json_writer *j, void *room, size_t size)
{
	*j = (struct json_writer){ .own = writer_of(room, size) };
	j->out = &j->own;
}

void json_writer_init_on(struct json_writer *j, struct writer *out)
{
	*j = (struct json_writer){ .out = out };
}

void json_writer_init_growing(struct json_writer *j, size_t max)
{
	size_t first = max < GROWING_FIRST ? max : GROWING_FIRST;

	*j = (struct json_writer){ .own = writer_of(must_alloc(first), first), .max = max };
	j->out = &j->own;
}

void json_writer_reset(struct json_writer *j)
{
	j->out->at = j->out->start;
	j->out->failed = j->failed = j->after_key = false;
	j->has_items = 0;
	j->depth = 0;
}

void json_writer_clear(struct json_writer *j)
{
	if (j->max)
		free(j->own.start);
	*j = (struct json_writer){ .failed = true };
}

bool json_writer_ok(const struct json_writer *j)
{
	return !j->failed && writer_ok(j->out) && !j->depth && !j->after_key;
}

struct text json_writer_text(const struct json_writer *j)
{
	if (!json_writer_ok(j))
		return (struct text){ 0 };
	return text_range((const char *)j->out->start, writer_len(j->out));
}

/* Room for n more octets where the writer may grow; where it may not, the writer itself fails. */
static void grow_for(struct json_writer *j, size_t n)
{
	struct writer *w = j->out;
	size_t len = writer_len(w), size = len + writer_room(w);

	if (writer_room(w) >= n || !j->max || n > j->max - len)
		return;
	while (size - len < n)
		size = size > j->max / 2 ? j->max : size * 2;
	w->start = must_realloc(w->start, size);
	w->at = w->start + len;
	w->end = w->start + size;
}

static void put(struct json_writer *j, const void *bytes, size_t n)
{
	grow_for(j, n);
	writer_bytes(j->out, bytes, n);
}

static void before_value(struct json_writer *j)
{
	uint32_t bit = 1u << (j->depth & 31);

	if (!j->after_key && (j->has_items & bit)) {
		if (j->depth)
			put(j, ",", 1);
		else
			j->failed = true; /* two values at the top */
	}
	j->has_items |= bit;
	j->after_key = false;
}

static void open_level(struct json_writer *j, const char *bracket)
{
	before_value(j);
	if (j->depth + 1 >= JSON_WRITER_DEPTH_MAX) {
		j->failed = true;
		return;
	}
	put(j, bracket, 1);
	j->depth++;
	j->has_items &= ~(1u << j->depth);
}

static void close_level(struct json_writer *j, const char *bracket)
{
	if (!j->depth || j->after_key) {
		j->failed = true;
		return;
	}
	j->depth--;
	put(j, bracket, 1);
}

void json_open_object(struct json_writer *j)
{
	open_level(j, "{");
}

void json_close_object(struct json_writer *j)
{
	close_level(j, "}");
}

void json_open_array(struct json_writer *j)
{
	open_level(j, "[");
}

void json_close_array(struct json_writer *j)
{
	close_level(j, "]");
}

void json_key(struct json_writer *j, const char *name)
{
	before_value(j);
	put(j, "\"", 1);
	put(j, name, strlen(name));
	put(j, "\":", 2);
	j->after_key = true;
}

static bool plain(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

static void put_escaped(struct json_writer *j, uint32_t c)
{
	static const char letters[0x20] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };
	static const char hex[] = "0123456789abcdef";

	if (c == '"' || c == '\\') {
		put(j, (char[]){ '\\', (char)c }, 2);
	} else if (c >= 0x20) {
		grow_for(j, 4);
		utf8_put(j->out, c);
	} else if (letters[c]) {
		put(j, (char[]){ '\\', letters[c] }, 2);
	} else {
		put(j, (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
	}
}

void json_put_text(struct json_writer *j, struct text t)
{
	before_value(j);
	grow_for(j, t.len + 2 < j->max ? t.len + 2 : 2);
	put(j, "\"", 1);
	while (t.len && writer_ok(j->out)) {
		size_t n = 0;
		while (n < t.len && plain(t.at[n]))
			n++;
		put(j, t.at, n);
		t = text_range(t.at + n, t.len - n);
		if (!t.len)
			break;
		uint32_t c = 0xfffd;
		if (!utf8_take(&t, &c))
			t = text_range(t.at + 1, t.len - 1);
		put_escaped(j, c);
	}
	put(j, "\"", 1);
}

void json_put_cstring(struct json_writer *j, const char *s)
{
	if (s)
		json_put_text(j, text_of(s));
	else
		json_put_null(j);
}

void json_put_uint(struct json_writer *j, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	before_value(j);
	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	put(j, digits + at, sizeof(digits) - at);
}

void json_put_int(struct json_writer *j, int64_t v)
{
	if (v >= 0) {
		json_put_uint(j, (uint64_t)v);
		return;
	}
	before_value(j);
	put(j, "-", 1);
	j->after_key = true; /* the digits follow the sign without a comma */
	json_put_uint(j, -(uint64_t)v);
}

void json_put_bool(struct json_writer *j, bool v)
{
	json_put_raw(j, v ? TEXT_LITERAL("true") : TEXT_LITERAL("false"));
}

void json_put_null(struct json_writer *j)
{
	json_put_raw(j, TEXT_LITERAL("null"));
}

void json_put_raw(struct json_writer *j, struct text json)
{
	before_value(j);
	put(j, json.at, json.len);
}

void json_put_member_text(struct json_writer *j, const char *name, struct text t)
{
	json_key(j, name);
	json_put_text(j, t);
}

void json_put_member_cstring(struct json_writer *j, const char *name, const char *s)
{
	json_key(j, name);
	json_put_cstring(j, s);
}

void json_put_member_int(struct json_writer *j, const char *name, int64_t v)
{
	json_key(j, name);
	json_put_int(j, v);
}

void json_put_member_bool(struct json_writer *j, const char *name, bool v)
{
	json_key(j, name);
	json_put_bool(j, v);
}
