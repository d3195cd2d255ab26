/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times of SMPP (7.1.1): absolute "YYMMDDhhmmsstnnp", t tenths, nn quarter hours ahead of (p = '+') or behind ('-')
 * UTC; relative the same shape with p = 'R', the digits being a period. Empty = none given.
 */
#ifndef SMS_SMPP_TIME_H
#define SMS_SMPP_TIME_H

#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

enum smpp_time_form { SMPP_TIME_NONE, SMPP_TIME_ABSOLUTE, SMPP_TIME_RELATIVE };

struct smpp_time {
	enum smpp_time_form form;
	int64_t us; /* since 1970-01-01 UTC, or the period; a month is 30 days, a year 365 */
};

/* ERR_MALFORMED for anything but the three forms with fields in their ranges. Years 00-37 are 20xx, 38-99 19xx (5.0,
 * 4.7.23.4). */
MUST_CHECK enum result smpp_time_read(struct text t, struct smpp_time *out);
/* When it is, with now_us as the start of a relative one; 0 for none. */
int64_t smpp_time_when(const struct smpp_time *t, int64_t now_us);

#define SMPP_TIME_SIZE 17 /* with NUL */
/* UTC. A moment outside 1938-2037 is put at its border. Returns the text, 16 octets in `to`. */
struct text smpp_time_absolute(int64_t us, char to[SMPP_TIME_SIZE]);
/* In days, hours, minutes, seconds, months above 30 days, years above 365; rounded up to a second, at most 99 years. */
struct text smpp_time_relative(int64_t us, char to[SMPP_TIME_SIZE]);

/* Dates of receipt texts: YYMMDDhhmm or YYMMDDhhmmss in UTC. 0 for anything else ("YYMMDDhhmm" stands in real ones). */
int64_t smpp_time_of_receipt(struct text t);
#define SMPP_RECEIPT_DATE_SIZE 11
struct text smpp_time_to_receipt(int64_t us, char to[SMPP_RECEIPT_DATE_SIZE]);

#endif
