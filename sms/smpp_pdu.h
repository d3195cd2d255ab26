/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SMPP 3.4 and 5.0 PDUs. Clauses are those of the SMPP 3.4 specification, issue 1.2.
 *
 *	length u32 | command_id u32 | command_status u32 | sequence u32 | body | { tag u16 | length u16 | value }*
 *
 * Decoding leaves views into the bytes given and allocates nothing; TLVs stay one raw view that is looked into by tag,
 * so that unknown ones can be passed on as they came. Encoding puts fields into a writer.
 */
#ifndef SMS_SMPP_PDU_H
#define SMS_SMPP_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/reader.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

#define SMPP_HEADER_SIZE 16u
/* Largest PDU taken unless configured: message_payload of 64 KiB and its fields. */
#define SMPP_PDU_MAX 70000u
#define SMPP_SEQUENCE_MAX 0x7fffffffu
#define SMPP_RESPONSE 0x80000000u

/* What fields hold at most, without their NUL. */
#define SMPP_SYSTEM_ID_MAX 15u
#define SMPP_PASSWORD_MAX 8u
#define SMPP_SYSTEM_TYPE_MAX 12u
#define SMPP_ADDRESS_RANGE_MAX 40u
#define SMPP_SERVICE_TYPE_MAX 5u
#define SMPP_ADDRESS_MAX 20u
#define SMPP_LONG_ADDRESS_MAX 64u /* data_sm, alert_notification */
#define SMPP_TIME_MAX 16u
#define SMPP_MESSAGE_ID_MAX 64u
#define SMPP_SHORT_MESSAGE_MAX 254u /* that we send; 255 is taken */
#define SMPP_DESTINATIONS_MAX 255u

enum smpp_command { /* 5.1.2.1 */
		    SMPP_BIND_RECEIVER = 0x01,
		    SMPP_BIND_TRANSMITTER = 0x02,
		    SMPP_QUERY_SM = 0x03,
		    SMPP_SUBMIT_SM = 0x04,
		    SMPP_DELIVER_SM = 0x05,
		    SMPP_UNBIND = 0x06,
		    SMPP_REPLACE_SM = 0x07,
		    SMPP_CANCEL_SM = 0x08,
		    SMPP_BIND_TRANSCEIVER = 0x09,
		    SMPP_OUTBIND = 0x0b,
		    SMPP_ENQUIRE_LINK = 0x15,
		    SMPP_SUBMIT_MULTI = 0x21,
		    SMPP_ALERT_NOTIFICATION = 0x102,
		    SMPP_DATA_SM = 0x103,
		    SMPP_BROADCAST_SM = 0x111, /* the broadcast ones are known by id only: their body is not read */
		    SMPP_QUERY_BROADCAST_SM = 0x112,
		    SMPP_CANCEL_BROADCAST_SM = 0x113,
};
#define SMPP_GENERIC_NACK 0x80000000u
#define SMPP_RESPONSE_TO(command) ((uint32_t)(command) | SMPP_RESPONSE)

/* "submit_sm", "submit_sm_resp"; "unknown" for others. */
const char *smpp_command_name(uint32_t id);
bool smpp_command_known(uint32_t id);

/* esm_class, 5.2.12 */
#define SMPP_ESM_MODE 0x03
#define SMPP_ESM_DATAGRAM 0x01
#define SMPP_ESM_FORWARD 0x02 /* transaction mode: the answer is the outcome of the delivery */
#define SMPP_ESM_STORE 0x03
#define SMPP_ESM_TYPE 0x3c
#define SMPP_ESM_RECEIPT 0x04
#define SMPP_ESM_DELIVERY_ACK 0x08
#define SMPP_ESM_USER_ACK 0x10
#define SMPP_ESM_CONVERSATION_ABORT 0x18
#define SMPP_ESM_INTERMEDIATE 0x20
#define SMPP_ESM_UDHI 0x40
#define SMPP_ESM_REPLY_PATH 0x80

/* registered_delivery, 5.2.17 */
#define SMPP_REGISTERED_RECEIPT 0x03
#define SMPP_REGISTERED_ALWAYS 0x01
#define SMPP_REGISTERED_FAILURE 0x02
#define SMPP_REGISTERED_SUCCESS 0x03 /* 5.0 */
#define SMPP_REGISTERED_DELIVERY_ACK 0x04
#define SMPP_REGISTERED_USER_ACK 0x08
#define SMPP_REGISTERED_INTERMEDIATE 0x10

enum smpp_ton { /* 5.2.5 */
		SMPP_TON_UNKNOWN,
		SMPP_TON_INTERNATIONAL,
		SMPP_TON_NATIONAL,
		SMPP_TON_NETWORK,
		SMPP_TON_SUBSCRIBER,
		SMPP_TON_ALPHANUMERIC,
		SMPP_TON_ABBREVIATED
};

