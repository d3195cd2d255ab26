/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of link_vty.h. */
#include "sms/link_vty.h"

#include "core/core_vty.h"
#include "core/net/net_address.h"

#define COUNT(a) (unsigned)(sizeof(a) / sizeof((a)[0]))
#define SECONDS(n) (INT64_C(1000000) * (n))
#define HOURS(n) SECONDS(3600 * (n))

static const char *const doubt_words[] = { "default", "repeat", "report", NULL }; /* enum link_doubt */

static const char *const silence_words[] = { "doubt", "absent", NULL }; /* enum gsup_no_answer */

/* --- values ----------------------------------------------------------------------------------------------------- */

static enum result check_rules(const struct config_list *rules, const char **why_out)
{
	struct retry_table table;
	enum result result = OK;

	retry_table_init(&table);
	for (unsigned i = 0; i < rules->count && result == OK; i++)
		result = link_retry_rule(rules->items[i], &table, why_out);
	return result;
}

static bool is_number(struct text t, size_t digits_max)
{
	size_t from = t.len && t.at[0] == '+' ? 1 : 0;

	for (size_t i = from; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
	}
	return t.len > from && t.len - from <= digits_max;
}

static enum result malformed(const char **why_out, const char *why)
{
	*why_out = why;
	return ERR_MALFORMED;
}

enum result phone_settings_check(const struct phone_settings *s, const char **why_out)
{
	int quarters;

	if (!is_number(s->centre, SMS_ADDRESS_DIGITS_MAX))
		return malformed(why_out, "centre is a number, as +491770610000");
	if (!link_zone(s->zone, &quarters))
		return malformed(why_out, "time-zone is written as +09:00, in quarters of an hour");
	return check_rules(&s->retry, why_out);
}

/* --- gsup --------------------------------------------------------------------------------------------------- */

static const struct knob gsup_knobs[] = {
	{ .name = "listen",
	  .type = KNOB_LISTEN,
	  .offset = offsetof(struct gsup_settings, listen),
	  .required = true,
	  .help = "Where MSCs connect, as 127.0.0.1:4222" },
	{ .name = "name",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct gsup_settings, name),
	  .fallback = "SMSC-cellpost",
	  .help = "Our name towards MSCs" },
	{ .name = "hlr",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct gsup_settings, hlr),
	  .help = "ADDRESS:PORT of the real HLR, to which all but short messages is passed on; none = MSCs find no HLR "
		  "here" },
	{ .name = "centre",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct gsup_settings, phones.centre),
	  .required = true,
	  .help = "Our number as phones know it: the service centre address, as +491770610000" },
	{ .name = "time-zone",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct gsup_settings, phones.zone),
	  .fallback = "+00:00",
	  .help = "Of the time stamps that phones show, as +09:00" },
	{ .name = "window",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct gsup_settings, phones.window),
	  .min = 1,
	  .max = 100000,
	  .fallback = "1000",
	  .help = "Messages in hand at once, to all phones together" },
	{ .name = "phones",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct gsup_settings, phones.phones),
	  .min = 1,
	  .max = 10000000,
	  .fallback = "100000",
	  .help = "Phones known at once" },
	{ .name = "trusted",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct gsup_settings, phones.trusted),
	  .fallback = "no",
	  .help = "Whether its phones may send what reaches into SIMs and phones (class 2, toolkit)" },
	{ .name = "transliterate",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct gsup_settings, phones.transliterate),
	  .fallback = "no",
	  .help = "Whether typographic characters become plain ones to save parts; lossy" },
	{ .name = "doubt",
	  .type = KNOB_WORD,
	  .offset = offsetof(struct gsup_settings, phones.doubt),
	  .words = doubt_words,
	  .fallback = "default",
	  .help = "What is done when it is not known whether a message arrived: repeat it or report it as unknown; "
		  "default = "
		  "repeat what is free, report what is priced" },
	{ .name = "retry",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct gsup_settings, phones.retry),
	  .many = true,
	  .help = "What a cause leads to: SOURCE CAUSE[-CAUSE] ACTION. Sources: rp, fcs, gsup, sgs; actions: later, "
		  "wait-alert, wait-memory, once, never" },
	{ .name = "absent-retry",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct gsup_settings, phones.alert),
	  .min = SECONDS(10),
	  .max = HOURS(168),
	  .fallback = "6h",
	  .help = "A phone that is not there is tried after this even if nobody said that it is back" },
	{ .name = "full-retry",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct gsup_settings, phones.memory),
	  .min = SECONDS(10),
	  .max = HOURS(168),
	  .fallback = "1h",
	  .help = "A full phone is tried after this even if it did not say that it has room" },
	{ .name = "mscs",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct gsup_settings, mscs),
	  .min = 1,
	  .max = 256,
	  .fallback = "32",
	  .help = "Connections of MSCs at once" },
	{ .name = "ping",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct gsup_settings, ping),
	  .min = SECONDS(1),
	  .max = SECONDS(3600),
	  .fallback = "20s",
	  .help = "Between pings, to MSCs and to the HLR" },
	{ .name = "ping-answer",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct gsup_settings, pong),
	  .min = SECONDS(1),
	  .max = SECONDS(3600),
	  .fallback = "10s",
	  .help = "and each must be answered within this" },
	{ .name = "answer",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct gsup_settings, answer),
	  .min = SECONDS(1),
	  .max = SECONDS(3600),
	  .fallback = "60s",
	  .help = "A message to a phone whose MSC gave no answer by then is in doubt" },
	{ .name = "no-answer",
	  .type = KNOB_WORD,
	  .offset = offsetof(struct gsup_settings, no_answer),
	  .words = silence_words,
	  .fallback = "doubt",
	  .help = "What that means: doubt, or absent where MSCs say nothing when a paging fails (osmo-msc before "
		  "1.14)" },
	{ .name = "phone-answer",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct gsup_settings, phone_answer),
	  .min = SECONDS(1),
	  .max = SECONDS(3600),
	  .fallback = "40s",
	  .help = "What a phone sent must be answered by us within this" },
};

