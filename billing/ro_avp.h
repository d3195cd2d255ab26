/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AVPs as bytes, for the files of ro_message.h. Codes: RFC 6733, RFC 8506, 3GPP TS 32.299 7.2. */
#ifndef BILLING_RO_AVP_H
#define BILLING_RO_AVP_H

#include "core/base/reader.h"
#include "core/base/text.h"
#include "core/base/writer.h"

#define RO_VENDOR_3GPP 10415u

/* Flags of an AVP as it is written. */
#define RO_MANDATORY 1u
#define RO_3GPP 2u

enum ro_avp {
	RO_AVP_EVENT_TIMESTAMP = 55,
	RO_AVP_HOST_IP_ADDRESS = 257,
	RO_AVP_AUTH_APPLICATION_ID = 258,
	RO_AVP_ACCT_APPLICATION_ID = 259,
	RO_AVP_VENDOR_SPECIFIC_APPLICATION_ID = 260,
	RO_AVP_SESSION_ID = 263,
	RO_AVP_ORIGIN_HOST = 264,
	RO_AVP_SUPPORTED_VENDOR_ID = 265,
	RO_AVP_VENDOR_ID = 266,
	RO_AVP_RESULT_CODE = 268,
	RO_AVP_PRODUCT_NAME = 269,
	RO_AVP_DISCONNECT_CAUSE = 273,
	RO_AVP_FAILED_AVP = 279,
	RO_AVP_ERROR_MESSAGE = 281,
	RO_AVP_DESTINATION_REALM = 283,
	RO_AVP_DESTINATION_HOST = 293,
	RO_AVP_TERMINATION_CAUSE = 295,
	RO_AVP_ORIGIN_REALM = 296,
	RO_AVP_EXPERIMENTAL_RESULT = 297,
	RO_AVP_EXPERIMENTAL_RESULT_CODE = 298,
	RO_AVP_CC_REQUEST_NUMBER = 415,
	RO_AVP_CC_REQUEST_TYPE = 416,
	RO_AVP_CC_SERVICE_SPECIFIC_UNITS = 417,
	RO_AVP_CC_TIME = 420,
	RO_AVP_FAILURE_HANDLING = 427,
	RO_AVP_FINAL_UNIT_INDICATION = 430,
	RO_AVP_GRANTED_UNIT = 431,
	RO_AVP_RATING_GROUP = 432,
	RO_AVP_REQUESTED_UNIT = 437,
	RO_AVP_SERVICE_IDENTIFIER = 439,
	RO_AVP_SUBSCRIPTION_ID = 443,
	RO_AVP_SUBSCRIPTION_ID_DATA = 444,
	RO_AVP_USED_UNIT = 446,
	RO_AVP_VALIDITY_TIME = 448,
	RO_AVP_SUBSCRIPTION_ID_TYPE = 450,
	RO_AVP_MULTIPLE_SERVICES_INDICATOR = 455,
	RO_AVP_MULTIPLE_SERVICES = 456,
	RO_AVP_SERVICE_CONTEXT_ID = 461,
	/* of 3GPP */
	RO_AVP_ROLE_OF_NODE = 829,
	RO_AVP_CALLED_PARTY_ADDRESS = 832,
	RO_AVP_SERVICE_INFORMATION = 873,
	RO_AVP_IMS_INFORMATION = 876,
	RO_AVP_ADDRESS_DATA = 897,
	RO_AVP_ADDRESS_TYPE = 899,
	RO_AVP_RECIPIENT_ADDRESS = 1201,
	RO_AVP_SMS_INFORMATION = 2000,
	RO_AVP_SM_MESSAGE_TYPE = 2007,
	RO_AVP_SMS_NODE = 2016,
	RO_AVP_RECIPIENT_INFO = 2026,
};

/* A group or value of open length between the two: the mark is the caller's. */
size_t ro_avp_begin(struct writer *w, enum ro_avp code, unsigned flags);
void ro_avp_end(struct writer *w, size_t mark);
void ro_put_avp(struct writer *w, enum ro_avp code, unsigned flags, const void *bytes, size_t n);
void ro_put_avp_u32(struct writer *w, enum ro_avp code, unsigned flags, uint32_t v);
/* Those of the IETF with their M bit. */
void ro_put_text(struct writer *w, enum ro_avp code, struct text t);
void ro_put_u32(struct writer *w, enum ro_avp code, uint32_t v);
void ro_put_u64(struct writer *w, enum ro_avp code, uint64_t v);
/* A u24 at this place. */
void ro_avp_fill(struct writer *w, size_t mark, size_t n);

struct ro_avp_view {
	uint32_t code, vendor;
	struct reader data;
};

/* The next one; false at the end, or with r->failed set where lengths do not fit. */
bool ro_avp_take(struct reader *r, struct ro_avp_view *out);

#endif
