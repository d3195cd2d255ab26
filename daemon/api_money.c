/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Money over the API: a balance, a top-up, records for export, the payer's answer to a question. The queue does it all;
 * a top-up is for admin accounts, and needs an Idempotency-Key.
 */
#include "core/net/json.h"
#include "daemon/api_internal.h"

static void ask(struct api_ref ref, struct http_exchange *x, const struct ipc_ask *in)
{
	struct api_problem problem;

	if (api_send_ready(&problem) != OK) {
		api_answer_problem(x, &problem);
		return;
	}
	uint32_t number = channel_ask(api.channel, in);
	if (number)
		api_calls_add(api.calls, number, &(struct api_call){ ref, CALL_MESSAGE });
	else
		api_answer_busy(x, 1, "unavailable", "the queue is not there at the moment");
}

static bool admin(struct http_exchange *x, const struct api_account *account)
{
	if (account->settings->admin)
		return true;
	api_answer_error(x, 403, "not_admin", "this is for accounts with `admin yes`");
	return false;
}

void api_money_balance(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	if (text_equal(id, account->name) || admin(x, account))
		ask(ref, x, &(struct ipc_ask){ .question = ASK_BALANCE, .accept.header = id });
}

/* The text of one member of the body. */
static bool member(struct http_exchange *x, const char *name, struct text *out)
{
	struct json_doc *doc = NULL;
	struct json_error error;
	struct text t;
	bool good = json_parse(http_exchange_request(x)->body, NULL, &doc, &error) == OK &&
		    json_text(json_member(json_root(doc), name), &t);

	if (good)
		*out = arena_text(api.arena, t);
	else
		api_answer_error(x, 400, "malformed",
				 arena_printf(api.arena, "the body is an object with the text \"%s\"", name));
	json_free(&doc);
	return good;
}

void api_money_top_up(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	struct ipc_ask in = { .question = ASK_TOP_UP, .accept.header = id };

	if (!admin(x, account) || !member(x, "amount", &in.accept.body))
		return;
	in.accept.key = http_field_get(http_exchange_request(x), "idempotency-key");
	ask(ref, x, &in);
}

#define REASON_MAX 255u

/* {"reason":"...","amount":"3.30"}; without an amount, all of it. */
static bool refund_of(struct http_exchange *x, struct ipc_ask *in)
{
	struct json_doc *doc = NULL;
	struct json_error error;
	struct text reason = { 0 }, amount = { 0 };
	bool good = json_parse(http_exchange_request(x)->body, NULL, &doc, &error) == OK;
	const struct json_value *sum = good ? json_member(json_root(doc), "amount") : NULL;

	good = good && json_text(json_member(json_root(doc), "reason"), &reason) && reason.len &&
	       reason.len <= REASON_MAX && (!sum || json_text(sum, &amount));
	in->accept.header = arena_text(api.arena, reason);
	in->accept.body = arena_text(api.arena, amount);
	json_free(&doc);
	if (!good)
		api_answer_error(x, 400, "malformed",
				 "the body is an object with the text \"reason\" (at most 255 octets) and, for a part, "
				 "the text \"amount\"");
	return good;
}

void api_money_refund(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	struct ipc_ask in = { .question = ASK_REFUND };

	if (!admin(x, account))
		return;
	if (!message_id_parse(id, &in.id) || !message_id_recipient(in.id)) {
		api_answer_error(x, 404, "not_found", "the id of one recipient has 32 hexadecimal digits");
	} else if (refund_of(x, &in)) {
		in.accept.key = http_field_get(http_exchange_request(x), "idempotency-key");
		ask(ref, x, &in);
	}
}

void api_money_records(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	(void)id;
	if (admin(x, account))
		ask(ref, x, &(struct ipc_ask){ .question = ASK_CDR });
}

void api_money_records_taken(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	if (admin(x, account))
		ask(ref, x, &(struct ipc_ask){ .question = ASK_CDR, .accept.body = id });
}

void api_money_consent(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	struct ipc_ask in = { .question = ASK_CONSENT };

	if (!account->settings->admin)
		in.account = account->name;
	if (!message_id_parse(id, &in.id) || !message_id_recipient(in.id))
		api_answer_error(x, 404, "not_found", "the id of one recipient has 32 hexadecimal digits");
	else if (!member(x, "answer", &in.accept.body))
		return;
	else if (!text_is(in.accept.body, "yes") && !text_is(in.accept.body, "no"))
		api_answer_error(x, 400, "malformed", "answer is \"yes\" or \"no\"");
	else
		ask(ref, x, &in);
}
