/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charges in memory: holds, ends, and the ledger's postings. */
#include "store/memory_store.h"

#define CHARGE_WINDOWS_MAX 8 /* as in the SQLite driver */

static const unsigned marks[] = { 80, 100 };

static struct memory_account *account_of(const struct memory_store *m, const uint8_t id[16])
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
	return (!c->has_consent || consent_covers(m, c, r)) && account_allows(account_of(m, c->account_id), c, r) &&
	       find_windows(m, c, windows, r);
}

/* Changes what is held and posted, on the account and in each window; a cap above what is wanted sinks with it. */
static void count(struct memory_store *m, const struct memory_charge *h, int64_t held, int64_t posted)
{
	struct memory_account *a = account_of(m, h->charge.account_id);

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
	count(m, h, c->amount, 0);
	return true;
}

void memory_charge_undo(struct memory_store *m)
{
	const struct memory_charge *h = m->charges.at[--m->charges.count];

	count(m, h, -h->charge.amount, 0);
}

static void warn(struct memory_store *m, struct memory_cap *w, unsigned mark, struct arena *arena)
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
}

void memory_charge_warn(struct memory_store *m, struct message_id delivery, struct arena *arena)
{
	if (!m->policy || !m->policy->cap_warning)
		return;
	for (unsigned i = 0; i < m->charges.count; i++) {
		const struct memory_charge *h = m->charges.at[i];
		if (!message_id_equal(h->delivery, delivery) || h->state != CHARGE_HELD)
			continue;
		for (unsigned n = 0; n < h->windows_count; n++) {
			warn(m, h->windows[n], 0, arena);
			warn(m, h->windows[n], 1, arena);
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

static struct memory_account *system_account(struct memory_store *m, enum store_account_kind kind, struct text currency)
{
	uint8_t id[16];

	store_system_account(kind, currency, id);
	struct memory_account *a = account_of(m, id);
	if (a)
		return a;
	a = memory_add(m, &m->accounts, sizeof(*a));
	memcpy(a->id, id, sizeof(id));
	a->kind = kind;
	a->currency = memory_text(m, currency);
	return a;
}

static struct memory_posting *put_posting(struct memory_store *m, const void *id, size_t id_len,
					  const uint8_t *reverses)
{
	struct memory_posting *p = memory_add(m, &m->postings, sizeof(*p));

	memcpy(p->id, id, id_len);
	p->id_len = id_len;
	p->reverses_one = reverses;
	if (reverses)
		memcpy(p->reverses, reverses, sizeof(p->reverses));
	return p;
}

static void put_entry(struct memory_store *m, const struct memory_posting *p, const uint8_t debit[16],
		      const uint8_t credit[16], int64_t amount)
{
	if (amount <= 0)
		return;
	struct memory_entry *e = memory_add(m, &m->entries, sizeof(*e));
	e->posting = p;
	memcpy(e->debit, debit, sizeof(e->debit));
	memcpy(e->credit, credit, sizeof(e->credit));
	e->amount = amount;
}

static void put_lines(struct memory_store *m, const struct memory_posting *p, const struct store_charge *c,
		      int64_t amount, bool back)
{
	const uint8_t *revenue = system_account(m, ACCOUNT_REVENUE, c->currency)->id;
	const uint8_t *taxes = system_account(m, ACCOUNT_TAX, c->currency)->id;
	int64_t tax = money_tax_within(amount, c->tax_ppm);

	put_entry(m, p, back ? revenue : c->account_id, back ? c->account_id : revenue, amount - tax);
	put_entry(m, p, back ? taxes : c->account_id, back ? c->account_id : taxes, tax);
}

static void settle(struct memory_store *m, struct memory_charge *h, enum memory_charge_state state, int64_t amount)
{
	uint8_t id[CHARGE_POSTING_SIZE];

	h->state = state;
	h->posted = amount;
	h->done_us = m->now_us;
	count(m, h, -h->charge.amount, amount);
	if (amount <= 0)
		return;
	money_charge_posting(h->delivery, h->charge.kind, id);
	put_lines(m, put_posting(m, id, sizeof(id), NULL), &h->charge, amount, false);
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

static const struct memory_posting *reversal(const struct memory_store *m, const uint8_t charge[CHARGE_POSTING_SIZE])
{
	for (unsigned i = 0; i < m->postings.count; i++) {
		const struct memory_posting *p = m->postings.at[i];
		if (p->reverses_one && !memcmp(p->reverses, charge, CHARGE_POSTING_SIZE))
			return p;
	}
	return NULL;
}

static int64_t sum_of(const struct memory_store *m, const struct memory_posting *p)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < m->entries.count; i++) {
		const struct memory_entry *e = m->entries.at[i];
		sum += e->posting == p ? e->amount : 0;
	}
	return sum;
}

static bool give_back(struct memory_store *m, const struct memory_charge *h, const void *id, size_t id_len,
		      int64_t amount)
{
	uint8_t charge[CHARGE_POSTING_SIZE];

	money_charge_posting(h->delivery, h->charge.kind, charge);
	if (reversal(m, charge))
		return false;
	put_lines(m, put_posting(m, id, id_len, charge), &h->charge, amount, true);
	count(m, h, 0, -amount);
	return true;
}

void memory_end_money(struct memory_store *m, struct message_id delivery, enum store_outcome outcome)
{
	bool reached = outcome == OUTCOME_DELIVERED || outcome == OUTCOME_DISPLAYED || outcome == OUTCOME_SENT;
	bool expired = outcome == OUTCOME_EXPIRED || outcome == OUTCOME_UNKNOWN;

	memory_settle_all(m, delivery, reached ? CHARGE_POSTED : expired ? CHARGE_EXPIRED : CHARGE_VOIDED);
	for (unsigned i = 0; i < m->charges.count && !reached; i++) {
		const struct memory_charge *h = m->charges.at[i];
		uint8_t id[REFUND_POSTING_SIZE];
		if (!message_id_equal(h->delivery, delivery) || !h->posted || h->charge.pay_on != 1)
			continue;
		money_refund_posting(delivery, h->charge.kind, id);
		(void)give_back(m, h, id, sizeof(id), h->posted);
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
	const struct memory_posting *back = h->posted ? reversal(m, charge) : NULL;
	row->charge_refunded = back ? sum_of(m, back) : 0;
}

enum posting_found { POSTING_NEW, POSTING_SAME, POSTING_OTHER };

static enum posting_found find_posting(const struct memory_store *m, const uint8_t id[16], const uint8_t *debit,
				       const uint8_t *credit, const uint8_t *reverses, int64_t amount)
{
	const struct memory_posting *p = NULL;
	bool debits = !debit, credits = !credit;

	for (unsigned i = 0; i < m->postings.count && !p; i++) {
		p = m->postings.at[i];
		if (p->id_len != 16 || memcmp(p->id, id, 16))
			p = NULL;
	}
	if (!p)
		return POSTING_NEW;
	for (unsigned i = 0; i < m->entries.count; i++) {
		const struct memory_entry *e = m->entries.at[i];
		debits = debits || (e->posting == p && !memcmp(e->debit, debit, 16));
		credits = credits || (e->posting == p && !memcmp(e->credit, credit, 16));
	}
	bool same_charge =
		reverses ? p->reverses_one && !memcmp(p->reverses, reverses, CHARGE_POSTING_SIZE) : !p->reverses_one;
	return debits && credits && same_charge && sum_of(m, p) == amount ? POSTING_SAME : POSTING_OTHER;
}

static void answer_found(struct store_request *r, enum posting_found found)
{
	if (found == POSTING_SAME)
		answer_repeat(r);
	else
		answer_conflict(r, "this key was used for another posting");
}

static const struct memory_charge *posted_charge(const struct memory_store *m, struct message_id delivery, uint8_t kind)
{
	for (unsigned i = 0; i < m->charges.count; i++) {
		const struct memory_charge *h = m->charges.at[i];
		if (message_id_equal(h->delivery, delivery) && h->charge.kind == kind && h->state == CHARGE_POSTED)
			return h;
	}
	return NULL;
}

void memory_refund(struct memory_store *m, struct store_request *r)
{
	struct store_refund *c = (struct store_refund *)r;
	const struct memory_charge *h = posted_charge(m, c->delivery, c->kind);
	uint8_t charge[CHARGE_POSTING_SIZE];

	money_charge_posting(c->delivery, c->kind, charge);
	enum posting_found found = find_posting(m, c->key, NULL, NULL, charge, c->amount);
	if (found != POSTING_NEW) {
		answer_found(r, found);
	} else if (!h) {
		answer_refused(r, STORE_NOT_FOUND, "nothing was charged there");
	} else if (c->amount <= 0 || c->amount > h->posted) {
		answer_refused(r, STORE_TOO_MUCH, "a refund is above zero and at most what was charged");
	} else if (!give_back(m, h, c->key, sizeof(c->key), c->amount)) {
		answer_refused(r, STORE_ENDED, "it was refunded before");
	} else {
		memory_cdr_put(m, c->delivery, c->kind, c->cdr);
		answer_done(r);
	}
}

static enum store_refusal may_move(const struct memory_account *a, int64_t amount)
{
	if (a->kind != ACCOUNT_PAYER)
		return STORE_NO_REFUSAL;
	if (amount < 0 && a->posted + a->credit - a->held < -amount)
		return STORE_CREDIT;
	int64_t after = a->posted + amount;
	return after > STORE_AMOUNT_MAX || after < -STORE_AMOUNT_MAX ? STORE_TOO_MUCH : STORE_NO_REFUSAL;
}

static void fund(struct memory_store *m, struct store_fund *c, struct memory_account *from, struct memory_account *to,
		 int64_t amount)
{
	enum store_refusal refusal = may_move(from, -amount);
	struct message_id key;

	if (!refusal)
		refusal = may_move(to, amount);
	if (refusal) {
		answer_refused(&c->base, refusal, "the balance does not allow it");
		return;
	}
	put_entry(m, put_posting(m, c->key, sizeof(c->key), NULL), from->id, to->id, amount);
	from->posted -= from->kind == ACCOUNT_PAYER ? amount : 0;
	to->posted += to->kind == ACCOUNT_PAYER ? amount : 0;
	memcpy(key.octets, c->key, sizeof(key.octets));
	memory_cdr_put(m, key, 0, c->cdr);
	answer_done(&c->base);
}

void memory_fund(struct memory_store *m, struct store_request *r)
{
	static const uint8_t none[16];
	struct store_fund *c = (struct store_fund *)r;
	bool back = c->amount < 0, named = memcmp(c->from_id, none, sizeof(none)) != 0;

	if (!c->amount || !money_is_amount(back ? -(c->amount + 1) : c->amount)) {
		answer_refused(r, STORE_TOO_MUCH, "no such amount");
		return;
	}
	struct memory_account *from =
		named ? account_of(m, c->from_id) : system_account(m, ACCOUNT_FUNDING, c->currency);
	struct memory_account *to = account_of(m, c->account_id);
	if (!from || !to) {
		answer_refused(r, STORE_NOT_FOUND, "no such account");
		return;
	}
	struct memory_account *debit = back ? to : from, *credit = back ? from : to;
	int64_t amount = back ? -c->amount : c->amount;
	enum posting_found found = find_posting(m, c->key, debit->id, credit->id, NULL, amount);
	if (found != POSTING_NEW)
		answer_found(r, found);
	else if (from == to || !text_equal(from->currency, c->currency) || !text_equal(to->currency, c->currency))
		answer_refused(r, STORE_BAD_REQUEST, "two accounts of one currency are needed");
	else
		fund(m, c, debit, credit, amount);
}
