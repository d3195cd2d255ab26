/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fills the queue's port to the money (core/charge.h) from a configuration: tariff, accounts, defaults. It also writes
 * into the store what must stand there before the first hold: the tariff's versions and the payers' accounts.
 */
#ifndef BILLING_CHARGE_H
#define BILLING_CHARGE_H

#include "billing/tariff.h"
#include "core/charge.h"
#include "core/config.h"

struct billing;

/* Segments of a message after encoding, at least 1, or 0 where it cannot be encoded: the channel knows. */
typedef int64_t (*billing_segments)(const struct message *message);

struct billing *billing_new(billing_segments segments);
void billing_free(struct billing **billing); /* only when billing_idle() */

/* Tariff and accounts are good; *why_out lives until the next call. */
MUST_CHECK enum result billing_check(const struct config *config, const char **why_out);
/* From now on; copies what it needs. A set without the node `billing` switches it off. */
void billing_switch(struct billing *billing, const struct config *config, struct store *store);
const struct charge_port *billing_port(struct billing *billing);
/* Nothing of ours is with the store. */
bool billing_idle(const struct billing *billing);

#endif
