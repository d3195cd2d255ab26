/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold between the oracle's ledger and what is there. See model.h. */
#include "tests/billing/model.h"

#define MARGIN INT64_C(1000000)
#define LL(v) (long long)(v)

static void look_at_charge(struct model *m, const struct model_delivery *d, const struct model_seen_delivery *s)
{
	if (s->posted > s->max)
		model_break(m, "B3", "posted %lld of at most %lld", LL(s->posted), LL(s->max));
	else if (s->posted > d->posted && d->posted)
		model_break(m, "B2", "posted %lld after %lld", LL(s->posted), LL(d->posted));
	else if (s->posted > d->posted && d->ever_sent[MODEL_RCS] && !d->ever_sent[MODEL_SMS])
		model_break(m, "R9.8", "an RCS success posted %lld", LL(s->posted));
	else if (s->posted > d->posted && d->end == END_UNKNOWN)
		model_break(m, "B8", "the payer bears what stays unknown");
	else if (s->posted > 0 && !d->ever_sent[MODEL_SMS] && !d->ever_sent[MODEL_MMS] && !d->told_while_leased)
		model_break(m, "B1", "posted %lld, and no priced byte left", LL(s->posted));
	else if (s->posted != d->posted)
		model_break(m, "B14", "posted %lld, %lld was due", LL(s->posted), LL(d->posted));
	if (s->refunded > s->posted || s->refunded != d->refunded)
		model_break(m, "B15", "refunded %lld of %lld, %lld was due", LL(s->refunded), LL(s->posted),
			    LL(d->refunded));
	if ((s->held || s->posted) && (s->version != d->terms.version || s->max != d->terms.held))
		model_break(m, "B4", "the quote changed: version %lld, maximum %lld", LL(s->version), LL(s->max));
}

static void look_at_hold(struct model *m, const struct model_delivery *d, const struct model_seen_delivery *s)
{
	if (s->has_hold && s->state == MODEL_ENDED)
		model_break(m, "B6", "a hold outlived its delivery");
	else if (s->held > d->held)
		model_break(m, "B6", "held %lld, %lld was due", LL(s->held), LL(d->held));
	else if (s->held < d->held)
		model_break(m, "B5", "held %lld, %lld was due", LL(s->held), LL(d->held));
	if (s->has_hold && s->state == MODEL_LEASED && s->lease + MARGIN >= s->hold_deadline)
		model_break(m, "B7", "the lease may outlive its hold");
}

static void look_at_delivery(struct model *m, unsigned u, const struct model_seen_delivery *s)
{
	const struct model_delivery *d = &m->d[u];

	if (s->exists != d->exists)
		model_break(m, "B14", "delivery %u is there: %d", u, s->exists);
	if (!s->exists || !d->exists)
		return;
	look_at_charge(m, d, s);
	look_at_hold(m, d, s);
	if (s->epoch != d->epoch || s->lease != d->lease)
		model_break(m, "B13", "delivery %u: epoch %lld for %lld, lease %lld for %lld", u, LL(s->epoch),
			    LL(d->epoch), LL(s->lease), LL(d->lease));
	if (s->doubt != d->doubt || s->attempt != d->attempt)
		model_break(m, "B8", "delivery %u: doubt %d, attempt %lld", u, s->doubt, LL(s->attempt));
	if (s->state != d->state || s->parked != d->parked || s->end != d->end || s->cancel != d->cancel)
		model_break(m, "B14", "delivery %u: state %d for %d, end %d for %d", u, s->state, d->state, s->end,
			    d->end);
	if (s->state == MODEL_ENDED && !s->records)
		model_break(m, "B18", "delivery %u ended without a record", u);
	if (s->records && s->record_net != s->posted - s->refunded)
		model_break(m, "B18", "delivery %u: the record says %lld, %lld was paid", u, LL(s->record_net),
			    LL(s->posted - s->refunded));
}

static void look_at_account(struct model *m, const struct model_seen *s)
{
	if (s->balance < m->balance)
		model_break(m, "B2", "balance %lld, %lld was due", LL(s->balance), LL(m->balance));
	if (s->balance + s->credit - s->held < 0 || s->other_balance - s->other_held < 0)
		model_break(m, "B10", "overdrawn: %lld with %lld held", LL(s->balance), LL(s->held));
	if (s->held < m->held)
		model_break(m, "B5", "account holds %lld, %lld was due", LL(s->held), LL(m->held));
	if (s->held > m->held)
		model_break(m, "B6", "account holds %lld, %lld was due", LL(s->held), LL(m->held));
	if (s->balance != m->balance)
		model_break(m, "B14", "balance %lld, %lld was due", LL(s->balance), LL(m->balance));
	if (s->other_balance != m->other_balance || s->other_held != m->other_held)
		model_break(m, "B16", "the recipient has %lld with %lld held", LL(s->other_balance), LL(s->other_held));
}

static void look_at_cap(struct model *m, const struct model_seen *s)
{
	if (s->cap_posted + s->cap_held > s->cap)
		model_break(m, "B11", "used %lld of %lld", LL(s->cap_posted + s->cap_held), LL(s->cap));
	if (s->cap != m->cap || s->cap_posted != m->cap_posted || s->cap_held != m->cap_held)
		model_break(m, "B11", "cap %lld for %lld, posted %lld for %lld, held %lld for %lld", LL(s->cap),
			    LL(m->cap), LL(s->cap_posted), LL(m->cap_posted), LL(s->cap_held), LL(m->cap_held));
	for (unsigned i = 0; i < 2; i++) {
		if (s->warnings[i] != m->warned[i])
			model_break(m, "B11", "%u warnings of mark %u", s->warnings[i], i ? 100 : 80);
	}
}

void model_look(struct model *m, const struct model_seen *s)
{
	if (s->entries_sum)
		model_break(m, "B9", "the entries sum to %lld", LL(s->entries_sum));
	for (unsigned u = 0; u < MODEL_DELIVERIES; u++)
		look_at_delivery(m, u, &s->d[u]);
	look_at_account(m, s);
	look_at_cap(m, s);
	if (!s->sound)
		model_break(m, "B9", "the store's own sums disagree");
	if (s->gap)
		model_break(m, "B18", "the records have a gap");
	if (s->durable != s->should_be_durable)
		model_break(m, "B22", "the durability word is another store's");
}