enum smpp_npi { /* 5.2.6 */
		SMPP_NPI_UNKNOWN = 0,
		SMPP_NPI_E164 = 1,
		SMPP_NPI_X121 = 3,
		SMPP_NPI_TELEX = 4,
		SMPP_NPI_E212 = 6,
		SMPP_NPI_NATIONAL = 8,
		SMPP_NPI_PRIVATE = 9,
		SMPP_NPI_ERMES = 10,
		SMPP_NPI_INTERNET = 14,
		SMPP_NPI_WAP = 18
};

struct smpp_address {
	uint8_t ton, npi;
	struct text at;
};

struct smpp_bind { /* all three kinds */
	struct text system_id, password, system_type;
	uint8_t interface_version; /* 0x34, 0x50; 0x33 and below: a peer without TLVs */
	uint8_t addr_ton, addr_npi;
	struct text address_range;
};

struct smpp_outbind {
	struct text system_id, password;
};

struct smpp_sm { /* submit_sm, deliver_sm, and submit_multi but for its destinations */
	struct text service_type;
	struct smpp_address source, destination;
	uint8_t esm_class, protocol_id, priority;
	struct text schedule, validity;
	uint8_t registered_delivery, replace_if_present, data_coding, default_message;
	struct text octets; /* short_message */
};

struct smpp_data { /* data_sm: the content is message_payload */
	struct text service_type;
	struct smpp_address source, destination;
	uint8_t esm_class, registered_delivery, data_coding;
};

struct smpp_multi {
	struct smpp_sm sm;   /* its destination is not used */
	unsigned count;	     /* of destinations */
	struct text entries; /* as on the wire: read with smpp_multi_next(), written with smpp_multi_put() */
};

struct smpp_multi_destination {
	bool is_list; /* a distribution list name in address.at */
	struct smpp_address address;
};

struct smpp_multi_resp {
	struct text message_id;
	unsigned count; /* of destinations that failed */
	struct text entries;
};

struct smpp_multi_failure {
	struct smpp_address address;
	uint32_t status;
};

struct smpp_query {
	struct text message_id;
	struct smpp_address source;
};

struct smpp_query_resp {
	struct text message_id, final_date;
	uint8_t message_state, error_code;
};

struct smpp_cancel {
	struct text service_type, message_id; /* either an id, or the addresses */
	struct smpp_address source, destination;
};

struct smpp_replace {
	struct text message_id;
	struct smpp_address source;
	struct text schedule, validity;
	uint8_t registered_delivery, default_message;
	struct text octets;
};

struct smpp_alert {
	struct smpp_address source, esme;
};

struct smpp_pdu {
	uint32_t id, status, sequence;
	union {
		struct smpp_bind bind;
		struct smpp_outbind outbind;
		struct text system_id; /* of the three bind responses */
		struct smpp_sm sm;     /* submit_sm, deliver_sm */
		struct smpp_data data;
		struct smpp_multi multi;
		struct smpp_multi_resp multi_resp;
		struct text message_id; /* of submit_sm_resp, deliver_sm_resp, data_sm_resp */
		struct smpp_query query;
		struct smpp_query_resp query_resp;
		struct smpp_cancel cancel;
		struct smpp_replace replace;
		struct smpp_alert alert;
		struct text body; /* of the broadcast ones, unread */
	} u;
	struct text tlvs; /* as on the wire; every length in it is checked */
};

/* --- framing -------------------------------------------------------------------------------------------------- */

enum smpp_frame { SMPP_FRAME_MORE, SMPP_FRAME_DONE, SMPP_FRAME_BAD };

/*
 * The first PDU of the octets received so far. DONE: it is `pdu_out`, a view, as long as its length field says. BAD: a
 * length below 16 or above `max`; answer with generic_nack, ESME_RINVCMDLEN and *sequence_out (0 when the header is not
 * all there), and close. MORE: nothing is to be consumed yet.
 */
enum smpp_frame smpp_frame_next(const void *bytes, size_t len, size_t max, struct text *pdu_out,
				uint32_t *sequence_out);

/* --- decoding ------------------------------------------------------------------------------------------------- */

/*
 * One whole PDU. The header is given even when the rest is wrong; fields not read are then empty.
 *  - OK.
 *  - ERR_UNSUPPORTED: an unknown command id (status ESME_RINVCMDID).
 *  - ERR_SHORT: fewer octets than the header, or than its length says. ERR_MALFORMED: a field without end, longer than
 *    its maximum, or octets left over that are no TLV. *status_out (may be NULL) is the command_status to answer with.
 * Responses: a body may be missing with any status, and with a status other than 0 it is not looked at.
 */
MUST_CHECK enum result smpp_pdu_decode(const void *bytes, size_t len, struct smpp_pdu *out, uint32_t *status_out);

/* Entries of submit_multi (start with reader_of(entries)) and of its response; false at the end. */
bool smpp_multi_next(struct reader *entries, struct smpp_multi_destination *out);
bool smpp_multi_resp_next(struct reader *entries, struct smpp_multi_failure *out);

/* --- TLVs ----------------------------------------------------------------------------------------------------- */

