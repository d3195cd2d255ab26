/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Charging records. One per delivery at its end, one per refund or funding, price 0 too. A record is one JSON object;
 * the store numbers them without gap and chains them: chain(n) = SHA-256(chain(n - 1), record), chain(0) = 32 zeroes.
 * An exported line carries number and chain, and the record's octets as they went into the chain:
 *
 *	{"number":17,"chain":"<64 hexadecimal digits>","record":{"type":"sms",...}}
 *
 * Amounts are written as decimal strings: JSON's numbers would round money.
 */
#ifndef BILLING_CDR_H
#define BILLING_CDR_H

#include "billing/money.h"
#include "core/message_id.h"
#include "core/store.h"

#define CDR_RECORD_MAX 4096u
#define CDR_LINE_MAX (CDR_RECORD_MAX + 128u)
#define CDR_CHAIN_SIZE 32

enum cdr_type { CDR_SMS, CDR_MMS, CDR_RCS, CDR_MAIL, CDR_REFUND, CDR_FUNDING, CDR_TYPE_COUNT };
const char *cdr_type_name(enum cdr_type type);

struct cdr {
	enum cdr_type type;
	struct text account, originator, recipient;
	struct message_id delivery;
	int64_t submit_us, end_us;
	int64_t size; /* octets of content */
	int64_t units;
	int64_t validity_s;
	bool report_asked;
	enum store_outcome result;
	struct text bearers; /* tried, in order */
	struct text rule;    /* that chose the last one: "R6.9" */
	int64_t attempts;
	struct text quote; /* its token's or consent's id, or empty */
	int64_t price_version;
	int64_t amount, tax; /* amount with tax; negative in a refund */
	struct text currency;
	bool duplicate; /* delivered twice, charged once */
	bool doubt;
	bool operator_bears;
	struct text reason; /* of a refund */
};

/* The record, without number and chain. */
void cdr_write(struct writer *w, const struct cdr *cdr);

/* --- the chain ------------------------------------------------------------------------------------------------ */

void cdr_chain(const uint8_t before[CDR_CHAIN_SIZE], struct text record, uint8_t out[CDR_CHAIN_SIZE]);
/* The exported line, without a line end. */
void cdr_line_write(struct writer *w, int64_t number, const uint8_t chain[CDR_CHAIN_SIZE], struct text record);

struct cdr_check {
	int64_t number; /* of the last line that was good */
	uint8_t chain[CDR_CHAIN_SIZE];
	bool started;
};

/* From the very first record: a zeroed struct with `started` set. From the middle of an export: all zero, and the first
 * line's own chain is believed. */
enum cdr_fault { CDR_GOOD, CDR_MALFORMED, CDR_GAP, CDR_REPEATED, CDR_CHANGED, CDR_FAULT_COUNT };
const char *cdr_fault_name(enum cdr_fault fault);
/* Checks the next line of an export. A bad line changes nothing in *check. */
enum cdr_fault cdr_check_line(struct cdr_check *check, struct text line);

/* --- CSV ------------------------------------------------------------------------------------------------------ */

void cdr_csv_head(struct writer *w);
void cdr_csv_row(struct writer *w, int64_t number, const struct cdr *cdr);

#endif
