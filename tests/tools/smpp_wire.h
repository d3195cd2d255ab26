/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The little of SMPP 3.4 that a load generator and a sink need, written apart from sms/ on purpose. */
#ifndef TESTS_TOOLS_SMPP_WIRE_H
#define TESTS_TOOLS_SMPP_WIRE_H

#include "load.h"

enum {
	BIND_RECEIVER = 1,
	BIND_TRANSMITTER = 2,
	SUBMIT_SM = 4,
	DELIVER_SM = 5,
	UNBIND = 6,
	BIND_TRANSCEIVER = 9,
	ENQUIRE_LINK = 0x15
};
#define REPLY 0x80000000u
#define ROK 0u
#define RTHROTTLED 0x58u
#define RMSGQFUL 0x14u
#define PDU_MAX 70000u

struct pdu {
	uint32_t command, status, sequence;
	const uint8_t *body;
	size_t body_len;
};

/* Its octets, 0 = more is needed. */
static inline size_t pdu_take(const uint8_t *at, size_t n, struct pdu *out)
{
	if (n < 16)
		return 0;
	uint32_t len = get_u32(at);
	if (len < 16 || len > PDU_MAX)
		die("a PDU of %u octets", len);
	if (n < len)
		return 0;
	*out = (struct pdu){ get_u32(at + 4), get_u32(at + 8), get_u32(at + 12), at + 16, len - 16 };
	return len;
}

static inline void pdu_put(struct octets *o, uint32_t command, uint32_t status, uint32_t sequence, const void *body,
			   size_t n)
{
	put_u32(o, (uint32_t)(16 + n));
	put_u32(o, command);
	put_u32(o, status);
	put_u32(o, sequence);
	put(o, body, n);
}

static inline void put_string(struct octets *o, const char *text)
{
	put(o, text, strlen(text) + 1);
}

static inline void put_octets3(struct octets *o, uint8_t a, uint8_t b, uint8_t c)
{
	uint8_t all[] = { a, b, c };

	put(o, all, 3);
}

/* The body of a submit_sm or deliver_sm without TLVs; text up to 254 octets. Addresses with + are international. */
static inline void message_put(struct octets *o, const char *source, const char *destination, uint8_t esm_class,
			       uint8_t registered, const char *text, size_t n)
{
	uint8_t tail[] = { registered, 0, 0, 0, (uint8_t)n };

	put_octets3(o, 0, *source == '+', 1);
	put_string(o, source + (*source == '+'));
	put_octets3(o, *destination == '+', 1, 0);
	o->len--; /* TON and NPI only */
	put_string(o, destination + (*destination == '+'));
	put_octets3(o, esm_class, 0, 0);
	put_octets3(o, 0, 0, 0);
	o->len--; /* no schedule, no validity */
	put(o, tail, sizeof(tail));
	put(o, text, n);
}

/* Views of what matters in such a body; false when it is cut short. */
struct message_view {
	const char *source, *destination;
	uint8_t source_ton, destination_ton, esm_class, registered;
};

static inline bool message_view(const uint8_t *at, size_t n, struct message_view *out)
{
	const uint8_t *end = at + n, *zero;

	zero = memchr(at, 0, n); /* service_type */
	if (!zero || end - zero < 4)
		return false;
	out->source_ton = zero[1];
	at = zero + 3;
	out->source = (const char *)at;
	zero = memchr(at, 0, (size_t)(end - at));
	if (!zero || end - zero < 4)
		return false;
	out->destination_ton = zero[1];
	at = zero + 3;
	out->destination = (const char *)at;
	zero = memchr(at, 0, (size_t)(end - at));
	if (!zero || end - zero < 7)
		return false;
	out->esm_class = zero[1];
	at = memchr(zero + 4, 0, (size_t)(end - zero - 4)); /* schedule */
	at = at ? memchr(at + 1, 0, (size_t)(end - at - 1)) : NULL;
	if (!at || end - at < 6)
		return false;
	out->registered = at[1];
	return true;
}

#endif