static enum result gsup_check(const void *node, const char **why_out)
{
	const struct gsup_settings *s = node;
	struct net_address hlr;

	if (!s->name.len || s->name.len > GSUP_NAME_MAX)
		return malformed(why_out, "name has 1 to 254 characters");
	if (s->hlr.len && (net_address_parse(s->hlr, &hlr, why_out) || net_address_has_records(&hlr)))
		return malformed(why_out, "hlr is ADDRESS:PORT, numeric");
	return phone_settings_check(&s->phones, why_out);
}

const struct node_kind gsup_kind = {
	.name = "gsup",
	.optional = true,
	.size = sizeof(struct gsup_settings),
	.knobs = gsup_knobs,
	.knobs_count = COUNT(gsup_knobs),
	.roles = FOR_SMS,
	.help = "The GSUP server that OsmoMSC connects to, before the real HLR: its phones are the link gsup",
	.check = gsup_check,
};

/* --- sgs ---------------------------------------------------------------------------------------------------- */

static const struct knob sgs_knobs[] = {
	{ .name = "listen",
	  .type = KNOB_LISTEN,
	  .offset = offsetof(struct sgs_settings, listen),
	  .records = true,
	  .required = true,
	  .help = "Where MMEs connect: sctp:ADDRESS:29118; udp-sctp:ADDRESS:29118 for SCTP in UDP (port 9899, or "
		  "/PORT behind it) where the kernel has none; seqpacket:PATH in a lab" },
	{ .name = "vlr-name",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct sgs_settings, vlr_name),
	  .fallback = "vlr.example.net",
	  .help = "Our name towards MMEs" },
	{ .name = "centre",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct sgs_settings, phones.centre),
	  .required = true,
	  .help = "Our number as phones know it: the service centre address, as +491770610000" },
	{ .name = "time-zone",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct sgs_settings, phones.zone),
	  .fallback = "+00:00",
	  .help = "Of the time stamps that phones show, as +09:00" },
	{ .name = "window",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct sgs_settings, phones.window),
	  .min = 1,
	  .max = 100000,
	  .fallback = "1000",
	  .help = "Messages in hand at once, to all phones together" },
	{ .name = "phones",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct sgs_settings, phones.phones),
	  .min = 1,
	  .max = 10000000,
	  .fallback = "100000",
	  .help = "Phones known at once" },
	{ .name = "trusted",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct sgs_settings, phones.trusted),
	  .fallback = "no",
	  .help = "Whether its phones may send what reaches into SIMs and phones (class 2, toolkit)" },
	{ .name = "transliterate",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct sgs_settings, phones.transliterate),
	  .fallback = "no",
	  .help = "Whether typographic characters become plain ones to save parts; lossy" },
	{ .name = "doubt",
	  .type = KNOB_WORD,
	  .offset = offsetof(struct sgs_settings, phones.doubt),
	  .words = doubt_words,
	  .fallback = "default",
	  .help = "What is done when it is not known whether a message arrived: repeat it or report it as unknown; "
		  "default = "
		  "repeat what is free, report what is priced" },
	{ .name = "retry",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct sgs_settings, phones.retry),
	  .many = true,
	  .help = "What a cause leads to: SOURCE CAUSE[-CAUSE] ACTION. Sources: rp, fcs, gsup, sgs; actions: later, "
		  "wait-alert, wait-memory, once, never" },
	{ .name = "absent-retry",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct sgs_settings, phones.alert),
	  .min = SECONDS(10),
	  .max = HOURS(168),
	  .fallback = "6h",
	  .help = "A phone that is not there is tried after this even if nobody said that it is back" },
	{ .name = "full-retry",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct sgs_settings, phones.memory),
	  .min = SECONDS(10),
	  .max = HOURS(168),
	  .fallback = "1h",
	  .help = "A full phone is tried after this even if it did not say that it has room" },
	{ .name = "anybody",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct sgs_settings, anybody),
	  .fallback = "no",
	  .help = "Whether phones without a `subscriber` are registered too; they can receive and send nothing" },
	{ .name = "mmes",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct sgs_settings, mmes),
	  .min = 1,
	  .max = 256,
	  .fallback = "64",
	  .help = "Associations of MMEs at once" },
	{ .name = "paging",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct sgs_settings, paging),
	  .min = SECONDS(1),
	  .max = SECONDS(3600),
	  .fallback = "10s",
	  .help = "Timer Ts5: a paging is given up after this" },
	{ .name = "alert-answer",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct sgs_settings, alert_answer),
	  .min = SECONDS(1),
	  .max = SECONDS(3600),
	  .fallback = "4s",
	  .help = "Timer Ts7: an alert request is repeated after this" },
	{ .name = "reset-answer",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct sgs_settings, reset_answer),
	  .min = SECONDS(1),
	  .max = SECONDS(3600),
	  .fallback = "4s",
	  .help = "Timer Ts11: a reset is repeated after this" },
	{ .name = "repeats",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct sgs_settings, repeats),
	  .min = 0,
	  .max = 10,
	  .fallback = "2",
	  .help = "How often: Ns7 and Ns11" },
};

