/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An offered message: its limits, its route per recipient, one durable commit, and only then the answer and the first
 * byte to a link.
 */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/digest.h"
#include "core/net/json.h"
#include "core/queue_caps.h"
#include "core/queue_files.h"
#include "core/queue_internal.h"
#include "core/queue_lookup.h"
#include "core/queue_question.h"
#include "core/queue_quote.h"
#include "core/queue_screen.h"

struct accept_job {
	struct queue *queue;
	struct holder *holder;
	struct store_accept accept;
	struct message message;
	struct link **links;		 /* per delivery: where a slot of its window is kept for it, or NULL */
	struct text *routes;		 /* per delivery: the route's name, for the answer */
	struct queue_money *money;	 /* NULL = nothing is priced */
	struct queue_networks *networks; /* NULL = nothing is looked up */
	struct queue_screened screened;	 /* of the message as a whole */
	struct refused {
		enum result result;
		uint16_t recipient;
		const char *why;
	} refused; /* what is answered unless the message was accepted before */
	/* who hears of it */
	unsigned edge;
	uint32_t generation, call;
	queue_accepted_cb accepted;
	void *context;
};

static bool link_is_up(void *owner, struct text name)
{
	struct link *l = queue_link_find(owner, name);

	return l && l->up;
}

void queue_route(struct queue *q, const struct message *m, struct text recipient, struct route_choice *out)
{
	struct route_query query = { .recipient = recipient,
				     .sender = m->sender,
				     .account = m->account,
				     .bearer = QUEUE_BEARER,
				     .network = m->network,
				     .spread = q->spread };

	query.channel = m->from_network ? TEXT_LITERAL("network") : TEXT_LITERAL("application");
	q->spread = q->spread * 1664525u + 1013904223u;
	route_select(q->routes, &query, link_is_up, q, out);
}

bool queue_wants_whole(struct queue *q, const struct ipc_part *part)
{
	struct message m;
	struct route_choice choice;

	if (message_decode(part->header, &m))
		return false;
	queue_route(q, &m, part->recipient, &choice);
	return choice.count && text_starts(choice.candidates[0].link, "webhook:");
}

static void tell(struct accept_job *j, const struct ipc_accepted *a)
{
	if (j->accepted)
		j->accepted(j->context, a);
	else if (queue_edge_ipc(j->queue, j->edge, j->generation))
		queue_answer_accepted(j->queue, j->edge, j->call, a);
}

void queue_answer_accepted(struct queue *q, unsigned edge, uint32_t call, const struct ipc_accepted *accepted)
{
	struct ipc *ipc = q->edges[edge].ipc;

	if (!ipc)
		return;
	ipc_put_accepted(ipc_begin(ipc, IPC_ACCEPTED, call, 64 + accepted->why.len + accepted->answer.len), accepted);
	if (ipc_end(ipc))
		LOGE(LOG_CORE, NULL, "an answer was too large for its record");
}

static void job_free(struct accept_job *j)
{
	struct holder *h = j->holder;

	queue_release_holder(j->queue, &h);
}

static void refuse(struct accept_job *j, enum result result, uint16_t recipient, const char *why)
{
	struct ipc_accepted a = { .result = result, .recipient = recipient, .why = text_of(why) };

	counter_add(j->queue->count.refused, 1);
	queue_screen_settle(j->queue, &j->message, &j->accept, false);
	LOGI(LOG_CORE, NULL, "refused a message of %.*s: %s", TEXT_ARGS(j->message.account), why);
	tell(j, &a);
	job_free(j);
}

static void give_back_slot(struct queue *q, struct link *l)
{
	l->in_flight--;
	queue_link_list(q, l); /* a row that waits may have it */
}

/* Slots that were kept for deliveries which did not go out after all. */
static void give_back_slots(struct accept_job *j)
{
	for (unsigned i = 0; i < j->accept.deliveries_count; i++) {
		struct store_new_delivery *d = &j->accept.deliveries[i];
		if (j->links[i] && (j->accept.base.answer != STORE_DONE || !d->leased_out))
			give_back_slot(j->queue, j->links[i]);
	}
}

