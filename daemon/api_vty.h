/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The node "http": where the API listens, its limits, and how webhooks are called. */
#ifndef DAEMON_API_VTY_H
#define DAEMON_API_VTY_H

#include "core/core_vty.h"

enum metrics_word { METRICS_LOOPBACK, METRICS_ADMIN, METRICS_ANYBODY };

struct http_settings {
	struct config_node node;
	struct config_list listen;     /* plain HTTP/1.1 and h2c */
	struct config_list tls_listen; /* h2 and HTTP/1.1 by ALPN */
	struct config_file tls_certificate, tls_key;
	int64_t max_connections; /* of each address */
	int64_t body_max;
	int64_t header_time, idle, answer_time;
	int64_t waiting_max; /* requests that wait for the queue's answer */
	int64_t events_max;  /* open GET /v1/events */
	int64_t metrics;     /* enum metrics_word */
	int64_t webhook_window;
	int64_t webhook_connections; /* to one host */
	int64_t webhook_time;
	struct config_file webhook_authorities;
	bool webhook_verify;
};
extern const struct node_kind http_kind;

bool http_settings_is_tls(const struct http_settings *settings, struct text address);

#endif
