/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records to requests, answers to results. */
#include "daemon/webhook.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/flight.h"
#include "daemon/api_internal.h"
#include "daemon/webhook_body.h"
#include "daemon/webhook_client.h"

#define LINK_SIZE 128u
#define URL_SIZE 16384u /* of an expanded dlr-url */
#define LEASE_MARGIN_US (2 * USEC_PER_SEC)
#define PREFIX "webhook:"

/* Of an account; lives as long as the account. */
struct webhook {
	unsigned failures;  /* in a row; those within one wait count as one */
	int64_t patient_us; /* the end of that wait */
	bool announced;
};

struct call {
	struct flight_node node; /* of a receipt: key = the row's id */
	struct call *next, **at; /* of those under way */
	struct api_account *account;
	bool receipt; /* else an incoming message */
	struct message_id delivery;
	int64_t started_us;
};

static struct http_client *client;
static struct call *calls;
static struct flight_table receipts; /* under way: the queue may offer a row twice when it came back */
static unsigned under_way;
static void (*when_idle)(void);
static struct counter *done_count, *again_count, *refused_count, *nowhere_count;

/* --- life --------------------------------------------------------------------------------------------------------- */

enum result webhook_open(const struct http_settings *s, const char **why_out)
{
	flight_table_init(&receipts);
	done_count = counter_get(COUNTER_COUNT, "webhook_done_total", "", "Webhook calls that were taken");
	again_count =
		counter_get(COUNTER_COUNT, "webhook_again_total", "", "Webhook calls that failed and will be repeated");
	refused_count = counter_get(COUNTER_COUNT, "webhook_refused_total", "", "Webhook calls refused for good");
	nowhere_count =
		counter_get(COUNTER_COUNT, "webhook_nowhere_total", "", "Receipts without a URL to send them to");
	return webhook_client_open(api.loop, s, &client, why_out);
}

static struct webhook *webhook_of(struct api_account *a)
{
	if (!a->webhook)
		a->webhook = must_alloc(sizeof(struct webhook));
	return a->webhook;
}

static const char *link_name(const struct api_account *a, char to[LINK_SIZE])
{
	snprintf(to, LINK_SIZE, PREFIX "%.*s", TEXT_ARGS(a->name));
	return to;
}

/* An account without a webhook is a link too: its messages may name a URL of their own for receipts. */
void webhook_switch(void)
{
	char name[LINK_SIZE];

	for (struct api_account *a = api_accounts_next(api.accounts, NULL); a; a = api_accounts_next(api.accounts, a)) {
		struct webhook *w = webhook_of(a);

		if (a->settings)
			channel_link(api.channel, text_of(link_name(a, name)), true,
				     (uint32_t)api.settings->webhook_window, "");
		else if (w->announced)
			channel_link_drop(api.channel, text_of(link_name(a, name)));
		w->announced = a->settings != NULL;
	}
}

void webhook_stop(void (*idle)(void))
{
	char name[LINK_SIZE];

	for (struct api_account *a = api_accounts_next(api.accounts, NULL); a; a = api_accounts_next(api.accounts, a)) {
		if (webhook_of(a)->announced)
			channel_link(api.channel, text_of(link_name(a, name)), false, 0, "the gateway is ending");
	}
	when_idle = idle;
	if (!under_way && when_idle)
		when_idle();
}

static void call_free(struct call *c)
{
	if (c->receipt)
		flight_remove(&receipts, &c->node);
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	free(c);
	under_way--;
}

void webhook_free(void)
{
	webhook_client_close(&client);
	while (calls)
		call_free(calls);
	flight_table_clear(&receipts);
	when_idle = NULL;
	for (struct api_account *a = api_accounts_next(api.accounts, NULL); a; a = api_accounts_next(api.accounts, a)) {
		free(a->webhook);
		a->webhook = NULL;
	}
}

unsigned webhook_under_way(void)
{
	return under_way;
}

/* --- ends --------------------------------------------------------------------------------------------------------- */

/* A fifth more or less, so that what failed together does not come back together. */
static uint32_t spread(uint32_t ms)
{
	return ms - ms / 5 + random_below(ms * 2 / 5 + 1);
}

