/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hours of the day in a place, with its summer time. No file is read, so a sandboxed role can do it: a zone is an
 * offset ("+09:00"), a name of the small table here ("Asia/Tokyo", "Europe/Berlin"; laws change, tables age), or the
 * rule itself as POSIX writes TZ ("CET-1CEST,M3.5.0,M10.5.0/3").
 */
#ifndef CORE_SCREEN_TIME_H
#define CORE_SCREEN_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"
#include "core/base/writer.h"

/* The day on which summer time begins or ends: Mm.w.d of POSIX, and when, in seconds of the wall clock until then. */
struct screen_change {
	uint8_t month, week, weekday; /* 1..12, 1..5 (5 = the last), 0 = Sunday */
	int32_t at_s;
};

struct screen_zone {
	int32_t standard_s, summer_s; /* east of Greenwich */
	bool has_summer;
	struct screen_change begin, end;
};

bool screen_zone_parse(struct text t, struct screen_zone *out);
int32_t screen_zone_offset(const struct screen_zone *zone, int64_t at_us);

/* Every day from <= local time < until, across midnight where until is the smaller. */
struct screen_quiet {
	uint16_t from_minute, until_minute;
	struct screen_zone zone;
	struct text words; /* as configured; the caller's */
};

/* "21:00-08:00 +09:00". False with a reason. */
bool screen_quiet_parse(struct text t, struct screen_quiet *out, const char **why_out);
bool screen_quiet_at(const struct screen_quiet *quiet, int64_t at_us);
/* When the quiet hours that hold at this time end; the time itself where none do. Where the wall clock leaps over that
 * end, the first full quarter of an hour after it. */
int64_t screen_quiet_end(const struct screen_quiet *quiet, int64_t at_us);

#endif
