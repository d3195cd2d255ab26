/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Diameter messages as bytes: the base protocol that a client of one peer needs (RFC 6733: capabilities 257, watchdog
 * 280, disconnect 282) and credit control (RFC 8506: 272 of application 4) with the AVPs of 3GPP TS 32.299 for a short
 * message. No sockets, no clocks, no state.
 *
 *	header:  version 1 (u8) | length u24, all octets | flags u8 R P E T | command u24 | application u32
 *	         | hop-by-hop u32 | end-to-end u32 | AVPs
 *	AVP:     code u32 | flags u8 V M | length u24, padding not counted | vendor u32 if V | data | padding to 4
 *
 * What is read lies in the caller's bytes. Liberal with what a peer answers: unknown AVPs and those of other places are
 * passed over, and Acct-Application-Id stands for Auth-Application-Id.
 */
#ifndef BILLING_RO_MESSAGE_H
#define BILLING_RO_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/reader.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

#define RO_HEADER_SIZE 20u
#define RO_MESSAGE_MAX 16384u /* octets of one message of a peer; a longer one ends the connection */
#define RO_AVPS_MAX 512u      /* AVPs of one message, of all depths */
#define RO_NAME_MAX 255u      /* of a DiameterIdentity, a Session-Id, an address */

#define RO_FLAG_REQUEST 0x80u
#define RO_FLAG_PROXIABLE 0x40u
#define RO_FLAG_ERROR 0x20u
#define RO_FLAG_RETRANSMITTED 0x10u

#define RO_APPLICATION 4u /* RFC 8506 */

enum ro_command { RO_CAPABILITIES = 257, RO_CREDIT_CONTROL = 272, RO_WATCHDOG = 280, RO_DISCONNECT = 282 };

/* RFC 8506 8.3 */
enum ro_request_type { RO_INITIAL_REQUEST = 1, RO_TERMINATION_REQUEST = 3, RO_EVENT_REQUEST = 4 };

/* What of TS 32.299 goes with a request: SMS-Information for an SMS-aware OCS, IMS-Information for one that knows calls
 * only, nothing for a strict peer without the 3GPP dictionary. */
enum ro_content { RO_CONTENT_SMS, RO_CONTENT_IMS, RO_CONTENT_NONE };

/* How a message is counted: CC-Service-Specific-Units, or CC-Time for an OCS that grants nothing else. */
enum ro_unit { RO_UNIT_SPECIFIC, RO_UNIT_TIME };

struct ro_identity {
	struct text host, realm;
	uint8_t address[16];  /* ours, of the connection */
	unsigned address_len; /* 4 or 16 */
};

struct ro_ids {
	uint32_t hop, end;
};

/* One CCR. */
struct ro_request {
	enum ro_request_type type;
	uint32_t number;
	bool retransmitted; /* it may have left before */
	struct ro_ids ids;
	struct text session;
	struct text destination_realm, destination_host; /* host empty = any of the realm */
	struct text context;				 /* Service-Context-Id */
	struct text subscriber; /* "+819012345678", "sip:...", "user@realm", or a name of ours */
	struct text sender, recipient;
	uint64_t units; /* requested, or used */
	enum ro_unit unit;
	enum ro_content content;
	bool mandatory;			/* M bit of 3GPP's AVPs */
	uint32_t service, rating_group; /* 0 = not sent */
	int64_t at_us;			/* Event-Timestamp; 0 = not sent */
};

void ro_put_capabilities(struct writer *w, const struct ro_identity *us, struct ro_ids ids);
void ro_put_watchdog(struct writer *w, const struct ro_identity *us, struct ro_ids ids);
void ro_put_disconnect(struct writer *w, const struct ro_identity *us, struct ro_ids ids);
void ro_put_credit(struct writer *w, const struct ro_identity *us, const struct ro_request *request);

/* What is read of any message. */
struct ro_message {
	uint8_t flags;
	uint32_t command, application;
	struct ro_ids ids;
	struct text session, host, realm, error; /* error: Error-Message */
	uint32_t result;			 /* Result-Code, or the code of Experimental-Result; 0 = none */
	bool serves_credit;			 /* capabilities: application 4 or relay */
	uint32_t failed;			 /* code of the first AVP in Failed-AVP; 0 = none */
	uint32_t type, number;			 /* CC-Request-Type, CC-Request-Number */
	/* of the first Multiple-Services-Credit-Control, or of the answer itself */
	bool has_service;
	uint32_t service_result; /* 0 = none */
	bool has_grant;
	uint64_t granted;    /* of the unit that was asked for */
	uint32_t validity_s; /* 0 = none */
	bool final_unit;
	uint32_t failure_handling; /* 427; RO_NO_HANDLING = not there */
	uint32_t cause;		   /* Disconnect-Cause */
};
#define RO_NO_HANDLING UINT32_MAX

/* The answer to a request of the peer's (watchdog, disconnect), or why we have no other: 3001 and the like. */
void ro_put_answer(struct writer *w, const struct ro_identity *us, const struct ro_message *request, uint32_t result);

/* How long the first message in these octets is: ERR_SHORT when that cannot be told yet, ERR_MALFORMED when it is no
 * Diameter, ERR_TOO_BIG above RO_MESSAGE_MAX. */
MUST_CHECK enum result ro_measure(const void *bytes, size_t len, size_t *len_out);
/* Exactly one message. ERR_MALFORMED: lengths that do not fit each other, or values of a wrong size. */
MUST_CHECK enum result ro_decode(struct ro_message *out, const void *bytes, size_t len);

/* The name of a result code, as "DIAMETER_CREDIT_LIMIT_REACHED"; "" for one that we do not know. */
const char *ro_result_name(uint32_t result);

#endif
