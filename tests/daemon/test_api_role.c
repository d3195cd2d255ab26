/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The api role whole, against a queue and a webhook receiver of the test, all on one loop. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "core/core_vty.h"
#include "core/ipc_messages.h"
#include "core/net/http_server.h"
#include "core/net/net_address.h"
#include "core/secret.h"
#include "daemon/api_vty.h"
#include "daemon/role.h"

#define PATIENCE_US (5 * USEC_PER_SEC)

/* --- what role.c would offer ----------------------------------------------------------------------------------------
 */

static struct loop *loop;
static struct ipc *role_end, *queue_end;
static bool stopped;
static char ready[2000];

struct loop *role_loop(void)
{
	return loop;
}

struct ipc *role_peer(enum role_id peer)
{
	return peer == ROLE_QUEUE ? role_end : NULL;
}

const struct counter_page *role_counters(enum role_id role)
{
	(void)role;
	return NULL;
}

void role_show_text(uint32_t call, const char *format, ...)
{
	(void)call;
	(void)format;
}

void role_show_end(uint32_t call)
{
	(void)call;
}

void role_stopped(void)
{
	stopped = true;
}

void role_ready_text(const char *text)
{
	size_t n = strlen(ready);

	snprintf(ready + n, sizeof(ready) - n, "%s\n", text);
}

/* --- a queue --------------------------------------------------------------------------------------------------------
 */

static struct {
	bool silent;
	enum result result;
	unsigned accepts, links, watching;
	struct message message;
	char body[200], recipient[64], key[64], account[64], detail[200];
	char header[MESSAGE_HEADER_MAX];
	uint32_t call;
	enum ipc_outcome outcome;
	unsigned results, outbox_ends;
	bool outbox_done;
	uint32_t retry_ms;
} queue;

static void take_accept(const struct ipc_accept *a)
{
	struct reader r = reader_of(a->recipients.at, a->recipients.len);
	struct text recipient;

	queue.accepts++;
	assert_true(a->header.len <= sizeof(queue.header));
	memcpy(queue.header, a->header.at, a->header.len);
	assert_int_equal(message_decode(text_range(queue.header, a->header.len), &queue.message), OK);
	assert_true(text_copy(a->body, queue.body, sizeof(queue.body)));
	assert_true(text_copy(a->key, queue.key, sizeof(queue.key)));
	assert_true(ipc_take_recipient(&r, &recipient) && text_copy(recipient, queue.recipient, 64));
}

static void answer_accept(uint32_t call)
{
	struct ipc_accepted a = { .result = queue.result, .id.octets = { 1 } };

	if (queue.result == OK)
		a.answer = TEXT_LITERAL("[{\"to\":\"x\",\"state\":\"sending\"}]");
	else
		a.why = TEXT_LITERAL("route R7 refuses it");
	ipc_put_accepted(ipc_begin(queue_end, IPC_ACCEPTED, call, 500), &a);
	assert_int_equal(ipc_end(queue_end), OK);
}

static void answer_ask(uint32_t call, const struct ipc_ask *in)
{
	struct ipc_answer a = { .result = in->question == ASK_CANCEL ? ERR_CONFLICT : OK };

	a.body = in->question == ASK_CANCEL ? TEXT_LITERAL("{\"message\":\"already sent\"}")
					    : TEXT_LITERAL("{\"id\":\"01\"}");
	assert_true(text_copy(in->account, queue.account, sizeof(queue.account)));
	ipc_put_answer(ipc_begin(queue_end, IPC_ANSWER, call, 500), &a);
	assert_int_equal(ipc_end(queue_end), OK);
}

static void take_result(struct ipc_record *record)
{
	struct ipc_result r;

	assert_true(ipc_get_result(&record->body, &r));
	queue.results++;
	queue.outcome = r.outcome;
	queue.retry_ms = r.retry_ms;
	assert_true(text_copy(r.detail, queue.detail, sizeof(queue.detail)));
	(void)ipc_begin(queue_end, IPC_RESULT_DONE, record->call, 0);
	assert_int_equal(ipc_end(queue_end), OK);
}

