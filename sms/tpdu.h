/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transfer layer messages (3GPP TS 23.040 9.2.2). The same first octet means two things, so the caller says which way
 * the octets went and what carried them. The structure is a plain value; user data, and the header in it, are views
 * into the octets decoded, or into what the caller wants encoded.
 *
 *	DELIVER         first OA PID DCS SCTS UDL UD                 to the phone, in RP-DATA
 *	STATUS-REPORT   first MR RA SCTS DT ST [PI PID DCS UDL UD]   to the phone, in RP-DATA
 *	SUBMIT-REPORT   first [FCS] PI SCTS [PID DCS UDL UD]         to the phone, in RP-ACK, or with FCS in RP-ERROR
 *	SUBMIT          first MR DA PID DCS VP UDL UD                from the phone, in RP-DATA
 *	COMMAND         first MR PID CT MN DA CDL CD                 from the phone, in RP-DATA
 *	DELIVER-REPORT  first [FCS] PI [PID DCS UDL UD]              from the phone, in RP-ACK, or with FCS in RP-ERROR
 */
#ifndef SMS_TPDU_H
#define SMS_TPDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/reader.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"
#include "sms/dcs.h"
#include "sms/header.h"
#include "sms/sms_address.h"
#include "sms/tpdu_time.h"

#define TPDU_MAX 175u		/* octets of any TPDU: a SUBMIT has 164, a STATUS-REPORT with user data the most */
#define TPDU_USER_DATA_MAX 140u /* octets */
#define TPDU_SEPTETS_MAX 160u
#define TPDU_COMMAND_DATA_MAX 156u

enum tpdu_direction { TPDU_TO_PHONE, TPDU_FROM_PHONE };
enum tpdu_carrier { TPDU_IN_DATA, TPDU_IN_ACK, TPDU_IN_ERROR }; /* the RP message */

enum tpdu_type {
	TPDU_DELIVER,
	TPDU_DELIVER_REPORT,
	TPDU_SUBMIT,
	TPDU_SUBMIT_REPORT,
	TPDU_STATUS_REPORT,
	TPDU_COMMAND,
	TPDU_TYPES
};

/* TP-CT, 9.2.3.19 */
enum tpdu_command { TPDU_ENQUIRE = 0, TPDU_CANCEL_REPORT = 1, TPDU_DELETE = 2, TPDU_ENABLE_REPORT = 3 };

enum tpdu_fcs { /* TP-FCS, 9.2.3.22 */
		TPDU_FCS_TELEMATIC_NOT_SUPPORTED = 0x80,
		TPDU_FCS_TYPE_0_NOT_SUPPORTED = 0x81,
		TPDU_FCS_CANNOT_REPLACE = 0x82,
		TPDU_FCS_PID_ERROR = 0x8f,
		TPDU_FCS_ALPHABET_NOT_SUPPORTED = 0x90,
		TPDU_FCS_CLASS_NOT_SUPPORTED = 0x91,
		TPDU_FCS_DCS_ERROR = 0x9f,
		TPDU_FCS_COMMAND_CANNOT = 0xa0,
		TPDU_FCS_COMMAND_UNSUPPORTED = 0xa1,
		TPDU_FCS_COMMAND_ERROR = 0xaf,
		TPDU_FCS_TPDU_NOT_SUPPORTED = 0xb0,
		TPDU_FCS_CENTRE_BUSY = 0xc0,
		TPDU_FCS_NO_SUBSCRIPTION = 0xc1,
		TPDU_FCS_CENTRE_FAILURE = 0xc2,
		TPDU_FCS_INVALID_ADDRESS = 0xc3,
		TPDU_FCS_DESTINATION_BARRED = 0xc4,
		TPDU_FCS_DUPLICATE = 0xc5,
		TPDU_FCS_VPF_NOT_SUPPORTED = 0xc6,
		TPDU_FCS_VP_NOT_SUPPORTED = 0xc7,
		TPDU_FCS_SIM_FULL = 0xd0,
		TPDU_FCS_NO_SIM_STORAGE = 0xd1,
		TPDU_FCS_PHONE_ERROR = 0xd2,
		TPDU_FCS_MEMORY_FULL = 0xd3,
		TPDU_FCS_TOOLKIT_BUSY = 0xd4,
		TPDU_FCS_DOWNLOAD_ERROR = 0xd5,
		TPDU_FCS_UNSPECIFIED = 0xff,
};

struct tpdu {
	enum tpdu_type type;

	/* First octet. */
	bool more_messages;	/* DELIVER, STATUS-REPORT: more wait at the centre (on the wire: 0) */
	bool loop_prevention;	/* DELIVER, STATUS-REPORT */
	bool reject_duplicates; /* SUBMIT */
	bool report;	 /* SUBMIT, COMMAND: a report is asked; DELIVER: one was; STATUS-REPORT: it answers a COMMAND */
	bool has_header; /* user data begins with a header */
	bool reply_path; /* DELIVER, SUBMIT */

	uint8_t reference;	    /* TP-MR */
	struct sms_address address; /* TP-OA, TP-DA or TP-RA */
	uint8_t pid, dcs;
	struct tpdu_time time;	    /* TP-SCTS */
	struct tpdu_time discharge; /* TP-DT of a STATUS-REPORT */
	struct tpdu_validity validity;
	uint8_t status; /* TP-ST, see tp_status.h */
	bool has_fcs;	/* a report in RP-ERROR */
	uint8_t fcs;
	uint8_t command;		      /* TP-CT */
	uint8_t command_number;		      /* TP-MN: the TP-MR it is about */
	bool has_pid, has_dcs, has_user_data; /* of reports: what TP-PI says is there */

	uint8_t user_data_len; /* TP-UDL: septets or octets; TP-CDL of a COMMAND */
	struct text user_data; /* octets, the header included; TP-CD of a COMMAND */
	struct header header;  /* decoded when has_header */
};

/*
 * Decodes one whole TPDU. ERR_SHORT (an item, or what a length says, is not there), ERR_MALFORMED, ERR_TOO_BIG (a
 * length above the standard's limit), ERR_UNSUPPORTED (a type that cannot be here; a language that does not exist); the
 * octet where that item begins in bad_octet_out (may be NULL). Octets left over are ERR_MALFORMED, but ignored after
 * what TP-PI announces, where newer releases may add something.
 */
MUST_CHECK enum result tpdu_decode(const void *octets, size_t len, enum tpdu_direction direction,
				   enum tpdu_carrier carrier, struct tpdu *out, size_t *bad_octet_out);
/*
 * Encodes; user_data and user_data_len are taken as they are (split_put_user_data() makes them). The writer fails where
 * a field does not fit the standard's limits.
 */
void tpdu_encode(const struct tpdu *t, struct writer *w);

/* Octets that user_data_len units of this coding take. */
size_t tpdu_user_data_size(uint8_t dcs, uint8_t user_data_len);

/*
 * What the user data says, without its header: UTF-8 of a text, with the shift tables of its header. Half a surrogate
 * becomes U+FFFD. ERR_UNSUPPORTED for 8-bit and compressed content, whose octets tpdu_content() gives.
 */
MUST_CHECK enum result tpdu_text(const struct tpdu *t, struct writer *utf8);
#define TPDU_TEXT_MAX 480u /* octets of UTF-8 that one TPDU can hold */
struct text tpdu_content(const struct tpdu *t);

const char *tpdu_type_name(enum tpdu_type type); /* "SMS-DELIVER" */
const char *tpdu_fcs_name(uint8_t fcs);		 /* "destination barred"; never NULL */

#endif
