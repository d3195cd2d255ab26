/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wall clocks: offsets, summer time by rule, a window of each day. */
#include "core/screen_time.h"

#include "core/base/clock.h"

#define DAY_S 86400
#define HOUR_S 3600
#define LEAP_MAX_S (3 * HOUR_S)
#define QUARTER_US (900 * USEC_PER_SEC)
#define LOOKS_MAX (30u * 4u) /* more than a day and a leap */

/* --- days ----------------------------------------------------------------------------------------------------------
 */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Days since 1970-01-01 of the Gregorian calendar; years begin in March, so that the leap day is their last. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = floor_div(y, 400), of_era = y - era * 400;
	int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t year_of(int64_t days)
{
	int64_t year = 1970 + floor_div(days * 400, 146097);

	while (days_of(year, 1, 1) > days)
		year--;
	while (days_of(year + 1, 1, 1) <= days)
		year++;
	return year;
}

/* 1970-01-01 was a Thursday. */
static unsigned weekday_of(int64_t days)
{
	return (unsigned)(days + 4 - floor_div(days + 4, 7) * 7);
}

/* The wall clock's seconds since 1970 at which a change of that year comes, by the offset until then. */
static int64_t change_in(const struct screen_change *c, int64_t year)
{
	int64_t first = days_of(year, c->month, 1);
	int64_t day = first + (c->weekday + 7 - weekday_of(first)) % 7 + 7 * (c->week - 1);
	int64_t next_month = c->month == 12 ? days_of(year + 1, 1, 1) : days_of(year, c->month + 1u, 1);

	while (day >= next_month)
		day -= 7;
	return day * DAY_S + c->at_s;
}

int32_t screen_zone_offset(const struct screen_zone *z, int64_t at_us)
{
	int64_t utc = floor_div(at_us, USEC_PER_SEC);

	if (!z->has_summer)
		return z->standard_s;
	int64_t year = year_of(floor_div(utc + z->standard_s, DAY_S));
	int64_t begin = change_in(&z->begin, year) - z->standard_s, end = change_in(&z->end, year) - z->summer_s;
	bool summer = begin < end ? utc >= begin && utc < end : utc >= begin || utc < end;
	return summer ? z->summer_s : z->standard_s;
}

/* --- zones as text -------------------------------------------------------------------------------------------------
 */

static const struct {
	const char *name, *rule;
} names[] = {
	{ "UTC", "UTC0" },
	{ "Asia/Tokyo", "JST-9" },
	{ "Asia/Seoul", "KST-9" },
	{ "Asia/Shanghai", "CST-8" },
	{ "Asia/Taipei", "CST-8" },
	{ "Asia/Hong_Kong", "HKT-8" },
	{ "Asia/Singapore", "<+08>-8" },
	{ "Asia/Manila", "PST-8" },
	{ "Asia/Jakarta", "WIB-7" },
	{ "Asia/Bangkok", "<+07>-7" },
	{ "Asia/Ho_Chi_Minh", "<+07>-7" },
	{ "Asia/Kolkata", "IST-5:30" },
	{ "Asia/Kathmandu", "<+0545>-5:45" },
	{ "Asia/Dubai", "<+04>-4" },
	{ "Africa/Nairobi", "EAT-3" },
	{ "Africa/Lagos", "WAT-1" },
	{ "Africa/Johannesburg", "SAST-2" },
	{ "Europe/London", "GMT0BST,M3.5.0/1,M10.5.0" },
	{ "Europe/Lisbon", "WET0WEST,M3.5.0/1,M10.5.0" },
	{ "Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3" },
	{ "Europe/Paris", "CET-1CEST,M3.5.0,M10.5.0/3" },
	{ "Europe/Madrid", "CET-1CEST,M3.5.0,M10.5.0/3" },
	{ "Europe/Rome", "CET-1CEST,M3.5.0,M10.5.0/3" },
	{ "Europe/Vienna", "CET-1CEST,M3.5.0,M10.5.0/3" },
	{ "Europe/Zurich", "CET-1CEST,M3.5.0,M10.5.0/3" },
	{ "Europe/Amsterdam", "CET-1CEST,M3.5.0,M10.5.0/3" },
	{ "Europe/Stockholm", "CET-1CEST,M3.5.0,M10.5.0/3" },
	{ "Europe/Warsaw", "CET-1CEST,M3.5.0,M10.5.0/3" },
	{ "Europe/Helsinki", "EET-2EEST,M3.5.0/3,M10.5.0/4" },
	{ "Europe/Athens", "EET-2EEST,M3.5.0/3,M10.5.0/4" },
	{ "Europe/Kyiv", "EET-2EEST,M3.5.0/3,M10.5.0/4" },
	{ "America/New_York", "EST5EDT,M3.2.0,M11.1.0" },
	{ "America/Chicago", "CST6CDT,M3.2.0,M11.1.0" },
	{ "America/Denver", "MST7MDT,M3.2.0,M11.1.0" },
	{ "America/Phoenix", "MST7" },
	{ "America/Los_Angeles", "PST8PDT,M3.2.0,M11.1.0" },
	{ "America/Sao_Paulo", "<-03>3" },
	{ "Australia/Sydney", "AEST-10AEDT,M10.1.0,M4.1.0/3" },
	{ "Australia/Brisbane", "AEST-10" },
	{ "Pacific/Auckland", "NZST-12NZDT,M9.5.0,M4.1.0/3" },
};

