/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charging records out of what the queue knows at a delivery's end. Runs on the store's thread too. */
#include "billing/cdr.h"
#include "billing/charge_internal.h"
#include "core/base/clock.h"

static struct text written(const struct cdr *cdr, struct arena *arena)
{
	struct writer w = writer_of(arena_alloc(arena, CDR_RECORD_MAX), CDR_RECORD_MAX);

	cdr_write(&w, cdr);
	if (!writer_ok(&w))
		return (struct text){ 0 };
	return text_range((const char *)w.start, writer_len(&w));
}

/* Who paid; where nobody did, who sent it. */
static struct text account_of(struct billing *b, const struct charge_record *r, struct arena *arena)
{
	static const uint8_t nobody[16];
	struct text payer = { 0 };

	if (r->payer_id && memcmp(r->payer_id, nobody, sizeof(nobody)))
		payer = billing_payer_name(b, r->payer_id, arena);
	return payer.len ? payer : r->message->account;
}

static struct cdr cdr_of(struct billing *b, const struct charge_record *r, struct arena *arena)
{
	return (struct cdr){ .type = text_is(r->bearer, "rcs") ? CDR_RCS : CDR_SMS,
			     .account = account_of(b, r, arena),
			     .originator = r->message->sender,
			     .recipient = r->recipient,
			     .delivery = r->id,
			     .submit_us = r->accepted_us,
			     .end_us = r->now_us,
			     .size = (int64_t)r->message->body.len,
			     .units = r->units,
			     .validity_s = (r->expires_us - r->accepted_us) / USEC_PER_SEC,
			     .report_asked = r->message->reports != 0,
			     .result = r->outcome,
			     .bearers = r->bearer,
			     .rule = r->rule,
			     .attempts = r->attempts,
			     .price_version = r->version,
			     .amount = r->posted,
			     .duplicate = r->again,
			     .currency = r->currency,
			     .doubt = r->outcome == OUTCOME_UNKNOWN,
			     .operator_bears = r->operator_bears };
}

struct text billing_cdr(void *owner, const struct charge_record *r, struct arena *arena)
{
	struct billing *b = owner;
	struct cdr cdr = cdr_of(b, r, arena);

	if (!atomic_load(&b->on))
		return (struct text){ 0 };
	return written(&cdr, arena);
}

struct text billing_refund_cdr(void *owner, const struct charge_record *r, int64_t amount, struct text reason,
			       struct arena *arena)
{
	struct cdr cdr = cdr_of(owner, r, arena);

	cdr.type = CDR_REFUND;
	cdr.amount = -amount;
	cdr.operator_bears = false;
	cdr.reason = reason;
	return written(&cdr, arena);
}

struct text billing_fund_cdr(void *owner, struct text account, int64_t amount, struct text currency, int64_t now_us,
			     struct arena *arena)
{
	struct cdr cdr = { .type = CDR_FUNDING,
			   .account = account,
			   .submit_us = now_us,
			   .end_us = now_us,
			   .result = OUTCOME_NONE,
			   .amount = amount,
			   .currency = currency };

	(void)owner;
	return written(&cdr, arena);
}
