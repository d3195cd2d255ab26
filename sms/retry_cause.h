/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What to do after a try that failed, by who said so and with which cause: a table that a configuration can change row
 * by row. Plain values and pure functions.
 *
 * A phone that is not there is not tried in a rhythm but when the network says that it is back (SGs activity,
 * READY-FOR-SM, RP-SMMA, a new registration); because such words get lost there is a slow rhythm besides.
 */
#ifndef SMS_RETRY_CAUSE_H
#define SMS_RETRY_CAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"

enum retry_source {
	RETRY_RP,	 /* RP-ERROR: enum rp_cause */
	RETRY_FCS,	 /* TP-FCS of a report in it: enum tpdu_fcs */
	RETRY_TP_STATUS, /* TP-ST of a STATUS-REPORT */
	RETRY_SGS,	 /* SGs cause of a paging: enum sgsap_cause; 0 = nobody answered */
	RETRY_GSUP,	 /* cause of the network in a GSUP error: enum gsup_cause */
	RETRY_CMS,	 /* +CMS ERROR of a modem */
	RETRY_SOURCES
};

enum retry_action {
	RETRY_LATER,	   /* in a rhythm that slows down */
	RETRY_WAIT_ALERT,  /* not there: when it is back */
	RETRY_WAIT_MEMORY, /* no room in the phone: when it says that there is; not counted as a try */
	RETRY_ONCE,	   /* once more at once, then never */
	RETRY_NEVER,
	RETRY_KEEP_WAITING, /* not an end: another report will come */
	RETRY_STOP_LINK,    /* the link is at fault, not the message: back unharmed, stop the link, tell an operator */
	RETRY_ACTIONS
};

struct retry_rule {
	enum retry_source source;
	uint16_t from, to; /* causes, both included */
	enum retry_action action;
};

#define RETRY_RULES_MAX 256u
#define RETRY_DELAYS_MAX 16u

/* Copied freely. Rules are looked at from the last to the first, so that what is added later counts. */
struct retry_table {
	struct retry_rule rules[RETRY_RULES_MAX];
	unsigned rules_count;
	int64_t delays_us[RETRY_DELAYS_MAX]; /* RETRY_LATER: before the second try, the third, ... */
	unsigned delays_count;		     /* after the last one the last delay again */
	int64_t alert_us, memory_us;	     /* the slow rhythm of those who wait */
	unsigned tries_max;		     /* 0 = until the message expires */
};

void retry_table_init(struct retry_table *table); /* the defaults; see retry_cause.c for the reasons */
/* ERR_FULL; ERR_MALFORMED for what cannot be. */
MUST_CHECK enum result retry_table_add(struct retry_table *table, struct retry_rule rule);

enum retry_action retry_action_of(const struct retry_table *table, enum retry_source source, uint16_t cause);

struct retry {
	enum retry_action action; /* RETRY_LATER .. RETRY_ONCE, RETRY_NEVER when tries_max is reached */
	int64_t delay_us;	  /* until the next try; of those who wait: at the latest */
	bool counts;		  /* as a try */
};
/* After the try of that number, from 1. */
struct retry retry_after(const struct retry_table *table, enum retry_source source, uint16_t cause, unsigned tries);

/* For an RP-ERROR with or without a report: the FCS knows better where RP only says that something was wrong. */
struct retry retry_after_rp(const struct retry_table *table, uint8_t rp_cause, bool has_fcs, uint8_t fcs,
			    unsigned tries);

/* "rp", "wait-alert"; the names of the configuration. NULL for none. */
const char *retry_source_name(enum retry_source source);
const char *retry_action_name(enum retry_action action);
bool retry_source_find(struct text name, enum retry_source *out);
bool retry_action_find(struct text name, enum retry_action *out);
/* The cause in words: "memory capacity exceeded"; never NULL. */
const char *retry_cause_name(enum retry_source source, uint16_t cause);

#endif
