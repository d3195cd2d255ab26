/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of the node "http". */
#include "daemon/api_vty.h"

#define FIELD(member) offsetof(struct http_settings, member)
#define COUNT(a) (unsigned)(sizeof(a) / sizeof((a)[0]))
#define SECONDS(n) (INT64_C(1000000) * (n))

static const char *const metrics_words[] = { "loopback", "admin", "anybody", NULL };

static const struct knob http_knobs[] = {
	{ .name = "listen",
	  .type = KNOB_LISTEN,
	  .offset = FIELD(listen),
	  .many = true,
	  .fallback = "127.0.0.1:8080",
	  .help = "Where the API is served in clear: HTTP/1.1, and HTTP/2 by prior knowledge" },
	{ .name = "tls-listen",
	  .type = KNOB_LISTEN,
	  .offset = FIELD(tls_listen),
	  .many = true,
	  .help = "Where the API is served under TLS: HTTP/2 and HTTP/1.1" },
	{ .name = "tls-certificate",
	  .type = KNOB_FILE,
	  .offset = FIELD(tls_certificate),
	  .help = "PEM file of the certificate and its chain; read again at each reload" },
	{ .name = "tls-key", .type = KNOB_FILE, .offset = FIELD(tls_key), .help = "PEM file of the certificate's key" },
	{ .name = "max-connections",
	  .type = KNOB_UINT,
	  .offset = FIELD(max_connections),
	  .min = 1,
	  .max = 1000000,
	  .fallback = "4096",
	  .help = "Connections of one address at once; a change counts for addresses opened after it" },
	{ .name = "body-max",
	  .type = KNOB_SIZE,
	  .offset = FIELD(body_max),
	  .min = 1024,
	  .max = 96 << 20,
	  .fallback = "256k",
	  .help = "Octets of a request's body: files need more, those in JSON a third more than they have; as "
		  "max-connections" },
	{ .name = "header-time",
	  .type = KNOB_DURATION,
	  .offset = FIELD(header_time),
	  .min = SECONDS(1),
	  .max = SECONDS(600),
	  .fallback = "10s",
	  .help = "A request's header must arrive within this; as max-connections" },
	{ .name = "idle",
	  .type = KNOB_DURATION,
	  .offset = FIELD(idle),
	  .min = SECONDS(1),
	  .max = SECONDS(3600),
	  .fallback = "60s",
	  .help = "A connection without a request is closed after this; as max-connections" },
	{ .name = "answer-time",
	  .type = KNOB_DURATION,
	  .offset = FIELD(answer_time),
	  .min = SECONDS(1),
	  .max = SECONDS(600),
	  .fallback = "30s",
	  .help = "A request that the queue does not answer gets 504 after this; as max-connections" },
	{ .name = "waiting-max",
	  .type = KNOB_UINT,
	  .offset = FIELD(waiting_max),
	  .min = 1,
	  .max = 65535,
	  .fallback = "16384",
	  .help = "Requests that wait for the queue at once; above, the answer is 503" },
	{ .name = "events-max",
	  .type = KNOB_UINT,
	  .offset = FIELD(events_max),
	  .max = 10000,
	  .fallback = "256",
	  .help = "Clients of GET /v1/events at once" },
	{ .name = "metrics",
	  .type = KNOB_WORD,
	  .offset = FIELD(metrics),
	  .words = metrics_words,
	  .fallback = "loopback",
	  .help = "Who may read /metrics: loopback (and accounts with admin), admin, anybody" },
	{ .name = "webhook-window",
	  .type = KNOB_UINT,
	  .offset = FIELD(webhook_window),
	  .min = 1,
	  .max = 10000,
	  .fallback = "100",
	  .help = "Calls to the webhook of one account at once" },
	{ .name = "webhook-connections",
	  .type = KNOB_UINT,
	  .offset = FIELD(webhook_connections),
	  .min = 1,
	  .max = 1000,
	  .fallback = "16",
	  .help = "Connections to one webhook host at once; a change needs a restart" },
	{ .name = "webhook-time",
	  .type = KNOB_DURATION,
	  .offset = FIELD(webhook_time),
	  .min = SECONDS(1),
	  .max = SECONDS(120),
	  .fallback = "15s",
	  .help = "A webhook that does not answer within this is called again later" },
	{ .name = "webhook-authorities",
	  .type = KNOB_FILE,
	  .offset = FIELD(webhook_authorities),
	  .help = "PEM file of the authorities that certify https webhooks; none = the system's" },
	{ .name = "webhook-verify",
	  .type = KNOB_BOOL,
	  .offset = FIELD(webhook_verify),
	  .fallback = "yes",
	  .help = "Whether the certificate of an https webhook is checked; no is for laboratories" },
};

static enum result http_check(const void *node, const char **why_out)
{
	const struct http_settings *s = node;

	if (s->tls_listen.count && (!s->tls_certificate.path.len || !s->tls_key.path.len)) {
		*why_out = "tls-listen needs tls-certificate and tls-key";
		return ERR_MALFORMED;
	}
	return OK;
}

const struct node_kind http_kind = {
	.name = "http",
	.size = sizeof(struct http_settings),
	.knobs = http_knobs,
	.knobs_count = COUNT(http_knobs),
	.roles = FOR_API,
	.help = "The HTTP API and webhooks",
	.check = http_check,
};

bool http_settings_is_tls(const struct http_settings *settings, struct text address)
{
	for (unsigned i = 0; i < settings->tls_listen.count; i++) {
		if (text_equal(settings->tls_listen.items[i], address))
			return true;
	}
	return false;
}