static void end_receipt(const struct call *c, enum webhook_verdict verdict, uint32_t wait_ms, struct text detail)
{
	channel_outbox_end(api.channel, c->node.key, verdict != WEBHOOK_AGAIN, wait_ms, detail);
}

static void end_message(const struct call *c, enum webhook_verdict verdict, uint32_t wait_ms, struct text detail)
{
	static const enum ipc_outcome outcomes[] = { IPC_DELIVERED, IPC_RETRY, IPC_REFUSED };
	char name[LINK_SIZE];

	channel_result(api.channel, &(struct ipc_result){ .id = c->delivery,
							  .outcome = outcomes[verdict],
							  .retry_ms = wait_ms,
							  .link = text_of(link_name(c->account, name)),
							  .detail = detail,
							  .segments = 1 });
}

/* Only a call that was begun after the wait for the last failure says something new. */
static void count_failure(struct webhook *w, const struct call *c)
{
	if (w->failures && c->started_us < w->patient_us)
		return;
	w->failures++;
	w->patient_us = loop_time(api.loop) + (int64_t)webhook_wait_ms(w->failures) * 4 / 5 * USEC_PER_MSEC;
}

/* The call ends here and is freed. after_ms: what the receiver asked for, 0 = our own back-off. */
static void end(struct call *c, enum webhook_verdict verdict, uint32_t after_ms, const char *detail)
{
	struct webhook *w = webhook_of(c->account);
	uint32_t wait_ms = 0;

	if (verdict == WEBHOOK_AGAIN) {
		count_failure(w, c);
		wait_ms = spread(webhook_wait_ms(w->failures));
		if (after_ms > wait_ms)
			wait_ms = after_ms;
		counter_add(again_count, 1);
		LOGI(LOG_API, c->account->name.at, "webhook: %s; again in %u ms", detail, wait_ms);
	} else {
		w->failures = 0;
		counter_add(verdict == WEBHOOK_DONE ? done_count : refused_count, 1);
		if (verdict == WEBHOOK_REFUSED)
			LOGN(LOG_API, c->account->name.at, "webhook refuses an event: %s", detail);
	}
	if (c->receipt)
		end_receipt(c, verdict, wait_ms, text_of(detail));
	else
		end_message(c, verdict, wait_ms, text_of(detail));
	call_free(c);
	if (!under_way && when_idle)
		when_idle();
}