static void put_recipient(struct json_writer *w, const struct accept_job *j, unsigned i)
{
	const struct store_new_delivery *d = &j->accept.deliveries[i];
	char id[MESSAGE_ID_TEXT_SIZE];

	json_open_object(w);
	json_put_member_cstring(w, "id", message_id_text(message_id_delivery(j->accept.id_out, (uint16_t)(i + 1)), id));
	json_put_member_text(w, "to", d->recipient);
	if (queue_network_of(j->networks, i).len)
		json_put_member_text(w, "network", queue_network_of(j->networks, i));
	json_put_member_cstring(w, "state", d->on_hold ? "hold" : d->leased_out ? "sending" : "waiting");
	json_put_member_text(w, "bearer", d->bearer);
	json_put_member_text(w, "route", j->routes[i]);
	json_put_member_text(w, "link", d->route);
	if (j->money && j->money->decisions[i].route.rule)
		queue_put_decision(w, j->queue->charge, &j->money->decisions[i]);
	json_close_object(w);
}

/* What the API tells per recipient; SMPP peers get no such text. */
static struct text answer_text(struct accept_job *j)
{
	if (!text_is(j->message.channel, "http") && !text_is(j->message.channel, "kannel"))
		return (struct text){ 0 };
	size_t size = 64;

	for (unsigned i = 0; i < j->accept.deliveries_count; i++)
		size += (j->money ? 4096 : 256) + 6 * (j->accept.deliveries[i].recipient.len + j->routes[i].len +
						       j->accept.deliveries[i].route.len);
	char *room = arena_alloc(j->holder->arena, size);
	struct json_writer w;

	json_writer_init(&w, room, size);
	json_open_array(&w);
	for (unsigned i = 0; i < j->accept.deliveries_count; i++)
		put_recipient(&w, j, i);
	json_close_array(&w);
	return json_writer_text(&w);
}

static void take_charge(const struct accept_job *j, unsigned i, struct flight *f)
{
	f->trail = j->accept.deliveries[i].trail;
	f->bearer = j->accept.deliveries[i].bearer;
	for (unsigned n = 0; n < j->accept.charges_count; n++) {
		if (j->accept.charges[n].recipient == i + 1) {
			f->held = j->accept.charges[n].amount;
			f->units = j->accept.charges[n].units;
			f->version = j->accept.charges[n].version;
			memcpy(f->payer_id, j->accept.charges[n].account_id, sizeof(f->payer_id));
			(void)text_copy(j->accept.charges[n].currency, f->currency, sizeof(f->currency));
		}
	}
}

static void hand_out(struct accept_job *j)
{
	struct queue *q = j->queue;

	for (unsigned i = 0; i < j->accept.deliveries_count; i++) {
		const struct store_new_delivery *d = &j->accept.deliveries[i];
		if (d->on_hold)
			continue;
		if (!d->leased_out) {
			struct link *l = queue_link_get(q, d->route);
			queue_link_due(q, l, d->due_us);
			if (d->has_lane)
				l->parked_us = store_now(q->store);
			q->waiting++;
			continue;
		}
		struct flight *f = queue_flight_new(q, j->holder, j->links[i]);
		f->id = d->id_out;
		memcpy(f->node.key, d->id_out.octets, MESSAGE_ID_SIZE);
		f->epoch = d->epoch_out;
		f->attempt = 1;
		f->recipient = d->recipient;
		f->header = text_range(j->accept.header.at, j->accept.header.len);
		f->body = j->accept.text;
		f->message = j->message;
		f->decoded = true;
		f->accepted_us = j->accept.accepted_us;
		f->expires_us = j->accept.expires_us;
		f->lease_until_us = d->lease_until_us;
		if (j->money)
			take_charge(j, i, f);
		queue_flight_send(q, f, false);
	}
}

static enum result result_of_refusal(enum store_refusal r)
{
	switch (r) {
	case STORE_NO_SPACE:
	case STORE_BROKEN:
		return ERR_BUSY;
	case STORE_CREDIT:
	case STORE_CAP:
	case STORE_NO_PRICE:
		return ERR_DENIED;
	default:
		return ERR_IO;
	}
}

static void refused_for_credit(void *owner, const char *why)
{
	struct accept_job *j = owner;

	refuse(j, ERR_DENIED, j->accept.failed_recipient_out, why);
}

