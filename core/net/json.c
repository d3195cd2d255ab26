/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading JSON. The only file that sees jansson. Depth is counted before jansson recurses; its values are handed out as
 * `struct json_value`, which is never defined. No function of ours may bear the name of one that jansson exports.
 */
#include "core/net/json.h"

#include <jansson.h>

#include "core/base/arena.h"

struct json_doc {
	json_t *root;
};

static const json_t *inner(const struct json_value *v)
{
	return (const json_t *)v;
}

static const struct json_value *outer(const json_t *v)
{
	return (const struct json_value *)v;
}

/* jansson's look-ups take what they do not change without const. */
static json_t *loose(const struct json_value *v)
{
	union {
		const struct json_value *in;
		json_t *out;
	} u = { .in = v };

	return u.out;
}

/* --- parsing ---------------------------------------------------------------------------------------------------- */

static void place_of(struct text t, size_t at, struct json_error *e)
{
	e->line = 1;
	e->column = 1;
	for (size_t i = 0; i < at && i < t.len; i++) {
		bool newline = t.at[i] == '\n';
		e->line += newline;
		e->column = newline ? 1 : e->column + 1;
	}
}

/* Brackets outside strings; whether they match is jansson's business. */
static bool depth_ok(struct text t, unsigned max, size_t *at_out)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			*at_out = i;
			if (++depth > max)
				return false;
		} else if ((c == '}' || c == ']') && depth) {
			depth--;
		}
	}
	return true;
}

static const char *reason(enum json_error_code code)
{
	switch (code) {
	case json_error_premature_end_of_input:
		return "the text ends too early";
	case json_error_end_of_input_expected:
		return "something stands behind the value";
	case json_error_invalid_utf8:
		return "invalid UTF-8";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "U+0000 is not taken";
	case json_error_duplicate_key:
		return "a key stands twice in one object";
	case json_error_numeric_overflow:
		return "a number does not fit";
	default:
		return "not JSON";
	}
}

static enum result too_big(struct json_error *e, const char *why)
{
	e->why = why;
	return ERR_TOO_BIG;
}

enum result json_parse(struct text t, const struct json_limits *limits, struct json_doc **out, struct json_error *e)
{
	size_t bytes_max = limits ? limits->bytes_max : JSON_BYTES_MAX, deep = 0;
	json_error_t error;

	*out = NULL;
	*e = (struct json_error){ .line = 1, .column = 1 };
	if (t.len > bytes_max)
		return too_big(e, "more octets than the limit");
	if (!depth_ok(t, limits ? limits->depth_max : JSON_DEPTH_MAX, &deep)) {
		place_of(t, deep, e);
		return too_big(e, "nested deeper than the limit");
	}
	json_t *root = json_loadb(t.at ? t.at : "", t.len, JSON_REJECT_DUPLICATES, &error);
	if (!root) {
		e->why = reason(json_error_code(&error));
		e->line = error.line > 0 ? (unsigned)error.line : 1;
		e->column = error.column > 0 ? (unsigned)error.column : 1;
		return ERR_MALFORMED;
	}
	*out = must_alloc(sizeof(**out));
	(*out)->root = root;
	return OK;
}

void json_free(struct json_doc **doc)
{
	if (!*doc)
		return;
	json_decref((*doc)->root);
	free(*doc);
	*doc = NULL;
}

const struct json_value *json_root(const struct json_doc *doc)
{
	return doc ? outer(doc->root) : NULL;
}

/* --- looking ---------------------------------------------------------------------------------------------------- */

enum json_kind json_kind(const struct json_value *v)
{
	if (!v)
		return JSON_KIND_NULL;
	switch (json_typeof(inner(v))) {
	case JSON_OBJECT:
		return JSON_KIND_OBJECT;
	case JSON_ARRAY:
		return JSON_KIND_ARRAY;
	case JSON_STRING:
		return JSON_KIND_TEXT;
	case JSON_INTEGER:
		return JSON_KIND_INT;
	case JSON_REAL:
		return JSON_KIND_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return JSON_KIND_BOOL;
	default:
		return JSON_KIND_NULL;
	}
}

const struct json_value *json_member(const struct json_value *object, const char *name)
{
	return outer(json_object_get(inner(object), name));
}

bool json_text(const struct json_value *v, struct text *out)
{
	if (!v || !json_is_string(inner(v)))
		return false;
	*out = text_range(json_string_value(inner(v)), json_string_length(inner(v)));
	return true;
}

bool json_int(const struct json_value *v, int64_t *out)
{
	if (!v || !json_is_integer(inner(v)))
		return false;
	*out = json_integer_value(inner(v));
	return true;
}

bool json_number(const struct json_value *v, double *out)
{
	if (!v || !json_is_number(inner(v)))
		return false;
	*out = json_number_value(inner(v));
	return true;
}

bool json_bool(const struct json_value *v, bool *out)
{
	if (!v || !json_is_boolean(inner(v)))
		return false;
	*out = json_is_true(inner(v));
	return true;
}

size_t json_count(const struct json_value *v)
{
	switch (json_kind(v)) {
	case JSON_KIND_ARRAY:
		return json_array_size(inner(v));
	case JSON_KIND_OBJECT:
		return json_object_size(inner(v));
	default:
		return 0;
	}
}

const struct json_value *json_item(const struct json_value *array, size_t i)
{
	return outer(json_array_get(inner(array), i));
}

bool json_next_member(const struct json_value *object, struct json_cursor *at, struct text *name_out,
		      const struct json_value **value_out)
{
	if (json_kind(object) != JSON_KIND_OBJECT)
		return false;
	at->at = at->started ? json_object_iter_next(loose(object), at->at) : json_object_iter(loose(object));
	at->started = true;
	if (!at->at)
		return false;
	*name_out = text_range(json_object_iter_key(at->at), json_object_iter_key_len(at->at));
	*value_out = outer(json_object_iter_value(at->at));
	return true;
}
