/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WSP Push PDUs: WAP-230 8.2.4.1 and 8.4. */
#include "sms/wap_push.h"

#include "core/base/reader.h"

#define PDU_PUSH 0x06
#define SHORT_FORM 0x80
#define HEADER_APPLICATION_ID 0x2f
#define QUOTE 0x1f /* value length as uintvar follows */
#define TEXT_MAX 255

#define MMS_TYPE_TEXT "application/vnd.wap.mms-message"
#define MMS_APPLICATION_TEXT "x-wap-application:mms.ua"

/* 8.1.2: seven bits each, high bit = more; at most five octets. */
static uint32_t take_uintvar(struct reader *r)
{
	uint64_t v = 0;
	uint8_t octet = 0x80;

	for (unsigned i = 0; i < 5 && octet & 0x80; i++) {
		octet = reader_u8(r);
		v = v << 7 | (octet & 0x7f);
	}
	if (octet & 0x80 || v > UINT32_MAX)
		reader_fail(r);
	return r->failed ? 0 : (uint32_t)v;
}

static void put_uintvar(struct writer *w, uint32_t v)
{
	unsigned shift = 28;

	while (shift && !(v >> shift))
		shift -= 7;
	for (; shift; shift -= 7)
		writer_u8(w, (uint8_t)(0x80 | (v >> shift & 0x7f)));
	writer_u8(w, v & 0x7f);
}

/* 8.4.2.2: the reader over a value that has a length, short or quoted. */
static struct reader take_counted(struct reader *r)
{
	uint32_t len = reader_u8(r);

	if (len == QUOTE)
		len = take_uintvar(r);
	return reader_sub(r, len);
}

/* 8.4.2.3: one octet of seven bits, or up to four octets behind their count. */
static uint32_t take_integer(struct reader *r)
{
	uint8_t first = reader_u8(r);
	uint32_t v = 0;

	if (first & SHORT_FORM)
		return first & 0x7f;
	if (!first || first > 4)
		reader_fail(r);
	for (uint8_t i = 0; i < first && !r->failed; i++)
		v = v << 8 | reader_u8(r);
	return v;
}

/* 8.4.2.24: a number, a text, or a counted form whose parameters are left aside. */
static void take_content_type(struct reader *r, struct wap_push *out)
{
	uint8_t first = reader_peek(r);
	struct reader general;

	if (first <= QUOTE && reader_left(r)) {
		general = take_counted(r);
		if (!general.failed)
			first = reader_peek(&general);
		if (general.failed || first <= QUOTE)
			reader_fail(r);
		else
			take_content_type(&general, out);
		if (general.failed)
			reader_fail(r);
	} else if (first & SHORT_FORM) {
		out->content_type = reader_u8(r) & 0x7f;
	} else {
		out->content_type_text = reader_cstring(r, TEXT_MAX);
	}
}

/* The value of one header, by its first octet (8.4.1.2). */
static void skip_value(struct reader *r)
{
	uint8_t first = reader_peek(r);

	if (first <= QUOTE)
		(void)take_counted(r);
	else if (first & SHORT_FORM)
		(void)reader_u8(r);
	else
		(void)reader_cstring(r, TEXT_MAX);
}

static void take_application(struct reader *r, struct wap_push *out)
{
	uint8_t first = reader_peek(r);

	out->has_application = true;
	if (first > QUOTE && !(first & SHORT_FORM))
		out->application_text = reader_cstring(r, TEXT_MAX);
	else
		out->application = take_integer(r);
}

static void take_header(struct reader *r, struct wap_push *out)
{
	if (!(reader_peek(r) & SHORT_FORM)) {
		(void)reader_cstring(r, TEXT_MAX);
		skip_value(r);
		return;
	}
	if ((reader_u8(r) & 0x7f) == HEADER_APPLICATION_ID)
		take_application(r, out);
	else
		skip_value(r);
}

static void number_what_is_known(struct wap_push *p)
{
	if (text_is_nocase(p->content_type_text, MMS_TYPE_TEXT))
		p->content_type = WAP_PUSH_MMS_TYPE;
	if (text_is_nocase(p->application_text, MMS_APPLICATION_TEXT))
		p->application = WAP_PUSH_MMS_APPLICATION;
}

static enum result fail_at(enum result result, size_t at, size_t *bad_octet_out)
{
	if (result != OK && bad_octet_out)
		*bad_octet_out = at;
	return result;
}

enum result wap_push_decode(const void *octets, size_t len, struct wap_push *out, size_t *bad_octet_out)
{
	struct reader r = reader_of(octets, len);
	uint8_t type;
	uint32_t header_len;

	*out = (struct wap_push){ .transaction = reader_u8(&r) };
	type = reader_u8(&r);
	if (r.failed)
		return fail_at(ERR_SHORT, 0, bad_octet_out);
	if (type != PDU_PUSH)
		return fail_at(ERR_UNSUPPORTED, 1, bad_octet_out);
	header_len = take_uintvar(&r);
	if (!r.failed && header_len > WAP_PUSH_HEADERS_MAX)
		return fail_at(ERR_TOO_BIG, 2, bad_octet_out);
	struct reader headers = reader_sub(&r, header_len);
	if (r.failed)
		return fail_at(ERR_SHORT, 2, bad_octet_out);

	size_t start = len - reader_left(&r) - header_len;
	take_content_type(&headers, out);
	if (headers.failed)
		return fail_at(ERR_MALFORMED, start, bad_octet_out);
	out->headers = text_range((const char *)headers.at, reader_left(&headers));
	while (reader_left(&headers)) {
		size_t at = start + header_len - reader_left(&headers);

		take_header(&headers, out);
		if (headers.failed)
			return fail_at(ERR_MALFORMED, at, bad_octet_out);
	}
	number_what_is_known(out);
	out->body = text_range((const char *)r.at, reader_left(&r));
	return OK;
}

/* 8.4.2.3, as take_integer() reads it. */
static void put_integer(struct writer *w, uint32_t v)
{
	unsigned octets = 4;

	if (v < SHORT_FORM) {
		writer_u8(w, (uint8_t)(SHORT_FORM | v));
		return;
	}
	while (!(v >> (8 * octets - 8)))
		octets--;
	writer_u8(w, (uint8_t)octets);
	while (octets--)
		writer_u8(w, (uint8_t)(v >> 8 * octets));
}

static void put_headers(const struct wap_push *p, struct writer *w)
{
	if (p->content_type || !p->content_type_text.len) /* number 0 is any type */
		writer_u8(w, SHORT_FORM | p->content_type);
	else
		writer_cstring(w, p->content_type_text);
	if (!p->has_application)
		return;
	writer_u8(w, SHORT_FORM | HEADER_APPLICATION_ID);
	if (p->application || !p->application_text.len)
		put_integer(w, p->application);
	else
		writer_cstring(w, p->application_text);
}

void wap_push_encode(const struct wap_push *p, struct writer *w)
{
	uint8_t room[WAP_PUSH_HEADERS_MAX];
	struct writer headers = writer_of(room, sizeof(room));

	put_headers(p, &headers);
	if (!writer_ok(&headers))
		w->failed = true;
	writer_u8(w, p->transaction);
	writer_u8(w, PDU_PUSH);
	put_uintvar(w, (uint32_t)writer_len(&headers));
	writer_bytes(w, room, writer_len(&headers));
	writer_text(w, p->body);
}
