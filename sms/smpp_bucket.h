/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A token bucket that gives way: a rate with a burst, halved when the peer says ESME_RTHROTTLED or ESME_RMSGQFUL, and
 * brought back by steps. A plain value; time comes from the caller (monotonic microseconds).
 *
 * Messages are never spaced: whatever is in the bucket may leave at once. A rate of 0 is no limit; what a peer then
 * slows down is the rate seen in the last second.
 */
#ifndef SMS_SMPP_BUCKET_H
#define SMS_SMPP_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#define SMPP_BUCKET_PAUSE_US INT64_C(1000000) /* nothing is sent so long after the peer said stop */
#define SMPP_BUCKET_STEP_US INT64_C(2000000)  /* and then a step up as often as this */
#define SMPP_BUCKET_STEPS 16u		      /* of an unlimited bucket: after so many it is unlimited again */
#define SMPP_BUCKET_RATE_MAX 1000000u

struct smpp_bucket {
	uint32_t rate, burst;	    /* as configured: messages per second, messages; rate 0 = no limit */
	uint32_t now_rate;	    /* what counts now; 0 = no limit */
	int64_t tokens;		    /* in millionths of a message, at most the burst's */
	int64_t at_us;		    /* when they were counted */
	int64_t paused_until_us;    /* 0 = not paused */
	int64_t step_at_us;	    /* next step up; 0 = none to come */
	unsigned steps;		    /* made since it was slowed down */
	int64_t second_at_us;	    /* the second that is being counted */
	uint32_t in_second, before; /* messages in it, and in the one before it */
	uint64_t slowed;	    /* how often, for counters */
};

/* burst 0 = a tenth of a second's worth, at least 1. */
void smpp_bucket_init(struct smpp_bucket *b, uint32_t rate, uint32_t burst, int64_t now_us);
/* Takes one message's worth; false when there is none. */
bool smpp_bucket_take(struct smpp_bucket *b, int64_t now_us);
/* Gives it back: what was taken did not leave. */
void smpp_bucket_give_back(struct smpp_bucket *b);
/* When a message may leave: now_us when at once. */
int64_t smpp_bucket_due(struct smpp_bucket *b, int64_t now_us);
/* The peer said stop. Answers of one window count as one: nothing more happens while the pause lasts. */
void smpp_bucket_slow(struct smpp_bucket *b, int64_t now_us);

#endif
