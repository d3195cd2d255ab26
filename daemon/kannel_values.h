/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parameters of a sendsms request, collected by name from wherever they stand. */
#ifndef DAEMON_KANNEL_VALUES_H
#define DAEMON_KANNEL_VALUES_H

#include "core/net/http_message.h"

enum kannel_parameter {
	P_USERNAME,
	P_PASSWORD,
	P_FROM,
	P_TO,
	P_TEXT,
	P_CHARSET,
	P_CODING,
	P_UDH,
	P_MCLASS,
	P_FLASH,
	P_MWI,
	P_ALT_DCS,
	P_COMPRESS,
	P_VALIDITY,
	P_DEFERRED,
	P_DLR_MASK,
	P_DLRMASK,
	P_DLR_URL,
	P_DLRURL,
	P_SMSC,
	P_PRIORITY,
	P_PID,
	P_RPI,
	P_ACCOUNT,
	P_BINFO,
	P_META_DATA,
	P_USER,
	P_PASS,
	P_COUNT
};

struct kannel_values {
	struct text of[P_COUNT]; /* .at NULL: not given */
	bool octets_body;	 /* the text came as application/octet-stream */
	bool udh_is_hex;	 /* as in X-Kannel-UDH */
};

/* From the query, a form, or X-Kannel fields and the body; the first of a name counts. False: a content type that is
 * none of these. The texts lie in the arena or in the request. */
bool kannel_values_collect(struct kannel_values *values, const struct http_message *request, struct arena *arena);
/* That of the first name, or, when it is not given, of the second. */
struct text kannel_values_first(const struct kannel_values *values, enum kannel_parameter a, enum kannel_parameter b);

/* In the order of enum kannel_parameter, NULL-ended. */
extern const char *const kannel_parameters[];

#endif
