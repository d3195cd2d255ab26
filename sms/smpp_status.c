/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smpp_status.h. */
#include "sms/smpp_status.h"

static const struct smpp_status_info table[] = {
	{ 0x00, SMPP_DO_KEEP, "ESME_ROK" },
	{ 0x01, SMPP_DO_REFUSE, "ESME_RINVMSGLEN" },
	{ 0x02, SMPP_DO_STOP_OPERATION, "ESME_RINVCMDLEN" },
	{ 0x03, SMPP_DO_STOP_OPERATION, "ESME_RINVCMDID" },
	{ 0x04, SMPP_DO_REBIND, "ESME_RINVBNDSTS" },
	{ 0x05, SMPP_DO_REBIND, "ESME_RALYBND" },
	{ 0x06, SMPP_DO_REFUSE, "ESME_RINVPRTFLG" },
	{ 0x07, SMPP_DO_REFUSE, "ESME_RINVREGDLVFLG" },
	{ 0x08, SMPP_DO_RETRY, "ESME_RSYSERR" },
	{ 0x0a, SMPP_DO_REFUSE_LINK, "ESME_RINVSRCADR" },
	{ 0x0b, SMPP_DO_REFUSE_LINK, "ESME_RINVDSTADR" },
	{ 0x0c, SMPP_DO_OPERATION_FAILED, "ESME_RINVMSGID" },
	{ 0x0d, SMPP_DO_BIND_LATER, "ESME_RBINDFAIL" },
	{ 0x0e, SMPP_DO_BIND_LATER, "ESME_RINVPASWD" },
	{ 0x0f, SMPP_DO_BIND_LATER, "ESME_RINVSYSID" },
	{ 0x11, SMPP_DO_OPERATION_FAILED, "ESME_RCANCELFAIL" },
	{ 0x13, SMPP_DO_OPERATION_FAILED, "ESME_RREPLACEFAIL" },
	{ 0x14, SMPP_DO_THROTTLE, "ESME_RMSGQFUL" },
	{ 0x15, SMPP_DO_REFUSE, "ESME_RINVSERTYP" },
	{ 0x33, SMPP_DO_REFUSE_LINK, "ESME_RINVNUMDESTS" },
	{ 0x34, SMPP_DO_REFUSE_LINK, "ESME_RINVDLNAME" },
	{ 0x40, SMPP_DO_REFUSE_LINK, "ESME_RINVDESTFLAG" },
	{ 0x42, SMPP_DO_REFUSE, "ESME_RINVSUBREP" },
	{ 0x43, SMPP_DO_REFUSE, "ESME_RINVESMCLASS" },
	{ 0x44, SMPP_DO_REFUSE_LINK, "ESME_RCNTSUBDL" },
	{ 0x45, SMPP_DO_RETRY, "ESME_RSUBMITFAIL" },
	{ 0x48, SMPP_DO_REFUSE_LINK, "ESME_RINVSRCTON" },
	{ 0x49, SMPP_DO_REFUSE_LINK, "ESME_RINVSRCNPI" },
	{ 0x50, SMPP_DO_REFUSE_LINK, "ESME_RINVDSTTON" },
	{ 0x51, SMPP_DO_REFUSE_LINK, "ESME_RINVDSTNPI" },
	{ 0x53, SMPP_DO_BIND_LATER, "ESME_RINVSYSTYP" },
	{ 0x54, SMPP_DO_REFUSE, "ESME_RINVREPFLAG" },
	{ 0x55, SMPP_DO_REFUSE, "ESME_RINVNUMMSGS" },
	{ 0x58, SMPP_DO_THROTTLE, "ESME_RTHROTTLED" },
	{ 0x61, SMPP_DO_REFUSE, "ESME_RINVSCHED" },
	{ 0x62, SMPP_DO_REFUSE, "ESME_RINVEXPIRY" },
	{ 0x63, SMPP_DO_REFUSE, "ESME_RINVDFTMSGID" },
	{ 0x64, SMPP_DO_RETRY, "ESME_RX_T_APPN" },
	{ 0x65, SMPP_DO_REFUSE_DESTINATION, "ESME_RX_P_APPN" },
	{ 0x66, SMPP_DO_REFUSE, "ESME_RX_R_APPN" },
	{ 0x67, SMPP_DO_OPERATION_FAILED, "ESME_RQUERYFAIL" },
	{ 0xc0, SMPP_DO_REFUSE, "ESME_RINVTLVSTREAM" },
	{ 0xc1, SMPP_DO_REFUSE, "ESME_RTLVNOTALLWD" },
	{ 0xc2, SMPP_DO_REFUSE, "ESME_RINVTLVLEN" },
	{ 0xc3, SMPP_DO_REFUSE, "ESME_RMISSINGTLV" },
	{ 0xc4, SMPP_DO_REFUSE, "ESME_RINVTLVVAL" },
	{ 0xfe, SMPP_DO_NOT_DELIVERED, "ESME_RDELIVERYFAILURE" },
	{ 0xff, SMPP_DO_RETRY, "ESME_RUNKNOWNERR" },
	{ 0x100, SMPP_DO_REFUSE, "ESME_RSERTYPUNAUTH" },
	{ 0x101, SMPP_DO_STOP_OPERATION, "ESME_RPROHIBITED" },
	{ 0x102, SMPP_DO_RETRY, "ESME_RSERTYPUNAVAIL" },
	{ 0x103, SMPP_DO_REFUSE, "ESME_RSERTYPDENIED" },
	{ 0x104, SMPP_DO_REFUSE, "ESME_RINVDCS" },
	{ 0x105, SMPP_DO_REFUSE, "ESME_RINVSRCADDRSUBUNIT" },
	{ 0x106, SMPP_DO_REFUSE, "ESME_RINVDSTADDRSUBUNIT" },
	{ 0x107, SMPP_DO_REFUSE, "ESME_RINVBCASTFREQINT" },
	{ 0x108, SMPP_DO_REFUSE, "ESME_RINVBCASTALIAS_NAME" },
	{ 0x109, SMPP_DO_REFUSE, "ESME_RINVBCASTAREAFMT" },
	{ 0x10a, SMPP_DO_REFUSE, "ESME_RINVNUMBCAST_AREAS" },
	{ 0x10b, SMPP_DO_REFUSE, "ESME_RINVBCASTCNTTYPE" },
	{ 0x10c, SMPP_DO_REFUSE, "ESME_RINVBCASTMSGCLASS" },
	{ 0x10d, SMPP_DO_OPERATION_FAILED, "ESME_RBCASTFAIL" },
	{ 0x10e, SMPP_DO_OPERATION_FAILED, "ESME_RBCASTQUERYFAIL" },
	{ 0x10f, SMPP_DO_OPERATION_FAILED, "ESME_RBCASTCANCELFAIL" },
	{ 0x110, SMPP_DO_REFUSE, "ESME_RINVBCAST_REP" },
	{ 0x111, SMPP_DO_REFUSE, "ESME_RINVBCASTSRVGRP" },
	{ 0x112, SMPP_DO_REFUSE, "ESME_RINVBCASTCHANIND" },
};

