/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RP messages: what decodes encodes, and then stays the same; then a machine of each side gets the octets. */
#include <stdlib.h>
#include <string.h>

#include "sms/rp_fsm.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void on_send(void *owner, const void *octets, size_t len)
{
	(void)octets;
	*(size_t *)owner += len;
}

static void on_timer(void *owner, int64_t us)
{
	*(size_t *)owner += us > 0;
}

static void on_message(void *owner, const struct rp *rp)
{
	*(size_t *)owner += rp->tpdu.len;
}

static void on_ended(void *owner, enum rp_outcome outcome, const struct rp *report)
{
	if ((report != NULL) != (outcome == RP_DELIVERED || outcome == RP_REFUSED))
		abort();
	*(size_t *)owner += 1;
}

static void on_release(void *owner)
{
	*(size_t *)owner += 1;
}

static const struct rp_fsm_user user = { on_send, on_timer, on_message, on_ended, on_release };

static void machine(const void *octets, size_t len, enum tpdu_direction sends)
{
	struct rp rp = { .type = sends == TPDU_TO_PHONE ? RP_DATA_TO_PHONE : RP_DATA_FROM_PHONE, .reference = 5 };
	size_t count = 0;
	struct rp_fsm f;

	rp_fsm_init(&f, &user, &count, RP_TIMERS_DEFAULT, sends);
	(void)rp_fsm_received(&f, octets, len);
	(void)rp_fsm_answer(&f, 0, NULL);
	(void)rp_fsm_send(&f, &rp);
	(void)rp_fsm_received(&f, octets, len);
	rp_fsm_lost(&f);
	if (f.state != RP_IDLE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t first[600], second[600];
	struct writer w1 = writer_of(first, sizeof(first)), w2 = writer_of(second, sizeof(second));
	struct rp rp, again;
	size_t bad = 0;

	machine(bytes, len, TPDU_TO_PHONE);
	machine(bytes, len, TPDU_FROM_PHONE);
	if (rp_decode(bytes, len, &rp, &bad) != OK) {
		if (bad > len)
			abort();
		return 0;
	}
	rp_encode(&rp, &w1);
	if (!writer_ok(&w1) || rp_decode(first, writer_len(&w1), &again, NULL) != OK)
		abort();
	rp_encode(&again, &w2);
	if (!writer_ok(&w2) || writer_len(&w1) != writer_len(&w2) || memcmp(first, second, writer_len(&w1)))
		abort();
	return 0;
}