static void answered(void *owner, const struct http_client_answer *a)
{
	char detail[64];

	if (a->result != OK) {
		end(owner, WEBHOOK_AGAIN, 0, a->why ? a->why : result_name(a->result));
		return;
	}
	snprintf(detail, sizeof(detail), "HTTP %u", a->message->status);
	end(owner, webhook_verdict_of(a->message->status), webhook_retry_after(a->message) * 1000u, detail);
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

static struct call *call_new(struct api_account *a)
{
	struct call *c = must_alloc(sizeof(*c));

	c->account = a;
	c->started_us = loop_time(api.loop);
	c->next = calls;
	c->at = &calls;
	if (c->next)
		c->next->at = &c->next;
	calls = c;
	under_way++;
	return c;
}

static void start(struct call *c, struct http_client_request *request)
{
	const char *why = "cannot be sent";
	uint64_t id;

	request->repeatable = true;
	if (!request->timeout_us)
		request->timeout_us = api.settings->webhook_time;
	enum result r = http_client_send(client, request, answered, c, &id, &why);
	/* A bad URL may be corrected in the configuration: what waits is not lost. */
	if (r != OK)
		end(c, WEBHOOK_AGAIN, r == ERR_FULL ? 0 : WEBHOOK_WAIT_MAX_MS, why);
}

static void post(struct call *c, struct text url, struct text event_id, struct text body, int64_t timeout_us)
{
	struct text secret = c->account->settings->webhook_secret;
	char signature[WEBHOOK_SIGNATURE_SIZE];
	struct http_field fields[2] = { { TEXT_LITERAL("Cellpost-Event-Id"), event_id } };
	struct http_client_request request = { .method = HTTP_METHOD_POST,
					       .url = url,
					       .fields = fields,
					       .fields_count = 1,
					       .content_type = "application/json",
					       .body = body,
					       .timeout_us = timeout_us };

	if (secret.len) {
		webhook_sign(secret, clock_now() / USEC_PER_SEC, body, api.arena, signature);
		fields[request.fields_count++] =
			(struct http_field){ TEXT_LITERAL("Cellpost-Signature"), text_of(signature) };
	}
	start(c, &request);
}

static struct api_account *account_of(struct text target)
{
	if (!text_starts(target, PREFIX))
		return NULL;
	return api_accounts_find(api.accounts,
				 text_range(target.at + sizeof(PREFIX) - 1, target.len - sizeof(PREFIX) + 1));
}

static void fetch_kannel(struct call *c, const struct webhook_receipt *r)
{
	struct writer w = writer_of(arena_alloc(api.arena, URL_SIZE), URL_SIZE);

	kannel_receipt_url(r->report_to, &r->kannel, &w);
	if (!writer_ok(&w)) {
		end(c, WEBHOOK_REFUSED, 0, "the dlr-url is too long once it is filled in");
		return;
	}
	start(c, &(struct http_client_request){ .method = HTTP_METHOD_GET,
						.url = text_range((const char *)w.start, writer_len(&w)) });
}

static struct text id_text(const uint8_t id[16])
{
	struct message_id as_id;
	char *to = arena_alloc(api.arena, MESSAGE_ID_TEXT_SIZE);
	struct writer w = writer_of(to, MESSAGE_ID_TEXT_SIZE);

	memcpy(as_id.octets, id, sizeof(as_id.octets));
	for (unsigned i = 0; i < sizeof(as_id.octets); i++)
		writer_printf(&w, "%02x", as_id.octets[i]);
	return text_range(to, writer_len(&w));
}

void webhook_outbox(const struct ipc_outbox *row)
{
	struct api_account *a = account_of(row->target);
	struct webhook_receipt r;

	if (!a) { /* its account left the configuration: the queue's outbox-give-up ends it */
		channel_outbox_end(api.channel, row->id, false, WEBHOOK_WAIT_MAX_MS, TEXT_LITERAL("no such account"));
		return;
	}
	if (flight_find(&receipts, row->id))
		return;
	arena_reset(api.arena);
	struct call *c = call_new(a);
	c->receipt = true;
	memcpy(c->node.key, row->id, sizeof(c->node.key));
	flight_add(&receipts, &c->node);
	if (webhook_receipt_read(row->body, api.arena, &r) != OK) {
		end(c, WEBHOOK_REFUSED, 0, "the receipt cannot be read");
		return;
	}
	struct text url = r.report_to.len ? r.report_to : a->settings->webhook;
	if (!url.len) {
		counter_add(nowhere_count, 1);
		end(c, WEBHOOK_DONE, 0, "no webhook and no report_url");
	} else if (r.report_to.len && text_is(r.channel, "kannel")) {
		fetch_kannel(c, &r);
	} else {
		post(c, url, id_text(row->id), webhook_event_body(row->kind, row->id, row->body, api.arena), 0);
	}
}

/* Before the lease ends an answer must be here, or the queue takes the delivery for doubtful. */
static int64_t time_left(const struct ipc_deliver *d)
{
	int64_t left = d->not_after_us - clock_monotonic() - LEASE_MARGIN_US;

	return left < api.settings->webhook_time ? left : api.settings->webhook_time;
}

void webhook_deliver(const struct ipc_deliver *d)
{
	struct api_account *a = account_of(d->link);
	struct text body;

	if (!a) {
		channel_result(api.channel, &(struct ipc_result){ .id = d->id,
								  .outcome = IPC_RETRY,
								  .retry_ms = WEBHOOK_WAIT_MAX_MS,
								  .link = d->link,
								  .detail = TEXT_LITERAL("no such account") });
		return;
	}
	arena_reset(api.arena);
	struct call *c = call_new(a);
	c->delivery = d->id;
	if (webhook_message_body(d, api.arena, &body) != OK)
		end(c, WEBHOOK_REFUSED, 0, "the message cannot be read");
	else if (!a->settings->webhook.len)
		end(c, WEBHOOK_AGAIN, WEBHOOK_WAIT_MAX_MS, "the account has no `webhook`");
	else if (time_left(d) <= 0)
		end(c, WEBHOOK_AGAIN, 0, "came too late");
	else
		post(c, a->settings->webhook, id_text(d->id.octets), body, time_left(d));
}
