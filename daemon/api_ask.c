/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions about a message: its timeline, and to cancel it. An admin account asks about any. */
#include "core/net/json.h"
#include "daemon/api_internal.h"

static void ask(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id,
		enum ipc_question question)
{
	struct ipc_ask in = { .question = question };
	struct api_problem problem;

	if (!account->settings->admin)
		in.account = account->name;
	if (!message_id_parse(id, &in.id)) {
		api_answer_error(x, 404, "not_found", "an id has 28 or 32 hexadecimal digits");
		return;
	}
	if (api_send_ready(&problem) != OK) {
		api_answer_problem(x, &problem);
		return;
	}
	uint32_t number = channel_ask(api.channel, &in);
	if (number)
		api_calls_add(api.calls, number,
			      &(struct api_call){ ref, question == ASK_CANCEL ? CALL_CANCEL : CALL_MESSAGE });
	else
		api_answer_busy(x, 1, "unavailable", "the queue is not there at the moment");
}

void api_ask_message(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	ask(ref, x, account, id, ASK_MESSAGE);
}

void api_ask_cancel(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	ask(ref, x, account, id, ASK_CANCEL);
}

/* {"message":"..."} of the queue. */
static struct text message_of(struct text body, struct arena *arena)
{
	struct json_doc *doc = NULL;
	struct json_error error;
	struct text t = { 0 };

	if (body.len && json_parse(body, NULL, &doc, &error) == OK &&
	    json_text(json_member(json_root(doc), "message"), &t))
		t = arena_text(arena, t);
	else
		t = (struct text){ 0 };
	json_free(&doc);
	return t;
}

static void refused(struct http_exchange *x, const struct ipc_answer *a, enum api_call_kind kind)
{
	struct api_problem problem;

	struct text message = message_of(a->body, api.arena);

	if (a->result == ERR_CONFLICT && kind == CALL_CANCEL && !message.len)
		message = TEXT_LITERAL("it is sent or ended already: nothing is left to cancel");
	api_problem_of(&problem, a->result, message, api.arena);
	if (a->result == ERR_CONFLICT && kind == CALL_CANCEL)
		problem.code = "not_cancellable";
	api_answer_problem(x, &problem);
}

void api_ask_answer(uint32_t number, const struct ipc_answer *a)
{
	struct api_call call;

	if (!api_calls_take(api.calls, number, &call))
		return;
	struct http_exchange *x = api_port_exchange(call.ref);
	if (!x) {
		counter_add(api.count.gone, 1);
		return;
	}
	arena_reset(api.arena);
	if (a->result == OK)
		api_answer_json(x, 200, a->body.len ? a->body : TEXT_LITERAL("{}"));
	else
		refused(x, a, call.kind);
}
