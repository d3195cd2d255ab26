/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A text written with the characters of the GSM 7-bit default alphabet only: typographic quotes, dashes, spaces and
 * ellipsis, accented Latin letters and Greek letters become their nearest relative, invisible characters vanish. It
 * loses information, so it happens only where the sender or operator asked for it.
 */
#ifndef SMS_TRANSLITERATE_H
#define SMS_TRANSLITERATE_H

#include <stddef.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

/*
 * replaced_out: characters that changed. ERR_UNSUPPORTED at a character without a relative, ERR_MALFORMED at what is
 * not UTF-8, both with its octet in bad_octet_out (may be NULL); ERR_TOO_BIG when the writer is full. The result never
 * needs more octets than TRANSLITERATE_MAX of the text's.
 */
MUST_CHECK enum result transliterate(struct text t, struct writer *w, size_t *replaced_out, size_t *bad_octet_out);
#define TRANSLITERATE_MAX(len) (2 * (len))

#endif
