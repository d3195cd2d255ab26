/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message on its way in: parsed, permitted, within the account's rate, then offered to the queue under a call number.
 * The client hears once the queue has committed it. Nothing is kept here for it but that number.
 */
#include <stdio.h>

#include "core/account.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/utf8.h"
#include "core/net/json.h"
#include "core/screen.h"
#include "daemon/api_internal.h"
#include "daemon/api_message.h"
#include "daemon/kannel_query.h"

#define RECORD_SPARE 256u /* length fields of an accept record */
#define KANNEL_TYPE "text/plain; charset=utf-8"

struct offer {
	struct api_ref ref;
	struct http_exchange *x;
	struct api_account *account;
	struct api_message *in;
	enum api_call_kind kind;
	bool given; /* its files are with the store: it was permitted and counted before that */
};

/* --- permission ------------------------------------------------------------------------------------------------- */

static enum result sender_permitted(struct offer *s, struct api_problem *p)
{
	const struct account_settings *a = s->account->settings;
	struct message *m = &s->in->message;
	struct text field = TEXT_LITERAL("from");

	if (!m->sender.len)
		m->sender = a->default_sender;
	if (!m->sender.len)
		return api_problem(p, api.arena, 400, "missing", field,
				   "names no sender, and the account has no `default-sender`");
	if (!account_may_send_as(a, m->sender))
		return api_problem(p, api.arena, 403, "sender_not_allowed", field,
				   "account %.*s may not send as this: see its `allow-sender` and `default-sender`",
				   TEXT_ARGS(s->account->name));
	return OK;
}

static enum result permitted(struct offer *s, struct api_problem *p)
{
	enum result r = sender_permitted(s, p);

	if (r != OK)
		return r;
	if (s->in->message.link.len && !s->account->settings->may_choose_link && !s->account->settings->admin)
		return api_problem(p, api.arena, 403, "link_not_allowed", TEXT_LITERAL("link"),
				   "account %.*s may not choose the link: see `may-choose-link`",
				   TEXT_ARGS(s->account->name));
	return OK;
}

/* Every recipient counts as a message. */
enum result api_send_within_rate(struct api_account *account, unsigned count, struct api_problem *p)
{
	const struct account_settings *a = account->settings;
	int64_t wait = 0;

	if (bucket_take(&account->bucket, a->rate, a->burst, count, loop_time(api.loop), &wait))
		return OK;
	counter_add(api.count.limited, 1);
	*p = (struct api_problem){ .status = 429,
				   .code = "rate",
				   .message = "more messages than the account's `rate` and `burst` allow",
				   .retry_after = (unsigned)((wait + USEC_PER_SEC - 1) / USEC_PER_SEC) };
	return ERR_BUSY;
}

/* --- to the queue ----------------------------------------------------------------------------------------------- */

enum result api_send_ready(struct api_problem *p)
{
	bool there = channel_ready(api.channel) && !api.stopping;

	if (there && api_calls_count(api.calls) < (unsigned)api.settings->waiting_max)
		return OK;
	counter_add(api.count.no_queue, 1);
	*p = (struct api_problem){ .status = 503, .code = "unavailable", .retry_after = 1 };
	p->message = there ? "too many requests wait for the queue; repeat with the same key"
			   : "the queue is not there or busy at the moment; repeat with the same key";
	return ERR_BUSY;
}

static struct text recipients_text(const struct api_message *in)
{
	size_t size = 0;

	for (unsigned i = 0; i < in->to_count; i++)
		size += in->to[i].len + 2;
	struct writer w = writer_of(arena_alloc(api.arena, size), size);
	for (unsigned i = 0; i < in->to_count; i++)
		ipc_put_recipient(&w, in->to[i]);
	return text_range((const char *)w.start, writer_len(&w));
}

static struct ipc_accept accept_of(const struct offer *s)
{
	struct writer w = writer_of(arena_alloc(api.arena, MESSAGE_HEADER_MAX), MESSAGE_HEADER_MAX);

	s->in->message.account = s->account->name;
	message_encode(&s->in->message, &w);
	return (struct ipc_accept){ .header = text_range((const char *)w.start, writer_ok(&w) ? writer_len(&w) : 0),
				    .body = s->in->message.body,
				    .key = s->in->key,
				    .recipients = recipients_text(s->in) };
}

static uint32_t to_queue(const struct offer *s, const struct ipc_accept *accept)
{
	if (s->kind != CALL_QUOTE)
		return channel_accept(api.channel, accept);
	return channel_ask(api.channel,
			   &(struct ipc_ask){ .question = ASK_QUOTE, .account = s->account->name, .accept = *accept });
}

