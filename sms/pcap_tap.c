/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Octets and messages of links into packets. */
#include "sms/pcap_tap.h"

#include "core/base/random.h"
#include "core/base/reader.h"
#include "sms/smpp_pdu.h"

#define PDU_HEADER 16u /* command_length, command_id, command_status, sequence_number */

static void meet(struct pcap_flow *f, const struct stream *s)
{
	stream_addresses(s, &f->ours, &f->peer);
	random_bytes(f->sequence, sizeof(f->sequence));
	f->known = true;
}

static void take_segment(struct pcap_flow *f, const char *link, bool out, struct text octets)
{
	static uint8_t room[PCAP_PACKET_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct pcap_segment s = { .from = out ? &f->ours : &f->peer,
				  .to = out ? &f->peer : &f->ours,
				  .sequence = f->sequence[out],
				  .acknowledged = f->sequence[!out],
				  .octets = octets };

	pcap_put_segment(&w, &s);
	f->sequence[out] += (uint32_t)octets.len;
	if (writer_ok(&w))
		pcap_take(link, PCAP_RAW_IP, out, text_range((const char *)room, writer_len(&w)));
}

void pcap_tap_octets(struct pcap_flow *f, const struct stream *stream, const char *link, bool out, const void *octets,
		     size_t len)
{
	struct reader r = reader_of(octets, len);

	if (!pcap_on || !pcap_wanted(link))
		return;
	if (!f->known)
		meet(f, stream);
	while (reader_left(&r)) {
		size_t n = reader_left(&r) < PCAP_SEGMENT_MAX ? reader_left(&r) : PCAP_SEGMENT_MAX;
		take_segment(f, link, out, text_range((const char *)reader_take(&r, n), n));
	}
}

/* --- SMPP --- */

static bool has_password(uint32_t command)
{
	return command == SMPP_BIND_RECEIVER || command == SMPP_BIND_TRANSMITTER || command == SMPP_BIND_TRANSCEIVER ||
	       command == SMPP_OUTBIND;
}

/* command_length as it is; a PDU that cannot be one is the rest. */
static struct text next_pdu(struct reader *r, uint32_t *command_out)
{
	struct reader look = *r;
	size_t length = reader_u32(&look);

	*command_out = reader_u32(&look);
	if (length < PDU_HEADER || length > reader_left(r)) {
		*command_out = 0;
		length = reader_left(r);
	}
	return text_range((const char *)reader_take(r, length), length);
}

/* The second string behind the header (3.4 4.1.1 and 4.1.7.1). */
static void put_masked(struct writer *w, struct text pdu)
{
	size_t strings = 0;

	for (size_t i = 0; i < pdu.len; i++) {
		bool hidden = i >= PDU_HEADER && strings == 1 && pdu.at[i];
		writer_u8(w, hidden ? '*' : (uint8_t)pdu.at[i]);
		strings += i >= PDU_HEADER && !pdu.at[i];
	}
}

/* Up to the next bind as it is; binds are few and short. */
void pcap_tap_smpp(struct pcap_flow *f, const struct stream *stream, const char *link, bool out, const void *octets,
		   size_t len)
{
	struct reader r = reader_of(octets, len);
	struct text plain = { 0 };
	uint32_t command;

	if (!pcap_on)
		return;
	while (reader_left(&r)) {
		struct text pdu = next_pdu(&r, &command);
		uint8_t masked[1024];
		struct writer w = writer_of(masked, sizeof(masked));

		if (!has_password(command)) {
			plain = text_range(plain.len ? plain.at : pdu.at, plain.len + pdu.len);
			continue;
		}
		put_masked(&w, pdu);
		pcap_tap_octets(f, stream, link, out, plain.at, plain.len);
		pcap_tap_octets(f, stream, link, out, masked, writer_ok(&w) ? writer_len(&w) : 0);
		plain = (struct text){ 0 };
	}
	pcap_tap_octets(f, stream, link, out, plain.at, plain.len);
}

/* --- messages --- */

static void take_message(const char *link, bool out, const struct pcap_message *m)
{
	static uint8_t room[PCAP_PACKET_MAX];
	struct writer w = writer_of(room, sizeof(room));

	pcap_put_message(&w, m);
	if (writer_ok(&w))
		pcap_take(link, PCAP_UPPER_PDU, out, text_range((const char *)room, writer_len(&w)));
}

void pcap_tap_sgsap(const struct sctp_link *association, const char *link, bool out, const void *octets, size_t len)
{
	struct net_address ours, peer;

	if (!pcap_on || !pcap_wanted(link))
		return;
	sctp_link_addresses(association, &ours, &peer);
	struct pcap_message m = { .dissector = "sgsap",
				  .from = out ? &ours : &peer,
				  .to = out ? &peer : &ours,
				  .octets = text_range(octets, len) };
	take_message(link, out, &m);
}

void pcap_tap_tpdu(const char *link, bool out, struct text tpdu)
{
	struct pcap_message m = { .dissector = "gsm_sms", .to_network = out, .octets = tpdu };

	if (pcap_on && pcap_wanted(link))
		take_message(link, out, &m);
}