static void refused_by_store(struct accept_job *j)
{
	const struct store_request *r = &j->accept.base;
	enum result result = ERR_UNKNOWN;

	if (r->answer == STORE_CONFLICT)
		result = ERR_CONFLICT;
	else if (r->answer == STORE_REFUSED)
		result = result_of_refusal(r->refusal);
	counter_add(j->queue->count.store_errors, result == ERR_BUSY || result == ERR_IO || result == ERR_UNKNOWN);
	if (j->money && r->answer == STORE_REFUSED && r->refusal == STORE_CREDIT) {
		queue_money_no_credit(j->queue, j->holder->arena, j->money, &j->accept, refused_for_credit, j);
		return;
	}
	if (j->money && r->answer == STORE_REFUSED && r->refusal == STORE_CAP && j->accept.charges_count) {
		queue_money_over_cap(j->queue, j->holder->arena, j->money, &j->accept, refused_for_credit, j);
		return;
	}
	refuse(j, result, j->accept.failed_recipient_out,
	       r->why ? r->why : "the store gave no answer: repeat the message");
}

static void publish_accepted(struct accept_job *j)
{
	char id[MESSAGE_ID_TEXT_SIZE];
	char room[4096];
	struct json_writer w;

	json_writer_init(&w, room, sizeof(room));
	json_open_object(&w);
	json_put_member_cstring(&w, "id", message_id_text(j->accept.id_out, id));
	json_put_member_text(&w, "from", j->message.sender);
	json_put_member_int(&w, "recipients", j->accept.deliveries_count);
	json_close_object(&w);
	queue_publish(j->queue, j->message.account, TEXT_LITERAL("accepted"), json_writer_text(&w));
}

static bool watched(const struct queue *q)
{
	for (unsigned i = 0; i < QUEUE_EDGES_MAX; i++) {
		if (q->edges[i].watching)
			return true;
	}
	return false;
}

static void committed(struct store_request *r)
{
	struct accept_job *j = r->owner;
	struct queue *q = j->queue;

	queue_asked_done(q);
	give_back_slots(j);
	if (j->refused.result && r->answer != STORE_REPEAT && r->answer != STORE_CONFLICT) {
		refuse(j, j->refused.result, j->refused.recipient, j->refused.why);
		return;
	}
	if (r->answer != STORE_DONE && r->answer != STORE_REPEAT) {
		refused_by_store(j);
		return;
	}
	bool repeat = r->answer == STORE_REPEAT;
	struct ipc_accepted a = { .id = j->accept.id_out, .repeat = repeat };

	if (!j->refused.result)
		a.answer = answer_text(j);
	counter_add(repeat ? q->count.repeated : q->count.accepted, repeat ? 1 : j->accept.deliveries_count);
	if (log_enabled(LOG_CORE, LOG_INFO)) {
		char id[MESSAGE_ID_TEXT_SIZE];
		LOGI(LOG_CORE, message_id_text(a.id, id), "%s, %u recipients, account %.*s",
		     repeat ? "repeated" : "accepted", j->accept.deliveries_count, TEXT_ARGS(j->message.account));
	}
	queue_screen_settle(q, &j->message, &j->accept, message_id_equal(a.id, j->accept.id));
	tell(j, &a);
	if (!repeat)
		queue_question_committed(q, j->money, &j->accept, &j->message);
	queue_caps_warned(q, j->accept.warnings_out, repeat ? 0 : j->accept.warnings_count_out);
	if (!repeat && watched(q))
		publish_accepted(j);
	if (!repeat)
		hand_out(j);
	job_free(j);
}

static bool take_recipients(struct accept_job *j, struct text recipients)
{
	struct reader r = reader_of(recipients.at, recipients.len);
	struct reader look = r;
	struct text t;
	unsigned n = 0;

	while (ipc_take_recipient(&look, &t))
		n++;
	if (look.failed || !n || n > MESSAGE_RECIPIENTS_MAX)
		return false;
	j->accept.deliveries = arena_alloc(j->holder->arena, n * sizeof(*j->accept.deliveries));
	j->links = arena_alloc(j->holder->arena, n * sizeof(struct link *));
	j->routes = arena_alloc(j->holder->arena, n * sizeof(*j->routes));
	for (unsigned i = 0; i < n && ipc_take_recipient(&r, &t); i++)
		j->accept.deliveries[i].recipient = arena_text(j->holder->arena, t);
	j->accept.deliveries_count = n;
	return true;
}