static enum result offer(struct offer *s, struct api_problem *p)
{
	struct ipc_accept accept = accept_of(s);
	size_t size = accept.header.len + accept.body.len + accept.key.len + accept.recipients.len + RECORD_SPARE;

	if (!accept.header.len || size > IPC_RECORD_MAX)
		return api_problem(p, api.arena, 413, "too_big", (struct text){ 0 },
				   "text and recipients together are too large: send it in several requests");
	uint32_t number = to_queue(s, &accept);
	if (!number) {
		api_problem_of(p, ERR_CLOSED, (struct text){ 0 }, api.arena);
		return ERR_CLOSED;
	}
	api_calls_add(api.calls, number, &(struct api_call){ .ref = s->ref, .kind = s->kind });
	return OK;
}

static enum result submit(struct offer *s, struct api_problem *p)
{
	enum result r = permitted(s, p);

	if (r == OK)
		r = api_send_ready(p);
	if (r == OK && s->kind != CALL_QUOTE && !s->given)
		r = api_send_within_rate(s->account, s->in->to_count, p);
	if (r == OK && s->kind != CALL_QUOTE && !s->given && api_files_inline(s->in->files, s->in->files_count))
		return api_upload_files(s->ref, s->account, s->in, s->kind, p);
	return r == OK ? offer(s, p) : r;
}

/* --- JSON ------------------------------------------------------------------------------------------------------- */

static enum result content_is_json(const struct http_message *m, struct api_problem *p)
{
	struct text type = http_content_type(m);

	if (!type.len || text_is_nocase(type, "application/json"))
		return OK;
	return api_problem(p, api.arena, 415, "content_type", TEXT_LITERAL("Content-Type"),
			   "must be application/json (curl: -H 'Content-Type: application/json')");
}

static void send_json(struct offer *s)
{
	const struct http_message *m = http_exchange_request(s->x);
	struct api_problem problem;
	struct api_message in;

	s->in = &in;
	enum result r = content_is_json(m, &problem);
	if (r == OK)
		r = api_message_parse(m->body, clock_now(), api.arena, &in, &problem);
	if (r == OK)
		r = api_message_key(http_field_get(m, "idempotency-key"), api.arena, &in, &problem);
	if (r == OK)
		r = submit(s, &problem);
	if (r == OK)
		return;
	counter_add(api.count.refused, 1);
	api_answer_problem(s->x, &problem);
}

void api_send_message(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	(void)id;
	send_json(&(struct offer){ .ref = ref, .x = x, .account = account, .kind = CALL_SEND });
}

void api_send_given(struct api_ref ref, struct http_exchange *x, struct api_account *account, enum api_call_kind kind)
{
	send_json(&(struct offer){ .ref = ref, .x = x, .account = account, .kind = kind, .given = true });
}

void api_send_quote(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	(void)id;
	send_json(&(struct offer){ .ref = ref, .x = x, .account = account, .kind = CALL_QUOTE });
}

/* --- Kannel ----------------------------------------------------------------------------------------------------- */

static void kannel_answer(struct http_exchange *x, unsigned status, struct text line)
{
	struct http_field again = { TEXT_LITERAL("Retry-After"), TEXT_LITERAL("1") };

	http_respond(x, &(struct http_answer){ .status = status,
					       .content_type = KANNEL_TYPE,
					       .body = line,
					       .fields = &again,
					       .fields_count = status == 503 });
}

static void kannel_refused(struct http_exchange *x, const struct api_problem *p)
{
	counter_add(api.count.refused, 1);
	if (p->status == 503 || p->status == 429)
		kannel_answer(x, 503, TEXT_LITERAL("Temporal failure, try again later."));
	else
		kannel_answer(x, p->status,
			      text_of(arena_printf(api.arena, "%.*s %s, rejected", TEXT_ARGS(p->field), p->message)));
}

static enum api_auth kannel_auth(struct api_ref ref, struct http_exchange *x, const struct kannel_query *q,
				 struct api_account **account)
{
	if (*account)
		return AUTH_GOOD; /* checked while this request waited */
	if (!q->username.len || !q->password.len)
		return AUTH_BAD;
	return api_auth(ref, http_exchange_peer(x), q->username, q->password, account);
}

