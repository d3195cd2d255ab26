/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoders and decoders of the records about credit. */
#include "core/ipc_credit.h"

#include "core/base/ipc.h"

static unsigned get_enum(struct reader *r, unsigned count)
{
	uint8_t v = reader_u8(r);

	if (v >= count) {
		reader_fail(r);
		return 0;
	}
	return v;
}

void ipc_put_credit(struct writer *w, const struct ipc_credit *c)
{
	writer_bytes(w, c->delivery.octets, MESSAGE_ID_SIZE);
	writer_u8(w, (uint8_t)c->step);
	writer_u8(w, c->again);
	writer_u32(w, c->end_to_end);
	ipc_put_text(w, c->session);
	ipc_put_text(w, c->subscriber);
	ipc_put_text(w, c->sender);
	ipc_put_text(w, c->recipient);
	writer_u64(w, c->units);
	writer_u64(w, (uint64_t)c->at_us);
}

bool ipc_get_credit(struct reader *r, struct ipc_credit *out)
{
	reader_copy(r, out->delivery.octets, MESSAGE_ID_SIZE);
	out->step = (enum credit_step)get_enum(r, CREDIT_STEP_COUNT);
	out->again = get_enum(r, 2);
	out->end_to_end = reader_u32(r);
	out->session = ipc_get_text(r, CREDIT_SESSION_MAX);
	out->subscriber = ipc_get_text(r, CREDIT_TEXT_MAX);
	out->sender = ipc_get_text(r, CREDIT_TEXT_MAX);
	out->recipient = ipc_get_text(r, CREDIT_TEXT_MAX);
	out->units = reader_u64(r);
	out->at_us = (int64_t)reader_u64(r);
	return reader_done(r) && out->session.len && out->at_us >= 0;
}

void ipc_put_credit_done(struct writer *w, const struct ipc_credit_done *d)
{
	writer_bytes(w, d->delivery.octets, MESSAGE_ID_SIZE);
	writer_u8(w, (uint8_t)d->verdict);
	ipc_put_text(w, d->session);
	writer_u32(w, d->result);
	writer_u32(w, d->valid_s);
	ipc_put_text(w, d->why);
}

bool ipc_get_credit_done(struct reader *r, struct ipc_credit_done *out)
{
	reader_copy(r, out->delivery.octets, MESSAGE_ID_SIZE);
	out->verdict = (enum credit_verdict)get_enum(r, CREDIT_VERDICT_COUNT);
	out->session = ipc_get_text(r, CREDIT_SESSION_MAX);
	out->result = reader_u32(r);
	out->valid_s = reader_u32(r);
	out->why = ipc_get_text(r, CREDIT_TEXT_MAX);
	return reader_done(r);
}

void ipc_put_credit_link(struct writer *w, const struct ipc_credit_link *l)
{
	writer_u8(w, l->up);
	ipc_put_text(w, l->detail);
}

bool ipc_get_credit_link(struct reader *r, struct ipc_credit_link *out)
{
	out->up = get_enum(r, 2);
	out->detail = ipc_get_text(r, CREDIT_TEXT_MAX);
	return reader_done(r);
}
