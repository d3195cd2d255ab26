/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The content of SMPP messages: UTF-8 and octets on our side, data_coding and short_message or message_payload on the
 * peer's. What data_coding 0 means, how long messages are joined and which tables its phones know is each peer's own,
 * so all of it is in one plain struct of settings.
 */
#ifndef SMS_SMPP_TEXT_H
#define SMS_SMPP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"
#include "core/message.h"
#include "sms/header.h"
#include "sms/smpp_pdu.h"
#include "sms/split.h"

/* What data_coding 0 is. */
enum smpp_alphabet {
	SMPP_ALPHABET_GSM7, /* one septet per octet: by far the most frequent */
	SMPP_ALPHABET_LATIN1,
	SMPP_ALPHABET_ASCII,
	SMPP_ALPHABET_GSM7_PACKED,
	SMPP_ALPHABETS
};

/* How the parts of a long message are joined. */
enum smpp_join { SMPP_JOIN_UDH_8, SMPP_JOIN_UDH_16, SMPP_JOIN_SAR, SMPP_JOIN_PAYLOAD, SMPP_JOINS };

/* "gsm7", "latin1", "ascii", "gsm7-packed"; "udh8", "udh16", "sar", "payload". The other way: false when unknown. */
const char *smpp_alphabet_name(enum smpp_alphabet a);
const char *smpp_join_name(enum smpp_join j);
bool smpp_alphabet_find(struct text name, enum smpp_alphabet *out);
bool smpp_join_find(struct text name, enum smpp_join *out);

/* Zeroed: GSM 7-bit unpacked, 8-bit references, no national tables, lenient. */
struct smpp_text_settings {
	enum smpp_alphabet alphabet;
	enum smpp_join join;
	uint16_t locking_languages, single_languages; /* ALPHABET_BIT(): sent only with these */
	bool transliterate;			      /* see split.h */
	bool flash_by_subunit; /* flash as dest_addr_subunit 1 (5.3.2.1), not as data_coding 0xF0, 0x18 */
	bool ports_by_tlv;     /* ports as source_port and destination_port TLVs, not in a header of ours */
	bool strict;	       /* refuse what is against the book: UDHI with sar_ or port TLVs, wrong octets */
	unsigned parts_max;    /* 0 = SPLIT_PARTS_MAX */
};

#define SMPP_CODING_DEFAULT 0x00
#define SMPP_CODING_ASCII 0x01
#define SMPP_CODING_OCTETS_2 0x02
#define SMPP_CODING_LATIN1 0x03
#define SMPP_CODING_OCTETS 0x04
#define SMPP_CODING_UCS2 0x08

/* --- a message that came --- */

/* submit_sm, deliver_sm and data_sm alike, and each destination of submit_multi. */
struct smpp_given {
	uint8_t esm_class, data_coding;
	struct text octets; /* short_message */
	struct text tlvs;
};
/* Of one of those four; false for any other PDU. */
bool smpp_given_of_pdu(const struct smpp_pdu *pdu, struct smpp_given *out);

struct smpp_content {
	enum message_content content;
	bool flash;		     /* class 0, or dest_addr_subunit 1 */
	uint8_t coding;		     /* data_coding as it came */
	bool keep_coding;	     /* neither text nor plain octets: what goes on must keep `coding` */
	bool guessed;		     /* octets were no text of their coding and were read as Latin-1 */
	struct text udh;	     /* with its length octet, a view; empty = none */
	struct header_concat concat; /* of UDH or of sar_ TLVs (16-bit reference); HEADER_ABSENT = a whole message */
	bool has_ports;
	uint16_t source_port, destination_port;
	bool header_bad; /* UDHI was set and what is there is no header: read as content */
};

/*
 * Puts the content, without header, into `body`: UTF-8, or octets as they came. Room of 3 octets per octet given
 * suffices; MESSAGE_TEXT_MAX is the most that is of use. Codings that cellpost does not read (JIS, Cyrillic, Hebrew,
 * Korean, pictograms, reserved ones) come as octets with keep_coding. ERR_TOO_BIG: the writer is full. Strict settings
 * also: ERR_MALFORMED. *status_out then is the command_status to answer with.
 */
MUST_CHECK enum result smpp_text_read(const struct smpp_given *given, const struct smpp_text_settings *settings,
				      struct smpp_content *out, struct writer *body, uint32_t *status_out);

/* --- a message that goes --- */

struct smpp_text_plan {
	struct split split;
	enum smpp_join join; /* of more than one part */
	enum smpp_alphabet alphabet;
	uint8_t coding;	   /* data_coding of every part */
	uint8_t esm_class; /* SMPP_ESM_UDHI or 0, to be ORed in */
	unsigned parts;	   /* PDUs to send */
	unsigned segments; /* short messages that the phone gets: what is paid for */
	bool payload;	   /* the content of the one PDU is message_payload */
	bool flash_subunit;
	bool port_tlvs;
	uint16_t source_port, destination_port;
};

/*
 * Plans the parts of `message` (its body, content, flash, udh, ports, coding). A message whose sender gave a header or
 * a coding keeps both; one whose header says that it is a part stays one part. Where the message has a header or ports,
 * SMPP_JOIN_SAR becomes SMPP_JOIN_UDH_8, for the two exclude each other; with ports_by_tlv, ports alone are no header,
 * and the two ways of joining by a header become SMPP_JOIN_SAR beside them. `arena` is needed with `transliterate` and
 * where header elements are put together; the plan refers to it and to the message. Errors as of split_plan(), and
 * ERR_MALFORMED for a header that is none.
 */
MUST_CHECK enum result smpp_text_plan(const struct message *message, const struct smpp_text_settings *settings,
				      struct arena *arena, struct smpp_text_plan *out, size_t *bad_octet_out);
/*
 * Part n (from 0): short_message into `octets` (SMPP_SHORT_MESSAGE_MAX octets of room suffice; nothing when it is a
 * payload) and what belongs to it as TLVs into `tlvs`. `reference` joins the parts; its low octet with SMPP_JOIN_UDH_8.
 */
void smpp_text_put_part(const struct smpp_text_plan *plan, unsigned part, uint16_t reference, struct writer *octets,
			struct writer *tlvs);
/* Octets of TLVs that a part may need beside a payload's own. */
#define SMPP_TEXT_TLVS_MAX 64u

#endif
