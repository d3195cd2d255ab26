/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the readers of answers share: portability.c (numbers, URIs), portability_naptr.c, portability_json.c. */
#ifndef CORE_PORTABILITY_INTERNAL_H
#define CORE_PORTABILITY_INTERNAL_H

#include "core/portability.h"

/* "440" and "10" to "44010"; false for what is no MCC and MNC. */
bool portability_join(struct text mcc, struct text mnc, char to[PORTABILITY_NETWORK_SIZE]);

#endif
