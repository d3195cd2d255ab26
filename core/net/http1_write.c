/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing HTTP/1.1 heads. */
#include "core/net/http1.h"

#define FIXED_ROOM 256u /* the status line and the fields of ours, without their texts */

size_t http1_head_room(const struct http1_head *head)
{
	size_t n = FIXED_ROOM + head->target.len + head->host.len + head->date.len + head->agent.len;

	if (head->content_type)
		n += strlen(head->content_type);
	for (unsigned i = 0; i < head->fields_count; i++)
		n += head->fields[i].name.len + head->fields[i].value.len + 4;
	return n;
}

static void put_number(struct writer *w, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	writer_bytes(w, digits + at, sizeof(digits) - at);
}

#define PUT(w, literal) writer_bytes((w), "" literal, sizeof(literal) - 1)

static void put_first_line(struct writer *w, const struct http1_head *head)
{
	if (head->status == 202) { /* the one that is written most */
		PUT(w, "HTTP/1.1 202 Accepted\r\n");
	} else if (head->status) {
		PUT(w, "HTTP/1.1 ");
		put_number(w, head->status);
		PUT(w, " ");
		writer_text(w, text_of(http_status_text(head->status)));
		PUT(w, "\r\n");
	} else {
		writer_text(w, text_of(head->method));
		PUT(w, " ");
		writer_text(w, head->target);
		PUT(w, " HTTP/1.1\r\nHost: ");
		writer_text(w, head->host);
		PUT(w, "\r\n");
	}
}

static void put_field(struct writer *w, const char *name, struct text value)
{
	writer_text(w, text_of(name));
	writer_text(w, value);
	PUT(w, "\r\n");
}

static void put_length(struct writer *w, uint64_t length)
{
	if (length == HTTP1_LENGTH_CHUNKED) {
		PUT(w, "Transfer-Encoding: chunked\r\n");
	} else if (length < HTTP1_LENGTH_CLOSE) {
		PUT(w, "Content-Length: ");
		put_number(w, length);
		PUT(w, "\r\n");
	}
}

void http1_put_head(struct writer *w, const struct http1_head *head)
{
	put_first_line(w, head);
	if (head->date.len)
		put_field(w, "Date: ", head->date);
	if (head->agent.len)
		put_field(w, head->status ? "Server: " : "User-Agent: ", head->agent);
	if (head->content_type)
		put_field(w, "Content-Type: ", text_of(head->content_type));
	put_length(w, head->length);
	if (head->close)
		PUT(w, "Connection: close\r\n");
	else if (head->keep_alive)
		PUT(w, "Connection: keep-alive\r\n");
	for (unsigned i = 0; i < head->fields_count; i++) {
		const struct http_field *f = &head->fields[i];
		if (!http_name_ok(f->name, false) || !http_value_ok(f->value))
			continue;
		writer_text(w, f->name);
		PUT(w, ": ");
		writer_text(w, f->value);
		PUT(w, "\r\n");
	}
	PUT(w, "\r\n");
}

void http1_put_chunk_head(struct writer *w, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	char digits[16];
	size_t at = sizeof(digits);

	do {
		digits[--at] = hex[n & 15];
		n >>= 4;
	} while (n);
	writer_bytes(w, digits + at, sizeof(digits) - at);
	PUT(w, "\r\n");
}
