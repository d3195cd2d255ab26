/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of lab_vty.h. */
#include "daemon/lab_vty.h"

#include "core/net/net_address.h"

#define COUNT(a) (unsigned)(sizeof(a) / sizeof((a)[0]))

static const struct knob lab_knobs[] = {
	{ .name = "listen",
	  .type = KNOB_LISTEN,
	  .offset = offsetof(struct lab_settings, listen),
	  .many = true,
	  .help = "Where `cellpost phone` connects, as 127.0.0.1:2776; loopback only: it asks for no password" },
	{ .name = "window",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct lab_settings, window),
	  .min = 1,
	  .max = 100000,
	  .fallback = "1000",
	  .help = "Deliveries on their way at once" },
	{ .name = "phones",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct lab_settings, phones),
	  .min = 1,
	  .max = 10000,
	  .fallback = "64",
	  .help = "Terminals at once" },
	{ .name = "inbox",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct lab_settings, inbox),
	  .min = 1,
	  .max = 10000,
	  .fallback = "50",
	  .help = "Messages that a handset remembers, the newest" },
	{ .name = "absent-retry",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct lab_settings, absent_retry),
	  .min = 100000,
	  .max = INT64_C(86400000000),
	  .fallback = "5s",
	  .help = "A switched-off handset is tried again after this" },
	{ .name = "offline-text",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct lab_settings, offline_text),
	  .fallback = "yes",
	  .help = "Whether RCS texts wait for a handset that is away; no: they may go by SMS. Counts with `billing`" },
	{ .name = "any",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct lab_settings, any),
	  .fallback = "no",
	  .help = "Whether every number is a handset, not only those configured" },
	{ .name = "offline-file",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct lab_settings, offline_file),
	  .fallback = "yes",
	  .help = "Whether RCS files wait for a handset that is away; no: they may go by MMS. Counts with `billing`" },
	{ .name = "mms",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct lab_settings, mms),
	  .fallback = "yes",
	  .help = "Whether this network has MMS; its price is that of the tariff's bearer mms. Counts with `billing`" },
	{ .name = "mms-max",
	  .type = KNOB_SIZE,
	  .offset = offsetof(struct lab_settings, mms_max),
	  .min = 1024,
	  .max = 64 << 20,
	  .fallback = "300k",
	  .help = "Octets of an MMS, text and files together: its size class" },
	{ .name = "rcs-file-max",
	  .type = KNOB_SIZE,
	  .offset = offsetof(struct lab_settings, rcs_file_max),
	  .min = 1024,
	  .max = 1 << 30,
	  .fallback = "100m",
	  .help = "Octets of an RCS message with files" },
};

static enum result lab_check(const void *node, const char **why_out)
{
	const struct lab_settings *lab = node;
	struct net_address address;
	const char *why;

	for (unsigned i = 0; i < lab->listen.count; i++) {
		if (text_starts(lab->listen.items[i], "unix:"))
			continue;
		if (net_address_parse(lab->listen.items[i], &address, &why) == OK && net_address_is_loopback(&address))
			continue;
		*why_out = "`listen` of the lab takes loopback addresses only: it asks for no password";
		return ERR_DENIED;
	}
	return OK;
}

const struct node_kind lab_kind = {
	.name = "lab",
	.optional = true,
	.size = sizeof(struct lab_settings),
	.knobs = lab_knobs,
	.knobs_count = COUNT(lab_knobs),
	.roles = FOR_LAB,
	.help = "The lab network: simulated handsets, so that a message has somewhere to go",
	.check = lab_check,
};

static const struct knob handset_knobs[] = {
	{ .name = "coverage",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct handset_settings, coverage),
	  .fallback = "yes",
	  .help = "Whether it is switched on and in reach at start" },
	{ .name = "rcs",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct handset_settings, rcs),
	  .fallback = "no",
	  .help = "Whether it has RCS; used where `billing` is configured" },
	{ .name = "data",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct handset_settings, data),
	  .fallback = "yes",
	  .help = "Whether it has packet data at start: RCS needs it" },
	{ .name = "roaming",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct handset_settings, roaming),
	  .fallback = "no",
	  .help = "Whether it is in another network at start" },
	{ .name = "mms",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct handset_settings, mms),
	  .fallback = "yes",
	  .help = "Whether it takes MMS at start" },
};

const struct node_kind handset_kind = {
	.name = "handset",
	.named = true,
	.size = sizeof(struct handset_settings),
	.knobs = handset_knobs,
	.knobs_count = COUNT(handset_knobs),
	.roles = FOR_LAB,
	.help = "A phone of the lab network; the name is its number, as +819012345678",
};
