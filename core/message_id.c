/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time, randomness, recipient: in that order, so that octet order is age. */
#include "core/message_id.h"

#include "core/base/hex.h"
#include "core/base/random.h"

#define TIME_OCTETS 8
#define RANDOM_OCTETS 6
#define RECIPIENT_AT (TIME_OCTETS + RANDOM_OCTETS)

static int64_t last_us; /* ids of one process never go back */

struct message_id message_id_new(int64_t now_us)
{
	struct message_id id = { { 0 } };

	last_us = now_us > last_us ? now_us : last_us + 1;
	struct writer w = writer_of(id.octets, TIME_OCTETS);
	writer_u64(&w, (uint64_t)last_us);
	random_bytes(id.octets + TIME_OCTETS, RANDOM_OCTETS);
	return id;
}

struct message_id message_id_delivery(struct message_id message, uint16_t recipient)
{
	message.octets[RECIPIENT_AT] = (uint8_t)(recipient >> 8);
	message.octets[RECIPIENT_AT + 1] = (uint8_t)recipient;
	return message;
}

struct message_id message_id_of_delivery(struct message_id delivery)
{
	return message_id_delivery(delivery, 0);
}

uint16_t message_id_recipient(struct message_id delivery)
{
	unsigned high = delivery.octets[RECIPIENT_AT], low = delivery.octets[RECIPIENT_AT + 1];

	return (uint16_t)(high << 8 | low);
}

int64_t message_id_time(struct message_id id)
{
	uint64_t t = 0;

	for (unsigned i = 0; i < TIME_OCTETS; i++)
		t = t << 8 | id.octets[i];
	return (int64_t)t;
}

const char *message_id_text(struct message_id id, char to[MESSAGE_ID_TEXT_SIZE])
{
	struct writer w = writer_of(to, MESSAGE_ID_TEXT_SIZE - 1);

	hex_put(&w, id.octets, message_id_recipient(id) ? MESSAGE_ID_SIZE : (size_t)RECIPIENT_AT);
	to[writer_len(&w)] = 0;
	return to;
}

bool message_id_parse(struct text t, struct message_id *out)
{
	struct message_id id = { { 0 } };
	struct writer w = writer_of(id.octets, MESSAGE_ID_SIZE);

	if (t.len != (size_t)2 * RECIPIENT_AT && t.len != (size_t)2 * MESSAGE_ID_SIZE)
		return false;
	if (hex_take(t, &w))
		return false;
	*out = id;
	return true;
}
