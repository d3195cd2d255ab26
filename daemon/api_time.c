/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 3339 section 5.6, read strictly. */
#include "daemon/api_time.h"

static bool take_digits(struct text *t, unsigned n, int64_t most, int64_t *out)
{
	int64_t v = 0;

	if (t->len < n)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (t->at[i] < '0' || t->at[i] > '9')
			return false;
		v = v * 10 + (t->at[i] - '0');
	}
	if (v > most)
		return false;
	*t = text_range(t->at + n, t->len - n);
	*out = v;
	return true;
}

static bool take_one(struct text *t, const char *of)
{
	if (!t->len || !t->at[0] || !strchr(of, t->at[0]))
		return false;
	*t = text_range(t->at + 1, t->len - 1);
	return true;
}

static bool leap_year(int64_t y)
{
	return (y % 4 == 0 && y % 100) || y % 400 == 0;
}

/* Days since 1970-01-01; counted in years that begin in March, so that the leap day is the last one. */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
	int64_t year = m <= 2 ? y - 1 : y;
	int64_t month = (m + 9) % 12;

	return 365 * year + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 + d - 1 - 719468;
}

static bool take_date(struct text *t, int64_t *days_out)
{
	static const int64_t longest[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t y, m, d;

	if (!take_digits(t, 4, 9999, &y) || !take_one(t, "-") || !take_digits(t, 2, 12, &m) || !take_one(t, "-"))
		return false;
	if (!take_digits(t, 2, 31, &d) || !m || !d || d > longest[m - 1] || y < 1970)
		return false;
	if (m == 2 && d == 29 && !leap_year(y))
		return false;
	*days_out = days_of(y, m, d);
	return true;
}

static bool take_clock(struct text *t, int64_t *us_out)
{
	int64_t h, m, s, us = 0, unit = 100000;

	if (!take_digits(t, 2, 23, &h) || !take_one(t, ":") || !take_digits(t, 2, 59, &m) || !take_one(t, ":"))
		return false;
	if (!take_digits(t, 2, 60, &s))
		return false;
	if (take_one(t, ".")) {
		int64_t digit;

		if (!take_digits(t, 1, 9, &digit))
			return false;
		do {
			us += digit * unit;
			unit /= 10;
		} while (take_digits(t, 1, 9, &digit));
	}
	*us_out = ((h * 60 + m) * 60 + s) * INT64_C(1000000) + us;
	return true;
}

static bool take_zone(struct text *t, int64_t *us_out)
{
	int64_t h, m, sign = 1;

	*us_out = 0;
	if (take_one(t, "Zz"))
		return true;
	if (take_one(t, "-"))
		sign = -1;
	else if (!take_one(t, "+"))
		return false;
	if (!take_digits(t, 2, 23, &h) || !take_one(t, ":") || !take_digits(t, 2, 59, &m))
		return false;
	*us_out = sign * (h * 60 + m) * INT64_C(60000000);
	return true;
}

bool api_time_parse(struct text t, int64_t *us_out)
{
	int64_t days, clock, zone;

	if (!take_date(&t, &days) || !take_one(&t, "Tt ") || !take_clock(&t, &clock) || !take_zone(&t, &zone) || t.len)
		return false;
	*us_out = days * INT64_C(86400000000) + clock - zone;
	return *us_out >= 0;
}
