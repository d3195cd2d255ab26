/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks and packets of pcap.h. */
#include "sms/pcap.h"

#include <netinet/in.h>
#include <string.h>

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define VERSION_MAJOR 1u
#define VERSION_MINOR 0u
#define LENGTH_UNKNOWN UINT64_MAX

#define OPTION_END 0u
#define OPTION_APPLICATION 4u /* of the section */
#define OPTION_NAME 2u	      /* of an interface */
#define OPTION_FLAGS 2u	      /* of a packet: 1 in, 2 out */

#define TAG_END 0u
#define TAG_DISSECTOR 12u
#define TAG_IPV4_FROM 20u
#define TAG_IPV4_TO 21u
#define TAG_IPV6_FROM 22u
#define TAG_IPV6_TO 23u
#define TAG_PORT_TYPE 24u
#define TAG_PORT_FROM 25u
#define TAG_PORT_TO 26u
#define TAG_DIRECTION 35u
#define PORT_SCTP 1u
#define DIRECTION_SENT 0u /* P2P_DIR_SENT: to the phone, for gsm_sms */
#define DIRECTION_RECEIVED 1u

#define IPV4_HEADER 20u
#define IPV6_HEADER 40u
#define TCP_HEADER 20u
#define HOP_LIMIT 64u
#define TCP_PUSH_ACK 0x18u

/* --- blocks --- */

static size_t begin(struct writer *w, uint32_t type)
{
	size_t mark = writer_len(w);

	writer_u32(w, type);
	writer_u32(w, 0); /* length, by end() */
	return mark;
}

static void pad(struct writer *w, size_t n)
{
	for (; n % 4; n++)
		writer_u8(w, 0);
}

/* Both lengths count the whole block. */
static void end(struct writer *w, size_t mark)
{
	size_t length = writer_len(w) - mark + 4;
	struct writer at;

	writer_u32(w, (uint32_t)length);
	if (!writer_ok(w))
		return;
	at = writer_of(w->start + mark + 4, 4);
	writer_u32(&at, (uint32_t)length);
}

static void put_option(struct writer *w, uint16_t code, struct text value)
{
	writer_u16(w, code);
	writer_u16(w, (uint16_t)value.len);
	writer_text(w, value);
	pad(w, value.len);
}

static void end_options(struct writer *w)
{
	put_option(w, OPTION_END, (struct text){ 0 });
}

void pcap_put_section(struct writer *w, struct text program)
{
	size_t mark = begin(w, BLOCK_SECTION);

	writer_u32(w, BYTE_ORDER_MAGIC);
	writer_u16(w, VERSION_MAJOR);
	writer_u16(w, VERSION_MINOR);
	writer_u64(w, LENGTH_UNKNOWN);
	put_option(w, OPTION_APPLICATION, program);
	end_options(w);
	end(w, mark);
}

/* Times are in microseconds: the default of the format. */
void pcap_put_interface(struct writer *w, enum pcap_link type, struct text name)
{
	size_t mark = begin(w, BLOCK_INTERFACE);

	writer_u16(w, (uint16_t)type);
	writer_u16(w, 0); /* reserved */
	writer_u32(w, 0); /* packets are never cut */
	put_option(w, OPTION_NAME, name);
	end_options(w);
	end(w, mark);
}

void pcap_put_packet(struct writer *w, const struct pcap_packet *p)
{
	size_t mark = begin(w, BLOCK_PACKET);

	writer_u32(w, p->interface);
	writer_u64(w, (uint64_t)p->time_us); /* high and low half */
	writer_u32(w, (uint32_t)p->octets.len);
	writer_u32(w, (uint32_t)p->octets.len);
	writer_text(w, p->octets);
	pad(w, p->octets.len);
	writer_u16(w, OPTION_FLAGS);
	writer_u16(w, 4);
	writer_u32(w, p->out ? 2 : 1);
	end_options(w);
	end(w, mark);
}

/* --- addresses --- */

struct place {
	bool v6;
	uint16_t port;
	uint8_t address[16];
};

static struct place place_of(const struct net_address *a)
{
	struct place p = { .address = { 127, 0, 0, 1 } };
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (a && a->storage.ss_family == AF_INET) {
		memcpy(&v4, &a->storage, sizeof(v4));
		memcpy(p.address, &v4.sin_addr, 4);
		p.port = ntohs(v4.sin_port);
	} else if (a && a->storage.ss_family == AF_INET6) {
		memcpy(&v6, &a->storage, sizeof(v6));
		memcpy(p.address, &v6.sin6_addr, 16);
		p.port = ntohs(v6.sin6_port);
		p.v6 = true;
	}
	return p;
}

/* --- IP and TCP: RFC 791, 8200, 9293 --- */

