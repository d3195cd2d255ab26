/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Retry by cause: 3GPP TS 23.040 3.2.7, 9.2.3.15, 9.2.3.22, TS 24.011 8.2.5.4, TS 29.118 9.4.18, TS 27.005 3.2.5. */
#include "sms/retry_cause.h"

#include "sms/gsup.h"
#include "sms/rp.h"
#include "sms/sgsap.h"
#include "sms/tp_status.h"

#define SECONDS INT64_C(1000000)
#define MINUTES (60 * SECONDS)
#define HOURS (60 * MINUTES)

/* The first rule of a source is for every cause that no later one names. */
static const struct retry_rule defaults[] = {
	/* RP: the network's word, or the phone's where only it can know (22). */
	{ RETRY_RP, 0, 255, RETRY_LATER },
	{ RETRY_RP, RP_CAUSE_UNASSIGNED, RP_CAUSE_UNASSIGNED, RETRY_NEVER },
	{ RETRY_RP, RP_CAUSE_OPERATOR_BARRED, RP_CAUSE_REJECTED, RETRY_NEVER },
	{ RETRY_RP, RP_CAUSE_MEMORY_EXCEEDED, RP_CAUSE_MEMORY_EXCEEDED, RETRY_WAIT_MEMORY },
	{ RETRY_RP, RP_CAUSE_DESTINATION_OUT_OF_ORDER, RP_CAUSE_DESTINATION_OUT_OF_ORDER, RETRY_WAIT_ALERT },
	{ RETRY_RP, RP_CAUSE_UNIDENTIFIED_SUBSCRIBER, RP_CAUSE_UNKNOWN_SUBSCRIBER, RETRY_NEVER },
	{ RETRY_RP, RP_CAUSE_NOT_SUBSCRIBED, RP_CAUSE_NOT_IMPLEMENTED, RETRY_NEVER },
	{ RETRY_RP, RP_CAUSE_INVALID_REFERENCE, RP_CAUSE_PROTOCOL_ERROR, RETRY_ONCE },
	/* FCS: the phone's or SIM's word. */
	{ RETRY_FCS, 0, 255, RETRY_LATER },
	{ RETRY_FCS, TPDU_FCS_TELEMATIC_NOT_SUPPORTED, TPDU_FCS_TPDU_NOT_SUPPORTED, RETRY_NEVER },
	{ RETRY_FCS, TPDU_FCS_NO_SUBSCRIPTION, TPDU_FCS_NO_SUBSCRIPTION, RETRY_NEVER },
	{ RETRY_FCS, TPDU_FCS_INVALID_ADDRESS, TPDU_FCS_VP_NOT_SUPPORTED, RETRY_NEVER },
	{ RETRY_FCS, TPDU_FCS_SIM_FULL, TPDU_FCS_SIM_FULL, RETRY_WAIT_MEMORY },
	{ RETRY_FCS, TPDU_FCS_NO_SIM_STORAGE, TPDU_FCS_NO_SIM_STORAGE, RETRY_NEVER },
	{ RETRY_FCS, TPDU_FCS_MEMORY_FULL, TPDU_FCS_MEMORY_FULL, RETRY_WAIT_MEMORY },
	{ RETRY_FCS, TPDU_FCS_DOWNLOAD_ERROR, TPDU_FCS_DOWNLOAD_ERROR, RETRY_NEVER },
	/* TP-ST: another centre's word; where it gave up after a temporary cause another way may do. */
	{ RETRY_TP_STATUS, 0, 255, RETRY_NEVER },
	{ RETRY_TP_STATUS, 0x20, 0x3f, RETRY_KEEP_WAITING },
	{ RETRY_TP_STATUS, 0x60, 0x7f, RETRY_LATER },
	/* SGs: what the MME says to a paging. */
	{ RETRY_SGS, 0, 255, RETRY_LATER },
	{ RETRY_SGS, 0, SGSAP_CAUSE_UNREACHABLE, RETRY_WAIT_ALERT },
	{ RETRY_SGS, SGSAP_CAUSE_TEMPORARILY_UNREACHABLE, SGSAP_CAUSE_TEMPORARILY_UNREACHABLE, RETRY_WAIT_ALERT },
	/* GSUP: the MSC's word. An IMSI that it does not know registers with it, or with another, when it comes back.
	 */
	{ RETRY_GSUP, 0, 255, RETRY_LATER },
	{ RETRY_GSUP, GSUP_CAUSE_IMSI_UNKNOWN, GSUP_CAUSE_IMSI_UNKNOWN, RETRY_WAIT_ALERT },
	{ RETRY_GSUP, GSUP_CAUSE_DETACHED, GSUP_CAUSE_DETACHED, RETRY_WAIT_ALERT },
	{ RETRY_GSUP, GSUP_CAUSE_INVALID_ELEMENT, GSUP_CAUSE_PROTOCOL_ERROR, RETRY_ONCE },
	/* CMS: below 128 the network's RP cause (of a SUBMIT), to 255 its FCS, from 300 the modem's own. */
	{ RETRY_CMS, 0, 511, RETRY_LATER },
	{ RETRY_CMS, RP_CAUSE_UNASSIGNED, RP_CAUSE_UNASSIGNED, RETRY_NEVER },
	{ RETRY_CMS, RP_CAUSE_OPERATOR_BARRED, RP_CAUSE_OPERATOR_BARRED, RETRY_STOP_LINK },
	{ RETRY_CMS, RP_CAUSE_CALL_BARRED, RP_CAUSE_REJECTED, RETRY_NEVER },
	{ RETRY_CMS, RP_CAUSE_UNIDENTIFIED_SUBSCRIBER, RP_CAUSE_UNKNOWN_SUBSCRIBER, RETRY_STOP_LINK },
	{ RETRY_CMS, RP_CAUSE_NOT_SUBSCRIBED, RP_CAUSE_NOT_SUBSCRIBED, RETRY_STOP_LINK },
	{ RETRY_CMS, RP_CAUSE_NOT_IMPLEMENTED, RP_CAUSE_NOT_IMPLEMENTED, RETRY_NEVER },
	{ RETRY_CMS, RP_CAUSE_SEMANTICALLY_INCORRECT, RP_CAUSE_PROTOCOL_ERROR, RETRY_ONCE },
	{ RETRY_CMS, TPDU_FCS_TELEMATIC_NOT_SUPPORTED, TPDU_FCS_TPDU_NOT_SUPPORTED, RETRY_NEVER },
	{ RETRY_CMS, TPDU_FCS_NO_SUBSCRIPTION, TPDU_FCS_NO_SUBSCRIPTION, RETRY_STOP_LINK },
	{ RETRY_CMS, TPDU_FCS_INVALID_ADDRESS, TPDU_FCS_VP_NOT_SUPPORTED, RETRY_NEVER },
	{ RETRY_CMS, 302, 303, RETRY_ONCE },	  /* not allowed, not supported */
	{ RETRY_CMS, 304, 305, RETRY_NEVER },	  /* the modem cannot read the PDU */
	{ RETRY_CMS, 310, 318, RETRY_STOP_LINK }, /* SIM missing, locked, busy, wrong */
	{ RETRY_CMS, 330, 330, RETRY_STOP_LINK }, /* no address of a centre */
};

