/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The field "push" of a message: a service indication, a service loading or an MMS notification (sms/wap_service.h). */
#ifndef DAEMON_API_PUSH_H
#define DAEMON_API_PUSH_H

#include "daemon/api_take.h"

/* Content and ports of p->out; 400 where another body, ports or a header were given before it. */
MUST_CHECK enum result api_push_take(struct api_take *p, const struct json_value *v);

/* The members of "push", NULL-ended; the words of "type" are wap_service_words. */
extern const char *const api_push_fields[];

#endif
