/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/net/uri.h"

#include "core/net/net_address.h"

#define CHARACTERS_UNRESERVED "-._~"
#define CHARACTERS_SUB "!$&'()*+,;=" /* sub-delims, RFC 3986 2.2 */

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The octet of the escape at the front of t, or -1. */
static int escape_at(struct text t)
{
	if (t.len < 3 || t.at[0] != '%')
		return -1;
	int high = hex_digit(t.at[1]), low = hex_digit(t.at[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Unreserved, sub-delims, those of `more`, and escapes. */
static bool has_only(struct text t, const char *more)
{
	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];
		if (c == '%' ? escape_at(text_range(t.at + i, t.len - i)) < 0
			     : !is_letter_or_digit(c) && !is_one_of(c, CHARACTERS_UNRESERVED CHARACTERS_SUB) &&
				       !is_one_of(c, more))
			return false;
	}
	return true;
}

static enum result bad(enum result r, const char **why_out, const char *why)
{
	*why_out = why;
	return r;
}

/* What stands before the first of the octets in `set`; the rest stays, with that octet. */
static struct text take_until(struct text *rest, const char *set)
{
	struct text part = *rest;

	if (!rest->len)
		return part;
	for (size_t i = 0; i < rest->len; i++) {
		if (!is_one_of(rest->at[i], set))
			continue;
		part.len = i;
		break;
	}
	*rest = text_range(rest->at + part.len, rest->len - part.len);
	return part;
}

static struct text without_first(struct text t)
{
	return text_range(t.at + 1, t.len - 1);
}

static bool take_scheme(struct text *rest, bool *tls_out)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(schemes[i]);
		if (rest->len < n || !text_is_nocase(text_range(rest->at, n), schemes[i]))
			continue;
		*tls_out = i == 1;
		*rest = text_range(rest->at + n, rest->len - n);
		return true;
	}
	return false;
}

static bool host_is_good(struct text host, bool bracketed)
{
	struct net_address a;

	if (bracketed)
		return memchr(host.at, ':', host.len) && net_address_of_host(host, 1, &a) == OK;
	return has_only(host, "");
}

static bool take_server(struct text *rest, struct uri *out)
{
	struct text server = take_until(rest, "/?#");
	bool bracketed = server.len && server.at[0] == '[';

	out->server = server;
	out->port = out->tls ? 443 : 80;
	if (bracketed ? server.at[server.len - 1] == ']' : server.len && !memchr(server.at, ':', server.len))
		out->host = bracketed ? text_range(server.at + 1, server.len - 2) : server;
	else if (net_host_port(server, &out->host, &out->port))
		return false;
	return out->host.len && host_is_good(out->host, bracketed);
}

enum result uri_parse(struct text t, struct uri *out, const char **why_out)
{
	struct text rest = t;

	*out = (struct uri){ 0 };
	if (t.len > URI_MAX)
		return bad(ERR_TOO_BIG, why_out, "the URI is too long");
	if (!take_scheme(&rest, &out->tls))
		return bad(ERR_UNSUPPORTED, why_out, "expected http:// or https://");
	struct text look = rest, server = take_until(&look, "/?#");
	if (server.len && memchr(server.at, '@', server.len))
		return bad(ERR_MALFORMED, why_out, "credentials do not belong into a URI");
	if (!take_server(&rest, out))
		return bad(ERR_MALFORMED, why_out, "expected a host, and perhaps a port of 1 to 65535");
	out->path = take_until(&rest, "?#");
	if (rest.len && rest.at[0] == '?') {
		out->has_query = true;
		rest = without_first(rest);
		out->query = take_until(&rest, "#");
	}
	if (!has_only(out->path, ":@/") || !has_only(out->query, ":@/?"))
		return bad(ERR_MALFORMED, why_out, "a character that must be written as %XX");
	return OK;
}

void uri_put_target(struct writer *w, const struct uri *uri)
{
	writer_text(w, uri->path.len ? uri->path : TEXT_LITERAL("/"));
	if (!uri->has_query)
		return;
	writer_u8(w, '?');
	writer_text(w, uri->query);
}

enum result uri_split_target(struct text target, struct text *path_out, struct text *query_out)
{
	struct text rest = target;

	*path_out = take_until(&rest, "?");
	*query_out = rest.len ? without_first(rest) : (struct text){ 0 };
	if (target.len > URI_MAX)
		return ERR_TOO_BIG;
	if (!path_out->len || path_out->at[0] != '/' || !has_only(*path_out, ":@/"))
		return ERR_MALFORMED;
	/* Browsers and old clients send these raw in queries; they are harmless there. */
	return has_only(*query_out, ":@/?[]|\\^`{}\"<>") ? OK : ERR_MALFORMED;
}

enum result uri_decode(struct text t, bool form, char *to, size_t size, struct text *out)
{
	size_t n = 0;

	*out = (struct text){ to, 0 };
	for (size_t i = 0; i < t.len; i++) {
		int c = (unsigned char)t.at[i];
		if (c == '%') {
			c = escape_at(text_range(t.at + i, t.len - i));
			if (c < 0)
				return ERR_MALFORMED;
			i += 2;
		} else if (c == '+' && form) {
			c = ' ';
		}
		if (n == size)
			return ERR_TOO_BIG;
		to[n++] = (char)c;
	}
	out->len = n;
	return OK;
}

void uri_encode(struct writer *w, struct text t)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.at[i];
		if (is_letter_or_digit((char)c) || is_one_of((char)c, CHARACTERS_UNRESERVED)) {
			writer_u8(w, c);
			continue;
		}
		writer_u8(w, '%');
		writer_u8(w, (uint8_t)digits[c >> 4]);
		writer_u8(w, (uint8_t)digits[c & 15]);
	}
}

bool uri_form_next(struct text *rest, struct text *name_out, struct text *value_out)
{
	struct text pair;

	while (text_split(rest, '&', &pair)) {
		if (!pair.len)
			continue;
		*name_out = take_until(&pair, "=");
		*value_out = pair.len ? without_first(pair) : pair;
		return true;
	}
	return false;
}

/* Without decoding it into a buffer: a name longer than ours never matches. */
static bool name_is(struct text encoded, const char *name)
{
	char decoded[64];
	struct text t;

	return uri_decode(encoded, true, decoded, sizeof(decoded), &t) == OK && text_is(t, name);
}

enum result uri_form_get(struct text form, const char *name, char *to, size_t size, struct text *value_out)
{
	struct text rest = form, key, value;

	*value_out = (struct text){ 0 };
	while (uri_form_next(&rest, &key, &value)) {
		if (name_is(key, name))
			return uri_decode(value, true, to, size, value_out);
	}
	return ERR_NOT_FOUND;
}
