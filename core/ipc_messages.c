/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoders and decoders of the records between roles, a pair per record. */
#include "core/ipc_messages.h"

#include "core/base/ipc.h"

#define LONG_TEXT_MAX IPC_RECORD_MAX

static void put_id(struct writer *w, struct message_id id)
{
	writer_bytes(w, id.octets, MESSAGE_ID_SIZE);
}

static struct message_id get_id(struct reader *r)
{
	struct message_id id;

	reader_copy(r, id.octets, MESSAGE_ID_SIZE);
	return id;
}

static struct text get_short(struct reader *r)
{
	return ipc_get_text(r, UINT16_MAX);
}

static void put_long(struct writer *w, struct text t)
{
	ipc_put_blob(w, t.at, t.len);
}

static struct text get_long(struct reader *r)
{
	return ipc_get_blob(r, LONG_TEXT_MAX);
}

/* An enum from outside: values at or above `count` fail the reader. */
static unsigned get_enum(struct reader *r, unsigned count)
{
	uint8_t v = reader_u8(r);

	if (v >= count) {
		reader_fail(r);
		return 0;
	}
	return v;
}

static bool get_bool(struct reader *r)
{
	return get_enum(r, 2);
}

static void put_accept_fields(struct writer *w, const struct ipc_accept *a)
{
	put_id(w, a->id);
	put_long(w, a->header);
	put_long(w, a->body);
	ipc_put_text(w, a->key);
	put_long(w, a->recipients);
}

static void get_accept_fields(struct reader *r, struct ipc_accept *out)
{
	out->id = get_id(r);
	out->header = get_long(r);
	out->body = get_long(r);
	out->key = get_short(r);
	out->recipients = get_long(r);
}

void ipc_put_accept(struct writer *w, const struct ipc_accept *a)
{
	put_accept_fields(w, a);
}

bool ipc_get_accept(struct reader *r, struct ipc_accept *out)
{
	get_accept_fields(r, out);
	return reader_done(r);
}

void ipc_put_recipient(struct writer *w, struct text recipient)
{
	ipc_put_text(w, recipient);
}

bool ipc_take_recipient(struct reader *r, struct text *out)
{
	if (!reader_left(r))
		return false;
	*out = ipc_get_text(r, MESSAGE_ADDRESS_MAX);
	return !r->failed;
}

void ipc_put_accepted(struct writer *w, const struct ipc_accepted *a)
{
	writer_u8(w, (uint8_t)a->result);
	put_id(w, a->id);
	writer_u16(w, a->recipient);
	writer_u8(w, a->repeat);
	ipc_put_text(w, a->why);
	put_long(w, a->answer);
}

bool ipc_get_accepted(struct reader *r, struct ipc_accepted *out)
{
	out->result = get_enum(r, RESULT_COUNT);
	out->id = get_id(r);
	out->recipient = reader_u16(r);
	out->repeat = get_bool(r);
	out->why = get_short(r);
	out->answer = get_long(r);
	return reader_done(r);
}

void ipc_put_part(struct writer *w, const struct ipc_part *p)
{
	put_id(w, p->id);
	put_long(w, p->header);
	put_long(w, p->body);
	ipc_put_text(w, p->recipient);
	ipc_put_text(w, p->peer);
	writer_u16(w, p->reference);
	writer_u8(w, p->width);
	writer_u8(w, p->total);
	writer_u8(w, p->number);
}

bool ipc_get_part(struct reader *r, struct ipc_part *out)
{
	out->id = get_id(r);
	out->header = get_long(r);
	out->body = get_long(r);
	out->recipient = get_short(r);
	out->peer = get_short(r);
	out->reference = reader_u16(r);
	out->width = reader_u8(r);
	out->total = reader_u8(r);
	out->number = reader_u8(r);
	return reader_done(r) && out->total && out->number && out->number <= out->total;
}

void ipc_put_deliver(struct writer *w, const struct ipc_deliver *d)
{
	put_id(w, d->id);
	writer_u64(w, (uint64_t)d->epoch);
	writer_u64(w, (uint64_t)d->attempt);
	writer_u64(w, (uint64_t)d->not_after_us);
	writer_u8(w, d->doubt);
	ipc_put_text(w, d->link);
	ipc_put_text(w, d->recipient);
	put_long(w, d->header);
	put_long(w, d->body);
	writer_u64(w, (uint64_t)d->accepted_us);
	writer_u64(w, (uint64_t)d->expires_us);
	ipc_put_text(w, d->permit);
	ipc_put_text(w, d->bearer);
	ipc_put_text(w, d->price);
}

