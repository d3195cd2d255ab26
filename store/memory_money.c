/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charges in memory: holds and their ends. */
#include "store/memory_store.h"

#define CHARGE_WINDOWS_MAX 8 /* as in the SQLite driver */

static const unsigned marks[] = { 80, 100 };

struct memory_account *memory_account_of(const struct memory_store *m, const uint8_t id[16])
{
	for (unsigned i = 0; i < m->accounts.count; i++) {
		struct memory_account *a = m->accounts.at[i];
		if (!memcmp(a->id, id, sizeof(a->id)))
			return a;
	}
	return NULL;
}

static struct memory_cap *open_window(const struct memory_store *m, const uint8_t account[16], uint8_t kind)
{
	struct memory_cap *found = NULL;

	for (unsigned i = 0; i < m->caps.count; i++) {
		struct memory_cap *c = m->caps.at[i];
		if (!memcmp(c->cap.account_id, account, 16) && c->cap.kind == kind && c->cap.from_us <= m->now_us &&
		    c->cap.until_us > m->now_us && (!found || c->cap.from_us > found->cap.from_us))
			found = c;
	}
	return found;
}

static bool refuse(struct store_request *r, enum store_refusal refusal, const char *why)
{
	answer_refused(r, refusal, why);
	return false;
}

static bool consent_covers(const struct memory_store *m, const struct store_charge *c, struct store_request *r)
{
	const struct store_consent *consent = NULL;

	for (unsigned i = 0; i < m->consents.count && !consent; i++) {
		consent = m->consents.at[i];
		if (memcmp(consent->id, c->consent_id, sizeof(consent->id)))
			consent = NULL;
	}
	if (!consent || memcmp(consent->account_id, c->account_id, 16))
		return refuse(r, STORE_NOT_FOUND, "no such consent");
	if (consent->from_us > m->now_us || consent->until_us <= m->now_us || consent->revoked_us)
		return refuse(r, STORE_DEADLINE, "the consent has ended");
	return c->max_amount <= consent->max_each || refuse(r, STORE_TOO_MUCH, "the consent allows less");
}

static bool account_allows(const struct memory_account *a, const struct store_charge *c, struct store_request *r)
{
	if (!a)
		return refuse(r, STORE_NOT_FOUND, "no such account");
	if (a->kind != ACCOUNT_PAYER || !text_equal(a->currency, c->currency))
		return refuse(r, STORE_BAD_REQUEST, "the account is no payer's in that currency");
	return a->posted + a->credit - a->held >= c->amount || refuse(r, STORE_CREDIT, "the balance does not allow it");
}

/* The windows that it would count in, all of them with room. */
static bool find_windows(const struct memory_store *m, const struct store_charge *c, struct memory_cap **out,
			 struct store_request *r)
{
	for (unsigned i = 0; i < c->caps_count; i++) {
		out[i] = open_window(m, c->account_id, c->caps[i]);
		if (!out[i])
			return refuse(r, STORE_CAP, "the cap has no open window");
		if (out[i]->cap.cap - out[i]->cap.posted_out - out[i]->cap.held_out < c->amount)
			return refuse(r, STORE_CAP, "the cap is reached");
	}
	return true;
}

static bool may_hold(struct memory_store *m, struct message_id delivery, const struct store_charge *c,
		     struct memory_cap **windows, struct store_request *r)
{
	const char *fault = money_charge_fault(c);

	for (unsigned i = 0; i < m->charges.count; i++) {
		const struct memory_charge *h = m->charges.at[i];
		if (message_id_equal(h->delivery, delivery) && h->charge.kind == c->kind && h->state < CHARGE_VOIDED)
			return refuse(r, STORE_BAD_REQUEST, "one charge of a kind");
	}
	if (fault || c->caps_count > CHARGE_WINDOWS_MAX)
		return refuse(r, STORE_BAD_REQUEST, fault ? fault : "too many caps");
	if (c->until_us <= m->now_us)
		return refuse(r, STORE_DEADLINE, "the quote has ended");
	return (!c->has_consent || consent_covers(m, c, r)) &&
	       account_allows(memory_account_of(m, c->account_id), c, r) && find_windows(m, c, windows, r);
}

