/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See push.h. TID | 06 Push | header length | content type | application | body */
#include "core/push.h"

#define PDU_PUSH 0x06
#define HEADERS_SIZE 3u
#define SHORT_FORM 0x80u
#define HEADER_APPLICATION_ID 0x2fu

void push_message(struct message *m, const struct push *push, struct writer *w)
{
	size_t start = writer_len(w);

	writer_u8(w, push->transaction);
	writer_u8(w, PDU_PUSH);
	writer_u8(w, HEADERS_SIZE);
	writer_u8(w, (uint8_t)(SHORT_FORM | push->content_type));
	writer_u8(w, SHORT_FORM | HEADER_APPLICATION_ID);
	writer_u8(w, (uint8_t)(SHORT_FORM | push->application));
	writer_text(w, push->body);
	m->content = MESSAGE_BINARY;
	m->body = writer_ok(w) ? text_range((const char *)w->start + start, writer_len(w) - start) : (struct text){ 0 };
	m->has_ports = true;
	m->destination_port = PUSH_PORT;
	m->source_port = PUSH_SOURCE_PORT;
}