static uint32_t sum(uint32_t so_far, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		so_far += (uint32_t)(octets[i] << 8 | octets[i + 1]);
	if (len % 2)
		so_far += (uint32_t)octets[len - 1] << 8;
	return so_far;
}

static uint16_t checksum(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static void fill_u16(struct writer *w, size_t at, uint16_t v)
{
	if (!writer_ok(w))
		return;
	w->start[at] = (uint8_t)(v >> 8);
	w->start[at + 1] = (uint8_t)v;
}

static void put_ipv4(struct writer *w, const struct place *from, const struct place *to, size_t payload)
{
	size_t mark = writer_len(w);

	writer_u16(w, 0x4500); /* version, header of 5 words */
	writer_u16(w, (uint16_t)(IPV4_HEADER + payload));
	writer_u32(w, 0x4000); /* no identification, don't fragment */
	writer_u8(w, HOP_LIMIT);
	writer_u8(w, IPPROTO_TCP);
	writer_u16(w, 0);
	writer_bytes(w, from->address, 4);
	writer_bytes(w, to->address, 4);
	if (writer_ok(w))
		fill_u16(w, mark + 10, checksum(sum(0, w->start + mark, IPV4_HEADER)));
}

static void put_ipv6(struct writer *w, const struct place *from, const struct place *to, size_t payload)
{
	writer_u32(w, 0x60000000);
	writer_u16(w, (uint16_t)payload);
	writer_u8(w, IPPROTO_TCP);
	writer_u8(w, HOP_LIMIT);
	writer_bytes(w, from->address, 16);
	writer_bytes(w, to->address, 16);
}

static void put_tcp(struct writer *w, const struct pcap_segment *s, const struct place *from, const struct place *to)
{
	size_t mark = writer_len(w), width = from->v6 ? 16 : 4;
	uint32_t pseudo = sum(sum(IPPROTO_TCP, from->address, width), to->address, width);

	writer_u16(w, from->port);
	writer_u16(w, to->port);
	writer_u32(w, s->sequence);
	writer_u32(w, s->acknowledged);
	writer_u8(w, TCP_HEADER / 4 << 4);
	writer_u8(w, TCP_PUSH_ACK);
	writer_u16(w, UINT16_MAX); /* window */
	writer_u32(w, 0);	   /* checksum, urgent */
	writer_text(w, s->octets);
	if (!writer_ok(w))
		return;
	size_t len = writer_len(w) - mark;
	fill_u16(w, mark + 16, checksum(sum(pseudo + (uint32_t)len, w->start + mark, len)));
}

void pcap_put_segment(struct writer *w, const struct pcap_segment *s)
{
	struct place from = place_of(s->from), to = place_of(s->to);
	size_t payload = TCP_HEADER + s->octets.len;

	if (s->octets.len > PCAP_SEGMENT_MAX) {
		w->failed = true;
		return;
	}
	if (from.v6 != to.v6) { /* one of them is no address of the net */
		from = from.v6 ? from : to;
		to = from;
	}
	if (from.v6)
		put_ipv6(w, &from, &to, payload);
	else
		put_ipv4(w, &from, &to, payload);
	put_tcp(w, s, &from, &to);
}

/* --- exported PDUs --- */

static void put_tag(struct writer *w, uint16_t tag, const void *value, size_t len)
{
	writer_u16(w, tag);
	writer_u16(w, (uint16_t)(len + (4 - len % 4) % 4));
	writer_bytes(w, value, len);
	pad(w, len);
}

static void put_tag_u32(struct writer *w, uint16_t tag, uint32_t v)
{
	writer_u16(w, tag);
	writer_u16(w, 4);
	writer_u32(w, v);
}

static void put_places(struct writer *w, const struct pcap_message *m)
{
	struct place from = place_of(m->from), to = place_of(m->to);

	if (from.v6 != to.v6)
		return;
	put_tag(w, from.v6 ? TAG_IPV6_FROM : TAG_IPV4_FROM, from.address, from.v6 ? 16 : 4);
	put_tag(w, to.v6 ? TAG_IPV6_TO : TAG_IPV4_TO, to.address, to.v6 ? 16 : 4);
	put_tag_u32(w, TAG_PORT_TYPE, PORT_SCTP);
	put_tag_u32(w, TAG_PORT_FROM, from.port);
	put_tag_u32(w, TAG_PORT_TO, to.port);
}

void pcap_put_message(struct writer *w, const struct pcap_message *m)
{
	put_tag(w, TAG_DISSECTOR, m->dissector, strlen(m->dissector));
	if (m->from && m->to)
		put_places(w, m);
	put_tag_u32(w, TAG_DIRECTION, m->to_network ? DIRECTION_RECEIVED : DIRECTION_SENT);
	writer_u16(w, TAG_END);
	writer_u16(w, 0);
	writer_text(w, m->octets);
}
