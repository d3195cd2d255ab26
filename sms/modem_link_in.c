/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What arrives at a modem: messages, parts of long ones and reports, for the queue. */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "sms/modem_link_internal.h"
#include "sms/pcap_tap.h"
#include "sms/tp_status.h"

void modem_link_put_wire(struct writer *w, uint8_t reference, struct text recipient)
{
	writer_printf(w, "%u %.*s", reference, TEXT_ARGS(recipient));
}

/* Answers in the order of the messages. */
static void settle(struct modem_link *link)
{
	while (link->calls_count && link->calls[0].answered) {
		bool kept = link->calls[0].kept;

		memmove(link->calls, link->calls + 1, --link->calls_count * sizeof(link->calls[0]));
		modem_committed(link->modem, kept, clock_monotonic());
	}
}

static void answered(struct modem_link *link, unsigned i, bool kept)
{
	link->calls[i].answered = true;
	link->calls[i].kept = kept;
	settle(link);
}

/* call 0: the queue is not there; the network keeps it. `kept`: nothing has to be asked. */
static void await(struct modem_link *link, uint32_t call, bool kept)
{
	unsigned i = link->calls_count++;

	link->calls[i] = (struct modem_call){ .call = call };
	if (!call)
		answered(link, i, kept);
}

static bool find_call(const struct modem_link *link, uint32_t call, unsigned *out)
{
	for (unsigned i = 0; call && i < link->calls_count; i++) {
		if (link->calls[i].call == call && !link->calls[i].answered) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* What may succeed another time is left to the network; what never will is taken off it. */
static bool is_settled(enum result result)
{
	return result != ERR_BUSY && result != ERR_FULL && result != ERR_IO && result != ERR_TIMEOUT &&
	       result != ERR_CLOSED && result != ERR_UNKNOWN;
}

bool modem_link_accepted(struct modem_link *link, uint32_t call, const struct ipc_accepted *a)
{
	unsigned i;

	if (!find_call(link, call, &i))
		return false;
	answered(link, i, is_settled(a->result));
	return true;
}

bool modem_link_reported(struct modem_link *link, uint32_t call, bool done)
{
	unsigned i;

	if (!find_call(link, call, &i))
		return false;
	answered(link, i, done);
	return true;
}

static enum store_outcome outcome_of(struct tp_status status)
{
	switch (status.state) {
	case TP_STATUS_DELIVERED:
		return OUTCOME_DELIVERED;
	case TP_STATUS_CANCELLED:
		return OUTCOME_CANCELLED;
	case TP_STATUS_EXPIRED:
		return OUTCOME_EXPIRED;
	case TP_STATUS_REFUSED:
	case TP_STATUS_GAVE_UP:
		return OUTCOME_REFUSED;
	default:
		return OUTCOME_SENT; /* an event only */
	}
}

static void take_report(struct modem_link *link, const struct tpdu *t)
{
	uint8_t forms[2 * MODEM_LINK_WIRE_MAX], wire[MODEM_LINK_WIRE_MAX], number[SMS_ADDRESS_SHOWN_MAX];
	struct writer f = writer_of(forms, sizeof(forms)), w = writer_of(wire, sizeof(wire));
	struct writer n = writer_of(number, sizeof(number));
	struct tp_status status = tp_status_of(t->status);

	sms_address_to_text(&t->address, &n);
	modem_link_put_wire(&w, t->reference, text_range((char *)number, writer_len(&n)));
	ipc_put_recipient(&f, text_range((char *)wire, writer_len(&w)));
	struct ipc_report r = { .peer = text_of(link->name),
				.forms = text_range((char *)forms, writer_len(&f)),
				.outcome = outcome_of(status),
				.detail = text_of(status.name) };
	await(link, channel_report(link->channel, &r), false);
}

/* The same PDU again, because its acknowledgement was lost, has the same key. */
static void put_key(struct writer *w, const struct tpdu *t, const struct tp_received *got)
{
	hex_put(w, t->time.octets, TPDU_TIME_SIZE);
	writer_printf(w, " %s", got->sender);
	if (got->is_part)
		writer_printf(w, " %u/%u/%u", got->id.reference, got->part.number, got->id.total);
}

static uint32_t offer(struct modem_link *link, const struct tpdu *t, struct tp_received *got)
{
	uint8_t header[MESSAGE_HEADER_MAX], list[MESSAGE_ADDRESS_MAX + 8], key[400];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct writer k = writer_of(key, sizeof(key));
	struct ipc_accept a = { .body = got->message.body };

	message_encode(&got->message, &h);
	ipc_put_recipient(&l, text_of(got->recipient));
	put_key(&k, t, got);
	a.header = text_range((char *)header, writer_len(&h));
	a.recipients = text_range((char *)list, writer_len(&l));
	a.key = text_range((char *)key, writer_len(&k));
	return channel_accept(link->channel, &a);
}

static uint32_t offer_part(struct modem_link *link, struct tp_received *got)
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

static void take_message(struct modem_link *link, const struct tpdu *t)
{
	static struct tp_received got; /* one thread; used up before the next */
	char room[TPDU_TEXT_MAX];
	struct writer body = writer_of(room, sizeof(room));
	const char *why;
	uint8_t fcs;

	/* From the network, to an application: nothing of it reaches into a phone. */
	if (tp_message_read(t, text_of(link->number), true, clock_now(), &got, &body, &fcs, &why) != OK) {
		await(link, 0, true); /* it would only come again */
		return;
	}
	got.message.channel = TEXT_LITERAL("modem");
	got.message.account = text_of(link->name);
	got.message.from_network = true;
	await(link, got.is_part ? offer_part(link, &got) : offer(link, t, &got), false);
}

void modem_link_take(struct modem_link *link, const struct modem_message *m)
{
	struct tpdu t;

	pcap_tap_tpdu(link->name, false, m->tpdu);
	if (tpdu_decode(m->tpdu.at, m->tpdu.len, TPDU_TO_PHONE, TPDU_IN_DATA, &t, NULL) != OK)
		await(link, 0, true); /* not after the engine's own look */
	else if (t.type == TPDU_STATUS_REPORT)
		take_report(link, &t);
	else
		take_message(link, &t);
}
