/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The node of carriers in other roles; see link_vty.h. */
#include "core/core_vty.h"
#include "core/ipc_relay.h"
#include "sms/link_vty.h"

#define COUNT(a) (unsigned)(sizeof(a) / sizeof((a)[0]))
#define SECONDS(n) (INT64_C(1000000) * (n))
#define HOURS(n) SECONDS(3600 * (n))

static const char *const doubt_words[] = { "default", "repeat", "report", NULL }; /* enum link_doubt */

static const struct knob carrier_knobs[] = {
	{ .name = "centre",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct carrier_settings, phones.centre),
	  .required = true,
	  .help = "Our number as phones know it: the service centre address, as +491770610000" },
	{ .name = "time-zone",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct carrier_settings, phones.zone),
	  .fallback = "+00:00",
	  .help = "Of the time stamps that phones show, as +09:00" },
	{ .name = "window",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct carrier_settings, phones.window),
	  .min = 1,
	  .max = 100000,
	  .fallback = "1000",
	  .help = "Messages in hand at once, to all phones together" },
	{ .name = "phones",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct carrier_settings, phones.phones),
	  .min = 1,
	  .max = 10000000,
	  .fallback = "100000",
	  .help = "Phones known at once" },
	{ .name = "trusted",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct carrier_settings, phones.trusted),
	  .fallback = "no",
	  .help = "Whether its phones may send what reaches into SIMs and phones (class 2, toolkit)" },
	{ .name = "transliterate",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct carrier_settings, phones.transliterate),
	  .fallback = "no",
	  .help = "Whether typographic characters become plain ones to save parts; lossy" },
	{ .name = "doubt",
	  .type = KNOB_WORD,
	  .offset = offsetof(struct carrier_settings, phones.doubt),
	  .words = doubt_words,
	  .fallback = "default",
	  .help = "What is done when it is not known whether a message arrived: repeat it or report it as unknown; "
		  "default = "
		  "repeat what is free, report what is priced" },
	{ .name = "retry",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct carrier_settings, phones.retry),
	  .many = true,
	  .help = "What a cause leads to: SOURCE CAUSE[-CAUSE] ACTION. Sources: rp, fcs, gsup, sgs; actions: later, "
		  "wait-alert, wait-memory, once, never" },
	{ .name = "absent-retry",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct carrier_settings, phones.alert),
	  .min = SECONDS(10),
	  .max = HOURS(168),
	  .fallback = "6h",
	  .help = "A phone that is not there is tried after this even if nobody said that it is back" },
	{ .name = "full-retry",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct carrier_settings, phones.memory),
	  .min = SECONDS(10),
	  .max = HOURS(168),
	  .fallback = "1h",
	  .help = "A full phone is tried after this even if it did not say that it has room" },
};

static enum result carrier_check(const void *node, const char **why_out)
{
	const struct carrier_settings *s = node;

	if (s->node.name.len > IPC_CARRIER_NAME_MAX) {
		*why_out = "a carrier's name has at most 64 characters";
		return ERR_TOO_BIG;
	}
	return phone_settings_check(&s->phones, why_out);
}

const struct node_kind carrier_kind = {
	.name = "carrier",
	.named = true,
	.size = sizeof(struct carrier_settings),
	.knobs = carrier_knobs,
	.knobs_count = COUNT(carrier_knobs),
	.roles = FOR_SMS,
	.help = "Phones that another role carries (the cell, IMS, a lab-carrier), by its name there; routes name it as "
		"carrier:NAME",
	.check = carrier_check,
};
