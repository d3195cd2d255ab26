/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the api role share. The role is one process with one loop, and so has one state.
 *
 *	api_role.c      life of the role, records to their handlers
 *	api_port.c      listening addresses and TLS
 *	api_routes.c    paths to handlers
 *	api_auth.c      who asks
 *	api_send.c      POST /v1/messages and /v1/quotes, sendsms
 *	api_files.c     files of messages; api_upload.c gives them to the store
 *	api_ask.c       GET and DELETE /v1/messages/{id}
 *	api_money.c     balances, top-ups, records, answers of the payer
 *	api_optouts.c   who opted out
 *	api_events.c    GET /v1/events
 *	api_health.c    /healthz, /readyz, /metrics, /openapi.json
 *	api_answer.c    answers in JSON
 *	webhook*.c      calls to the applications
 */
#ifndef DAEMON_API_INTERNAL_H
#define DAEMON_API_INTERNAL_H

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/base/worker.h"
#include "core/channel.h"
#include "core/net/http_server.h"
#include "daemon/api_accounts.h"
#include "daemon/api_calls.h"
#include "daemon/api_problem.h"
#include "daemon/api_vty.h"

struct api {
	struct loop *loop;
	const struct http_settings *settings;
	struct api_accounts *accounts;
	struct api_calls *calls;
	struct worker *worker;	 /* hashes of passwords */
	struct channel *channel; /* to the queue */
	struct arena *arena;	 /* of the request or record in hand */
	int64_t full_us;	 /* when the queue last said that it has no room; 0 = never, or it has since */
	bool stopping;
	struct api_counters {
		struct counter *requests, *accepted, *repeated, *refused, *limited, *no_queue, *unknown, *unauthorized,
			*gone, *events, *events_dropped, *files;
	} count;
};

extern struct api api;

/* api_port.c */
MUST_CHECK enum result api_port_check(const struct http_settings *settings, const char **why_out);
void api_port_switch(const struct http_settings *settings); /* the certificate */
void api_port_listen(struct text address, int fd);
void api_port_unlisten(struct text address);
struct http_exchange *api_port_exchange(struct api_ref ref); /* NULL: the client is gone */
void api_port_stop(void (*stopped)(void));
void api_port_free(void);
unsigned api_port_connections(void);

/* api_routes.c */
struct api_route {
	enum http_method method;
	const char *path; /* "{id}" stands for one segment */
	enum { ROUTE_OPEN, ROUTE_ACCOUNT, ROUTE_KANNEL } access;
	void (*handle)(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
};
const struct api_route *api_routes(unsigned *count_out);
void api_routes_request(struct api_ref ref, struct http_exchange *x);
/* After a password was checked: account NULL = wrong. */
void api_routes_resume(struct api_ref ref, struct api_account *account);

/* api_auth.c */
enum api_auth { AUTH_GOOD, AUTH_BAD, AUTH_ADDRESS, AUTH_LATER, AUTH_BUSY };
/* AUTH_LATER: api_routes_resume() follows. */
enum api_auth api_auth(struct api_ref ref, const char *peer, struct text name, struct text secret,
		       struct api_account **account_out);
/* Basic, or Bearer NAME.SECRET. */
bool api_auth_header(const struct http_message *m, struct arena *arena, struct text *name_out, struct text *secret_out);
void api_auth_free(void);

/* api_send.c */
void api_send_message(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_send_quote(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_send_kannel(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_send_accepted(uint32_t number, const struct ipc_accepted *accepted);
/* What the queue must be for a request that goes there; the problem says what is missing. */
MUST_CHECK enum result api_send_ready(struct api_problem *problem);

/* The message of that exchange once more, its files being with the store. */
void api_send_given(struct api_ref ref, struct http_exchange *x, struct api_account *account, enum api_call_kind kind);
MUST_CHECK enum result api_send_within_rate(struct api_account *account, unsigned count, struct api_problem *problem);

/* api_upload.c */
struct api_message;
/* OK: api_send_given() follows once they are there, or the client was told why not. */
MUST_CHECK enum result api_upload_files(struct api_ref ref, const struct api_account *account,
					const struct api_message *in, enum api_call_kind kind,
					struct api_problem *problem);
void api_upload_alone(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_upload_answer(uint32_t call, const struct ipc_file_answer *answer, int fd);
void api_upload_free(void);

/* api_ask.c */
void api_ask_message(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_ask_cancel(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_ask_answer(uint32_t number, const struct ipc_answer *answer);

/* api_money.c */
void api_money_balance(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_money_top_up(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_money_refund(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_money_records(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_money_records_taken(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_money_consent(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);

/* api_optouts.c */
void api_optouts_list(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_optouts_put(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_optouts_drop(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);

/* api_events.c */
void api_events_open(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_events_closed(struct http_exchange *x);
void api_events_room(struct http_exchange *x);
bool api_events_record(struct ipc_record *record);
void api_events_connected(void); /* the queue is there (again) */
void api_events_free(void);

/* api_health.c */
void api_health_live(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_health_ready(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_health_metrics(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);
void api_health_openapi(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id);

/* api_answer.c */
void api_answer_json(struct http_exchange *x, unsigned status, struct text body);
void api_answer_problem(struct http_exchange *x, const struct api_problem *problem);
void api_answer_error(struct http_exchange *x, unsigned status, const char *code, const char *message);
void api_answer_busy(struct http_exchange *x, unsigned retry_after, const char *code, const char *message); /* 503 */

#endif