enum smpp_tag { /* 5.3.2, and 4.8.4 of 5.0 */
		SMPP_TLV_DEST_ADDR_SUBUNIT = 0x0005,
		SMPP_TLV_DEST_NETWORK_TYPE = 0x0006,
		SMPP_TLV_SOURCE_ADDR_SUBUNIT = 0x000d,
		SMPP_TLV_QOS_TIME_TO_LIVE = 0x0017,
		SMPP_TLV_PAYLOAD_TYPE = 0x0019,
		SMPP_TLV_STATUS_TEXT = 0x001d,
		SMPP_TLV_RECEIPTED_MESSAGE_ID = 0x001e,
		SMPP_TLV_USER_MESSAGE_REFERENCE = 0x0204,
		SMPP_TLV_USER_RESPONSE_CODE = 0x0205,
		SMPP_TLV_SOURCE_PORT = 0x020a,
		SMPP_TLV_DESTINATION_PORT = 0x020b,
		SMPP_TLV_SAR_MSG_REF_NUM = 0x020c,
		SMPP_TLV_LANGUAGE = 0x020d,
		SMPP_TLV_SAR_TOTAL_SEGMENTS = 0x020e,
		SMPP_TLV_SAR_SEGMENT_SEQNUM = 0x020f,
		SMPP_TLV_SC_INTERFACE_VERSION = 0x0210,
		SMPP_TLV_MS_AVAILABILITY_STATUS = 0x0422,
		SMPP_TLV_NETWORK_ERROR_CODE = 0x0423,
		SMPP_TLV_MESSAGE_PAYLOAD = 0x0424,
		SMPP_TLV_DELIVERY_FAILURE_REASON = 0x0425,
		SMPP_TLV_MORE_MESSAGES_TO_SEND = 0x0426,
		SMPP_TLV_MESSAGE_STATE = 0x0427,
		SMPP_TLV_CONGESTION_STATE = 0x0428,
		SMPP_TLV_VENDOR_FIRST = 0x1400,
		SMPP_TLV_VENDOR_LAST = 0x3fff,
};

struct smpp_tlv {
	uint16_t tag;
	struct text value;
};

/* "message_payload"; NULL for one that has no name here. */
const char *smpp_tlv_name(uint16_t tag);

/* In order: start with reader_of(tlvs); false at the end or where lengths do not fit. */
bool smpp_tlv_next(struct reader *tlvs, struct smpp_tlv *out);
/* Every octet belongs to a TLV. */
bool smpp_tlvs_valid(struct text tlvs);
/* The first with that tag. */
bool smpp_tlv_find(struct text tlvs, uint16_t tag, struct text *value_out);
/*
 * Typed: true when it is there with the right length. One of a wrong length is as if it were not there, for a peer's
 * mistake in a parameter that may be left out shall not cost the message; smpp_tlvs_check() tells a strict server.
 */
bool smpp_tlv_u8(struct text tlvs, uint16_t tag, uint8_t *out);
bool smpp_tlv_u16(struct text tlvs, uint16_t tag, uint16_t *out);
bool smpp_tlv_u32(struct text tlvs, uint16_t tag, uint32_t *out);
/* A C-octet string: without its NUL, which may be missing. */
bool smpp_tlv_string(struct text tlvs, uint16_t tag, size_t max, struct text *out);
/* 0, or ESME_RINVTLVLEN when one that is known here has a wrong length, with its tag. */
uint32_t smpp_tlvs_check(struct text tlvs, uint16_t *tag_out);

void smpp_tlv_put(struct writer *w, uint16_t tag, struct text value);
void smpp_tlv_put_u8(struct writer *w, uint16_t tag, uint8_t value);
void smpp_tlv_put_u16(struct writer *w, uint16_t tag, uint16_t value);
void smpp_tlv_put_u32(struct writer *w, uint16_t tag, uint32_t value);
void smpp_tlv_put_string(struct writer *w, uint16_t tag, struct text value); /* with a NUL behind it */
/* All of `tlvs` but those whose tag is in the list, which ends with 0. */
void smpp_tlvs_pass_on(struct writer *w, struct text tlvs, const uint16_t *without);

/* --- encoding ------------------------------------------------------------------------------------------------- */

/*
 * A whole PDU. A field longer than its maximum, or one that holds a NUL, makes the writer fail. Responses with a status
 * other than 0 are the header alone (5.0 and most peers), but for submit_multi_resp. TLVs are not checked again.
 */
void smpp_pdu_encode(const struct smpp_pdu *pdu, struct writer *w);

/* Piece by piece, for what puts its TLVs straight into the same writer: begin, body, TLVs, end. */
size_t smpp_begin(struct writer *w, uint32_t id, uint32_t status, uint32_t sequence);
void smpp_put_sm(struct writer *w, const struct smpp_sm *sm);
void smpp_end(struct writer *w, size_t mark);

void smpp_multi_put(struct writer *w, const struct smpp_multi_destination *destination);
void smpp_multi_resp_put(struct writer *w, const struct smpp_multi_failure *failure);

#endif
