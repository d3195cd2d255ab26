/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of TPDUs and RP messages. */
#include "sms/sms_address.h"

#include "sms/alphabet.h"
#include "sms/bcd.h"

#define EXTENSION 0x80 /* "no further type octet" */

static const struct alphabet_tables default_tables;

static enum result fail_at(enum result result, size_t at, size_t *bad_octet_out)
{
	if (result != OK && bad_octet_out)
		*bad_octet_out = at;
	return result;
}

static enum result letters_from_text(struct text t, struct sms_address *out)
{
	uint8_t septets[SMS_ADDRESS_LETTERS_MAX];
	struct writer w = writer_of(septets, sizeof(septets));
	enum result result = alphabet_gsm7_from_utf8(t, default_tables, &w, NULL);

	out->ton = SMS_TON_ALPHANUMERIC;
	out->npi = SMS_NPI_UNKNOWN;
	return result;
}

/* a, b, c are digits on the wire only: a sender called "ABC" has a name. */
static bool is_number(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (!(t.at[i] >= '0' && t.at[i] <= '9') && t.at[i] != '*' && t.at[i] != '#')
			return false;
	}
	return t.len;
}

enum result sms_address_from_text(struct text t, struct sms_address *out)
{
	bool plus = t.len && t.at[0] == '+';
	struct text digits = plus ? text_range(t.at + 1, t.len - 1) : t;
	enum result result = OK;

	*out = (struct sms_address){ 0 };
	if (is_number(digits)) {
		out->ton = plus ? SMS_TON_INTERNATIONAL : SMS_TON_UNKNOWN;
		out->npi = SMS_NPI_ISDN;
		t = digits;
		result = digits.len > SMS_ADDRESS_DIGITS_MAX ? ERR_TOO_BIG : OK;
	} else if (t.len) {
		result = letters_from_text(t, out);
	}
	if (result != OK || !text_copy(t, out->text, sizeof(out->text)))
		return result == OK ? ERR_TOO_BIG : result;
	out->len = (uint8_t)t.len;
	return OK;
}

void sms_address_to_text(const struct sms_address *a, struct writer *w)
{
	if (a->ton == SMS_TON_INTERNATIONAL && a->len)
		writer_u8(w, '+');
	writer_bytes(w, a->text, a->len);
}

bool sms_address_equal(const struct sms_address *a, const struct sms_address *b)
{
	return a->ton == b->ton && a->npi == b->npi &&
	       text_equal(text_range(a->text, a->len), text_range(b->text, b->len));
}

static void take_type(struct reader *r, struct sms_address *out)
{
	uint8_t type = reader_u8(r);

	out->ton = type >> 4 & 7;
	out->npi = type & 0xf;
}

/* Where an octet above 0x7f would be is impossible after unpacking, so only room can lack. */
static enum result take_letters(struct reader *r, size_t septets, struct sms_address *out)
{
	struct writer w = writer_of(out->text, SMS_ADDRESS_TEXT_MAX);
	enum result result = alphabet_packed_to_utf8(r, septets, 0, default_tables, &w);

	out->len = (uint8_t)writer_len(&w);
	return result;
}

/* A length in octets does not tell seven letters from eight: seven zero bits at the end of seven octets are filling. */
static enum result take_letters_by_octets(struct reader *r, struct sms_address *out)
{
	size_t septets = 8 * reader_left(r) / 7;
	enum result result = take_letters(r, septets, out);

	if (septets && septets % 8 == 0 && out->len && out->text[out->len - 1] == '@')
		out->text[--out->len] = 0;
	return result;
}

/* `half_octets` as the TP length counts them. */
static enum result take_value(struct reader *r, size_t half_octets, struct sms_address *out)
{
	struct writer w = writer_of(out->text, SMS_ADDRESS_TEXT_MAX);

