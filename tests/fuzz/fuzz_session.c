/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network's side with one phone: the input is a script of what the phone, the carrier and the owner do. Whatever
 * happened, once the carrier is lost and time has passed nothing is under way and every message has had its end.
 */
#include <stdlib.h>

#include "core/base/reader.h"
#include "sms/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define STEP INT64_C(5000000)
#define LONG INT64_C(1000000000)

struct seen {
	int open, down, sent;
};

static void on_send(void *owner, const void *octets, size_t len)
{
	struct cp cp;

	(void)owner;
	if (cp_decode(octets, len, &cp, NULL) != OK)
		abort();
}

static void on_open(void *owner)
{
	((struct seen *)owner)->open++;
}

static void on_close(void *owner)
{
	((struct seen *)owner)->open = 0;
}

static void on_message(void *owner, const struct rp *rp)
{
	(void)owner;
	if (rp->tpdu.len > RP_TPDU_MAX)
		abort();
}

static void on_ended(void *owner, enum session_way way, enum rp_outcome outcome, const struct rp *report)
{
	(void)outcome;
	(void)report;
	((struct seen *)owner)->down += way == SESSION_TO_PHONE;
}

static const struct session_user user = { on_send, on_open, on_close, on_message, on_ended };

static void phone(struct session *s, struct reader *r, int64_t now)
{
	size_t n = reader_u8(r);
	struct reader sub = reader_sub(r, n < reader_left(r) ? n : reader_left(r));

	session_received(s, sub.at, reader_left(&sub), now);
}

static void step(struct session *s, struct seen *seen, struct reader *r, int64_t now)
{
	struct rp data = { .originator = { 1, 1, 3, "123" }, .has_tpdu = true, .tpdu = TEXT_LITERAL("\x04") };
	struct text report = TEXT_LITERAL("\x01\xc4");

	switch (reader_u8(r) % 7) {
	case 0:
		seen->sent += session_send(s, &data, now);
		break;
	case 1:
		(void)session_answer(s, reader_u8(r) & 0x7f, &report, now);
		break;
	case 2:
		session_carrier_up(s, now);
		break;
	case 3:
		session_carrier_lost(s, now);
		break;
	case 4:
		session_run(s, now);
		break;
	default:
		phone(s, r, now);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	struct seen seen = { 0 };
	struct session s;
	int64_t now = 1;

	session_init(&s, &user, &seen, SESSION_TIMERS_DEFAULT);
	for (; reader_left(&r); now += STEP)
		step(&s, &seen, &r, now);
	session_carrier_lost(&s, now);
	for (unsigned i = 0; i < 8 && session_next_us(&s) != INT64_MAX; i++)
		session_run(&s, now += LONG);
	if (!session_idle(&s) || session_next_us(&s) != INT64_MAX || seen.down != seen.sent)
		abort();
	return 0;
}
