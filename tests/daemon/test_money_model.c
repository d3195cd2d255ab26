/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A model of the money beside the running queue: random messages, answers (late, twice, of an old lease), reports, lost
 * roles, top-ups, consents, cancels, reloads, presence and clock jumps; after each event the model's own little books
 * are compared with the store's, statement by statement (B1, B2 ...). The seed is printed when one fails; MODEL_SEED
 * repeats it, MODEL_RUNS makes it longer, MODEL_SQLITE takes the real store.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "billing/billing_vty.h"
#include "billing/charge.h"
#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/core_vty.h"
#include "core/net/json.h"
#include "core/queue.h"
#include "store/store_open.h"

#define EDGE 3u
#define UNITS_MAX 96u
#define STEPS 220u
#define START (INT64_C(1700000000) * USEC_PER_SEC)

static const struct node_kind *const kinds[] = { &account_kind, &route_kind, &queue_kind, &store_kind, &billing_kind };
static const char configuration[] =
	"account acme\n secret x\n consent always\n"
	"account post\n secret x\n payment postpaid\n credit 30\n consent always\n cap day 20.00\n"
	"account asks\n secret x\n payment postpaid\n credit 100\n consent ask\n"
	"account never\n secret x\n payment postpaid\n credit 100\n"
	"account free\n secret x\n payment free\n"
	"route all\n prefix *\n link a\n link b\n"
	"queue\n retry 1s\n lease 5s\n validity 60s\n report-wait 60s\n"
	"billing\n tariff prices\n currency JPY\n ceiling 20\n";
static const char *const lists[] = {
	"version,1,JPY,2019-10-01,\nprice,sms,+81,segment,1,10,3,10%,sent\nprice,sms,+82,segment,1,10,10,0,delivered\n"
	"price,sms,+83,segment,1,10,50,0,sent\nprice,sms,+84,segment,1,10,0,0,sent\n",
	"version,1,JPY,2019-10-01,\nprice,sms,+81,segment,1,10,3,10%,sent\nprice,sms,+82,segment,1,10,10,0,delivered\n"
	"price,sms,+83,segment,1,10,50,0,sent\nprice,sms,+84,segment,1,10,0,0,sent\n"
	"version,2,JPY,2020-01-01,\nprice,sms,+81,segment,1,10,1,0,sent\nprice,sms,+82,segment,1,10,4,0,delivered\n"
	"price,sms,+83,segment,1,10,2,0,delivered\nprice,sms,+84,segment,1,10,0,0,sent\n",
};

/* The model's own copy: by version and by the second digit of the destination. */
static const int64_t table[3][5] = { { 0 },
				     { 0, 3300000, 10000000, 50000000, 0 },
				     { 0, 1000000, 4000000, 2000000, 0 } };
static const bool on_delivery[3][5] = { { 0 }, { 0, 0, 1, 0, 0 }, { 0, 0, 1, 1, 0 } };

enum { ACME, POST, ASKS, NEVER, FREE, ACCOUNTS };
static const char *const names[] = { "acme", "post", "asks", "never", "free" };
static const int64_t credits[] = { 0, 30000000, 100000000, 100000000, 0 };

#define TOKEN_SIZE (MESSAGE_QUOTE_MAX + 1)
#define QUOTES 8u

/* What was offered to a payer and not used yet. */
struct offered {
	unsigned account, kind;
	char to[16], token[TOKEN_SIZE];
	int64_t version;
};

struct unit {
	char token[TOKEN_SIZE];
	int64_t quoted; /* the version that its quote named; 0 = it has none */
	struct message_id id;
	unsigned account, kind; /* of the destination */
	char to[16], key[16];
	int64_t epoch, attempt;
	bool out, doubtful, said_yes, sent_once, by_sms, by_rcs;
	char bearer[8], link[8];
	int64_t posted, refunded;
	bool final, ended_bad;
};

