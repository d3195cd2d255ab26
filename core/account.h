/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an account may, whichever way it comes in. */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include "core/core_vty.h"

/* May it send as this (normalised) sender? */
bool account_may_send_as(const struct account_settings *settings, struct text sender);

#endif
