/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions, their time, and the two kinds of source. */
#include "daemon/lookup_ask.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/dns.h"
#include "core/net/http_client.h"
#include "core/net/tls.h"

#define URL_MAX 4096u
#define CONNECTIONS 16u /* to the service */
#define QUESTIONS_MAX 100000u
#define BEHIND_US USEC_PER_SEC /* our own timer ends a request before the client does */

struct question {
	struct lookup_asker *asker;
	struct question *next, **at;
	uint32_t call;
	char number[PORTABILITY_DIGITS_MAX + 2];
	uint64_t http, dns; /* 0 = not under way */
	struct loop_timer timer;
	/* what could not be asked at all is answered from the timer */
	enum result failed;
	const char *why;
};

struct lookup_asker {
	struct loop *loop;
	const struct portability_settings *settings;
	struct portability_rules rules;
	struct tls_client *tls;
	struct http_client *http;
	struct dns *dns;
	struct question *questions;
	unsigned count;
	void (*answered)(void *owner, uint32_t call, const struct ipc_found *found);
	void *owner;
};

/* --- the end of a question ---------------------------------------------------------------------------------------- */

static void stop_asking(struct question *q)
{
	loop_timer_stop(&q->timer);
	if (q->http)
		http_client_cancel(q->asker->http, q->http);
	if (q->dns)
		dns_forget(q->asker->dns, q->dns);
	q->http = q->dns = 0;
}

static void question_free(struct question *q)
{
	*q->at = q->next;
	if (q->next)
		q->next->at = q->at;
	q->asker->count--;
	free(q);
}

static void end(struct question *q, enum result result, const struct portability_answer *answer, const char *why)
{
	struct lookup_asker *a = q->asker;
	struct ipc_found found = { .number = text_of(q->number), .result = result, .why = text_of(why) };

	if (answer)
		found.answer = *answer;
	stop_asking(q);
	a->answered(a->owner, q->call, &found);
	question_free(q);
}

static void timed_out(void *owner)
{
	struct question *q = owner;

	if (q->failed)
		end(q, q->failed, NULL, q->why);
	else
		end(q, ERR_TIMEOUT, NULL, "no answer in time");
}

static void cannot_ask(struct question *q, enum result result, const char *why)
{
	q->failed = result;
	q->why = why;
	loop_timer_start(q->asker->loop, &q->timer, 0, timed_out, q);
}

/* --- HTTP --------------------------------------------------------------------------------------------------------- */

static void read_answer(struct question *q, const struct http_message *m)
{
	struct portability_answer answer = { 0 };
	const char *why = "the service says it knows no such number";
	enum result r = ERR_NOT_FOUND;

	if (m->status == 200) {
		r = portability_of_json(m->body, text_of(q->number), &q->asker->rules, &answer, &why);
	} else if (m->status == 401 || m->status == 403) {
		r = ERR_DENIED;
		why = "the service refuses us (HTTP 401 or 403): see `authorization`";
	} else if (m->status == 429 || m->status >= 500) {
		r = ERR_BUSY;
		why = "the service says that it cannot answer now (HTTP 429 or 5xx)";
	} else if (m->status != 404 && m->status != 204) {
		r = ERR_UNSUPPORTED;
		why = "an HTTP status that says nothing of the number (not 200, 204, 404)";
	}
	end(q, r, &answer, why);
}

/* What came and cannot be read is of no use for this number; all else says that the service is away. */
static enum result result_of(enum result r)
{
	return r == ERR_TIMEOUT || r == ERR_TOO_BIG || r == ERR_MALFORMED ? r : ERR_IO;
}

static void http_answered(void *owner, const struct http_client_answer *a)
{
	struct question *q = owner;

	q->http = 0;
	if (a->result == OK)
		read_answer(q, a->message);
	else
		end(q, result_of(a->result), NULL, a->why ? a->why : "the service cannot be reached");
}

