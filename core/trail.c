/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events of a delivery, encoded one behind the other. */
#include "core/trail.h"

#include <assert.h>
#include <stdio.h>

#define TIME_OCTETS 7
#define FIXED_OCTETS (TIME_OCTETS + 2) /* time, code, rule length */
#define RULE_MAX 40
#define DETAIL_MAX 180
/* Of a trail that must be folded: how many events stay at its start; the rest of the room goes to the newest. */
#define KEPT_AT_START 8

static const char *const names[] = {
	[TRAIL_FOLDED] = "folded",	 [TRAIL_ACCEPTED] = "accepted",
	[TRAIL_DECIDED] = "decided",	 [TRAIL_LEASED] = "leased",
	[TRAIL_SENT] = "sent",		 [TRAIL_RETRY] = "retry",
	[TRAIL_REFUSED] = "refused",	 [TRAIL_IN_DOUBT] = "in doubt",
	[TRAIL_DELIVERED] = "delivered", [TRAIL_DISPLAYED] = "displayed",
	[TRAIL_EXPIRED] = "expired",	 [TRAIL_CANCELLED] = "cancelled",
	[TRAIL_HELD] = "held",		 [TRAIL_WOKEN] = "woken",
	[TRAIL_REPORT] = "report",	 [TRAIL_QUOTED] = "quoted",
	[TRAIL_CHARGED] = "charged",	 [TRAIL_REFUNDED] = "refunded",
	[TRAIL_UNKNOWN_END] = "unknown", [TRAIL_CANCEL_ASKED] = "cancel asked",
	[TRAIL_NOTE] = "note",		 [TRAIL_NETWORK] = "network",
};
static_assert(sizeof(names) / sizeof(names[0]) == TRAIL_CODE_COUNT, "each event has a name");

const char *trail_code_name(enum trail_code code)
{
	return (unsigned)code < TRAIL_CODE_COUNT ? names[code] : "invalid event";
}

static struct text cut(struct text t, size_t max)
{
	return text_range(t.at, t.len < max ? t.len : max);
}

void trail_put(struct writer *w, const struct trail_event *event)
{
	struct text rule = cut(event->rule, RULE_MAX), detail = cut(event->detail, DETAIL_MAX);
	uint64_t at = (uint64_t)event->at_us;

	writer_u8(w, (uint8_t)(FIXED_OCTETS + rule.len + detail.len));
	for (unsigned i = TIME_OCTETS; i-- > 0;)
		writer_u8(w, (uint8_t)(at >> (8 * i)));
	writer_u8(w, (uint8_t)event->code);
	writer_u8(w, (uint8_t)rule.len);
	writer_text(w, rule);
	writer_text(w, detail);
}

bool trail_take(struct reader *r, struct trail_event *out)
{
	uint64_t at = 0;

	if (!reader_left(r))
		return false;
	uint8_t len = reader_u8(r);
	struct reader event = reader_sub(r, len);
	for (unsigned i = 0; i < TIME_OCTETS; i++) {
		uint8_t octet = reader_u8(&event);
		at = at << 8 | octet;
	}
	uint8_t code = reader_u8(&event);
	uint8_t rule = reader_u8(&event);
	const uint8_t *rule_at = reader_take(&event, rule);
	if (event.failed || code >= TRAIL_CODE_COUNT) {
		reader_fail(r);
		return false;
	}
	out->at_us = (int64_t)at;
	out->code = code;
	out->rule = text_range((const char *)rule_at, rule);
	out->detail = text_range((const char *)event.at, reader_left(&event));
	return true;
}

unsigned trail_count(const void *trail, size_t len)
{
	struct reader r = reader_of(trail, len);
	struct trail_event event;
	unsigned n = 0;

	while (trail_take(&r, &event))
		n++;
	return n;
}

/* How many events a fold stands for: itself, or the number in an earlier fold. */
static uint64_t weight(const struct trail_event *event)
{
	struct text number = event->detail;
	uint64_t n;

	return event->code == TRAIL_FOLDED && text_take_u64(&number, UINT32_MAX, &n) ? n : 1;
}

/* Copies the events of `r`, numbered from *n on; those between the kept start and `resume` become one fold. */
static void copy_folded(struct writer *w, struct reader *r, unsigned resume, unsigned *n, uint64_t *folded,
			int64_t *folded_at)
{
	struct trail_event event;

	for (; trail_take(r, &event); ++*n) {
		if (*n >= KEPT_AT_START && *n < resume) {
			*folded += weight(&event);
			*folded_at = event.at_us;
			continue;
		}
		if (*folded) {
			char detail[24];
			int len = snprintf(detail, sizeof(detail), "%llu", (unsigned long long)*folded);
			trail_put(w, &(struct trail_event){ *folded_at, TRAIL_FOLDED, { 0 }, { detail, (size_t)len } });
			*folded = 0;
		}
		trail_put(w, &event);
	}
}

void trail_append(struct writer *w, const void *trail, size_t len, const void *events, size_t events_len)
{
	unsigned total = trail_count(trail, len) + trail_count(events, events_len);

	if (total <= TRAIL_EVENTS_MAX) {
		writer_bytes(w, trail, len);
		writer_bytes(w, events, events_len);
		return;
	}
	/* The fold takes one place itself. */
	unsigned resume = total - (TRAIL_EVENTS_MAX - KEPT_AT_START - 1), n = 0;
	uint64_t folded = 0;
	int64_t folded_at = 0;
	struct reader old = reader_of(trail, len), new = reader_of(events, events_len);

	copy_folded(w, &old, resume, &n, &folded, &folded_at);
	copy_folded(w, &new, resume, &n, &folded, &folded_at);
}
