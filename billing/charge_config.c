/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of the money out of a configuration. */
#include <stdio.h>
#include <stdlib.h>

#include "billing/billing_vty.h"
#include "billing/charge_internal.h"
#include "billing/ro_vty.h"
#include "core/core_vty.h"
#include "core/net/digest.h"

static struct payer **bucket_of(struct rules *r, struct text name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (uint8_t)name.at[i]) * 16777619u;
	return &r->buckets[(h ^ h >> 16) % PAYER_BUCKETS];
}

const struct payer *rules_payer(const struct rules *r, struct text name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (uint8_t)name.at[i]) * 16777619u;
	const struct payer *p = r->buckets[(h ^ h >> 16) % PAYER_BUCKETS];
	while (p && !text_equal(p->payer.name, name))
		p = p->next_in_bucket;
	return p;
}

static struct payer **rules_by_id(struct rules *r, const uint8_t id[16])
{
	return &r->by_id[((unsigned)id[0] << 8 | id[1]) % PAYER_BUCKETS];
}

const struct payer *rules_payer_of_id(const struct rules *r, const uint8_t id[16])
{
	const struct payer *p = r->by_id[((unsigned)id[0] << 8 | id[1]) % PAYER_BUCKETS];

	while (p && memcmp(p->payer.account_id, id, 16))
		p = p->next_by_id;
	return p;
}

/* The balance of such an account is the charging system's: ours only mirrors what it granted. */
#define CHARGING_ID_MAX 128u
#define ONLINE_CREDIT (INT64_C(1) << 58)

/* A fault of one account, with its name. */
static enum result account_fault(const struct account_settings *a, const char *what, const char **why_out)
{
	static char why[160];

	snprintf(why, sizeof(why), "account %.*s (line %u): %s", TEXT_ARGS(a->node.name), a->node.line, what);
	*why_out = why;
	return ERR_MALFORMED;
}

static void account_id(struct text name, uint8_t to[16])
{
	struct digest_part part = { name.at, name.len };
	uint8_t digest[DIGEST_SHA256_SIZE];

	digest_sha256(&part, 1, digest);
	memcpy(to, digest, 16);
}

static enum result take_online(struct rules *r, const struct account_settings *a, struct payer *p, const char **why_out)
{
	if (p->payment != PAYMENT_ONLINE)
		return OK;
	if (!r->online.on)
		return account_fault(a, "`payment online` needs the charging system: add a node `diameter`", why_out);
	if (a->charging_id.len > CHARGING_ID_MAX || a->node.name.len > CHARGING_ID_MAX)
		return account_fault(a, "its `charging-id` has more than 128 octets", why_out);
	p->credit = ONLINE_CREDIT;
	p->payer.online = true;
	p->payer.subscriber = a->charging_id.len ? arena_text(r->arena, a->charging_id) : p->payer.name;
	return OK;
}

/* The charging system's rules; checked by its node. */
static void take_diameter(struct rules *r, const struct config *config)
{
	const struct diameter_settings *s = config_only(config, &diameter_kind);

	if (!s)
		return;
	r->identity = arena_text(r->arena, s->identity);
	r->online = (struct charge_online){ .on = true,
					    .buffer = s->outage == DIAMETER_BUFFER,
					    .per_segment = s->count == DIAMETER_PER_SEGMENT };
	if (amount_parse(s->exposure_payer, false, &r->online.exposure_payer) ||
	    amount_parse(s->exposure_all, false, &r->online.exposure_all))
		r->online.buffer = false;
}

static enum result take_account(struct rules *r, const struct billing_settings *s, const struct account_settings *a,
				struct payer *p, const char **why_out)
{
	struct text ceiling = a->ceiling.len ? a->ceiling : s->ceiling;
	struct text currency = a->currency.len ? a->currency : s->currency;

	p->payment = (enum payment)a->payment;
	p->payer.pays = p->payment != PAYMENT_FREE;
	p->payer.name = arena_text(r->arena, a->node.name);
	account_id(a->node.name, p->payer.account_id);
	/* The first of its words is the default of `billing`. */
	p->payer.consent = (enum consent)(a->consent ? a->consent - 1 : s->consent);
	if (!currency_parse(currency, p->payer.currency))
		return account_fault(a, "its `currency` is none of ISO 4217", why_out);
	if (amount_parse(ceiling, false, &p->payer.ceiling) != OK)
		return account_fault(a, "its `ceiling` is no amount, as 10.00", why_out);
	if (a->credit.len && amount_parse(a->credit, false, &p->credit) != OK)
		return account_fault(a, "its `credit` is no amount, as 10.00", why_out);
	if (p->payment != PAYMENT_POSTPAID && p->credit)
		return account_fault(a, "`credit` is for `payment postpaid`", why_out);
	const char *fault = NULL;
	if (billing_take_caps(p, &a->cap, &fault) != OK)
		return account_fault(a, fault, why_out);
	return take_online(r, a, p, why_out);
}

