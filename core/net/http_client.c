/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests and the hosts they go to. A host has a queue and links; http_host_go_on() makes the kick match them soon, so
 * that nothing happens inside a call of the owner.
 */
#include "core/net/http_client_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/net/uri.h"

static void kicked(void *owner);

void http_client_limits_init(struct http_client_limits *limits)
{
	*limits = (struct http_client_limits){
		.connections_per_host = 8,
		.connections_max = 256,
		.streams_max = 100,
		.queue_max = 10000,
		.body_max = 64u * 1024u,
		.timeout_us = 30 * USEC_PER_SEC,
		.connect_us = 10 * USEC_PER_SEC,
		.idle_us = 30 * USEC_PER_SEC,
	};
}

/* --- queues ----------------------------------------------------------------------------------------------------- */

void http_queue_last(struct http_queue *q, struct http_call *call)
{
	call->next = NULL;
	call->prev = q->last;
	if (q->last)
		q->last->next = call;
	else
		q->first = call;
	q->last = call;
	q->count++;
}

static void queue_first(struct http_queue *q, struct http_call *call)
{
	call->prev = NULL;
	call->next = q->first;
	if (q->first)
		q->first->prev = call;
	else
		q->last = call;
	q->first = call;
	q->count++;
}

static void queue_out(struct http_queue *q, struct http_call *call)
{
	if (call->next)
		call->next->prev = call->prev;
	else
		q->last = call->prev;
	if (call->prev)
		call->prev->next = call->next;
	else
		q->first = call->next;
	call->next = call->prev = NULL;
	q->count--;
}

/* --- calls ------------------------------------------------------------------------------------------------------ */

static void kick(struct http_client *client)
{
	if (!loop_timer_running(&client->kick) && !client->freeing)
		loop_timer_start(client->loop, &client->kick, 0, kicked, client);
}

static void call_free(struct http_call *call)
{
	struct http_client *client = call->client;

	loop_timer_stop(&call->timer);
	(void)idtable_remove(client->calls, call->id);
	client->open--;
	free(call);
}

void http_call_fail(struct http_call *call, enum result result, const char *why)
{
	loop_timer_stop(&call->timer);
	call->ended = true;
	call->link = NULL;
	call->stream = NULL;
	call->result = result;
	call->why = why;
	http_queue_last(&call->client->ended, call);
	kick(call->client);
}

static void tell(struct http_call *call, const struct http_message *m)
{
	struct http_client_answer answer = {
		.result = call->result, .why = call->why, .message = m, .tries = call->tries
	};
	void (*done)(void *owner, const struct http_client_answer *answer) = call->done;
	void *owner = call->owner;
	struct http_client *client = call->client;

	counter_add(m ? client->counters.answers[m->status / 100 % 6] : client->counters.failed, 1);
	call_free(call);
	done(owner, &answer);
}

void http_call_answer(struct http_call *call, const struct http_message *m)
{
	call->result = OK;
	call->why = "answered";
	tell(call, m);
}

bool http_call_may_repeat(const struct http_call *call)
{
	return call->tries < HTTP_CLIENT_TRIES_MAX &&
	       (call->repeatable || (call->method != HTTP_METHOD_POST && call->method != HTTP_METHOD_PATCH));
}

void http_call_again(struct http_call *call)
{
	counter_add(call->client->counters.retries, 1);
	call->link = NULL;
	call->stream = NULL;
	queue_first(&call->host->waiting, call);
	call->client->waiting++;
	http_host_go_on(call->host);
}

/* Off its queue or link, without a word to anybody. */
static void call_withdraw(struct http_call *call)
{
	if (call->ended) {
		queue_out(&call->client->ended, call);
	} else if (call->link) {
		http_link_abandon(call);
	} else {
		queue_out(&call->host->waiting, call);
		call->client->waiting--;
	}
}

static void timed_out(void *owner)
{
	struct http_call *call = owner;
	bool sent = call->link != NULL;

	call_withdraw(call);
	http_host_go_on(call->host);
	http_call_fail(call, sent ? ERR_UNKNOWN : ERR_TIMEOUT,
		       sent ? "no answer in time" : "waited too long for a connection");
}

