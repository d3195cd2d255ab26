/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time stamps and validity periods. */
#include "sms/tpdu_time.h"

#include "core/base/clock.h"

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)
#define QUARTER (15 * MINUTE)

enum { YEAR, MONTH, DAY_OF_MONTH, HOURS, MINUTES, SECONDS, ZONE };

#define ZONE_MINUS 0x08

/* Days since 1970-01-01 of a date of the Gregorian calendar, by counting from a year that begins in March. */
static int64_t days_of(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int era = y / 400;
	int of_era = y - era * 400;
	int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;

	return (int64_t)era * 146097 + days - 719468;
}

struct date {
	int year, month, day;
};

static struct date date_of(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int of_era = (int)(z - era * 146097);
	int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int of_year = of_era - (365 * year + year / 4 - year / 100);
	int shifted = (5 * of_year + 2) / 153;
	struct date d = { .day = of_year - (153 * shifted + 2) / 5 + 1,
			  .month = shifted < 10 ? shifted + 3 : shifted - 9 };

	d.year = (int)(year + era * 400) + (d.month <= 2);
	return d;
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

/* Two digits, low half first; -1 for what is none. */
static int swapped(uint8_t octet)
{
	int tens = octet & 0xf, ones = octet >> 4;

	return tens > 9 || ones > 9 ? -1 : 10 * tens + ones;
}

static uint8_t swap(int value)
{
	return (uint8_t)(value % 10 << 4 | value / 10 % 10);
}

static bool in_range(int value, int low, int high)
{
	return value >= low && value <= high;
}

static void interpret(struct tpdu_time *t)
{
	int v[ZONE];
	int quarters = swapped(t->octets[ZONE] & (uint8_t)~ZONE_MINUS);

	for (unsigned i = 0; i < ZONE; i++)
		v[i] = swapped(t->octets[i]);
	if (v[YEAR] < 0 || !in_range(v[MONTH], 1, 12) || quarters < 0)
		return;
	int year = v[YEAR] + (v[YEAR] >= 90 ? 1900 : 2000);
	if (!in_range(v[DAY_OF_MONTH], 1, days_in(year, v[MONTH])) || !in_range(v[HOURS], 0, 23) ||
	    !in_range(v[MINUTES], 0, 59) || !in_range(v[SECONDS], 0, 59))
		return;
	t->quarters = (int8_t)(t->octets[ZONE] & ZONE_MINUS ? -quarters : quarters);
	int64_t seconds = days_of(year, v[MONTH], v[DAY_OF_MONTH]) * DAY + v[HOURS] * HOUR + v[MINUTES] * MINUTE;
	t->us = (seconds + v[SECONDS] - t->quarters * QUARTER) * USEC_PER_SEC;
	t->valid = true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct tpdu_time tpdu_time_of(int64_t us, int quarters)
{
	int64_t seconds = floor_div(us, USEC_PER_SEC) + quarters * QUARTER;
	int64_t days = floor_div(seconds, DAY);
	int of_day = (int)(seconds - days * DAY);
	struct date date = date_of(days);
	struct tpdu_time t = { 0 };

	t.octets[YEAR] = swap(date.year % 100);
	t.octets[MONTH] = swap(date.month);
	t.octets[DAY_OF_MONTH] = swap(date.day);
	t.octets[HOURS] = swap(of_day / 3600);
	t.octets[MINUTES] = swap(of_day / 60 % 60);
	t.octets[SECONDS] = swap(of_day % 60);
	t.octets[ZONE] = swap(quarters < 0 ? -quarters : quarters);
	if (quarters < 0)
		t.octets[ZONE] |= ZONE_MINUS;
	interpret(&t);
	return t;
}

struct tpdu_time tpdu_time_take(struct reader *r)
{
	struct tpdu_time t = { 0 };

	reader_copy(r, t.octets, sizeof(t.octets));
	if (!r->failed)
		interpret(&t);
	return t;
}

void tpdu_time_put(struct writer *w, const struct tpdu_time *t)
{
	writer_bytes(w, t->octets, sizeof(t->octets));
}

int64_t tpdu_relative_seconds(uint8_t v)
{
	if (v <= 143)
		return (v + 1) * 5 * MINUTE;
	if (v <= 167)
		return 12 * HOUR + (v - 143) * 30 * MINUTE;
	if (v <= 196)
		return (v - 166) * DAY;
	return (v - 192) * WEEK;
}

struct tpdu_validity tpdu_validity_relative(int64_t seconds)
{
	struct tpdu_validity v = { .form = TPDU_VALIDITY_RELATIVE, .valid = true };

	while (v.octets[0] < UINT8_MAX && tpdu_relative_seconds(v.octets[0]) < seconds)
		v.octets[0]++;
	v.seconds = tpdu_relative_seconds(v.octets[0]);
	return v;
}

struct tpdu_validity tpdu_validity_until(int64_t us, int quarters)
{
	struct tpdu_validity v = { .form = TPDU_VALIDITY_ABSOLUTE, .until = tpdu_time_of(us, quarters) };

	memcpy(v.octets, v.until.octets, sizeof(v.octets));
	v.valid = v.until.valid;
	return v;
}

/* Enhanced form: functionality indicator, then by its low three bits. An extension octet is not known: not valid. */
static void interpret_enhanced(struct tpdu_validity *v)
{
	struct reader r = reader_of(v->octets, sizeof(v->octets));
	uint8_t indicator = reader_u8(&r);
	int hours, minutes, seconds;

	v->single_shot = indicator & 0x40;
	v->valid = !(indicator & 0x80);
	switch (indicator & 7) {
	case 0:
		break;
	case 1:
		v->seconds = tpdu_relative_seconds(reader_u8(&r));
		break;
	case 2:
		v->seconds = reader_u8(&r);
		v->valid = v->valid && v->seconds;
		break;
	case 3:
		hours = swapped(reader_u8(&r));
		minutes = swapped(reader_u8(&r));
		seconds = swapped(reader_u8(&r));
		v->valid = v->valid && hours >= 0 && in_range(minutes, 0, 59) && in_range(seconds, 0, 59);
		v->seconds = v->valid ? hours * HOUR + minutes * MINUTE + seconds : 0;
		break;
	default:
		v->valid = false;
	}
}

static void interpret_absolute(struct tpdu_validity *v)
{
	struct reader r = reader_of(v->octets, sizeof(v->octets));

	v->until = tpdu_time_take(&r);
	v->valid = v->until.valid;
}

static size_t validity_size(enum tpdu_validity_form form)
{
	return form == TPDU_VALIDITY_NONE ? 0 : form == TPDU_VALIDITY_RELATIVE ? 1 : 7;
}

struct tpdu_validity tpdu_validity_take(struct reader *r, enum tpdu_validity_form form)
{
	struct tpdu_validity v = { .form = form, .valid = true };

	reader_copy(r, v.octets, validity_size(form));
	if (r->failed)
		v.valid = false;
	else if (form == TPDU_VALIDITY_RELATIVE)
		v.seconds = tpdu_relative_seconds(v.octets[0]);
	else if (form == TPDU_VALIDITY_ENHANCED)
		interpret_enhanced(&v);
	else if (form == TPDU_VALIDITY_ABSOLUTE)
		interpret_absolute(&v);
	return v;
}

void tpdu_validity_put(struct writer *w, const struct tpdu_validity *v)
{
	writer_bytes(w, v->octets, validity_size(v->form));
}
