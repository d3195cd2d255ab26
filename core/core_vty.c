/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of the nodes in core_vty.h. */
#include "core/core_vty.h"

#include "core/portability.h"
#include "core/route_links.h"
#include "core/screen_time.h"

#define FIELD(type, member) offsetof(struct type, member)
#define COUNT(a) (unsigned)(sizeof(a) / sizeof((a)[0]))
#define SECONDS(n) (INT64_C(1000000) * (n))
#define DAYS(n) (SECONDS(86400) * (n))

const char *const smpp_alphabet_words[] = { "gsm", "latin1", "ascii", "gsm-packed", NULL };

static const char *const payment_words[] = { "prepaid", "postpaid", "free", "online", NULL };
static const char *const account_consent_words[] = { "default", "never", "ask", "not-when-roaming", "always", NULL };

static const struct knob account_knobs[] = {
	{ .name = "secret",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, secret),
	  .secret = true,
	  .required = true,
	  .help = "Hash of the password or bearer token, as printed by `cellpost secret`" },
	{ .name = "allow-sender",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, allow_sender),
	  .many = true,
	  .help = "Sender this account may use; '*' at the end matches any rest; none = only default-sender" },
	{ .name = "default-sender",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, default_sender),
	  .help = "Sender of messages that name none" },
	{ .name = "rate",
	  .type = KNOB_UINT,
	  .offset = FIELD(account_settings, rate),
	  .max = 1000000,
	  .fallback = "0",
	  .help = "Messages per second, 0 = unlimited" },
	{ .name = "burst",
	  .type = KNOB_UINT,
	  .offset = FIELD(account_settings, burst),
	  .min = 1,
	  .max = 1000000,
	  .fallback = "100",
	  .help = "Messages that may come at once before the rate counts" },
	{ .name = "webhook",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, webhook),
	  .help = "URL (http or https) that gets receipts and incoming messages" },
	{ .name = "webhook-secret",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, webhook_secret),
	  .secret = true,
	  .help = "Key of the signature in the header Cellpost-Signature" },
	{ .name = "smpp-binds",
	  .type = KNOB_UINT,
	  .offset = FIELD(account_settings, smpp_binds),
	  .max = 1000,
	  .fallback = "8",
	  .help = "SMPP binds at once, 0 = no SMPP" },
	{ .name = "smpp-window",
	  .type = KNOB_UINT,
	  .offset = FIELD(account_settings, smpp_window),
	  .min = 1,
	  .max = 10000,
	  .fallback = "1000",
	  .help = "SMPP requests unanswered at once, each way" },
	{ .name = "smpp-alphabet",
	  .type = KNOB_WORD,
	  .offset = FIELD(account_settings, smpp_alphabet),
	  .words = smpp_alphabet_words,
	  .fallback = "gsm",
	  .help = "What data_coding 0 means to this client" },
	{ .name = "may-choose-link",
	  .type = KNOB_BOOL,
	  .offset = FIELD(account_settings, may_choose_link),
	  .fallback = "no",
	  .help = "Whether the client may name the link that takes a message" },
	{ .name = "admin",
	  .type = KNOB_BOOL,
	  .offset = FIELD(account_settings, admin),
	  .fallback = "no",
	  .help = "Whether it sees every message, not only its own" },
	{ .name = "from-address",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, from_address),
	  .many = true,
	  .help = "Network it may come from, as 192.0.2.0/24; none = any" },
	{ .name = "payment",
	  .type = KNOB_WORD,
	  .offset = FIELD(account_settings, payment),
	  .words = payment_words,
	  .fallback = "prepaid",
	  .help = "prepaid: from its balance; postpaid: up to its credit; free: the operator pays; online: the "
		  "charging system of `diameter` grants and takes it. Counts with "
		  "`billing`" },
	{ .name = "credit",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, credit),
	  .help = "How far a postpaid balance may go below zero, as 1000.00" },
	{ .name = "currency",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, currency),
	  .help = "Currency of its balance; none = that of `billing`" },
	{ .name = "consent",
	  .type = KNOB_WORD,
	  .offset = FIELD(account_settings, consent),
	  .words = account_consent_words,
	  .fallback = "default",
	  .help = "Whether its messages may go over priced bearers: default (that of `billing`), never, ask, "
		  "not-when-roaming, always" },
	{ .name = "ceiling",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, ceiling),
	  .help = "Most that one delivery may cost, with tax; none = that of `billing`" },
	{ .name = "optout",
	  .type = KNOB_BOOL,
	  .offset = FIELD(account_settings, optout),
	  .fallback = "yes",
	  .help = "Whether STOP and START of phones are taken for it and kept to; no = the application sees to it" },
	{ .name = "allow-recipient",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, allow_recipient),
	  .many = true,
	  .help = "Start of the recipients' addresses it may send to; none = any" },
	{ .name = "quiet-hours",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, quiet_hours),
	  .help = "Hours in which nothing of it goes out, and their zone, as `21:00-08:00 +09:00`, `22:00-07:00 "
		  "Europe/Berlin` or a TZ rule of POSIX; what comes then waits for their end" },
	{ .name = "duplicate-window",
	  .type = KNOB_DURATION,
	  .offset = FIELD(account_settings, duplicate_window),
	  .max = DAYS(7),
	  .fallback = "0s",
	  .help = "The same text from the same sender to the same recipient is refused within this time; 0s = never" },
	{ .name = "charging-id",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, charging_id),
	  .help = "Whom the charging system knows with `payment online`: +819012345678, sip:..., user@realm or a name; "
		  "none = the account's name" },
	{ .name = "cap",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, cap),
	  .many = true,
	  .help = "Most that it may spend, with tax: day, month or roaming-month, and an amount, as `day 50.00`; "
		  "warned at "
		  "80 and 100 %. A higher one counts from the next day or month on, with `now` behind it at once" },
	{ .name = "number",
	  .type = KNOB_TEXT,
	  .offset = FIELD(account_settings, number),
	  .many = true,
	  .help = "Phone whose own messages this account pays, as +819012345678; a phone that no account names pays "
		  "nothing "
		  "here" },
};

