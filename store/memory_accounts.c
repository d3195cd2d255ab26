/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts, subscribers, caps, consents and prices in memory. */
#include "store/memory_store.h"

static void put_account(struct memory_store *m, struct store_account *c, struct memory_account *a)
{
	if (!money_is_amount(c->credit) || !c->currency.len || c->currency.len > 7 || c->kind > ACCOUNT_FUNDING) {
		answer_refused(&c->base, STORE_BAD_REQUEST, "an account needs a kind, a currency and a credit line");
		return;
	}
	if (!a) {
		a = memory_add(m, &m->accounts, sizeof(*a));
		memcpy(a->id, c->id, sizeof(a->id));
		a->kind = c->kind;
		a->currency = memory_text(m, c->currency);
		a->credit = c->credit;
		answer_done(&c->base);
	} else if (a->kind != c->kind || !text_equal(a->currency, c->currency)) {
		answer_conflict(&c->base, "the account is of another kind or currency");
	} else if (a->credit == c->credit) {
		answer_repeat(&c->base);
	} else if (a->kind == ACCOUNT_PAYER && a->posted + c->credit - a->held < 0) {
		answer_refused(&c->base, STORE_CREDIT, "more than that credit is used");
	} else {
		a->credit = c->credit;
		answer_done(&c->base);
	}
	c->posted_out = a->posted;
	c->held_out = a->held;
}

void memory_account(struct memory_store *m, struct store_request *r)
{
	struct store_account *c = (struct store_account *)r;
	struct memory_account *a = NULL;

	for (unsigned i = 0; i < m->accounts.count && !a; i++) {
		a = m->accounts.at[i];
		if (memcmp(a->id, c->id, sizeof(a->id)))
			a = NULL;
	}
	if (r->operation == STORE_ACCOUNT_PUT) {
		put_account(m, c, a);
	} else if (!a) {
		answer_refused(r, STORE_NOT_FOUND, "no such account");
	} else {
		c->kind = a->kind;
		c->currency = arena_text(c->arena, a->currency);
		c->credit = a->credit;
		c->posted_out = a->posted;
		c->held_out = a->held;
		answer_done(r);
	}
}

void memory_subscriber(struct memory_store *m, struct store_request *r)
{
	struct store_subscriber *c = (struct store_subscriber *)r, *kept = NULL;

	for (unsigned i = 0; i < m->subscribers.count && !kept; i++) {
		kept = m->subscribers.at[i];
		if (!text_equal(kept->address, c->address))
			kept = NULL;
	}
	if (r->operation == STORE_SUBSCRIBER_PUT) {
		if (!kept)
			kept = memory_add(m, &m->subscribers, sizeof(*kept));
		kept->address = memory_text(m, c->address);
		kept->profile = memory_text(m, c->profile);
		kept->policy = memory_octets(m, c->policy);
		memcpy(kept->account_id, c->account_id, sizeof(kept->account_id));
		answer_done(r);
	} else if (!kept) {
		answer_refused(r, STORE_NOT_FOUND, "no such subscriber");
	} else {
		c->profile = arena_text(c->arena, kept->profile);
		c->policy =
			(struct octets){ arena_copy(c->arena, kept->policy.at, kept->policy.len), kept->policy.len };
		memcpy(c->account_id, kept->account_id, sizeof(c->account_id));
		answer_done(r);
	}
}

static struct memory_cap *find_cap(const struct memory_store *m, const struct store_cap *c, bool open)
{
	struct memory_cap *found = NULL;

	for (unsigned i = 0; i < m->caps.count; i++) {
		struct memory_cap *one = m->caps.at[i];
		if (memcmp(one->cap.account_id, c->account_id, 16) || one->cap.kind != c->kind)
			continue;
		bool is_open = one->cap.from_us <= m->now_us && one->cap.until_us > m->now_us;
		bool fits = open ? is_open : one->cap.from_us == c->from_us;
		if (fits && (!found || one->cap.from_us > found->cap.from_us))
			found = one;
	}
	return found;
}

static void put_cap(struct memory_store *m, struct store_cap *c)
{
	if (!money_is_amount(c->cap) || c->until_us <= c->from_us) {
		answer_refused(&c->base, STORE_BAD_REQUEST, "a cap needs an amount and a window");
		return;
	}
	struct memory_cap *kept = find_cap(m, c, false);
	bool is_new = !kept;
	if (is_new) {
		kept = memory_add(m, &m->caps, sizeof(*kept));
		memcpy(kept->cap.account_id, c->account_id, 16);
		kept->cap.kind = c->kind;
		kept->cap.from_us = c->from_us;
	}
	int64_t used = kept->cap.posted_out + kept->cap.held_out;
	kept->cap.until_us = c->until_us;
	if (is_new || !c->not_raised || c->cap < kept->wanted)
		kept->wanted = c->cap;
	kept->cap.cap = kept->wanted > used ? kept->wanted : used;
	answer_done(&c->base);
}

void memory_cap(struct memory_store *m, struct store_request *r)
{
	struct store_cap *c = (struct store_cap *)r;

	if (r->operation == STORE_CAP_PUT) {
		put_cap(m, c);
		return;
	}
	const struct memory_cap *kept = find_cap(m, c, !c->until_us);
	if (!kept) {
		answer_refused(r, STORE_NOT_FOUND, "no such window");
		return;
	}
	c->from_us = kept->cap.from_us;
	c->until_us = kept->cap.until_us;
	c->cap = kept->cap.cap;
	c->posted_out = kept->cap.posted_out;
	c->held_out = kept->cap.held_out;
	answer_done(r);
}