void retry_table_init(struct retry_table *table)
{
	static const int64_t delays_us[] = { MINUTES, 5 * MINUTES, 15 * MINUTES, HOURS, 3 * HOURS, 6 * HOURS };

	*table = (struct retry_table){ .alert_us = 6 * HOURS, .memory_us = HOURS };
	for (unsigned i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		table->rules[table->rules_count++] = defaults[i];
	for (unsigned i = 0; i < sizeof(delays_us) / sizeof(delays_us[0]); i++)
		table->delays_us[table->delays_count++] = delays_us[i];
}

enum result retry_table_add(struct retry_table *table, struct retry_rule rule)
{
	if (rule.source >= RETRY_SOURCES || rule.action >= RETRY_ACTIONS || rule.from > rule.to)
		return ERR_MALFORMED;
	if (table->rules_count == RETRY_RULES_MAX)
		return ERR_FULL;
	table->rules[table->rules_count++] = rule;
	return OK;
}

enum retry_action retry_action_of(const struct retry_table *table, enum retry_source source, uint16_t cause)
{
	for (unsigned i = table->rules_count; i > 0; i--) {
		const struct retry_rule *rule = &table->rules[i - 1];

		if (rule->source == source && cause >= rule->from && cause <= rule->to)
			return rule->action;
	}
	return RETRY_LATER;
}

static int64_t delay_of(const struct retry_table *table, unsigned tries)
{
	unsigned at = tries ? tries - 1 : 0;

	if (!table->delays_count)
		return 0;
	return table->delays_us[at < table->delays_count ? at : table->delays_count - 1];
}

static struct retry retry_of(const struct retry_table *table, enum retry_action action, unsigned tries)
{
	struct retry r = { .action = action, .counts = action == RETRY_LATER || action == RETRY_ONCE };

	if (action == RETRY_LATER)
		r.delay_us = delay_of(table, tries);
	else if (action == RETRY_WAIT_ALERT)
		r.delay_us = table->alert_us;
	else if (action == RETRY_WAIT_MEMORY)
		r.delay_us = table->memory_us;
	if ((action == RETRY_ONCE && tries > 1) || (r.counts && table->tries_max && tries >= table->tries_max))
		r.action = RETRY_NEVER;
	return r;
}

struct retry retry_after(const struct retry_table *table, enum retry_source source, uint16_t cause, unsigned tries)
{
	return retry_of(table, retry_action_of(table, source, cause), tries);
}

struct retry retry_after_rp(const struct retry_table *table, uint8_t rp_cause, bool has_fcs, uint8_t fcs,
			    unsigned tries)
{
	/* 24.011 8.2.5.4: the phone has these two causes for what its FCS tells; 0xFF tells nothing. */
	bool vague = rp_cause == RP_CAUSE_PROTOCOL_ERROR || rp_cause == RP_CAUSE_MEMORY_EXCEEDED;

	if (has_fcs && vague && fcs != TPDU_FCS_UNSPECIFIED)
		return retry_after(table, RETRY_FCS, fcs, tries);
	return retry_after(table, RETRY_RP, rp_cause, tries);
}

static const char *const source_names[RETRY_SOURCES] = {
	[RETRY_RP] = "rp",   [RETRY_FCS] = "fcs",   [RETRY_TP_STATUS] = "tp-status",
	[RETRY_SGS] = "sgs", [RETRY_GSUP] = "gsup", [RETRY_CMS] = "cms",
};
static const char *const action_names[RETRY_ACTIONS] = {
	[RETRY_LATER] = "later",	 [RETRY_WAIT_ALERT] = "wait-alert", [RETRY_WAIT_MEMORY] = "wait-memory",
	[RETRY_ONCE] = "once",		 [RETRY_NEVER] = "never",	    [RETRY_KEEP_WAITING] = "keep-waiting",
	[RETRY_STOP_LINK] = "stop-link",
};

const char *retry_source_name(enum retry_source source)
{
	return source < RETRY_SOURCES ? source_names[source] : NULL;
}

const char *retry_action_name(enum retry_action action)
{
	return action < RETRY_ACTIONS ? action_names[action] : NULL;
}

static bool find_name(struct text name, const char *const *names, unsigned count, unsigned *out)
{
	for (unsigned i = 0; i < count; i++) {
		if (text_is_nocase(name, names[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

bool retry_source_find(struct text name, enum retry_source *out)
{
	unsigned i = 0;
	bool found = find_name(name, source_names, RETRY_SOURCES, &i);

	*out = (enum retry_source)i;
	return found;
}

bool retry_action_find(struct text name, enum retry_action *out)
{
	unsigned i = 0;
	bool found = find_name(name, action_names, RETRY_ACTIONS, &i);

	*out = (enum retry_action)i;
	return found;
}

/* 27.005 3.2.5. */
static const char *cms_name(uint16_t cause)
{
	static const struct {
		uint16_t cause;
		const char *name;
	} own[] = {
		{ 300, "modem failure" },
		{ 301, "message service of the modem reserved" },
		{ 302, "operation not allowed" },
		{ 303, "operation not supported" },
		{ 304, "invalid PDU" },
		{ 305, "invalid text mode parameter" },
		{ 310, "SIM not inserted" },
		{ 311, "SIM PIN required" },
		{ 312, "phone-to-SIM PIN required" },
		{ 313, "SIM failure" },
		{ 314, "SIM busy" },
		{ 315, "SIM wrong" },
		{ 316, "SIM PUK required" },
		{ 317, "SIM PIN2 required" },
		{ 318, "SIM PUK2 required" },
		{ 320, "memory failure" },
		{ 321, "invalid memory index" },
		{ 322, "memory full" },
		{ 330, "address of the service centre unknown" },
		{ 331, "no network service" },
		{ 332, "network timeout" },
		{ 340, "no acknowledgement expected" },
		{ 500, "unknown error" },
	};

	if (cause < 128)
		return rp_cause_name((uint8_t)cause);
	if (cause < 256)
		return tpdu_fcs_name((uint8_t)cause);
	for (unsigned i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (own[i].cause == cause)
			return own[i].name;
	}
	return "error of the modem";
}

const char *retry_cause_name(enum retry_source source, uint16_t cause)
{
	switch (source) {
	case RETRY_RP:
		return rp_cause_name((uint8_t)cause);
	case RETRY_FCS:
		return tpdu_fcs_name((uint8_t)cause);
	case RETRY_TP_STATUS:
		return tp_status_of((uint8_t)cause).name;
	case RETRY_SGS:
		return cause ? sgsap_cause_name((uint8_t)cause) : "no answer to paging";
	case RETRY_GSUP:
		return gsup_cause_name((uint8_t)cause);
	default:
		return cms_name(cause);
	}
}