/* Changes what is held and posted, on the account and in each window; a cap above what is wanted sinks with it. */
void memory_count(struct memory_store *m, const struct memory_charge *h, int64_t held, int64_t posted)
{
	struct memory_account *a = memory_account_of(m, h->charge.account_id);

	a->held += held;
	a->posted -= posted;
	for (unsigned i = 0; i < h->windows_count; i++) {
		struct memory_cap *w = h->windows[i];
		w->cap.held_out += held;
		w->cap.posted_out += posted;
		int64_t used = w->cap.held_out + w->cap.posted_out;
		if (held <= 0 && w->cap.cap > w->wanted)
			w->cap.cap = used > w->wanted ? used : w->wanted;
	}
}

bool memory_charge_hold(struct memory_store *m, struct message_id delivery, const struct store_charge *c,
			struct store_request *r)
{
	struct memory_cap *windows[CHARGE_WINDOWS_MAX];

	if (!may_hold(m, delivery, c, windows, r))
		return false;
	for (unsigned i = 0; i < m->charges.count; i++) {
		struct memory_charge *h = m->charges.at[i];
		h->n += message_id_equal(h->delivery, delivery) && h->charge.kind == c->kind;
	}
	struct memory_charge *h = memory_add(m, &m->charges, sizeof(*h));
	h->delivery = delivery;
	h->charge = *c;
	h->charge.bearers = memory_text(m, c->bearers);
	h->charge.currency = memory_text(m, c->currency);
	h->windows = arena_copy(m->keep, windows, c->caps_count * sizeof(*windows));
	h->windows_count = c->caps_count;
	memory_count(m, h, c->amount, 0);
	return true;
}

void memory_charge_undo(struct memory_store *m)
{
	const struct memory_charge *h = m->charges.at[--m->charges.count];

	memory_count(m, h, -h->charge.amount, 0);
}

static void warn(struct memory_store *m, struct memory_cap *w, unsigned mark, struct arena *arena,
		 struct receipt_list *list)
{
	struct store_outbox o = { 0 };
	int64_t used = w->cap.held_out + w->cap.posted_out;

	if (w->warned[mark] || (__int128)used * 100 < (__int128)w->cap.cap * marks[mark])
		return;
	w->warned[mark] = true;
	if (!m->policy->cap_warning(m->policy->owner, &w->cap, marks[mark], m->now_us, arena, &o))
		return;
	money_warning_id(w->cap.account_id, w->cap.kind, w->cap.from_us, marks[mark], o.id);
	memory_outbox_put(m, &o);
	receipt_add(list, &o, arena);
}

void memory_charge_warn(struct memory_store *m, struct message_id delivery, struct arena *arena,
			struct receipt_list *list)
{
	if (!m->policy || !m->policy->cap_warning)
		return;
	for (unsigned i = 0; i < m->charges.count; i++) {
		const struct memory_charge *h = m->charges.at[i];
		if (!message_id_equal(h->delivery, delivery) || h->state != CHARGE_HELD)
			continue;
		for (unsigned n = 0; n < h->windows_count; n++) {
			warn(m, h->windows[n], 0, arena, list);
			warn(m, h->windows[n], 1, arena, list);
		}
	}
}

struct memory_charge *memory_charge_first(const struct memory_store *m, struct message_id delivery)
{
	struct memory_charge *first = NULL;

	for (unsigned i = 0; i < m->charges.count; i++) {
		struct memory_charge *h = m->charges.at[i];
		if (!message_id_equal(h->delivery, delivery) || h->n)
			continue;
		bool better = !first || h->state < first->state ||
			      (h->state == first->state && h->charge.kind < first->charge.kind);
		if (better)
			first = h;
	}
	return first;
}

static void settle(struct memory_store *m, struct memory_charge *h, enum memory_charge_state state, int64_t amount)
{
	h->state = state;
	h->posted = amount;
	h->done_us = m->now_us;
	memory_count(m, h, -h->charge.amount, amount);
	if (amount > 0)
		memory_post_charge(m, h, amount);
}

