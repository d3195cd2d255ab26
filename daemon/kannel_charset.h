/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The charsets that a sendsms request may name, to UTF-8. */
#ifndef DAEMON_KANNEL_CHARSET_H
#define DAEMON_KANNEL_CHARSET_H

#include "core/base/arena.h"
#include "core/base/result.h"
#include "core/base/text.h"

/* UTF-8, US-ASCII, ISO-8859-1, WINDOWS-1252, UTF-16 (with mark, else big endian), UTF-16BE, UTF-16LE, UCS-2, and their
 * usual other names. ERR_UNSUPPORTED for another name, ERR_MALFORMED for octets that are none of it. */
MUST_CHECK enum result kannel_charset_decode(struct text charset, struct text octets, struct arena *arena,
					     struct text *out);

#endif
