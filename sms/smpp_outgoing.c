/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smpp_outgoing.h. One arena per delivery; parts are encoded when their turn comes. */
#include "sms/smpp_outgoing.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/random.h"
#include "sms/smpp_message.h"
#include "sms/smpp_receipt.h"
#include "sms/smpp_status.h"
#include "sms/smpp_time.h"

/* A part that is refused for now this often, while others were taken, is left in doubt with its message. */
#define PART_REFUSALS_MAX 5u

enum part_state { PART_TO_SEND, PART_SENT, PART_TAKEN };

struct part {
	struct outgoing *outgoing;
	enum part_state state;
	uint8_t refused; /* times, for now */
	uint16_t number;
	uint64_t order;
	char wire[SMPP_ID_SIZE];
};

struct outgoing {
	struct outgoing *next;
	struct arena *arena;
	struct message_id id;
	int64_t not_after_us, expires_us;
	struct text recipient;
	struct message message;
	struct smpp_text_plan plan;
	uint16_t reference;
	struct part *parts;
	unsigned next_part, open, taken;
	bool touched, ended, listed;
	/* the result */
	enum ipc_outcome outcome;
	uint32_t retry_ms;
	char detail[100];
	/* the PDU being built */
	uint8_t *octets, *tlvs;
	char validity[SMPP_TIME_SIZE];
};

#define TLVS_ROOM (MESSAGE_TLVS_MAX + MESSAGE_TEXT_MAX + SMPP_TEXT_TLVS_MAX + 64u)

static uint8_t *tlvs_room(void)
{
	static uint8_t room[TLVS_ROOM]; /* one thread; the PDU is encoded before the next one is built */

	return room;
}

static bool plan_it(struct outgoing *o, const struct ipc_deliver *d, const struct outgoing_style *style)
{
	struct text header = arena_text(o->arena, d->header);
	size_t bad;

	if (message_decode(header, &o->message)) {
		snprintf(o->detail, sizeof(o->detail), "the envelope is damaged");
		return false;
	}
	o->message.body = arena_text(o->arena, d->body);
	enum result r = smpp_text_plan(&o->message, &style->text, o->arena, &o->plan, &bad);
	if (r)
		snprintf(o->detail, sizeof(o->detail), "the text cannot be sent by this link: %s", result_name(r));
	return !r;
}

struct outgoing *outgoing_new(const struct ipc_deliver *d, const struct outgoing_style *style,
			      struct ipc_result *refusal)
{
	struct arena *arena = arena_new(4096);
	struct outgoing *o = arena_alloc(arena, sizeof(*o));
	static char why[sizeof(o->detail)];

	o->arena = arena;
	o->id = d->id;
	o->not_after_us = d->not_after_us;
	o->expires_us = d->expires_us;
	o->recipient = arena_text(arena, d->recipient);
	if (!plan_it(o, d, style)) {
		snprintf(why, sizeof(why), "%s", o->detail);
		*refusal = (struct ipc_result){ .id = d->id, .outcome = IPC_REFUSED, .detail = text_of(why) };
		arena_free(&arena);
		return NULL;
	}
	o->reference = (uint16_t)random_below(65536);
	o->parts = arena_alloc(arena, o->plan.parts * sizeof(*o->parts));
	for (unsigned i = 0; i < o->plan.parts; i++) {
		o->parts[i].outgoing = o;
		o->parts[i].number = (uint16_t)i;
	}
	o->octets = arena_alloc(arena, SMPP_SHORT_MESSAGE_MAX + 1);
	return o;
}

void outgoing_free(struct outgoing **outgoing)
{
	struct arena *arena = *outgoing ? (*outgoing)->arena : NULL;

	*outgoing = NULL;
	if (arena)
		arena_free(&arena);
}

struct message_id outgoing_id(const struct outgoing *o)
{
	return o->id;
}

unsigned outgoing_segments(const struct outgoing *o)
{
	return o->plan.segments;
}

int64_t outgoing_not_after(const struct outgoing *o)
{
	return o->not_after_us;
}

bool outgoing_untouched(const struct outgoing *o)
{
	return !o->touched;
}

bool outgoing_unharmed(const struct outgoing *o)
{
	return !o->taken && !o->open;
}

unsigned outgoing_open(const struct outgoing *o)
{
	return o->open;
}

/* --- sending --------------------------------------------------------------------------------------------------------
 */

static void put_tlvs(struct outgoing *o, const struct outgoing_style *style, bool tlvs, struct writer *w)
{
	char id[MESSAGE_ID_TEXT_SIZE];

	if (!tlvs)
		return;
	smpp_message_pass_tlvs(&o->message, w);
	if (o->message.user_reference)
		smpp_tlv_put_u16(w, SMPP_TLV_USER_MESSAGE_REFERENCE, o->message.user_reference);
	if (style->repeat_tlv)
		smpp_tlv_put_string(w, style->repeat_tlv, text_of(message_id_text(o->id, id)));
}

