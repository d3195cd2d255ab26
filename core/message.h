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
#define MESSAGE_REFERENCE_MAX 255u /* the client's own reference */
#define MESSAGE_TLVS_MAX 4096u	   /* TLVs passed through */
#define MESSAGE_FILES_MAX 10u	   /* attachments of one message */
#define MESSAGE_FILES_OCTETS 3072u /* their descriptions together */
#define MESSAGE_MEDIA_MAX 127u	   /* octets of a media type, RFC 6838 4.2 */
#define MESSAGE_FILE_NAME_MAX 255u
#define MESSAGE_QUOTE_MAX 512u	     /* a quote's token */
#define MESSAGE_HEADER_MAX 13000u    /* room that holds any encoded header */
#define MESSAGE_RECIPIENTS_MAX 1000u /* of one accept */

enum message_content { MESSAGE_TEXT, MESSAGE_BINARY };

/* Which bearers the sender asks for; CHOICE_CHANNEL: what the channel it came by says (SMPP names SMS). */
enum message_choice { CHOICE_CHANNEL, CHOICE_PACKET, CHOICE_PACKET_THEN_PAID, CHOICE_PAID, MESSAGE_CHOICE_COUNT };

/* A file of a message. Its bytes lie in the store's folder of files under their hash, and never in the header. */
struct message_file {
	struct text media; /* "image/jpeg" */
	struct text name;  /* as the sender called it, without a path; or empty */
	uint64_t size;	   /* octets */
	uint8_t hash[32];  /* SHA-256 of the bytes */
};

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

	/* What the sender says about money; it can narrow what the account allows, never widen it. */
	enum message_choice choice;
	bool has_consent; /* `consent` was given with the message: enum consent of core/route_decide.h */
	uint8_t consent;
	bool has_max_price; /* most for one delivery, tax included, 10^-6 units of the account's currency */
	int64_t max_price;
	struct text quote; /* the token of a quote that this message is bound to, or empty */

	struct text files; /* written by message_put_file(), read by message_take_file(); not empty: CONTENT_FILE */

	/* MCC and MNC of the one recipient that is routed or priced just now, where known. Not in the header: it is
	 * bound to the delivery (core/queue_lookup.h). */
	struct text network;
};

/* Appends one file's description to what becomes `files`. */
void message_put_file(struct writer *w, const struct message_file *file);
/* The next one; false at the end and for what is malformed (reader_done() tells which). */
bool message_take_file(struct reader *r, struct message_file *out);
/* message_files.c. The n-th from 0; false: there is none. */
bool message_file_at(const struct message *message, unsigned n, struct message_file *out);
unsigned message_files_count(const struct message *message);
/* Octets of text and files together: what counts against the size that a bearer carries. */
uint64_t message_octets(const struct message *message);
/* Whole descriptions within the limits, each of a file that is not empty; a message without files is fine. */
bool message_files_valid(const struct message *message);

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
