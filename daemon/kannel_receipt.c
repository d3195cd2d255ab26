/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table "Parameters (Escape Codes)" of Kannel's user guide. */
#include "daemon/kannel_receipt.h"

#include <time.h>

#include "core/message.h"
#include "core/net/uri.h"

static void put_time(struct writer *w, int64_t at_us)
{
	time_t seconds = (time_t)(at_us / 1000000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		writer_printf(w, "%04d-%02d-%02d+%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			      tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void put_with_plus(struct writer *w, struct text number)
{
	if (text_starts(number, "00")) {
		writer_text(w, TEXT_LITERAL("%2B"));
		number = text_range(number.at + 2, number.len - 2);
	}
	uri_encode(w, number);
}

/* The first word, or what stands behind it. */
static struct text words(struct text t, bool first)
{
	struct text word;

	t = text_trim(t);
	if (!text_split(&t, ' ', &word))
		return (struct text){ 0 };
	return first ? word : text_trim(t);
}

static bool put_text_escape(struct writer *w, char letter, const struct kannel_receipt *r)
{
	switch (letter) {
	case 'p':
		uri_encode(w, r->from);
		return true;
	case 'P':
		uri_encode(w, r->to);
		return true;
	case 'q':
		put_with_plus(w, r->from);
		return true;
	case 'Q':
		put_with_plus(w, r->to);
		return true;
	case 'n':
		uri_encode(w, r->account);
		return true;
	case 'o':
		uri_encode(w, r->reference);
		return true;
	case 'I':
		uri_encode(w, r->id);
		return true;
	case 'F':
		uri_encode(w, r->wire_id);
		return true;
	case 'i':
		uri_encode(w, r->link);
		return true;
	case 'A':
	case 'a':
	case 'b':
		uri_encode(w, r->reply);
		return true;
	case 'k':
		uri_encode(w, words(r->reply, true));
		return true;
	case 's':
	case 'S':
	case 'r':
		uri_encode(w, words(r->reply, false));
		return true;
	}
	return false;
}

static bool put_number_escape(struct writer *w, char letter, const struct kannel_receipt *r)
{
	static const char *const charsets[] = { "GSM", "binary", "UTF-16BE" };

	switch (letter) {
	case 'd':
		writer_printf(w, "%u", r->report);
		return true;
	case 'c':
		writer_printf(w, "%u", r->coding);
		return true;
	case 'C':
		writer_text(w, text_of(charsets[r->coding < 3 ? r->coding : 0]));
		return true;
	case 't':
		put_time(w, r->at_us);
		return true;
	case 'T':
		writer_printf(w, "%lld", (long long)(r->at_us / 1000000));
		return true;
	case 'e':
		for (size_t i = 0; i < r->reply.len; i++)
			writer_printf(w, "%02X", (unsigned)(uint8_t)r->reply.at[i]);
		return true;
	}
	return false;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* "%#group#name#": how many characters to leave out, from '%' on; 0 when it is not whole. */
static size_t meta_length(struct text t)
{
	unsigned marks = 0;

	for (size_t i = 1; i < t.len; i++) {
		if (t.at[i] == '#' && ++marks == 3)
			return i + 1;
	}
	return 0;
}

/* t starts with '%' and has a letter behind it. Returns how many characters were used. */
static size_t put_escape(struct writer *w, struct text t, const struct kannel_receipt *r)
{
	char letter = t.at[1];

	/* "%20" was meant for the other server: digits are no letter of the table. %a to %f with a digit in front are.
	 */
	if (letter >= '0' && letter <= '9' && t.len > 2 && is_hex(t.at[2])) {
		writer_text(w, text_range(t.at, 3));
		return 3;
	}
	if (letter == '#' && meta_length(t))
		return meta_length(t);
	if (put_text_escape(w, letter, r) || put_number_escape(w, letter, r) || strchr("mMuDBfxvVRNO", letter))
		return 2;
	writer_u8(w, '%');
	if (letter != '%')
		writer_u8(w, (uint8_t)letter);
	return 2;
}

/* What may not stand in a URL came there by decoding the request, and is encoded again. */
static void put_literal(struct writer *w, char c)
{
	if ((uint8_t)c <= ' ' || (uint8_t)c >= 0x7f || strchr("<>\"{}|\\^`", c))
		writer_printf(w, "%%%02X", (unsigned)(uint8_t)c);
	else
		writer_u8(w, (uint8_t)c);
}

void kannel_receipt_url(struct text pattern, const struct kannel_receipt *receipt, struct writer *w)
{
	while (pattern.len) {
		size_t used = 1;

		if (pattern.at[0] == '%' && pattern.len > 1 && pattern.at[1])
			used = put_escape(w, pattern, receipt);
		else
			put_literal(w, pattern.at[0]);
		pattern = text_range(pattern.at + used, pattern.len - used);
	}
}

unsigned kannel_report_of(struct text state)
{
	static const struct {
		const char *state;
		unsigned report;
	} known[] = {
		{ "delivered", REPORT_DELIVERED },  { "displayed", REPORT_DELIVERED }, { "failed", REPORT_FAILED },
		{ "undeliverable", REPORT_FAILED }, { "expired", REPORT_FAILED },      { "deleted", REPORT_FAILED },
		{ "cancelled", REPORT_FAILED },	    { "unknown", REPORT_FAILED },      { "in_doubt", REPORT_FAILED },
		{ "buffered", REPORT_BUFFERED },    { "waiting", REPORT_BUFFERED },    { "retry", REPORT_BUFFERED },
		{ "hold", REPORT_BUFFERED },	    { "held", REPORT_BUFFERED },       { "accepted", REPORT_ACCEPTED },
		{ "sent", REPORT_ACCEPTED },	    { "rejected", REPORT_REJECTED },   { "refused", REPORT_REJECTED },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (text_is_nocase(state, known[i].state))
			return known[i].report;
	}
	return 0;
}