static void take_outbox_end(struct ipc_record *record)
{
	struct ipc_outbox_end e;

	assert_true(ipc_get_outbox_end(&record->body, &e));
	queue.outbox_ends++;
	queue.outbox_done = e.done;
	queue.retry_ms = e.retry_ms;
}

static bool queue_takes(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct ipc_accept accept;
	struct ipc_ask in;

	(void)owner;
	(void)ipc;
	switch (record->type) {
	case IPC_ACCEPT:
		assert_true(ipc_get_accept(&record->body, &accept));
		take_accept(&accept);
		queue.call = record->call;
		if (!queue.silent)
			answer_accept(record->call);
		return true;
	case IPC_ASK:
		assert_true(ipc_get_ask(&record->body, &in));
		answer_ask(record->call, &in);
		return true;
	case IPC_LINK:
		queue.links++;
		return true;
	case IPC_WATCH:
		queue.watching = reader_u8(&record->body);
		return true;
	case IPC_RESULT:
		take_result(record);
		return true;
	case IPC_OUTBOX_END:
		take_outbox_end(record);
		return true;
	default:
		return record->type == IPC_HOLDING;
	}
}

static void queue_closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	(void)why;
}

static bool role_takes(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	(void)owner;
	bool good = role_api.record(ROLE_QUEUE, ipc, record);
	assert_true(good);
	return good;
}

static void connect_queue(void)
{
	static const struct ipc_handler ours = { .record = queue_takes, .closed = queue_closed },
					theirs = { .record = role_takes, .closed = queue_closed };
	int fds[2];

	assert_int_equal(ipc_pair(fds), OK);
	queue_end = ipc_new(loop, fds[0], "api", &ours, NULL);
	role_end = ipc_new(loop, fds[1], "queue", &theirs, NULL);
	role_api.peer(ROLE_QUEUE, role_end);
}

static void lose_queue(void)
{
	ipc_free(&role_end);
	ipc_free(&queue_end);
	role_api.peer_lost(ROLE_QUEUE);
}

/* --- an application -------------------------------------------------------------------------------------------------
 */

static struct http_server *application;
static struct {
	unsigned calls, status;
	enum http_method method;
	char target[500], body[2000], signature[200], event[64];
} app;
static unsigned app_port;

static void app_request(void *owner, struct http_exchange *x)
{
	const struct http_message *m = http_exchange_request(x);

	(void)owner;
	app.calls++;
	app.method = m->method;
	assert_true(text_copy(m->target, app.target, sizeof(app.target)));
	assert_true(text_copy(m->body, app.body, sizeof(app.body)));
	assert_true(text_copy(http_field_get(m, "cellpost-signature"), app.signature, sizeof(app.signature)));
	assert_true(text_copy(http_field_get(m, "cellpost-event-id"), app.event, sizeof(app.event)));
	http_respond_text(x, app.status, "text/plain", TEXT_LITERAL("ok"));
}

static void start_application(void)
{
	static const struct http_server_handler handler = { .request = app_request };
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	struct http_server_limits limits;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(listen(fd, 16), 0);
	app_port = ntohs(a.sin_port);
	http_server_limits_init(&limits);
	application = http_server_new(loop, "app", &limits, &handler, NULL);
	http_server_listen(application, fd, NULL);
}

/* --- a client -------------------------------------------------------------------------------------------------------
 */

static char folder[64], path[100];

static bool until(bool (*there)(void))
{
	int64_t end = clock_monotonic() + PATIENCE_US;

	while (!there() && clock_monotonic() < end)
		loop_turn(loop, 10000);
	return there();
}

static int dial(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static char answer[70000];
static size_t answer_len;
static int client = -1;

static void read_some(void)
{
	ssize_t n = recv(client, answer + answer_len, sizeof(answer) - 1 - answer_len, MSG_DONTWAIT);

	if (n > 0)
		answer_len += (size_t)n;
	answer[answer_len] = 0;
}

static bool answered(void)
{
	read_some();
	const char *end = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "\ncontent-length:");

	if (!end || !length)
		return false;
	return answer_len >= (size_t)(end + 4 - answer) + strtoul(length + 16, NULL, 10);
}

