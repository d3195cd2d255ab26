/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where links show captures (pcap_file.h) what they say and hear. While none runs a tap is one look at a flag.
 *
 *	SMPP, GSUP      octets of a connection: TCP segments with its true addresses and running sequence numbers. They
 *	                begin with a PDU or frame, whenever a capture begins.
 *	SGsAP, TPDUs    one message each, with the name of its dissector
 */
#ifndef SMS_PCAP_TAP_H
#define SMS_PCAP_TAP_H

#include "core/net/sctp.h"
#include "core/net/stream.h"
#include "sms/pcap_file.h"

/* Of one connection; all zero to begin with, and again for the next one. */
struct pcap_flow {
	struct net_address ours, peer;
	uint32_t sequence[2]; /* of what comes in, of what goes out */
	bool known;
};

void pcap_tap_octets(struct pcap_flow *flow, const struct stream *stream, const char *link, bool out,
		     const void *octets, size_t len);
/* Whole PDUs of SMPP: passwords of binds are made asterisks. */
void pcap_tap_smpp(struct pcap_flow *flow, const struct stream *stream, const char *link, bool out, const void *octets,
		   size_t len);
/* A record of an association. */
void pcap_tap_sgsap(const struct sctp_link *association, const char *link, bool out, const void *octets, size_t len);
/* A TPDU at a modem's line. */
void pcap_tap_tpdu(const char *link, bool out, struct text tpdu);

#endif
