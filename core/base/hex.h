/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hexadecimal and base64 (RFC 4648, sections 4 and 5). */
#ifndef CORE_BASE_HEX_H
#define CORE_BASE_HEX_H

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

void hex_put(struct writer *w, const void *bytes, size_t n);		  /* lower case */
MUST_CHECK enum result hex_take(struct text hex, struct writer *w);	  /* either case, no blanks, even count */
void base64_put(struct writer *w, const void *bytes, size_t n, bool url); /* url: - and _, no padding */
MUST_CHECK enum result base64_take(struct text base64,
				   struct writer *w); /* either alphabet, padding optional, nothing else */

#endif