static void say(const char *request)
{
	if (client >= 0)
		close(client);
	client = dial();
	answer_len = 0;
	answer[0] = 0;
	assert_int_equal(write(client, request, strlen(request)), strlen(request));
}

/* The status; the answer is in `answer`. */
static unsigned ask(const char *request)
{
	say(request);
	assert_true(until(answered));
	return (unsigned)strtoul(answer + 9, NULL, 10);
}

static const char *basic(const char *who)
{
	static char line[200];
	char room[100];
	struct writer w = writer_of(room, sizeof(room));

	base64_put(&w, who, strlen(who), false);
	snprintf(line, sizeof(line), "Authorization: Basic %.*s\r\n", (int)writer_len(&w), room);
	return line;
}

static unsigned post(const char *target, const char *more, const char *body)
{
	static char request[8192];

	snprintf(request, sizeof(request),
		 "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
		 target, more, strlen(body), body);
	return ask(request);
}

static unsigned other(const char *method, const char *target, const char *more)
{
	static char request[8192];

	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n", method, target, more);
	return ask(request);
}

/* --- the role -------------------------------------------------------------------------------------------------------
 */

static struct config *config;

static void fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	fail_msg("%s:%u: %.*s: %s", file, line, TEXT_ARGS(word), text);
}

static void configure(const char *more)
{
	static const struct node_kind *const kinds[] = { &http_kind, &account_kind };
	static char text[4000];
	char fast[SECRET_TEXT_SIZE], slow[SECRET_TEXT_SIZE];
	const char *why = "";

	assert_int_equal(secret_make(SECRET_TOKEN, TEXT_LITERAL("s3"), fast), OK);
	assert_int_equal(secret_make(SECRET_PASSWORD, TEXT_LITERAL("pw"), slow), OK);
	snprintf(text, sizeof(text),
		 "http\n listen unix:%s\n%s"
		 "account acme\n secret %s\n default-sender 1234\n allow-sender Shop*\n webhook "
		 "http://127.0.0.1:%u/hook\n"
		 " webhook-secret k\n"
		 "account slow\n secret %s\n default-sender 1\n rate 1\n burst 2\n"
		 "account admin\n secret %s\n admin yes\n default-sender 9\n",
		 path, more, fast, app_port, slow, fast);
	struct config *before = config;
	config = config_new(kinds, 2);
	assert_int_equal(config_read(config, "test", text_of(text), fault, NULL), 0);
	if (role_api.check(config, &why) != OK)
		fail_msg("%s", why);
	if (!before) {
		struct sandbox_path paths[ROLE_PATHS_MAX] = { 0 };
		if (role_api.open(loop, config, paths, &why) != OK)
			fail_msg("%s", why);
	}
	role_api.switch_to(config);
	config_free(&before);
}

static int start(void **state)
{
	struct net_address address;
	const char *why;
	char text[120];
	int fd;

	(void)state;
	loop = loop_new();
	snprintf(folder, sizeof(folder), "/tmp/test_api_XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/api", folder);
	memset(&queue, 0, sizeof(queue));
	memset(&app, 0, sizeof(app));
	app.status = 200;
	stopped = false;
	start_application();
	configure("");
	snprintf(text, sizeof(text), "unix:%s", path);
	assert_int_equal(net_address_parse(text_of(text), &address, &why), OK);
	assert_int_equal(net_listen(&address, 16, &fd, &why), OK);
	role_api.listen(TEXT_LITERAL("http"), text_of(text), fd);
	connect_queue();
	return 0;
}

static bool is_stopped(void)
{
	return stopped;
}

static int end(void **state)
{
	(void)state;
	if (client >= 0)
		close(client);
	client = -1;
	role_api.stop();
	assert_true(until(is_stopped));
	http_server_free(&application);
	ipc_free(&role_end);
	ipc_free(&queue_end);
	config_free(&config);
	loop_free(&loop);
	unlink(path);
	rmdir(folder);
	return 0;
}

/* --- cases ----------------------------------------------------------------------------------------------------------
 */

#define HELLO "{\"to\":\"0081 90 1\",\"text\":\"hello\"}"

