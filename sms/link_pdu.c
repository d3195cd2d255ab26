/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Link PDUs: codec. */
#include "sms/link_pdu.h"

#include "core/base/reader.h"

static void put_text(struct writer *w, struct text t, size_t max)
{
	if (t.len > max)
		w->failed = true;
	writer_u8(w, (uint8_t)t.len);
	writer_text(w, t);
}

void link_pdu_encode(const struct link_pdu *p, struct writer *w)
{
	writer_u8(w, (uint8_t)p->kind);
	writer_u8(w, (uint8_t)p->outcome);
	put_text(w, p->link, LINK_PDU_TEXT_MAX);
	put_text(w, p->subscriber, LINK_PDU_TEXT_MAX);
	put_text(w, p->transaction, LINK_PDU_TEXT_MAX);
	put_text(w, p->answers, LINK_PDU_TEXT_MAX);
	put_text(w, p->octets, LINK_PDU_OCTETS_MAX);
	if (p->permit.len > LINK_PDU_PERMIT_MAX)
		w->failed = true;
	writer_u16(w, (uint16_t)p->permit.len);
	writer_text(w, p->permit);
}

static struct text take(struct reader *r, size_t len)
{
	const uint8_t *at = reader_take(r, len);

	return text_range((const char *)at, at ? len : 0);
}

static struct text take_text(struct reader *r)
{
	size_t len = reader_u8(r);

	return take(r, len);
}

enum result link_pdu_decode(const void *octets, size_t len, struct link_pdu *out)
{
	struct reader r = reader_of(octets, len);

	uint8_t kind = reader_u8(&r);
	uint8_t outcome = reader_u8(&r);
	if (kind >= LINK_PDU_KINDS || outcome >= LINK_PDU_OUTCOMES)
		return ERR_MALFORMED;
	out->kind = kind;
	out->outcome = outcome;
	out->link = take_text(&r);
	out->subscriber = take_text(&r);
	out->transaction = take_text(&r);
	out->answers = take_text(&r);
	out->octets = take_text(&r);
	size_t permit = reader_u16(&r);
	if (permit > LINK_PDU_PERMIT_MAX)
		return ERR_TOO_BIG;
	out->permit = take(&r, permit);
	if (r.failed)
		return ERR_SHORT;
	return reader_done(&r) ? OK : ERR_MALFORMED;
}

const char *link_pdu_kind_name(enum link_pdu_kind kind)
{
	static const char *const names[LINK_PDU_KINDS] = { "open", "close",   "alert", "octets", "up",
							   "lost", "present", "gone",  "taken" };

	return kind < LINK_PDU_KINDS ? names[kind] : NULL;
}

const char *link_pdu_outcome_name(enum link_pdu_outcome outcome)
{
	static const char *const names[LINK_PDU_OUTCOMES] = { "fine", "absent", "busy", "refused", "unsure" };

	return outcome < LINK_PDU_OUTCOMES ? names[outcome] : NULL;
}
