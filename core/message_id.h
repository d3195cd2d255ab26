/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Identity of messages and deliveries: 16 octets, 8 of time (microseconds, big endian), 6 random, 2 of recipient. A
 * message has 0 in the last two; its delivery to the n-th recipient (from 1) has n there. Octet order is age.
 */
#ifndef CORE_MESSAGE_ID_H
#define CORE_MESSAGE_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/base/text.h"

#define MESSAGE_ID_SIZE 16
#define MESSAGE_ID_TEXT_SIZE 33 /* 32 hexadecimal digits and a NUL */

struct message_id {
	uint8_t octets[MESSAGE_ID_SIZE];
};

/* A fresh message id; ids made by one process never go back, whatever the clock does. */
struct message_id message_id_new(int64_t now_us);
struct message_id message_id_delivery(struct message_id message, uint16_t recipient);
struct message_id message_id_of_delivery(struct message_id delivery);
uint16_t message_id_recipient(struct message_id delivery);
int64_t message_id_time(struct message_id id);

static inline bool message_id_equal(struct message_id a, struct message_id b)
{
	return !memcmp(a.octets, b.octets, MESSAGE_ID_SIZE);
}

/* Lower-case hexadecimal; the text of a message drops the last four zeroes. Returns `to`. */
const char *message_id_text(struct message_id id, char to[MESSAGE_ID_TEXT_SIZE]);
/* 28 digits (a message) or 32 (a message or delivery). */
bool message_id_parse(struct text t, struct message_id *out);

#endif