void api_send_kannel(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	struct offer s = { .ref = ref, .x = x, .kind = CALL_KANNEL };
	struct kannel_query q;
	struct api_problem problem;

	(void)id;
	enum result r = kannel_query_parse(http_exchange_request(x), clock_now(), api.arena, &q);
	enum api_auth auth = kannel_auth(ref, x, &q, &account);
	if (auth == AUTH_LATER)
		return;
	if (auth == AUTH_BUSY) {
		kannel_answer(x, 503, TEXT_LITERAL("Temporal failure, try again later."));
		return;
	}
	if (auth != AUTH_GOOD) {
		counter_add(api.count.refused, 1);
		kannel_answer(x, 403, TEXT_LITERAL("Authorization failed for sendsms"));
		return;
	}
	if (r != OK) {
		counter_add(api.count.refused, 1);
		kannel_answer(x, q.status, q.why);
		return;
	}
	struct api_message in = { .message = q.message, .to = q.to, .to_count = q.to_count };
	s.account = account;
	s.in = &in;
	if (submit(&s, &problem) != OK)
		kannel_refused(x, &problem);
}

/* --- the queue's answer ----------------------------------------------------------------------------------------- */

static bool has_waiting(struct text answer)
{
	return answer.len && memmem(answer.at, answer.len, "\"state\":\"sending\"", 17) == NULL;
}

static void kannel_accepted(struct http_exchange *x, const struct ipc_accepted *a)
{
	struct api_problem problem;

	if (a->result == OK) {
		kannel_answer(x, 202,
			      has_waiting(a->answer) ? TEXT_LITERAL("3: Queued for later delivery")
						     : TEXT_LITERAL("0: Accepted for delivery"));
		return;
	}
	api_problem_of(&problem, a->result, a->why, api.arena);
	if (problem.status == 503)
		kannel_answer(x, 503, TEXT_LITERAL("Temporal failure, try again later."));
	else if (a->result == ERR_DENIED || a->result == ERR_NOT_FOUND)
		kannel_answer(x, 403, TEXT_LITERAL("Not routable. Do not try again."));
	else
		kannel_answer(x, problem.status, text_of(arena_printf(api.arena, "%s, rejected", problem.message)));
}

static void json_accepted(struct http_exchange *x, const struct ipc_accepted *a)
{
	char id[MESSAGE_ID_TEXT_SIZE], location[64];
	size_t size = a->answer.len + 128;
	char *room = arena_alloc(api.arena, size);
	struct json_writer j;

	json_writer_init(&j, room, size);
	json_open_object(&j);
	json_put_member_cstring(&j, "id", message_id_text(a->id, id));
	if (a->repeat)
		json_put_member_bool(&j, "repeated", true);
	if (a->answer.len) {
		json_key(&j, "recipients");
		json_put_raw(&j, a->answer);
	}
	json_close_object(&j);
	snprintf(location, sizeof(location), "/v1/messages/%s", id);
	struct http_field field = { TEXT_LITERAL("Location"), text_of(location) };
	http_respond(x, &(struct http_answer){ .status = 202,
					       .content_type = "application/json",
					       .body = json_writer_text(&j),
					       .fields = &field,
					       .fields_count = 1 });
}

static void json_refused(struct http_exchange *x, const struct ipc_accepted *a)
{
	struct api_problem problem;

	api_problem_of(&problem, a->result, a->why, api.arena);
	if (a->result == ERR_NOT_FOUND) {
		problem.status = 422;
		problem.code = "no_route";
	}
	if (a->recipient)
		problem.field = text_of(arena_printf(api.arena, "to[%u]", a->recipient - 1u));
	if (a->why.len > 3 && screen_says(problem.message)) {
		problem.code = "screened";
		problem.rule = text_range(problem.message, 2);
	}
	api_answer_problem(x, &problem);
}

static void count_answer(const struct ipc_accepted *a)
{
	if (a->result == OK) {
		counter_add(a->repeat ? api.count.repeated : api.count.accepted, 1);
		api.full_us = 0;
		return;
	}
	counter_add(a->result == ERR_UNKNOWN ? api.count.unknown : api.count.refused, 1);
	if (a->result == ERR_FULL || a->result == ERR_BUSY || a->result == ERR_IO)
		api.full_us = loop_time(api.loop);
}

void api_send_accepted(uint32_t number, const struct ipc_accepted *a)
{
	struct api_call call;

	count_answer(a);
	if (!api_calls_take(api.calls, number, &call))
		return;
	struct http_exchange *x = api_port_exchange(call.ref);
	if (!x) {
		counter_add(api.count.gone, 1);
		return;
	}
	arena_reset(api.arena);
	if (call.kind == CALL_KANNEL)
		kannel_accepted(x, a);
	else if (a->result == OK)
		json_accepted(x, a);
	else
		json_refused(x, a);
}
