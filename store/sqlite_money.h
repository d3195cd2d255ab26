/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Money of deliveries in the SQLite driver. A charge holds an amount on its payer's account and in the cap windows it
 * names; it ends once: posted (entries are written, the rest returns), voided or expired. Writer thread only, except
 * sqlite_row_charge().
 */
#ifndef STORE_SQLITE_MONEY_H
#define STORE_SQLITE_MONEY_H

#include "store/money.h"
#include "store/sqlite_db.h"

#define CHARGE_WINDOWS_MAX 8 /* caps that one charge may count in */

/* What there is of a charge once it is made. */
struct charge_row {
	uint8_t kind;
	uint8_t account_id[16];
	char currency[8];
	int64_t amount, posted, tax_ppm;
	uint8_t pay_on;
	uint8_t windows[CHARGE_WINDOWS_MAX * CAP_WINDOW_SIZE];
	unsigned windows_count;
};

/* Checks the charge against its quote, consent, caps and account, and holds the amount; `windows_out` names the windows
 * it counts in. False: refused in `r`, nothing changed. */
bool sqlite_charge_hold(struct sqlite_store *s, const struct store_charge *c, struct charge_row *out,
			struct store_request *r);
/* Takes a hold back whose charge was never written. */
void sqlite_charge_unhold(struct sqlite_store *s, const struct charge_row *row);
/* Writes a held charge; an older one of its kind moves up. */
void sqlite_charge_put(struct sqlite_store *s, struct message_id delivery, const struct store_charge *c,
		       const struct charge_row *row);
/* Warns of each mark that a held charge reached; the rows written are added to the list. */
void sqlite_charge_warn(struct sqlite_store *s, const struct charge_row *row, struct arena *arena,
			struct receipt_list *list);

/* Gives `unheld` back on account and windows, and counts `posted` as spent. */
void sqlite_charge_return(struct sqlite_store *s, const struct charge_row *row, int64_t unheld, int64_t posted);

#define CHARGES_MAX 8 /* live charges of a delivery */
/* The live charges of a delivery, the lowest kind first. */
unsigned sqlite_charges(struct sqlite_store *s, struct message_id delivery, struct charge_row out[CHARGES_MAX]);
/* A posted charge of that kind. */
bool sqlite_charge_paid(struct sqlite_store *s, struct message_id delivery, uint8_t kind, struct charge_row *out);
enum charge_state { CHARGE_HELD, CHARGE_POSTED, CHARGE_VOIDED, CHARGE_EXPIRED };
/* Ends one: `amount` of it is posted (CHARGE_POSTED), the rest returns. */
void sqlite_charge_settle(struct sqlite_store *s, struct message_id delivery, const struct charge_row *row,
			  enum charge_state state, int64_t amount);
/* Ends all live ones in the same way; posted ones whole. */
void sqlite_charges_settle(struct sqlite_store *s, struct message_id delivery, enum charge_state state);
/* A delivery's end: what is held is settled as the outcome says, what was paid for a delivery that did not come about
 * is given back (B15). Nothing `is_out`: no attempt that what is held would pay for can have been sent. Then it is
 * void, also where a late report of an earlier, free attempt ends the delivery well. */
void sqlite_charges_end(struct sqlite_store *s, struct message_id delivery, enum store_outcome outcome, bool is_out);
/* What a settled charge of the lowest kind posted; false when there is none. */
bool sqlite_charge_posted(struct sqlite_store *s, struct message_id delivery, int64_t *posted_out);
/* Whether the live charges let a lease run so long, and the bearer be used: refused in `r` otherwise. */
bool sqlite_charges_allow(struct sqlite_store *s, const struct store_renew *c, struct store_request *r);

/* The money of a row that was read. */
void sqlite_row_charge(struct sqlite_store *s, struct store_row *row, struct arena *arena);

/* --- the ledger (sqlite_ledger.c) --- */
void sqlite_post_charge(struct sqlite_store *s, struct message_id delivery, const struct charge_row *row,
			int64_t amount);
/* Gives `amount` of a posted charge back, once. */
bool sqlite_post_refund(struct sqlite_store *s, const void *posting, size_t posting_len, struct message_id delivery,
			const struct charge_row *row, int64_t amount);
/* Before a commit: day_sum takes what the batch posted. */
void sqlite_days_flush(struct sqlite_store *s);

#endif
