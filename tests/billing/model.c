/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The oracle's ledger: what each event does to it. See model.h. */
#include "tests/billing/model.h"

#include <stdarg.h>
#include <stdio.h>

void model_break(struct model *m, const char *statement, const char *format, ...)
{
	va_list args;

	if (m->broken)
		return;
	m->broken = statement;
	va_start(args, format);
	vsnprintf(m->why, sizeof(m->why), format, args);
	va_end(args);
}

void model_start(struct model *m, int64_t balance, int64_t other_balance, int64_t cap, int64_t now)
{
	*m = (struct model){
		.now = now, .balance = balance, .other_balance = other_balance, .cap = cap, .cap_wanted = cap
	};
}

/* --- money ------------------------------------------------------------------------------------------------------- */

static void sink_cap(struct model *m)
{
	int64_t used = m->cap_posted + m->cap_held;

	if (m->cap > m->cap_wanted)
		m->cap = used > m->cap_wanted ? used : m->cap_wanted;
}

static void hold(struct model *m, struct model_delivery *d, const struct model_terms *t)
{
	d->held = t->held;
	d->other_held = t->other_held;
	m->held += t->held;
	m->other_held += t->other_held;
	m->cap_held += t->held;
}

static void warn(struct model *m, int64_t held)
{
	int64_t used = m->cap_posted + m->cap_held;

	for (unsigned i = 0; i < 2 && held > 0; i++)
		m->warned[i] = m->warned[i] || used * 100 >= m->cap * (i ? 100 : 80);
}

static void settle(struct model *m, struct model_delivery *d, int64_t amount, bool post)
{
	int64_t other = post ? d->other_held : 0;

	if (d->held > 0) {
		m->held -= d->held;
		m->balance -= amount;
		m->cap_held -= d->held;
		m->cap_posted += amount;
		d->posted = amount;
		d->held = 0;
		sink_cap(m);
	}
	if (d->other_held > 0) {
		m->other_held -= d->other_held;
		m->other_balance -= other;
		d->other_posted = other;
		d->other_held = 0;
	}
}

static void give_back(struct model *m, struct model_delivery *d, int64_t amount)
{
	d->refunded += amount;
	d->refunds++;
	m->balance += amount;
	m->cap_posted -= amount;
	sink_cap(m);
}

static bool is_reached(enum model_end end)
{
	return end == END_SENT || end == END_DELIVERED || end == END_SHOWN;
}

static void end(struct model *m, struct model_delivery *d, enum model_end how)
{
	bool out = d->state != MODEL_WAITING || d->doubt; /* bytes that the hold pays for may have left */
	bool post = out && is_reached(how);

	d->state = MODEL_ENDED;
	d->end = how;
	d->lease = 0;
	d->doubt = d->parked = false;
	settle(m, d, post ? d->held : 0, post);
	if (!is_reached(how) && d->posted > 0 && d->terms.pay_on_delivery && !d->refunds)
		give_back(m, d, d->posted);
}

/* --- events ------------------------------------------------------------------------------------------------------ */

static bool is_at_work(const struct model_delivery *d, int64_t epoch)
{
	return d->exists && d->epoch == epoch && (d->state == MODEL_LEASED || (d->state == MODEL_WAITING && d->doubt));
}

/* B13: what writes with an epoch is done only by the newest owner, and then it is. */
static bool is_written(struct model *m, const struct model_delivery *d, const struct model_event *e)
{
	if (e->answer == MODEL_DONE && d->epoch != e->epoch)
		model_break(m, "B13", "epoch %lld wrote, %lld owns the delivery", (long long)e->epoch,
			    (long long)d->epoch);
	else if (e->answer == MODEL_DONE && !is_at_work(d, e->epoch))
		model_break(m, "B12", "an ended attempt was written again");
	return e->answer == MODEL_DONE && !m->broken;
}