static void a_message_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(post("/v1/messages", basic("acme:s3"),
			      "{\"from\":\"Shop 1\",\"to\":\"+81901\",\"text\":\"hello\",\"idempotency_key\":\"k7\"}"),
			 202);
	assert_non_null(strstr(answer, "{\"id\":\"0100000000000000000000000000\",\"recipients\":[{\"to\":\"x\","));
	assert_non_null(strstr(answer, "/v1/messages/0100000000000000000000000000\r\n"));
	assert_int_equal(queue.accepts, 1);
	assert_string_equal(queue.body, "hello");
	assert_string_equal(queue.recipient, "+81901");
	assert_string_equal(queue.key, "k7");
	assert_true(text_is(queue.message.account, "acme") && text_is(queue.message.sender, "Shop 1"));
	assert_true(text_is(queue.message.channel, "http"));
}

static void credentials_in_every_form(void **state)
{
	(void)state;
	assert_int_equal(post("/v1/messages", "", HELLO), 401);
	assert_non_null(strcasestr(answer, "www-authenticate:"));
	assert_int_equal(post("/v1/messages", basic("acme:wrong"), HELLO), 401);
	assert_int_equal(post("/v1/messages", basic("nobody:s3"), HELLO), 401);
	assert_int_equal(post("/v1/messages", basic("nocolon"), HELLO), 401);
	assert_int_equal(post("/v1/messages", "Authorization: Bearer acme.s3\r\n", HELLO), 202);
	assert_int_equal(post("/v1/messages", "Authorization: Bearer s3\r\n", HELLO), 202);
	assert_int_equal(post("/v1/messages", "Authorization: Bearer s3\r\n", HELLO), 202);
	assert_int_equal(post("/v1/messages", "Authorization: Bearer acme.s4\r\n", HELLO), 401);
	assert_int_equal(post("/v1/messages", "Authorization: Digest x\r\n", HELLO), 401);
	assert_int_equal(queue.accepts, 3);
}

/* A password takes its time once, on the worker; the second request finds it known. */
static void a_password_is_hashed_once(void **state)
{
	(void)state;
	assert_int_equal(post("/v1/messages", basic("slow:pw"), HELLO), 202);
	assert_int_equal(post("/v1/messages", basic("slow:pw"), HELLO), 202);
	assert_int_equal(post("/v1/messages", basic("slow:no"), HELLO), 401);
	assert_int_equal(post("/v1/messages", basic("slow:no"), HELLO), 401);
}

static void rules_of_the_account(void **state)
{
	(void)state;
	assert_int_equal(post("/v1/messages", basic("acme:s3"), "{\"to\":\"1\",\"text\":\"\",\"from\":\"Bank\"}"), 403);
	assert_non_null(strstr(answer, "allow-sender"));
	assert_int_equal(post("/v1/messages", basic("acme:s3"), "{\"to\":\"1\",\"text\":\"\",\"link\":\"lab\"}"), 403);
	assert_non_null(strstr(answer, "may-choose-link"));
	assert_int_equal(post("/v1/messages", basic("admin:s3"), "{\"to\":\"1\",\"text\":\"\",\"link\":\"lab\"}"), 202);
	assert_int_equal(post("/v1/messages", basic("acme:s3"), "{\"to\":\"1\",\"txt\":\"\"}"), 400);
	assert_non_null(strstr(answer, "did you mean \\\"text\\\""));
	assert_int_equal(post("/v1/messages", basic("slow:pw"), "{\"to\":[\"1\",\"2\"],\"text\":\"\"}"), 202);
	assert_int_equal(post("/v1/messages", basic("slow:pw"), HELLO), 429);
	assert_non_null(strcasestr(answer, "retry-after: 1\r\n"));
	assert_int_equal(queue.accepts, 2);
}

