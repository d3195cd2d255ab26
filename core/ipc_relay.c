/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoders and decoders of ipc_relay.h, a pair per record. */
#include "core/ipc_relay.h"

#include "core/base/ipc.h"

#define ROWS_MAX IPC_RECORD_MAX

/* 0 or 1; anything else fails the reader. */
static bool get_bool(struct reader *r)
{
	uint8_t v = reader_u8(r);

	if (v > 1)
		reader_fail(r);
	return v;
}

void ipc_put_carrier(struct writer *w, const struct ipc_carrier *c)
{
	ipc_put_text(w, c->link);
	writer_u8(w, c->up);
	writer_u8(w, c->messages);
}

bool ipc_get_carrier(struct reader *r, struct ipc_carrier *out)
{
	out->link = ipc_get_text(r, IPC_CARRIER_NAME_MAX);
	out->up = get_bool(r);
	out->messages = get_bool(r);
	return reader_done(r) && out->link.len;
}

void ipc_put_link_pdu(struct writer *w, const struct ipc_link_pdu *p)
{
	ipc_put_text(w, p->link);
	ipc_put_text(w, p->pdu);
}

bool ipc_get_link_pdu(struct reader *r, struct ipc_link_pdu *out)
{
	out->link = ipc_get_text(r, IPC_CARRIER_NAME_MAX);
	out->pdu = ipc_get_text(r, IPC_LINK_PDU_MAX);
	return reader_done(r) && out->link.len && out->pdu.len;
}

void ipc_put_fact(struct writer *w, const struct ipc_fact *f)
{
	writer_u8(w, (uint8_t)f->what);
	ipc_put_text(w, f->key);
	ipc_put_text(w, f->value);
	writer_u64(w, (uint64_t)f->keep_us);
}

bool ipc_get_fact(struct reader *r, struct ipc_fact *out)
{
	uint8_t what = reader_u8(r);

	out->what = what < IPC_FACT_WHATS ? (enum ipc_fact_what)what : IPC_FACT_PUT;
	out->key = ipc_get_text(r, IPC_FACT_KEY_MAX);
	out->value = ipc_get_text(r, IPC_FACT_VALUE_MAX);
	out->keep_us = (int64_t)reader_u64(r);
	return reader_done(r) && what < IPC_FACT_WHATS && out->key.len && out->keep_us >= 0 &&
	       out->keep_us <= IPC_FACT_KEEP_MAX;
}

void ipc_put_facts(struct writer *w, const struct ipc_facts *f)
{
	writer_u8(w, (uint8_t)f->result);
	writer_u8(w, f->more);
	ipc_put_blob(w, f->rows.at, f->rows.len);
}

bool ipc_get_facts(struct reader *r, struct ipc_facts *out)
{
	uint8_t result = reader_u8(r);

	out->result = result < RESULT_COUNT ? (enum result)result : ERR_MALFORMED;
	out->more = get_bool(r);
	out->rows = ipc_get_blob(r, ROWS_MAX);
	return reader_done(r) && result < RESULT_COUNT;
}

void ipc_put_fact_row(struct writer *w, struct text key, struct text value)
{
	ipc_put_text(w, key);
	ipc_put_text(w, value);
}

bool ipc_take_fact_row(struct reader *r, struct text *key, struct text *value)
{
	if (!reader_left(r))
		return false;
	*key = ipc_get_text(r, IPC_FACT_KEY_MAX);
	*value = ipc_get_text(r, IPC_FACT_VALUE_MAX);
	return !r->failed;
}
