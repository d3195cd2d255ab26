/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SGsAP (3GPP TS 29.118 8 and 9), every message of both sides: a type octet, then elements of tag, length, value. One
 * message per SCTP record. A message is its type and the values of its elements; sgsap_set_*() and sgsap_get_*() turn
 * the common ones into plain values. Views are borrowed, either from the octets decoded or from the caller; values set
 * from plain ones stand in the message itself, so a message that was set must not be copied.
 */
#ifndef SMS_SGSAP_H
#define SMS_SGSAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

enum sgsap_type { /* 9.2 */
		  SGSAP_PAGING_REQUEST = 0x01,
		  SGSAP_PAGING_REJECT = 0x02,
		  SGSAP_SERVICE_REQUEST = 0x06,
		  SGSAP_DOWNLINK_UNITDATA = 0x07,
		  SGSAP_UPLINK_UNITDATA = 0x08,
		  SGSAP_LOCATION_UPDATE_REQUEST = 0x09,
		  SGSAP_LOCATION_UPDATE_ACCEPT = 0x0a,
		  SGSAP_LOCATION_UPDATE_REJECT = 0x0b,
		  SGSAP_TMSI_REALLOCATION_COMPLETE = 0x0c,
		  SGSAP_ALERT_REQUEST = 0x0d,
		  SGSAP_ALERT_ACK = 0x0e,
		  SGSAP_ALERT_REJECT = 0x0f,
		  SGSAP_UE_ACTIVITY_INDICATION = 0x10,
		  SGSAP_EPS_DETACH_INDICATION = 0x11,
		  SGSAP_EPS_DETACH_ACK = 0x12,
		  SGSAP_IMSI_DETACH_INDICATION = 0x13,
		  SGSAP_IMSI_DETACH_ACK = 0x14,
		  SGSAP_RESET_INDICATION = 0x15,
		  SGSAP_RESET_ACK = 0x16,
		  SGSAP_SERVICE_ABORT_REQUEST = 0x17,
		  SGSAP_MO_CSFB_INDICATION = 0x18,
		  SGSAP_MM_INFORMATION_REQUEST = 0x1a,
		  SGSAP_RELEASE_REQUEST = 0x1b,
		  SGSAP_STATUS = 0x1d,
		  SGSAP_UE_UNREACHABLE = 0x1f,
};

enum sgsap_side { SGSAP_FROM_VLR = 1, SGSAP_FROM_MME = 2, SGSAP_FROM_BOTH = 3 };

/* Elements (9.3), in the order in which optional ones stand in messages. */
enum sgsap_element {
	SGSAP_IMSI,
	SGSAP_VLR_NAME,
	SGSAP_MME_NAME,
	SGSAP_SERVICE_INDICATOR,
	SGSAP_NAS_CONTAINER,
	SGSAP_EPS_UPDATE_TYPE,
	SGSAP_EPS_DETACH_TYPE,	   /* IMSI detach from EPS service type */
	SGSAP_NON_EPS_DETACH_TYPE, /* IMSI detach from non-EPS service type */
	SGSAP_REJECT_CAUSE,
	SGSAP_TMSI,
	SGSAP_CLI,
	SGSAP_LAI,     /* new location area identifier */
	SGSAP_OLD_LAI, /* the second one of a location update request */
	SGSAP_GLOBAL_CN_ID,
	SGSAP_SS_CODE,
	SGSAP_LCS_INDICATOR,
	SGSAP_LCS_CLIENT,
	SGSAP_CHANNEL_NEEDED,
	SGSAP_EMLPP_PRIORITY,
	SGSAP_PAGING_INDICATORS,
	SGSAP_TMSI_STATUS,
	SGSAP_IMEISV,
	SGSAP_TIME_ZONE,
	SGSAP_CLASSMARK_2,
	SGSAP_TAI,
	SGSAP_ECGI,
	SGSAP_EMM_MODE,
	SGSAP_TMSI_NRI,
	SGSAP_CS_OPERATOR,
	SGSAP_MOBILE_IDENTITY,
	SGSAP_MM_INFORMATION,
	SGSAP_CAUSE,
	SGSAP_ERRONEOUS_MESSAGE,
	SGSAP_MO_FALLBACK,
	SGSAP_ELEMENTS
};

