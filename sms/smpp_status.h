/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command_status and message_state of SMPP: their names, what a client does about a status, what a server answers, and
 * the states in our words. All of it is data.
 */
#ifndef SMS_SMPP_STATUS_H
#define SMS_SMPP_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/store.h"

enum smpp_status { /* 5.1.3 of 3.4; from 0x100 on, 4.7.6 of 5.0 */
		   SMPP_ROK = 0x00,
		   SMPP_RINVMSGLEN = 0x01,
		   SMPP_RINVCMDLEN = 0x02,
		   SMPP_RINVCMDID = 0x03,
		   SMPP_RINVBNDSTS = 0x04,
		   SMPP_RALYBND = 0x05,
		   SMPP_RINVPRTFLG = 0x06,
		   SMPP_RINVREGDLVFLG = 0x07,
		   SMPP_RSYSERR = 0x08,
		   SMPP_RINVSRCADR = 0x0a,
		   SMPP_RINVDSTADR = 0x0b,
		   SMPP_RINVMSGID = 0x0c,
		   SMPP_RBINDFAIL = 0x0d,
		   SMPP_RINVPASWD = 0x0e,
		   SMPP_RINVSYSID = 0x0f,
		   SMPP_RCANCELFAIL = 0x11,
		   SMPP_RREPLACEFAIL = 0x13,
		   SMPP_RMSGQFUL = 0x14,
		   SMPP_RINVSERTYP = 0x15,
		   SMPP_RINVNUMDESTS = 0x33,
		   SMPP_RINVDLNAME = 0x34,
		   SMPP_RINVDESTFLAG = 0x40,
		   SMPP_RINVSUBREP = 0x42,
		   SMPP_RINVESMCLASS = 0x43,
		   SMPP_RCNTSUBDL = 0x44,
		   SMPP_RSUBMITFAIL = 0x45,
		   SMPP_RINVSRCTON = 0x48,
		   SMPP_RINVSRCNPI = 0x49,
		   SMPP_RINVDSTTON = 0x50,
		   SMPP_RINVDSTNPI = 0x51,
		   SMPP_RINVSYSTYP = 0x53,
		   SMPP_RINVREPFLAG = 0x54,
		   SMPP_RINVNUMMSGS = 0x55,
		   SMPP_RTHROTTLED = 0x58,
		   SMPP_RINVSCHED = 0x61,
		   SMPP_RINVEXPIRY = 0x62,
		   SMPP_RINVDFTMSGID = 0x63,
		   SMPP_RX_T_APPN = 0x64,
		   SMPP_RX_P_APPN = 0x65,
		   SMPP_RX_R_APPN = 0x66,
		   SMPP_RQUERYFAIL = 0x67,
		   SMPP_RINVTLVSTREAM = 0xc0,
		   SMPP_RTLVNOTALLWD = 0xc1,
		   SMPP_RINVTLVLEN = 0xc2,
		   SMPP_RMISSINGTLV = 0xc3,
		   SMPP_RINVTLVVAL = 0xc4,
		   SMPP_RDELIVERYFAILURE = 0xfe,
		   SMPP_RUNKNOWNERR = 0xff,
		   SMPP_RSERTYPUNAUTH = 0x100,
		   SMPP_RPROHIBITED = 0x101,
		   SMPP_RSERTYPUNAVAIL = 0x102,
		   SMPP_RSERTYPDENIED = 0x103,
		   SMPP_RINVDCS = 0x104,
};
#define SMPP_STATUS_VENDOR_FIRST 0x400u
#define SMPP_STATUS_VENDOR_LAST 0x4ffu

/* What a client does with the request that was answered so. */
enum smpp_action {
	SMPP_DO_KEEP,		    /* taken: keep the message_id, wait for its receipt */
	SMPP_DO_REFUSE,		    /* refused for good: our encoding or configuration, or the peer's rules */
	SMPP_DO_REFUSE_LINK,	    /* an address this link does not take: refused here, another route may take it */
	SMPP_DO_REFUSE_DESTINATION, /* refused, and so is everything queued to that number on this link */
	SMPP_DO_STOP_OPERATION,	    /* the peer does not know or allow this operation: no longer use it on this link */
	SMPP_DO_REBIND,		    /* the session is not what we thought: bind anew; the message goes back unharmed */
	SMPP_DO_RETRY,		    /* later with back-off, or by another link; after the limit refused */
	SMPP_DO_THROTTLE,	    /* slow the link down and send again in order; not a try */
	SMPP_DO_OPERATION_FAILED,   /* only this query, cancel or replace failed */
	SMPP_DO_BIND_LATER,	    /* a refused bind: wait a minute or more, raise an alarm */
	SMPP_DO_NOT_DELIVERED,	    /* forward mode and data_sm: it was tried and did not arrive; see TLV 0423, 0425 */
	SMPP_ACTIONS
};

