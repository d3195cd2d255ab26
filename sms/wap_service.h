/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a push (core/push.h) carries to a phone: a service indication (WAP-167), a service loading (WAP-168), both as
 * WBXML with UTF-8, or the notification of a multimedia message that waits at a URL (OMA-TS-MMS-ENC 6.2).
 */
#ifndef SMS_WAP_SERVICE_H
#define SMS_WAP_SERVICE_H

#include "core/base/result.h"
#include "core/push.h"

#define WAP_SERVICE_URL_MAX 512u
#define WAP_SERVICE_TEXT_MAX 1024u
#define WAP_SERVICE_MAX 2048u /* room that holds any, as a whole push */

enum wap_service_type { WAP_SI, WAP_SL, WAP_MMS_NOTIFICATION, WAP_SERVICE_TYPES };

struct wap_service {
	enum wap_service_type type;
	struct text url;
	struct text text; /* si: what is shown; mms-notification: the subject; sl has none */
	uint32_t size;	  /* mms-notification: octets of the message that waits */
};

/* "si" "sl" "mms-notification", NULL-ended. */
extern const char *const wap_service_words[];

/*
 * The push as content of `m`, its body in the writer. The same service gives the same octets. ERR_MALFORMED with the
 * reason for people: no URL, a control character in it or in the text, an si without text, an sl with one. ERR_TOO_BIG
 * above the limits.
 */
MUST_CHECK enum result wap_service_message(const struct wap_service *s, struct message *m, struct writer *w,
					   const char **why_out);

#endif