/* The delivery's trail: accepted, its network where that was looked up, decided. */
static struct octets first_events(struct accept_job *j, unsigned i, const struct route_choice *choice)
{
	struct octets a = queue_event(j->holder->arena, j->accept.accepted_us, TRAIL_ACCEPTED, (struct text){ 0 },
				      j->message.channel);
	struct octets b = queue_event(j->holder->arena, j->accept.accepted_us, TRAIL_DECIDED, choice->route,
				      choice->candidates[0].link);
	struct octets n = queue_network_event(j->networks, i, j->accept.accepted_us, j->holder->arena);
	struct octets s = j->screened.event;
	uint8_t *all = arena_alloc(j->holder->arena, a.len + n.len + b.len + s.len);

	memcpy(all, a.at, a.len);
	if (n.len)
		memcpy(all + a.len, n.at, n.len);
	memcpy(all + a.len + n.len, b.at, b.len);
	if (s.len)
		memcpy(all + a.len + n.len + b.len, s.at, s.len);
	return (struct octets){ all, a.len + n.len + b.len + s.len };
}

static const char *no_route(enum route_reason reason)
{
	return reason == ROUTE_REFUSED ? "a route with `reject yes` covers this recipient"
				       : "no route serves this recipient: add one (`route NAME`, `prefix`, `link`)";
}

/* Whether it may be handed to its link in the same commit: the first of them decides whose lease it is. */
static bool may_lease(struct accept_job *j, const struct link *l)
{
	const char *incarnation = j->queue->edges[l->edge].incarnation;

	if (!queue_link_credit(j->queue, l) || l->waiting || l->claiming || !incarnation[0])
		return false;
	if (!j->accept.worker.len)
		j->accept.worker = text_of(incarnation);
	return text_is(j->accept.worker, incarnation);
}

static enum result plan(struct accept_job *j, unsigned i, const char **why_out)
{
	struct store_new_delivery *d = &j->accept.deliveries[i];
	struct route_choice choice;

	j->message.network = queue_network_of(j->networks, i);
	queue_route(j->queue, &j->message, d->recipient, &choice);
	if (j->message.link.len) {
		struct link *named = queue_link_find(j->queue, j->message.link);
		if (!named) {
			*why_out = "no link has the name that the message asks for";
			return ERR_NOT_FOUND;
		}
		choice.reason = ROUTE_FOUND;
		choice.route = TEXT_LITERAL("named-link");
		choice.count = 1;
		choice.candidates[0] = (struct route_candidate){ .link = named->name, .up = named->up };
	}
	if (choice.reason == ROUTE_REFUSED || choice.reason == ROUTE_NO_ENTRY || !choice.count) {
		*why_out = no_route(choice.reason);
		return choice.reason == ROUTE_REFUSED ? ERR_DENIED : ERR_NOT_FOUND;
	}
	enum result screened = queue_screen_recipient(j->queue, j->holder->arena, &j->message, d->recipient,
						      j->accept.id, j->accept.accepted_us, why_out);
	if (screened)
		return screened;
	struct link *l = queue_link_get(j->queue, choice.candidates[0].link);
	if (j->message.choice == CHOICE_PACKET && !j->queue->priced && queue_link_priced(l->name)) {
		*why_out = "bearers are chosen where `billing` is configured: without it this would go as an SMS";
		return ERR_DENIED;
	}
	if (j->message.files.len && j->queue->priced && queue_files_soon(j->queue)) {
		*why_out = "the link that takes files is not up: try again";
		return ERR_BUSY;
	}
	if (j->message.files.len && (!j->queue->priced || !queue_link_priced(l->name))) {
		*why_out = j->queue->priced ? "files go to phones, not to applications"
					    : "files go by RCS or MMS, which `billing` decides: configure it";
		return ERR_DENIED;
	}
	d->route = l->name;
	d->bearer = QUEUE_BEARER;
	j->routes[i] = arena_text(j->holder->arena, choice.route);
	d->has_lane = !j->message.emergency && !j->message.due_us && !screen_is_notice(&j->message);
	if (d->has_lane)
		d->lane = address_lane(d->recipient);
	d->due_us = j->message.due_us > j->accept.accepted_us ? j->message.due_us : j->accept.accepted_us;
	d->deadline_us = j->accept.expires_us;
	d->trail = first_events(j, i, &choice);
	if (j->queue->priced && queue_link_priced(l->name)) {
		enum result r =
			queue_money_plan(j->queue, j->holder->arena, &j->message, &j->accept, i, &j->money, why_out);
		if (r)
			return r;
		d->trail = queue_money_trail(j->money, i, j->accept.accepted_us, d->trail, j->holder->arena);
		if (d->on_hold)
			return OK;
		l = queue_link_get(j->queue, d->route);
	}
	if (d->due_us <= j->accept.accepted_us && may_lease(j, l)) {
		d->lease_until_us = j->accept.accepted_us + j->queue->rules.lease_us;
		l->in_flight++;
		j->links[i] = l;
	}
	return OK;
}

