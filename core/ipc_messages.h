/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every record that crosses between the roles, declared once. Encoders put a whole record's body into the writer that
 * ipc_begin() gave; decoders read the whole body, leave views into it, and are false for anything but an exact body.
 *
 *	edge -> queue:  HOLDING LINK ACCEPT PART SENDING RESULT REPORT OUTBOX_END ASK WATCH PRESENCE DUE
 *			FILE_NEW FILE_DONE FILE_GET
 *	queue -> edge:  ACCEPTED RESULT_DONE REPORT_DONE DELIVER OUTBOX ANSWER EVENT FILE_ANSWER
 *	edge <-> queue: CARRIER LINK_PDU FACT FACTS (ipc_relay.h)
 *	queue <-> lookup:  LOOKUP FOUND (ipc_lookup.h)
 *	control <-> role: CONFIG_HAVE CONFIG_CHECK CONFIG_CHECKED CONFIG_SWITCH CONFIG_SWITCHED SHOW SHOW_LINES CAPTURE
 *	parent <-> role:  READY STOP PEER PEER_LOST PING PONG LISTEN UNLISTEN SETTLED COUNTERS
 *	parent <-> control: RELOAD CONFIG_RUNNING OPEN PREPARE BIND CONFIG_WRITE DONE CONFIG_ACTIVE CONFIG_REFUSED
 *			    CAPTURE_FILE
 */
#ifndef CORE_IPC_MESSAGES_H
#define CORE_IPC_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/message.h"
#include "core/message_id.h"
#include "core/store.h"

enum ipc_type {
	IPC_ACCEPT = 1,	 /* call: struct ipc_accept */
	IPC_ACCEPTED,	 /* call: struct ipc_accepted */
	IPC_PART,	 /* call: struct ipc_part; answered by IPC_ACCEPTED once it is stored */
	IPC_DELIVER,	 /* struct ipc_deliver */
	IPC_RESULT,	 /* struct ipc_result; kept and offered again until IPC_RESULT_DONE */
	IPC_RESULT_DONE, /* call of the result */
	IPC_REPORT,	 /* call: struct ipc_report */
	IPC_REPORT_DONE, /* call of the report */
	IPC_LINK,	 /* struct ipc_link */
	IPC_OUTBOX,	 /* struct ipc_outbox */
	IPC_OUTBOX_END,	 /* struct ipc_outbox_end */
	IPC_ASK,	 /* call: struct ipc_ask */
	IPC_ANSWER,	 /* call: struct ipc_answer */
	IPC_EVENT,	 /* struct ipc_event: for server-sent events */
	IPC_HOLDING,	 /* struct ipc_holding: an edge's first record on each connection to the queue */
	IPC_WATCH,	 /* body: u8, 1 = the edge wants IPC_EVENT records from now on */
	IPC_PRESENCE,	 /* struct ipc_presence */
	IPC_DUE,	 /* struct ipc_due */
	IPC_SENDING,	 /* body: ids of 16 octets: the first byte of these deliveries leaves after this record did */
	IPC_CARRIER,	 /* struct ipc_carrier; this and the next three are in ipc_relay.h */
	IPC_LINK_PDU,	 /* struct ipc_link_pdu, passed on unread */
	IPC_FACT,	 /* call: struct ipc_fact */
	IPC_FACTS,	 /* call of a list: struct ipc_facts */
	IPC_FILE_NEW,	 /* call: struct ipc_file_new: memory for a file of that size is wanted */
	IPC_FILE_DONE,	 /* call: struct ipc_file_done: it holds the file now */
	IPC_FILE_GET,	 /* call: struct ipc_file_get: a file of a delivery that the edge has */
	IPC_FILE_ANSWER, /* the call of one of those: struct ipc_file_answer; OK to NEW and GET: with a descriptor */
	IPC_LOOKUP,	 /* call: struct ipc_lookup of ipc_lookup.h; answered by the next */
	IPC_FOUND,	 /* the call: struct ipc_found */
	IPC_CREDIT,	 /* struct ipc_credit; this and the next two are in ipc_credit.h */
	IPC_CREDIT_DONE, /* struct ipc_credit_done */
	IPC_CREDIT_LINK, /* struct ipc_credit_link */