static bool says_the_same(const struct store_consent *a, const struct store_consent *b)
{
	return !memcmp(a->account_id, b->account_id, 16) && text_equal(a->bearers, b->bearers) &&
	       a->max_each == b->max_each && a->from_us == b->from_us && a->until_us == b->until_us &&
	       a->proof.len == b->proof.len && (!a->proof.len || !memcmp(a->proof.at, b->proof.at, a->proof.len));
}

static void put_consent(struct memory_store *m, struct store_consent *c, struct store_consent *kept)
{
	if (!kept) {
		kept = memory_add(m, &m->consents, sizeof(*kept));
		*kept = *c;
		kept->bearers = memory_text(m, c->bearers);
		kept->proof = memory_octets(m, c->proof);
		answer_done(&c->base);
	} else if (!says_the_same(kept, c)) {
		answer_conflict(&c->base, "this consent says something else");
	} else if (kept->revoked_us || !c->revoked_us) {
		answer_repeat(&c->base);
	} else {
		kept->revoked_us = c->revoked_us;
		answer_done(&c->base);
	}
}

void memory_consent(struct memory_store *m, struct store_request *r)
{
	struct store_consent *c = (struct store_consent *)r, *kept = NULL;

	for (unsigned i = 0; i < m->consents.count && !kept; i++) {
		kept = m->consents.at[i];
		if (memcmp(kept->id, c->id, sizeof(kept->id)))
			kept = NULL;
	}
	if (r->operation == STORE_CONSENT_PUT) {
		put_consent(m, c, kept);
	} else if (!kept) {
		answer_refused(r, STORE_NOT_FOUND, "no such consent");
	} else {
		memcpy(c->account_id, kept->account_id, sizeof(c->account_id));
		c->bearers = arena_text(c->arena, kept->bearers);
		c->max_each = kept->max_each;
		c->from_us = kept->from_us;
		c->until_us = kept->until_us;
		c->revoked_us = kept->revoked_us;
		c->proof = (struct octets){ arena_copy(c->arena, kept->proof.at, kept->proof.len), kept->proof.len };
		answer_done(r);
	}
}

static struct memory_version *find_version(const struct memory_store *m, int64_t id)
{
	for (unsigned i = 0; i < m->versions.count; i++) {
		struct memory_version *v = m->versions.at[i];
		if (v->id == id)
			return v;
	}
	return NULL;
}

static bool same_key(const struct store_price_row *a, const struct store_price_row *b)
{
	return text_equal(a->bearer, b->bearer) && text_equal(a->prefix, b->prefix) && text_equal(a->unit, b->unit) &&
	       a->upto == b->upto;
}

static bool is_publishable(const struct store_price *c)
{
	for (unsigned i = 0; i < c->rows_count; i++) {
		const struct store_price_row *row = &c->rows[i];
		if (!money_is_amount(row->amount) || row->tax_ppm < 0 || row->tax_ppm > TAX_PPM_MAX || row->upto <= 0 ||
		    row->pay_on > 1)
			return false;
		for (unsigned n = 0; n < i; n++) {
			if (same_key(row, &c->rows[n]))
				return false;
		}
	}
	return true;
}

void memory_price_put(struct memory_store *m, struct store_request *r)
{
	struct store_price *c = (struct store_price *)r;
	struct memory_version *v = find_version(m, c->id);

	if (v) {
		if (memcmp(v->hash, c->hash, sizeof(v->hash)))
			answer_conflict(r, "that version was published with other prices");
		else
			answer_repeat(r);
		return;
	}
	if (!is_publishable(c)) {
		answer_refused(r, STORE_BAD_REQUEST, "a price, its tax or its size is out of range");
		return;
	}
	v = memory_add(m, &m->versions, sizeof(*v));
	v->id = c->id;
	memcpy(v->hash, c->hash, sizeof(v->hash));
	v->rows = arena_alloc(m->keep, (c->rows_count + 1) * sizeof(*v->rows));
	v->rows_count = c->rows_count;
	for (unsigned i = 0; i < c->rows_count; i++) {
		v->rows[i] = c->rows[i];
		v->rows[i].bearer = memory_text(m, c->rows[i].bearer);
		v->rows[i].prefix = memory_text(m, c->rows[i].prefix);
		v->rows[i].unit = memory_text(m, c->rows[i].unit);
	}
	answer_done(r);
}

static bool is_toward(const struct store_price_row *row, const struct store_quote_price *c)
{
	return text_equal(row->bearer, c->bearer) && text_equal(row->unit, c->unit) &&
	       row->prefix.len <= c->destination.len &&
	       text_equal(row->prefix, text_range(c->destination.at, row->prefix.len));
}

void memory_quote_price(struct memory_store *m, struct store_request *r)
{
	struct store_quote_price *c = (struct store_quote_price *)r;
	const struct memory_version *v = find_version(m, c->version);
	const struct store_price_row *best = NULL;
	size_t longest = 0;

	for (unsigned i = 0; v && i < v->rows_count; i++) {
		if (is_toward(&v->rows[i], c) && v->rows[i].prefix.len > longest)
			longest = v->rows[i].prefix.len;
	}
	for (unsigned i = 0; v && i < v->rows_count; i++) {
		const struct store_price_row *row = &v->rows[i];
		if (is_toward(row, c) && row->prefix.len == longest && row->upto >= c->units &&
		    (!best || row->upto < best->upto))
			best = row;
	}
	if (!best || c->units <= 0) {
		answer_refused(r, STORE_NO_PRICE, "no price for that: it cannot be sent there");
		return;
	}
	c->tax_ppm_out = best->tax_ppm;
	c->pay_on_out = best->pay_on;
	c->amount_out = money_with_tax(best->amount, best->tax_ppm);
	answer_done(r);
}
