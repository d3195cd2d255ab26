/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opt-outs over the API: an account's own list, and lists brought along. `sender` in the query names the sender that
 * the recipient opted out of; without it the entry is of the whole account. An admin account may name another
 * `account`.
 */
#include "daemon/api_internal.h"

/* The sender of an entry in the form in which messages have it. */
static bool take_sender(struct http_exchange *x, struct ipc_ask *in)
{
	char *to = arena_alloc(api.arena, MESSAGE_ADDRESS_MAX + 1);
	struct text given;
	const char *why;

	if (!http_form_get(http_exchange_request(x)->query, api.arena, "sender", &given) || !given.len)
		return true;
	if (address_normalise(given, to, MESSAGE_ADDRESS_MAX + 1, &why) != OK) {
		api_answer_problem(x, &(struct api_problem){ .status = 400,
							     .code = "malformed",
							     .field = TEXT_LITERAL("sender"),
							     .message = why });
		return false;
	}
	in->accept.body = text_of(to);
	return true;
}

static bool take_number(struct http_exchange *x, struct text number, struct ipc_ask *in)
{
	char *to = arena_alloc(api.arena, MESSAGE_ADDRESS_MAX + 1);
	const char *why = "a number in international form, as +819012345678";

	if (address_normalise(number, to, MESSAGE_ADDRESS_MAX + 1, &why) != OK) {
		api_answer_error(x, 400, "malformed", why);
		return false;
	}
	in->accept.key = text_of(to);
	return true;
}

static void ask(struct api_ref ref, struct http_exchange *x, const struct api_account *account, struct ipc_ask *in)
{
	struct api_problem problem;
	struct text of;

	in->accept.header = account->name;
	if (http_form_get(http_exchange_request(x)->query, api.arena, "account", &of) && of.len)
		in->accept.header = of;
	if (!account->settings->admin)
		in->account = account->name;
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

void api_optouts_list(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	struct ipc_ask in = { .question = ASK_OPTOUTS };

	(void)id;
	(void)http_form_get(http_exchange_request(x)->query, api.arena, "after", &in.accept.key);
	ask(ref, x, account, &in);
}

void api_optouts_put(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	struct ipc_ask in = { .question = ASK_OPTOUT_PUT };

	if (take_number(x, id, &in) && take_sender(x, &in))
		ask(ref, x, account, &in);
}

void api_optouts_drop(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	struct ipc_ask in = { .question = ASK_OPTOUT_DROP };

	if (take_number(x, id, &in) && take_sender(x, &in))
		ask(ref, x, account, &in);
}
