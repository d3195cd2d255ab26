/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hexadecimal and base64. */
#include "core/base/hex.h"

void hex_put(struct writer *w, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++) {
		writer_u8(w, (uint8_t)digits[p[i] >> 4]);
		writer_u8(w, (uint8_t)digits[p[i] & 15]);
	}
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

enum result hex_take(struct text hex, struct writer *w)
{
	if (hex.len % 2)
		return ERR_MALFORMED;
	for (size_t i = 0; i < hex.len; i += 2) {
		int high = hex_digit(hex.at[i]), low = hex_digit(hex.at[i + 1]);
		if (high < 0 || low < 0)
			return ERR_MALFORMED;
		writer_u8(w, (uint8_t)(high << 4 | low));
	}
	return writer_ok(w) ? OK : ERR_TOO_BIG;
}

void base64_put(struct writer *w, const void *bytes, size_t n, bool url)
{
	const char *letters = url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
				  : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i += 3) {
		size_t have = n - i < 3 ? n - i : 3;
		uint32_t v =
			(uint32_t)p[i] << 16 | (have > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (have > 2 ? p[i + 2] : 0);
		for (size_t k = 0; k < 4; k++) {
			if (k <= have)
				writer_u8(w, (uint8_t)letters[v >> (18 - 6 * k) & 63]);
			else if (!url)
				writer_u8(w, '=');
		}
	}
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

enum result base64_take(struct text t, struct writer *w)
{
	uint32_t v = 0;
	unsigned bits = 0;

	if (t.len && t.len % 4 == 0) { /* padding stands whole or not at all */
		for (unsigned i = 0; i < 2 && t.at[t.len - 1] == '='; i++)
			t.len--;
	}
	if (t.len % 4 == 1)
		return ERR_MALFORMED;
	for (size_t i = 0; i < t.len; i++) {
		int digit = base64_digit(t.at[i]);
		if (digit < 0)
			return ERR_MALFORMED;
		v = v << 6 | (uint32_t)digit;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			writer_u8(w, (uint8_t)(v >> bits));
			v &= (1u << bits) - 1;
		}
	}
	if (v)
		return ERR_MALFORMED; /* bits behind the last octet must be zero, RFC 4648 3.5 */
	return writer_ok(w) ? OK : ERR_TOO_BIG;
}
