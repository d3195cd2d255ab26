/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checked arithmetic on amounts, and how they are read and written. */
#include "billing/money.h"

#define DECIMALS 6

/* ISO 4217, active codes of countries, in order. */
static const char currencies[] = "AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBHDBIFBMDBNDBOBBRLBSDBTNBWPBYNBZDCADCDFCHFC"
				 "LPCNYCOPCRCCUPCVECZKDJFDKKDOPDZD"
				 "EGPERNETBEURFJDFKPGBPGELGHSGIPGMDGNFGTQGYDHKDHNLHTGHUFIDRILSINRIQDIRRISKJMDJODJPYKESK"
				 "GSKHRKMFKPWKRWKWDKYDKZTLAKLBPLKR"
				 "LRDLSLLYDMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMYRMZNNADNGNNIONOKNPRNZDOMRPABPENPGKPHPP"
				 "KRPLNPYGQARRONRSDRUBRWFSARSBDSCR"
				 "SDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTNDTOPTRYTTDTWDTZSUAHUGXUSDUYUUZSVEDVESV"
				 "NDVUVWSTXAFXCDXOFXPFYERZARZMWZWG";

bool currency_parse(struct text t, char out[CURRENCY_SIZE])
{
	if (t.len != 3)
		return false;
	for (size_t i = 0; i + 3 < sizeof(currencies); i += 3) {
		if (memcmp(currencies + i, t.at, 3) == 0)
			return text_copy(t, out, CURRENCY_SIZE);
	}
	return false;
}

bool amount_add(int64_t a, int64_t b, int64_t *out)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*out = sum;
	return true;
}

bool amount_subtract(int64_t a, int64_t b, int64_t *out)
{
	int64_t rest;

	if (__builtin_sub_overflow(a, b, &rest))
		return false;
	*out = rest;
	return true;
}

bool amount_multiply(int64_t a, int64_t n, int64_t *out)
{
	int64_t product;

	if (__builtin_mul_overflow(a, n, &product))
		return false;
	*out = product;
	return true;
}

bool money_add(struct money *sum, struct money other)
{
	return money_same_currency(*sum, other) && amount_add(sum->micros, other.micros, &sum->micros);
}

bool money_subtract(struct money *sum, struct money other)
{
	return money_same_currency(*sum, other) && amount_subtract(sum->micros, other.micros, &sum->micros);
}

/* The digits behind the point as 10^-6 units. */
static bool parse_fraction(struct text t, uint64_t *out)
{
	uint64_t value = 0;

	if (!t.len || t.len > DECIMALS || !text_to_u64(t, MONEY_UNIT - 1, &value))
		return false;
	for (size_t i = t.len; i < DECIMALS; i++)
		value *= 10;
	*out = value;
	return true;
}

enum result amount_parse(struct text t, bool may_be_negative, int64_t *out)
{
	uint64_t whole = 0, fraction = 0;
	bool negative = t.len && t.at[0] == '-';

	if (negative)
		t = text_range(t.at + 1, t.len - 1);
	for (size_t i = 0; i < t.len; i++) {
		if ((t.at[i] < '0' || t.at[i] > '9') && t.at[i] != '.')
			return ERR_MALFORMED;
	}
	if (!t.len || t.at[0] == '.')
		return ERR_MALFORMED;
	if (!text_take_u64(&t, INT64_MAX / MONEY_UNIT, &whole))
		return ERR_TOO_BIG;
	if (t.len && !(t.at[0] == '.' && parse_fraction(text_range(t.at + 1, t.len - 1), &fraction)))
		return ERR_MALFORMED;
	uint64_t micros = whole * MONEY_UNIT + fraction; /* below 2^64 by the bound of `whole` */
	if (micros > INT64_MAX)
		return ERR_TOO_BIG;
	if (negative && micros && !may_be_negative)
		return ERR_DENIED;
	*out = negative ? -(int64_t)micros : (int64_t)micros;
	return OK;
}

void amount_print(struct writer *w, int64_t micros)
{
	uint64_t magnitude = micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros;
	uint64_t fraction = magnitude % MONEY_UNIT;
	int decimals = DECIMALS;

	while (decimals > 2 && fraction % 10 == 0) {
		fraction /= 10;
		decimals--;
	}
	writer_printf(w, "%s%llu.%0*llu", micros < 0 ? "-" : "", (unsigned long long)(magnitude / MONEY_UNIT), decimals,
		      (unsigned long long)fraction);
}

void money_print(struct writer *w, struct money m)
{
	amount_print(w, m.micros);
	writer_printf(w, " %.3s", m.currency);
}

/* a * b / c with the rest, without losing bits; false where the quotient does not fit. */
static bool multiply_divide(int64_t a, int64_t b, int64_t c, int64_t *quotient_out, int64_t *rest_out)
{
	unsigned __int128 product = (unsigned __int128)(uint64_t)a * (uint64_t)b;
	unsigned __int128 quotient = product / (uint64_t)c;

	if (quotient > INT64_MAX)
		return false;
	*quotient_out = (int64_t)quotient;
	*rest_out = (int64_t)(product % (uint64_t)c);
	return true;
}

bool money_tax(int64_t net, int64_t tax_ppm, enum rounding rounding, int64_t step, int64_t *tax_out)
{
	int64_t divisor, steps, rest;

	if (net < 0 || tax_ppm < 0 || step < 1 || !amount_multiply(MONEY_PPM, step, &divisor) ||
	    !multiply_divide(net, tax_ppm, divisor, &steps, &rest))
		return false;
	bool up = rounding == ROUND_UP ? rest > 0 : rounding == ROUND_HALF_UP && rest >= divisor - rest;
	if (up && !amount_add(steps, 1, &steps))
		return false;
	return amount_multiply(steps, step, tax_out);
}

int64_t money_tax_inside(int64_t gross, int64_t tax_ppm)
{
	int64_t divisor = MONEY_PPM + tax_ppm, tax = 0, rest = 0;

	if (gross <= 0 || tax_ppm <= 0 || !multiply_divide(gross, tax_ppm, divisor, &tax, &rest))
		return 0;
	return rest >= divisor - rest ? tax + 1 : tax;
}
