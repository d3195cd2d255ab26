/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GSUP, the subscriber protocol of OsmoHLR and OsmoMSC, as far as short messages need it: a type octet, then elements
 * of tag, length (one octet each), value. Elements of other procedures are skipped; a message of theirs is relayed as
 * its octets.
 */
#ifndef SMS_GSUP_H
#define SMS_GSUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"
#include "sms/sms_address.h"

/* Every request has its error at + 1 and its result at + 2. */
enum gsup_type {
	GSUP_UPDATE_LOCATION = 0x04,
	GSUP_SEND_AUTH_INFO = 0x08,
	GSUP_AUTH_FAIL_REPORT = 0x0b,
	GSUP_PURGE = 0x0c,
	GSUP_INSERT_DATA = 0x10,
	GSUP_DELETE_DATA = 0x14,
	GSUP_LOCATION_CANCEL = 0x1c,
	GSUP_SUPPLEMENTARY = 0x20,
	GSUP_MO_FORWARD = 0x24,
	GSUP_MT_FORWARD = 0x28,
	GSUP_READY_FOR_SM = 0x2c,
	GSUP_CHECK_IMEI = 0x30,
	GSUP_ROUTING_ERROR = 0x4e,
};
#define GSUP_ERROR(request) ((uint8_t)((request) + 1))
#define GSUP_RESULT(request) ((uint8_t)((request) + 2))

enum gsup_tag {
	GSUP_TAG_IMSI = 0x01,
	GSUP_TAG_CAUSE = 0x02,
	GSUP_TAG_MSISDN = 0x08,
	GSUP_TAG_CLASS = 0x0a,
	GSUP_TAG_REFERENCE = 0x40,
	GSUP_TAG_DESTINATION = 0x41,
	GSUP_TAG_ORIGINATOR = 0x42,
	GSUP_TAG_TPDU = 0x43,
	GSUP_TAG_RP_CAUSE = 0x44,
	GSUP_TAG_MORE = 0x45,
	GSUP_TAG_ALERT = 0x46,
	GSUP_TAG_SOURCE_NAME = 0x60,
	GSUP_TAG_DESTINATION_NAME = 0x61,
};

#define GSUP_CLASS_SMS 2
#define GSUP_IMSI_MAX 15u
#define GSUP_NAME_MAX 254u

enum gsup_cause { /* 24.008 10.5.5.14 */
		  GSUP_CAUSE_IMSI_UNKNOWN = 0x02,
		  GSUP_CAUSE_DETACHED = 0x0a,
		  GSUP_CAUSE_NETWORK_FAILURE = 0x11,
		  GSUP_CAUSE_CONGESTION = 0x16,
		  GSUP_CAUSE_INVALID_ELEMENT = 0x60,
		  GSUP_CAUSE_PROTOCOL_ERROR = 0x6f,
};

enum gsup_alert { GSUP_ALERT_PRESENT = 1, GSUP_ALERT_MEMORY = 2 };

enum gsup_address_kind {
	GSUP_ADDRESS_ABSENT = 0, /* no element */
	GSUP_ADDRESS_IMSI = 1,
	GSUP_ADDRESS_MSISDN = 2,
	GSUP_ADDRESS_CENTRE = 3,
	GSUP_ADDRESS_NULL = 0xff,
};

struct gsup_address {
	enum gsup_address_kind kind;
	struct sms_address address; /* of an IMSI only its digits count */
};

struct gsup {
	uint8_t type;
	char imsi[GSUP_IMSI_MAX + 1];
	bool has_cause, has_class, has_reference, has_tpdu, has_rp_cause, has_more, has_alert;
	uint8_t cause;	  /* the network says so: enum gsup_cause */
	uint8_t class_of; /* GSUP_CLASS_SMS */
	uint8_t reference;
	struct gsup_address destination, originator;
	struct text tpdu;
	uint8_t rp_cause; /* the phone says so: enum rp_cause */
	bool more;
	uint8_t alert;			      /* enum gsup_alert */
	struct text msisdn;		      /* the element's value as it came */
	struct text source, destination_name; /* unit names, without NUL */
};

/*
 * Decodes what stands in an IPA_GSUP frame. ERR_SHORT, ERR_MALFORMED (an IMSI that is none or does not come first, an
 * element too short for its meaning), ERR_TOO_BIG; the octet in bad_octet_out (may be NULL).
 */
MUST_CHECK enum result gsup_decode(const void *octets, size_t len, struct gsup *out, size_t *bad_octet_out);
/* The message alone, without frame; elements in the order that Osmocom writes them. */
void gsup_encode(const struct gsup *g, struct writer *w);
/* Whole frame. */
void gsup_put_frame(const struct gsup *g, struct writer *w);

const char *gsup_type_name(uint8_t type);   /* "MT-forwardSM result"; never NULL */
const char *gsup_cause_name(uint8_t cause); /* never NULL */

#endif