struct model {
	struct loop *loop;
	struct store *store;
	struct store_policy policy;
	struct billing *billing;
	struct queue *queue;
	struct ipc *here, *there;
	struct arena *arena;
	uint64_t random, seed;
	unsigned step, incarnation, list;
	int64_t now_us;
	struct unit units[UNITS_MAX];
	struct offered quotes[QUOTES];
	unsigned quotes_made;
	char answer[8192];
	unsigned count;
	int64_t funded[ACCOUNTS];
	uint32_t call, keys;
	/* the last answer of the queue */
	bool answered;
	enum result result;
	struct message_id id;
	int64_t wait_us; /* for what other threads do */
	char folder[64]; /* of the database, with MODEL_SQLITE */
};

static struct model *current;

#define HOLDS(condition, statement) \
	do { \
		if (!(condition)) \
			fail_msg("%s at step %u, MODEL_SEED=%llu: " #condition, statement, current->step, \
				 (unsigned long long)current->seed); \
	} while (0)

static unsigned below(struct model *m, unsigned n)
{
	m->random = m->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(m->random >> 33) % n;
}

static struct unit *unit_of(struct model *m, struct message_id id)
{
	for (unsigned i = 0; i < m->count; i++) {
		if (message_id_equal(m->units[i].id, id))
			return &m->units[i];
	}
	return NULL;
}

/* --- what the queue says ------------------------------------------------------------------------------------------ */

static void take_delivery(struct model *m, const struct ipc_deliver *d)
{
	struct unit *u = unit_of(m, d->id);
	char bearer[8];

	if (!u)
		return; /* its accept is not known yet: the model made none */
	snprintf(bearer, sizeof(bearer), "%.*s", TEXT_ARGS(d->bearer));
	bool sms = !strcmp(bearer, "sms"), priced = u->kind != 4 && u->account != FREE;
	if (u->doubtful) {
		HOLDS(d->doubt, "B8");
		HOLDS(d->attempt == u->attempt, "B8");
		HOLDS(!strcmp(bearer, u->bearer), "B8");
	}
	HOLDS(!sms || d->permit.len, "B21");
	HOLDS(!sms || !priced || u->account != NEVER, "B1");
	HOLDS(!sms || !priced || u->account != ASKS || u->said_yes, "B1");
	u->doubtful = false;
	u->epoch = d->epoch;
	u->attempt = d->attempt;
	u->out = true;
	u->by_sms = u->by_sms || sms;
	u->by_rcs = u->by_rcs || !sms;
	memcpy(u->bearer, bearer, sizeof(u->bearer));
	snprintf(u->link, sizeof(u->link), "%.*s", TEXT_ARGS(d->link));
}

static bool edge_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct model *m = owner;
	struct ipc_deliver d;
	struct ipc_accepted a;
	struct ipc_answer b;

	(void)ipc;
	if (record->type == IPC_DELIVER && ipc_get_deliver(&record->body, &d)) {
		take_delivery(m, &d);
	} else if (record->type == IPC_ACCEPTED && ipc_get_accepted(&record->body, &a)) {
		m->answered = true;
		m->result = a.result;
		m->id = a.id;
		if (m->count && !a.result && !a.repeat)
			m->units[m->count - 1].id = message_id_delivery(a.id, 1);
	} else if (record->type == IPC_ANSWER && ipc_get_answer(&record->body, &b)) {
		m->answered = true;
		m->result = b.result;
		snprintf(m->answer, sizeof(m->answer), "%.*s", TEXT_ARGS(b.body));
	}
	return true;
}

static void edge_closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	(void)why;
}

static bool queue_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct model *m = owner;

	(void)ipc;
	return queue_record(m->queue, EDGE, record);
}

static const struct ipc_handler edge_side = { edge_got, edge_closed, NULL };
static const struct ipc_handler queue_side = { queue_got, edge_closed, NULL };