void memory_settle_all(struct memory_store *m, struct message_id delivery, enum memory_charge_state state)
{
	for (unsigned i = 0; i < m->charges.count; i++) {
		struct memory_charge *h = m->charges.at[i];
		if (message_id_equal(h->delivery, delivery) && h->state == CHARGE_HELD)
			settle(m, h, state, state == CHARGE_POSTED ? h->charge.amount : 0);
	}
}

bool memory_finish_allowed(const struct memory_store *m, const struct store_finish *f)
{
	const struct memory_charge *first = memory_charge_first(m, f->id);

	return !f->post || !first || first->state != CHARGE_HELD ||
	       (f->amount >= 0 && f->amount <= first->charge.amount);
}

void memory_finish_money(struct memory_store *m, const struct store_finish *f)
{
	struct memory_charge *first = memory_charge_first(m, f->id);

	if (f->post && first && first->state == CHARGE_HELD)
		settle(m, first, CHARGE_POSTED, f->amount);
	memory_settle_all(m, f->id, f->post ? CHARGE_POSTED : CHARGE_VOIDED);
}

/* Of a delivery that waits, with nothing sent that the hold would pay for, it is void: also where a late report of an
 * earlier, free attempt ends it well. */
void memory_end_money(struct memory_store *m, struct message_id delivery, enum store_outcome outcome)
{
	const struct memory_row *row = memory_row_find(m, delivery);
	bool is_out = row && (row->row.state != DELIVERY_WAITING || row->row.doubt);
	bool reached = outcome == OUTCOME_DELIVERED || outcome == OUTCOME_DISPLAYED || outcome == OUTCOME_SENT;
	bool expired = outcome == OUTCOME_EXPIRED || outcome == OUTCOME_UNKNOWN;

	memory_settle_all(m, delivery, reached && is_out ? CHARGE_POSTED : expired ? CHARGE_EXPIRED : CHARGE_VOIDED);
	for (unsigned i = 0; i < m->charges.count && !reached; i++) {
		const struct memory_charge *h = m->charges.at[i];
		uint8_t id[REFUND_POSTING_SIZE];
		if (!message_id_equal(h->delivery, delivery) || !h->posted || h->charge.pay_on != 1)
			continue;
		money_refund_posting(delivery, h->charge.kind, id);
		(void)memory_give_back(m, h, id, sizeof(id), h->posted);
	}
}

bool memory_renew_allowed(const struct memory_store *m, const struct store_renew *c, struct store_request *r)
{
	bool in_time = true, agreed = true;

	for (unsigned i = 0; i < m->charges.count; i++) {
		const struct memory_charge *h = m->charges.at[i];
		if (!message_id_equal(h->delivery, c->id) || h->state != CHARGE_HELD)
			continue;
		int64_t deadline = h->charge.deadline_us;
		in_time = in_time && c->lease_until_us < deadline && c->margin_us < deadline - c->lease_until_us;
		agreed = agreed && (!c->arm_bearer.len || money_bearer_in(h->charge.bearers, c->arm_bearer));
	}
	if (!in_time)
		return refuse(r, STORE_DEADLINE, "the lease would outlive its hold");
	return agreed || refuse(r, STORE_BAD_REQUEST, "the payer did not agree to that bearer");
}

void memory_row_money(const struct memory_store *m, struct store_row *row)
{
	const struct memory_charge *h = memory_charge_first(m, row->id);
	uint8_t charge[CHARGE_POSTING_SIZE];

	if (!h)
		return;
	row->has_charge = h->state == CHARGE_HELD;
	row->charge_amount = h->charge.amount;
	row->charge_max = h->charge.max_amount;
	row->charge_units = h->charge.units;
	row->charge_deadline_us = h->charge.deadline_us;
	memcpy(row->payer_id, h->charge.account_id, sizeof(row->payer_id));
	row->currency = h->charge.currency;
	row->charge_version = h->charge.version;
	row->charge_posted = h->posted;
	money_charge_posting(h->delivery, h->charge.kind, charge);
	const struct memory_posting *back = h->posted ? memory_reversal(m, charge) : NULL;
	row->charge_refunded = back ? memory_posting_sum(m, back) : 0;
}
