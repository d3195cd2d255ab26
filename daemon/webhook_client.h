/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTTP client of webhooks: made before the sandbox closes, as the authorities of TLS and the resolver's files are
 * read then. */
#ifndef DAEMON_WEBHOOK_CLIENT_H
#define DAEMON_WEBHOOK_CLIENT_H

#include "core/net/http_client.h"
#include "daemon/api_vty.h"

MUST_CHECK enum result webhook_client_open(struct loop *loop, const struct http_settings *settings,
					   struct http_client **out, const char **why_out);
void webhook_client_close(struct http_client **client);

#endif