static void settle(struct model *m)
{
	for (unsigned quiet = 0, turns = 0; quiet < 6 && turns < 10000; turns++) {
		loop_turn(m->loop, queue_idle(m->queue) ? 0 : m->wait_us);
		quiet = queue_idle(m->queue) && billing_idle(m->billing) ? quiet + 1 : 0;
	}
}

static struct writer *record(struct model *m, enum ipc_type type)
{
	return ipc_begin(m->here, (uint16_t)type, ++m->call, 8192);
}

static void done(struct model *m)
{
	assert_int_equal(ipc_end(m->here), OK);
	settle(m);
}

static void announce(struct model *m)
{
	static const char *const links[] = { "a", "b" };

	for (unsigned i = 0; i < 2; i++) {
		struct ipc_link l = { .name = text_of(links[i]), .up = true, .window = 20 };
		ipc_put_link(record(m, IPC_LINK), &l);
		done(m);
	}
}

static void connect_edge(struct model *m, bool anew)
{
	struct ipc_holding h = { 0 };
	char name[16];
	int fds[2];

	m->incarnation += anew;
	snprintf(name, sizeof(name), "sms-%u", m->incarnation);
	h.incarnation = text_of(name);
	assert_int_equal(ipc_pair(fds), OK);
	m->here = ipc_new(m->loop, fds[0], "edge", &edge_side, m);
	m->there = ipc_new(m->loop, fds[1], "queue", &queue_side, m);
	queue_peer(m->queue, EDGE, m->there);
	ipc_put_holding(record(m, IPC_HOLDING), &h);
	done(m);
	announce(m);
}

/* --- events ---------------------------------------------------------------------------------------------------------
 */

static void offer_as(struct model *m, const struct unit *u)
{
	uint8_t header[2048], list[64];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct message message = { .channel = TEXT_LITERAL("http"),
				   .account = text_of(names[u->account]),
				   .sender = TEXT_LITERAL("1234"),
				   .quote = text_of(u->token) };
	struct ipc_accept a = { .body = TEXT_LITERAL("hello"), .key = text_of(u->key) };

	message_encode(&message, &h);
	ipc_put_recipient(&l, text_of(u->to));
	a.header = text_range((char *)header, writer_len(&h));
	a.recipients = text_range((char *)list, writer_len(&l));
	m->answered = false;
	ipc_put_accept(record(m, IPC_ACCEPT), &a);
	done(m);
	HOLDS(m->answered, "an answer");
}

static void ask(struct model *m, const struct ipc_ask *in);

/* The text of a member, up to its end. */
static const char *member_of(const char *json, const char *name)
{
	const char *at = strstr(json, name);

	return at ? at + strlen(name) : NULL;
}

/* An offer, which somebody may take up later, whatever the price list says by then. */
static void quote(struct model *m, const struct unit *u)
{
	struct offered *o = &m->quotes[m->quotes_made % QUOTES];
	uint8_t header[2048], list[64];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct message message = { .channel = TEXT_LITERAL("http"),
				   .account = text_of(names[u->account]),
				   .sender = TEXT_LITERAL("1234") };
	struct ipc_ask in = { .question = ASK_QUOTE, .account = message.account };

	message_encode(&message, &h);
	ipc_put_recipient(&l, text_of(u->to));
	in.accept.body = TEXT_LITERAL("hello");
	in.accept.header = text_range((char *)header, writer_len(&h));
	in.accept.recipients = text_range((char *)list, writer_len(&l));
	ask(m, &in);
	const char *token = member_of(m->answer, "\"token\":\""), *version = member_of(m->answer, "\"tariff\":");
	if (!token || !version)
		return;
	*o = (struct offered){ .account = u->account, .kind = u->kind, .version = version[0] - '0' };
	memcpy(o->to, u->to, sizeof(o->to));
	snprintf(o->token, sizeof(o->token), "%.*s", (int)strcspn(token, "\""), token);
	m->quotes_made++;
}