/* B10 and B11, both ways: a hold is taken where there is room, and only there. */
static void judge_hold(struct model *m, const struct model_event *e, int64_t held, int64_t other)
{
	bool credit = m->balance - m->held >= held && m->other_balance - m->other_held >= other;
	bool room = m->cap - m->cap_posted - m->cap_held >= held || !held;

	if (e->answer == MODEL_DONE && !credit)
		model_break(m, "B10", "a hold of %lld was taken without the money", (long long)held);
	if (e->answer == MODEL_DONE && !room)
		model_break(m, "B11", "a hold of %lld was taken above the cap", (long long)held);
	if (e->answer == MODEL_REFUSED && e->no_credit && credit)
		model_break(m, "B10", "a hold of %lld was refused beside enough money", (long long)held);
	if (e->answer == MODEL_REFUSED && e->no_room && room)
		model_break(m, "B11", "a hold of %lld was refused below the cap", (long long)held);
	if (e->answer == MODEL_REFUSED && !held && !other)
		model_break(m, "B17", "a free message was refused");
	if (other && !e->terms[0].other_consented && !e->terms[1].other_consented && e->answer == MODEL_DONE)
		model_break(m, "B16", "the recipient pays without his consent");
}

static void take(struct model *m, struct model_delivery *d, const struct model_terms *t)
{
	*d = (struct model_delivery){ .exists = true, .terms = *t, .version = t->version };
	hold(m, d, t);
	if (t->packet_only && t->held)
		model_break(m, "B17", "a free message holds money");
}

static void accept(struct model *m, const struct model_event *e)
{
	struct model_delivery *d = &m->d[2 * e->u];

	if (d->exists) {
		if (e->answer == MODEL_DONE || (e->answer == MODEL_REPEAT) == e->other_body)
			model_break(m, "B12", "a key was used twice and answered %d", e->answer);
		return;
	}
	int64_t held = e->terms[0].held + e->terms[1].held, other = e->terms[0].other_held + e->terms[1].other_held;
	judge_hold(m, e, held, other);
	if (e->answer == MODEL_REPEAT || e->answer == MODEL_CONFLICT)
		model_break(m, "B12", "a new message was answered %d", e->answer);
	if (e->answer != MODEL_DONE || m->broken)
		return;
	for (unsigned i = 0; i < 2; i++)
		take(m, &d[i], &e->terms[i]);
	warn(m, held);
}

static void claim(struct model *m, struct model_delivery *d, const struct model_event *e)
{
	if (!d->exists || d->state != MODEL_WAITING || d->parked)
		model_break(m, "B13", "a delivery that is not waiting was claimed");
	if (d->doubt ? e->attempt != d->attempt : e->attempt != d->attempt + 1)
		model_break(m, "B8", "attempt %lld after %lld, doubt %d", (long long)e->attempt, (long long)d->attempt,
			    d->doubt);
	if (e->epoch <= d->epoch)
		model_break(m, "B13", "the epoch did not rise");
	if (d->doubt && d->open[MODEL_RCS] && e->bearer != MODEL_RCS)
		model_break(m, "R9.3", "an open RCS try goes on over another bearer");
	d->state = MODEL_LEASED;
	d->epoch = e->epoch;
	d->attempt = e->attempt;
	d->lease = e->lease;
	d->held_at_claim = d->held;
}

