/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of the results. */
#include "core/base/result.h"

#include <assert.h>
#include <stddef.h>

static const char *const names[] = {
	[OK] = "ok",
	[ERR_SHORT] = "short",
	[ERR_MALFORMED] = "malformed",
	[ERR_TOO_BIG] = "too big",
	[ERR_UNSUPPORTED] = "unsupported",
	[ERR_DENIED] = "denied",
	[ERR_NOT_FOUND] = "not found",
	[ERR_CONFLICT] = "conflict",
	[ERR_BUSY] = "busy",
	[ERR_FULL] = "full",
	[ERR_IO] = "i/o error",
	[ERR_TIMEOUT] = "timeout",
	[ERR_CLOSED] = "closed",
	[ERR_UNKNOWN] = "unknown",
};
static_assert(sizeof(names) / sizeof(names[0]) == RESULT_COUNT, "each result has a name");

const char *result_name(enum result r)
{
	if ((unsigned)r >= RESULT_COUNT)
		return "invalid result";
	return names[r];
}