static struct text validity_of(struct outgoing *o, const struct outgoing_style *style)
{
	int64_t left = o->expires_us - clock_now();

	if (!style->validity || style->request != SMPP_SUBMIT_SM || left <= 0)
		return (struct text){ 0 };
	return smpp_time_relative(left, o->validity);
}

static void fill_sm(struct outgoing *o, const struct outgoing_style *style, struct smpp_sm *sm)
{
	const struct message *m = &o->message;
	int64_t source_ton = style->source_ton, source_npi = style->source_npi;

	sm->service_type = m->service_type.len ? m->service_type : style->service_type;
	sm->source = smpp_address_of(m->sender, source_ton, source_npi);
	sm->destination = smpp_address_of(o->recipient, style->destination_ton, style->destination_npi);
	sm->esm_class = o->plan.esm_class;
	sm->protocol_id = m->protocol_id;
	sm->priority = m->priority;
	sm->validity = validity_of(o, style);
	sm->registered_delivery = style->receipts && style->request == SMPP_SUBMIT_SM ? SMPP_REGISTERED_ALWAYS : 0;
	sm->data_coding = o->plan.coding;
}

bool outgoing_more(const struct outgoing *o)
{
	unsigned i = o->next_part;

	while (i < o->plan.parts && o->parts[i].state != PART_TO_SEND)
		i++;
	return !o->ended && i < o->plan.parts;
}

bool outgoing_next(struct outgoing *o, const struct outgoing_style *style, bool tlvs, int64_t now_us,
		   struct smpp_pdu *pdu)
{
	(void)now_us;
	while (o->next_part < o->plan.parts && o->parts[o->next_part].state != PART_TO_SEND)
		o->next_part++;
	if (o->ended || o->next_part == o->plan.parts)
		return false;
	struct writer octets = writer_of(o->octets, SMPP_SHORT_MESSAGE_MAX + 1);
	struct writer more = writer_of(tlvs_room(), TLVS_ROOM);

	smpp_text_put_part(&o->plan, o->next_part, o->reference, &octets, &more);
	put_tlvs(o, style, tlvs, &more);
	*pdu = (struct smpp_pdu){ .id = style->request };
	fill_sm(o, style, &pdu->u.sm);
	pdu->u.sm.octets = text_range((const char *)o->octets, writer_len(&octets));
	pdu->tlvs = text_range((const char *)more.start, writer_len(&more));
	return true;
}

uint64_t outgoing_sent(struct outgoing *o)
{
	struct part *p = &o->parts[o->next_part++];

	p->state = PART_SENT;
	o->touched = true;
	o->open++;
	return (uint64_t)(uintptr_t)p;
}

/* --- answers --------------------------------------------------------------------------------------------------------
 */

struct outgoing *outgoing_of_cookie(uint64_t cookie)
{
	return ((struct part *)(uintptr_t)cookie)->outgoing;
}

static void set_end(struct outgoing *o, enum ipc_outcome outcome, const char *name, uint32_t status)
{
	o->ended = true;
	o->outcome = outcome;
	if (status)
		snprintf(o->detail, sizeof(o->detail), "%s (0x%x)", name, status);
	else
		snprintf(o->detail, sizeof(o->detail), "%s", name);
}

void outgoing_fail(struct outgoing *o, enum ipc_outcome outcome, uint32_t retry_ms, const char *detail)
{
	set_end(o, outcome, detail, 0);
	o->retry_ms = retry_ms;
}

void outgoing_give_up(struct outgoing *o, uint32_t retry_ms, const char *detail)
{
	outgoing_fail(o, outgoing_unharmed(o) ? IPC_RETRY : IPC_DOUBT, retry_ms, detail);
}

static void take_id(struct part *p, const struct smpp_pdu *pdu)
{
	char room[SMPP_ID_SIZE];
	struct text id = smpp_id_canonical(pdu->u.message_id, room);

	(void)text_copy(id, p->wire, sizeof(p->wire));
}

/* Its place in the line is that of its first sending. */
static enum outgoing_step send_again(struct part *p)
{
	struct outgoing *o = p->outgoing;

	p->state = PART_TO_SEND;
	if (p->number < o->next_part)
		o->next_part = p->number;
	return OUTGOING_AGAIN;
}

static enum outgoing_step by_action(struct part *p, const struct smpp_answer *a, enum smpp_action action)
{
	struct outgoing *o = p->outgoing;
	const char *name = smpp_status_name(a->pdu->status);