	/* The call of all CONFIG records is the number of the set, never 0. */
	IPC_CONFIG_CHECK = 100, /* control -> role, with a descriptor of a memory file: what config_encode made */
	IPC_CONFIG_CHECKED,	/* role -> control, body: empty = yes, or a text why not */
	IPC_CONFIG_SWITCH,	/* control -> role */
	IPC_SHOW,		/* call, body: the words of the command */
	IPC_SHOW_LINES,		/* call, body: last u8, text */
	IPC_CONFIG_HAVE,	/* role -> control, first of all: the set that it uses, 0 = none yet */
	IPC_CONFIG_SWITCHED,	/* role -> control */

	IPC_READY = 200, /* role -> parent: serving; body: a text for people, what is listening */
	IPC_STOP,	 /* parent -> role: finish what is in hand and end */
	IPC_PEER,	 /* parent -> role with a descriptor: text role name of the other end, u32 number of the pair */
	IPC_RELOAD,	 /* parent -> control with a descriptor, the configuration file: text path */
	IPC_LISTEN,	 /* parent -> role with a descriptor, a listening socket: text purpose, text address */
	IPC_SETTLED,	 /* parent -> role: every peer and descriptor known by now was passed */
	IPC_PING,	 /* parent -> role: call */
	IPC_PONG,	 /* role -> parent: the same call */

	IPC_COUNTERS = 210, /* parent -> control, api with a descriptor, a counter page: text role name */
	IPC_PEER_LOST,	    /* role -> parent: text role name, u32 number of the pair */
	IPC_UNLISTEN,	    /* parent -> role: text purpose, text address */
	IPC_CONFIG_RUNNING, /* parent -> control with a descriptor: the set in use, after control was restarted */
	IPC_OPEN,	    /* control -> parent: call, text path of a small file */
	IPC_PREPARE,	    /* control -> parent: call, text user, text directory, u8 enum log_format */
	IPC_BIND,	    /* control -> parent: call, text purpose, text address */
	IPC_CONFIG_WRITE,   /* control -> parent with a descriptor: call; the file gets this content */
	IPC_DONE,	    /* parent -> control: the call of OPEN to CONFIG_WRITE or CAPTURE_FILE, text why not; with a
			       descriptor */
	IPC_CONFIG_ACTIVE,  /* control -> parent with a descriptor: all roles use this set */
	IPC_CONFIG_REFUSED, /* control -> parent: what was read is not used; why was said already */
	IPC_CAPTURE_FILE,   /* control -> parent: call, text directory, text name of a new file; answered by DONE */
	IPC_CAPTURE,	    /* control -> sms with a descriptor: call, text link, text name, u64 octets, u64 time in
			     * microseconds; answered by SHOW_LINES */
};

/* An edge offers a message. */
struct ipc_accept {
	struct message_id id; /* chosen by the edge: offered again after the queue came back, it is the same message.
			       * All zero = the queue chooses. */
	struct text header;   /* message_encode() */
	struct text body;
	struct text key;	/* idempotency key within the account, or empty */
	struct text recipients; /* u16 count, then texts: read with ipc_accept_recipient() */
};

struct ipc_accepted {
	enum result result;
	struct message_id id;
	uint16_t recipient; /* the first one refused, 0 = none or all */
	bool repeat;	    /* the same key and body were accepted before: this is that message */
	struct text why;    /* rule and reason, for people */
	struct text answer; /* JSON of the decision per recipient, for the API */
};

/* A part of a long message from a network, kept until all are in where its link takes whole messages only. `body` is
 * concat_part_encode() of sms/concat_part.h. */
struct ipc_part {
	struct message_id id; /* as in ipc_accept, where the part goes on as a message of its own */
	struct text header, body, recipient;
	struct text peer; /* who sent it: link or account */
	uint16_t reference;
	uint8_t width; /* of the reference: 8 or 16 */
	uint8_t total, number;
};

struct ipc_deliver {
	struct message_id id;
	int64_t epoch, attempt, not_after_us; /* monotonic end of the lease: nothing is sent after it */
	bool doubt;			      /* the same attempt once more */
	struct text link, recipient, header, body;
	int64_t accepted_us, expires_us;
	struct text permit; /* permit_put() of core/permit_mint.h; empty = none was given */
	struct text bearer; /* "sms", "rcs" */
	struct text price;  /* "3.30 JPY", for people; empty = nothing is charged */
};

