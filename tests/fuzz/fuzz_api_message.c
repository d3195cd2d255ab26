/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON of POST /v1/messages and of receipts; dates, networks, keys. */
#include "daemon/api_accounts.h"
#include "daemon/api_message.h"
#include "daemon/api_time.h"
#include "daemon/webhook_body.h"

#define NOW INT64_C(1795000000000000)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void put(const struct api_message *m)
{
	static uint8_t room[MESSAGE_HEADER_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct message back;

	message_encode(&m->message, &w);
	/* What the parser takes always fits the envelope and can be read again. */
	if (!writer_ok(&w) || message_decode(text_range((char *)room, writer_len(&w)), &back) != OK)
		__builtin_trap();
	if (!m->to_count || m->to_count > MESSAGE_RECIPIENTS_MAX || m->message.body.len > MESSAGE_TEXT_MAX)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct text t = text_range((const char *)bytes, len);
	struct arena *arena = arena_new(1024);
	struct api_message m = { 0 };
	struct api_problem problem;
	struct webhook_receipt receipt;
	struct network network;
	char room[API_PROBLEM_SIZE];
	struct writer w = writer_of(room, sizeof(room));
	int64_t us;

	if (api_message_parse(t, NOW, arena, &m, &problem) == OK) {
		put(&m);
	} else {
		api_problem_put(&w, &problem);
		if (!writer_ok(&w))
			__builtin_trap();
	}
	(void)api_time_parse(t, &us);
	(void)network_parse(t, &network);
	if (api_message_key(t, arena, &m, &problem) == OK && m.key.len > API_KEY_MAX)
		__builtin_trap();
	if (webhook_receipt_read(t, arena, &receipt) == OK)
		kannel_receipt_url(receipt.report_to, &receipt.kannel, &w);
	arena_free(&arena);
	return 0;
}
