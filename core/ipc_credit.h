/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records between the queue and the role that speaks to the charging system. The queue decides and remembers; that
 * role holds no fact that it could lose: each question carries the session's name, the request's end-to-end number, and
 * whether an earlier process may have sent it.
 *
 *	queue -> diameter:  IPC_CREDIT
 *	diameter -> queue:  IPC_CREDIT_DONE, IPC_CREDIT_LINK
 */
#ifndef CORE_IPC_CREDIT_H
#define CORE_IPC_CREDIT_H

#include "core/ipc_messages.h"

#define CREDIT_SESSION_MAX 255u
#define CREDIT_TEXT_MAX 255u /* an address of MESSAGE_ADDRESS_MAX fits */

enum credit_step {
	CREDIT_RESERVE, /* one session per delivery and attempt */
	CREDIT_SETTLE,	/* with `used` units; 0 gives back */
	CREDIT_STEP_COUNT
};

struct ipc_credit {
	struct message_id delivery;
	enum credit_step step;
	bool again; /* it may have left before */
	uint32_t end_to_end;
	struct text session; /* Session-Id */
	struct text subscriber, sender, recipient;
	uint64_t units; /* to reserve, or used */
	int64_t at_us;	/* when the message was accepted */
};

enum credit_verdict {
	CREDIT_GRANTED,
	CREDIT_TOO_LITTLE, /* open at the other side: to be settled with 0 */
	CREDIT_FREE,	   /* no charging applies */
	CREDIT_DENIED,
	CREDIT_LATER,	  /* nothing is reserved, and the payer is not the reason */
	CREDIT_DOUBT,	  /* it left and has no answer; it is repeated, and another verdict follows */
	CREDIT_UNREACHED, /* no octet of it ever left */
	CREDIT_SETTLED,
	CREDIT_DIFFERENCE, /* settled, but the other side refused: for reconciliation */
	CREDIT_VERDICT_COUNT
};

struct ipc_credit_done {
	struct message_id delivery;
	enum credit_verdict verdict;
	struct text session; /* which one: a late word about an older one changes nothing */
	uint32_t result;     /* Result-Code, 0 = none */
	uint32_t valid_s;    /* how long the grant stands, 0 = no end */
	struct text why;     /* for people */
};

/* Whether requests can leave. Said at the start of a connection and with each change. */
struct ipc_credit_link {
	bool up;
	struct text detail;
};

void ipc_put_credit(struct writer *w, const struct ipc_credit *c);
bool ipc_get_credit(struct reader *r, struct ipc_credit *out);
void ipc_put_credit_done(struct writer *w, const struct ipc_credit_done *d);
bool ipc_get_credit_done(struct reader *r, struct ipc_credit_done *out);
void ipc_put_credit_link(struct writer *w, const struct ipc_credit_link *l);
bool ipc_get_credit_link(struct reader *r, struct ipc_credit_link *out);

#endif