enum ipc_outcome {
	IPC_SENT,      /* taken; wire ids follow; `await` when a report will come */
	IPC_REFUSED,   /* for good */
	IPC_RETRY,     /* refused for now, nothing was sent */
	IPC_DOUBT,     /* bytes left, no answer came */
	IPC_DELIVERED, /* taken and known to have arrived */
	IPC_UNKNOWN,   /* a repeat out of doubt that will not be made: the peer's `doubt` setting is `report` */
	IPC_OUTCOME_COUNT
};

struct ipc_result {
	struct message_id id;
	int64_t epoch;
	enum ipc_outcome outcome;
	bool await;
	uint32_t retry_ms; /* not before; 0 = the route's back-off */
	struct text link;
	struct text detail; /* "ESME_RINVDSTADR", for the timeline */
	uint16_t segments;
	struct text wires; /* texts, one per segment */
};

struct ipc_report {
	struct text peer;
	struct text forms; /* texts: the id in the forms in which it may have been given */
	enum store_outcome outcome;
	struct text detail;
	bool has_delivery;
	struct message_id delivery;
	bool sure; /* the first form is the id; others are tried only as struct store_report says */
	struct text source, destination; /* addresses of the report, either may be empty */
};

/*
 * Who this edge is, and which deliveries it has in hand: those it got and has not given a result for, and those whose
 * result was not acknowledged yet. The queue takes back at once what it had leased to the same incarnation and finds
 * missing here (it was never sent); what was leased to an earlier incarnation is in doubt.
 */
#define IPC_HOLDING_IDS 4096u
struct ipc_holding {
	struct text incarnation; /* made anew at each start of the role: "sms-7f3a9c01" */
	struct text ids;	 /* 16 octets each */
	struct text sending;	 /* those of them whose first byte may have left */
	bool more;		 /* another record of these follows: at most IPC_HOLDING_IDS in one */
	bool says_sending;	 /* it says IPC_SENDING before each delivery's first byte */
};

/* Who can be reached by RCS and MMS over a link of this edge: all of them at first, then those that changed. */
struct ipc_presence {
	struct text link;
	bool offline_text;   /* messages to known contacts that are away wait for them: offline reception allowed */
	struct text numbers; /* written with ipc_put_presence_of() */
	bool offline_file;   /* the same for files */
	bool mms_unlisted;   /* numbers of its routes that it does not name take MMS */
	uint64_t rcs_file_max, mms_max; /* octets of text and files together that RCS and MMS carry */
};

struct ipc_presence_of {
	struct text number;
	bool known, registered, roaming; /* known: has RCS; registered: is there now */
	bool mms;
};

/* Files on their way to the store. The bytes go through memory that the queue made (core/files.h). */
struct ipc_file_new {
	uint64_t size;
};
struct ipc_file_done {
	uint32_t room;	     /* the call of its IPC_FILE_NEW */
	struct text account; /* whose file it becomes: its messages may name it */
	uint8_t hash[32];    /* SHA-256 of the bytes */
};
struct ipc_file_get {
	struct message_id delivery;
	uint8_t number; /* of the file, from 0 */
};
struct ipc_file_answer {
	enum result result;
	struct text why;
};

/* This recipient is in reach of this link (again): what was put off is due now. */
struct ipc_due {
	struct text link, recipient;
};

/* A link that takes deliveries: state and how many it will hold at once. */
struct ipc_link {
	struct text name;
	bool up;
	uint32_t window;
	struct text detail; /* why down */
};

struct ipc_outbox {
	uint8_t id[16];
	struct text target, kind, body;
};

struct ipc_outbox_end {
	uint8_t id[16];
	bool done;
	uint32_t retry_ms; /* not done: again after this */
	struct text detail;
};

