/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connectionless WSP Push (WAP-230 8.2.4.1, OMA-TS-PushOTA), what arrives at port 2948 of a phone:
 *
 *	TID | 06 | header length (uintvar) | Content-Type | headers | body
 *
 * For an MMS notification the content type is application/vnd.wap.mms-message (3E) and the application mms.ua (4).
 */
#ifndef SMS_WAP_PUSH_H
#define SMS_WAP_PUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

#define WAP_PUSH_PORT 2948u
#define WAP_PUSH_SOURCE_PORT 9200u
#define WAP_PUSH_HEADERS_MAX 1024u

#define WAP_PUSH_MMS_TYPE 0x3e	      /* application/vnd.wap.mms-message */
#define WAP_PUSH_MMS_APPLICATION 0x04 /* x-wap-application:mms.ua */

struct wap_push {
	uint8_t transaction;
	uint8_t content_type;	       /* well-known number; 0 = content_type_text counts, or without one any type */
	struct text content_type_text; /* without parameters */
	bool has_application;
	uint32_t application;	      /* well-known number; 0 and a text when it was written out */
	struct text application_text; /* "x-wap-application:mms.ua" */
	struct text headers;	      /* behind the content type, as they came */
	struct text body;
};

/*
 * Views into the octets. ERR_SHORT, ERR_MALFORMED, ERR_TOO_BIG (headers above WAP_PUSH_HEADERS_MAX), ERR_UNSUPPORTED
 * (another PDU type); the octet in bad_octet_out (may be NULL). A content type or application written out that has a
 * well-known number used here comes back as that number.
 */
MUST_CHECK enum result wap_push_decode(const void *octets, size_t len, struct wap_push *out, size_t *bad_octet_out);
/* Content type, application and body; `headers` is not written. */
void wap_push_encode(const struct wap_push *push, struct writer *w);

#endif