static bool take_char(struct text *t, char c)
{
	if (!t->len || t->at[0] != c)
		return false;
	*t = text_range(t->at + 1, t->len - 1);
	return true;
}

static bool take_number(struct text *t, unsigned max, unsigned *out)
{
	uint64_t n;

	if (!text_take_u64(t, max, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

/* h, h:mm or h:mm:ss, with a sign in front where it is not positive. */
static bool take_clock(struct text *t, unsigned hours_max, int32_t *out)
{
	unsigned h, m = 0, s = 0;
	bool negative = take_char(t, '-');

	if (!negative)
		(void)take_char(t, '+');
	if (!take_number(t, hours_max, &h))
		return false;
	if (take_char(t, ':') && !take_number(t, 59, &m))
		return false;
	if (take_char(t, ':') && !take_number(t, 59, &s))
		return false;
	*out = (int32_t)(h * HOUR_S + m * 60 + s);
	if (negative)
		*out = -*out;
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* CET, or <+09>: at least three characters. */
static bool take_zone_name(struct text *t)
{
	size_t n = 0;

	if (take_char(t, '<')) {
		struct text name;
		if (!memchr(t->at, '>', t->len) || !text_split(t, '>', &name))
			return false;
		return name.len >= 3;
	}
	while (n < t->len && is_letter(t->at[n]))
		n++;
	*t = text_range(t->at + n, t->len - n);
	return n >= 3;
}

static bool take_change(struct text *t, struct screen_change *out)
{
	unsigned month, week, weekday;

	*out = (struct screen_change){ .at_s = 2 * HOUR_S };
	if (!take_char(t, ',') || !take_char(t, 'M') || !take_number(t, 12, &month) || !take_char(t, '.') ||
	    !take_number(t, 5, &week) || !take_char(t, '.') || !take_number(t, 6, &weekday) || !month || !week)
		return false;
	out->month = (uint8_t)month;
	out->week = (uint8_t)week;
	out->weekday = (uint8_t)weekday;
	return !take_char(t, '/') || take_clock(t, 24, &out->at_s);
}

/* POSIX.1-2017 8.3: there the offset is what is added to local time to get UTC. */
static bool parse_rule(struct text t, struct screen_zone *out)
{
	if (!take_zone_name(&t) || !take_clock(&t, 14, &out->standard_s))
		return false;
	out->standard_s = -out->standard_s;
	if (!t.len)
		return true;
	out->has_summer = true;
	out->summer_s = out->standard_s + HOUR_S;
	if (!take_zone_name(&t))
		return false;
	if (t.len && t.at[0] != ',') {
		if (!take_clock(&t, 14, &out->summer_s))
			return false;
		out->summer_s = -out->summer_s;
	}
	int32_t leap = out->summer_s - out->standard_s;
	return take_change(&t, &out->begin) && take_change(&t, &out->end) && !t.len && leap <= LEAP_MAX_S &&
	       -leap <= LEAP_MAX_S;
}

static bool parse_offset(struct text t, struct screen_zone *out)
{
	return t.len && (t.at[0] == '+' || t.at[0] == '-') && take_clock(&t, 14, &out->standard_s) && !t.len;
}

bool screen_zone_parse(struct text t, struct screen_zone *out)
{
	*out = (struct screen_zone){ 0 };
	if (parse_offset(t, out))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (text_is(t, names[i].name))
			t = text_of(names[i].rule);
	}
	*out = (struct screen_zone){ 0 };
	return parse_rule(t, out);
}

/* --- quiet hours ---------------------------------------------------------------------------------------------------
 */

static bool take_minute(struct text *t, uint16_t *out)
{
	unsigned h, m;

	if (!take_number(t, 24, &h) || !take_char(t, ':') || !take_number(t, 59, &m) || h * 60 + m > 24 * 60)
		return false;
	*out = (uint16_t)(h * 60 + m);
	return true;
}

bool screen_quiet_parse(struct text t, struct screen_quiet *out, const char **why_out)
{
	*out = (struct screen_quiet){ .words = t };
	*why_out = "quiet hours are FROM-UNTIL ZONE, as `21:00-08:00 +09:00`";
	if (!take_minute(&t, &out->from_minute) || !take_char(&t, '-') || !take_minute(&t, &out->until_minute) ||
	    !take_char(&t, ' '))
		return false;
	if (out->from_minute % (24 * 60) == out->until_minute % (24 * 60)) {
		*why_out = "quiet hours begin and end at the same time: nothing could ever be sent";
		return false;
	}
	*why_out = "the zone of quiet hours is an offset (`+09:00`), a name of the manual (`Asia/Tokyo`), or a rule of "
		   "POSIX (`CET-1CEST,M3.5.0,M10.5.0/3`)";
	return screen_zone_parse(text_trim(t), &out->zone);
}

static int64_t local_s(const struct screen_quiet *q, int64_t at_us)
{
	return floor_div(at_us, USEC_PER_SEC) + screen_zone_offset(&q->zone, at_us);
}

bool screen_quiet_at(const struct screen_quiet *q, int64_t at_us)
{
	int64_t local = local_s(q, at_us);
	int64_t of_day = local - floor_div(local, DAY_S) * DAY_S, from = q->from_minute * 60,
		until = q->until_minute * 60;

	return from < until ? of_day >= from && of_day < until : of_day >= from || of_day < until;
}

/* Where the clock leaps over the end, the first quarter of an hour after it. */
static int64_t look_for_end(const struct screen_quiet *q, int64_t at_us)
{
	int64_t t = at_us - at_us % QUARTER_US;

	for (unsigned i = 0; i < LOOKS_MAX; i++) {
		t += QUARTER_US;
		if (!screen_quiet_at(q, t))
			break;
	}
	return t;
}

int64_t screen_quiet_end(const struct screen_quiet *q, int64_t at_us)
{
	if (!screen_quiet_at(q, at_us))
		return at_us;
	int64_t local = local_s(q, at_us), day = floor_div(local, DAY_S);
	int64_t end = day * DAY_S + q->until_minute * 60;
	if (end <= local)
		end += DAY_S;
	/* The offset may be another one by then. */
	int64_t guess_us = (end - screen_zone_offset(&q->zone, at_us)) * USEC_PER_SEC;
	int64_t end_us = (end - screen_zone_offset(&q->zone, guess_us)) * USEC_PER_SEC;
	return end_us <= at_us || screen_quiet_at(q, end_us) ? look_for_end(q, at_us) : end_us;
}
