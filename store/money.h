/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Arithmetic of money and the octets that name postings and cap windows, the same in every driver. Nothing here can
 * overflow for amounts up to STORE_AMOUNT_MAX.
 */
#ifndef STORE_MONEY_H
#define STORE_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/store.h"

#define MONEY_PPM INT64_C(1000000)
#define TAX_PPM_MAX (10 * MONEY_PPM)
#define DAY_US (INT64_C(86400) * 1000000)

static inline bool money_is_amount(int64_t amount)
{
	return amount >= 0 && amount <= STORE_AMOUNT_MAX;
}

/* Tax that is in a paid amount, rounded down; and price with its tax, the tax rounded half up. */
int64_t money_tax_within(int64_t paid, int64_t tax_ppm);
int64_t money_with_tax(int64_t price, int64_t tax_ppm);

/* A charge's posting: its delivery and its kind. The refund that follows by itself has one octet more. */
#define CHARGE_POSTING_SIZE 17
#define REFUND_POSTING_SIZE 18
void money_charge_posting(struct message_id delivery, uint8_t kind, uint8_t out[CHARGE_POSTING_SIZE]);
void money_refund_posting(struct message_id delivery, uint8_t kind, uint8_t out[REFUND_POSTING_SIZE]);

/* A cap's window among those of an account: kind, start. */
#define CAP_WINDOW_SIZE 9
void money_window_put(uint8_t to[CAP_WINDOW_SIZE], uint8_t kind, int64_t from_us);
void money_window_get(const uint8_t from[CAP_WINDOW_SIZE], uint8_t *kind_out, int64_t *from_us_out);

/* The id of the warning for a window's mark. */
void money_warning_id(const uint8_t account_id[16], uint8_t kind, int64_t from_us, unsigned percent,
		      uint8_t id_out[16]);

/* Whether `bearer` stands in the space separated list. */
bool money_bearer_in(struct text bearers, struct text bearer);

/* A charge that no state of the store could make acceptable: the reason, or NULL. */
const char *money_charge_fault(const struct store_charge *c);

#endif
