/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking at a message. Fields are few: walking them beats any table. */
#include "core/net/http_message.h"

#include "core/net/uri.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool same_name(struct text name, const char *wanted, size_t n)
{
	if (name.len != n || lower(name.at[0]) != lower(wanted[0]))
		return false;
	for (size_t i = 1; i < n; i++) {
		if (lower(name.at[i]) != lower(wanted[i]))
			return false;
	}
	return true;
}

struct text http_field_get(const struct http_message *m, const char *name)
{
	size_t n = strlen(name);

	for (unsigned i = 0; n && i < m->fields_count; i++) {
		if (same_name(m->fields[i].name, name, n))
			return m->fields[i].value;
	}
	return (struct text){ 0 };
}

bool http_field_has(const struct http_message *m, const char *name)
{
	return http_field_get(m, name).at != NULL;
}

static bool lists(struct text value, const char *token)
{
	struct text part, word;

	while (text_split(&value, ',', &part)) {
		if (text_split(&part, ';', &word) && text_is_nocase(text_trim(word), token))
			return true;
	}
	return false;
}

bool http_field_lists(const struct http_message *m, const char *name, const char *token)
{
	size_t n = strlen(name);

	for (unsigned i = 0; n && i < m->fields_count; i++) {
		if (same_name(m->fields[i].name, name, n) && lists(m->fields[i].value, token))
			return true;
	}
	return false;
}

struct text http_content_type(const struct http_message *m)
{
	struct text value = http_field_get(m, "content-type"), type;

	if (!text_split(&value, ';', &type))
		return (struct text){ 0 };
	return text_trim(type);
}

/* --- forms ------------------------------------------------------------------------------------------------------ */

static struct text decoded(struct arena *arena, struct text t)
{
	char *to = arena_alloc(arena, t.len + 1);
	struct text out;

	if (uri_decode(t, true, to, t.len, &out))
		return arena_text(arena, t);
	return out;
}

bool http_form_next(struct text *rest, struct arena *arena, struct text *name_out, struct text *value_out)
{
	struct text name, value;

	if (!uri_form_next(rest, &name, &value))
		return false;
	*name_out = decoded(arena, name);
	*value_out = decoded(arena, value);
	return true;
}

bool http_form_get(struct text form, struct arena *arena, const char *name, struct text *value_out)
{
	struct text at, value;

	while (uri_form_next(&form, &at, &value)) {
		if (text_is(at, name) || text_is(decoded(arena, at), name)) {
			*value_out = decoded(arena, value);
			return true;
		}
	}
	return false;
}

/* --- words ------------------------------------------------------------------------------------------------------ */

static const char *const methods[HTTP_METHOD_COUNT] = {
	[HTTP_METHOD_OTHER] = "OTHER",	 [HTTP_METHOD_GET] = "GET",	    [HTTP_METHOD_HEAD] = "HEAD",
	[HTTP_METHOD_POST] = "POST",	 [HTTP_METHOD_PUT] = "PUT",	    [HTTP_METHOD_PATCH] = "PATCH",
	[HTTP_METHOD_DELETE] = "DELETE", [HTTP_METHOD_OPTIONS] = "OPTIONS",
};

enum http_method http_method_of(struct text name)
{
	for (unsigned m = HTTP_METHOD_GET; m < HTTP_METHOD_COUNT; m++) {
		if (text_is(name, methods[m]))
			return (enum http_method)m;
	}
	return HTTP_METHOD_OTHER;
}

const char *http_method_name(enum http_method m)
{
	return methods[m];
}

const char *http_status_text(unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} table[] = {
		{ 200, "OK" },
		{ 202, "Accepted" },
		{ 100, "Continue" },
		{ 201, "Created" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 307, "Temporary Redirect" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 402, "Payment Required" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 411, "Length Required" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 421, "Misdirected Request" },
		{ 422, "Unprocessable Content" },
		{ 423, "Locked" },
		{ 426, "Upgrade Required" },
		{ 428, "Precondition Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
		{ 507, "Insufficient Storage" },
		{ 511, "Network Authentication Required" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].status == status)
			return table[i].text;
	}
	return "Unknown";
}

enum result http_url_parse(struct text t, struct http_url *out, const char **why_out)
{
	struct uri uri;
	enum result r = uri_parse(t, &uri, why_out);

	if (r)
		return r;
	*out = (struct http_url){ .https = uri.tls, .host = uri.host, .port = uri.port, .authority = uri.server };
	return OK;
}
