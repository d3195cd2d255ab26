/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Envelopes into TPDUs and back. */
#include "sms/tp_message.h"

#include <string.h>

#include "core/base/clock.h"
#include "sms/dcs.h"
#include "sms/header.h"

#define CODING_GROUPS 0xc0u /* data_coding from here on is a TP-DCS: SMPP 5.0 4.7.7 */

/* --- a message that goes --- */

/* Header elements that every part gets: those that came, the ports, and where it is a part already its place. */
static enum result put_elements(const struct message *m, struct writer *w, bool *is_part)
{
	struct reader r = reader_of(m->udh.at, m->udh.len);
	struct header h = { 0 };

	*is_part = false;
	if (m->udh.len && (header_decode(&r, &h, NULL) != OK || reader_left(&r)))
		return ERR_MALFORMED;
	if (m->udh.len) {
		*is_part = h.concat.width != HEADER_ABSENT;
		header_put_concat(w, &h.concat);
		header_pass_on(w, &h);
	}
	if (m->has_ports && h.ports.width == HEADER_ABSENT) {
		struct header_ports ports = { HEADER_16_BIT, m->destination_port, m->source_port };

		header_put_ports(w, &ports);
	}
	return writer_ok(w) ? OK : ERR_TOO_BIG;
}

static uint8_t coding_of(const struct message *m, enum dcs_alphabet alphabet)
{
	if (m->has_coding && m->coding >= CODING_GROUPS && dcs_decode(m->coding).alphabet == alphabet)
		return m->coding;
	return dcs_of(alphabet, m->flash ? DCS_CLASS_FLASH : DCS_CLASS_NONE);
}

enum result tp_message_plan(const struct message *m, const struct split_options *languages, struct arena *arena,
			    struct tp_plan *out, const char **why_out)
{
	struct split_options o = *languages;
	struct writer elements = writer_of(arena_alloc(arena, HEADER_MAX), HEADER_MAX);
	bool is_part;

	*why_out = "the user data header cannot be read";
	enum result result = put_elements(m, &elements, &is_part);
	if (result != OK)
		return result;
	*why_out = "the sender cannot stand in a short message";
	result = sms_address_from_text(m->sender, &out->sender);
	if (result != OK)
		return result;
	o.elements = text_range((const char *)elements.start, writer_len(&elements));
	o.parts_max = is_part ? 1 : o.parts_max;
	*why_out =
		is_part ? "one part of a message is longer than a short message" : "too long, or not of the alphabet";
	result = m->content == MESSAGE_TEXT ? split_plan(m->body, &o, arena, &out->split, NULL)
					    : split_plan_octets(m->body, &o, &out->split);
	out->pid = m->protocol_id;
	out->dcs = coding_of(m, out->split.alphabet);
	return result;
}

/* What both ways share. `content` keeps the user data. */
static struct tpdu going_tpdu(const struct tp_plan *plan, enum tpdu_type type, const struct tp_going *going,
			      struct writer *content)
{
	struct tpdu t = { .type = type, .pid = plan->pid, .dcs = plan->dcs, .has_header = plan->split.header_octets };

	t.user_data_len = split_put_user_data(&plan->split, going->part, going->reference, content);
	t.user_data = text_range((const char *)content->start, writer_len(content));
	return t;
}

void tp_message_deliver(const struct tp_plan *plan, const struct message *m, const struct tp_going *going,
			struct writer *w)
{
	uint8_t room[TPDU_USER_DATA_MAX];
	struct writer content = writer_of(room, sizeof(room));
	struct tpdu t = going_tpdu(plan, TPDU_DELIVER, going, &content);

	t.address = plan->sender;
	t.time = tpdu_time_of(going->now_us, going->quarters);
	t.more_messages = going->more || going->part + 1 < plan->split.parts;
	t.report = m->reports;
	if (writer_ok(&content))
		tpdu_encode(&t, w);
	else
		w->failed = true;
}

enum result tp_message_submit(const struct tp_plan *plan, const struct message *m, struct text recipient,
			      const struct tp_going *going, struct writer *w)
{
	uint8_t room[TPDU_USER_DATA_MAX];
	struct writer content = writer_of(room, sizeof(room));
	struct tpdu t = going_tpdu(plan, TPDU_SUBMIT, going, &content);
	enum result result = sms_address_from_text(recipient, &t.address);

	if (result != OK || !t.address.len || t.address.ton == SMS_TON_ALPHANUMERIC)
		return result != OK ? result : ERR_UNSUPPORTED;
	if (m->validity_us > 0)
		t.validity = tpdu_validity_relative((m->validity_us + USEC_PER_SEC - 1) / USEC_PER_SEC);
	t.report = m->reports;
	if (!writer_ok(&content))
		return ERR_TOO_BIG;
	tpdu_encode(&t, w);
	return writer_ok(w) ? OK : ERR_TOO_BIG;
}

enum result tp_message_report(uint8_t reference, struct text recipient, int64_t sent_us, int64_t done_us, int quarters,
			      uint8_t status, struct writer *w)
{
	struct tpdu t = { .type = TPDU_STATUS_REPORT,
			  .reference = reference,
			  .time = tpdu_time_of(sent_us, quarters),
			  .discharge = tpdu_time_of(done_us, quarters),
			  .status = status };
	enum result result = sms_address_from_text(recipient, &t.address);

	if (result != OK)
		return result;
	tpdu_encode(&t, w);
	return writer_ok(w) ? OK : ERR_TOO_BIG;
}

