/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smpp_bucket.h. */
#include "sms/smpp_bucket.h"

#include "core/base/clock.h"

#define ONE INT64_C(1000000) /* a message in tokens: rate per second times microseconds */

static int64_t most(const struct smpp_bucket *b)
{
	return (int64_t)b->burst * ONE;
}

void smpp_bucket_init(struct smpp_bucket *b, uint32_t rate, uint32_t burst, int64_t now_us)
{
	if (rate > SMPP_BUCKET_RATE_MAX)
		rate = SMPP_BUCKET_RATE_MAX;
	if (!burst)
		burst = rate / 10;
	if (burst > SMPP_BUCKET_RATE_MAX)
		burst = SMPP_BUCKET_RATE_MAX;
	*b = (struct smpp_bucket){
		.rate = rate, .burst = burst ? burst : 1, .now_rate = rate, .at_us = now_us, .second_at_us = now_us
	};
	b->tokens = most(b);
}

/* What the last seconds saw, for an unlimited bucket that has to give way. */
static uint32_t seen_rate(const struct smpp_bucket *b)
{
	uint32_t seen = b->before > b->in_second ? b->before : b->in_second;

	return seen > 2 ? seen : 2;
}

static void count(struct smpp_bucket *b, int64_t now_us)
{
	int64_t since = now_us - b->second_at_us;

	if (since >= USEC_PER_SEC) {
		b->before = since < 2 * USEC_PER_SEC ? b->in_second : 0;
		b->in_second = 0;
		b->second_at_us = now_us;
	}
	b->in_second++;
}

static void step_up(struct smpp_bucket *b, int64_t now_us)
{
	uint32_t by = b->rate ? b->rate / 8 : b->now_rate / 4;

	b->steps++;
	b->now_rate += by ? by : 1;
	b->step_at_us = now_us + SMPP_BUCKET_STEP_US;
	if (b->rate ? b->now_rate < b->rate : b->steps < SMPP_BUCKET_STEPS && b->now_rate < SMPP_BUCKET_RATE_MAX)
		return;
	b->now_rate = b->rate;
	b->step_at_us = 0;
}

static void refill(struct smpp_bucket *b, int64_t now_us)
{
	int64_t since = now_us - b->at_us;

	if (since > 0 && b->now_rate) {
		/* At most a minute's worth: no product overflows. */
		if (since > 60 * USEC_PER_SEC)
			since = 60 * USEC_PER_SEC;
		b->tokens += since * b->now_rate;
		if (b->tokens > most(b))
			b->tokens = most(b);
	}
	if (since > 0)
		b->at_us = now_us;
	if (b->paused_until_us && now_us >= b->paused_until_us)
		b->paused_until_us = 0;
	if (b->step_at_us && now_us >= b->step_at_us)
		step_up(b, now_us);
}

bool smpp_bucket_take(struct smpp_bucket *b, int64_t now_us)
{
	if (b->now_rate || b->paused_until_us)
		refill(b, now_us);
	if (b->paused_until_us || (b->now_rate && b->tokens < ONE))
		return false;
	if (b->now_rate)
		b->tokens -= ONE;
	count(b, now_us);
	return true;
}

void smpp_bucket_give_back(struct smpp_bucket *b)
{
	if (b->now_rate && b->tokens <= most(b) - ONE)
		b->tokens += ONE;
	if (b->in_second)
		b->in_second--;
}

int64_t smpp_bucket_due(struct smpp_bucket *b, int64_t now_us)
{
	refill(b, now_us);
	if (b->paused_until_us)
		return b->paused_until_us;
	if (!b->now_rate || b->tokens >= ONE)
		return now_us;
	return now_us + (ONE - b->tokens + b->now_rate - 1) / b->now_rate;
}

void smpp_bucket_slow(struct smpp_bucket *b, int64_t now_us)
{
	if (b->paused_until_us && now_us < b->paused_until_us)
		return;
	b->slowed++;
	b->now_rate = (b->now_rate ? b->now_rate : seen_rate(b)) / 2;
	if (!b->now_rate)
		b->now_rate = 1;
	if (!b->rate) /* a burst of its own, now that it has a rate */
		b->burst = b->now_rate / 10 + 1;
	b->tokens = 0;
	b->at_us = now_us + SMPP_BUCKET_PAUSE_US;
	b->paused_until_us = now_us + SMPP_BUCKET_PAUSE_US;
	b->step_at_us = b->paused_until_us + SMPP_BUCKET_STEP_US;
	b->steps = 0;
}
