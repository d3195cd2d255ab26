/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows, marks and warnings of caps. */
#include "billing/cap.h"

#include <assert.h>

#include "core/base/clock.h"
#include "core/net/digest.h"

#define DAY_US (INT64_C(86400) * USEC_PER_SEC)

static const char *const kinds[] = { "day", "month", "roaming-month" };
static_assert(sizeof(kinds) / sizeof(kinds[0]) == CAP_KIND_COUNT, "each kind has a name");

const char *cap_kind_name(enum cap_kind kind)
{
	return (unsigned)kind < CAP_KIND_COUNT ? kinds[kind] : "invalid";
}

static int64_t floor_divide(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return a % b < 0 ? q - 1 : q;
}

/* Day of 1970-01-01 = 0 to its month as months since year 0, and the day that a month begins on. Years begin in March
 * inside, so that the leap day is the last one. */
static int64_t month_of_day(int64_t day)
{
	int64_t z = day + 719468;
	int64_t era = floor_divide(z, 146097);
	int64_t of_era = z - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t march = (5 * of_year + 2) / 153;

	return (year + era * 400) * 12 + march + 2;
}

static int64_t first_day_of_month(int64_t month)
{
	int64_t from_march = month - 2;
	int64_t year = floor_divide(from_march, 12), march = from_march - 12 * year;
	int64_t era = floor_divide(year, 400), of_era = year - era * 400;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * march + 2) / 5 - 719468;
}

void cap_bounds(enum cap_kind kind, int64_t now_us, int32_t utc_offset_s, int64_t *from_out, int64_t *until_out)
{
	int64_t offset = utc_offset_s * USEC_PER_SEC;
	int64_t from = floor_divide(now_us + offset, DAY_US), until = from + 1;

	if (kind != CAP_DAY) {
		int64_t month = month_of_day(from);
		from = first_day_of_month(month);
		until = first_day_of_month(month + 1);
	}
	*from_out = from * DAY_US - offset;
	*until_out = until * DAY_US - offset;
}

bool cap_allows(const struct cap_window *window, int64_t amount)
{
	int64_t used;

	return amount >= 0 && amount_add(window->posted, window->held, &used) && amount_add(used, amount, &used) &&
	       used <= window->cap;
}

bool cap_counts(enum cap_kind kind, bool roaming)
{
	return kind != CAP_ROAMING_MONTH || roaming;
}

/* 80 % without overflow: cap - cap / 5, rounded up. */
static int64_t eighty(int64_t cap)
{
	return cap - cap / 5;
}

unsigned cap_marks(int64_t before, int64_t after, int64_t cap)
{
	unsigned marks = 0;

	if (cap <= 0)
		return 0;
	if (before < eighty(cap) && after >= eighty(cap))
		marks |= CAP_MARK_80;
	if (before < cap && after >= cap)
		marks |= CAP_MARK_100;
	return marks;
}

void cap_warning_id(const uint8_t account_id[16], const struct cap_window *window, unsigned mark, uint8_t out[16])
{
	uint8_t room[32], sum[DIGEST_SHA256_SIZE];
	struct writer w = writer_of(room, sizeof(room));

	writer_text(&w, TEXT_LITERAL("cap"));
	writer_u8(&w, (uint8_t)window->kind);
	writer_u64(&w, (uint64_t)window->from_us);
	writer_u8(&w, (uint8_t)mark);
	const struct digest_part parts[] = { { room, writer_len(&w) }, { account_id, 16 } };
	digest_sha256(parts, 2, sum);
	memcpy(out, sum, 16);
}

void cap_warning_text(struct writer *w, const struct cap_window *window, unsigned mark, const char *currency)
{
	static const char *const spans[] = { "today", "this month", "roaming this month" };
	int64_t used = 0;

	(void)amount_add(window->posted, window->held, &used);
	writer_printf(w, "%s of your limit of ", mark == CAP_MARK_80 ? "80 %" : "All");
	amount_print(w, window->cap);
	writer_printf(w, " %s for %s is used: ", currency, spans[window->kind]);
	amount_print(w, used);
	writer_printf(w, " %s.", currency);
}

/* --- configuration ------------------------------------------------------------------------------------------------ */

static bool kind_parse(struct text word, enum cap_kind *out)
{
	for (unsigned i = 0; i < CAP_KIND_COUNT; i++) {
		if (text_is(word, kinds[i])) {
			*out = (enum cap_kind)i;
			return true;
		}
	}
	return false;
}

enum result cap_parse(struct text t, enum cap_kind *kind_out, int64_t *cap_out, bool *now_out)
{
	struct text rest = text_trim(t), kind = { 0 }, amount = { 0 };

	(void)text_split(&rest, ' ', &kind);
	rest = text_trim(rest);
	(void)text_split(&rest, ' ', &amount);
	rest = text_trim(rest);
	*now_out = text_is(rest, "now");
	if (!kind_parse(kind, kind_out) || (rest.len && !*now_out))
		return ERR_MALFORMED;
	return amount_parse(amount, false, cap_out);
}

bool cap_offset_parse(struct text t, int32_t *seconds_out)
{
	uint64_t hours, minutes;

	if (t.len != 6 || (t.at[0] != '+' && t.at[0] != '-') || t.at[3] != ':' ||
	    !text_to_u64(text_range(t.at + 1, 2), 14, &hours) || !text_to_u64(text_range(t.at + 4, 2), 59, &minutes))
		return false;
	int32_t seconds = (int32_t)(hours * 3600 + minutes * 60);
	*seconds_out = t.at[0] == '-' ? -seconds : seconds;
	return true;
}
