/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Captures as tshark and Wireshark read them: pcapng blocks, and the packets in them. Octets out only: no file, no
 * clock.
 *
 *	section header | { interface description | enhanced packet } ...     each block: type u32, length u32, body,
 *	                                                                     length u32; numbers in network order
 *
 * One interface per link of the gateway, so that `frame.interface_name == "smsc:one"` finds a link's packets. What goes
 * over TCP becomes IP packets with the true addresses; what does not (SGsAP, a modem's TPDUs) names its dissector
 * (LINKTYPE_WIRESHARK_UPPER_PDU). Formats: draft-ietf-opsawg-pcapng, and the tags of Wireshark's exported PDUs.
 */
#ifndef SMS_PCAP_H
#define SMS_PCAP_H

#include "core/base/text.h"
#include "core/base/writer.h"
#include "core/net/net_address.h"

enum pcap_link { PCAP_RAW_IP = 101, PCAP_UPPER_PDU = 252 };

#define PCAP_PACKET_MAX (40u * 1024u)  /* octets of a packet; longer ones are refused by the writer */
#define PCAP_SEGMENT_MAX (32u * 1024u) /* octets of a stream in one packet */
#define PCAP_BLOCK_MAX (PCAP_PACKET_MAX + 64u)

/* First of all; `program` names who wrote it ("cellpostd 0.1"). */
void pcap_put_section(struct writer *w, struct text program);
/* Interfaces count from 0 in the order in which they are put. */
void pcap_put_interface(struct writer *w, enum pcap_link type, struct text name);

struct pcap_packet {
	uint32_t interface;
	int64_t time_us; /* since 1970 */
	bool out;	 /* from us */
	struct text octets;
};
void pcap_put_packet(struct writer *w, const struct pcap_packet *packet);

/* A TCP segment in an IPv4 or IPv6 packet, checksums in place. What is no such address becomes 127.0.0.1. */
struct pcap_segment {
	const struct net_address *from, *to;
	uint32_t sequence, acknowledged;
	struct text octets; /* at most PCAP_SEGMENT_MAX */
};
void pcap_put_segment(struct writer *w, const struct pcap_segment *segment);

/* A message for a dissector by name: "sgsap", "gsm_sms". Addresses are NULL where there are none. */
struct pcap_message {
	const char *dissector;
	const struct net_address *from, *to;
	bool to_network; /* as a phone's or modem's does: which way a TPDU goes decides what its type means */
	struct text octets;
};
void pcap_put_message(struct writer *w, const struct pcap_message *message);

#endif
