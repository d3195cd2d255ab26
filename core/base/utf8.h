/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UTF-8, strict (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF. And UTF-16BE as telecom uses it
 * under the name UCS-2.
 */
#ifndef CORE_BASE_UTF8_H
#define CORE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/reader.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

/* Takes one character. False, and nothing taken, at the end or at an invalid octet. */
bool utf8_take(struct text *t, uint32_t *char_out);
void utf8_put(struct writer *w, uint32_t c); /* fails for what is no Unicode scalar value */
bool utf8_valid(struct text t);
size_t utf8_count(struct text t); /* characters; of a valid text */
/* The longest prefix of at most `max` octets that ends between characters. */
size_t utf8_prefix(struct text t, size_t max);

/* UTF-16 big endian. An unpaired surrogate: ERR_MALFORMED when strict, U+FFFD otherwise. */
MUST_CHECK enum result utf8_from_utf16be(struct reader *r, struct writer *w, bool strict);
MUST_CHECK enum result utf8_to_utf16be(struct text t, struct writer *w);
/* ISO 8859-1. To it: ERR_UNSUPPORTED at a character it has not. */
void utf8_from_latin1(struct text latin1, struct writer *w);
MUST_CHECK enum result utf8_to_latin1(struct text t, struct writer *w);

#endif