/* --- a message that came --- */

static bool read_address(const struct sms_address *a, char *to, const char **why_out)
{
	char room[SMS_ADDRESS_SHOWN_MAX];
	struct writer w = writer_of(room, sizeof(room));

	sms_address_to_text(a, &w);
	if (!a->len || !writer_ok(&w)) {
		*why_out = "it names nobody";
		return false;
	}
	if (a->ton == SMS_TON_ALPHANUMERIC)
		return text_copy(text_range(room, writer_len(&w)), to, MESSAGE_ADDRESS_MAX + 1);
	return address_normalise(text_range(room, writer_len(&w)), to, MESSAGE_ADDRESS_MAX + 1, why_out) == OK;
}

/* What reaches into a phone or SIM. */
static bool needs_trust(const struct tpdu *t, uint8_t *fcs_out)
{
	*fcs_out = pid_needs_trust(t->pid) ? TPDU_FCS_PID_ERROR : TPDU_FCS_CLASS_NOT_SUPPORTED;
	return pid_needs_trust(t->pid) || dcs_decode(t->dcs).message_class == DCS_CLASS_SIM ||
	       (t->has_header && t->header.has_toolkit);
}

static int64_t validity_of(const struct tpdu_validity *v, int64_t now_us)
{
	if (v->form == TPDU_VALIDITY_ABSOLUTE)
		return v->until.us > now_us ? v->until.us - now_us : 1;
	return v->seconds * USEC_PER_SEC;
}

/* Elements that go on, with their length octet; concatenation and language belong to this form of the text. */
static struct text keep_header(const struct tpdu *t, struct tp_received *out)
{
	struct writer w = writer_of(out->udh, sizeof(out->udh));

	if (!t->has_header || !header_pass_on_size(&t->header))
		return (struct text){ 0 };
	size_t mark = header_begin(&w);
	header_pass_on(&w, &t->header);
	header_end(&w, mark);
	return text_range((const char *)out->udh, writer_ok(&w) ? writer_len(&w) : 0);
}

static enum result read_content(const struct tpdu *t, struct tp_received *out, struct writer *body)
{
	struct writer room = writer_of(out->room, sizeof(out->room));
	bool text = dcs_decode(t->dcs).alphabet != DCS_8BIT;
	enum result result = OK;

	if (text)
		result = tpdu_text(t, body);
	else
		writer_text(body, tpdu_content(t));
	if (result != OK || !writer_ok(body))
		return result != OK ? result : ERR_TOO_BIG;
	out->message.content = text ? MESSAGE_TEXT : MESSAGE_BINARY;
	out->message.body = text_range((const char *)body->start, writer_len(body));
	out->is_part = concat_part_of(t, 0, &room, &out->part, &out->id) == OK && out->id.total > 1;
	return OK;
}

static void read_fields(const struct tpdu *t, int64_t now_us, struct tp_received *out)
{
	struct message *m = &out->message;

	m->sender = text_of(out->sender);
	m->protocol_id = t->pid;
	m->flash = dcs_decode(t->dcs).message_class == DCS_CLASS_FLASH;
	m->reports = t->type == TPDU_SUBMIT && t->report ? REPORT_DELIVERED | REPORT_FAILED : 0;
	m->validity_us = t->type == TPDU_SUBMIT ? validity_of(&t->validity, now_us) : 0;
	m->udh = keep_header(t, out);
	m->has_ports = t->has_header && t->header.ports.width != HEADER_ABSENT;
	m->destination_port = t->header.ports.destination;
	m->source_port = t->header.ports.source;
	out->part.received_us = now_us;
	out->reference = t->reference;
}

static enum result refuse(uint8_t *fcs_out, enum tpdu_fcs fcs, const char **why_out, const char *why,
			  enum result result)
{
	*fcs_out = (uint8_t)fcs;
	*why_out = why;
	return result;
}

enum result tp_message_read(const struct tpdu *t, struct text other, bool trusted, int64_t now_us,
			    struct tp_received *out, struct writer *body, uint8_t *fcs_out, const char **why_out)
{
	bool submit = t->type == TPDU_SUBMIT;

	out->message = (struct message){ 0 };
	*why_out = "";
	if (!submit && t->type != TPDU_DELIVER)
		return refuse(fcs_out, TPDU_FCS_TPDU_NOT_SUPPORTED, why_out, "no message", ERR_UNSUPPORTED);
	if (!trusted && needs_trust(t, fcs_out)) {
		*why_out = "only from peers trusted for it: it reaches into the phone or SIM";
		return ERR_DENIED;
	}
	if (submit && t->validity.form != TPDU_VALIDITY_NONE && !t->validity.valid)
		return refuse(fcs_out, TPDU_FCS_VP_NOT_SUPPORTED, why_out, "a validity that means nothing",
			      ERR_MALFORMED);
	*fcs_out = TPDU_FCS_INVALID_ADDRESS;
	if (!read_address(&t->address, submit ? out->recipient : out->sender, why_out))
		return ERR_MALFORMED;
	if (!text_copy(other, submit ? out->sender : out->recipient, MESSAGE_ADDRESS_MAX + 1))
		return ERR_TOO_BIG;
	enum result result = read_content(t, out, body);
	if (result != OK)
		return refuse(fcs_out, TPDU_FCS_DCS_ERROR, why_out, "content that cannot be read", result);
	read_fields(t, now_us, out);
	return OK;
}