static enum result account_check(const void *node, const char **why_out)
{
	const struct account_settings *a = node;

	if (a->node.name.len > 15 && a->smpp_binds) {
		*why_out = "a name of more than 15 octets is no SMPP system_id: shorten it or set `smpp-binds 0`";
		return ERR_TOO_BIG;
	}
	if (a->webhook.len && !text_starts(a->webhook, "http://") && !text_starts(a->webhook, "https://")) {
		*why_out = "a webhook starts with http:// or https://";
		return ERR_MALFORMED;
	}
	struct screen_quiet quiet;
	if (a->quiet_hours.len && !screen_quiet_parse(a->quiet_hours, &quiet, why_out))
		return ERR_MALFORMED;
	return OK;
}

const struct node_kind account_kind = {
	.name = "account",
	.named = true,
	.size = sizeof(struct account_settings),
	.knobs = account_knobs,
	.knobs_count = COUNT(account_knobs),
	.roles = FOR_QUEUE | FOR_SMS | FOR_API,
	.help = "Somebody who may send and receive, over HTTP or SMPP",
	.check = account_check,
};

static const char *const from_words[] = { "any", "applications", "network", NULL };

static const struct knob route_knobs[] = {
	{ .name = "prefix",
	  .type = KNOB_TEXT,
	  .offset = FIELD(route_settings, prefix),
	  .many = true,
	  .required = true,
	  .help = "Start of the recipient's address, the longest wins; * = any" },
	{ .name = "sender",
	  .type = KNOB_TEXT,
	  .offset = FIELD(route_settings, sender),
	  .many = true,
	  .help = "Sender this route is for; '*' at the end matches any rest; none = any" },
	{ .name = "account",
	  .type = KNOB_TEXT,
	  .offset = FIELD(route_settings, account),
	  .many = true,
	  .help = "Account whose messages take this route; none = any" },
	{ .name = "from",
	  .type = KNOB_WORD,
	  .offset = FIELD(route_settings, from),
	  .words = from_words,
	  .fallback = "any",
	  .help = "Where the message comes from: any, applications, network (phones)" },
	{ .name = "link",
	  .type = KNOB_TEXT,
	  .offset = FIELD(route_settings, link),
	  .many = true,
	  .help = "Link and weight (lab, smsc:NAME, esme:ACCOUNT, webhook:ACCOUNT); the first that is up; with weights "
		  "they share" },
	{ .name = "cost",
	  .type = KNOB_UINT,
	  .offset = FIELD(route_settings, cost),
	  .max = 1000000000,
	  .fallback = "0",
	  .help = "The least wins among routes of the same prefix" },
	{ .name = "reject",
	  .type = KNOB_BOOL,
	  .offset = FIELD(route_settings, reject),
	  .fallback = "no",
	  .help = "Refuse what matches" },
	{ .name = "network",
	  .type = KNOB_TEXT,
	  .offset = FIELD(route_settings, network),
	  .many = true,
	  .help = "Network that serves the recipient, as MCC (440) or MCC and MNC (44010), where `portability` finds "
		  "it; goes before routes that name none, whatever their prefixes" },
};