#define COUNT (sizeof(table) / sizeof(table[0]))

const struct smpp_status_info *smpp_status_list(size_t *count_out)
{
	*count_out = COUNT;
	return table;
}

const struct smpp_status_info *smpp_status_find(uint32_t status)
{
	size_t low = 0, high = COUNT;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table[middle].status == status)
			return &table[middle];
		if (table[middle].status < status)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *smpp_status_name(uint32_t status)
{
	const struct smpp_status_info *info = smpp_status_find(status);

	if (info)
		return info->name;
	return status >= SMPP_STATUS_VENDOR_FIRST && status <= SMPP_STATUS_VENDOR_LAST ? "vendor" : "reserved";
}

enum smpp_action smpp_status_action(uint32_t status, const struct smpp_status_rule *rules, size_t count)
{
	for (size_t i = 0; rules && i < count; i++)
		if (status >= rules[i].first && status <= rules[i].last)
			return rules[i].action;
	const struct smpp_status_info *info = smpp_status_find(status);
	return info ? (enum smpp_action)info->action : SMPP_DO_REFUSE;
}

const char *smpp_action_name(enum smpp_action action)
{
	static const char *const names[SMPP_ACTIONS] = {
		[SMPP_DO_KEEP] = "keep",
		[SMPP_DO_REFUSE] = "refuse",
		[SMPP_DO_REFUSE_LINK] = "refuse-link",
		[SMPP_DO_REFUSE_DESTINATION] = "refuse-destination",
		[SMPP_DO_STOP_OPERATION] = "stop-operation",
		[SMPP_DO_REBIND] = "rebind",
		[SMPP_DO_RETRY] = "retry",
		[SMPP_DO_THROTTLE] = "throttle",
		[SMPP_DO_OPERATION_FAILED] = "operation-failed",
		[SMPP_DO_BIND_LATER] = "bind-later",
		[SMPP_DO_NOT_DELIVERED] = "not-delivered",
	};

	return (unsigned)action < SMPP_ACTIONS ? names[action] : "unknown";
}

/* Final refusals by what was at fault. RX_R_APPN is the one status that says "this message is rejected" and that no
 * client tries again. */
