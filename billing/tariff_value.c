/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times and taxes as a price list writes them. */
#include "billing/tariff_internal.h"
#include "core/base/clock.h"

static bool take_number(struct text *t, size_t digits, uint64_t max, uint64_t *out)
{
	struct text number = text_range(t->at, digits);

	if (t->len < digits || !text_to_u64(number, max, out))
		return false;
	*t = text_range(t->at + digits, t->len - digits);
	return true;
}

static bool take_char(struct text *t, char c)
{
	if (!t->len || t->at[0] != c)
		return false;
	*t = text_range(t->at + 1, t->len - 1);
	return true;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar; counts years from March, so the leap day comes last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static int64_t days_in(int64_t year, int64_t month)
{
	return month == 12 ? 31 : days_of(year, month + 1, 1) - days_of(year, month, 1);
}

bool tariff_parse_time(struct text t, int64_t *out)
{
	uint64_t year, month, day, hour = 0, minute = 0, second = 0;

	if (!take_number(&t, 4, 9999, &year) || !take_char(&t, '-') || !take_number(&t, 2, 12, &month) ||
	    !take_char(&t, '-') || !take_number(&t, 2, 31, &day))
		return false;
	if (year < 1970 || !month || !day || (int64_t)day > days_in((int64_t)year, (int64_t)month))
		return false;
	if (t.len && !(take_char(&t, 'T') && take_number(&t, 2, 23, &hour) && take_char(&t, ':') &&
		       take_number(&t, 2, 59, &minute) && take_char(&t, ':') && take_number(&t, 2, 59, &second) &&
		       take_char(&t, 'Z') && !t.len))
		return false;
	int64_t days = days_of((int64_t)year, (int64_t)month, (int64_t)day);
	*out = (days * 86400 + (int64_t)(hour * 3600 + minute * 60 + second)) * USEC_PER_SEC;
	return true;
}

bool tariff_parse_tax(struct text t, int64_t *ppm_out)
{
	int64_t micros;

	if (text_is(t, "0")) {
		*ppm_out = 0;
		return true;
	}
	if (!t.len || t.at[t.len - 1] != '%' || amount_parse(text_range(t.at, t.len - 1), false, &micros) != OK ||
	    micros % 100 || micros > 100 * MONEY_UNIT)
		return false;
	*ppm_out = micros / 100;
	return true;
}
