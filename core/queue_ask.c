/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions of the edges: a message with its timeline, a cancel, a quote. Answers are JSON. */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/json.h"
#include "core/queue_internal.h"
#include "core/queue_screen.h"
#include "core/queue_lookup.h"

#define ANSWER_MAX (200u * 1024u)

struct ask_job {
	struct queue *queue;
	struct holder *holder;
	struct text account;
	unsigned edge;
	uint32_t generation, call;
	union {
		struct store_request base;
		struct store_message_get get;
		struct store_cancel cancel;
	} request;
};

void queue_answer(struct queue *q, unsigned edge, uint32_t generation, uint32_t call, enum result result,
		  struct text body)
{
	struct ipc *ipc = queue_edge_ipc(q, edge, generation);
	struct ipc_answer a = { .result = result, .body = body };

	if (!ipc)
		return;
	ipc_put_answer(ipc_begin(ipc, IPC_ANSWER, call, 16 + body.len), &a);
	if (ipc_end(ipc))
		LOGE(LOG_CORE, NULL, "an answer was too large for its record");
}

static void answer(struct ask_job *j, enum result result, struct text body)
{
	queue_answer(j->queue, j->edge, j->generation, j->call, result, body);
	struct holder *h = j->holder;
	queue_release_holder(j->queue, &h);
}

static void answer_error(struct ask_job *j, enum result result, const char *why)
{
	char room[512];
	struct json_writer w;

	json_writer_init(&w, room, sizeof(room));
	json_open_object(&w);
	json_put_member_cstring(&w, "message", why);
	json_close_object(&w);
	answer(j, result, json_writer_text(&w));
}

/* --- a message ------------------------------------------------------------------------------------------------ */

/* State in the words of the API. */
static const char *state_of(const struct store_row *r)
{
	switch (r->state) {
	case DELIVERY_WAITING:
		if (r->doubt)
			return "in_doubt";
		return r->parked == 2 ? "hold" : "waiting";
	case DELIVERY_LEASED:
		return "sending";
	case DELIVERY_HANDED_OVER:
		return "accepted";
	default:
		return r->outcome == OUTCOME_SENT ? "accepted" : store_outcome_name(r->outcome);
	}
}

static void put_timeline(struct json_writer *w, struct octets trail)
{
	struct reader r = reader_of(trail.at, trail.len);
	struct trail_event e;
	char at[CLOCK_TEXT_SIZE];

	json_key(w, "timeline");
	json_open_array(w);
	while (trail_take(&r, &e)) {
		json_open_object(w);
		json_put_member_cstring(w, "at", clock_text(e.at_us, at));
		json_put_member_cstring(w, "event", trail_code_name(e.code));
		if (e.rule.len)
			json_put_member_text(w, "rule", e.rule);
		if (e.detail.len)
			json_put_member_text(w, "detail", e.detail);
		json_close_object(w);
	}
	json_close_array(w);
}

static void put_row(struct json_writer *w, const struct store_row *r)
{
	char text[MESSAGE_ID_TEXT_SIZE], at[CLOCK_TEXT_SIZE];

	json_open_object(w);
	json_put_member_cstring(w, "id", message_id_text(r->id, text));
	json_put_member_text(w, "to", r->recipient);
	json_put_member_cstring(w, "state", state_of(r));
	json_put_member_bool(w, "final", r->state == DELIVERY_FINISHED);
	json_put_member_text(w, "bearer", r->bearer);
	json_put_member_text(w, "link", r->route);
	json_put_member_int(w, "attempts", r->attempt);
	json_put_member_cstring(w, "expires_at", clock_text(r->deadline_us, at));
	put_timeline(w, r->trail);
	json_close_object(w);
}

static void put_message(struct json_writer *w, const struct store_row *first, const struct message *m)
{
	char text[MESSAGE_ID_TEXT_SIZE], at[CLOCK_TEXT_SIZE];

	json_put_member_cstring(w, "id", message_id_text(message_id_of_delivery(first->id), text));
	json_put_member_text(w, "from", first->sender);
	json_put_member_text(w, "account", m->account);
	json_put_member_text(w, "channel", first->channel);
	json_put_member_cstring(w, "accepted_at", clock_text(first->accepted_us, at));
	if (m->reference.len)
		json_put_member_text(w, "reference", m->reference);
	if (m->content == MESSAGE_TEXT && first->text.len)
		json_put_member_text(w, "text", first->text);
	if (m->files.len)
		queue_put_files(w, m);
}

static void answer_message(struct ask_job *j, const struct store_row *first, const struct message *m)
{
	char *room = arena_alloc(j->holder->arena, ANSWER_MAX);
	struct json_writer w;

	json_writer_init(&w, room, ANSWER_MAX);
	json_open_object(&w);
	put_message(&w, first, m);
	json_key(&w, "recipients");
	json_open_array(&w);
	for (const struct store_row *r = first; r; r = r->next)
		put_row(&w, r);
	json_close_array(&w);
	json_close_object(&w);
	struct text body = json_writer_text(&w);
	if (body.len)
		answer(j, OK, body);
	else
		answer_error(j, ERR_TOO_BIG,
			     "the message has too many recipients to show at once: ask for one recipient's id");
}

static void got_message(struct store_request *r)
{
	struct ask_job *j = r->owner;
	const struct store_row *first = r->answer == STORE_DONE ? j->request.get.rows_out : NULL;
	struct message m;

	queue_asked_done(j->queue);
	if (r->answer == STORE_REFUSED && r->refusal == STORE_BROKEN)
		answer_error(j, ERR_BUSY, "the store cannot be read now: try again");
	else if (!first || message_decode(text_range(first->header.at, first->header.len), &m) ||
		 (j->account.len && !text_equal(j->account, m.account)))
		answer_error(j, ERR_NOT_FOUND, "no message of this account has that id");
	else
		answer_message(j, first, &m);
}

