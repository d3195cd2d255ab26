/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Relay layer messages (3GPP TS 24.011 7.3, 8.2), the same on every carrier:
 *
 *	RP-DATA   0/1  MR  OA(len, octets)  DA(len, octets)  TPDU(len)
 *	RP-ACK    2/3  MR  [41 len TPDU]
 *	RP-ERROR  4/5  MR  cause(len, value, [diagnostic])  [41 len TPDU]
 *	RP-SMMA   6    MR
 *
 * The type says which way it goes. Views are borrowed from the octets decoded.
 */
#ifndef SMS_RP_H
#define SMS_RP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"
#include "sms/sms_address.h"
#include "sms/tpdu.h"

#define RP_TPDU_MAX 233u /* 8.2.5.3 */
#define RP_MAX 248u	 /* what CP user data holds */

enum rp_type {
	RP_DATA_FROM_PHONE,
	RP_DATA_TO_PHONE,
	RP_ACK_FROM_PHONE,
	RP_ACK_TO_PHONE,
	RP_ERROR_FROM_PHONE,
	RP_ERROR_TO_PHONE,
	RP_SMMA, /* from the phone: memory is available again */
	RP_TYPES
};

enum rp_cause { /* 8.2.5.4 */
		RP_CAUSE_UNASSIGNED = 1,
		RP_CAUSE_OPERATOR_BARRED = 8,
		RP_CAUSE_CALL_BARRED = 10,
		RP_CAUSE_REJECTED = 21,
		RP_CAUSE_MEMORY_EXCEEDED = 22, /* from the phone only */
		RP_CAUSE_DESTINATION_OUT_OF_ORDER = 27,
		RP_CAUSE_UNIDENTIFIED_SUBSCRIBER = 28,
		RP_CAUSE_FACILITY_REJECTED = 29,
		RP_CAUSE_UNKNOWN_SUBSCRIBER = 30,
		RP_CAUSE_NETWORK_OUT_OF_ORDER = 38,
		RP_CAUSE_TEMPORARY_FAILURE = 41,
		RP_CAUSE_CONGESTION = 42,
		RP_CAUSE_NO_RESOURCES = 47,
		RP_CAUSE_NOT_SUBSCRIBED = 50,
		RP_CAUSE_NOT_IMPLEMENTED = 69,
		RP_CAUSE_INVALID_REFERENCE = 81,
		RP_CAUSE_SEMANTICALLY_INCORRECT = 95,
		RP_CAUSE_INVALID_MANDATORY = 96,
		RP_CAUSE_TYPE_UNKNOWN = 97,
		RP_CAUSE_WRONG_STATE = 98,
		RP_CAUSE_ELEMENT_UNKNOWN = 99,
		RP_CAUSE_PROTOCOL_ERROR = 111,
		RP_CAUSE_INTERWORKING = 127,
};

struct rp {
	enum rp_type type;
	uint8_t reference;
	struct sms_address originator, destination; /* RP-DATA: the service centre's; len 0 = none */
	bool has_tpdu;
	struct text tpdu;
	uint8_t cause; /* RP-ERROR */
	bool has_diagnostic;
	uint8_t diagnostic;
};

/*
 * ERR_SHORT, ERR_MALFORMED (octets left over behind RP-DATA and RP-SMMA), ERR_TOO_BIG, ERR_UNSUPPORTED (a type that
 * does not exist); the octet where the item begins in bad_octet_out (may be NULL). Unknown elements behind RP-ACK and
 * RP-ERROR are skipped (9.3). *out keeps type and reference when they were there, so that an error can be answered.
 */
MUST_CHECK enum result rp_decode(const void *octets, size_t len, struct rp *out, size_t *bad_octet_out);
void rp_encode(const struct rp *rp, struct writer *w);

enum tpdu_direction rp_direction(enum rp_type type);
enum tpdu_carrier rp_carrier(enum rp_type type);
const char *rp_type_name(enum rp_type type); /* "RP-DATA" */
const char *rp_cause_name(uint8_t cause);    /* "memory capacity exceeded"; never NULL */

/* What to answer to an RP message (9.3), and to a TPDU inside a right one, that could not be decoded. */
uint8_t rp_cause_of_bad_rp(enum result result);
uint8_t rp_cause_of_bad_tpdu(enum result result);

#endif
