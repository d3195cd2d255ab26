/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the port share: charge.c (prices, holds), charge_config.c (configuration), charge_store.c (what
 * stands in the store). */
#ifndef BILLING_CHARGE_INTERNAL_H
#define BILLING_CHARGE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "billing/cap.h"
#include "billing/charge.h"
#include "core/base/arena.h"

enum payment { PAYMENT_PREPAID, PAYMENT_POSTPAID, PAYMENT_FREE, PAYMENT_ONLINE };

/* A cap of a payer. */
struct payer_cap {
	int64_t cap;
	bool set, now;
	int64_t open_until_us; /* windows are open up to then; 0 = none was asked for */
};

/* A phone, and the account that pays what it sends. */
struct payer_number {
	struct payer_number *next;
	struct text number;
	const struct payer *payer;
};

struct payer {
	struct payer *next_in_bucket, *next_by_id;
	struct payer_cap caps[CAP_KIND_COUNT];
	struct charge_payer payer;
	enum payment payment;
	int64_t credit;
};

#define PAYER_BUCKETS 4096u

#define BILLING_KEY_SIZE 32u

/* One configuration's rules. */
struct rules {
	struct arena *arena;
	struct tariff *tariff;
	char currency[CURRENCY_SIZE];
	int64_t quote_valid_us;
	int32_t utc_offset_s;
	struct charge_online online;
	struct text identity; /* ours, at the charging system */
	unsigned payers_count;
	struct payer *payers; /* all of them, payers_count */
	struct payer *buckets[PAYER_BUCKETS], *by_id[PAYER_BUCKETS];
	struct payer_number *numbers[PAYER_BUCKETS];
	struct charge_notice notice;
	unsigned caps_at; /* the payer whose windows are looked at next */
};

struct billing {
	struct charge_port port;
	billing_segments segments;
	atomic_bool on;
	uint32_t policy;
	struct rules *rules; /* NULL = off */
	unsigned asked;	     /* requests with the store */
	bool conflict;	     /* a version was published with other prices: nothing is priced */
	bool closing;
	pthread_mutex_t lock; /* of `rules`, against the store's thread */
	struct store *store;
	bool has_key;
	uint8_t key[BILLING_KEY_SIZE]; /* of the quotes' tokens; kept in the store */
};

/* charge_config.c */
MUST_CHECK enum result rules_new(const struct config *config, struct rules **out, const char **why_out);
void rules_free(struct rules **rules);
const struct payer *rules_payer(const struct rules *rules, struct text name);
const struct payer *rules_payer_of_number(const struct rules *rules, struct text number);
const struct payer *rules_payer_of_id(const struct rules *rules, const uint8_t id[16]);

/* charge_store.c */
void billing_publish(struct billing *billing, struct store *store);

/* charge_cap.c */
MUST_CHECK enum result billing_take_caps(struct payer *payer, const struct config_list *given, const char **why_out);
/* Opens the windows of now, before any hold that counts in them. */
void billing_caps_publish(struct billing *billing);
void billing_caps_turn(void *owner, int64_t now_us);
const uint8_t *billing_caps_of(const struct charge_payer *payer, struct arena *arena, unsigned *count_out);
bool billing_cap_warning(void *owner, const struct store_cap *window, unsigned percent, int64_t now_us,
			 struct arena *arena, struct store_outbox *out);
const char *billing_cap_name(uint8_t kind);
/* On any thread: the payer's name, empty where there is none; in the arena. */
struct text billing_payer_name(struct billing *billing, const uint8_t id[16], struct arena *arena);

/* charge_quote.c */
struct text billing_quote(void *owner, struct charge_quoted *quoted, int64_t now_us, struct arena *arena);
enum result billing_quoted(void *owner, struct text token, int64_t now_us, struct charge_quoted *out);
/* Reads the key of the tokens out of the store; the first time it is made. */
void billing_key(struct billing *billing, struct store *store);

/* charge_record.c */
struct text billing_cdr(void *owner, const struct charge_record *record, struct arena *arena);
struct text billing_refund_cdr(void *owner, const struct charge_record *record, int64_t amount, struct text reason,
			       struct arena *arena);
struct text billing_fund_cdr(void *owner, struct text account, int64_t amount, struct text currency, int64_t now_us,
			     struct arena *arena);

#endif