static void what_the_queue_says_is_told(void **state)
{
	(void)state;
	queue.result = ERR_DENIED;
	assert_int_equal(post("/v1/messages", basic("acme:s3"), HELLO), 403);
	assert_non_null(strstr(answer, "route R7 refuses it"));
	queue.result = ERR_NOT_FOUND;
	assert_int_equal(post("/v1/messages", basic("acme:s3"), HELLO), 422);
	queue.result = ERR_CONFLICT;
	assert_int_equal(post("/v1/messages", basic("acme:s3"), HELLO), 409);
	queue.result = ERR_FULL;
	assert_int_equal(post("/v1/messages", basic("acme:s3"), HELLO), 503);
	assert_non_null(strcasestr(answer, "retry-after:"));
	assert_int_equal(other("GET", "/readyz", ""), 503);
	queue.result = OK;
	assert_int_equal(post("/v1/messages", basic("acme:s3"), HELLO), 202);
	assert_int_equal(other("GET", "/readyz", ""), 200);
}

static bool accept_came(void)
{
	return queue.accepts != 0;
}

static void a_lost_queue_leaves_no_client_waiting(void **state)
{
	(void)state;
	queue.silent = true;
	say("POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme.s3\r\nContent-Length: 21\r\n\r\n"
	    "{\"to\":\"1\",\"text\":\"\"} ");
	assert_true(until(accept_came));
	lose_queue();
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 1000);
	assert_false(answered()); /* the next queue gets it again and says */
	unsigned links = queue.links, accepts = queue.accepts;
	queue.silent = false;
	connect_queue();
	assert_true(until(answered));
	assert_non_null(strstr(answer, " 202 "));
	assert_int_equal(queue.accepts, accepts + 1);
	lose_queue();
	assert_int_equal(post("/v1/messages", basic("acme:s3"), HELLO), 503);
	assert_int_equal(other("GET", "/readyz", ""), 503);
	assert_int_equal(other("GET", "/healthz", ""), 200);
	connect_queue();
	assert_int_equal(post("/v1/messages", basic("acme:s3"), HELLO), 202);
	assert_int_equal(queue.links, links + 6);
}

static void a_client_that_left_is_no_harm(void **state)
{
	(void)state;
	queue.silent = true;
	say("POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme.s3\r\nContent-Length: 21\r\n\r\n"
	    "{\"to\":\"1\",\"text\":\"\"} ");
	assert_true(until(accept_came));
	close(client);
	client = -1;
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 1000);
	answer_accept(queue.call);
	queue.silent = false;
	assert_int_equal(post("/v1/messages", basic("acme:s3"), HELLO), 202);
}

static void kannel_speaks_its_words(void **state)
{
	(void)state;
	assert_int_equal(other("GET", "/cgi-bin/sendsms?username=acme&password=s3&to=%2B81901&text=a+b&dlr-mask=1", ""),
			 202);
	assert_non_null(strstr(answer, "\r\n\r\n0: Accepted for delivery"));
	assert_string_equal(queue.body, "a b");
	assert_true(text_is(queue.message.channel, "kannel") && queue.message.reports == 1);
	assert_int_equal(other("GET", "/cgi-bin/sendsms?username=acme&password=no&to=1&text=a", ""), 403);
	assert_non_null(strstr(answer, "Authorization failed for sendsms"));
	assert_int_equal(other("GET", "/cgi-bin/sendsms?to=", ""), 403);
	assert_int_equal(other("GET", "/cgi-bin/sendsms?username=slow&password=pw&to=1&text=a", ""), 202);
	assert_int_equal(other("GET", "/cgi-bin/sendsms?username=acme&password=s3&text=a", ""), 400);
	assert_non_null(strstr(answer, "Missing receiver number, rejected"));
	assert_int_equal(other("GET", "/cgi-bin/sendsms?username=acme&password=s3&to=1&text=a&from=Bank", ""), 403);
	queue.result = ERR_NOT_FOUND;
	assert_int_equal(other("GET", "/cgi-bin/sendsms?username=acme&password=s3&to=1&text=a", ""), 403);
	assert_non_null(strstr(answer, "Not routable. Do not try again."));
	queue.result = ERR_BUSY;
	assert_int_equal(other("GET", "/cgi-bin/sendsms?username=acme&password=s3&to=1&text=a", ""), 503);
	assert_non_null(strstr(answer, "Temporal failure, try again later."));
}

