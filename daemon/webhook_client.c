/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client, its TLS, and names looked up for it. */
#include "daemon/webhook_client.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/net/dns.h"

#define QUEUE_MAX 100000u

static struct tls_client *tls;
static struct dns *dns;

struct resolving {
	struct http_client *client;
	uint64_t ticket;
};

static void resolved(void *owner, const struct dns_answer *a)
{
	struct resolving *r = owner;

	http_client_resolved(r->client, r->ticket, a->result, a->addresses, a->result == OK ? a->count : 0);
	free(r);
}

static void resolve(void *owner, struct http_client *of, uint64_t ticket, const char *host)
{
	struct resolving *r = must_alloc(sizeof(*r));

	(void)owner;
	*r = (struct resolving){ of, ticket };
	(void)dns_ask(dns, DNS_ADDRESSES, text_of(host), resolved, r);
}

enum result webhook_client_open(struct loop *loop, const struct http_settings *s, struct http_client **out,
				const char **why_out)
{
	static const struct http_resolver resolver = { .resolve = resolve };
	struct http_client_limits limits;

	if (!s->webhook_verify)
		LOGN(LOG_API, NULL, "certificates of webhooks are not checked (webhook-verify no)");
	enum result r = tls_client_new(s->webhook_authorities.content, s->webhook_verify, "h2 http/1.1", &tls, why_out);
	if (r == OK)
		r = dns_new(loop, NULL, &dns, why_out);
	if (r != OK)
		return r;
	http_client_limits_init(&limits);
	limits.connections_per_host = (unsigned)s->webhook_connections;
	limits.queue_max = QUEUE_MAX;
	limits.timeout_us = s->webhook_time;
	*out = http_client_new(loop, "webhook", &limits, tls, &resolver);
	return OK;
}

void webhook_client_close(struct http_client **client)
{
	http_client_free(client);
	dns_free(&dns);
	tls_client_free(&tls);
}