static void set_key(struct accept_job *j, struct text key, struct text recipients)
{
	struct store_accept *a = &j->accept;
	uint8_t digest[DIGEST_SHA256_SIZE];
	struct digest_part scope[] = { { j->message.account.at, j->message.account.len },
				       { "\0", 1 },
				       { key.at, key.len } };
	struct digest_part body[] = { { a->header.at, a->header.len },
				      { a->text.at, a->text.len },
				      { recipients.at, recipients.len } };

	digest_sha256(scope, 3, digest);
	memcpy(a->key, digest, sizeof(a->key));
	digest_sha256(body, 3, a->body_hash);
	a->has_key = true;
}

static void set_times(struct accept_job *j)
{
	const struct queue_rules *rules = &j->queue->rules;
	int64_t validity = j->message.validity_us > 0 ? j->message.validity_us : rules->validity_us;
	int64_t from = store_now(j->queue->store);

	j->accept.accepted_us = from;
	queue_screen_time(j->queue, j->holder->arena, &j->message, from, &j->screened);
	if (validity > rules->validity_max_us)
		validity = rules->validity_max_us;
	if (j->message.due_us > from)
		from = j->message.due_us;
	j->accept.expires_us = from + validity;
}

/* Copies what must outlive the record. False: the record is bad. */
static bool take_message(struct accept_job *j, const struct ipc_accept *in)
{
	struct arena *arena = j->holder->arena;
	struct text header = arena_text(arena, in->header);

	if (in->header.len > MESSAGE_HEADER_MAX || in->body.len > MESSAGE_TEXT_MAX ||
	    message_decode(header, &j->message) || !message_files_valid(&j->message))
		return false;
	j->accept.arena = arena;
	j->accept.header = (struct octets){ header.at, header.len };
	j->accept.text = arena_text(arena, in->body);
	j->message.body = j->accept.text;
	j->accept.channel = j->message.channel;
	j->accept.sender = j->message.sender;
	queue_account_id(j->message.account, j->accept.account_id);
	return take_recipients(j, in->recipients);
}

static void give_back_all(struct accept_job *j)
{
	for (unsigned i = 0; i < j->accept.deliveries_count; i++) {
		if (j->links[i])
			give_back_slot(j->queue, j->links[i]);
		j->links[i] = NULL;
	}
}

/*
 * B12: what was accepted under this key stays accepted, whatever the rules say by now. The store looks at the key
 * before it looks at charges, and refuses one that is for nobody: so nothing can be accepted here, only recognised.
 */
static void refuse_unless_known(struct accept_job *j, enum result r, uint16_t recipient, const char *why)
{
	static const struct store_charge for_nobody;

	if (!j->accept.has_key || (!j->queue->priced && !screen_says(why))) {
		refuse(j, r, recipient, why);
		return;
	}
	j->refused = (struct refused){ r, recipient, why };
	j->accept.charges = &for_nobody;
	j->accept.charges_count = 1;
	queue_ask_store(j->queue, &j->accept.base, STORE_ACCEPT, committed, j);
}

