/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The timeline of a delivery: compact events in one octet string, appended by whatever changes the state.
 *
 *	event:  length u8 (of what follows) | time u56 (microseconds) | code u8 | rule length u8 | rule | detail
 *
 * A trail holds at most TRAIL_EVENTS_MAX events; beyond that the middle is folded into one TRAIL_FOLDED event
 * whose detail is the number of events left out.
 */
#ifndef CORE_TRAIL_H
#define CORE_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/reader.h"
#include "core/base/text.h"
#include "core/base/writer.h"

#define TRAIL_EVENTS_MAX 64
#define TRAIL_EVENT_SIZE 256 /* room that holds any encoded event */

enum trail_code {
	TRAIL_FOLDED,
	TRAIL_ACCEPTED,
	TRAIL_DECIDED,
	TRAIL_LEASED,
	TRAIL_SENT,
	TRAIL_RETRY,
	TRAIL_REFUSED,
	TRAIL_IN_DOUBT,
	TRAIL_DELIVERED,
	TRAIL_DISPLAYED,
	TRAIL_EXPIRED,
	TRAIL_CANCELLED,
	TRAIL_HELD,
	TRAIL_WOKEN,
	TRAIL_REPORT,
	TRAIL_QUOTED,
	TRAIL_CHARGED,
	TRAIL_REFUNDED,
	TRAIL_UNKNOWN_END,
	TRAIL_CANCEL_ASKED,
	TRAIL_NOTE,
	TRAIL_NETWORK, /* rule: the recipient's network, as core/queue_lookup.h binds it */
	TRAIL_CODE_COUNT
};

struct trail_event {
	int64_t at_us;
	enum trail_code code;
	struct text rule;   /* up to 40 octets are kept */
	struct text detail; /* up to 180 octets are kept */
};

void trail_put(struct writer *w, const struct trail_event *event);
/* Takes the next event; false at the end or at a damaged one. */
bool trail_take(struct reader *r, struct trail_event *out);
unsigned trail_count(const void *trail, size_t len);
/* Writes `trail` plus `events` to w, folded when there would be too many. */
void trail_append(struct writer *w, const void *trail, size_t len, const void *events, size_t events_len);
const char *trail_code_name(enum trail_code code);

#endif
