/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of ro_vty.h. */
#include "billing/ro_vty.h"

#include "billing/money.h"
#include "billing/ro_message.h"
#include "core/core_vty.h"
#include "core/net/net_address.h"

#define FIELD(member) offsetof(struct diameter_settings, member)
#define SECONDS(n) (INT64_C(1000000) * (n))

static const char *const content_words[] = { "sms", "ims", "none", NULL };
static const char *const unit_words[] = { "specific", "time", NULL };
static const char *const count_words[] = { "message", "segment", NULL };
static const char *const outage_words[] = { "stop", "buffer", NULL };

static const struct knob knobs[] = {
	{ .name = "peer",
	  .type = KNOB_TEXT,
	  .offset = FIELD(peer),
	  .required = true,
	  .help = "Address of the charging system or of a relay before it, as 192.0.2.1:3868 (TCP)" },
	{ .name = "identity",
	  .type = KNOB_TEXT,
	  .offset = FIELD(identity),
	  .required = true,
	  .help = "Our Origin-Host, as gateway.example.net" },
	{ .name = "realm",
	  .type = KNOB_TEXT,
	  .offset = FIELD(realm),
	  .required = true,
	  .help = "Our Origin-Realm, as example.net" },
	{ .name = "peer-realm",
	  .type = KNOB_TEXT,
	  .offset = FIELD(peer_realm),
	  .help = "Destination-Realm of requests; none = our realm" },
	{ .name = "peer-host",
	  .type = KNOB_TEXT,
	  .offset = FIELD(peer_host),
	  .help = "Destination-Host of requests; none = whoever serves the realm" },
	{ .name = "context",
	  .type = KNOB_TEXT,
	  .offset = FIELD(context),
	  .fallback = "32274@3gpp.org",
	  .help = "Service-Context-Id, as agreed with the charging system" },
	{ .name = "tx-timer",
	  .type = KNOB_DURATION,
	  .offset = FIELD(tx_timer),
	  .min = SECONDS(1),
	  .max = SECONDS(60),
	  .fallback = "10s",
	  .help = "A request unanswered for so long is in doubt and is repeated under the same numbers" },
	{ .name = "connect-timeout",
	  .type = KNOB_DURATION,
	  .offset = FIELD(connect_timeout),
	  .min = SECONDS(1),
	  .max = SECONDS(60),
	  .fallback = "10s",
	  .help = "How long connecting and the exchange of capabilities may take" },
	{ .name = "reconnect",
	  .type = KNOB_DURATION,
	  .offset = FIELD(reconnect),
	  .min = SECONDS(1) / 10,
	  .max = SECONDS(3600),
	  .fallback = "5s",
	  .help = "Pause before a lost connection is tried again" },
	{ .name = "watchdog",
	  .type = KNOB_DURATION,
	  .offset = FIELD(watchdog),
	  .min = SECONDS(6),
	  .max = SECONDS(600),
	  .fallback = "30s",
	  .help = "Silence after which the peer is asked whether it is there; without an answer in as long again the "
		  "connection is given up" },
	{ .name = "content",
	  .type = KNOB_WORD,
	  .offset = FIELD(content),
	  .words = content_words,
	  .fallback = "sms",
	  .help = "Service-Information of a request: sms (SMS-Information), ims (IMS-Information, for a system that "
		  "knows calls only), none (for a peer without the 3GPP dictionary)" },
	{ .name = "content-mandatory",
	  .type = KNOB_BOOL,
	  .offset = FIELD(mandatory),
	  .fallback = "no",
	  .help = "Whether those AVPs carry the M bit: a strict peer that lacks one then refuses the request" },
	{ .name = "unit",
	  .type = KNOB_WORD,
	  .offset = FIELD(unit),
	  .words = unit_words,
	  .fallback = "specific",
	  .help = "How units are written: specific (CC-Service-Specific-Units) or time (CC-Time, for a system that "
		  "grants nothing else)" },
	{ .name = "count",
	  .type = KNOB_WORD,
	  .offset = FIELD(count),
	  .words = count_words,
	  .fallback = "message",
	  .help = "What one unit is: a message or a segment" },
	{ .name = "service",
	  .type = KNOB_UINT,
	  .offset = FIELD(service),
	  .max = UINT32_MAX,
	  .fallback = "0",
	  .help = "Service-Identifier, 0 = not sent" },
	{ .name = "rating-group",
	  .type = KNOB_UINT,
	  .offset = FIELD(rating_group),
	  .max = UINT32_MAX,
	  .fallback = "0",
	  .help = "Rating-Group, 0 = not sent" },
	{ .name = "outage",
	  .type = KNOB_WORD,
	  .offset = FIELD(outage),
	  .words = outage_words,
	  .fallback = "stop",
	  .help = "While the charging system does not answer: stop (priced messages wait), or buffer (they go, within "
		  "both exposures, and are reported to it later)" },
	{ .name = "exposure-payer",
	  .type = KNOB_TEXT,
	  .offset = FIELD(exposure_payer),
	  .help = "With buffer: most that one payer's messages may cost while nobody granted them, as 10.00" },
	{ .name = "exposure-all",
	  .type = KNOB_TEXT,
	  .offset = FIELD(exposure_all),
	  .help = "With buffer: the same for all payers of a currency together" },
};

static enum result check_exposure(const struct diameter_settings *s, const char **why_out)
{
	int64_t payer = 0, all = 0;

	if (s->outage == DIAMETER_STOP && !s->exposure_payer.len && !s->exposure_all.len)
		return OK;
	if (amount_parse(s->exposure_payer, false, &payer) || amount_parse(s->exposure_all, false, &all)) {
		*why_out = "`outage buffer` needs `exposure-payer` and `exposure-all`, amounts as 10.00";
		return ERR_MALFORMED;
	}
	if (payer > all) {
		*why_out = "`exposure-payer` is more than `exposure-all`";
		return ERR_CONFLICT;
	}
	return OK;
}

static bool is_identity(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		bool good = (t.at[i] >= 'a' && t.at[i] <= 'z') || (t.at[i] >= 'A' && t.at[i] <= 'Z') ||
			    (t.at[i] >= '0' && t.at[i] <= '9') || t.at[i] == '.' || t.at[i] == '-' || t.at[i] == '_';
		if (!good)
			return false;
	}
	return t.len <= 128;
}

static enum result check(const void *node, const char **why_out)
{
	const struct diameter_settings *s = node;
	struct net_address address;

	if (net_address_parse(s->peer, &address, why_out) || net_address_has_records(&address)) {
		*why_out = "`peer` is a numeric address with a port, as 192.0.2.1:3868";
		return ERR_MALFORMED;
	}
	if (!is_identity(s->identity) || !is_identity(s->realm) || !is_identity(s->peer_realm) ||
	    !is_identity(s->peer_host)) {
		*why_out = "Diameter names are host names of at most 128 octets, as gateway.example.net";
		return ERR_MALFORMED;
	}
	if (s->context.len > RO_NAME_MAX) {
		*why_out = "`context` has more than 255 octets";
		return ERR_TOO_BIG;
	}
	return check_exposure(s, why_out);
}

const struct node_kind diameter_kind = {
	.name = "diameter",
	.optional = true,
	.size = sizeof(struct diameter_settings),
	.knobs = knobs,
	.knobs_count = sizeof(knobs) / sizeof(knobs[0]),
	.roles = FOR_QUEUE | FOR_DIAMETER,
	.help = "Online charging: the system that grants and takes the money of accounts with `payment online`",
	.check = check,
};
