/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A modem as a link of the gateway: the engine of modem.h on its line, deliveries out as SUBMITs, part by part, what
 * arrives as messages, parts and reports for the queue. What arrived is acknowledged to the network only after the
 * queue's commit. The line (a tty, opened elsewhere) is given by modem_link_open(). All on the loop's thread.
 */
#ifndef SMS_MODEM_LINK_H
#define SMS_MODEM_LINK_H

#include "core/base/loop.h"
#include "core/channel.h"
#include "sms/link_doubt.h"
#include "sms/modem.h"
#include "sms/retry_cause.h"
#include "sms/split.h"

#define MODEM_NAME_MAX 60u
#define MODEM_LINK_WINDOW 4u	/* deliveries it holds: one is being sent, the next are at hand */
#define MODEM_LINK_TRIES_MAX 3u /* of a part behind the first, before the message is given up */

struct modem_link_settings {
	const char *name;   /* of the configuration; the link is "modem:NAME" */
	const char *number; /* of its SIM: the recipient of what arrives; empty = the name */
	struct modem_config modem;
	struct split_options languages;
	bool reports;	   /* ask the network for reports */
	int64_t resume_us; /* a line that was stopped is started again after this; 0 = only by hand */
	enum link_doubt doubt;
	struct retry_table retry; /* no rules: the defaults */
};

struct modem_link;
struct link_row;

/* Settings are copied. */
struct modem_link *modem_link_new(const struct modem_link_settings *settings, struct loop *loop,
				  struct channel *channel);
/* Takes over the descriptor, non-blocking; an older one is closed. */
void modem_link_open(struct modem_link *link, int fd);
bool modem_link_is_open(const struct modem_link *link); /* false: the line ended, or was never given */
/* Takes nothing any more: what was not sent goes back, what is under way goes on until modem_link_idle(). */
void modem_link_stop(struct modem_link *link);
bool modem_link_idle(const struct modem_link *link);
/* Closes the line. What was not sent goes back; what left without an answer is in doubt. */
void modem_link_free(struct modem_link **link);

/* By hand: a stopped line starts again, with its PIN; false: it is not stopped, or not open. */
bool modem_link_restart(struct modem_link *link);

struct text modem_link_name(const struct modem_link *link);
void modem_link_deliver(struct modem_link *link, const struct ipc_deliver *delivery);
/* For the handler of the channel. False: not a call of this link. */
bool modem_link_accepted(struct modem_link *link, uint32_t call, const struct ipc_accepted *accepted);
bool modem_link_reported(struct modem_link *link, uint32_t call, bool done);
void modem_link_row(const struct modem_link *link, struct link_row *out); /* valid until the link changes */
/* One line for people. */
void modem_link_show(const struct modem_link *link, void (*say)(void *owner, const char *line), void *owner);

#endif