static void judge_priced_send(struct model *m, const struct model_delivery *d, const struct model_event *e)
{
	const struct model_terms *t = &d->terms;

	if (t->packet_only)
		model_break(m, "R9.2", "class PACKET over a priced bearer");
	if (t->encrypted)
		model_break(m, "R9.9", "an encrypted message over a priced bearer");
	if (d->open[MODEL_RCS])
		model_break(m, "R9.3", "a paid send beside an open RCS try");
	if (!e->permit || e->late)
		model_break(m, "B21", "priced bytes without a permit in time");
	if (e->permit_twice || e->permit_other)
		model_break(m, "R9.1", "a permit for another tuple, or once more");
	if (!(t->bearers & 1u << e->bearer))
		model_break(m, "B1", "bearer %d is not in the quote", e->bearer);
	/* A report may have ended it after its claim: the hold that it was claimed with counts. */
	int64_t held = e->epoch == d->epoch ? d->held_at_claim : d->held;
	if (held < e->price)
		model_break(m, "B5", "%lld held for a send of %lld", (long long)held, (long long)e->price);
	for (enum model_bearer b = MODEL_SMS; b < MODEL_BEARERS; b++) {
		if (d->open[b] && b != e->bearer)
			model_break(m, "B8", "bearer %d while bearer %d is in doubt", e->bearer, b);
		else if (d->open[b] && e->attempt != d->sent_attempt)
			model_break(m, "R9.4", "a second paid attempt in flight");
	}
	if (e->units > 1)
		model_break(m, "R9.5", "%lld units were quoted as 1", (long long)e->units);
	if (m->roaming && t->home_only)
		model_break(m, "R9.6", "sent while roaming");
	if (e->armed != e->bearer || !e->has_trail)
		model_break(m, "R9.7", "the decision is not stored");
}

static void sent(struct model *m, struct model_delivery *d, const struct model_event *e)
{
	if (e->price > 0)
		judge_priced_send(m, d, e);
	d->open[e->bearer] = true;
	d->ever_sent[e->bearer] = true;
	d->sent_attempt = e->attempt;
}

static void close_tries(struct model_delivery *d)
{
	for (unsigned i = 0; i < MODEL_BEARERS; i++)
		d->open[i] = false;
}

static void finish(struct model *m, struct model_delivery *d, const struct model_event *e)
{
	if (e->answer == MODEL_REFUSED && is_at_work(d, e->epoch))
		model_break(m, "B14", "the end of an attempt was refused");
	if (!is_written(m, d, e))
		return;
	d->state = e->lease ? MODEL_HANDED : MODEL_ENDED;
	d->lease = e->lease;
	d->end = e->end;
	d->doubt = false;
	close_tries(d);
	settle(m, d, e->post ? e->amount : 0, e->post);
	if (is_reached(e->end))
		d->wire = true;
	if (d->wire && e->lease && d->wire_end > END_SENT)
		end(m, d, d->wire_end);
}

static void doubt(struct model *m, struct model_delivery *d, const struct model_event *e)
{
	if (e->answer == MODEL_REPEAT && d->doubt && d->state == MODEL_WAITING)
		return;
	if (!is_written(m, d, e))
		return;
	d->state = MODEL_WAITING;
	d->doubt = true;
	d->lease = 0;
}

/* Back for another bearer, or parked for a new decision. */
static void let_go(struct model *m, struct model_delivery *d, const struct model_event *e)
{
	bool park = e->kind == EVENT_PARK;

	if (park && e->answer == MODEL_DONE && d->doubt)
		model_break(m, "B8", "a delivery in doubt was parked");
	if (!is_written(m, d, e))
		return;
	if (d->cancel) {
		end(m, d, END_CANCELLED);
		return;
	}
	close_tries(d);
	d->state = MODEL_WAITING;
	d->doubt = false;
	d->lease = 0;
	d->parked = park;
	if (park)
		settle(m, d, 0, false);
}

static void decide(struct model *m, struct model_delivery *d, const struct model_event *e)
{
	if (d->exists && d->parked)
		judge_hold(m, e, e->terms[0].held, e->terms[0].other_held);
	if (e->answer != MODEL_DONE || m->broken)
		return;
	if (!d->parked)
		model_break(m, "B12", "decided twice");
	if (e->terms[0].version != d->version)
		model_break(m, "R9.10", "policy %lld after %lld", (long long)e->terms[0].version,
			    (long long)d->version);
	d->parked = false;
	d->terms = e->terms[0];
	hold(m, d, &d->terms);
	warn(m, d->held);
}

