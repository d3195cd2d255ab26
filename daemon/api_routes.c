/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The paths of the API. openapi.json describes them; a test compares the two. */
#include "daemon/api_internal.h"

static const struct api_route routes[] = {
	{ HTTP_METHOD_POST, "/v1/messages", ROUTE_ACCOUNT, api_send_message },
	{ HTTP_METHOD_GET, "/v1/messages/{id}", ROUTE_ACCOUNT, api_ask_message },
	{ HTTP_METHOD_DELETE, "/v1/messages/{id}", ROUTE_ACCOUNT, api_ask_cancel },
	{ HTTP_METHOD_POST, "/v1/files", ROUTE_ACCOUNT, api_upload_alone },
	{ HTTP_METHOD_POST, "/v1/quotes", ROUTE_ACCOUNT, api_send_quote },
	{ HTTP_METHOD_POST, "/v1/messages/{id}/consent", ROUTE_ACCOUNT, api_money_consent },
	{ HTTP_METHOD_POST, "/v1/messages/{id}/refund", ROUTE_ACCOUNT, api_money_refund },
	{ HTTP_METHOD_GET, "/v1/accounts/{name}/balance", ROUTE_ACCOUNT, api_money_balance },
	{ HTTP_METHOD_POST, "/v1/accounts/{name}/top-up", ROUTE_ACCOUNT, api_money_top_up },
	{ HTTP_METHOD_GET, "/v1/cdr", ROUTE_ACCOUNT, api_money_records },
	{ HTTP_METHOD_DELETE, "/v1/cdr/{number}", ROUTE_ACCOUNT, api_money_records_taken },
	{ HTTP_METHOD_GET, "/v1/optouts", ROUTE_ACCOUNT, api_optouts_list },
	{ HTTP_METHOD_PUT, "/v1/optouts/{number}", ROUTE_ACCOUNT, api_optouts_put },
	{ HTTP_METHOD_DELETE, "/v1/optouts/{number}", ROUTE_ACCOUNT, api_optouts_drop },
	{ HTTP_METHOD_GET, "/v1/events", ROUTE_ACCOUNT, api_events_open },
	{ HTTP_METHOD_GET, "/cgi-bin/sendsms", ROUTE_KANNEL, api_send_kannel },
	{ HTTP_METHOD_POST, "/cgi-bin/sendsms", ROUTE_KANNEL, api_send_kannel },
	{ HTTP_METHOD_GET, "/healthz", ROUTE_OPEN, api_health_live },
	{ HTTP_METHOD_GET, "/readyz", ROUTE_OPEN, api_health_ready },
	{ HTTP_METHOD_GET, "/metrics", ROUTE_OPEN, api_health_metrics },
	{ HTTP_METHOD_GET, "/openapi.json", ROUTE_OPEN, api_health_openapi },
};

const struct api_route *api_routes(unsigned *count_out)
{
	*count_out = sizeof(routes) / sizeof(routes[0]);
	return routes;
}

static bool path_matches(const char *pattern, struct text path, struct text *id_out)
{
	size_t fixed = strcspn(pattern, "{");

	*id_out = (struct text){ 0 };
	if (!pattern[fixed])
		return text_is(path, pattern);
	const char *rest = strchr(pattern + fixed, '}') + 1;
	size_t tail = strlen(rest);
	if (path.len <= fixed + tail || memcmp(path.at, pattern, fixed) ||
	    memcmp(path.at + path.len - tail, rest, tail))
		return false;
	*id_out = text_range(path.at + fixed, path.len - fixed - tail);
	return !memchr(id_out->at, '/', id_out->len);
}

/* HEAD is answered as GET; the server leaves the body out. */
static bool method_matches(const struct api_route *r, enum http_method m)
{
	return r->method == m || (r->method == HTTP_METHOD_GET && m == HTTP_METHOD_HEAD && r->access == ROUTE_OPEN);
}

static const struct api_route *route_of(const struct http_message *m, struct text *id_out, bool *other_method_out)
{
	*other_method_out = false;
	for (unsigned i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!path_matches(routes[i].path, m->path, id_out))
			continue;
		if (method_matches(&routes[i], m->method))
			return &routes[i];
		*other_method_out = true;
	}
	return NULL;
}

static void no_method(struct http_exchange *x, const struct http_message *m)
{
	char allowed[64], body[API_PROBLEM_SIZE];
	struct writer w = writer_of(allowed, sizeof(allowed)), b = writer_of(body, sizeof(body));
	struct text id;

	for (unsigned i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (path_matches(routes[i].path, m->path, &id))
			writer_printf(&w, "%s%s", writer_len(&w) ? ", " : "", http_method_name(routes[i].method));
	}
	api_problem_put(&b, &(struct api_problem){ .status = 405,
						   .code = "method",
						   .message = "this path takes another method: see Allow" });
	struct http_field allow = { TEXT_LITERAL("Allow"), text_range(allowed, writer_len(&w)) };
	http_respond(x, &(struct http_answer){ .status = 405,
					       .content_type = "application/json",
					       .body = text_range(body, writer_len(&b)),
					       .fields = &allow,
					       .fields_count = 1 });
}

static void refuse(struct http_exchange *x, enum api_auth why)
{
	counter_add(api.count.refused, 1);
	if (why == AUTH_ADDRESS)
		api_answer_error(x, 403, "address",
				 "this account may not be used from here: see `from-address` of the account");
	else if (why == AUTH_BUSY)
		api_answer_busy(x, 1, "busy", "too many passwords are being checked");
	else
		api_answer_error(x, 401, "unauthorized",
				 "wrong or no credentials: Authorization: Basic (account and secret) or "
				 "Bearer ACCOUNT.SECRET");
}

static void with_account(struct api_ref ref, struct http_exchange *x, const struct api_route *route, struct text id)
{
	struct api_account *account = NULL;
	struct text name = { 0 }, secret = { 0 };
	enum api_auth auth = AUTH_BAD;

	if (api_auth_header(http_exchange_request(x), api.arena, &name, &secret))
		auth = api_auth(ref, http_exchange_peer(x), name, secret, &account);
	else
		counter_add(api.count.unauthorized, 1);
	if (auth == AUTH_GOOD)
		route->handle(ref, x, account, id);
	else if (auth != AUTH_LATER)
		refuse(x, auth);
}

void api_routes_request(struct api_ref ref, struct http_exchange *x)
{
	const struct http_message *m = http_exchange_request(x);
	struct text id;
	bool other_method;

	counter_add(api.count.requests, 1);
	arena_reset(api.arena);
	const struct api_route *route = route_of(m, &id, &other_method);
	if (route && route->access == ROUTE_ACCOUNT)
		with_account(ref, x, route, id);
	else if (route)
		route->handle(ref, x, NULL, id);
	else if (other_method)
		no_method(x, m);
	else
		api_answer_error(x, 404, "not_found", "no such path: GET /openapi.json lists them");
}

void api_routes_resume(struct api_ref ref, struct api_account *account)
{
	struct http_exchange *x = api_port_exchange(ref);
	struct text id;
	bool other_method;

	if (!x) {
		counter_add(api.count.gone, 1);
		return;
	}
	arena_reset(api.arena);
	const struct api_route *route = route_of(http_exchange_request(x), &id, &other_method);
	if (route && (account || route->access != ROUTE_ACCOUNT))
		route->handle(ref, x, account, id);
	else
		refuse(x, AUTH_BAD);
}
