/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of the writer that formats. */
#include "core/base/writer.h"

#include <stdarg.h>
#include <stdio.h>

void writer_printf(struct writer *w, const char *format, ...)
{
	va_list args;

	if (w->failed)
		return;
	va_start(args, format);
	int n = vsnprintf((char *)w->at, writer_room(w), format, args);
	va_end(args);
	/* vsnprintf needs room for a NUL that the writer does not keep. */
	if (n < 0 || (size_t)n >= writer_room(w)) {
		w->failed = true;
		return;
	}
	w->at += n;
}
