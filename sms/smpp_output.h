/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a session has to send: whole PDUs in one buffer, taken from its front as the owner's socket accepts it. It
 * counts the stream, so that of every PDU it is known whether it left.
 */
#ifndef SMS_SMPP_OUTPUT_H
#define SMS_SMPP_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/text.h"
#include "core/base/writer.h"

struct smpp_output {
	uint8_t *bytes; /* owned */
	size_t size, start, end;
	size_t middle;	/* octets still to send of a PDU that left in part */
	uint64_t total; /* octets that left */
};

void smpp_output_clear(struct smpp_output *o);
static inline size_t smpp_output_len(const struct smpp_output *o)
{
	return o->end - o->start;
}
/* A writer over room for `max` octets; smpp_output_add() takes what is in it unless it failed. Returns the stream
 * position behind it, 0 when it failed. */
struct writer smpp_output_room(struct smpp_output *o, size_t max);
uint64_t smpp_output_add(struct smpp_output *o, const struct writer *w);
struct text smpp_output_view(const struct smpp_output *o);
void smpp_output_sent(struct smpp_output *o, size_t n); /* n <= the view's length */
/* Takes out what may not leave any more: every request but unbind. A PDU that left in part stays. Returns the stream
 * position up to which everything has left or will. */
uint64_t smpp_output_keep_answers(struct smpp_output *o);
void smpp_output_drop(struct smpp_output *o); /* everything: the connection is gone */

#endif