static enum result route_check(const void *node, const char **why_out)
{
	const struct route_settings *r = node;

	*why_out = "`network` is an MCC (3 digits), or an MCC and MNC (5 or 6), as 44010";
	for (unsigned i = 0; i < r->network.count; i++) {
		if (!portability_is_network(r->network.items[i]))
			return ERR_MALFORMED;
	}
	if (r->reject || r->link.count)
		return OK;
	*why_out = "a route needs a link (`link lab`) or `reject yes`";
	return ERR_MALFORMED;
}

const struct node_kind route_kind = {
	.name = "route",
	.named = true,
	.size = sizeof(struct route_settings),
	.knobs = route_knobs,
	.knobs_count = COUNT(route_knobs),
	.roles = FOR_QUEUE,
	.help = "Which links take which messages",
	.check = route_check,
	.check_set = route_links_missing,
};

static const struct knob queue_knobs[] = {
	{ .name = "validity",
	  .type = KNOB_DURATION,
	  .offset = FIELD(queue_settings, validity),
	  .min = SECONDS(1),
	  .max = DAYS(30),
	  .fallback = "2d",
	  .help = "How long a message is tried when its sender says nothing" },
	{ .name = "validity-max",
	  .type = KNOB_DURATION,
	  .offset = FIELD(queue_settings, validity_max),
	  .min = SECONDS(1),
	  .max = DAYS(60),
	  .fallback = "15d",
	  .help = "The longest a sender may ask for" },
	{ .name = "retry",
	  .type = KNOB_TEXT,
	  .offset = FIELD(queue_settings, retry),
	  .many = true,
	  .help = "Waits between tries, as 1m 5m 30m 2h; the last repeats; none = those four" },
	{ .name = "lease",
	  .type = KNOB_DURATION,
	  .offset = FIELD(queue_settings, lease),
	  .min = SECONDS(2),
	  .max = SECONDS(3600),
	  .fallback = "60s",
	  .help = "A delivery handed to a link and unanswered this long is in doubt" },
	{ .name = "report-wait",
	  .type = KNOB_DURATION,
	  .offset = FIELD(queue_settings, report_wait),
	  .max = DAYS(30),
	  .fallback = "3d",
	  .help = "A network's report is awaited this long after the validity's end" },
	{ .name = "reassembly",
	  .type = KNOB_DURATION,
	  .offset = FIELD(queue_settings, reassembly),
	  .min = SECONDS(1),
	  .max = DAYS(7),
	  .fallback = "30m",
	  .help = "Parts of a long message wait this long for the rest" },
	{ .name = "reassembly-max",
	  .type = KNOB_UINT,
	  .offset = FIELD(queue_settings, reassembly_max),
	  .min = 1,
	  .max = 10000000,
	  .fallback = "100000",
	  .help = "Parts of unfinished long messages kept at once" },
	{ .name = "waiting-max",
	  .type = KNOB_UINT,
	  .offset = FIELD(queue_settings, waiting_max),
	  .max = INT64_MAX,
	  .fallback = "0",
	  .help = "Waiting deliveries above which nothing more is accepted, 0 = no limit" },
	{ .name = "keep-text",
	  .type = KNOB_DURATION,
	  .offset = FIELD(queue_settings, keep_text),
	  .max = DAYS(3650),
	  .fallback = "24h",
	  .help = "The text of an ended message is dropped after this" },
	{ .name = "keep-message",
	  .type = KNOB_DURATION,
	  .offset = FIELD(queue_settings, keep_message),
	  .max = DAYS(3650),
	  .fallback = "30d",
	  .help = "An ended message and its timeline are dropped after this" },
	{ .name = "keep-keys",
	  .type = KNOB_DURATION,
	  .offset = FIELD(queue_settings, keep_keys),
	  .min = DAYS(5),
	  .max = DAYS(365),
	  .fallback = "5d",
	  .help = "A repeated idempotency key is recognised this long" },
	{ .name = "keep-cdr",
	  .type = KNOB_DURATION,
	  .offset = FIELD(queue_settings, keep_cdr),
	  .max = DAYS(3650),
	  .fallback = "90d",
	  .help = "Exported call detail records are dropped after this" },
	{ .name = "keep-outbox",
	  .type = KNOB_DURATION,
	  .offset = FIELD(queue_settings, keep_outbox),
	  .max = DAYS(365),
	  .fallback = "5d",
	  .help = "Done receipts and notices are dropped after this" },
	{ .name = "outbox-give-up",
	  .type = KNOB_DURATION,
	  .offset = FIELD(queue_settings, outbox_give_up),
	  .min = SECONDS(60),
	  .max = DAYS(365),
	  .fallback = "7d",
	  .help = "A receipt that nobody takes is dropped after this" },
	{ .name = "optouts-max",
	  .type = KNOB_UINT,
	  .offset = FIELD(queue_settings, optouts_max),
	  .min = 1,
	  .max = 100000000,
	  .fallback = "1000000",
	  .help = "Opt-outs kept at once, in memory too; above it an import is refused, and a phone's STOP is put "
		  "off" },
	{ .name = "duplicates-max",
	  .type = KNOB_UINT,
	  .offset = FIELD(queue_settings, duplicates_max),
	  .min = 1,
	  .max = 10000000,
	  .fallback = "100000",
	  .help = "Messages remembered at once for `duplicate-window`; the oldest make room" },
};

