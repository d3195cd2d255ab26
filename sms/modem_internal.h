/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What modem.c (commands and states) and modem_line.c (lines of the modem) share. */
#ifndef SMS_MODEM_INTERNAL_H
#define SMS_MODEM_INTERNAL_H

#include "core/base/counter.h"
#include "core/base/writer.h"
#include "sms/modem.h"

#define MODEM_PDU_MAX 192u /* octets: a service centre's address of 12, a TPDU of 175 */
#define MODEM_CMS_UNKNOWN 500u

/* Commands, and what the modem's own lines mean while one is under way. */
enum modem_command {
	MODEM_CMD_NONE,
	MODEM_CMD_START,   /* a step of the start: modem->step */
	MODEM_CMD_PIN,	   /* AT+CPIN="..." */
	MODEM_CMD_SUBMIT,  /* AT+CMGS=n, waits for the prompt */
	MODEM_CMD_PDU,	   /* behind the prompt */
	MODEM_CMD_ACK,	   /* AT+CNMA */
	MODEM_CMD_LIST,	   /* AT+CMGL=4 */
	MODEM_CMD_READ,	   /* AT+CMGR */
	MODEM_CMD_DELETE,  /* AT+CMGD */
	MODEM_CMD_SIGNAL,  /* AT+CSQ */
	MODEM_CMD_NETWORK, /* AT+CREG? */
};

/* What the next line is: a header line said so. */
enum modem_expect { MODEM_EXPECT_NOTHING, MODEM_EXPECT_PUSHED, MODEM_EXPECT_STORED, MODEM_EXPECT_LISTED };

/* What waits for modem_committed(), in the order of messages. The modem pushes one and waits; reports it may push. */
enum modem_commit { MODEM_COMMIT_PUSHED, MODEM_COMMIT_STORED };

struct modem {
	const struct modem_user *user;
	void *owner;
	enum modem_storage storage;
	char pin[16], centre[32];
	struct modem_timers timers;
	enum modem_state state;
	const char *why;
	int64_t now_us, due_us, watch_us; /* 0 = not running */

	enum modem_command command;
	unsigned step, silences;
	bool pin_tried, pin_wanted, other_tried, acknowledges, registered, reference_came;

	enum modem_expect expect;
	unsigned announced; /* octets of the TPDU in the next line */
	enum modem_commit commits[MODEM_COMMITS_MAX];
	unsigned commits_count, commits_stale; /* stale: from before the last start, still to be answered */
	bool reading;			       /* a place of the store is read, or waits for its commit */
	bool ack_due, ack_kept, list_due, signal_due, network_due;
	unsigned place; /* read now, or waiting for its commit */
	bool delete_due;
	unsigned waiting[MODEM_WAITING_MAX]; /* places to be read */
	unsigned waiting_count;

	bool submit_due, submitting;
	size_t tpdu_len;
	uint8_t tpdu[MODEM_PDU_MAX];
	uint8_t reference;
	int signal;

	char line[MODEM_LINE_MAX + 1];
	size_t line_len;
	bool line_too_long;
	struct counter *bad, *received, *sent, *failed, *silent;
};

/* modem_line.c: one line without its end; a prompt is the line ">". */
void modem_line(struct modem *m, struct text line);

/* modem.c: what lines lead to. */
void modem_final(struct modem *m, bool ok, unsigned cms); /* cms 0 = none given */
void modem_prompt(struct modem *m);
void modem_broken(struct modem *m, const char *why);
void modem_stop(struct modem *m, const char *why);
void modem_network(struct modem *m, unsigned stat);

/* Commands out; each waits for its result. */
void modem_say(struct modem *m, enum modem_command command, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void modem_next_command(struct modem *m);
void modem_set_state(struct modem *m, enum modem_state state, const char *why);
void modem_give_up(struct modem *m); /* whatever was under way is over */

/* modem_start.c */
void modem_begin_start(struct modem *m);
void modem_say_step(struct modem *m, bool other);
void modem_step_done(struct modem *m, bool ok, unsigned cms);
bool modem_is_sim_error(unsigned cms);
void modem_stop_for_sim(struct modem *m, unsigned cms);

/* modem_inbox.c */
void modem_want_place(struct modem *m, unsigned place);
void modem_pdu(struct modem *m, struct text hex);
bool modem_has_stored_commit(const struct modem *m);

#endif