bool ipc_get_deliver(struct reader *r, struct ipc_deliver *out)
{
	out->id = get_id(r);
	out->epoch = (int64_t)reader_u64(r);
	out->attempt = (int64_t)reader_u64(r);
	out->not_after_us = (int64_t)reader_u64(r);
	out->doubt = get_bool(r);
	out->link = get_short(r);
	out->recipient = get_short(r);
	out->header = get_long(r);
	out->body = get_long(r);
	out->accepted_us = (int64_t)reader_u64(r);
	out->expires_us = (int64_t)reader_u64(r);
	out->permit = get_short(r);
	out->bearer = get_short(r);
	out->price = get_short(r);
	return reader_done(r);
}

void ipc_put_result(struct writer *w, const struct ipc_result *a)
{
	put_id(w, a->id);
	writer_u64(w, (uint64_t)a->epoch);
	writer_u8(w, (uint8_t)a->outcome);
	writer_u8(w, a->await);
	writer_u32(w, a->retry_ms);
	ipc_put_text(w, a->link);
	ipc_put_text(w, a->detail);
	writer_u16(w, a->segments);
	put_long(w, a->wires);
}

bool ipc_get_result(struct reader *r, struct ipc_result *out)
{
	out->id = get_id(r);
	out->epoch = (int64_t)reader_u64(r);
	out->outcome = get_enum(r, IPC_OUTCOME_COUNT);
	out->await = get_bool(r);
	out->retry_ms = reader_u32(r);
	out->link = get_short(r);
	out->detail = get_short(r);
	out->segments = reader_u16(r);
	out->wires = get_long(r);
	return reader_done(r);
}

void ipc_put_report(struct writer *w, const struct ipc_report *a)
{
	ipc_put_text(w, a->peer);
	ipc_put_text(w, a->forms);
	writer_u8(w, (uint8_t)a->outcome);
	ipc_put_text(w, a->detail);
	writer_u8(w, a->has_delivery);
	put_id(w, a->delivery);
	writer_u8(w, a->sure);
	ipc_put_text(w, a->source);
	ipc_put_text(w, a->destination);
}

bool ipc_get_report(struct reader *r, struct ipc_report *out)
{
	out->peer = get_short(r);
	out->forms = get_short(r);
	out->outcome = get_enum(r, OUTCOME_COUNT);
	out->detail = get_short(r);
	out->has_delivery = get_bool(r);
	out->delivery = get_id(r);
	out->sure = get_bool(r);
	out->source = get_short(r);
	out->destination = get_short(r);
	return reader_done(r);
}

void ipc_put_holding(struct writer *w, const struct ipc_holding *h)
{
	ipc_put_text(w, h->incarnation);
	put_long(w, h->ids);
	put_long(w, h->sending);
	writer_u8(w, h->says_sending);
	writer_u8(w, h->more);
}

bool ipc_get_holding(struct reader *r, struct ipc_holding *out)
{
	out->incarnation = get_short(r);
	out->ids = get_long(r);
	out->sending = get_long(r);
	out->says_sending = get_bool(r);
	out->more = get_bool(r);
	return reader_done(r) && !(out->ids.len % MESSAGE_ID_SIZE) && !(out->sending.len % MESSAGE_ID_SIZE) &&
	       out->incarnation.len <= 32;
}

void ipc_put_due(struct writer *w, const struct ipc_due *d)
{
	ipc_put_text(w, d->link);
	ipc_put_text(w, d->recipient);
}

bool ipc_get_due(struct reader *r, struct ipc_due *out)
{
	out->link = get_short(r);
	out->recipient = get_short(r);
	return reader_done(r) && out->link.len && out->link.len <= 100 && out->recipient.len;
}

void ipc_put_presence(struct writer *w, const struct ipc_presence *p)
{
	ipc_put_text(w, p->link);
	writer_u8(w, p->offline_text);
	put_long(w, p->numbers);
	writer_u8(w, p->offline_file);
	writer_u8(w, p->mms_unlisted);
	writer_u64(w, p->rcs_file_max);
	writer_u64(w, p->mms_max);
}

bool ipc_get_presence(struct reader *r, struct ipc_presence *out)
{
	out->link = get_short(r);
	out->offline_text = get_bool(r);
	out->numbers = get_long(r);
	out->offline_file = get_bool(r);
	out->mms_unlisted = get_bool(r);
	out->rcs_file_max = reader_u64(r);
	out->mms_max = reader_u64(r);
	return reader_done(r) && out->link.len && out->link.len <= 100;
}

void ipc_put_presence_of(struct writer *w, const struct ipc_presence_of *p)
{
	ipc_put_text(w, p->number);
	writer_u8(w, p->known);
	writer_u8(w, p->registered);
	writer_u8(w, p->roaming);
	writer_u8(w, p->mms);
}

