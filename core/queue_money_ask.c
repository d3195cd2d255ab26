/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions of the edges about money: a quote, a balance, a top-up, records for export, an answer of the payer. */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/digest.h"
#include "core/queue_caps.h"
#include "core/queue_internal.h"
#include "core/queue_screen.h"
#include "core/queue_lookup.h"
#include "core/queue_quote.h"

#define ANSWER_MAX (512u * 1024u)
#define CDR_ROWS 200u

struct money_job {
	struct queue *queue;
	struct holder *holder;
	unsigned edge;
	uint32_t generation, call;
	struct charge_payer payer;
	const char *payment;
	struct json_writer json;
	int64_t total;
	bool refused;
	bool too_various; /* more prices than one quote holds */
	struct charge_quoted quoted;
	union {
		struct store_request base;
		struct store_account account;
		struct store_fund fund;
		struct store_cdr_next cdr_next;
		struct store_cdr_ack cdr_ack;
	} request;
};

static void answer(struct money_job *j, enum result result, struct text body)
{
	struct holder *h = j->holder;

	queue_answer(j->queue, j->edge, j->generation, j->call, result, body);
	queue_release_holder(j->queue, &h);
}

static void answer_error(struct money_job *j, enum result result, const char *why)
{
	json_writer_init(&j->json, arena_alloc(j->holder->arena, 1024), 1024);
	json_open_object(&j->json);
	json_put_member_cstring(&j->json, "message", why);
	json_close_object(&j->json);
	answer(j, result, json_writer_text(&j->json));
}

static void json_start(struct money_job *j, size_t size)
{
	json_writer_init(&j->json, arena_alloc(j->holder->arena, size), size);
	json_open_object(&j->json);
}

static void json_end(struct money_job *j)
{
	json_close_object(&j->json);
	struct text body = json_writer_text(&j->json);
	if (body.len)
		answer(j, OK, body);
	else
		answer_error(j, ERR_TOO_BIG, "the answer is too long: ask for less");
}

static void put_amount(struct money_job *j, const char *name, int64_t micros)
{
	char room[32];
	struct writer w = writer_of(room, sizeof(room));

	j->queue->charge->put_amount(&w, micros);
	json_put_member_text(&j->json, name, text_range(room, writer_len(&w)));
}

static void put_balance(struct money_job *j)
{
	const struct store_account *a = &j->request.account;

	put_amount(j, "balance", a->posted_out);
	put_amount(j, "held", a->held_out);
	if (j->payer.online) /* what it may spend is known to the charging system */
		return;
	put_amount(j, "credit", a->credit);
	put_amount(j, "available", a->posted_out + a->credit - a->held_out);
}

static void ask_account(struct money_job *j, void (*done)(struct store_request *r))
{
	j->request.account.arena = j->holder->arena;
	memcpy(j->request.account.id, j->payer.account_id, sizeof(j->request.account.id));
	queue_ask_store(j->queue, &j->request.base, STORE_ACCOUNT_GET, done, j);
}

/* --- quote: what accept would do, and nothing done ---------------------------------------------------------------- */

static const char *const outcome_words[] = { "rcs", "rcs_deferred", "sms", "mms", "hold", "reject", "query" };

static void quote_decision(struct money_job *j, const struct message *m, struct text recipient,
			   const struct route_choice *choice)
{
	struct queue_decision d;
	struct message_id none = { 0 };

	queue_decide(j->queue, m, recipient, ANSWER_NONE, none, j->holder->arena, &d);
	j->refused = j->refused || d.route.outcome == ROUTE_REJECT;
	if ((d.route.outcome == ROUTE_SMS || d.route.outcome == ROUTE_MMS) && d.has_price)
		j->total += d.price.amount;
	j->payer = d.payer;
	struct text bearer = QUEUE_BEARER;
	if (d.facts.content == CONTENT_FILE)
		bearer = QUEUE_MMS;
	j->too_various = !charge_quoted_add(&j->quoted, bearer, d.has_price ? &d.price : NULL) || j->too_various;
	json_put_member_cstring(&j->json, "outcome", outcome_words[d.route.outcome]);
	json_put_member_cstring(&j->json, "reason", route_reason_name(choice->reason));
	queue_put_decision(&j->json, j->queue->charge, &d);
}

