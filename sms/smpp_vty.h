/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nodes of SMPP: `smpp-server`, and an `smsc` per network or provider that we are a client of. */
#ifndef SMS_SMPP_VTY_H
#define SMS_SMPP_VTY_H

#include "core/core_vty.h"
#include "sms/smpp_session.h"
#include "sms/smpp_text.h"

struct smpp_server_settings {
	struct config_node node;
	struct config_list listen, tls_listen;
	struct config_file certificate, key;
	struct text system_id; /* ours, in bind answers */
	int64_t connections;
	int64_t bind_timeout, enquire, enquire_answer, answer, silence;
	int64_t pdu_max;
	int64_t join; /* enum smpp_join, of long messages to clients */
};
extern const struct node_kind smpp_server_kind;

enum smsc_bind { SMSC_TRANSCEIVER, SMSC_TRANSMITTER, SMSC_RECEIVER, SMSC_SEPARATE };
/* What is done with a delivery whose answer never came. */
enum smsc_doubt { SMSC_DOUBT_DEFAULT, SMSC_DOUBT_REPEAT, SMSC_DOUBT_REPORT };

struct smsc_settings {
	struct config_node node;
	struct text host;	    /* host:port */
	struct text outbind_listen; /* where the centre connects to us; empty = we connect */
	bool tls, tls_verify;
	struct config_file authorities;
	struct text server_name;
	struct text system_id, password, system_type;
	int64_t bind; /* enum smsc_bind */
	int64_t connections;
	int64_t version; /* enum: 3.3, 3.4, 5.0 */
	int64_t window, rate, burst;
	int64_t alphabet, join;
	bool transliterate, strict;
	int64_t id_habit; /* enum smpp_id_habit */
	int64_t doubt;	  /* enum smsc_doubt */
	int64_t repeat_tlv;
	bool receipts, accepted_is_final, tlvs, validity;
	struct text service_type;
	int64_t source_ton, source_npi, destination_ton, destination_npi; /* 256 = by the address */
	int64_t bind_timeout, enquire, enquire_answer, answer, silence, reconnect_max;
	int64_t ports; /* SMSC_PORTS_UDH, SMSC_PORTS_TLV */
};
enum smsc_ports { SMSC_PORTS_UDH, SMSC_PORTS_TLV };
extern const struct node_kind smsc_kind;

uint8_t smsc_version(const struct smsc_settings *s); /* as in interface_version */

#endif
