/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pushes put together. */
#include "sms/wap_service.h"

#define WBXML_1_2 0x02
#define WBXML_UTF8 0x6a
#define WBXML_END 0x01
#define WBXML_STRING 0x03
#define WBXML_WITH_CONTENT 0x40
#define WBXML_WITH_ATTRIBUTES 0x80

/* WAP-167 8: public identifier and tags. */
#define SI_PUBLIC_ID 0x05
#define SI_TAG 0x05
#define SI_INDICATION 0x06
#define SI_HREF 0x0b
/* WAP-168 9 */
#define SL_PUBLIC_ID 0x06
#define SL_TAG 0x05
#define SL_HREF 0x08

/* OMA-TS-MMS-ENC 7.3, high bit set as in the PDU */
#define MMS_MESSAGE_TYPE 0x8c
#define MMS_NOTIFICATION 0x82
#define MMS_TRANSACTION 0x98
#define MMS_VERSION 0x8d
#define MMS_VERSION_1_2 0x92
#define MMS_SUBJECT 0x96
#define MMS_CLASS 0x8a
#define MMS_PERSONAL 0x80
#define MMS_SIZE 0x8e
#define MMS_EXPIRY 0x88
#define MMS_RELATIVE 0x81
#define MMS_LOCATION 0x83
#define MMS_EXPIRY_SECONDS 259200u /* three days, the time that message centres keep one */
#define UTF8_CHARSET 0xea

const char *const wap_service_words[] = { "si", "sl", "mms-notification", NULL };

/* --- WBXML --- */

static void put_string(struct writer *w, struct text t)
{
	writer_u8(w, WBXML_STRING);
	writer_cstring(w, t);
}

/* Starts of href that have a number of their own, the longest first; `step` of WAP-167 8.3.2 and WAP-168 9.3.2. */
static void put_href(struct writer *w, struct text url, uint8_t href)
{
	static const struct {
		const char *start;
		uint8_t step;
	} starts[] = { { "https://www.", 4 }, { "http://www.", 2 }, { "https://", 3 }, { "http://", 1 }, { "", 0 } };
	size_t i = 0;

	while (!text_starts(url, starts[i].start))
		i++;
	size_t skip = text_of(starts[i].start).len;
	writer_u8(w, (uint8_t)(href + starts[i].step));
	if (url.len > skip)
		put_string(w, text_range(url.at + skip, url.len - skip));
	writer_u8(w, WBXML_END);
}

static void put_prolog(struct writer *w, uint8_t public_id)
{
	writer_u8(w, WBXML_1_2);
	writer_u8(w, public_id);
	writer_u8(w, WBXML_UTF8);
	writer_u8(w, 0); /* no string table */
}

static void put_si(const struct wap_service *s, struct writer *w)
{
	put_prolog(w, SI_PUBLIC_ID);
	writer_u8(w, SI_TAG | WBXML_WITH_CONTENT);
	writer_u8(w, SI_INDICATION | WBXML_WITH_CONTENT | WBXML_WITH_ATTRIBUTES);
	put_href(w, s->url, SI_HREF);
	put_string(w, s->text);
	writer_u8(w, WBXML_END);
	writer_u8(w, WBXML_END);
}

static void put_sl(const struct wap_service *s, struct writer *w)
{
	put_prolog(w, SL_PUBLIC_ID);
	writer_u8(w, SL_TAG | WBXML_WITH_ATTRIBUTES);
	put_href(w, s->url, SL_HREF);
}

/* --- MMS --- */

/* FNV-1a: the same URL is the same transaction, so that a repeat is one. */
static uint32_t transaction_of(struct text url)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < url.len; i++)
		h = (h ^ (uint8_t)url.at[i]) * 16777619u;
	return h;
}

/* WAP-230 8.4.2.2: short length, or quote and uintvar; a subject stays below 2^14. */
static void put_length(struct writer *w, size_t len)
{
	if (len <= 30) {
		writer_u8(w, (uint8_t)len);
		return;
	}
	writer_u8(w, 31);
	if (len >= 128)
		writer_u8(w, (uint8_t)(0x80 | len >> 7));
	writer_u8(w, len & 0x7f);
}