static void take_up(struct model *m, struct unit *u)
{
	const struct offered *o = &m->quotes[below(m, QUOTES)];

	if (!o->token[0])
		return;
	u->account = o->account;
	u->kind = o->kind;
	u->quoted = o->version;
	memcpy(u->to, o->to, sizeof(u->to));
	memcpy(u->token, o->token, sizeof(u->token));
	u->said_yes = true;
}

static void offer(struct model *m)
{
	struct unit *u = &m->units[m->count];

	if (m->count == UNITS_MAX)
		return;
	*u = (struct unit){ .account = below(m, ACCOUNTS), .kind = 1 + below(m, 4) };
	snprintf(u->to, sizeof(u->to), "+8%u%u", u->kind, below(m, 6));
	if (!below(m, 4))
		quote(m, u);
	else if (!below(m, 3))
		take_up(m, u);
	if (below(m, 2))
		snprintf(u->key, sizeof(u->key), "k%u", ++m->keys);
	m->count++;
	offer_as(m, u);
	if (m->result)
		m->count--;
}

/* B12 */
static void repeat(struct model *m)
{
	struct unit *u = m->count ? &m->units[below(m, m->count)] : NULL;

	if (!u || !u->key[0])
		return;
	offer_as(m, u);
	HOLDS(!m->result && message_id_equal(message_id_delivery(m->id, 1), u->id), "B12");
}

static void answer(struct model *m, bool stale)
{
	static const enum ipc_outcome outcomes[] = { IPC_SENT,	IPC_SENT,  IPC_DELIVERED, IPC_REFUSED,
						     IPC_RETRY, IPC_DOUBT, IPC_UNKNOWN };
	struct unit *u = m->count ? &m->units[below(m, m->count)] : NULL;
	uint8_t list[64];
	char second[24];
	struct writer l = writer_of(list, sizeof(list));

	if (!u || !u->epoch || (!stale && !u->out))
		return;
	enum ipc_outcome o = outcomes[below(m, 7)];
	struct ipc_result r = { .id = u->id, .epoch = u->epoch - (stale ? 1 : 0), .outcome = o, .segments = 1 };
	r.link = text_of(u->link);
	if (o == IPC_UNKNOWN && below(m, 3))
		r.outcome = o = IPC_SENT;
	if (o == IPC_RETRY && !strcmp(u->bearer, "rcs"))
		r.detail = below(m, 2) ? TEXT_LITERAL("480 not registered") : TEXT_LITERAL("404 no user");
	r.await = o == IPC_SENT && below(m, 3);
	/* The model's wire ids: those of a destination, so that some meet; of one segment or of two. */
	ipc_put_recipient(&l, text_of(u->to));
	snprintf(second, sizeof(second), "%s/2", u->to);
	if (below(m, 2))
		ipc_put_recipient(&l, text_of(second));
	if (r.await || (o == IPC_SENT && below(m, 2)))
		r.wires = text_range((char *)list, writer_len(&l));
	if (!stale) {
		u->out = false;
		u->doubtful = o == IPC_DOUBT;
		u->sent_once = u->sent_once || o == IPC_SENT || o == IPC_DELIVERED;
	}
	ipc_put_result(record(m, IPC_RESULT), &r);
	done(m);
}

static void report(struct model *m)
{
	static const enum store_outcome outcomes[] = { OUTCOME_DELIVERED, OUTCOME_REFUSED, OUTCOME_EXPIRED,
						       OUTCOME_SENT };
	struct unit *u = m->count ? &m->units[below(m, m->count)] : NULL;
	uint8_t list[64];
	char second[24];
	struct writer l = writer_of(list, sizeof(list));
	struct ipc_report r = { .peer = below(m, 4) ? TEXT_LITERAL("a") : TEXT_LITERAL("b") };

	if (!u)
		return;
	r.outcome = outcomes[below(m, 4)];
	snprintf(second, sizeof(second), "%s/2", u->to);
	ipc_put_recipient(&l, text_of(below(m, 3) ? u->to : second));
	r.forms = text_range((char *)list, writer_len(&l));
	ipc_put_report(record(m, IPC_REPORT), &r);
	done(m);
}

