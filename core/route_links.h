/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the links that routes name are configured. */
#ifndef CORE_ROUTE_LINKS_H
#define CORE_ROUTE_LINKS_H

#include "core/config.h"

/* The first link of this route that nothing in the set serves. */
struct config_miss route_links_missing(const struct config *config, const void *route);

#endif