	switch (action) {
	case SMPP_DO_KEEP:
		if (!a->broken)
			take_id(p, a->pdu);
		p->state = PART_TAKEN;
		o->taken++;
		if (o->taken < o->plan.parts)
			return OUTGOING_GOES_ON;
		set_end(o, IPC_SENT, "taken", 0);
		return OUTGOING_ENDED;
	case SMPP_DO_THROTTLE:
	case SMPP_DO_REBIND:
		return send_again(p);
	case SMPP_DO_RETRY:
		/* With parts taken already the whole would arrive twice: this part alone goes again. */
		if (o->taken && ++p->refused < PART_REFUSALS_MAX)
			return send_again(p);
		set_end(o, o->taken ? IPC_DOUBT : IPC_RETRY, name, a->pdu->status);
		return OUTGOING_ENDED;
	default:
		set_end(o, IPC_REFUSED, name, a->pdu->status);
		return OUTGOING_ENDED;
	}
}

/* Another part has decided, but what was to be tried again as a whole is no longer unharmed. */
static enum outgoing_step after_end(struct outgoing *o, const struct smpp_answer *a, enum smpp_action action)
{
	bool there = a->end == SMPP_IN_DOUBT || (a->end == SMPP_ANSWERED && action == SMPP_DO_KEEP);

	if (there && o->outcome == IPC_RETRY)
		set_end(o, IPC_DOUBT, "a part was refused for now and another was not", 0);
	return o->open ? OUTGOING_GOES_ON : OUTGOING_ENDED;
}

enum outgoing_step outgoing_answered(struct outgoing *o, const struct smpp_answer *a, enum smpp_action action)
{
	struct part *p = (struct part *)(uintptr_t)a->cookie;

	o->open--;
	p->order = a->order;
	if (o->ended)
		return after_end(o, a, action);
	if (a->end == SMPP_UNSENT)
		return send_again(p);
	if (a->end == SMPP_IN_DOUBT) {
		set_end(o, IPC_DOUBT, "no answer came", 0);
		return o->open ? OUTGOING_GOES_ON : OUTGOING_ENDED;
	}
	enum outgoing_step step = by_action(p, a, action);
	return step == OUTGOING_ENDED && o->open ? OUTGOING_GOES_ON : step;
}

uint64_t outgoing_order(const struct outgoing *o)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < o->plan.parts; i++) {
		if (o->parts[i].state == PART_TO_SEND && o->parts[i].order && o->parts[i].order < least)
			least = o->parts[i].order;
	}
	return least;
}

void outgoing_result(struct outgoing *o, struct text link, bool await, struct ipc_result *out)
{
	size_t size = o->plan.parts * (SMPP_ID_SIZE + 2u);
	uint8_t *room = arena_alloc(o->arena, size + 1);
	struct writer w = writer_of(room, size + 1);

	for (unsigned i = 0; i < o->plan.parts && o->outcome == IPC_SENT; i++) {
		if (o->parts[i].wire[0])
			ipc_put_recipient(&w, text_of(o->parts[i].wire));
	}
	*out = (struct ipc_result){ .id = o->id,
				    .outcome = o->outcome,
				    .await = await && writer_len(&w),
				    .retry_ms = o->retry_ms,
				    .link = link,
				    .detail = text_of(o->detail),
				    .segments = (uint16_t)o->plan.segments,
				    .wires = text_range((const char *)room, writer_len(&w)) };
}

/* --- lists ----------------------------------------------------------------------------------------------------------
 */

void outgoing_list_init(struct outgoing_list *list)
{
	*list = (struct outgoing_list){ 0 };
	list->last = &list->first;
}

void outgoing_push(struct outgoing_list *list, struct outgoing *o)
{
	if (o->listed)
		return;
	o->listed = true;
	o->next = NULL;
	*list->last = o;
	list->last = &o->next;
	list->count++;
}

void outgoing_push_again(struct outgoing_list *list, struct outgoing *o)
{
	struct outgoing **at = &list->first;
	uint64_t order = outgoing_order(o);

	outgoing_unlist(list, o);
	o->listed = true;
	while (*at && outgoing_order(*at) < order)
		at = &(*at)->next;
	o->next = *at;
	*at = o;
	if (!o->next)
		list->last = &o->next;
	list->count++;
}

struct outgoing *outgoing_head(const struct outgoing_list *list)
{
	return list->first;
}

struct outgoing *outgoing_pop(struct outgoing_list *list)
{
	struct outgoing *o = list->first;

	if (!o)
		return NULL;
	list->first = o->next;
	if (!list->first)
		list->last = &list->first;
	list->count--;
	o->next = NULL;
	o->listed = false;
	return o;
}

void outgoing_unlist(struct outgoing_list *list, struct outgoing *o)
{
	struct outgoing **at = &list->first;

	if (!o->listed)
		return;
	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	if (!*at)
		list->last = at;
	list->count--;
	o->next = NULL;
	o->listed = false;
}
