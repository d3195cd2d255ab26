/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smpp_time.h. */
#include "sms/smpp_time.h"

#include "core/base/clock.h"

#define MINUTE 60
#define HOUR 3600
#define DAY 86400
#define MONTH (30 * DAY)
#define YEAR (365 * DAY)

struct fields {
	unsigned v[6]; /* year, month, day, hour, minute, second */
};

static int64_t days_of(int year, unsigned month, unsigned day)
{
	int y = year - (month <= 2);
	int era = (y >= 0 ? y : y - 399) / 400;
	int of_era = y - era * 400;
	int of_year = (int)((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1);

	return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static unsigned days_in(int year, unsigned month)
{
	static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Two digits each. */
static bool take_fields(struct text t, unsigned count, struct fields *out)
{
	memset(out, 0, sizeof(*out));
	if (t.len < 2 * count)
		return false;
	for (unsigned i = 0; i < count; i++) {
		uint64_t v;

		if (!text_to_u64(text_range(t.at + 2 * i, 2), 99, &v))
			return false;
		out->v[i] = (unsigned)v;
	}
	return true;
}

static bool seconds_of(const struct fields *f, int64_t *out)
{
	int year = (int)f->v[0] + (f->v[0] <= 37 ? 2000 : 1900);

	if (f->v[1] < 1 || f->v[1] > 12 || f->v[2] < 1 || f->v[2] > days_in(year, f->v[1]))
		return false;
	if (f->v[3] > 23 || f->v[4] > 59 || f->v[5] > 59)
		return false;
	*out = days_of(year, f->v[1], f->v[2]) * DAY + f->v[3] * HOUR + f->v[4] * MINUTE + f->v[5];
	return true;
}

static int64_t period_of(const struct fields *f)
{
	return (int64_t)f->v[0] * YEAR + (int64_t)f->v[1] * MONTH + (int64_t)f->v[2] * DAY + (int64_t)f->v[3] * HOUR +
	       (int64_t)f->v[4] * MINUTE + f->v[5];
}

/* Tenths and quarter hours behind the twelve digits. */
static bool take_zone(struct text t, unsigned *tenths_out, int *quarters_out)
{
	uint64_t tenths, quarters;

	if (!text_to_u64(text_range(t.at + 12, 1), 9, &tenths) || !text_to_u64(text_range(t.at + 13, 2), 99, &quarters))
		return false;
	*tenths_out = (unsigned)tenths;
	*quarters_out = t.at[15] == '-' ? -(int)quarters : (int)quarters;
	return true;
}

enum result smpp_time_read(struct text t, struct smpp_time *out)
{
	struct fields f;
	unsigned tenths;
	int quarters;
	int64_t seconds;

	*out = (struct smpp_time){ SMPP_TIME_NONE, 0 };
	if (!t.len)
		return OK;
	if (t.len != 16 || !take_fields(t, 6, &f) || !take_zone(t, &tenths, &quarters))
		return ERR_MALFORMED;
	if (t.at[15] == 'R' || t.at[15] == 'r') {
		*out = (struct smpp_time){ SMPP_TIME_RELATIVE, period_of(&f) * USEC_PER_SEC };
		return OK;
	}
	/* The text says 48 at most; UTC+14 is 56. */
	if ((t.at[15] != '+' && t.at[15] != '-') || quarters > 56 || quarters < -56 || !seconds_of(&f, &seconds))
		return ERR_MALFORMED;
	seconds -= (int64_t)quarters * 15 * MINUTE;
	*out = (struct smpp_time){ SMPP_TIME_ABSOLUTE, seconds * USEC_PER_SEC + tenths * 100000 };
	return OK;
}

int64_t smpp_time_when(const struct smpp_time *t, int64_t now_us)
{
	if (t->form == SMPP_TIME_NONE)
		return 0;
	return t->form == SMPP_TIME_RELATIVE ? now_us + t->us : t->us;
}

/* The inverse of days_of(). */
static struct fields fields_of(int64_t us)
{
	static const int64_t first = INT64_C(-1009843200), last = INT64_C(2145916799); /* 1938-01-01, 2037-12-31 */
	int64_t seconds = us / USEC_PER_SEC - (us % USEC_PER_SEC < 0);

	if (seconds < first)
		seconds = first;
	if (seconds > last)
		seconds = last;
	int64_t day = seconds / DAY - (seconds % DAY < 0);
	unsigned of_day = (unsigned)(seconds - day * DAY);
	int64_t z = day + 719468;
	unsigned of_era = (unsigned)(z % 146097); /* z > 0 in this range */
	unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned mp = (5 * of_year + 2) / 153;
	unsigned month = mp < 10 ? mp + 3 : mp - 9;
	unsigned year = year_of_era + (unsigned)(z / 146097) * 400 + (month <= 2);

	return (struct fields){ { year % 100, month, of_year - (153 * mp + 2) / 5 + 1, of_day / HOUR,
				  of_day % HOUR / MINUTE, of_day % MINUTE } };
}

static void put_two(char *to, unsigned v)
{
	to[0] = (char)('0' + v / 10 % 10);
	to[1] = (char)('0' + v % 10);
}

static void put_fields(char *to, const struct fields *f, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		put_two(to + 2 * i, f->v[i]);
}

struct text smpp_time_absolute(int64_t us, char to[SMPP_TIME_SIZE])
{
	struct fields f = fields_of(us);

	put_fields(to, &f, 6);
	memcpy(to + 12, "000+", 5);
	return text_range(to, 16);
}

struct text smpp_time_relative(int64_t us, char to[SMPP_TIME_SIZE])
{
	static const int64_t units[] = { YEAR, MONTH, DAY, HOUR, MINUTE, 1 };
	int64_t seconds = us <= 0 ? 0 : (us - 1) / USEC_PER_SEC + 1;
	struct fields f;

	if (seconds > INT64_C(99) * YEAR)
		seconds = INT64_C(99) * YEAR;
	for (unsigned i = 0; i < 6; i++) {
		f.v[i] = (unsigned)(seconds / units[i]);
		seconds %= units[i];
	}
	put_fields(to, &f, 6);
	memcpy(to + 12, "000R", 5);
	return text_range(to, 16);
}

int64_t smpp_time_of_receipt(struct text t)
{
	struct fields f;
	int64_t seconds;

	if ((t.len != 10 && t.len != 12) || !take_fields(t, (unsigned)t.len / 2, &f) || !seconds_of(&f, &seconds))
		return 0;
	return seconds * USEC_PER_SEC;
}

struct text smpp_time_to_receipt(int64_t us, char to[SMPP_RECEIPT_DATE_SIZE])
{
	struct fields f = fields_of(us);

	put_fields(to, &f, 5);
	to[10] = 0;
	return text_range(to, 10);
}