static void ask_http(struct question *q)
{
	const struct portability_settings *s = q->asker->settings;
	char room[URL_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct http_field fields[2] = { { TEXT_LITERAL("Accept"), TEXT_LITERAL("application/json") },
					{ TEXT_LITERAL("Authorization"), s->authorization } };
	const char *why = "cannot be asked";

	portability_url(s->url, text_of(q->number), &w);
	struct http_client_request request = { .method = HTTP_METHOD_GET,
					       .url = text_range(room, writer_ok(&w) ? writer_len(&w) : 0),
					       .fields = fields,
					       .fields_count = s->authorization.len ? 2 : 1,
					       .timeout_us = s->timeout + BEHIND_US };
	enum result r = http_client_send(q->asker->http, &request, http_answered, q, &q->http, &why);
	if (r) {
		q->http = 0;
		cannot_ask(q, r, why);
	}
}

/* --- DNS ---------------------------------------------------------------------------------------------------------- */

static void dns_answered(void *owner, const struct dns_answer *a)
{
	struct question *q = owner;
	struct portability_answer answer = { 0 };
	const char *why = a->why ? a->why : "no record";

	q->dns = 0;
	enum result r = a->result;
	if (r == OK)
		r = portability_of_naptrs(a->naptrs, a->count, text_of(q->number), &q->asker->rules, &answer, &why);
	answer.ttl_s = a->ttl_s ? a->ttl_s : 1; /* 0 would be "it did not say" */
	end(q, r == ERR_MALFORMED && a->result ? ERR_IO : r, &answer, why);
}

static void ask_dns(struct question *q)
{
	char name[DNS_NAME_MAX + 1];

	if (!dns_enum_name(text_of(q->number), q->asker->settings->enum_suffix.at, name, sizeof(name)))
		cannot_ask(q, ERR_IO, "the number makes no name");
	else
		q->dns = dns_ask(q->asker->dns, DNS_NAPTR, text_of(name), dns_answered, q);
}

/* Names of HTTP services. */
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

static void resolve(void *owner, struct http_client *client, uint64_t ticket, const char *host)
{
	struct lookup_asker *a = owner;
	struct resolving *r = must_alloc(sizeof(*r));

	*r = (struct resolving){ client, ticket };
	(void)dns_ask(a->dns, DNS_ADDRESSES, text_of(host), resolved, r);
}

/* --- life --------------------------------------------------------------------------------------------------------- */

static void start(struct question *q)
{
	const struct portability_settings *s = q->asker->settings;

	q->failed = OK;
	if (!s) {
		cannot_ask(q, ERR_CLOSED, "`portability` is not configured");
		return;
	}
	loop_timer_start(q->asker->loop, &q->timer, s->timeout, timed_out, q);
	if (!q->asker->dns || (s->url.len && !q->asker->http))
		cannot_ask(q, ERR_IO, "the service cannot be used as configured: see the log");
	else if (s->url.len)
		ask_http(q);
	else
		ask_dns(q);
}

static void close_sources(struct lookup_asker *a)
{
	for (struct question *q = a->questions; q; q = q->next)
		stop_asking(q);
	/* The client first: its look-ups are the resolver's. */
	http_client_free(&a->http);
	dns_free(&a->dns);
	tls_client_free(&a->tls);
}

static enum result open_client(struct lookup_asker *a, const struct portability_settings *s, const char **why_out)
{
	const struct http_resolver resolver = { .resolve = resolve, .owner = a };
	struct http_client_limits limits;

	if (text_starts(s->url, "https://")) {
		enum result r = tls_client_new(s->authorities.content, s->verify, "h2 http/1.1", &a->tls, why_out);
		if (r)
			return r;
	}
	http_client_limits_init(&limits);
	limits.connections_per_host = CONNECTIONS;
	limits.queue_max = QUESTIONS_MAX;
	limits.body_max = PORTABILITY_BODY_MAX;
	a->http = http_client_new(a->loop, "portability", &limits, a->tls, &resolver);
	return OK;
}

static enum result open_sources(struct lookup_asker *a, const struct portability_settings *s, const char **why_out)
{
	enum result r = dns_new(a->loop, s->dns_server.len ? s->dns_server.at : NULL, &a->dns, why_out);

	return r || !s->url.len ? r : open_client(a, s, why_out);
}

static void read_rules(struct portability_rules *rules, const struct portability_settings *s)
{
	struct portability_operator *operators = must_alloc((s->operators.count + 1) * sizeof(*operators));

	for (unsigned i = 0; i < s->operators.count; i++) {
		if (portability_operator_parse(s->operators.items[i], &operators[rules->operators_count]))
			rules->operators_count++;
	}
	rules->operators = operators;
	rules->member = s->member;
}

static void forget_rules(struct lookup_asker *a)
{
	const void *operators = a->rules.operators;

	free((void *)(uintptr_t)operators);
	a->rules = (struct portability_rules){ 0 };
}

enum result lookup_asker_check(const struct portability_settings *s, const char **why_out)
{
	struct tls_client *tls = NULL;

	if (!s->authorities.content.len)
		return OK;
	enum result r = tls_client_new(s->authorities.content, true, "h2 http/1.1", &tls, why_out);
	tls_client_free(&tls);
	return r;
}

void lookup_asker_switch(struct lookup_asker *a, const struct portability_settings *s)
{
	const char *why = "";

	close_sources(a);
	forget_rules(a);
	a->settings = s;
	if (s) {
		read_rules(&a->rules, s);
		if (open_sources(a, s, &why))
			LOGE(LOG_NET, NULL, "portability: nobody can be asked: %s", why);
	}
	for (struct question *q = a->questions; q; q = q->next)
		start(q);
}

void lookup_asker_ask(struct lookup_asker *a, uint32_t call, struct text number)
{
	struct question *q = must_alloc(sizeof(*q));

	q->asker = a;
	q->call = call;
	(void)text_copy(number, q->number, sizeof(q->number));
	q->next = a->questions;
	q->at = &a->questions;
	if (q->next)
		q->next->at = &q->next;
	a->questions = q;
	a->count++;
	start(q);
}

void lookup_asker_forget(struct lookup_asker *a)
{
	while (a->questions) {
		stop_asking(a->questions);
		question_free(a->questions);
	}
}

unsigned lookup_asker_open(const struct lookup_asker *a)
{
	return a->count;
}

struct lookup_asker *lookup_asker_new(struct loop *loop,
				      void (*answered)(void *owner, uint32_t call, const struct ipc_found *found),
				      void *owner)
{
	struct lookup_asker *a = must_alloc(sizeof(*a));

	*a = (struct lookup_asker){ .loop = loop, .answered = answered, .owner = owner };
	return a;
}

void lookup_asker_free(struct lookup_asker **asker)
{
	struct lookup_asker *a = *asker;

	*asker = NULL;
	if (!a)
		return;
	lookup_asker_forget(a);
	close_sources(a);
	forget_rules(a);
	free(a);
}
