/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quiet hours as an operator may type them: whatever is taken has ends that are none of its own hours. */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/reader.h"
#include "core/screen_time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_of(data, size);
	struct screen_quiet q;
	const char *why;

	int64_t at = (int64_t)reader_u32(&r) * USEC_PER_SEC;
	if (r.failed || !screen_quiet_parse(text_range((const char *)r.at, reader_left(&r)), &q, &why))
		return 0;
	int64_t end = screen_quiet_end(&q, at);
	if (end < at || (end == at) == screen_quiet_at(&q, at))
		abort();
	return 0;
}