static void lose(struct model *m)
{
	bool anew = below(m, 2);

	queue_peer_lost(m->queue, EDGE);
	ipc_free(&m->here);
	ipc_free(&m->there);
	for (unsigned i = 0; i < m->count; i++)
		m->units[i].out = false;
	settle(m);
	connect_edge(m, anew);
}

static void ask(struct model *m, const struct ipc_ask *in)
{
	m->answered = false;
	ipc_put_ask(record(m, IPC_ASK), in);
	done(m);
	HOLDS(m->answered, "an answer");
}

static void top_up(struct model *m)
{
	unsigned account = below(m, NEVER);
	struct ipc_ask in = { .question = ASK_TOP_UP };
	char key[16];

	snprintf(key, sizeof(key), "t%u", ++m->keys);
	in.accept.header = text_of(names[account]);
	in.accept.body = TEXT_LITERAL("7.50");
	in.accept.key = text_of(key);
	ask(m, &in);
	HOLDS(!m->result, "B12");
	m->funded[account] += 7500000;
	if (below(m, 2))
		ask(m, &in); /* once more: nothing */
}

static void consent(struct model *m)
{
	struct unit *u = m->count ? &m->units[below(m, m->count)] : NULL;
	struct ipc_ask in = { .question = ASK_CONSENT };
	bool yes = below(m, 4) > 0;

	if (!u || u->account != ASKS)
		return;
	in.id = u->id;
	in.account = text_of(names[below(m, 5) ? ASKS : POST]);
	in.accept.body = yes ? TEXT_LITERAL("yes") : TEXT_LITERAL("no");
	bool own = text_is(in.account, "asks");
	u->said_yes = u->said_yes || (own && yes);
	ask(m, &in);
	HOLDS(own || m->result == ERR_NOT_FOUND, "B16");
}

static void cancel(struct model *m)
{
	struct unit *u = m->count ? &m->units[below(m, m->count)] : NULL;

	if (u)
		ask(m, &(struct ipc_ask){ .question = ASK_CANCEL, .id = u->id });
}

static void presence(struct model *m)
{
	uint8_t room[64];
	char number[16];
	struct writer w = writer_of(room, sizeof(room));
	struct ipc_presence_of one = { .known = below(m, 3) > 0 };
	struct ipc_presence p = { .link = TEXT_LITERAL("a"), .offline_text = below(m, 2) };

	snprintf(number, sizeof(number), "+8%u%u", 1 + below(m, 4), below(m, 6));
	one.number = text_of(number);
	one.registered = one.known && below(m, 2);
	ipc_put_presence_of(&w, &one);
	p.numbers = text_range((const char *)room, writer_len(&w));
	ipc_put_presence(record(m, IPC_PRESENCE), &p);
	done(m);
}

static void forward(struct model *m, int64_t us)
{
	m->now_us += us;
	clock_set(m->now_us, m->now_us);
	settle(m);
}

struct load {
	struct config *config;
	const char *content;
};

static void load_file(void *owner, struct config_file *file)
{
	struct load *l = owner;

	config_file_load(l->config, file, text_of(l->content));
}

static void fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	fail_msg("%s:%u: %.*s: %s", file, line, TEXT_ARGS(word), text);
}

static void reload(struct model *m)
{
	struct config *config = config_new(kinds, 5);
	struct load load = { config, lists[m->list] };

	assert_int_equal(config_read(config, "test", text_of(configuration), fault, NULL), 0);
	config_files(config, load_file, &load);
	billing_switch(m->billing, config, m->store);
	queue_switch(m->queue, config);
	config_free(&config);
	settle(m);
}

