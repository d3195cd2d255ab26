/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The nodes of the links to phones and modems: `gsup` (OsmoMSC connects to us), `sgs` (MMEs do), `modem NAME`, and
 * `subscriber NUMBER`, who is behind an IMSI. Routes name the links as gsup, sgs, modem:NAME.
 */
#ifndef SMS_LINK_VTY_H
#define SMS_LINK_VTY_H

#include "core/config.h"
#include "sms/gsup_server.h"
#include "sms/modem_link.h"
#include "sms/phone_link.h"
#include "sms/sgs_fsm.h"

/* What links to phones have in common. */
struct phone_settings {
	struct text centre; /* our number, as phones have it: "+491770610000" */
	struct text zone;   /* "+09:00": of the time stamps that phones show */
	int64_t window, phones;
	bool trusted, transliterate;
	int64_t doubt;		  /* enum link_doubt */
	struct config_list retry; /* rules by cause */
	int64_t alert, memory;	  /* the slow rhythm of those who wait */
};

enum gsup_no_answer { GSUP_SILENCE_DOUBT, GSUP_SILENCE_ABSENT };
struct gsup_settings {
	struct config_node node;
	struct phone_settings phones;
	struct text listen, name, hlr;
	int64_t mscs;
	int64_t no_answer; /* enum gsup_no_answer */
	int64_t ping, pong, answer, phone_answer;
};
extern const struct node_kind gsup_kind;

struct sgs_settings {
	struct config_node node;
	struct phone_settings phones;
	struct text listen, vlr_name;
	bool anybody;
	int64_t mmes;
	int64_t paging, alert_answer, reset_answer, repeats;
};
extern const struct node_kind sgs_kind;

struct modem_settings {
	struct config_node node;
	struct text device; /* tty:/dev/ttyUSB0 */
	int64_t speed;
	struct text pin, number, centre;
	bool reports, transliterate;
	int64_t doubt; /* enum link_doubt */
	struct config_list retry;
	int64_t command, send, pause, watch;
	int64_t storage; /* enum modem_storage */
	int64_t resume;
};
extern const struct node_kind modem_kind;

/* carrier NAME: phones behind another role (the cell, IMS). */
struct carrier_settings {
	struct config_node node;
	struct phone_settings phones;
};
extern const struct node_kind carrier_kind;

struct subscriber_settings {
	struct config_node node; /* the name is the number: +491770900123 */
	struct text imsi;
};
extern const struct node_kind subscriber_kind;

/* What the checks let through becomes what the links want; texts are the node's. */
void phone_settings_fill(const struct phone_settings *s, const char *link, struct phone_link_settings *out);
struct gsup_timers gsup_settings_timers(const struct gsup_settings *s);
struct sgs_timers sgs_settings_timers(const struct sgs_settings *s);
void modem_settings_fill(const struct modem_settings *s, struct modem_link_settings *out);

/* Centre, time zone and rules of any link to phones. */
MUST_CHECK enum result phone_settings_check(const struct phone_settings *s, const char **why_out);
/* "+09:00", "-03:30" in quarters of an hour. */
bool link_zone(struct text t, int *quarters_out);
/* "rp 38 wait-alert", "gsup 2-10 later"; ERR_MALFORMED, ERR_FULL. */
MUST_CHECK enum result link_retry_rule(struct text line, struct retry_table *table, const char **why_out);

/* Whether two nodes of a kind say the same, their names and lines aside. */
bool link_node_equal(const struct node_kind *kind, const void *a, const void *b);

#endif
