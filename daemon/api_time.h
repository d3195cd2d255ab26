/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates as RFC 3339 writes them. */
#ifndef DAEMON_API_TIME_H
#define DAEMON_API_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"

/* "2026-11-24T12:56:07Z", "2026-11-24t12:56:07.5+09:00" -> microseconds since 1970 (1970..9999). A leap second counts
 * as the second after it; digits beyond microseconds are dropped. False for anything else. */
bool api_time_parse(struct text t, int64_t *us_out);

#endif
