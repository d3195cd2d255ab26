/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The VLR's side of SGs: the input is a script of what MMEs, links and the owner do. Whatever happened, once all links
 * are down and time has passed every message to a phone has had its end.
 */
#include <stdlib.h>

#include "core/base/reader.h"
#include "sms/sgs_fsm.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define STEP INT64_C(1000000)
#define LONG INT64_C(1000000000)

static struct sgs *sgs;
static int64_t now;
static int open_messages;

static void on_send(void *owner, uint64_t link, const void *octets, size_t len)
{
	struct sgsap m;

	(void)owner;
	if (!link || sgsap_decode(octets, len, &m, NULL) != OK)
		abort();
}

static void on_locate(void *owner, const char *imsi, const char *mme)
{
	(void)owner;
	(void)mme;
	if (imsi[0] & 1)
		sgs_reject(sgs, imsi, 2, now);
	else
		sgs_accept(sgs, imsi, now);
}

static void on_state(void *owner, const char *imsi)
{
	(void)owner;
	(void)sgs_state_of(sgs, imsi);
}

static void on_message(void *owner, const char *imsi, const struct rp *rp)
{
	(void)owner;
	(void)sgs_answer(sgs, imsi, rp->reference & 1 ? RP_CAUSE_REJECTED : 0, NULL, now);
}

static void on_ended(void *owner, const char *imsi, const struct sgs_end *end, const struct rp *report)
{
	(void)owner;
	(void)imsi;
	(void)report;
	open_messages--;
	if (end->paged_in_vain && end->outcome == RP_DELIVERED)
		abort();
}

static const struct sgs_user user = { on_send, on_locate, on_state, on_state, on_message, on_ended };

static void step(struct reader *r)
{
	static const char *const imsis[] = { "001010000000012", "001010000000099", "1", "123456789012345" };
	struct rp data = { .originator = { 1, 1, 3, "123" }, .has_tpdu = true, .tpdu = TEXT_LITERAL("\x04") };
	uint8_t what = reader_u8(r);
	uint64_t link = what & 3;

	switch (what >> 2 & 7) {
	case 0:
		if (sgs_link_up(sgs, link, link & 1 ? "a" : "b", now) == ERR_DENIED)
			abort();
		break;
	case 1:
		sgs_link_down(sgs, link, now);
		break;
	case 2:
		open_messages += sgs_send(sgs, imsis[link], &data, now) == OK;
		break;
	case 3:
		now += (what >> 5) * 4 * STEP;
		sgs_run(sgs, now);
		break;
	default: {
		size_t n = reader_u8(r);
		struct reader sub = reader_sub(r, n < reader_left(r) ? n : reader_left(r));

		sgs_received(sgs, link, sub.at, reader_left(&sub), now);
	}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);

	now = STEP;
	open_messages = 0;
	sgs = sgs_new(&user, NULL, "vlr.example.net", SGS_TIMERS_DEFAULT, (struct sgs_limits){ 3, 8 });
	while (reader_left(&r))
		step(&r);
	for (uint64_t link = 1; link < 4; link++)
		sgs_link_down(sgs, link, now);
	for (unsigned i = 0; i < 20 && sgs_next_us(sgs) != INT64_MAX; i++)
		sgs_run(sgs, now += LONG);
	if (sgs_next_us(sgs) != INT64_MAX || open_messages)
		abort();
	sgs_free(&sgs);
	return 0;
}
