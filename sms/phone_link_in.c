/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What phones of ours send: for the queue, and the answer to the phone after its word. */
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "sms/phone_link_internal.h"
#include "sms/rp.h"

/* A SUBMIT-REPORT in RP-ERROR: why. */
static void refuse(struct phone_link *link, const char *imsi, uint64_t handle, uint8_t cause, uint8_t fcs)
{
	uint8_t room[TPDU_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct tpdu t = {
		.type = TPDU_SUBMIT_REPORT, .has_fcs = true, .fcs = fcs, .time = tpdu_time_of(clock_now(), 0)
	};

	tpdu_encode(&t, &w);
	struct text report = text_range((char *)room, writer_len(&w));
	link->carrier->answer(link->owner, imsi, handle, cause, fcs ? &report : NULL);
}

/* sms.md 4: what the queue says, in causes that a phone knows. */
static void answer(struct phone_link *link, const struct phone_call *c, enum result result)
{
	switch (result) {
	case OK:
		link->carrier->answer(link->owner, c->imsi, c->handle, 0, NULL);
		break;
	case ERR_NOT_FOUND:
		refuse(link, c->imsi, c->handle, RP_CAUSE_UNASSIGNED, 0);
		break;
	case ERR_DENIED:
		refuse(link, c->imsi, c->handle, RP_CAUSE_REJECTED, TPDU_FCS_DESTINATION_BARRED);
		break;
	case ERR_MALFORMED:
	case ERR_TOO_BIG:
	case ERR_UNSUPPORTED:
		refuse(link, c->imsi, c->handle, RP_CAUSE_REJECTED, TPDU_FCS_INVALID_ADDRESS);
		break;
	case ERR_FULL:
	case ERR_BUSY:
		refuse(link, c->imsi, c->handle, RP_CAUSE_CONGESTION, 0);
		break;
	default:
		refuse(link, c->imsi, c->handle, RP_CAUSE_TEMPORARY_FAILURE, 0);
	}
}

bool phone_link_accepted(struct phone_link *link, uint32_t call, const struct ipc_accepted *a)
{
	for (struct phone_call **at = &link->calls; *at; at = &(*at)->next) {
		struct phone_call *c = *at;

		if (c->call != call)
			continue;
		*at = c->next;
		link->calls_count--;
		answer(link, c, a->result);
		free(c);
		return true;
	}
	return false;
}

void phone_link_calls_free(struct phone_link *link)
{
	struct phone_call *next;

	for (struct phone_call *c = link->calls; c; c = next) {
		next = c->next;
		free(c);
	}
	link->calls = NULL;
	link->calls_count = 0;
}

static void await(struct phone_link *link, const char *imsi, uint64_t handle, uint32_t call)
{
	struct phone_call *c = must_alloc(sizeof(*c));

	c->call = call;
	c->handle = handle;
	(void)text_copy(text_of(imsi), c->imsi, sizeof(c->imsi));
	c->next = link->calls;
	link->calls = c;
	link->calls_count++;
}

/* Without a key: TP-MR comes round, and a phone that sends the same again means it (23.040 9.2.3.25 aside). */
static uint32_t offer(struct phone_link *link, struct tp_received *got)
{
	uint8_t header[MESSAGE_HEADER_MAX], list[MESSAGE_ADDRESS_MAX + 8];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct ipc_accept a = { .body = got->message.body };

	message_encode(&got->message, &h);
	ipc_put_recipient(&l, text_of(got->recipient));
	a.header = text_range((char *)header, writer_len(&h));
	a.recipients = text_range((char *)list, writer_len(&l));
	return channel_accept(link->channel, &a);
}

static uint32_t offer_part(struct phone_link *link, struct tp_received *got)
{
	uint8_t header[MESSAGE_HEADER_MAX], body[CONCAT_ENCODED_MAX];
	struct writer h = writer_of(header, sizeof(header)), b = writer_of(body, sizeof(body));
	struct ipc_part p = { .recipient = text_of(got->recipient), .peer = text_of(link->name) };

	message_encode(&got->message, &h);
	concat_part_encode(&got->part, &b);
	p.header = text_range((char *)header, writer_len(&h));
	p.body = text_range((char *)body, writer_len(&b));
	p.reference = got->id.reference;
	p.width = got->id.width;
	p.total = got->id.total;
	p.number = got->part.number;
	return channel_part(link->channel, &p);
}

static struct text sender_of(struct phone_link *link, const char *imsi, struct text number)
{
	char digits[PHONE_NUMBER_MAX + 1];
	struct phone_known *p;

	if (number.len && text_copy(number, digits, sizeof(digits)))
		phone_link_learned(link, imsi, digits);
	p = phone_link_know(link, imsi);
	if (p && p->not_before_us)
		phone_link_present(link, imsi, true);
	return text_of(p ? p->number : "");
}

void phone_link_message(struct phone_link *link, const char *imsi, struct text number, uint64_t handle,
			struct text tpdu)
{
	static struct tp_received got; /* one thread; used up before the next */
	char room[TPDU_TEXT_MAX];
	struct writer body = writer_of(room, sizeof(room));
	struct text sender = sender_of(link, imsi, number);
	const char *why;
	struct tpdu t;
	uint8_t fcs;

	enum result result = tpdu_decode(tpdu.at, tpdu.len, TPDU_FROM_PHONE, TPDU_IN_DATA, &t, NULL);
	if (result != OK) {
		refuse(link, imsi, handle, rp_cause_of_bad_tpdu(result), 0);
		return;
	}
	if (!sender.len) {
		refuse(link, imsi, handle, RP_CAUSE_UNIDENTIFIED_SUBSCRIBER, TPDU_FCS_NO_SUBSCRIPTION);
		return;
	}
	if (tp_message_read(&t, sender, link->settings.trusted, clock_now(), &got, &body, &fcs, &why) != OK) {
		refuse(link, imsi, handle, RP_CAUSE_PROTOCOL_ERROR, fcs);
		return;
	}
	got.message.channel = TEXT_LITERAL("phone");
	got.message.account = text_of(link->name);
	got.message.from_network = true;
	/* What its report will be known by; without one it means nothing to anybody. */
	char reference[4];
	struct writer w = writer_of(reference, sizeof(reference));
	writer_printf(&w, "%u", got.reference);
	if (got.message.reports)
		got.message.reference = text_range(reference, writer_len(&w));
	uint32_t call = 0;
	if (!link->stopping && link->calls_count < PHONE_CALLS_MAX)
		call = got.is_part ? offer_part(link, &got) : offer(link, &got);
	if (call)
		await(link, imsi, handle, call);
	else
		refuse(link, imsi, handle, RP_CAUSE_TEMPORARY_FAILURE, 0);
}
