/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chain of charging records, and its check. */
#include <assert.h>

#include "billing/cdr.h"
#include "core/base/hex.h"
#include "core/net/digest.h"

static_assert(CDR_CHAIN_SIZE == DIGEST_SHA256_SIZE, "the chain is SHA-256");

static const char *const faults[] = { "good", "malformed", "a number is missing", "a number comes again", "changed" };
static_assert(sizeof(faults) / sizeof(faults[0]) == CDR_FAULT_COUNT, "each fault has a name");

const char *cdr_fault_name(enum cdr_fault fault)
{
	return (unsigned)fault < CDR_FAULT_COUNT ? faults[fault] : "invalid";
}

void cdr_chain(const uint8_t before[CDR_CHAIN_SIZE], struct text record, uint8_t out[CDR_CHAIN_SIZE])
{
	const struct digest_part parts[] = { { before, CDR_CHAIN_SIZE }, { record.at, record.len } };

	digest_sha256(parts, 2, out);
}

void cdr_line_write(struct writer *w, int64_t number, const uint8_t chain[CDR_CHAIN_SIZE], struct text record)
{
	writer_printf(w, "{\"number\":%lld,\"chain\":\"", (long long)number);
	hex_put(w, chain, CDR_CHAIN_SIZE);
	writer_text(w, TEXT_LITERAL("\",\"record\":"));
	writer_text(w, record);
	writer_u8(w, '}');
}

static bool take_literal(struct text *t, const char *literal)
{
	if (!text_starts(*t, literal))
		return false;
	size_t n = strlen(literal);
	*t = text_range(t->at + n, t->len - n);
	return true;
}

static bool take_chain(struct text *t, uint8_t out[CDR_CHAIN_SIZE])
{
	struct writer w = writer_of(out, CDR_CHAIN_SIZE);
	size_t digits = (size_t)CDR_CHAIN_SIZE * 2;

	if (t->len < digits || hex_take(text_range(t->at, digits), &w) != OK)
		return false;
	*t = text_range(t->at + digits, t->len - digits);
	return true;
}

static bool parse_line(struct text line, int64_t *number_out, uint8_t chain_out[CDR_CHAIN_SIZE],
		       struct text *record_out)
{
	uint64_t number = 0;

	line = text_trim(line);
	if (line.len > CDR_LINE_MAX || !take_literal(&line, "{\"number\":") ||
	    !text_take_u64(&line, INT64_MAX, &number) || !take_literal(&line, ",\"chain\":\"") ||
	    !take_chain(&line, chain_out) || !take_literal(&line, "\",\"record\":{") || line.len < 2 ||
	    line.at[line.len - 1] != '}')
		return false;
	*number_out = (int64_t)number;
	*record_out = text_range(line.at - 1, line.len);
	return true;
}

enum cdr_fault cdr_check_line(struct cdr_check *check, struct text line)
{
	uint8_t chain[CDR_CHAIN_SIZE], expected[CDR_CHAIN_SIZE];
	struct text record;
	int64_t number;

	if (!parse_line(line, &number, chain, &record))
		return CDR_MALFORMED;
	if (check->started && number <= check->number)
		return CDR_REPEATED;
	if (check->started && number != check->number + 1)
		return CDR_GAP;
	if (check->started) {
		cdr_chain(check->chain, record, expected);
		if (memcmp(chain, expected, CDR_CHAIN_SIZE) != 0)
			return CDR_CHANGED;
	}
	check->started = true;
	check->number = number;
	memcpy(check->chain, chain, CDR_CHAIN_SIZE);
	return CDR_GOOD;
}