/* A question to the queue. */
enum ipc_question {
	ASK_MESSAGE,
	ASK_CANCEL,
	ASK_QUOTE,
	/* About money; arguments travel in `accept`. */
	ASK_BALANCE, /* header: the account's name */
	ASK_TOP_UP,  /* header: the account's name, body: amount, key: idempotency key */
	ASK_CDR,     /* body: empty = the records not taken yet, or the number up to which they were taken */
	ASK_CONSENT, /* id of a delivery on hold, body: "yes" or "no" */
	/* About opt-outs; in `accept`: header: whose list, key: the recipient's number, body: the sender or empty. */
	ASK_OPTOUTS, /* key: empty, or where the page before said that the next one begins */
	ASK_OPTOUT_PUT,
	ASK_OPTOUT_DROP,
	ASK_REFUND, /* id of a delivery, header: reason, body: amount or empty = all of it, key: idempotency key */
	ASK_COUNT
};
struct ipc_ask {
	enum ipc_question question;
	struct text account; /* must own it; empty = any (operator) */
	struct message_id id;
	struct ipc_accept accept; /* quote */
};

struct ipc_answer {
	enum result result;
	struct text body; /* JSON */
};

struct ipc_event {
	struct text account, kind, body;
};

void ipc_put_accept(struct writer *w, const struct ipc_accept *a);
bool ipc_get_accept(struct reader *r, struct ipc_accept *out);
/* Recipients are built with a writer of their own, and read in order. */
void ipc_put_recipient(struct writer *w, struct text recipient);
bool ipc_take_recipient(struct reader *r, struct text *out);
void ipc_put_accepted(struct writer *w, const struct ipc_accepted *a);
bool ipc_get_accepted(struct reader *r, struct ipc_accepted *out);
void ipc_put_part(struct writer *w, const struct ipc_part *p);
bool ipc_get_part(struct reader *r, struct ipc_part *out);
void ipc_put_deliver(struct writer *w, const struct ipc_deliver *d);
bool ipc_get_deliver(struct reader *r, struct ipc_deliver *out);
void ipc_put_result(struct writer *w, const struct ipc_result *a);
bool ipc_get_result(struct reader *r, struct ipc_result *out);
void ipc_put_report(struct writer *w, const struct ipc_report *a);
bool ipc_get_report(struct reader *r, struct ipc_report *out);
void ipc_put_holding(struct writer *w, const struct ipc_holding *h);
bool ipc_get_holding(struct reader *r, struct ipc_holding *out);
void ipc_put_presence(struct writer *w, const struct ipc_presence *p);
bool ipc_get_presence(struct reader *r, struct ipc_presence *out);
void ipc_put_presence_of(struct writer *w, const struct ipc_presence_of *p);
bool ipc_take_presence(struct reader *r, struct ipc_presence_of *out);
void ipc_put_due(struct writer *w, const struct ipc_due *d);
bool ipc_get_due(struct reader *r, struct ipc_due *out);
void ipc_put_link(struct writer *w, const struct ipc_link *l);
bool ipc_get_link(struct reader *r, struct ipc_link *out);
void ipc_put_outbox(struct writer *w, const struct ipc_outbox *o);
bool ipc_get_outbox(struct reader *r, struct ipc_outbox *out);
void ipc_put_outbox_end(struct writer *w, const struct ipc_outbox_end *o);
bool ipc_get_outbox_end(struct reader *r, struct ipc_outbox_end *out);
void ipc_put_ask(struct writer *w, const struct ipc_ask *a);
bool ipc_get_ask(struct reader *r, struct ipc_ask *out);
void ipc_put_answer(struct writer *w, const struct ipc_answer *a);
bool ipc_get_answer(struct reader *r, struct ipc_answer *out);
void ipc_put_event(struct writer *w, const struct ipc_event *e);
bool ipc_get_event(struct reader *r, struct ipc_event *out);
void ipc_put_file_new(struct writer *w, const struct ipc_file_new *f);
bool ipc_get_file_new(struct reader *r, struct ipc_file_new *out);
void ipc_put_file_done(struct writer *w, const struct ipc_file_done *f);
bool ipc_get_file_done(struct reader *r, struct ipc_file_done *out);
void ipc_put_file_get(struct writer *w, const struct ipc_file_get *f);
bool ipc_get_file_get(struct reader *r, struct ipc_file_get *out);
void ipc_put_file_answer(struct writer *w, const struct ipc_file_answer *a);
bool ipc_get_file_answer(struct reader *r, struct ipc_file_answer *out);

#endif