static uint32_t status_of_fault(enum result result, enum smpp_fault fault)
{
	static const uint16_t by_fault[SMPP_FAULTS] = {
		[SMPP_FAULT_NONE] = SMPP_RX_R_APPN,	    [SMPP_FAULT_SOURCE] = SMPP_RINVSRCADR,
		[SMPP_FAULT_DESTINATION] = SMPP_RINVDSTADR, [SMPP_FAULT_TEXT] = SMPP_RINVMSGLEN,
		[SMPP_FAULT_CODING] = SMPP_RINVDCS,	    [SMPP_FAULT_SCHEDULE] = SMPP_RINVSCHED,
		[SMPP_FAULT_VALIDITY] = SMPP_RINVEXPIRY,    [SMPP_FAULT_SERVICE_TYPE] = SMPP_RINVSERTYP,
		[SMPP_FAULT_MESSAGE_ID] = SMPP_RINVMSGID,   [SMPP_FAULT_QUERY] = SMPP_RQUERYFAIL,
		[SMPP_FAULT_CANCEL] = SMPP_RCANCELFAIL,	    [SMPP_FAULT_REPLACE] = SMPP_RREPLACEFAIL,
		[SMPP_FAULT_BIND] = SMPP_RBINDFAIL,	    [SMPP_FAULT_PASSWORD] = SMPP_RINVPASWD,
		[SMPP_FAULT_RATE] = SMPP_RTHROTTLED,
	};

	if ((unsigned)fault >= SMPP_FAULTS)
		return SMPP_RUNKNOWNERR;
	/* Octets that are no text of their coding are not of the wrong length. */
	if (fault == SMPP_FAULT_TEXT && result != ERR_TOO_BIG)
		return SMPP_RX_R_APPN;
	return by_fault[fault];
}

uint32_t smpp_status_of(enum result result, enum smpp_fault fault)
{
	switch (result) {
	case OK:
		return SMPP_ROK;
	case ERR_FULL:
		return fault == SMPP_FAULT_RATE ? SMPP_RTHROTTLED : SMPP_RMSGQFUL;
	case ERR_BUSY:
		if (fault == SMPP_FAULT_RATE)
			return SMPP_RTHROTTLED;
		return SMPP_RSYSERR;
	case ERR_SHORT:
	case ERR_IO:
	case ERR_TIMEOUT:
	case ERR_CLOSED:
	case ERR_UNKNOWN:
		return SMPP_RSYSERR;
	case ERR_TOO_BIG:
		return fault == SMPP_FAULT_NONE ? SMPP_RINVMSGLEN : status_of_fault(result, fault);
	default:
		return status_of_fault(result, fault);
	}
}

static const struct {
	const char *word, *full;
	enum store_outcome outcome;
} states[SMPP_STATES] = {
	[SMPP_STATE_SCHEDULED] = { "SCHEDUL", "SCHEDULED", OUTCOME_NONE },
	[SMPP_STATE_ENROUTE] = { "ENROUTE", "ENROUTE", OUTCOME_NONE },
	[SMPP_STATE_DELIVERED] = { "DELIVRD", "DELIVERED", OUTCOME_DELIVERED },
	[SMPP_STATE_EXPIRED] = { "EXPIRED", "EXPIRED", OUTCOME_EXPIRED },
	[SMPP_STATE_DELETED] = { "DELETED", "DELETED", OUTCOME_CANCELLED },
	[SMPP_STATE_UNDELIVERABLE] = { "UNDELIV", "UNDELIVERABLE", OUTCOME_REFUSED },
	[SMPP_STATE_ACCEPTED] = { "ACCEPTD", "ACCEPTED", OUTCOME_NONE },
	[SMPP_STATE_UNKNOWN] = { "UNKNOWN", "UNKNOWN", OUTCOME_NONE },
	[SMPP_STATE_REJECTED] = { "REJECTD", "REJECTED", OUTCOME_REFUSED },
	[SMPP_STATE_SKIPPED] = { "SKIPPED", "SKIPPED", OUTCOME_REFUSED },
};

const char *smpp_state_word(uint8_t state)
{
	return state < SMPP_STATES ? states[state].word : "UNKNOWN";
}

bool smpp_state_of_word(struct text word, uint8_t *state_out)
{
	for (uint8_t i = 0; i < SMPP_STATES; i++) {
		if (!text_is_nocase(word, states[i].word) && !text_is_nocase(word, states[i].full))
			continue;
		*state_out = i;
		return true;
	}
	return false;
}

enum store_outcome smpp_state_outcome(uint8_t state, bool accepted_is_final)
{
	if (state >= SMPP_STATES)
		return OUTCOME_NONE;
	if (state == SMPP_STATE_ACCEPTED && accepted_is_final)
		return OUTCOME_DELIVERED;
	return states[state].outcome;
}

uint8_t smpp_state_of_outcome(enum store_outcome outcome)
{
	switch (outcome) {
	case OUTCOME_NONE:
		return SMPP_STATE_ENROUTE;
	case OUTCOME_SENT:
		return SMPP_STATE_ACCEPTED;
	case OUTCOME_REFUSED:
		return SMPP_STATE_UNDELIVERABLE;
	case OUTCOME_EXPIRED:
		return SMPP_STATE_EXPIRED;
	case OUTCOME_CANCELLED:
		return SMPP_STATE_DELETED;
	case OUTCOME_DELIVERED:
	case OUTCOME_DISPLAYED:
		return SMPP_STATE_DELIVERED;
	default:
		return SMPP_STATE_UNKNOWN;
	}
}