/* --- the books --------------------------------------------------------------------------------------------------- */

static void got(struct store_request *r)
{
	*(bool *)r->owner = true;
}

static void ask_store(struct model *m, struct store_request *r, enum store_operation operation)
{
	bool ready = false;

	r->operation = operation;
	r->done = got;
	r->owner = &ready;
	store_submit(m->store, r);
	for (unsigned i = 0; i < 10000 && !ready; i++)
		loop_turn(m->loop, m->wait_us);
	assert_true(ready);
}

static bool is_bad(enum store_outcome o)
{
	return o == OUTCOME_REFUSED || o == OUTCOME_EXPIRED || o == OUTCOME_CANCELLED || o == OUTCOME_UNKNOWN;
}

static void check_end(struct unit *u, const struct store_row *row, int64_t price, int64_t net)
{
	bool good = row->outcome == OUTCOME_DELIVERED || row->outcome == OUTCOME_DISPLAYED;
	bool sms = text_is(row->bearer, "sms");

	HOLDS(!row->has_charge, "B6");
	/* What had ended unpaid or was refunded stays so, also when it arrives after all. */
	HOLDS(!good || !sms || net == price || (u->ended_bad && !net), "B2");
	HOLDS(sms || net == 0, "B3");
	u->ended_bad = u->ended_bad || is_bad(row->outcome);
	if (is_bad(row->outcome))
		HOLDS(net == 0 || (!on_delivery[row->charge_version][u->kind] && u->sent_once), "B15");
}

static void check_unit(struct model *m, struct unit *u, int64_t *net, int64_t *held)
{
	struct store_message_get get = { .arena = m->arena, .id = u->id };

	ask_store(m, &get.base, STORE_MESSAGE_GET);
	const struct store_row *row = get.rows_out;
	HOLDS(row, "it is there");
	int64_t version = row->charge_version;
	HOLDS(version >= 0 && version <= 2, "B4");
	int64_t price = row->currency.len ? table[version][u->kind] : 0,
		left = row->charge_posted - row->charge_refunded;
	HOLDS(!row->charge_posted || row->charge_posted == price, "B4");
	HOLDS(!u->quoted || !row->currency.len || version == u->quoted, "B4"); /* what was shown is what is charged */
	HOLDS(!row->has_charge || row->charge_amount == price, "B3");
	HOLDS(row->charge_refunded == 0 || row->charge_refunded == row->charge_posted, "B15");
	HOLDS(row->charge_posted >= u->posted && row->charge_refunded >= u->refunded, "B2");
	HOLDS(!row->currency.len || (u->account != FREE && u->account != NEVER && u->kind != 4), "B1");
	HOLDS(!row->currency.len || price <= 20000000, "B1");
	if (row->state == DELIVERY_LEASED && text_is(row->bearer, "sms") && u->account != FREE && u->kind != 4)
		HOLDS(row->has_charge, "B5");
	if (row->state == DELIVERY_FINISHED)
		check_end(u, row, price, left);
	u->posted = row->charge_posted;
	u->refunded = row->charge_refunded;
	u->final = row->state == DELIVERY_FINISHED;
	*net += left;
	*held += row->has_charge ? row->charge_amount : 0;
}

static void check_account(struct model *m, unsigned i, int64_t net, int64_t held)
{
	const struct charge_port *port = billing_port(m->billing);
	struct charge_payer payer;
	struct store_account a = { .arena = m->arena };
	const char *payment;
	int64_t credit;

	assert_true(port->account(port->owner, text_of(names[i]), &payer, &payment, &credit));
	memcpy(a.id, payer.account_id, sizeof(a.id));
	ask_store(m, &a.base, STORE_ACCOUNT_GET);
	HOLDS(a.posted_out == m->funded[i] - net, "B14");
	HOLDS(a.held_out == held, "B6");
	HOLDS(a.posted_out + credits[i] - a.held_out >= 0, "B10");
}

