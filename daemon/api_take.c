/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/api_take.h"

#include "core/base/hex.h"

enum result api_take_text(struct api_take *p, const struct json_value *v, size_t max, struct text *out)
{
	struct text t;

	if (!json_text(v, &t))
		return API_TAKE_BAD(p, "wrong_type", "must be a string");
	if (t.len > max)
		return API_TAKE_BAD(p, "too_long", "%zu octets, at most %zu are taken", t.len, max);
	*out = arena_text(p->arena, t);
	return OK;
}

enum result api_take_int(struct api_take *p, const struct json_value *v, int64_t min, int64_t max, int64_t *out)
{
	if (!json_int(v, out))
		return API_TAKE_BAD(p, "wrong_type", "must be an integer");
	if (*out < min || *out > max)
		return API_TAKE_BAD(p, "out_of_range", "must be %lld to %lld", (long long)min, (long long)max);
	return OK;
}

enum result api_take_bool(struct api_take *p, const struct json_value *v, bool *out)
{
	return json_bool(v, out) ? OK : API_TAKE_BAD(p, "wrong_type", "must be true or false");
}

enum result api_take_octets(struct api_take *p, const struct json_value *v, bool hex, size_t max, struct text *out)
{
	struct text t;
	enum result r = api_take_text(p, v, max * 2 + 4, &t);

	if (r != OK)
		return r;
	char *room = arena_alloc(p->arena, t.len + 1);
	struct writer w = writer_of(room, t.len);
	r = hex ? hex_take(t, &w) : base64_take(t, &w);
	if (r != OK || !writer_ok(&w))
		return API_TAKE_BAD(p, "malformed", hex ? "must be pairs of hexadecimal digits" : "must be base64");
	if (writer_len(&w) > max)
		return API_TAKE_BAD(p, "too_long", "%zu octets, at most %zu are taken", writer_len(&w), max);
	*out = text_range(room, writer_len(&w));
	return OK;
}
