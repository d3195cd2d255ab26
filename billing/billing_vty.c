/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of billing_vty.h. */
#include "billing/billing_vty.h"

#include "billing/cap.h"
#include "billing/tariff.h"
#include "core/core_vty.h"

#define FIELD(member) offsetof(struct billing_settings, member)

static const char *const consent_words[] = { "never", "ask", "not-when-roaming", "always", NULL };

static const char *const language_words[] = { "en", "ja", NULL };

static const struct knob knobs[] = {
	{ .name = "tariff",
	  .type = KNOB_FILE,
	  .offset = FIELD(tariff),
	  .required = true,
	  .help = "The price list, as examples/tariff-japan.csv; a published version never changes, new prices get a "
		  "new "
		  "version" },
	{ .name = "currency",
	  .type = KNOB_TEXT,
	  .offset = FIELD(currency),
	  .required = true,
	  .help = "Currency of accounts that name none, as JPY" },
	{ .name = "consent",
	  .type = KNOB_WORD,
	  .offset = FIELD(consent),
	  .words = consent_words,
	  .fallback = "never",
	  .help = "Whether a message may go over a priced bearer that its sender did not ask for: never, ask, "
		  "not-when-roaming, always" },
	{ .name = "ceiling",
	  .type = KNOB_TEXT,
	  .offset = FIELD(ceiling),
	  .required = true,
	  .help = "Most that one delivery may cost, with tax, as 10.00; above it the message is held" },
	{ .name = "quote-valid",
	  .type = KNOB_DURATION,
	  .offset = FIELD(quote_valid),
	  .min = 1000000,
	  .max = INT64_C(86400000000),
	  .fallback = "5m",
	  .help = "How long an offered price stands" },
	{ .name = "utc-offset",
	  .type = KNOB_TEXT,
	  .offset = FIELD(utc_offset),
	  .fallback = "+00:00",
	  .help = "Ahead of UTC by this begin the days and months of caps, as +09:00" },
	{ .name = "notice-number",
	  .type = KNOB_TEXT,
	  .offset = FIELD(notice_number),
	  .fallback = "2255",
	  .help = "Number of our own texts to phones, as whether a message may go at a price; what phones send there "
		  "is "
		  "their answer" },
	{ .name = "language",
	  .type = KNOB_WORD,
	  .offset = FIELD(language),
	  .words = language_words,
	  .fallback = "en",
	  .help = "Language of those texts" },
};

/* The tariff's content is looked at where it is used: control loads it after this check. */
static enum result check(const void *node, const char **why_out)
{
	const struct billing_settings *s = node;
	char currency[CURRENCY_SIZE];
	int64_t ceiling;

	if (!currency_parse(s->currency, currency)) {
		*why_out = "the currency is none of ISO 4217, as JPY or EUR";
		return ERR_UNSUPPORTED;
	}
	if (amount_parse(s->ceiling, false, &ceiling)) {
		*why_out = "the ceiling is an amount, as 10 or 10.00";
		return ERR_MALFORMED;
	}
	int32_t offset;
	if (!cap_offset_parse(s->utc_offset, &offset)) {
		*why_out = "utc-offset is written as +09:00 or -05:30";
		return ERR_MALFORMED;
	}
	return OK;
}

const struct node_kind billing_kind = {
	.name = "billing",
	.optional = true,
	.size = sizeof(struct billing_settings),
	.knobs = knobs,
	.knobs_count = sizeof(knobs) / sizeof(knobs[0]),
	.roles = FOR_QUEUE | FOR_SMS | FOR_LAB,
	.help = "Prices, consent and the ledger: without this node nothing is priced",
	.check = check,
};
