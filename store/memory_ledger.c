/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger in memory: postings, refunds, funding. */
#include "store/memory_store.h"

static struct memory_account *system_account(struct memory_store *m, enum store_account_kind kind, struct text currency)
{
	uint8_t id[16];

	store_system_account(kind, currency, id);
	struct memory_account *a = memory_account_of(m, id);
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

void memory_post_charge(struct memory_store *m, const struct memory_charge *h, int64_t amount)
{
	uint8_t id[CHARGE_POSTING_SIZE];

	money_charge_posting(h->delivery, h->charge.kind, id);
	put_lines(m, put_posting(m, id, sizeof(id), NULL), &h->charge, amount, false);
}

const struct memory_posting *memory_reversal(const struct memory_store *m, const uint8_t charge[CHARGE_POSTING_SIZE])
{
	for (unsigned i = 0; i < m->postings.count; i++) {
		const struct memory_posting *p = m->postings.at[i];
		if (p->reverses_one && !memcmp(p->reverses, charge, CHARGE_POSTING_SIZE))
			return p;
	}
	return NULL;
}

int64_t memory_posting_sum(const struct memory_store *m, const struct memory_posting *p)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < m->entries.count; i++) {
		const struct memory_entry *e = m->entries.at[i];
		sum += e->posting == p ? e->amount : 0;
	}
	return sum;
}

bool memory_give_back(struct memory_store *m, const struct memory_charge *h, const void *id, size_t id_len,
		      int64_t amount)
{
	uint8_t charge[CHARGE_POSTING_SIZE];

	money_charge_posting(h->delivery, h->charge.kind, charge);
	if (memory_reversal(m, charge))
		return false;
	put_lines(m, put_posting(m, id, id_len, charge), &h->charge, amount, true);
	memory_count(m, h, 0, -amount);
	return true;
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
	return debits && credits && same_charge && memory_posting_sum(m, p) == amount ? POSTING_SAME : POSTING_OTHER;
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
	} else if (!memory_give_back(m, h, c->key, sizeof(c->key), c->amount)) {
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
		named ? memory_account_of(m, c->from_id) : system_account(m, ACCOUNT_FUNDING, c->currency);
	struct memory_account *to = memory_account_of(m, c->account_id);
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
