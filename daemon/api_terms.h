/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fields of a message that say what may be spent for it: "bearer", "consent", "max_price", "quote". What they mean
 * is told by core/queue_terms.h. */
#ifndef DAEMON_API_TERMS_H
#define DAEMON_API_TERMS_H

#include "daemon/api_take.h"

MUST_CHECK enum result api_terms_bearer(struct api_take *p, const struct json_value *v);
MUST_CHECK enum result api_terms_consent(struct api_take *p, const struct json_value *v);
MUST_CHECK enum result api_terms_max_price(struct api_take *p, const struct json_value *v);
MUST_CHECK enum result api_terms_quote(struct api_take *p, const struct json_value *v);
/* After all fields: those that say the opposite of each other are refused. */
MUST_CHECK enum result api_terms_agree(struct api_take *p);

/* NULL-ended. */
extern const char *const api_terms_bearers[];
extern const char *const api_terms_consents[];

#endif
