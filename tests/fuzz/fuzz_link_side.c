/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Carriers of other roles: the record's codec, and a script of link PDUs, messages and time. Whatever happened, once
 * the links are down every message to a phone has had its end and no phone is left.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/base/reader.h"
#include "sms/link_side.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define LONG INT64_C(1000000000)

static struct link_side *side;
static int64_t now;
static int open_messages;
static char last[256];

static void on_pdu(void *owner, const struct link_pdu *pdu)
{
	uint8_t room[LINK_PDU_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct link_pdu again;

	(void)owner;
	link_pdu_encode(pdu, &w);
	if (!writer_ok(&w) || link_pdu_decode(room, writer_len(&w), &again) != OK)
		abort();
	(void)text_copy(pdu->transaction, last, sizeof(last));
}

static void on_message(void *owner, const struct link_phone *from, struct text transaction, const struct rp *rp)
{
	(void)owner;
	if (rp->reference & 1)
		(void)link_side_answer(side, from, transaction, rp->reference & 2 ? RP_CAUSE_REJECTED : 0, NULL, now);
}

static void on_ended(void *owner, const struct link_phone *to, const struct link_end *end, const struct rp *report)
{
	(void)owner;
	(void)to;
	(void)report;
	if (end->in_vain && end->outcome == RP_DELIVERED)
		abort();
	open_messages--;
}

static void on_present(void *owner, const struct link_phone *phone, bool there)
{
	(void)owner;
	(void)phone;
	(void)there;
}

static const struct link_side_user user = { on_pdu, on_message, on_ended, on_present };

static void codec(const uint8_t *bytes, size_t len)
{
	uint8_t room[LINK_PDU_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct link_pdu p;

	if (link_pdu_decode(bytes, len, &p) != OK)
		return;
	link_pdu_encode(&p, &w);
	if (!writer_ok(&w) || writer_len(&w) != len || memcmp(room, bytes, len))
		abort();
}

static void step(struct reader *r)
{
	struct rp data = { .originator = { 1, 1, 3, "123" }, .has_tpdu = true, .tpdu = TEXT_LITERAL("\x04") };
	uint8_t what = reader_u8(r);
	struct link_phone phone = { what & 1 ? LINK_MESSAGES : LINK_CONNECTIONS, TEXT_LITERAL("a"),
				    text_range("xyz", 1 + (what >> 1) % 3) };
	struct link_pdu pdu = { .link = phone.link, .subscriber = phone.subscriber };

	if (what & 1)
		phone.link = pdu.link = TEXT_LITERAL("b");
	switch (what >> 4 & 3) {
	case 0:
		open_messages += link_side_send(side, &phone, &data, TEXT_LITERAL("p"), now) == OK;
		break;
	case 1:
		now += LONG / 64;
		link_side_run(side, now);
		break;
	default: {
		uint8_t how = reader_u8(r);
		size_t n = reader_u8(r);
		struct reader sub = reader_sub(r, n < reader_left(r) ? n : reader_left(r));

		pdu.kind = how % LINK_PDU_KINDS;
		pdu.outcome = how >> 4 & 3;
		pdu.octets = text_range((const char *)sub.at, reader_left(&sub));
		pdu.transaction = what & 0x40 ? text_of(last) : text_range("call", what >> 6 & 3);
		if (what & 0x80)
			pdu.answers = text_of(last);
		if (link_side_received(side, phone.carrier, &pdu, now) == ERR_SHORT)
			abort();
	}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);

	codec(bytes, len);
	random_seed(1);
	now = 1;
	open_messages = 0;
	side = link_side_new(&user, NULL, SESSION_TIMERS_DEFAULT, (struct link_side_limits){ 4, 2 });
	while (reader_left(&r))
		step(&r);
	link_side_down(side, TEXT_LITERAL("a"), now);
	link_side_down(side, TEXT_LITERAL("b"), now);
	for (unsigned i = 0; i < 20 && link_side_next_us(side) != INT64_MAX; i++)
		link_side_run(side, now += LONG);
	if (link_side_phones(side) || open_messages)
		abort();
	link_side_free(&side);
	return 0;
}