/* --- hosts ------------------------------------------------------------------------------------------------------ */

static struct http_host *host_of(struct http_client *client, const struct uri *uri)
{
	for (struct http_host *h = client->hosts; h; h = h->next) {
		if (h->port == uri->port && h->https == uri->tls && text_is_nocase(uri->host, h->name))
			return h;
	}
	struct http_host *h = must_alloc(sizeof(*h));
	h->client = client;
	h->name = must_alloc(uri->host.len + 1);
	memcpy(h->name, uri->host.at, uri->host.len);
	h->port = uri->port;
	h->https = uri->tls;
	h->next = client->hosts;
	client->hosts = h;
	return h;
}

static bool host_is_unused(const struct http_host *h)
{
	return !h->links && !h->waiting.count && !h->resolving;
}

static void drop_unused_hosts(struct http_client *client)
{
	for (struct http_host **at = &client->hosts; *at;) {
		struct http_host *h = *at;
		if (!host_is_unused(h)) {
			at = &h->next;
			continue;
		}
		*at = h->next;
		free(h->name);
		free(h);
	}
}

void http_host_go_on(struct http_host *host)
{
	kick(host->client);
}

static void fail_waiting(struct http_host *host, enum result result, const char *why)
{
	while (host->waiting.first) {
		struct http_call *call = host->waiting.first;
		queue_out(&host->waiting, call);
		host->client->waiting--;
		http_call_fail(call, result, why);
	}
}

/* Every address is tried once before those who wait are told. */
void http_host_failed(struct http_host *host, unsigned address_at, enum result result, const char *why)
{
	if (address_at == host->address_at) { /* else it was counted already */
		host->address_at++;
		host->failures++;
	}
	if (host->failures >= host->addresses_count && !host->links_count) {
		host->failures = 0;
		host->resolved_us = 0;
		fail_waiting(host, result, why);
	}
	http_host_go_on(host);
}

static void set_addresses(struct http_host *host, const struct net_address *addresses, unsigned count)
{
	if (count > HTTP_CLIENT_ADDRESSES_MAX)
		count = HTTP_CLIENT_ADDRESSES_MAX;
	for (unsigned i = 0; i < count; i++) {
		host->addresses[i] = addresses[i];
		net_address_set_port(&host->addresses[i], host->port);
	}
	host->addresses_count = count;
	host->address_at = host->failures = 0;
	host->resolved_us = loop_time(host->client->loop);
}

/* True when the addresses are known now. */
static bool resolve(struct http_host *host)
{
	struct http_client *client = host->client;
	bool local = !strcasecmp(host->name, "localhost");
	struct net_address a;

	if (host->resolved_us && loop_time(client->loop) - host->resolved_us < HTTP_CLIENT_ADDRESSES_KEPT_US)
		return true;
	if (host->resolving)
		return false;
	if (!net_address_of_host(local ? TEXT_LITERAL("127.0.0.1") : text_of(host->name), host->port, &a)) {
		set_addresses(host, &a, 1);
		return true;
	}
	if (!client->resolver.resolve) {
		fail_waiting(host, ERR_NOT_FOUND, "the host cannot be looked up");
		return false;
	}
	host->resolving = true;
	host->ticket = idtable_add(client->tickets, host);
	client->resolver.resolve(client->resolver.owner, client, host->ticket, host->name);
	return host->resolved_us && !host->resolving;
}

void http_client_resolved(struct http_client *client, uint64_t ticket, enum result result,
			  const struct net_address *addresses, unsigned count)
{
	struct http_host *host = idtable_remove(client->tickets, ticket);

	if (!host)
		return;
	host->resolving = false;
	if (result || !count)
		fail_waiting(host, result ? result : ERR_NOT_FOUND, "the host was not found");
	else
		set_addresses(host, addresses, count);
	http_host_go_on(host);
}

/* --- matching calls and links ----------------------------------------------------------------------------------- */

static bool close_an_idle_link(struct http_client *client)
{
	for (struct http_host *h = client->hosts; h; h = h->next) {
		for (struct http_link *l = h->links; l; l = l->next) {
			if (http_link_idle(l)) {
				http_link_close(l);
				return true;
			}
		}
	}
	return false;
}