static void quote_free(struct money_job *j)
{
	json_put_member_cstring(&j->json, "price", "0.00");
	j->too_various = !charge_quoted_add(&j->quoted, QUEUE_BEARER, NULL) || j->too_various;
}

static void quote_recipient(struct money_job *j, const struct message *m, struct text recipient)
{
	struct route_choice choice;

	queue_route(j->queue, m, recipient, &choice);
	bool goes = choice.count && choice.reason != ROUTE_REFUSED && choice.reason != ROUTE_NO_ENTRY;
	json_open_object(&j->json);
	json_put_member_text(&j->json, "to", recipient);
	if (m->network.len)
		json_put_member_text(&j->json, "network", m->network);
	if (!goes) {
		j->refused = true;
		json_put_member_cstring(&j->json, "outcome", "reject");
		json_put_member_cstring(&j->json, "reason", route_reason_name(choice.reason));
	} else if (queue_screen_quote(j->queue, j->holder->arena, m, recipient, &j->json)) {
		j->refused = true;
	} else {
		json_put_member_text(&j->json, "route", choice.route);
		json_put_member_text(&j->json, "link", choice.candidates[0].link);
		json_put_member_bool(&j->json, "link_up", choice.candidates[0].up);
		if (queue_link_priced(choice.candidates[0].link))
			quote_decision(j, m, recipient, &choice);
		else
			quote_free(j);
	}
	json_close_object(&j->json);
}

/* A quote binds where something may be charged: now, or when the bearer that costs nothing fails. */
static void put_token(struct money_job *j, const struct message *m, struct text recipients)
{
	if (!j->payer.pays || j->refused || !j->quoted.lines_count)
		return;
	if (j->too_various) {
		json_put_member_cstring(&j->json, "no_token",
					"the recipients have too many different prices for one quote: ask for several");
		return;
	}
	queue_quote_init(&j->quoted, &j->payer, m, recipients);
	queue_quote_put(j->queue, &j->json, &j->quoted, j->holder->arena);
}

static void quote_caps(void *owner, const struct queue_caps *caps)
{
	struct money_job *j = owner;
	const struct store_account *a = &j->request.account;
	int64_t available = a->base.answer == STORE_DONE ? a->posted_out + a->credit - a->held_out : 0;
	const char *over = queue_caps_refusal(j->queue->charge, caps, j->total, j->holder->arena);

	put_amount(j, "total", j->total);
	json_put_member_cstring(&j->json, "currency", j->payer.currency);
	put_amount(j, "available", available);
	json_put_member_bool(&j->json, "accepted", !j->refused && j->total <= available && !over);
	if (j->total > available)
		json_put_member_cstring(&j->json, "why", "the balance does not allow it");
	else if (over)
		json_put_member_cstring(&j->json, "why", over);
	queue_caps_put(&j->json, j->queue->charge, caps);
	json_end(j);
}

static void quote_balance(struct store_request *r)
{
	struct money_job *j = r->owner;

	queue_asked_done(j->queue);
	queue_caps_read(j->queue, j->holder->arena, &j->payer, quote_caps, j);
}

