/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the gateway is, for machines that look after it, and what it offers, for people and generators. */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/net/net_address.h"
#include "daemon/api_internal.h"
#include "daemon/metrics.h"
#include "daemon/openapi_json.h"
#include "daemon/role.h"

#define FULL_COUNTS_US (10 * USEC_PER_SEC) /* the queue said "no room" within this: not ready */

void api_health_live(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	(void)ref;
	(void)account;
	(void)id;
	api_answer_json(x, 200, TEXT_LITERAL("{\"status\":\"alive\"}"));
}

static const char *not_ready(void)
{
	if (api.stopping)
		return "the gateway is ending";
	if (!role_peer(ROLE_QUEUE))
		return "the queue is not there";
	if (!channel_ready(api.channel))
		return "the queue has no room";
	if (api.full_us && api.full_us + FULL_COUNTS_US > loop_time(api.loop))
		return "the store takes no messages at the moment";
	return NULL;
}

void api_health_ready(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	const char *why = not_ready();

	(void)ref;
	(void)account;
	(void)id;
	if (why)
		api_answer_busy(x, 1, "not_ready", why);
	else
		api_answer_json(x, 200, TEXT_LITERAL("{\"status\":\"ready\"}"));
}

static bool from_loopback(const char *peer)
{
	struct net_address address;
	const char *why;

	if (text_starts(text_of(peer), "unix:")) /* a client's end seldom has a name behind it */
		return true;
	return net_address_parse(text_of(peer), &address, &why) == OK && net_address_is_loopback(&address);
}

/* A password that is not known yet is checked on the worker, and the answer comes by api_routes_resume(). */
static enum api_auth metrics_auth(struct api_ref ref, struct http_exchange *x, struct api_account *account)
{
	struct text name, secret;
	enum api_auth auth = AUTH_GOOD;

	if (api.settings->metrics == METRICS_ANYBODY)
		return AUTH_GOOD;
	if (api.settings->metrics == METRICS_LOOPBACK && from_loopback(http_exchange_peer(x)))
		return AUTH_GOOD;
	if (!account) {
		if (!api_auth_header(http_exchange_request(x), api.arena, &name, &secret))
			return AUTH_BAD;
		auth = api_auth(ref, http_exchange_peer(x), name, secret, &account);
	}
	return auth == AUTH_GOOD && !account->settings->admin ? AUTH_BAD : auth;
}

static void answer_metrics(struct http_exchange *x)
{
	const struct counter_page *pages[ROLE_COUNT];
	void *room = malloc(METRICS_OCTETS_MAX);

	if (!room) {
		api_answer_busy(x, 1, "busy", "no memory for the counters");
		return;
	}
	struct writer w = writer_of(room, METRICS_OCTETS_MAX);
	for (enum role_id id = 0; id < ROLE_COUNT; id++)
		pages[id] = role_counters(id);
	metrics_write(pages, &w);
	http_respond_text(x, 200, METRICS_CONTENT_TYPE, text_range(room, writer_len(&w)));
	free(room);
}

void api_health_metrics(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	enum api_auth auth = metrics_auth(ref, x, account);

	(void)id;
	if (auth == AUTH_LATER)
		return;
	if (auth == AUTH_GOOD)
		answer_metrics(x);
	else if (auth == AUTH_BUSY)
		api_answer_busy(x, 1, "busy", "too many passwords are being checked");
	else
		api_answer_error(x, 401, "unauthorized",
				 "metrics are for accounts with `admin yes`: see `metrics` of the node http");
}

void api_health_openapi(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	(void)ref;
	(void)account;
	(void)id;
	api_answer_json(x, 200, text_range((const char *)openapi_json, openapi_json_size));
}