	if (out->ton == SMS_TON_ALPHANUMERIC)
		return take_letters(r, half_octets * 4 / 7, out);
	bcd_take(r, half_octets, &w);
	out->len = (uint8_t)writer_len(&w);
	return r->failed ? ERR_MALFORMED : OK;
}

enum result sms_address_take_tp(struct reader *r, struct sms_address *out, size_t *bad_octet_out)
{
	uint8_t digits = reader_u8(r);
	struct reader value;

	*out = (struct sms_address){ 0 };
	take_type(r, out);
	if (!r->failed && digits > SMS_ADDRESS_DIGITS_MAX)
		return fail_at(ERR_TOO_BIG, 0, bad_octet_out);
	value = reader_sub(r, (digits + 1u) / 2);
	if (r->failed)
		return fail_at(ERR_SHORT, 0, bad_octet_out);
	return fail_at(take_value(&value, digits, out), 2, bad_octet_out);
}

static uint8_t type_of(const struct sms_address *a)
{
	return (uint8_t)(EXTENSION | (a->ton & 7) << 4 | (a->npi & 0xf));
}

/* Septets in *n_out. */
static void put_letters(struct writer *w, const struct sms_address *a, size_t *n_out)
{
	*n_out = 0;
	if (alphabet_packed_from_utf8(text_range(a->text, a->len), default_tables, 0, w, n_out, NULL) != OK)
		w->failed = true;
}

void sms_address_put_tp(struct writer *w, const struct sms_address *a)
{
	uint8_t *len = writer_take(w, 1);
	size_t half_octets = a->len;

	writer_u8(w, type_of(a));
	if (a->ton == SMS_TON_ALPHANUMERIC) {
		put_letters(w, a, &half_octets);
		half_octets = (7 * half_octets + 3) / 4;
	} else {
		bcd_put(w, text_range(a->text, a->len));
	}
	if (half_octets > SMS_ADDRESS_DIGITS_MAX)
		w->failed = true;
	else if (len)
		*len = (uint8_t)half_octets;
}

enum result sms_address_take_rest(struct reader *r, struct sms_address *out, size_t *bad_octet_out)
{
	struct writer w = writer_of(out->text, SMS_ADDRESS_TEXT_MAX);

	*out = (struct sms_address){ 0 };
	take_type(r, out);
	if (r->failed)
		return fail_at(ERR_SHORT, 0, bad_octet_out);
	if (2 * reader_left(r) > SMS_ADDRESS_DIGITS_MAX + 2)
		return fail_at(ERR_TOO_BIG, 0, bad_octet_out);
	if (out->ton == SMS_TON_ALPHANUMERIC)
		return fail_at(take_letters_by_octets(r, out), 1, bad_octet_out);
	bcd_take_all(r, &w);
	out->len = (uint8_t)writer_len(&w);
	return fail_at(r->failed ? ERR_MALFORMED : OK, 1, bad_octet_out);
}

enum result sms_address_take_rp(struct reader *r, struct sms_address *out, size_t *bad_octet_out)
{
	uint8_t len = reader_u8(r);
	struct reader value = reader_sub(r, len);
	size_t bad = 0;

	*out = (struct sms_address){ 0 };
	if (r->failed)
		return fail_at(ERR_SHORT, 0, bad_octet_out);
	if (!len)
		return OK;
	enum result result = sms_address_take_rest(&value, out, &bad);
	return fail_at(result, bad + 1, bad_octet_out);
}

void sms_address_put_rest(struct writer *w, const struct sms_address *a)
{
	size_t septets;

	writer_u8(w, type_of(a));
	if (a->ton == SMS_TON_ALPHANUMERIC)
		put_letters(w, a, &septets);
	else
		bcd_put(w, text_range(a->text, a->len));
}

void sms_address_put_rp(struct writer *w, const struct sms_address *a)
{
	size_t mark = writer_mark(w, 1);

	if (a->len)
		sms_address_put_rest(w, a);
	writer_fill_u8(w, mark);
}
