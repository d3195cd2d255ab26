/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times of TPDUs: service centre time stamps (3GPP TS 23.040 9.2.3.11) and validity periods (9.2.3.12). Both keep their
 * octets, so that what a peer wrote wrongly can still be passed on, compared and shown.
 */
#ifndef SMS_TPDU_TIME_H
#define SMS_TPDU_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/reader.h"
#include "core/base/result.h"
#include "core/base/writer.h"

#define TPDU_TIME_SIZE 7

struct tpdu_time {
	uint8_t octets[TPDU_TIME_SIZE]; /* as on the wire */
	bool valid;			/* they are a time: us and quarters count */
	int8_t quarters;		/* quarter hours east of UTC, -48..+56 and beyond */
	int64_t us;			/* since 1970-01-01 UTC; a year of 90-99 is 19xx */
};

/* Local time of the zone at that moment, to the second. */
struct tpdu_time tpdu_time_of(int64_t us, int quarters);
/* Never an error but too few octets: digits that are no time leave `valid` false. */
struct tpdu_time tpdu_time_take(struct reader *r);
void tpdu_time_put(struct writer *w, const struct tpdu_time *t);

enum tpdu_validity_form { /* TP-VPF */
			  TPDU_VALIDITY_NONE,
			  TPDU_VALIDITY_ENHANCED,
			  TPDU_VALIDITY_RELATIVE,
			  TPDU_VALIDITY_ABSOLUTE
};

struct tpdu_validity {
	enum tpdu_validity_form form;
	uint8_t octets[7];	/* 0, 1 or 7 in use */
	bool valid;		/* the octets mean something; else TP-FCS 0xC7 is the answer */
	bool single_shot;	/* enhanced: one try only */
	int64_t seconds;	/* relative and enhanced: 0 = none given */
	struct tpdu_time until; /* absolute */
};

/* The shortest relative period that is not shorter, at most 63 weeks. */
struct tpdu_validity tpdu_validity_relative(int64_t seconds);
struct tpdu_validity tpdu_validity_until(int64_t us, int quarters);
struct tpdu_validity tpdu_validity_take(struct reader *r, enum tpdu_validity_form form);
void tpdu_validity_put(struct writer *w, const struct tpdu_validity *v);
/* Seconds of a relative value. */
int64_t tpdu_relative_seconds(uint8_t value);

#endif