static void apply_report(struct model *m, struct model_delivery *d, const struct model_event *e, enum model_end how)
{
	bool ended = d->state == MODEL_ENDED;

	if (how <= END_SENT)
		return;
	if (ended && how <= d->end) {
		if (e->answer == MODEL_DONE)
			model_break(m, "B6", "an end was moved from %d to %d", d->end, how);
		return;
	}
	if (e->answer != MODEL_DONE)
		model_break(m, "B6", "a report %d was answered %d", how, e->answer);
	d->told_while_leased = d->state == MODEL_LEASED;
	close_tries(d);
	end(m, d, how);
}

static void report(struct model *m, struct model_delivery *d, const struct model_event *e)
{
	if (!d->exists)
		return;
	if (!e->by_wire) {
		apply_report(m, d, e, e->end);
		return;
	}
	if (e->end > d->wire_end)
		d->wire_end = e->end;
	if (d->wire)
		apply_report(m, d, e, d->wire_end);
}

static void refund(struct model *m, struct model_delivery *d, const struct model_event *e)
{
	if (e->answer != MODEL_DONE)
		return;
	if (d->refunds || e->amount > d->posted || e->amount <= 0)
		model_break(m, "B15", "%lld of %lld went back, %u times before", (long long)e->amount,
			    (long long)d->posted, d->refunds);
	else
		give_back(m, d, e->amount);
}

static void cancel(struct model *m, struct model_delivery *d)
{
	if (!d->exists || d->state >= MODEL_ENDED)
		return;
	if (d->state == MODEL_WAITING && !d->doubt)
		end(m, d, END_CANCELLED);
	else
		d->cancel = true;
}

static void expire(struct model *m)
{
	for (struct model_delivery *d = m->d; d < m->d + MODEL_DELIVERIES; d++) {
		if (!d->exists || !d->lease || d->lease > m->now)
			continue;
		if (d->state == MODEL_LEASED) {
			d->state = MODEL_WAITING;
			d->doubt = true;
			d->lease = 0;
		} else {
			end(m, d, END_UNKNOWN);
		}
	}
	for (struct model_delivery *d = m->d; d < m->d + MODEL_DELIVERIES; d++) {
		if (d->exists && d->state == MODEL_WAITING && d->terms.deadline <= m->now)
			end(m, d, d->doubt ? END_UNKNOWN : END_LATE);
	}
}

static void set_cap(struct model *m, int64_t cap)
{
	int64_t used = m->cap_posted + m->cap_held;

	m->cap_wanted = cap;
	m->cap = cap > used ? cap : used;
}

static void fund(struct model *m, const struct model_event *e)
{
	bool enough = m->balance - m->held + e->amount >= 0;

	if ((e->answer == MODEL_DONE) != enough)
		model_break(m, "B10", "moving %lld was answered %d", (long long)e->amount, e->answer);
	else if (enough)
		m->balance += e->amount;
}

void model_event(struct model *m, const struct model_event *e)
{
	struct model_delivery *d = &m->d[e->u];

	switch (e->kind) {
	case EVENT_ACCEPT:
		accept(m, e);
		break;
	case EVENT_CLAIM:
		claim(m, d, e);
		break;
	case EVENT_SEND:
		sent(m, d, e);
		break;
	case EVENT_FINISH:
		finish(m, d, e);
		break;
	case EVENT_DOUBT:
		doubt(m, d, e);
		break;
	case EVENT_RELEASE:
	case EVENT_PARK:
		let_go(m, d, e);
		break;
	case EVENT_DECIDE:
		decide(m, d, e);
		break;
	case EVENT_REPORT:
		report(m, d, e);
		break;
	case EVENT_REFUND:
		refund(m, d, e);
		break;
	case EVENT_CANCEL:
		cancel(m, d);
		break;
	case EVENT_EXPIRE:
		expire(m);
		break;
	case EVENT_CAP:
		set_cap(m, e->amount);
		break;
	case EVENT_FUND:
		fund(m, e);
		break;
	case EVENT_CONSENT:
		break;
	}
}