/* One more connection would serve those who wait. Where HTTP/2 is known or may come out, the first is waited for. */
static bool wants_link(const struct http_host *host)
{
	const struct http_client_limits *limits = &host->client->limits;

	if (host->links_count >= limits->connections_per_host || host->connecting >= host->waiting.count)
		return false;
	if (host->failures && host->failures >= host->addresses_count)
		return false; /* those that are open must do */
	return !(host->https && host->connecting && (host->multiplexed || host->links_count == host->connecting));
}

static void open_links(struct http_host *host)
{
	struct http_client *client = host->client;

	if (!host->links_count && host->failures >= host->addresses_count)
		host->failures = 0;
	while (wants_link(host)) {
		if (client->links_count >= client->limits.connections_max && !close_an_idle_link(client))
			return;
		if (!resolve(host))
			return;
		http_link_open(host);
	}
}

static void match(struct http_host *host)
{
	struct http_link *link;

	while (host->waiting.first && (link = http_link_free_one(host))) {
		struct http_call *call = host->waiting.first;
		queue_out(&host->waiting, call);
		host->client->waiting--;
		http_link_start(link, call);
	}
	if (host->waiting.first)
		open_links(host);
}

static void kicked(void *owner)
{
	struct http_client *client = owner;

	/* Hosts are added at the front and dropped only here. */
	for (struct http_host *h = client->hosts; h; h = h->next)
		match(h);
	/* `done` may cancel one that is due with it; what ends meanwhile is for the next kick. */
	for (unsigned n = client->ended.count; n && client->ended.first; n--) {
		struct http_call *call = client->ended.first;
		queue_out(&client->ended, call);
		tell(call, NULL);
	}
	drop_unused_hosts(client);
}

/* --- the client ------------------------------------------------------------------------------------------------- */

static void make_counters(struct http_client *c)
{
	static const char *const classes[6] = { "0xx", "1xx", "2xx", "3xx", "4xx", "5xx" };
	char label[COUNTER_LABEL_SIZE];

	for (unsigned i = 0; i < 6; i++) {
		snprintf(label, sizeof(label), "client=\"%s\",class=\"%s\"", c->name, classes[i]);
		c->counters.answers[i] = counter_get(COUNTER_COUNT, "http_client_answers_total", label,
						     "answers to HTTP requests of ours by class of status");
	}
	snprintf(label, sizeof(label), "client=\"%s\"", c->name);
	c->counters.failed = counter_get(COUNTER_COUNT, "http_client_failed_total", label,
					 "HTTP requests of ours without an answer");
	c->counters.retries = counter_get(COUNTER_COUNT, "http_client_retries_total", label,
					  "HTTP requests of ours that were sent once more");
	c->counters.full = counter_get(COUNTER_COUNT, "http_client_full_total", label,
				       "HTTP requests of ours refused because the queue is full");
}

struct http_client *http_client_new(struct loop *loop, const char *name, const struct http_client_limits *limits,
				    struct tls_client *tls, const struct http_resolver *resolver)
{
	struct http_client *c = must_alloc(sizeof(*c));

	c->loop = loop;
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->limits = *limits;
	c->tls = tls;
	if (resolver)
		c->resolver = *resolver;
	c->calls = idtable_new(UINT32_MAX);
	c->tickets = idtable_new(UINT32_MAX);
	make_counters(c);
	return c;
}

static void free_queue(struct http_queue *q)
{
	while (q->first) {
		struct http_call *call = q->first;
		queue_out(q, call);
		call_free(call);
	}
}

void http_client_free(struct http_client **client)
{
	struct http_client *c = *client;

	*client = NULL;
	if (!c)
		return;
	c->freeing = true;
	loop_timer_stop(&c->kick);
	for (struct http_host *h = c->hosts; h; h = h->next) {
		while (h->links)
			http_link_close(h->links);
		free_queue(&h->waiting);
		h->resolving = false;
	}
	free_queue(&c->ended);
	drop_unused_hosts(c);
	idtable_free(&c->calls);
	idtable_free(&c->tickets);
	http_pool_clear(&c->pool);
	free(c);
}

