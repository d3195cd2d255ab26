/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connection layer messages (3GPP TS 24.011 7.2, 8.1), as NAS containers and SGs carry them:
 *
 *	TI << 4 | 9 | type:  01 CP-DATA len RP   04 CP-ACK   10 CP-ERROR cause
 */
#ifndef SMS_CP_H
#define SMS_CP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

#define CP_RP_MAX 248u /* 8.1.4.1 */
#define CP_MAX (CP_RP_MAX + 3u)

enum cp_type { CP_DATA = 0x01, CP_ACK = 0x04, CP_ERROR = 0x10 };

enum cp_cause { /* 8.1.4.2 */
		CP_CAUSE_NETWORK_FAILURE = 17,
		CP_CAUSE_CONGESTION = 22,
		CP_CAUSE_INVALID_TI = 81,
		CP_CAUSE_SEMANTICALLY_INCORRECT = 95,
		CP_CAUSE_INVALID_MANDATORY = 96,
		CP_CAUSE_TYPE_UNKNOWN = 97,
		CP_CAUSE_WRONG_STATE = 98,
		CP_CAUSE_ELEMENT_UNKNOWN = 99,
		CP_CAUSE_PROTOCOL_ERROR = 111,
};

struct cp {
	enum cp_type type;
	uint8_t ti;	    /* 0-6 */
	bool from_answerer; /* the TI flag: sent by the side that did not start the transaction */
	struct text rp;	    /* CP-DATA: a view */
	uint8_t cause;	    /* CP-ERROR */
};

/*
 * ERR_SHORT, ERR_MALFORMED, ERR_TOO_BIG; ERR_UNSUPPORTED for another protocol or TI 7 (octet 0) or type (octet 1). The
 * octet in bad_octet_out (may be NULL). *out keeps ti and from_answerer when they were there.
 */
MUST_CHECK enum result cp_decode(const void *octets, size_t len, struct cp *out, size_t *bad_octet_out);
void cp_encode(const struct cp *cp, struct writer *w);

const char *cp_type_name(enum cp_type type); /* "CP-DATA" */
const char *cp_cause_name(uint8_t cause);    /* never NULL */
/* What to answer to a message that could not be decoded (9.2). */
uint8_t cp_cause_of_bad(enum result result);

#endif