static enum result sgs_check(const void *node, const char **why_out)
{
	const struct sgs_settings *s = node;

	if (!s->vlr_name.len || s->vlr_name.len > SGSAP_NAME_MAX)
		return malformed(why_out, "vlr-name has 1 to 63 characters");
	return phone_settings_check(&s->phones, why_out);
}

const struct node_kind sgs_kind = {
	.name = "sgs",
	.optional = true,
	.size = sizeof(struct sgs_settings),
	.knobs = sgs_knobs,
	.knobs_count = COUNT(sgs_knobs),
	.roles = FOR_SMS,
	.help = "The VLR's side of SGs, to which MMEs connect: their phones are the link sgs",
	.check = sgs_check,
};

/* --- modem -------------------------------------------------------------------------------------------------- */

static const char *const storage_words[] = { "any", "sim", "phone", "both", NULL }; /* enum modem_storage */

static const struct knob modem_knobs[] = {
	{ .name = "device",
	  .type = KNOB_LISTEN,
	  .offset = offsetof(struct modem_settings, device),
	  .line = true,
	  .required = true,
	  .help = "Its serial line, as tty:/dev/ttyUSB0; one that is not there is waited for" },
	{ .name = "speed",
	  .type = KNOB_UINT,
	  .offset = offsetof(struct modem_settings, speed),
	  .min = 9600,
	  .max = 921600,
	  .fallback = "115200",
	  .help = "Of the line, in bits per second" },
	{ .name = "pin",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct modem_settings, pin),
	  .secret = true,
	  .help = "PIN of the SIM, tried once at each start" },
	{ .name = "number",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct modem_settings, number),
	  .help = "The SIM's number: the recipient of what arrives; none = the modem's name" },
	{ .name = "centre",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct modem_settings, centre),
	  .help = "The service centre's number; none = the SIM's" },
	{ .name = "reports",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct modem_settings, reports),
	  .fallback = "yes",
	  .help = "Whether the network is asked for reports" },
	{ .name = "transliterate",
	  .type = KNOB_BOOL,
	  .offset = offsetof(struct modem_settings, transliterate),
	  .fallback = "no",
	  .help = "Whether typographic characters become plain ones to save parts; lossy" },
	{ .name = "doubt",
	  .type = KNOB_WORD,
	  .offset = offsetof(struct modem_settings, doubt),
	  .words = doubt_words,
	  .fallback = "default",
	  .help = "What is done when it is not known whether a message arrived: repeat it or report it as unknown; "
		  "default = "
		  "repeat what is free, report what is priced" },
	{ .name = "retry",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct modem_settings, retry),
	  .many = true,
	  .help = "What a cause leads to: cms CAUSE[-CAUSE] ACTION. Actions: later, once, never, stop-link" },
	{ .name = "command-answer",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct modem_settings, command),
	  .min = SECONDS(1),
	  .max = SECONDS(3600),
	  .fallback = "10s",
	  .help = "The modem answers a command within this; three silent ones restart the line" },
	{ .name = "send-answer",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct modem_settings, send),
	  .min = SECONDS(1),
	  .max = SECONDS(3600),
	  .fallback = "60s",
	  .help = "and a message within this, or the message is in doubt" },
	{ .name = "pause",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct modem_settings, pause),
	  .min = SECONDS(1),
	  .max = SECONDS(3600),
	  .fallback = "10s",
	  .help = "A line that broke is started again after this" },
	{ .name = "watch",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct modem_settings, watch),
	  .min = SECONDS(1),
	  .max = SECONDS(3600),
	  .fallback = "60s",
	  .help = "Between looks at signal, registration and storage" },
	{ .name = "storage",
	  .type = KNOB_WORD,
	  .offset = offsetof(struct modem_settings, storage),
	  .words = storage_words,
	  .fallback = "any",
	  .help = "Where what arrives is kept until it is committed: sim (SM), phone (ME), both (MT: read from both), "
		  "or "
		  "any: the phone's, else the SIM's" },
	{ .name = "resume",
	  .type = KNOB_DURATION,
	  .offset = offsetof(struct modem_settings, resume),
	  .max = HOURS(168),
	  .fallback = "10m",
	  .help = "A line that stopped (its SIM does not serve, or is barred) is started again after this; a refused "
		  "PIN is not tried again; 0 = only by `show modem NAME start`" },
};

