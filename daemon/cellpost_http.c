/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/cellpost_http.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/loop.h"
#include "core/net/http1.h"
#include "core/net/stream.h"
#include "core/net/tls.h"
#include "core/net/uri.h"
#include "daemon/memory_file.h"
#include "daemon/version.h"

#define AUTHORITIES_MAX (4u * 1024u * 1024u)
#define HOST_SIZE 256u
#define BODY_MAX (1024u * 1024u)
#define CONNECT_US (10 * INT64_C(1000000))

struct asking {
	const struct cellpost_request *request;
	struct cellpost_answer *out;
	struct loop *loop;
	struct stream *stream;
	struct http1 *engine;
	struct http_pool pool;
	struct loop_timer timer;
	struct uri uri;
	bool sent, ended;
};

static void end(struct asking *a, enum result result, const char *why)
{
	if (a->ended)
		return;
	a->ended = true;
	a->out->result = result;
	snprintf(a->out->why, sizeof(a->out->why), "%s", why);
	loop_stop(a->loop);
}

static void take_answer(struct asking *a)
{
	const struct http_message *m = http1_message(a->engine);
	char *room = must_alloc(m->body.len + 1);
	uint64_t seconds = 0;

	if (m->body.len)
		memcpy(room, m->body.at, m->body.len);
	a->out->body = text_range(room, m->body.len);
	a->out->status = m->status;
	if (text_to_u64(http_field_get(m, "retry-after"), 3600, &seconds))
		a->out->retry_after = (unsigned)seconds;
	end(a, OK, "");
}

static void put_request(struct asking *a, struct writer *w)
{
	const struct cellpost_request *r = a->request;
	struct http_field fields[2];
	struct http1_head head = { .method = http_method_name(r->method),
				   .host = a->uri.server,
				   .agent = TEXT_LITERAL("cellpost/" CELLPOST_VERSION),
				   .fields = fields,
				   .length = r->body.len ? r->body.len : HTTP1_LENGTH_NONE,
				   .close = true };
	char target[URI_MAX + 64];
	struct text base = a->uri.path;

	while (base.len && base.at[base.len - 1] == '/')
		base.len--;
	snprintf(target, sizeof(target), "%.*s%s", TEXT_ARGS(base), r->path);
	head.target = text_of(target);
	if (r->body.len)
		head.content_type = r->content_type ? r->content_type : "application/json";
	if (r->authorization.len)
		fields[head.fields_count++] = (struct http_field){ TEXT_LITERAL("Authorization"), r->authorization };
	if (r->key.len)
		fields[head.fields_count++] = (struct http_field){ TEXT_LITERAL("Idempotency-Key"), r->key };
	http1_put_head(w, &head);
	writer_text(w, r->body);
}

static void connected(void *owner, struct stream *stream)
{
	struct asking *a = owner;
	size_t room = URI_MAX + 4096u + a->request->authorization.len + a->request->key.len + a->request->body.len;

	a->sent = true;
	http1_expect(a->engine, a->request->method);
	put_request(a, stream_begin(stream, room));
	stream_end(stream);
}

static size_t received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	struct asking *a = owner;
	size_t at = 0;

	(void)stream;
	while (at < n && !a->ended) {
		size_t taken = 0;
		switch (http1_input(a->engine, bytes + at, n - at, &taken)) {
		case HTTP1_DONE:
			take_answer(a);
			break;
		case HTTP1_BAD:
			end(a, ERR_UNKNOWN, "what answers there is no HTTP server");
			break;
		case HTTP1_HEAD:
		case HTTP1_MORE:
			break;
		}
		at += taken;
	}
	return n;
}

static void closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	struct asking *a = owner;

	(void)stream;
	if (!a->ended && a->sent && http1_end(a->engine) == HTTP1_DONE)
		take_answer(a);
	if (why != ERR_DENIED)
		why = ERR_CLOSED;
	end(a, a->sent ? ERR_UNKNOWN : why, text && *text ? text : "the connection was closed");
}

static void timed_out(void *owner)
{
	struct asking *a = owner;

	end(a, a->sent ? ERR_UNKNOWN : ERR_CLOSED, "no answer in time");
}

static const struct stream_handler handler = { .connected = connected, .received = received, .closed = closed };

static bool look_up(struct asking *a, const char *host, struct net_address *out)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;

	if (net_address_of_host(text_of(host), a->uri.port, out) == OK)
		return true;
	int error = getaddrinfo(host, NULL, &hints, &found);
	if (error || found->ai_addrlen > sizeof(out->storage)) {
		snprintf(a->out->why, sizeof(a->out->why), "%.120s: %s", host, gai_strerror(error));
		a->out->result = ERR_NOT_FOUND;
		return false;
	}
	memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
	out->len = found->ai_addrlen;
	freeaddrinfo(found);
	net_address_set_port(out, a->uri.port);
	return true;
}

static void run(struct asking *a, const struct net_address *to, struct tls_client *tls, const char *host)
{
	a->loop = loop_new();
	a->engine = http1_new(HTTP1_CLIENT, BODY_MAX, &a->pool);
	a->stream = stream_connect(a->loop, to, tls, host, CONNECT_US, &handler, a);
	loop_timer_start(a->loop, &a->timer, a->request->timeout_us, timed_out, a);
	loop_run(a->loop);
	loop_timer_stop(&a->timer);
	stream_free(&a->stream);
	http1_free(&a->engine);
	http_pool_clear(&a->pool);
	loop_free(&a->loop);
}

static enum result refuse(struct cellpost_answer *out, enum result result, const char *why)
{
	out->result = result;
	snprintf(out->why, sizeof(out->why), "%s", why);
	return result;
}

static enum result make_tls(const char *authorities, struct tls_client **out, const char **why_out)
{
	struct text pem = { 0 };
	enum result r = OK;
	int fd = authorities ? open(authorities, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;

	if (authorities && fd < 0) {
		*why_out = strerror(errno);
		return ERR_NOT_FOUND;
	}
	if (fd >= 0) {
		r = memory_file_read(fd, AUTHORITIES_MAX, &pem, why_out);
		close(fd);
	}
	if (r == OK)
		r = tls_client_new(pem, true, "http/1.1", out, why_out);
	if (pem.at)
		memory_file_forget(&pem);
	return r;
}

static enum result read_url(const struct cellpost_request *request, struct asking *a, char host[HOST_SIZE],
			    const char **why_out)
{
	enum result r = uri_parse(text_of(request->url), &a->uri, why_out);

	if (r != OK || (text_copy(a->uri.host, host, HOST_SIZE) && !a->uri.has_query))
		return r;
	*why_out = "the URL ends before the path of a request, as http://127.0.0.1:8080";
	return ERR_MALFORMED;
}

enum result cellpost_http_ask(const struct cellpost_request *request, struct cellpost_answer *out)
{
	struct asking a = { .request = request, .out = out };
	struct net_address to;
	struct tls_client *tls = NULL;
	char host[HOST_SIZE];
	const char *why = "";

	*out = (struct cellpost_answer){ 0 };
	enum result r = read_url(request, &a, host, &why);
	if (r == OK && a.uri.tls)
		r = make_tls(request->authorities, &tls, &why);
	if (r != OK)
		return refuse(out, r, why);
	if (look_up(&a, host, &to))
		run(&a, &to, tls, host);
	tls_client_free(&tls);
	return out->result;
}

void cellpost_answer_clear(struct cellpost_answer *answer)
{
	char *room;

	memcpy(&room, &answer->body.at, sizeof(room));
	free(room);
	answer->body = (struct text){ 0 };
}
