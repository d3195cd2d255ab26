/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kannel's sendsms: the first octet says how the rest comes (query, form, text body with header fields). */
#include "core/net/uri.h"
#include "daemon/kannel_query.h"
#include "daemon/kannel_receipt.h"

#define NOW INT64_C(1795000000000000)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void fill_url(struct text pattern)
{
	static char room[65536];
	struct writer w = writer_of(room, sizeof(room));
	const struct kannel_receipt r = { .report = 1,
					  .from = TEXT_LITERAL("0081"),
					  .to = TEXT_LITERAL("+1 &"),
					  .reply = TEXT_LITERAL("id:1 stat:DELIVRD") };
	struct uri uri;
	const char *why;

	kannel_receipt_url(pattern, &r, &w);
	/* A pattern that was accepted is a URL whatever the receipt says. */
	if (writer_ok(&w) && uri_parse(text_range(room, writer_len(&w)), &uri, &why) == ERR_UNSUPPORTED)
		__builtin_trap();
}

static void request(struct http_message *m, uint8_t how, struct text rest)
{
	struct text line;

	m->method = HTTP_METHOD_POST;
	if (how % 3 == 0) {
		m->method = HTTP_METHOD_GET;
		m->query = rest;
	} else if (how % 3 == 1) {
		m->body = rest;
	} else {
		m->fields[m->fields_count++] =
			(struct http_field){ TEXT_LITERAL("content-type"), TEXT_LITERAL("text/plain; charset=utf-16") };
		while (m->fields_count < 16 && text_split(&rest, '\n', &line)) {
			struct text name;
			if (!text_split(&line, ':', &name))
				break;
			m->fields[m->fields_count++] = (struct http_field){ name, text_trim(line) };
		}
		m->body = rest;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct http_message m;
	struct kannel_query q;
	struct arena *arena = arena_new(1024);

	if (len) {
		m = (struct http_message){ 0 };
		request(&m, bytes[0], text_range((const char *)bytes + 1, len - 1));
		if (kannel_query_parse(&m, NOW, arena, &q) != OK) {
			if (!q.why.len || q.status < 400)
				__builtin_trap();
		} else {
			if (!q.to_count || q.message.body.len > MESSAGE_TEXT_MAX)
				__builtin_trap();
			if (q.message.report_to.len)
				fill_url(q.message.report_to);
		}
	}
	arena_free(&arena);
	return 0;
}