static void questions_about_a_message(void **state)
{
	(void)state;
	assert_int_equal(other("GET", "/v1/messages/0100000000000000000000000000", basic("acme:s3")), 200);
	assert_non_null(strstr(answer, "{\"id\":\"01\"}"));
	assert_string_equal(queue.account, "acme");
	assert_int_equal(other("GET", "/v1/messages/0100000000000000000000000000", basic("admin:s3")), 200);
	assert_string_equal(queue.account, "");
	assert_int_equal(other("DELETE", "/v1/messages/0100000000000000000000000000", basic("acme:s3")), 409);
	assert_non_null(strstr(answer, "already sent"));
	assert_int_equal(other("GET", "/v1/messages/7", basic("acme:s3")), 404);
	assert_int_equal(post("/v1/quotes", basic("acme:s3"), HELLO), 200);
	assert_int_equal(queue.accepts, 0);
}

static void paths_and_methods(void **state)
{
	(void)state;
	assert_int_equal(other("GET", "/nowhere", ""), 404);
	assert_int_equal(other("PUT", "/v1/messages/01", basic("acme:s3")), 405);
	assert_non_null(strcasestr(answer, "allow: GET, DELETE\r\n"));
	assert_int_equal(other("GET", "/v1/messages", ""), 405);
	assert_int_equal(other("GET", "/openapi.json", ""), 200);
	assert_non_null(strstr(answer, "\"openapi\": \"3.1.0\""));
	assert_int_equal(other("GET", "/metrics", ""), 200);
	configure(" metrics admin\n");
	assert_int_equal(other("GET", "/metrics", ""), 401);
	assert_int_equal(other("GET", "/metrics", basic("acme:s3")), 401);
	assert_int_equal(other("GET", "/metrics", basic("admin:s3")), 200);
	assert_int_equal(ask("POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme.s3\r\n"
			     "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"),
			 415);
}

static bool watching(void)
{
	return queue.watching == 1;
}

static bool event_came(void)
{
	read_some();
	return strstr(answer, "event: receipt\ndata: {\"n\":2}\n\n") != NULL;
}

static void publish(const char *account, const char *body)
{
	ipc_put_event(ipc_begin(queue_end, IPC_EVENT, 0, 200),
		      &(struct ipc_event){ text_of(account), TEXT_LITERAL("receipt"), text_of(body) });
	assert_int_equal(ipc_end(queue_end), OK);
}

static bool not_watching(void)
{
	return queue.watching == 0;
}

static void events_of_the_account_alone(void **state)
{
	(void)state;
	say("GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme.s3\r\n\r\n");
	assert_true(until(watching));
	publish("other", "{\"n\":1}");
	publish("acme", "{\"n\":2}");
	assert_true(until(event_came));
	assert_non_null(strcasestr(answer, "content-type: text/event-stream\r\n"));
	assert_null(strstr(answer, "{\"n\":1}"));
	close(client);
	client = -1;
	assert_true(until(not_watching));
}

/* --- webhooks -------------------------------------------------------------------------------------------------------
 */

static void deliver(uint8_t n)
{
	struct message m = { .sender = TEXT_LITERAL("+8190"), .account = TEXT_LITERAL("lab"), .from_network = true };
	static uint8_t header[MESSAGE_HEADER_MAX];
	struct writer w = writer_of(header, sizeof(header));
	struct ipc_deliver d = { .epoch = 1,
				 .attempt = 1,
				 .link = TEXT_LITERAL("webhook:acme"),
				 .recipient = TEXT_LITERAL("1234"),
				 .body = TEXT_LITERAL("hi") };

	message_encode(&m, &w);
	d.header = text_range((char *)header, writer_len(&w));
	d.id.octets[0] = n;
	d.id.octets[15] = 1;
	d.not_after_us = clock_monotonic() + 60 * USEC_PER_SEC;
	ipc_put_deliver(ipc_begin(queue_end, IPC_DELIVER, 0, sizeof(header)), &d);
	assert_int_equal(ipc_end(queue_end), OK);
}

static bool result_came(void)
{
	return queue.results != 0;
}

static bool outbox_ended(void)
{
	return queue.outbox_ends != 0;
}