static void put_long_integer(struct writer *w, uint32_t v)
{
	unsigned octets = 1;

	while (octets < 4 && v >> 8 * octets)
		octets++;
	writer_u8(w, (uint8_t)octets);
	while (octets--)
		writer_u8(w, (uint8_t)(v >> 8 * octets));
}

/* A text that starts with an octet above 127 is quoted (WAP-230 8.4.2.1). */
static void put_subject(struct writer *w, struct text t)
{
	bool quoted = (uint8_t)t.at[0] > 127;

	writer_u8(w, MMS_SUBJECT);
	put_length(w, 1 + quoted + t.len + 1);
	writer_u8(w, UTF8_CHARSET);
	if (quoted)
		writer_u8(w, 0x7f);
	writer_cstring(w, t);
}

static void put_mms(const struct wap_service *s, struct writer *w)
{
	writer_u8(w, MMS_MESSAGE_TYPE);
	writer_u8(w, MMS_NOTIFICATION);
	writer_u8(w, MMS_TRANSACTION);
	writer_printf(w, "T%08x", (unsigned)transaction_of(s->url));
	writer_u8(w, 0);
	writer_u8(w, MMS_VERSION);
	writer_u8(w, MMS_VERSION_1_2);
	if (s->text.len)
		put_subject(w, s->text);
	writer_u8(w, MMS_CLASS);
	writer_u8(w, MMS_PERSONAL);
	writer_u8(w, MMS_SIZE);
	put_long_integer(w, s->size);
	writer_u8(w, MMS_EXPIRY);
	writer_u8(w, 5); /* the token, the count and three octets */
	writer_u8(w, MMS_RELATIVE);
	put_long_integer(w, MMS_EXPIRY_SECONDS);
	writer_u8(w, MMS_LOCATION);
	writer_cstring(w, s->url);
}

/* --- all --- */

static const struct {
	void (*put)(const struct wap_service *s, struct writer *w);
	uint8_t content_type, application;
} types[WAP_SERVICE_TYPES] = {
	[WAP_SI] = { put_si, PUSH_TYPE_SI, PUSH_APPLICATION_WML },
	[WAP_SL] = { put_sl, PUSH_TYPE_SL, PUSH_APPLICATION_WML },
	[WAP_MMS_NOTIFICATION] = { put_mms, PUSH_TYPE_MMS, PUSH_APPLICATION_MMS },
};

static bool is_plain(struct text t, char least)
{
	for (size_t i = 0; i < t.len; i++) {
		if ((uint8_t)t.at[i] < (uint8_t)least || t.at[i] == 0x7f)
			return false;
	}
	return true;
}

static enum result check(const struct wap_service *s, const char **why_out)
{
	*why_out = "a push has a URL of at most 512 octets and a text of at most 1024";
	if (s->url.len > WAP_SERVICE_URL_MAX || s->text.len > WAP_SERVICE_TEXT_MAX)
		return ERR_TOO_BIG;
	*why_out = "a push needs a URL without spaces and control characters";
	if (!s->url.len || !is_plain(s->url, '!'))
		return ERR_MALFORMED;
	*why_out = "the text of a push has no control characters";
	if (!is_plain(s->text, ' '))
		return ERR_MALFORMED;
	*why_out = s->type == WAP_SI ? "a service indication needs a text" : "a service loading shows no text";
	if ((s->type == WAP_SI && !s->text.len) || (s->type == WAP_SL && s->text.len))
		return ERR_MALFORMED;
	return OK;
}

enum result wap_service_message(const struct wap_service *s, struct message *m, struct writer *w, const char **why_out)
{
	uint8_t room[WAP_SERVICE_MAX];
	struct writer body = writer_of(room, sizeof(room));
	struct push push = { .transaction = (uint8_t)transaction_of(s->url),
			     .content_type = types[s->type].content_type,
			     .application = types[s->type].application };
	enum result result = check(s, why_out);

	if (result != OK)
		return result;
	types[s->type].put(s, &body);
	push.body = text_range((const char *)room, writer_len(&body));
	push_message(m, &push, w);
	return writer_ok(&body) && writer_ok(w) ? OK : ERR_TOO_BIG;
}