/* --- cancel --------------------------------------------------------------------------------------------------- */

static const char *cancel_word(enum store_cancel_result r)
{
	switch (r) {
	case CANCEL_ENDED:
		return "cancelled";
	case CANCEL_IN_FLIGHT:
		return "in_flight";
	default:
		return "too_late";
	}
}

static void cancelled(struct store_request *r)
{
	struct ask_job *j = r->owner;
	struct store_cancel *c = &j->request.cancel;
	char room[128];
	struct json_writer w;

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE && r->answer != STORE_REPEAT) {
		answer_error(j, r->refusal == STORE_NOT_FOUND ? ERR_NOT_FOUND : ERR_CONFLICT,
			     r->why ? r->why : "it cannot be cancelled");
		return;
	}
	queue_outbox_push(j->queue, c->receipts_out, c->receipts_count_out);
	queue_links_promoted(j->queue, r);
	json_writer_init(&w, room, sizeof(room));
	json_open_object(&w);
	json_put_member_cstring(&w, "cancel", cancel_word(c->result_out));
	json_close_object(&w);
	answer(j, c->result_out == CANCEL_TOO_LATE ? ERR_CONFLICT : OK, json_writer_text(&w));
}

static void start_cancel(struct ask_job *j, struct message_id id)
{
	struct store_cancel *c = &j->request.cancel;

	c->arena = j->holder->arena;
	c->id = id;
	c->only_account = j->account.len != 0;
	queue_account_id(j->account, c->account_id);
	c->trail = queue_event(j->holder->arena, store_now(j->queue->store), TRAIL_CANCELLED, (struct text){ 0 },
			       j->account.len ? j->account : TEXT_LITERAL("operator"));
	queue_ask_store(j->queue, &c->base, STORE_CANCEL, cancelled, j);
}

/* --- quote ---------------------------------------------------------------------------------------------------- */

static void put_quote(struct json_writer *w, struct queue *q, const struct message *m, struct text recipient,
		      struct arena *arena)
{
	struct route_choice choice;

	queue_route(q, m, recipient, &choice);
	bool goes = choice.count && choice.reason != ROUTE_REFUSED && choice.reason != ROUTE_NO_ENTRY;
	json_open_object(w);
	json_put_member_text(w, "to", recipient);
	if (m->network.len)
		json_put_member_text(w, "network", m->network);
	bool screened = goes && queue_screen_quote(q, arena, m, recipient, w);
	if (!screened) {
		json_put_member_cstring(w, "outcome", goes ? "sms" : "reject");
		json_put_member_cstring(w, "reason", route_reason_name(choice.reason));
	}
	if (goes && !screened) {
		json_put_member_text(w, "route", choice.route);
		json_put_member_text(w, "link", choice.candidates[0].link);
		json_put_member_bool(w, "link_up", choice.candidates[0].up);
	}
	json_put_member_cstring(w, "price", "billing not configured");
	json_close_object(w);
}

static void quote(struct ask_job *j, const struct ipc_accept *in, const struct queue_networks *networks)
{
	struct message m;
	struct reader r = reader_of(in->recipients.at, in->recipients.len);
	struct text recipient;
	struct json_writer w;

	if (message_decode(in->header, &m)) {
		answer_error(j, ERR_MALFORMED, "the message breaks a limit of the envelope");
		return;
	}
	m.body = in->body;
	json_writer_init(&w, arena_alloc(j->holder->arena, ANSWER_MAX), ANSWER_MAX);
	json_open_object(&w);
	json_key(&w, "recipients");
	json_open_array(&w);
	for (unsigned i = 0; ipc_take_recipient(&r, &recipient); i++) {
		m.network = queue_network_of(networks, i);
		put_quote(&w, j->queue, &m, recipient, j->holder->arena);
	}
	json_close_array(&w);
	json_close_object(&w);
	answer(j, OK, json_writer_text(&w));
}

static struct ask_job *job_new(struct queue *q, unsigned edge, uint32_t call)
{
	struct holder *h = queue_holder(q);
	struct ask_job *j = arena_alloc(h->arena, sizeof(*j));

	j->queue = q;
	j->holder = h;
	j->edge = edge;
	j->generation = q->edges[edge].generation;
	j->call = call;
	return j;
}

void queue_quote(struct queue *q, unsigned edge, uint32_t call, const struct ipc_accept *in,
		 const struct queue_networks *networks)
{
	struct ipc_ask ask = { .question = ASK_QUOTE, .accept = *in };

	if (!queue_money_ask(q, edge, call, &ask, networks))
		quote(job_new(q, edge, call), in, networks);
}

bool queue_ask_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_ask in;

	if (!ipc_get_ask(&record->body, &in))
		return false;
	if (in.question == ASK_QUOTE) {
		queue_lookup_quote(q, edge, record->call, &in.accept);
		return true;
	}
	if (queue_screen_ask(q, edge, record->call, &in) || queue_money_ask(q, edge, record->call, &in, NULL))
		return true;
	struct ask_job *j = job_new(q, edge, record->call);
	j->account = arena_text(j->holder->arena, in.account);
	if (in.question == ASK_CANCEL) {
		start_cancel(j, in.id);
	} else {
		j->request.get.arena = j->holder->arena;
		j->request.get.id = in.id;
		queue_ask_store(q, &j->request.base, STORE_MESSAGE_GET, got_message, j);
	}
	return true;
}