static void quote(struct money_job *j, const struct ipc_accept *in, const struct queue_networks *networks)
{
	struct message m;
	struct reader r = reader_of(in->recipients.at, in->recipients.len);
	struct text recipient;

	if (message_decode(in->header, &m)) {
		answer_error(j, ERR_MALFORMED, "the message breaks a limit of the envelope");
		return;
	}
	m.body = in->body;
	m.quote = (struct text){ 0 }; /* what it would cost now */
	json_start(j, ANSWER_MAX);
	json_key(&j->json, "recipients");
	json_open_array(&j->json);
	for (unsigned i = 0; ipc_take_recipient(&r, &recipient); i++) {
		m.network = queue_network_of(networks, i);
		quote_recipient(j, &m, recipient);
	}
	json_close_array(&j->json);
	put_token(j, &m, in->recipients);
	if (j->payer.pays && j->total) {
		ask_account(j, quote_balance);
		return;
	}
	json_put_member_bool(&j->json, "accepted", !j->refused);
	json_end(j);
}

/* --- balance and top-up ------------------------------------------------------------------------------------------- */

static void balance_caps(void *owner, const struct queue_caps *caps)
{
	struct money_job *j = owner;

	queue_caps_put(&j->json, j->queue->charge, caps);
	json_end(j);
}

static void balance(struct store_request *r)
{
	struct money_job *j = r->owner;

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE) {
		answer_error(j, ERR_NOT_FOUND, r->why ? r->why : "the account cannot be read now");
		return;
	}
	json_start(j, 2048);
	json_put_member_text(&j->json, "account", j->payer.name);
	json_put_member_cstring(&j->json, "payment", j->payment);
	json_put_member_cstring(&j->json, "currency", j->payer.currency);
	put_balance(j);
	json_put_member_cstring(&j->json, "consent", consent_name(j->payer.consent));
	put_amount(j, "ceiling", j->payer.ceiling);
	queue_caps_read(j->queue, j->holder->arena, &j->payer, balance_caps, j);
}

static bool find_account(struct money_job *j, struct text name)
{
	const struct charge_port *c = j->queue->charge;
	int64_t credit;

	if (!j->queue->priced) {
		answer_error(j, ERR_NOT_FOUND, "billing is not configured: add the node `billing`");
		return false;
	}
	if (!c->account(c->owner, name, &j->payer, &j->payment, &credit)) {
		answer_error(j, ERR_NOT_FOUND, "no account has that name");
		return false;
	}
	j->payer.name = arena_text(j->holder->arena, j->payer.name);
	if (!j->payer.pays) {
		answer_error(j, ERR_CONFLICT, "the account is free: it has no balance");
		return false;
	}
	return true;
}

static void funded(struct store_request *r)
{
	struct money_job *j = r->owner;

	queue_asked_done(j->queue);
	if (r->answer == STORE_DONE || r->answer == STORE_REPEAT) {
		memset(&j->request, 0, sizeof(j->request));
		ask_account(j, balance);
	} else if (r->answer == STORE_CONFLICT) {
		answer_error(j, ERR_CONFLICT, "this key was used for another top-up");
	} else {
		answer_error(j, r->answer == STORE_UNKNOWN ? ERR_UNKNOWN : ERR_DENIED,
			     r->why ? r->why : "it could not be booked");
	}
}

/* `key` once, whatever happens; `amount` may be negative: money taken back. */
static void top_up(struct money_job *j, struct text name, struct text amount, struct text key)
{
	const struct charge_port *c = j->queue->charge;
	struct store_fund *f = &j->request.fund;
	uint8_t digest[DIGEST_SHA256_SIZE];
	struct digest_part scope[] = { { "fund", 4 }, { name.at, name.len }, { "\0", 1 }, { key.at, key.len } };

	if (!find_account(j, name))
		return;
	if (!key.len) {
		answer_error(j, ERR_MALFORMED, "a top-up needs the header Idempotency-Key");
		return;
	}
	if (!c->take_amount(amount, &f->amount) || !f->amount) {
		answer_error(j, ERR_MALFORMED, "amount is a decimal number as a text, as \"100.00\"");
		return;
	}
	digest_sha256(scope, 4, digest);
	memcpy(f->key, digest, sizeof(f->key));
	memcpy(f->account_id, j->payer.account_id, sizeof(f->account_id));
	f->currency = text_of(j->payer.currency);
	f->cdr = c->fund_cdr(c->owner, j->payer.name, f->amount, f->currency, store_now(j->queue->store),
			     j->holder->arena);
	queue_ask_store(j->queue, &f->base, STORE_FUND, funded, j);
}