/* B11: never above the cap, and each mark that was reached was told, once. */
static void check_cap(struct model *m)
{
	struct store_cap cap = { 0 };
	struct store_outbox_due due = { .arena = m->arena, .target = TEXT_LITERAL("webhook:post"), .limit = 1000 };
	unsigned told[2] = { 0 };

	struct charge_payer payer;
	const struct charge_port *port = billing_port(m->billing);
	const char *payment;
	int64_t credit;

	assert_true(port->account(port->owner, text_of(names[POST]), &payer, &payment, &credit));
	memcpy(cap.account_id, payer.account_id, sizeof(cap.account_id));
	ask_store(m, &cap.base, STORE_CAP_GET);
	int64_t used = cap.posted_out + cap.held_out;
	HOLDS(cap.cap == 20000000 && used <= cap.cap, "B11");
	ask_store(m, &due.base, STORE_OUTBOX_DUE);
	for (const struct store_outbox_row *row = due.rows_out; row; row = row->next) {
		if (!text_is(row->kind, "cap"))
			continue;
		told[memmem(row->body.at, row->body.len, "\"percent\":100", 13) != NULL]++;
	}
	HOLDS(told[0] <= 1 && told[1] <= 1, "B11");
	HOLDS(used * 10 < cap.cap * 8 || told[0] == 1, "B11");
	HOLDS(used < cap.cap || told[1] == 1, "B11");
}

static void check(struct model *m)
{
	int64_t net[ACCOUNTS] = { 0 }, held[ACCOUNTS] = { 0 };
	struct store_sums sums = { 0 };

	for (unsigned i = 0; i < m->count; i++)
		check_unit(m, &m->units[i], &net[m->units[i].account], &held[m->units[i].account]);
	for (unsigned i = 0; i < FREE; i++)
		check_account(m, i, net[i], held[i]);
	check_cap(m);
	ask_store(m, &sums.base, STORE_SUMS);
	HOLDS(sums.sound_out, "B9");
	for (unsigned i = 0; i < sums.currencies_out; i++)
		HOLDS(!sums.by_currency_out[i].entries_sum, "B9");
	arena_reset(m->arena);
}

static int64_t amount_of(const struct json_value *record)
{
	const struct charge_port *port = billing_port(current->billing);
	struct text t = { 0 };
	int64_t amount = 0;

	assert_true(json_text(json_member(record, "amount"), &t));
	assert_true(port->take_amount(t, &amount));
	return amount;
}

/* B18: a record for each end, numbered without gap, and their sum is what was posted. */
static void check_records(struct model *m)
{
	struct store_cdr_next next = { .arena = m->arena, .limit = 100000 };
	int64_t sum = 0, expected = 0, number = 0;
	unsigned ends = 0, backs = 0, given_back = 0;

	ask_store(m, &next.base, STORE_CDR_NEXT);
	for (const struct store_cdr_row *row = next.rows_out; row; row = row->next) {
		struct json_doc *doc = NULL;
		struct json_error error;
		struct text type = { 0 };
		HOLDS(row->seq == ++number, "B18");
		assert_int_equal(json_parse(row->body, NULL, &doc, &error), OK);
		(void)json_text(json_member(json_root(doc), "type"), &type);
		bool end = text_is(type, "sms") || text_is(type, "rcs"), again = false;
		(void)json_bool(json_member(json_root(doc), "duplicate"), &again);
		ends += end && !again;
		bool back = text_is(type, "refund");
		backs += back;
		if (end || back)
			sum += amount_of(json_root(doc));
		json_free(&doc);
	}
	for (unsigned i = 0; i < m->count; i++)
		expected += m->units[i].posted - m->units[i].refunded;
	for (unsigned i = 0; i < m->count; i++)
		given_back += m->units[i].refunded > 0;
	HOLDS(backs == given_back, "B15"); /* each with a record of its own */
	HOLDS(ends == m->count, "B18");
	HOLDS(sum == expected, "B18");
}