struct smpp_status_info {
	uint16_t status;
	uint8_t action; /* enum smpp_action */
	const char *name;
};

/* A peer's own meaning of a status, usually one of 0x400-0x4FF; comes before the table. */
struct smpp_status_rule {
	uint32_t first, last;
	enum smpp_action action;
};

/* NULL when the status is none of the specifications'. */
const struct smpp_status_info *smpp_status_find(uint32_t status);
/* "ESME_RTHROTTLED"; "vendor" in 0x400-0x4FF, "reserved" for others. For logs with the number beside it. */
const char *smpp_status_name(uint32_t status);
/* rules may be NULL. A status without an entry is SMPP_DO_REFUSE. */
enum smpp_action smpp_status_action(uint32_t status, const struct smpp_status_rule *rules, size_t count);
const char *smpp_action_name(enum smpp_action action); /* "throttle" */
/* Every entry in rising order, for documents and tests; count_out entries. */
const struct smpp_status_info *smpp_status_list(size_t *count_out);

/* What was at fault, beside a result, when a server refuses. */
enum smpp_fault {
	SMPP_FAULT_NONE, /* the message as a whole: policy, credit, consent */
	SMPP_FAULT_SOURCE,
	SMPP_FAULT_DESTINATION,
	SMPP_FAULT_TEXT,   /* length or characters */
	SMPP_FAULT_CODING, /* data_coding */
	SMPP_FAULT_SCHEDULE,
	SMPP_FAULT_VALIDITY,
	SMPP_FAULT_SERVICE_TYPE,
	SMPP_FAULT_MESSAGE_ID,
	SMPP_FAULT_QUERY, /* the operation failed */
	SMPP_FAULT_CANCEL,
	SMPP_FAULT_REPLACE,
	SMPP_FAULT_BIND,
	SMPP_FAULT_PASSWORD, /* an unknown name too: it is not told which */
	SMPP_FAULT_RATE,
	SMPP_FAULTS
};

/*
 * The status a server answers with. A result that time may cure (ERR_BUSY, ERR_IO, ERR_TIMEOUT, ERR_CLOSED,
 * ERR_UNKNOWN, ERR_SHORT) is ESME_RSYSERR and ERR_FULL is ESME_RMSGQFUL, which clients try again; the rest is by fault,
 * and final.
 */
uint32_t smpp_status_of(enum result result, enum smpp_fault fault);

enum smpp_message_state { /* 5.2.28; 0 and 9: 5.0 */
			  SMPP_STATE_SCHEDULED,
			  SMPP_STATE_ENROUTE,
			  SMPP_STATE_DELIVERED,
			  SMPP_STATE_EXPIRED,
			  SMPP_STATE_DELETED,
			  SMPP_STATE_UNDELIVERABLE,
			  SMPP_STATE_ACCEPTED,
			  SMPP_STATE_UNKNOWN,
			  SMPP_STATE_REJECTED,
			  SMPP_STATE_SKIPPED,
			  SMPP_STATES
};

/* The word of receipts: "DELIVRD"; "UNKNOWN" for what is no state. */
const char *smpp_state_word(uint8_t state);
/* Any case; long forms ("DELIVERED") too. */
bool smpp_state_of_word(struct text word, uint8_t *state_out);
/* OUTCOME_NONE: not final, keep waiting. ACCEPTED is final (OUTCOME_DELIVERED) only where the peer uses it so (5.0:
 * "read on behalf of the subscriber"). */
enum store_outcome smpp_state_outcome(uint8_t state, bool accepted_is_final);
uint8_t smpp_state_of_outcome(enum store_outcome outcome);

#endif