static void answered(void *owner, enum result r, const char *why)
{
	struct accept_job *j = owner;

	if (r == OK) {
		queue_ask_store(j->queue, &j->accept.base, STORE_ACCEPT, committed, j);
		return;
	}
	give_back_all(j);
	refuse_unless_known(j, r, 0, why);
}

/* With all that the decision reads at hand. */
static void decide(void *owner)
{
	struct accept_job *j = owner;
	struct queue *q = j->queue;
	const char *why = "";

	if (j->networks && j->networks->refused) {
		refuse_unless_known(j, ERR_BUSY, j->networks->refused, j->networks->why);
		return;
	}
	if (j->networks) /* time may have gone by */
		set_times(j);
	if (j->screened.result) {
		refuse_unless_known(j, j->screened.result, 0, j->screened.why);
		return;
	}
	for (unsigned i = 0; i < j->accept.deliveries_count; i++) {
		enum result r = plan(j, i, &why);
		if (r) {
			give_back_all(j);
			refuse_unless_known(j, r, (uint16_t)(i + 1), why);
			return;
		}
	}
	queue_question_rows(q, j->money, &j->accept, &j->message);
	if (j->message.files.len)
		queue_files_claim(q, j->holder->arena, &j->message, j->accept.id,
				  queue_files_until(q, j->accept.expires_us), answered, j);
	else
		queue_screen_reply(q, &j->message, &j->accept, answered, j);
}

static void gone(void *owner)
{
	job_free(owner);
}

static void decide_when_ready(void *owner)
{
	struct accept_job *j = owner;

	queue_screen_when_ready(j->queue, decide, gone, j);
}

/* A phone's answer to a question of ours: it is no message to anybody. */
static void answer_taken(void *owner, enum result r, const char *why)
{
	struct accept_job *j = owner;

	if (r) {
		refuse(j, r, 0, why);
		return;
	}
	tell(j, &(struct ipc_accepted){ .id = j->accept.id });
	job_free(j);
}

static void start(struct accept_job *j, const struct ipc_accept *in)
{
	struct queue *q = j->queue;
	const char *why = "";

	if (q->rules.waiting_max && q->waiting >= q->rules.waiting_max) {
		refuse(j, ERR_FULL, 0, "the queue is full (`waiting-max`): try again later");
		return;
	}
	set_times(j);
	j->accept.id = message_id_time(in->id) ? in->id : message_id_new(j->accept.accepted_us);
	if (in->key.len)
		set_key(j, in->key, in->recipients);
	if (queue_question_is_answer(q, &j->message, &j->accept)) {
		queue_question_answer(q, j->holder->arena, &j->message, answer_taken, j);
		return;
	}
	enum result quote = queue_quote_check(q, &j->message, in->recipients, j->holder->arena, &why);
	if (quote) {
		refuse_unless_known(j, quote, 0, why);
		return;
	}
	if (!queue_lookup(q, j->holder->arena, &j->message, in->recipients, decide_when_ready, j, &j->networks))
		decide_when_ready(j);
}

static struct accept_job *job_new(struct queue *q)
{
	struct holder *h = queue_holder(q);
	struct accept_job *j = arena_alloc(h->arena, sizeof(*j));

	j->queue = q;
	j->holder = h;
	return j;
}

bool queue_accept_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_accept in;

	if (!ipc_get_accept(&record->body, &in))
		return false;
	struct accept_job *j = job_new(q);
	j->edge = edge;
	j->generation = q->edges[edge].generation;
	j->call = record->call;
	if (!take_message(j, &in)) {
		job_free(j);
		return false;
	}
	start(j, &in);
	return true;
}

void queue_accept(struct queue *q, const struct ipc_accept *accept, queue_accepted_cb accepted, void *context)
{
	queue_accept_with(q, accept, NULL, accepted, context);
}

void queue_accept_with(struct queue *q, const struct ipc_accept *accept, const struct store_outbox *row,
		       queue_accepted_cb accepted, void *context)
{
	struct accept_job *j = job_new(q);

	j->accepted = accepted;
	j->context = context;
	j->accept.outbox = row;
	j->accept.outbox_count = row != NULL;
	if (take_message(j, accept))
		start(j, accept);
	else
		refuse(j, ERR_MALFORMED, 0, "the message breaks a limit of the envelope");
}