bool ipc_take_presence(struct reader *r, struct ipc_presence_of *out)
{
	if (!reader_left(r))
		return false;
	out->number = ipc_get_text(r, MESSAGE_ADDRESS_MAX);
	out->known = get_bool(r);
	out->registered = get_bool(r);
	out->roaming = get_bool(r);
	out->mms = get_bool(r);
	return !r->failed;
}

void ipc_put_link(struct writer *w, const struct ipc_link *l)
{
	ipc_put_text(w, l->name);
	writer_u8(w, l->up);
	writer_u32(w, l->window);
	ipc_put_text(w, l->detail);
}

bool ipc_get_link(struct reader *r, struct ipc_link *out)
{
	out->name = get_short(r);
	out->up = get_bool(r);
	out->window = reader_u32(r);
	out->detail = get_short(r);
	return reader_done(r);
}

void ipc_put_outbox(struct writer *w, const struct ipc_outbox *o)
{
	writer_bytes(w, o->id, sizeof(o->id));
	ipc_put_text(w, o->target);
	ipc_put_text(w, o->kind);
	put_long(w, o->body);
}

bool ipc_get_outbox(struct reader *r, struct ipc_outbox *out)
{
	reader_copy(r, out->id, sizeof(out->id));
	out->target = get_short(r);
	out->kind = get_short(r);
	out->body = get_long(r);
	return reader_done(r);
}

void ipc_put_outbox_end(struct writer *w, const struct ipc_outbox_end *o)
{
	writer_bytes(w, o->id, sizeof(o->id));
	writer_u8(w, o->done);
	writer_u32(w, o->retry_ms);
	ipc_put_text(w, o->detail);
}

bool ipc_get_outbox_end(struct reader *r, struct ipc_outbox_end *out)
{
	reader_copy(r, out->id, sizeof(out->id));
	out->done = get_bool(r);
	out->retry_ms = reader_u32(r);
	out->detail = get_short(r);
	return reader_done(r);
}

void ipc_put_ask(struct writer *w, const struct ipc_ask *a)
{
	writer_u8(w, (uint8_t)a->question);
	ipc_put_text(w, a->account);
	put_id(w, a->id);
	put_accept_fields(w, &a->accept);
}

bool ipc_get_ask(struct reader *r, struct ipc_ask *out)
{
	out->question = get_enum(r, ASK_COUNT);
	out->account = get_short(r);
	out->id = get_id(r);
	get_accept_fields(r, &out->accept);
	return reader_done(r);
}

void ipc_put_answer(struct writer *w, const struct ipc_answer *a)
{
	writer_u8(w, (uint8_t)a->result);
	put_long(w, a->body);
}

bool ipc_get_answer(struct reader *r, struct ipc_answer *out)
{
	out->result = get_enum(r, RESULT_COUNT);
	out->body = get_long(r);
	return reader_done(r);
}

void ipc_put_event(struct writer *w, const struct ipc_event *e)
{
	ipc_put_text(w, e->account);
	ipc_put_text(w, e->kind);
	put_long(w, e->body);
}

bool ipc_get_event(struct reader *r, struct ipc_event *out)
{
	out->account = get_short(r);
	out->kind = get_short(r);
	out->body = get_long(r);
	return reader_done(r);
}

void ipc_put_file_new(struct writer *w, const struct ipc_file_new *f)
{
	writer_u64(w, f->size);
}

bool ipc_get_file_new(struct reader *r, struct ipc_file_new *out)
{
	out->size = reader_u64(r);
	return reader_done(r);
}

void ipc_put_file_done(struct writer *w, const struct ipc_file_done *f)
{
	writer_u32(w, f->room);
	ipc_put_text(w, f->account);
	writer_bytes(w, f->hash, sizeof(f->hash));
}

bool ipc_get_file_done(struct reader *r, struct ipc_file_done *out)
{
	out->room = reader_u32(r);
	out->account = get_short(r);
	reader_copy(r, out->hash, sizeof(out->hash));
	return reader_done(r) && out->account.len <= MESSAGE_ACCOUNT_MAX;
}

void ipc_put_file_get(struct writer *w, const struct ipc_file_get *f)
{
	put_id(w, f->delivery);
	writer_u8(w, f->number);
}

bool ipc_get_file_get(struct reader *r, struct ipc_file_get *out)
{
	out->delivery = get_id(r);
	out->number = reader_u8(r);
	return reader_done(r);
}

void ipc_put_file_answer(struct writer *w, const struct ipc_file_answer *a)
{
	writer_u8(w, (uint8_t)a->result);
	ipc_put_text(w, a->why);
}

bool ipc_get_file_answer(struct reader *r, struct ipc_file_answer *out)
{
	out->result = get_enum(r, RESULT_COUNT);
	out->why = get_short(r);
	return reader_done(r);
}
