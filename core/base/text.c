/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views of characters: comparison, cursors, quoting. */
#include "core/base/text.h"

#include <stdio.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool text_is_nocase(struct text a, const char *s)
{
	struct text b = text_of(s);

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (lower(a.at[i]) != lower(b.at[i]))
			return false;
	}
	return true;
}

bool text_starts(struct text a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.len >= n && (!n || !memcmp(a.at, prefix, n));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct text text_trim(struct text t)
{
	while (t.len && is_blank(t.at[0])) {
		t.at++;
		t.len--;
	}
	while (t.len && is_blank(t.at[t.len - 1]))
		t.len--;
	return t;
}

bool text_split(struct text *rest, char separator, struct text *part_out)
{
	if (!rest->len)
		return false;
	const char *found = memchr(rest->at, separator, rest->len);
	size_t n = found ? (size_t)(found - rest->at) : rest->len;
	size_t taken = found ? n + 1 : n;

	*part_out = text_range(rest->at, n);
	*rest = text_range(rest->at + taken, rest->len - taken);
	return true;
}

bool text_take_u64(struct text *t, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t n = 0;

	for (; n < t->len && t->at[n] >= '0' && t->at[n] <= '9'; n++) {
		uint64_t digit = (uint64_t)(t->at[n] - '0');
		if (v > max / 10 || v * 10 > max - digit || digit > max)
			return false;
		v = v * 10 + digit;
	}
	if (!n)
		return false;
	*out = v;
	*t = text_range(t->at + n, t->len - n);
	return true;
}

bool text_to_u64(struct text t, uint64_t max, uint64_t *out)
{
	uint64_t v;

	if (!text_take_u64(&t, max, &v) || t.len)
		return false;
	*out = v;
	return true;
}

bool text_copy(struct text t, char *to, size_t size)
{
	if (!size)
		return false;
	to[0] = 0;
	if (t.len >= size || (t.len && memchr(t.at, 0, t.len)))
		return false;
	if (t.len)
		memcpy(to, t.at, t.len);
	to[t.len] = 0;
	return true;
}

const char *text_quote(struct text t, char *to, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.at[i];
		bool plain = c >= 0x20 && c < 0x7f && c != '\\';
		if (n + (plain ? 1 : 4) + 4 > size) { /* room for "..." and NUL is kept */
			n += (size_t)snprintf(to + n, size - n, "...");
			return to;
		}
		if (plain) {
			to[n++] = (char)c;
			continue;
		}
		to[n++] = '\\';
		to[n++] = 'x';
		to[n++] = digits[c >> 4];
		to[n++] = digits[c & 15];
	}
	if (n < size)
		to[n] = 0;
	return to;
}
