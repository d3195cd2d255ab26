/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The only source of randomness: getrandom(2), buffered. Tests may make it repeatable.
 */
#ifndef CORE_BASE_RANDOM_H
#define CORE_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *to, size_t n);
uint32_t random_below(uint32_t limit); /* uniform in 0 .. limit - 1; limit > 0 */

/* Tests only: a repeatable sequence. */
void random_seed(uint64_t seed);

#endif
