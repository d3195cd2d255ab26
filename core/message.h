/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one envelope that all channels share, and its encoding: what an edge hands to the queue, what the store keeps in
 * `header`, what a bearer gets back. The text travels beside the header; recipients are deliveries, not part of it.
 *
 *	header:  version u8 (1) | { tag u8 | length u16 | value }*
 *
 * A reader skips tags it does not know, so an older role reads a newer header.
 */
#ifndef CORE_MESSAGE_H
#define CORE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/reader.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

/* Limits of one message. */
#define MESSAGE_TEXT_MAX 65535u	 /* octets of UTF-8, or of binary content */
#define MESSAGE_ADDRESS_MAX 255u /* octets of an address in any form */
#define MESSAGE_ACCOUNT_MAX 64u
#define MESSAGE_URL_MAX 2048u
#define MESSAGE_REFERENCE_MAX 255u   /* the client's own reference */
#define MESSAGE_TLVS_MAX 4096u	     /* TLVs passed through */
#define MESSAGE_HEADER_MAX 9000u     /* room that holds any encoded header */
#define MESSAGE_RECIPIENTS_MAX 1000u /* of one accept */

enum message_content { MESSAGE_TEXT, MESSAGE_BINARY };

/* What the sender wants to hear about each recipient: bits as in Kannel's dlr-mask. */
#define REPORT_DELIVERED 1u
#define REPORT_FAILED 2u
#define REPORT_BUFFERED 4u  /* waiting: no link, recipient absent */
#define REPORT_ACCEPTED 8u  /* taken by the network */
#define REPORT_REJECTED 16u /* refused by the network or by us */
#define REPORT_ALL 31u

struct message {
	enum message_content content;
	struct text channel; /* "http", "kannel", "smpp", "lab" */
	struct text account; /* who sent it: an account, or the link it came in by */
	struct text sender;
	struct text body; /* UTF-8, or octets when binary; not in the header */

	int64_t due_us;	     /* scheduled delivery time; 0 = at once */
	int64_t validity_us; /* from now on, as asked; 0 = the gateway's default */
	uint8_t priority;    /* 0..3 */
	uint8_t reports;     /* REPORT_* */
	bool flash;	     /* message class 0, TS 23.038 4 */
	bool from_network;   /* mobile originated: to an application */
	bool emergency;	     /* never barred, never priced, no lane */
	uint8_t protocol_id; /* TP-PID */
	bool has_coding;     /* data_coding was given by an SMPP peer and is passed on unchanged */
	uint8_t coding;
	struct text udh; /* user data header with its length octet, passed on unchanged */
	bool has_ports;	 /* application ports, TS 23.040 9.2.3.24.4 */
	uint16_t source_port, destination_port;
	struct text service_type; /* SMPP */
	struct text reference;	  /* the client's, given back in receipts */
	struct text report_to;	  /* URL for this message's receipts; empty = the account's */
	struct text tlvs;	  /* SMPP optional parameters passed through, encoded as on the wire */
	struct text link;	  /* only by this link, when the sender asks and may */
	uint16_t user_reference;  /* user_message_reference of an SMPP client */
	uint8_t source_ton, source_npi;
};

/* Encodes all but body and recipients. Room of MESSAGE_HEADER_MAX always suffices for a message within the limits. */
void message_encode(const struct message *message, struct writer *w);
/* Views into the bytes. `body` stays empty. */
MUST_CHECK enum result message_decode(struct text header, struct message *out);

/* "+8190..." from what people and peers write: "0081..", "+81 90-..", "tel:+81..". A short code stays digits; an
 * alphanumeric sender stays as it is. ERR_MALFORMED with a reason for what is none. */
MUST_CHECK enum result address_normalise(struct text given, char *to, size_t size, const char **why_out);
bool address_is_number(struct text address); /* +digits or digits */
/* The lane of a recipient: a hash; never 0. */
int64_t address_lane(struct text recipient);

#endif