/* --- runs ----------------------------------------------------------------------------------------------------------
 */

static void event(struct model *m)
{
	unsigned n = below(m, 100);

	if (n < 26)
		offer(m);
	else if (n < 56)
		answer(m, false);
	else if (n < 61)
		answer(m, true);
	else if (n < 69)
		report(m);
	else if (n < 72)
		lose(m);
	else if (n < 77)
		top_up(m);
	else if (n < 81)
		consent(m);
	else if (n < 84)
		cancel(m);
	else if (n < 89)
		presence(m);
	else if (n < 91)
		repeat(m);
	else if (n < 92)
		reload(m);
	else
		forward(m, (int64_t)(1 + below(m, 7000)) * USEC_PER_MSEC);
	if (n == 91 && m->step > STEPS / 3) /* other prices, once */
		m->list = 1;
}

static int64_t one_segment(const struct message *m)
{
	(void)m;
	return 1;
}

static void open_sqlite(struct model *m)
{
	const char *why = "";
	char path[96];

	m->wait_us = 1000;
	snprintf(m->folder, sizeof(m->folder), "/tmp/cellpost-model-XXXXXX");
	assert_non_null(mkdtemp(m->folder));
	snprintf(path, sizeof(path), "%s/m.db", m->folder);
	assert_int_equal(store_sqlite_open(m->loop, path, NULL, NULL, &m->policy, &m->store, &why), OK);
}

static void open_model(struct model *m)
{
	const char *why = "";

	m->now_us = START;
	clock_set(m->now_us, m->now_us);
	m->loop = loop_new();
	m->arena = arena_new(65536);
	m->billing = billing_new(one_segment);
	queue_charge_policy(billing_port(m->billing), &m->policy);
	if (getenv("MODEL_SQLITE"))
		open_sqlite(m);
	else
		assert_int_equal(store_memory_open(m->loop, &m->policy, &m->store, &why), OK);
	m->queue = queue_new(m->loop, m->store);
	queue_charge(m->queue, billing_port(m->billing));
	reload(m);
	connect_edge(m, true);
}

static void close_model(struct model *m)
{
	queue_stop(m->queue);
	settle(m);
	store_close(&m->store);
	queue_free(&m->queue);
	billing_free(&m->billing);
	ipc_free(&m->here);
	ipc_free(&m->there);
	loop_free(&m->loop);
	arena_free(&m->arena);
	if (m->folder[0]) {
		char command[96];
		snprintf(command, sizeof(command), "rm -rf %s", m->folder);
		assert_int_equal(system(command), 0);
	}
}

/* B6: by its deadline everything has ended, and nothing is held. */
static void run_out(struct model *m)
{
	for (unsigned i = 0; i < 60; i++)
		forward(m, 5 * USEC_PER_SEC);
	check(m);
	for (unsigned i = 0; i < m->count; i++)
		HOLDS(m->units[i].final, "B6");
	check_records(m);
}

static void one_run(uint64_t seed)
{
	struct model *m = must_alloc(sizeof(*m));

	current = m;
	m->seed = m->random = seed;
	open_model(m);
	for (m->step = 0; m->step < STEPS; m->step++) {
		event(m);
		check(m);
	}
	run_out(m);
	close_model(m);
	free(m);
}

static void the_books_agree(void **state)
{
	const char *seed = getenv("MODEL_SEED"), *runs = getenv("MODEL_RUNS");
	unsigned long n = runs ? strtoul(runs, NULL, 10) : 60;

	(void)state;
	if (seed) {
		one_run(strtoull(seed, NULL, 10));
		return;
	}
	for (uint64_t i = 1; i <= n; i++)
		one_run(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_books_agree) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