/* --- records for export ------------------------------------------------------------------------------------------- */

static void put_record(struct json_writer *w, const struct store_cdr_row *row)
{
	char chain[65];
	struct writer h = writer_of(chain, sizeof(chain));

	for (unsigned i = 0; i < sizeof(row->chain); i++)
		writer_printf(&h, "%02x", row->chain[i]);
	json_open_object(w);
	json_put_member_int(w, "number", row->seq);
	json_put_member_text(w, "chain", text_range(chain, writer_len(&h)));
	json_key(w, "record");
	json_put_raw(w, row->body);
	json_close_object(w);
}

static void records(struct store_request *r)
{
	struct money_job *j = r->owner;

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE) {
		answer_error(j, ERR_BUSY, "the store cannot be read now: try again");
		return;
	}
	json_start(j, ANSWER_MAX);
	json_key(&j->json, "records");
	json_open_array(&j->json);
	for (struct store_cdr_row *row = j->request.cdr_next.rows_out; row; row = row->next)
		put_record(&j->json, row);
	json_close_array(&j->json);
	json_end(j);
}

static void acknowledged(struct store_request *r)
{
	struct money_job *j = r->owner;

	queue_asked_done(j->queue);
	if (r->answer == STORE_DONE || r->answer == STORE_REPEAT)
		answer(j, OK, TEXT_LITERAL("{}"));
	else
		answer_error(j, ERR_CONFLICT, r->why ? r->why : "there is no such record");
}

static void ask_records(struct money_job *j, struct text done)
{
	uint64_t number;

	if (!done.len) {
		j->request.cdr_next.arena = j->holder->arena;
		j->request.cdr_next.limit = CDR_ROWS;
		queue_ask_store(j->queue, &j->request.base, STORE_CDR_NEXT, records, j);
		return;
	}
	if (!text_to_u64(done, INT64_MAX, &number)) {
		answer_error(j, ERR_MALFORMED, "the number of the last record that was taken");
		return;
	}
	j->request.cdr_ack.seq = (int64_t)number;
	queue_ask_store(j->queue, &j->request.base, STORE_CDR_ACK, acknowledged, j);
}

/* --- the payer's answer ------------------------------------------------------------------------------------------- */

static void answered(void *owner, enum result result, const char *why)
{
	struct money_job *j = owner;

	if (result)
		answer_error(j, result, why);
	else
		answer(j, OK, TEXT_LITERAL("{\"taken\":true}"));
}

bool queue_money_ask(struct queue *q, unsigned edge, uint32_t call, const struct ipc_ask *in,
		     const struct queue_networks *networks)
{
	bool ours = (in->question == ASK_QUOTE && q->priced) || in->question >= ASK_BALANCE;

	if (!ours)
		return false;
	if (in->question == ASK_REFUND) {
		queue_refund_ask(q, edge, call, in);
		return true;
	}
	struct holder *h = queue_holder(q);
	struct money_job *j = arena_alloc(h->arena, sizeof(*j));
	*j = (struct money_job){
		.queue = q, .holder = h, .edge = edge, .generation = q->edges[edge].generation, .call = call
	};
	if (in->question == ASK_QUOTE)
		quote(j, &in->accept, networks);
	else if (in->question == ASK_CONSENT)
		queue_money_answer(q, in->account, in->id, text_is(in->accept.body, "yes"), answered, j);
	else if (in->question == ASK_CDR)
		ask_records(j, in->accept.body);
	else if (in->question == ASK_TOP_UP)
		top_up(j, in->accept.header, in->accept.body, in->accept.key);
	else if (find_account(j, in->accept.header))
		ask_account(j, balance);
	return true;
}
