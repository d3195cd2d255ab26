/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two fences of sandbox.c. Both log what the kernel lacks and go on; ERR_DENIED when it has it and refuses. */
#ifndef CORE_BASE_SANDBOX_INTERNAL_H
#define CORE_BASE_SANDBOX_INTERNAL_H

#include "core/base/sandbox.h"

/* A ruleset is made with the old ids, which may open the paths, and put up with the new ones. -1 = none. */
MUST_CHECK enum result sandbox_landlock_make(const struct sandbox *sandbox, int *ruleset_out);
MUST_CHECK enum result sandbox_landlock_enter(const struct sandbox *sandbox, int ruleset);
MUST_CHECK enum result sandbox_seccomp_enter(const struct sandbox *sandbox);

#endif
