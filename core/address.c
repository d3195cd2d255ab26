/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses as people and peers write them, brought to one form. */
#include "core/message.h"

#define NUMBER_DIGITS_MAX 20 /* 3GPP TS 23.040 9.1.2.5 */
#define ALPHANUMERIC_MAX 11

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_visual_separator(char c)
{
	return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')';
}

bool address_is_number(struct text t)
{
	if (t.len && t.at[0] == '+')
		t = text_range(t.at + 1, t.len - 1);
	if (!t.len)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (!is_digit(t.at[i]))
			return false;
	}
	return true;
}

static bool looks_like_number(struct text t)
{
	bool digit = false;

	for (size_t i = 0; i < t.len; i++) {
		if (is_digit(t.at[i]))
			digit = true;
		else if (!is_visual_separator(t.at[i]) && !(t.at[i] == '+' && i == 0))
			return false;
	}
	return digit;
}

static enum result normalise_number(struct text t, char *to, size_t size, const char **why_out)
{
	size_t n = 0;
	bool plus = t.at[0] == '+';

	if (!plus && t.len > 4 && t.at[0] == '0' && t.at[1] == '0') { /* the international prefix of ITU-T E.123 */
		plus = true;
		t = text_range(t.at + 2, t.len - 2);
	}
	if (plus && n + 1 < size)
		to[n++] = '+';
	for (size_t i = 0; i < t.len; i++) {
		if (!is_digit(t.at[i]))
			continue;
		if (n + 1 >= size || n - plus >= NUMBER_DIGITS_MAX) {
			*why_out = "a number has at most 20 digits";
			return ERR_TOO_BIG;
		}
		to[n++] = t.at[i];
	}
	to[n] = 0;
	if (n == (size_t)plus) {
		*why_out = "a number needs digits";
		return ERR_MALFORMED;
	}
	return OK;
}

static bool is_word_character(unsigned char c)
{
	return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static enum result normalise_word(struct text t, char *to, size_t size, const char **why_out)
{
	bool word = false, uri = memchr(t.at, '@', t.len) || text_starts(t, "sip:");

	if (!uri && t.len > ALPHANUMERIC_MAX) {
		*why_out = "an alphanumeric sender has at most 11 characters";
		return ERR_TOO_BIG;
	}
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.at[i];
		if (c < 0x20 || c == 0x7f) {
			*why_out = "an address holds no control character";
			return ERR_MALFORMED;
		}
		if (is_word_character(c))
			word = true;
	}
	if (!word) {
		*why_out = "an address needs a letter or a digit";
		return ERR_MALFORMED;
	}
	if (!text_copy(t, to, size)) {
		*why_out = "the address is too long";
		return ERR_TOO_BIG;
	}
	return OK;
}

enum result address_normalise(struct text given, char *to, size_t size, const char **why_out)
{
	struct text t = text_trim(given);

	to[0] = 0;
	if (text_starts(t, "tel:"))
		t = text_range(t.at + 4, t.len - 4);
	if (!t.len) {
		*why_out = "the address is empty";
		return ERR_MALFORMED;
	}
	if (t.len > MESSAGE_ADDRESS_MAX) {
		*why_out = "the address is too long";
		return ERR_TOO_BIG;
	}
	if (looks_like_number(t))
		return normalise_number(t, to, size, why_out);
	return normalise_word(t, to, size, why_out);
}

int64_t address_lane(struct text recipient)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < recipient.len; i++) {
		hash ^= (unsigned char)recipient.at[i];
		hash *= UINT64_C(0x100000001b3);
	}
	return hash ? (int64_t)hash : 1;
}