enum sgsap_cause { /* 9.4.18 */
		   SGSAP_CAUSE_DETACHED_EPS = 1,
		   SGSAP_CAUSE_DETACHED_BOTH = 2,
		   SGSAP_CAUSE_IMSI_UNKNOWN = 3,
		   SGSAP_CAUSE_DETACHED_NON_EPS = 4,
		   SGSAP_CAUSE_IMPLICITLY_DETACHED = 5,
		   SGSAP_CAUSE_UNREACHABLE = 6,
		   SGSAP_CAUSE_WRONG_STATE = 7,
		   SGSAP_CAUSE_MISSING_ELEMENT = 8,
		   SGSAP_CAUSE_INVALID_ELEMENT = 9,
		   SGSAP_CAUSE_CONDITIONAL_ELEMENT = 10,
		   SGSAP_CAUSE_SEMANTICALLY_INCORRECT = 11,
		   SGSAP_CAUSE_TYPE_UNKNOWN = 12,
		   SGSAP_CAUSE_CALL_REJECTED = 13,
		   SGSAP_CAUSE_TEMPORARILY_UNREACHABLE = 14,
};

#define SGSAP_SERVICE_CALL 1
#define SGSAP_SERVICE_SMS 2
#define SGSAP_EMM_IDLE 0
#define SGSAP_EMM_CONNECTED 1
#define SGSAP_UPDATE_ATTACH 1
#define SGSAP_UPDATE_NORMAL 2

#define SGSAP_MAX 512u /* octets of a message we make */
#define SGSAP_IMSI_MAX 15u
#define SGSAP_NAME_MAX 63u /* characters "vlr.example.net" */
#define SGSAP_NAS_MAX 251u
#define SGSAP_MME_NAME_SIZE 55u

struct sgsap {
	uint8_t type;
	struct text element[SGSAP_ELEMENTS]; /* at NULL = absent */
	uint8_t room[192];		     /* values set from plain ones */
	size_t used;
};

/* What sgsap_decode() found wrong, for an SGsAP-STATUS (7.8). */
struct sgsap_error {
	size_t octet;
	uint8_t cause;	 /* enum sgsap_cause */
	uint8_t element; /* the tag, where one is to blame */
};

/*
 * ERR_SHORT, ERR_MALFORMED (a mandatory element absent or impossible), ERR_UNSUPPORTED (a type that does not exist);
 * details in error_out (may be NULL). Optional elements that are impossible and tags not known are ignored; a repeated
 * element counts the first time (7.7). *out keeps the type and what was read.
 */
MUST_CHECK enum result sgsap_decode(const void *octets, size_t len, struct sgsap *out, struct sgsap_error *error_out);
/* The writer fails where a mandatory element lacks or a value is impossible. */
void sgsap_encode(const struct sgsap *m, struct writer *w);

void sgsap_init(struct sgsap *m, enum sgsap_type type);
/* What does not fit leaves the element absent, so that a mandatory one fails the writer. */
void sgsap_set(struct sgsap *m, enum sgsap_element e, struct text value); /* borrowed */
void sgsap_set_octet(struct sgsap *m, enum sgsap_element e, uint8_t value);
void sgsap_set_imsi(struct sgsap *m, struct text digits);
void sgsap_set_name(struct sgsap *m, enum sgsap_element e, struct text name); /* SGSAP_VLR_NAME, SGSAP_MME_NAME */

bool sgsap_has(const struct sgsap *m, enum sgsap_element e);
/* The first octet; 0 when absent (ask sgsap_has() where that is a value). */
uint8_t sgsap_octet(const struct sgsap *m, enum sgsap_element e);
/* False when absent or malformed. */
bool sgsap_get_imsi(const struct sgsap *m, char to[SGSAP_IMSI_MAX + 1]);
bool sgsap_get_name(const struct sgsap *m, enum sgsap_element e, char to[SGSAP_NAME_MAX + 1]);

/* A mobile identity of 24.008 10.5.1.4 that is an IMSI. */
void sgsap_put_identity_imsi(struct writer *w, struct text digits);
MUST_CHECK enum result sgsap_take_identity_imsi(struct text value, char to[SGSAP_IMSI_MAX + 1]);

const char *sgsap_type_name(uint8_t type);     /* "PAGING-REQUEST"; NULL for none */
enum sgsap_side sgsap_type_side(uint8_t type); /* 0 for none */
const char *sgsap_cause_name(uint8_t cause);   /* never NULL */

#endif