static enum result queue_settings_check(const void *node, const char **why_out)
{
	const struct queue_settings *q = node;
	int64_t us;

	*why_out = "`retry` takes up to 16 durations, one a line, as 1m";
	if (q->retry.count > QUEUE_RETRIES_MAX)
		return ERR_TOO_BIG;
	for (unsigned i = 0; i < q->retry.count; i++) {
		if (!config_duration(q->retry.items[i], &us) || us <= 0)
			return ERR_MALFORMED;
	}
	return OK;
}

const struct node_kind queue_kind = {
	.name = "queue",
	.size = sizeof(struct queue_settings),
	.knobs = queue_knobs,
	.knobs_count = COUNT(queue_knobs),
	.roles = FOR_QUEUE,
	.help = "Validity, retries, waiting, retention",
	.check = queue_settings_check,
};

static const char *const store_words[] = { "sqlite", "memory", NULL };

static const struct knob store_knobs[] = {
	{ .name = "driver",
	  .type = KNOB_WORD,
	  .offset = FIELD(store_settings, driver),
	  .words = store_words,
	  .fallback = "sqlite",
	  .help = "sqlite, or memory: for tests only, nothing survives" },
	{ .name = "path",
	  .type = KNOB_TEXT,
	  .offset = FIELD(store_settings, path),
	  .fallback = "var/cellpost.db",
	  .help = "The database file; a relative path starts at the working directory" },
	{ .name = "min-free",
	  .type = KNOB_SIZE,
	  .offset = FIELD(store_settings, min_free),
	  .max = INT64_MAX,
	  .fallback = "64m",
	  .help = "Nothing is accepted while the disk has less room than this" },
	{ .name = "batch",
	  .type = KNOB_UINT,
	  .offset = FIELD(store_settings, batch),
	  .min = 1,
	  .max = 4096,
	  .fallback = "512",
	  .help = "Requests that share one transaction, at most" },
	{ .name = "wal-max",
	  .type = KNOB_SIZE,
	  .offset = FIELD(store_settings, wal_max),
	  .min = 1 << 20,
	  .max = INT64_MAX,
	  .fallback = "64m",
	  .help = "The journal is folded into the database above this size" },
	{ .name = "file-max",
	  .type = KNOB_SIZE,
	  .offset = FIELD(store_settings, file_max),
	  .min = 1024,
	  .max = 64 << 20,
	  .fallback = "10m",
	  .help = "Octets of one file of a message. Files lie in the folder `files` beside the database" },
	{ .name = "files-max",
	  .type = KNOB_SIZE,
	  .offset = FIELD(store_settings, files_max),
	  .min = 1024,
	  .max = INT64_MAX / 2,
	  .fallback = "1024m",
	  .help = "Octets of all files together; above, messages with files are refused for now" },
	{ .name = "files-keep",
	  .type = KNOB_DURATION,
	  .offset = FIELD(store_settings, files_keep),
	  .min = SECONDS(1),
	  .max = DAYS(365),
	  .fallback = "1d",
	  .help = "A file that was sent and that no message names is kept this long" },
};

const struct node_kind store_kind = {
	.name = "store",
	.size = sizeof(struct store_settings),
	.knobs = store_knobs,
	.knobs_count = COUNT(store_knobs),
	.roles = FOR_QUEUE,
	.help = "Where messages are kept",
};