static enum result modem_check(const void *node, const char **why_out)
{
	const struct modem_settings *s = node;

	if (s->pin.len && (s->pin.len < 4 || !is_number(s->pin, 8) || s->pin.at[0] == '+'))
		return malformed(why_out, "pin has 4 to 8 digits");
	if (s->centre.len && !is_number(s->centre, SMS_ADDRESS_DIGITS_MAX))
		return malformed(why_out, "centre is a number, as +491770610000");
	if (s->number.len > MESSAGE_ADDRESS_MAX || s->node.name.len > MODEM_NAME_MAX)
		return malformed(why_out, "number or name is too long");
	return check_rules(&s->retry, why_out);
}

const struct node_kind modem_kind = {
	.name = "modem",
	.named = true,
	.size = sizeof(struct modem_settings),
	.knobs = modem_knobs,
	.knobs_count = COUNT(modem_knobs),
	.roles = FOR_SMS,
	.help = "A modem on a serial line, with its SIM; routes name it as modem:NAME",
	.check = modem_check,
};

/* --- subscriber --------------------------------------------------------------------------------------------- */

static const struct knob subscriber_knobs[] = {
	{ .name = "imsi",
	  .type = KNOB_TEXT,
	  .offset = offsetof(struct subscriber_settings, imsi),
	  .required = true,
	  .help = "Of the SIM, 6 to 15 digits" },
};

static enum result subscriber_check(const void *node, const char **why_out)
{
	const struct subscriber_settings *s = node;

	if (!is_number(s->node.name, SMS_ADDRESS_DIGITS_MAX) || s->node.name.at[0] != '+')
		return malformed(why_out, "a subscriber is named by its number, as +491770900123");
	if (s->imsi.len < 6 || !is_number(s->imsi, 15) || s->imsi.at[0] == '+')
		return malformed(why_out, "imsi has 6 to 15 digits");
	return OK;
}

const struct node_kind subscriber_kind = {
	.name = "subscriber",
	.named = true,
	.size = sizeof(struct subscriber_settings),
	.knobs = subscriber_knobs,
	.knobs_count = COUNT(subscriber_knobs),
	.roles = FOR_SMS,
	.help = "The number of an IMSI, where no HLR tells it (sgs) or to know it from the start (gsup)",
	.check = subscriber_check,
};
