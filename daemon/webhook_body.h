/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a webhook is sent, and what its answer means. No I/O here.
 *
 *	POST URL
 *	Content-Type: application/json
 *	Cellpost-Event-Id: 0001...                    the same for every repetition
 *	Cellpost-Signature: t=1795000000,v1=9f86...   when the account has a webhook-secret
 *
 *	{"type":"receipt","event_id":"...","data":{"id":..,"to":..,"state":"delivered",..}}
 *	{"type":"message","event_id":"...","data":{"id":..,"from":..,"to":..,"text":..,"received_at":..}}
 *
 * v1 is HMAC-SHA-256 over the decimal seconds of t, a dot, and the body, in lower-case hexadecimal. The receiver
 * compares it in constant time, refuses a t that is too old, and takes an event_id it has seen as done.
 */
#ifndef DAEMON_WEBHOOK_BODY_H
#define DAEMON_WEBHOOK_BODY_H

#include "core/ipc_messages.h"
#include "core/net/http_message.h"
#include "daemon/kannel_receipt.h"

#define WEBHOOK_SIGNATURE_SIZE 100u /* room for the header's value, with NUL */

/* The body, in the arena; event_id is given as 16 octets. */
struct text webhook_event_body(struct text type, const uint8_t event_id[16], struct text data, struct arena *arena);
/* ERR_MALFORMED when the envelope cannot be read. */
MUST_CHECK enum result webhook_message_body(const struct ipc_deliver *delivery, struct arena *arena,
					    struct text *body_out);
/* The value of Cellpost-Signature. */
const char *webhook_sign(struct text secret, int64_t seconds, struct text body, struct arena *arena,
			 char to[WEBHOOK_SIGNATURE_SIZE]);

/* What a receipt's JSON says about where it goes; what is missing stays empty. */
struct webhook_receipt {
	struct text channel, report_to;
	struct kannel_receipt kannel;
};
MUST_CHECK enum result webhook_receipt_read(struct text json, struct arena *arena, struct webhook_receipt *out);

enum webhook_verdict { WEBHOOK_DONE, WEBHOOK_AGAIN, WEBHOOK_REFUSED };
/* 2xx is done. 400, 410, 413, 415 and 422 judge this event: refused. All else (a wrong path, credentials, an overload,
 * a redirect) may be put right: again. */
enum webhook_verdict webhook_verdict_of(unsigned status);
/* Seconds of Retry-After, 0 without one, at most a day. */
unsigned webhook_retry_after(const struct http_message *answer);

#define WEBHOOK_WAIT_FIRST_MS 1000u
#define WEBHOOK_WAIT_MAX_MS 300000u
/* After `failures` in a row (1 = the first): doubled each time, up to the maximum. */
uint32_t webhook_wait_ms(unsigned failures);

#endif