static void incoming_messages_are_posted(void **state)
{
	(void)state;
	deliver(7);
	assert_true(until(result_came));
	assert_int_equal(queue.outcome, IPC_DELIVERED);
	assert_int_equal(app.method, HTTP_METHOD_POST);
	assert_string_equal(app.target, "/hook");
	assert_non_null(strstr(app.body, "\"type\":\"message\""));
	assert_non_null(strstr(app.body, "\"from\":\"+8190\",\"to\":\"1234\",\"text\":\"hi\""));
	assert_memory_equal(app.signature, "t=", 2);
	assert_string_equal(app.event, "07000000000000000000000000000001");
	queue.results = 0;
	app.status = 500;
	deliver(8);
	assert_true(until(result_came));
	assert_int_equal(queue.outcome, IPC_RETRY);
	assert_in_range(queue.retry_ms, 500, 2000);
	assert_string_equal(queue.detail, "HTTP 500");
	queue.results = 0;
	app.status = 422;
	deliver(9);
	assert_true(until(result_came));
	assert_int_equal(queue.outcome, IPC_REFUSED);
}

static void receipt(uint8_t n, const char *body)
{
	struct ipc_outbox row = { .id = { n },
				  .target = TEXT_LITERAL("webhook:acme"),
				  .kind = TEXT_LITERAL("receipt") };

	row.body = text_of(body);
	queue.outbox_ends = 0;
	ipc_put_outbox(ipc_begin(queue_end, IPC_OUTBOX, 0, 4000), &row);
	assert_int_equal(ipc_end(queue_end), OK);
	assert_true(until(outbox_ended));
}

static void receipts_go_where_they_were_asked_to(void **state)
{
	char body[500];

	(void)state;
	receipt(1, "{\"id\":\"5\",\"state\":\"delivered\",\"channel\":\"http\"}");
	assert_true(queue.outbox_done);
	assert_string_equal(app.target, "/hook");
	assert_string_equal(app.body, "{\"type\":\"receipt\",\"event_id\":\"01000000000000000000000000000000\","
				      "\"data\":{\"id\":\"5\",\"state\":\"delivered\",\"channel\":\"http\"}}");
	snprintf(body, sizeof(body), "{\"channel\":\"http\",\"report_to\":\"http://127.0.0.1:%u/r?x=1\"}", app_port);
	receipt(2, body);
	assert_string_equal(app.target, "/r?x=1");
	snprintf(body, sizeof(body),
		 "{\"channel\":\"kannel\",\"state\":\"delivered\",\"to\":\"+81\",\"report_to\":\"http://127.0.0.1:%u/"
		 "d?s=%%d"
		 "&to=%%P\"}",
		 app_port);
	receipt(3, body);
	assert_true(queue.outbox_done);
	assert_int_equal(app.method, HTTP_METHOD_GET);
	assert_string_equal(app.target, "/d?s=1&to=%2B81");
	app.status = 503;
	receipt(4, body);
	assert_false(queue.outbox_done);
	assert_in_range(queue.retry_ms, 500, 2000);
	receipt(5, "not json");
	assert_true(queue.outbox_done);
	receipt(6, "{\"report_to\":\"http://127.0.0.1:1/\"}");
	assert_false(queue.outbox_done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_message_is_accepted, start, end),
		cmocka_unit_test_setup_teardown(credentials_in_every_form, start, end),
		cmocka_unit_test_setup_teardown(a_password_is_hashed_once, start, end),
		cmocka_unit_test_setup_teardown(rules_of_the_account, start, end),
		cmocka_unit_test_setup_teardown(what_the_queue_says_is_told, start, end),
		cmocka_unit_test_setup_teardown(a_lost_queue_leaves_no_client_waiting, start, end),
		cmocka_unit_test_setup_teardown(a_client_that_left_is_no_harm, start, end),
		cmocka_unit_test_setup_teardown(kannel_speaks_its_words, start, end),
		cmocka_unit_test_setup_teardown(questions_about_a_message, start, end),
		cmocka_unit_test_setup_teardown(paths_and_methods, start, end),
		cmocka_unit_test_setup_teardown(events_of_the_account_alone, start, end),
		cmocka_unit_test_setup_teardown(incoming_messages_are_posted, start, end),
		cmocka_unit_test_setup_teardown(receipts_go_where_they_were_asked_to, start, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
