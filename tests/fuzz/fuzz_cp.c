/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CP messages: what decodes encodes to the same octets. Then the input is a script for the machine: an octet chooses
 * what happens, a CP message carries the rest of its length.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/reader.h"
#include "sms/cp_fsm.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct seen {
	bool timer;
	unsigned ups;
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
	(void)owner;
}

static void on_close(void *owner)
{
	(void)owner;
}

static void on_timer(void *owner, int64_t us)
{
	((struct seen *)owner)->timer = us > 0;
}

static void on_up(void *owner, struct text rp)
{
	((struct seen *)owner)->ups += rp.len <= CP_RP_MAX;
}

static void on_failed(void *owner, uint8_t cause)
{
	(void)owner;
	(void)cause;
}

static const struct cp_fsm_user user = { on_send, on_open, on_close, on_timer, on_up, on_failed };

static void received(struct cp_fsm *f, struct reader *r)
{
	size_t n = reader_u8(r);
	struct reader sub = reader_sub(r, n < reader_left(r) ? n : reader_left(r));
	struct cp cp;

	if (cp_decode(sub.at, reader_left(&sub), &cp, NULL) == OK)
		cp_fsm_received(f, &cp);
}

static void script(const uint8_t *bytes, size_t len)
{
	struct seen seen = { 0 };
	struct reader r = reader_of(bytes, len);
	struct cp_fsm f;

	cp_fsm_init(&f, &user, &seen, CP_TIMERS_DEFAULT, 3, reader_u8(&r) & 1);
	while (reader_left(&r)) {
		switch (reader_u8(&r) % 8) {
		case 0:
			(void)cp_fsm_send(&f, TEXT_LITERAL("\x02\x01"));
			break;
		case 1:
			cp_fsm_release(&f);
			break;
		case 2:
			cp_fsm_abort(&f, CP_CAUSE_CONGESTION);
			break;
		case 3:
			cp_fsm_carrier_up(&f);
			break;
		case 4:
			cp_fsm_carrier_lost(&f);
			break;
		case 5:
			cp_fsm_implied_ack(&f);
			break;
		case 6:
			if (seen.timer)
				cp_fsm_timeout(&f);
			break;
		default:
			received(&f, &r);
		}
		/* Who waits for the other side has a timer; the carrier answers in its own time. */
		if ((f.state == CP_SENT || f.state == CP_CLOSING) && !seen.timer)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t again[CP_MAX];
	struct writer w = writer_of(again, sizeof(again));
	struct cp cp;
	size_t bad = 0;

	script(bytes, len);
	if (cp_decode(bytes, len, &cp, &bad) != OK) {
		if (bad > len)
			abort();
		return 0;
	}
	cp_encode(&cp, &w);
	if (!writer_ok(&w) || writer_len(&w) > len || memcmp(again, bytes, writer_len(&w)))
		abort();
	return 0;
}