/* --- sending ---------------------------------------------------------------------------------------------------- */

static enum result refuse(const char **why_out, enum result r, const char *why)
{
	*why_out = why;
	return r;
}

static enum result judge(struct http_client *c, const struct http_client_request *r, struct uri *uri,
			 const char **why_out)
{
	enum result result = uri_parse(r->url, uri, why_out);

	if (result)
		return result == ERR_UNSUPPORTED ? result : ERR_MALFORMED;
	if (uri->tls && !c->tls)
		return refuse(why_out, ERR_UNSUPPORTED, "https is not configured");
	for (unsigned i = 0; i < r->fields_count; i++) {
		if (!http_name_ok(r->fields[i].name, false) || !http_value_ok(r->fields[i].value))
			return refuse(why_out, ERR_MALFORMED, "a header field is malformed");
	}
	if (r->content_type && !http_value_ok(text_of(r->content_type)))
		return refuse(why_out, ERR_MALFORMED, "the content type is malformed");
	if (c->waiting + c->ended.count >= c->limits.queue_max) {
		counter_add(c->counters.full, 1);
		return refuse(why_out, ERR_FULL, "too many requests wait");
	}
	return OK;
}

static struct text keep(struct writer *w, struct text t)
{
	char *at = (char *)w->at;

	writer_text(w, t);
	writer_u8(w, 0);
	return text_range(at, t.len);
}

static size_t octets_of(const struct http_client_request *r)
{
	size_t n = r->url.len * 2 + r->body.len + 16;

	for (unsigned i = 0; i < r->fields_count; i++)
		n += r->fields[i].name.len + r->fields[i].value.len + 2;
	return n + (r->content_type ? strlen(r->content_type) : 0);
}

/* The call and copies of everything, in one piece of memory. */
static struct http_call *call_new(const struct http_client_request *r, const struct uri *uri)
{
	size_t octets = octets_of(r), fields = r->fields_count * sizeof(struct http_field);
	struct http_call *call = must_alloc(sizeof(*call) + fields + octets);

	call->fields = (struct http_field *)(call + 1);
	struct writer w = writer_of(call->fields + r->fields_count, octets);
	call->method = r->method;
	call->fields_count = r->fields_count;
	for (unsigned i = 0; i < r->fields_count; i++) {
		call->fields[i].name = keep(&w, r->fields[i].name);
		call->fields[i].value = keep(&w, r->fields[i].value);
	}
	call->authority = keep(&w, uri->server);
	if (r->content_type)
		call->content_type = keep(&w, text_of(r->content_type));
	call->body = keep(&w, r->body);
	call->target.at = (const char *)w.at;
	uri_put_target(&w, uri);
	call->target.len = (size_t)((const char *)w.at - call->target.at);
	call->repeatable = r->repeatable;
	return call;
}

enum result http_client_send(struct http_client *client, const struct http_client_request *request,
			     void (*done)(void *owner, const struct http_client_answer *answer), void *owner,
			     uint64_t *id_out, const char **why_out)
{
	struct uri uri;
	enum result result = judge(client, request, &uri, why_out);

	if (result)
		return result;
	struct http_call *call = call_new(request, &uri);
	call->client = client;
	call->host = host_of(client, &uri);
	call->done = done;
	call->owner = owner;
	call->id = idtable_add(client->calls, call);
	http_queue_last(&call->host->waiting, call);
	client->waiting++;
	client->open++;
	int64_t timeout = request->timeout_us ? request->timeout_us : client->limits.timeout_us;
	loop_timer_start(client->loop, &call->timer, timeout, timed_out, call);
	kick(client);
	if (id_out)
		*id_out = call->id;
	return OK;
}

void http_client_cancel(struct http_client *client, uint64_t id)
{
	struct http_call *call = idtable_find(client->calls, id);

	if (!call)
		return;
	call_withdraw(call);
	kick(client);
	call_free(call);
}

unsigned http_client_open(const struct http_client *client)
{
	return client->open;
}