static unsigned number_bucket(struct text number)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < number.len; i++)
		h = (h ^ (uint8_t)number.at[i]) * 16777619u;
	return (h ^ h >> 16) % PAYER_BUCKETS;
}

const struct payer *rules_payer_of_number(const struct rules *r, struct text number)
{
	const struct payer_number *n = r->numbers[number_bucket(number)];

	while (n && !text_equal(n->number, number))
		n = n->next;
	return n ? n->payer : NULL;
}

static enum result take_numbers(struct rules *r, const struct account_settings *a, const struct payer *p,
				const char **why_out)
{
	for (unsigned i = 0; i < a->number.count; i++) {
		char normal[MESSAGE_ADDRESS_MAX + 1];
		const char *why = "";
		if (address_normalise(a->number.items[i], normal, sizeof(normal), &why) != OK)
			return account_fault(a, "a `number` is written as +819012345678", why_out);
		if (rules_payer_of_number(r, text_of(normal)))
			return account_fault(a, "another account has one of its `number`s", why_out);
		struct payer_number *n = arena_alloc(r->arena, sizeof(*n));
		struct payer_number **bucket = &r->numbers[number_bucket(text_of(normal))];
		*n = (struct payer_number){ *bucket, arena_text(r->arena, text_of(normal)), p };
		*bucket = n;
	}
	return OK;
}

static enum result take_accounts(struct rules *r, const struct billing_settings *s, const struct config *config,
				 const char **why_out)
{
	const struct account_settings *a = NULL;
	unsigned n = 0;

	while ((a = config_next(config, &account_kind, a)))
		n++;
	r->payers = arena_alloc(r->arena, (n + 1) * sizeof(*r->payers));
	while ((a = config_next(config, &account_kind, a))) {
		struct payer *p = &r->payers[r->payers_count++];
		enum result result = take_account(r, s, a, p, why_out);
		if (result != OK)
			return result;
		struct payer **bucket = bucket_of(r, p->payer.name);
		p->next_in_bucket = *bucket;
		*bucket = p;
		result = take_numbers(r, a, p, why_out);
		if (result != OK)
			return result;
		bucket = rules_by_id(r, p->payer.account_id);
		p->next_by_id = *bucket;
		*bucket = p;
	}
	return OK;
}

static bool serves(const struct tariff *t, const char currency[CURRENCY_SIZE])
{
	for (unsigned i = 0; i < tariff_count(t); i++) {
		if (!memcmp(tariff_version(t, i)->currency, currency, CURRENCY_SIZE))
			return true;
	}
	return false;
}

static enum result take_tariff(struct rules *r, const struct billing_settings *s, const char **why_out)
{
	static char why[320];
	struct tariff_error error = { 0 };
	enum result result = tariff_parse(s->tariff.content, &r->tariff, &error);

	if (result != OK) {
		snprintf(why, sizeof(why), "%.*s:%u: %s", TEXT_ARGS(s->tariff.path), error.line,
			 error.why ? error.why : result_name(result));
		*why_out = why;
		return result;
	}
	if (!serves(r->tariff, r->currency)) {
		*why_out = "the price list has no version in the currency of `billing`";
		return ERR_CONFLICT;
	}
	return OK;
}

void rules_free(struct rules **rules)
{
	if (!*rules)
		return;
	tariff_free(&(*rules)->tariff);
	arena_free(&(*rules)->arena);
	free(*rules);
	*rules = NULL;
}

enum result rules_new(const struct config *config, struct rules **out, const char **why_out)
{
	const struct billing_settings *s = config_only(config, &billing_kind);

	*out = NULL;
	if (!s)
		return OK;
	struct rules *r = must_alloc(sizeof(*r));
	r->arena = arena_new(4096);
	r->quote_valid_us = s->quote_valid;
	(void)cap_offset_parse(s->utc_offset, &r->utc_offset_s);
	r->notice = (struct charge_notice){ arena_text(r->arena, s->notice_number), s->language != 0 };
	take_diameter(r, config);
	enum result result = currency_parse(s->currency, r->currency) ? OK : ERR_UNSUPPORTED;
	if (result != OK)
		*why_out = "the currency of `billing` is none of ISO 4217";
	else
		result = take_tariff(r, s, why_out);
	if (result == OK)
		result = take_accounts(r, s, config, why_out);
	if (result == OK)
		*out = r;
	else
		rules_free(&r);
	return result;
}
