/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Screening in the queue, over a real store: words of phones, their answers, refusals, what survives a restart, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/core_vty.h"
#include "core/message.h"
#include "core/queue.h"
#include "core/screen.h"
#include "store/store_open.h"

#define EDGE 4u
#define KEPT 32u
#define PHONE "+81901"

static const struct node_kind *const kinds[] = { &account_kind, &route_kind, &queue_kind, &store_kind };
static const char configuration[] = "account acme\n secret x\n webhook http://127.0.0.1/\n"
				    "account own\n secret x\n optout no\n"
				    "account once\n secret x\n duplicate-window 1h\n"
				    "account some\n secret x\n allow-recipient +81901\n"
				    "route phones\n prefix +8190\n link lab\n"
				    "route acme\n prefix +8150\n from network\n link webhook:acme\n"
				    "route own\n prefix +8160\n from network\n link esme:own\n"
				    "route transit\n prefix +8170\n from network\n link smsc:acme\n"
				    "route both\n prefix 4649\n from network\n link webhook:acme\n"
				    "queue\n optouts-max 3\n duplicates-max 3\n";

struct delivery {
	struct message_id id;
	int64_t epoch;
	char link[32], sender[32], recipient[32], channel[16], body[256];
};

struct world {
	struct loop *loop;
	struct store *store;
	struct queue *queue;
	struct config *config;
	struct ipc *here, *there;
	char folder[64], path[96];
	uint32_t call;
	struct delivery got[KEPT];
	unsigned deliveries, answers, outbox, events;
	enum result result;
	struct message_id id;
	bool repeat;
	char why[400], answer[16384], row[2048], kind[16], event[512];
};

static void keep(char *to, size_t size, struct text t)
{
	snprintf(to, size, "%.*s", TEXT_ARGS(t));
}

static void take_delivery(struct world *w, struct ipc_record *record)
{
	struct delivery *k = &w->got[w->deliveries++ % KEPT];
	struct ipc_deliver d;
	struct message m;

	assert_true(ipc_get_deliver(&record->body, &d));
	assert_int_equal(message_decode(d.header, &m), OK);
	k->id = d.id;
	k->epoch = d.epoch;
	keep(k->link, sizeof(k->link), d.link);
	keep(k->recipient, sizeof(k->recipient), d.recipient);
	keep(k->body, sizeof(k->body), d.body);
	keep(k->sender, sizeof(k->sender), m.sender);
	keep(k->channel, sizeof(k->channel), m.channel);
}

static bool edge_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct world *w = owner;
	struct ipc_accepted a;
	struct ipc_outbox o;
	struct ipc_answer n;
	struct ipc_event e;

	(void)ipc;
	switch ((enum ipc_type)record->type) {
	case IPC_DELIVER:
		take_delivery(w, record);
		break;
	case IPC_ACCEPTED:
		assert_true(ipc_get_accepted(&record->body, &a));
		w->result = a.result;
		w->id = a.id;
		w->repeat = a.repeat;
		keep(w->why, sizeof(w->why), a.why);
		w->answers++;
		break;
	case IPC_OUTBOX:
		assert_true(ipc_get_outbox(&record->body, &o));
		keep(w->row, sizeof(w->row), o.body);
		keep(w->kind, sizeof(w->kind), o.kind);
		w->outbox++;
		break;
	case IPC_ANSWER:
		assert_true(ipc_get_answer(&record->body, &n));
		w->result = n.result;
		keep(w->answer, sizeof(w->answer), n.body);
		w->answers++;
		break;
	case IPC_EVENT:
		assert_true(ipc_get_event(&record->body, &e));
		if (text_is(e.kind, "optout")) {
			keep(w->event, sizeof(w->event), e.body);
			w->events++;
		}
		break;
	case IPC_RESULT_DONE:
		break;
	default:
		fail_msg("record %u was not expected", record->type);
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
	struct world *w = owner;

	(void)ipc;
	return queue_record(w->queue, EDGE, record);
}

static const struct ipc_handler edge_side = { edge_got, edge_closed, NULL };
static const struct ipc_handler queue_handler = { queue_got, edge_closed, NULL };

#define UNTIL(w, condition) \
	do { \
		int64_t until = clock_monotonic() + 20 * USEC_PER_SEC; \
		while (!(condition) && clock_monotonic() < until) \
			loop_turn((w)->loop, 10000); \
		assert_true(condition); \
	} while (0)

static void link_is(struct world *w, const char *name)
{
	struct ipc_link l = { .name = text_of(name), .up = true, .window = 100 };

	ipc_put_link(ipc_begin(w->here, IPC_LINK, 0, 200), &l);
	assert_int_equal(ipc_end(w->here), OK);
}

static void fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	fail_msg("%s:%u: %.*s: %s", file, line, TEXT_ARGS(word), text);
}

static void open_queue(struct world *w)
{
	const char *why = "";
	int fds[2];
	struct ipc_holding h = { .incarnation = TEXT_LITERAL("edge-1") };

	assert_int_equal(store_sqlite_open(w->loop, w->path, NULL, NULL, queue_store_policy(), &w->store, &why), OK);
	w->queue = queue_new(w->loop, w->store);
	queue_switch(w->queue, w->config);
	assert_int_equal(ipc_pair(fds), OK);
	w->here = ipc_new(w->loop, fds[0], "edge", &edge_side, w);
	w->there = ipc_new(w->loop, fds[1], "queue", &queue_handler, w);
	queue_peer(w->queue, EDGE, w->there);
	ipc_put_holding(ipc_begin(w->here, IPC_HOLDING, 0, 64), &h);
	assert_int_equal(ipc_end(w->here), OK);
	writer_u8(ipc_begin(w->here, IPC_WATCH, 0, 8), 1);
	assert_int_equal(ipc_end(w->here), OK);
	link_is(w, "lab");
	link_is(w, "webhook:acme");
	link_is(w, "esme:own");
}

static void close_queue(struct world *w)
{
	queue_stop(w->queue);
	UNTIL(w, queue_idle(w->queue));
	store_close(&w->store);
	queue_free(&w->queue);
	ipc_free(&w->here);
	ipc_free(&w->there);
}

static void restart(struct world *w)
{
	close_queue(w);
	open_queue(w);
}

static int set_up(void **state)
{
	struct world *w = must_alloc(sizeof(*w));

	w->loop = loop_new();
	snprintf(w->folder, sizeof(w->folder), "/tmp/cellpost-screen-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->path, sizeof(w->path), "%s/q.db", w->folder);
	w->config = config_new(kinds, 4);
	assert_int_equal(config_read(w->config, "test", text_of(configuration), fault, NULL), 0);
	open_queue(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	close_queue(w);
	config_free(&w->config);
	loop_free(&w->loop);
	snprintf(command, sizeof(command), "rm -rf %s", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

/* --- what people do ------------------------------------------------------------------------------------------------
 */

static void offer(struct world *w, const struct message *m, const char *to, const char *key, struct message_id id)
{
	uint8_t header[2048], list[256];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct ipc_accept a = { .id = id, .body = m->body, .key = text_of(key) };
	unsigned before = w->answers;

	message_encode(m, &h);
	ipc_put_recipient(&l, text_of(to));
	a.header = text_range((char *)header, writer_len(&h));
	a.recipients = text_range((char *)list, writer_len(&l));
	w->why[0] = 0;
	ipc_put_accept(ipc_begin(w->here, IPC_ACCEPT, ++w->call, 8192), &a);
	assert_int_equal(ipc_end(w->here), OK);
	UNTIL(w, w->answers == before + 1);
}

static enum result send_key(struct world *w, const char *account, const char *sender, const char *to, const char *body,
			    const char *key, struct message_id id)
{
	struct message m = { .channel = TEXT_LITERAL("http"),
			     .account = text_of(account),
			     .sender = text_of(sender),
			     .body = text_of(body) };

	offer(w, &m, to, key, id);
	return w->result;
}

static enum result send(struct world *w, const char *account, const char *sender, const char *to, const char *body)
{
	return send_key(w, account, sender, to, body, "", (struct message_id){ 0 });
}

/* A phone writes to a number. */
static enum result says(struct world *w, const char *phone, const char *to, const char *body)
{
	struct message m = { .channel = TEXT_LITERAL("lab"),
			     .account = TEXT_LITERAL("lab"),
			     .sender = text_of(phone),
			     .from_network = true,
			     .body = text_of(body) };

	offer(w, &m, to, "", (struct message_id){ 0 });
	return w->result;
}

static enum result ask(struct world *w, enum ipc_question question, const char *who, const char *list,
		       const char *number, const char *sender)
{
	struct ipc_ask a = { .question = question,
			     .account = text_of(who),
			     .accept = { .header = text_of(list), .key = text_of(number), .body = text_of(sender) } };
	unsigned before = w->answers;

	ipc_put_ask(ipc_begin(w->here, IPC_ASK, ++w->call, 1024), &a);
	assert_int_equal(ipc_end(w->here), OK);
	UNTIL(w, w->answers == before + 1);
	return w->result;
}

/* How many of our answers the phone got. */
static unsigned notices(const struct world *w, const char *phone)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->deliveries && i < KEPT; i++)
		n += !strcmp(w->got[i].channel, SCREEN_NOTICE) && !strcmp(w->got[i].recipient, phone);
	return n;
}

static void settle(struct world *w)
{
	for (unsigned i = 0; i < 20; i++)
		loop_turn(w->loop, 5000);
}

/* --- words ---------------------------------------------------------------------------------------------------------
 */

static void stop_is_kept_answered_and_passed_on(void **state)
{
	struct world *w = *state;

	assert_int_equal(says(w, PHONE, "+8150100", " Stop. "), OK);
	UNTIL(w, w->deliveries == 2 && w->outbox == 1 && w->events == 1);
	assert_string_equal(w->got[0].link, "lab"); /* the answer before the word itself */
	assert_string_equal(w->got[0].sender, "+8150100");
	assert_string_equal(w->got[0].recipient, PHONE);
	assert_string_equal(w->got[1].link, "webhook:acme");
	assert_string_equal(w->got[1].body, " Stop. ");
	assert_string_equal(w->kind, "optout");
	assert_non_null(strstr(w->row, "\"command\":\"stop\""));
	assert_non_null(strstr(w->row, "\"number\":\"" PHONE "\""));
	assert_string_equal(w->row, w->event);
	assert_int_equal(send(w, "acme", "+8150100", PHONE, "x"), ERR_DENIED);
	assert_non_null(strstr(w->why, "S1: opted out of +8150100 on "));
	assert_int_equal(send(w, "acme", "8150100", PHONE, "x"), ERR_DENIED); /* one number in two forms */
	assert_int_equal(send(w, "acme", "ACME", PHONE, "x"), ERR_DENIED);
	assert_int_equal(send(w, "acme", "+8150101", PHONE, "x"), OK);
	assert_int_equal(send(w, "acme", "+8150100", "+81902", "x"), OK);
	assert_int_equal(send(w, "own", "+8150100", PHONE, "x"), OK);
}

static void a_repeat_changes_nothing(void **state)
{
	struct world *w = *state;

	(void)says(w, PHONE, "+8150100", "stop");
	UNTIL(w, w->deliveries == 2 && w->outbox == 1);
	assert_int_equal(says(w, PHONE, "+8150100", "unsubscribe"), OK);
	settle(w);
	assert_int_equal(notices(w, PHONE), 1);
	assert_int_equal(w->outbox, 1);
	assert_int_equal(w->events, 1);
}

static void start_brings_it_back_and_stop_again_takes_it(void **state)
{
	struct world *w = *state;

	(void)says(w, PHONE, "+8150100", "start"); /* nothing to come back from */
	settle(w);
	assert_int_equal(notices(w, PHONE), 0);
	(void)says(w, PHONE, "+8150100", "停止");
	assert_int_equal(send(w, "acme", "+8150100", PHONE, "x"), ERR_DENIED);
	(void)says(w, PHONE, "+8150100", "再開");
	assert_int_equal(send(w, "acme", "+8150100", PHONE, "y"), OK);
	(void)says(w, PHONE, "+8150100", "再開");
	(void)says(w, PHONE, "+8150100", "停止");
	assert_int_equal(send(w, "acme", "+8150100", PHONE, "z"), ERR_DENIED);
	UNTIL(w, notices(w, PHONE) == 3 && w->events == 3);
	settle(w);
	assert_int_equal(notices(w, PHONE), 3);
	for (unsigned i = 0; i < w->deliveries; i++) {
		if (!strcmp(w->got[i].channel, SCREEN_NOTICE))
			assert_non_null(strstr(w->got[i].body, "配信"));
	}
}

static void help_is_answered_and_changes_nothing(void **state)
{
	struct world *w = *state;

	(void)says(w, PHONE, "+8150100", "HELP");
	UNTIL(w, notices(w, PHONE) == 1);
	assert_int_equal(send(w, "acme", "+8150100", PHONE, "x"), OK);
	assert_int_equal(w->events, 0);
}

static void only_a_word_to_an_application_counts(void **state)
{
	struct world *w = *state;

	(void)says(w, PHONE, "+8150100", "don't stop");
	(void)says(w, PHONE, "+81902", "STOP");	  /* to another phone */
	(void)says(w, PHONE, "+8160100", "STOP"); /* `optout no` */
	(void)says(w, PHONE, "+8170100",
		   "STOP"); /* through to another network, whose link is called as an account is */
	UNTIL(w, w->deliveries == 3);
	settle(w);
	assert_int_equal(w->deliveries, 3);
	assert_int_equal(send(w, "acme", "+8170100", PHONE, "x"), OK);
	assert_int_equal(notices(w, PHONE), 0);
	assert_int_equal(send(w, "acme", "+8150100", PHONE, "x"), OK);
	assert_int_equal(send(w, "own", "+8160100", PHONE, "x"), OK);
	assert_int_equal(says(w, "+81902", PHONE, "x"), OK);
}

static void an_application_cannot_say_it_for_a_phone(void **state)
{
	struct world *w = *state;
	struct message m = { .channel = TEXT_LITERAL("http"),
			     .account = TEXT_LITERAL("acme"),
			     .sender = TEXT_LITERAL(PHONE),
			     .link = TEXT_LITERAL("webhook:acme"),
			     .body = TEXT_LITERAL("STOP") };

	offer(w, &m, "+8150100", "", (struct message_id){ 0 });
	settle(w);
	assert_int_equal(notices(w, PHONE), 0);
	assert_int_equal(send(w, "acme", "+8150100", PHONE, "x"), OK);
}

static void emergency_passes(void **state)
{
	struct world *w = *state;
	struct message m = { .channel = TEXT_LITERAL("http"),
			     .account = TEXT_LITERAL("acme"),
			     .sender = TEXT_LITERAL("+8150100"),
			     .emergency = true,
			     .body = TEXT_LITERAL("leave the house") };

	(void)says(w, PHONE, "+8150100", "stop");
	offer(w, &m, PHONE, "", (struct message_id){ 0 });
	assert_int_equal(w->result, OK);
}

static void opt_outs_outlive_the_queue(void **state)
{
	struct world *w = *state;

	(void)says(w, PHONE, "+8150100", "stop");
	(void)says(w, "+81902", "+8150100", "stop");
	(void)says(w, "+81902", "+8150100", "start");
	settle(w);
	restart(w);
	assert_int_equal(send(w, "acme", "+8150100", PHONE, "x"), ERR_DENIED);
	assert_int_equal(send(w, "acme", "+8150100", "+81902", "x"), OK);
	unsigned before = notices(w, PHONE);
	(void)says(w, PHONE, "+8150100", "stop");
	settle(w);
	assert_int_equal(notices(w, PHONE), before);
}

/* A list that is full refuses for now: nobody who says STOP is forgotten in silence. */
static void the_list_is_bounded(void **state)
{
	struct world *w = *state;

	assert_int_equal(says(w, PHONE, "+8150100", "stop"), OK);
	assert_int_equal(says(w, "+81902", "+8150100", "stop"), OK);
	assert_int_equal(ask(w, ASK_OPTOUT_PUT, "acme", "acme", "+81903", ""), OK);
	assert_int_equal(ask(w, ASK_OPTOUT_PUT, "acme", "acme", "+81904", ""), ERR_FULL);
	assert_int_equal(says(w, "+81904", "+8150100", "stop"), ERR_FULL);
	assert_int_equal(says(w, "+81904", "+8150100", "hello"), OK);
	assert_int_equal(says(w, PHONE, "+8150100", "start"), OK);
	assert_int_equal(ask(w, ASK_OPTOUT_DROP, "acme", "acme", "+81903", ""), OK);
	assert_int_equal(says(w, "+81904", "+8150100", "stop"), OK);
	assert_int_equal(send(w, "acme", "+8150100", "+81904", "x"), ERR_DENIED);
	restart(w); /* all that is stored counts, whatever the limit */
	assert_int_equal(send(w, "acme", "+8150100", "+81902", "x"), ERR_DENIED);
	assert_int_equal(send(w, "acme", "+8150100", "+81904", "x"), ERR_DENIED);
}

/* --- lists brought along -------------------------------------------------------------------------------------------
 */

static void lists_belong_to_their_account(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, ASK_OPTOUT_PUT, "acme", "acme", PHONE, ""), OK);
	assert_int_equal(ask(w, ASK_OPTOUT_PUT, "acme", "own", PHONE, ""), ERR_DENIED);
	assert_int_equal(ask(w, ASK_OPTOUTS, "own", "acme", "", ""), ERR_DENIED);
	assert_int_equal(ask(w, ASK_OPTOUTS, "", "nobody", "", ""), ERR_NOT_FOUND);
	assert_int_equal(ask(w, ASK_OPTOUTS, "acme", "acme", "", ""), OK);
	assert_non_null(strstr(w->answer, "{\"optouts\":[{\"number\":\"" PHONE "\",\"at\":"));
	assert_non_null(strstr(w->answer, "\"by\":\"import\"}]}"));
	assert_int_equal(ask(w, ASK_OPTOUTS, "acme", "acme", "0g", ""), ERR_MALFORMED);
	assert_int_equal(send(w, "acme", "+8150777", PHONE, "x"), ERR_DENIED);
	assert_non_null(strstr(w->why, "opted out of this account"));
	assert_int_equal(ask(w, ASK_OPTOUT_DROP, "acme", "acme", PHONE, "+8150100"), ERR_NOT_FOUND);
	assert_int_equal(ask(w, ASK_OPTOUT_DROP, "acme", "acme", PHONE, ""), OK);
	assert_int_equal(send(w, "acme", "+8150777", PHONE, "x"), OK);
	assert_int_equal(ask(w, ASK_OPTOUTS, "acme", "acme", "", ""), OK);
	assert_string_equal(w->answer, "{\"optouts\":[]}");
}

static void what_a_phone_said_stands(void **state)
{
	struct world *w = *state;

	(void)says(w, PHONE, "+8150100", "stop");
	assert_int_equal(ask(w, ASK_OPTOUT_DROP, "acme", "acme", PHONE, "+8150100"), ERR_DENIED);
	assert_int_equal(ask(w, ASK_OPTOUT_PUT, "acme", "acme", PHONE, "+8150100"), OK);
	assert_non_null(strstr(w->answer, "\"by\":\"recipient\""));
	assert_int_equal(ask(w, ASK_OPTOUT_DROP, "", "acme", PHONE, "+8150100"), OK); /* an operator */
	assert_int_equal(send(w, "acme", "+8150100", PHONE, "x"), OK);
}

static void start_counts_for_an_imported_list(void **state)
{
	struct world *w = *state;

	(void)ask(w, ASK_OPTOUT_PUT, "acme", "acme", PHONE, "");
	(void)says(w, PHONE, "4649", "start");
	assert_int_equal(send(w, "acme", "+8150100", PHONE, "x"), OK);
	UNTIL(w, notices(w, PHONE) == 1);
	assert_int_equal(ask(w, ASK_OPTOUTS, "acme", "acme", "", ""), OK);
	assert_string_equal(w->answer, "{\"optouts\":[]}");
}

/* --- the other rules -----------------------------------------------------------------------------------------------
 */

static void only_recipients_of_the_list(void **state)
{
	struct world *w = *state;

	assert_int_equal(send(w, "some", "1", PHONE, "x"), OK);
	assert_int_equal(send(w, "some", "1", "+81902", "x"), ERR_DENIED);
	assert_non_null(strstr(w->why, "S2: "));
}

static void copies_are_refused(void **state)
{
	struct world *w = *state;
	struct message_id none = { 0 }, mine = message_id_new(clock_now());
	char id[MESSAGE_ID_TEXT_SIZE];

	assert_int_equal(send(w, "once", "1", PHONE, "same"), OK);
	message_id_text(w->id, id);
	assert_int_equal(send(w, "once", "1", PHONE, "same"), ERR_CONFLICT);
	assert_non_null(strstr(w->why, id));
	assert_int_equal(send(w, "once", "2", PHONE, "same"), OK);
	assert_int_equal(send(w, "acme", "1", PHONE, "same"), OK);
	assert_int_equal(send(w, "acme", "1", PHONE, "same"), OK); /* no `duplicate-window` */
	/* The same message offered again is no copy of itself, by its key or by its id. */
	assert_int_equal(send_key(w, "once", "1", PHONE, "keyed", "k", none), OK);
	assert_int_equal(send_key(w, "once", "1", PHONE, "keyed", "k", none), OK);
	assert_true(w->repeat);
	assert_int_equal(send_key(w, "once", "1", PHONE, "named", "", mine), OK);
	assert_int_equal(send_key(w, "once", "1", PHONE, "named", "", mine), OK);
	assert_true(w->repeat);
}

static void a_refused_message_has_no_copy(void **state)
{
	struct world *w = *state;

	assert_int_equal(send(w, "once", "1", "+4912345", "nowhere"), ERR_NOT_FOUND);
	struct message m = { .channel = TEXT_LITERAL("http"),
			     .account = TEXT_LITERAL("once"),
			     .sender = TEXT_LITERAL("1"),
			     .choice = CHOICE_PACKET, /* refused behind screening: there is no billing */
			     .body = TEXT_LITERAL("second try") };
	offer(w, &m, PHONE, "", (struct message_id){ 0 });
	assert_int_equal(w->result, ERR_DENIED);
	assert_int_equal(send(w, "once", "1", PHONE, "second try"), OK);
}

static void copies_are_known_after_a_restart_and_bounded(void **state)
{
	struct world *w = *state;
	char body[16];

	assert_int_equal(send(w, "once", "1", PHONE, "first"), OK);
	settle(w);
	restart(w);
	assert_int_equal(send(w, "once", "1", PHONE, "first"), ERR_CONFLICT);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(body, sizeof(body), "more %u", i);
		assert_int_equal(send(w, "once", "1", PHONE, body), OK);
	}
	assert_int_equal(send(w, "once", "1", PHONE, "more 2"), ERR_CONFLICT);
	assert_int_equal(send(w, "once", "1", PHONE, "first"), OK); /* it made room */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(stop_is_kept_answered_and_passed_on),
		CASE(a_repeat_changes_nothing),
		CASE(start_brings_it_back_and_stop_again_takes_it),
		CASE(help_is_answered_and_changes_nothing),
		CASE(only_a_word_to_an_application_counts),
		CASE(an_application_cannot_say_it_for_a_phone),
		CASE(emergency_passes),
		CASE(opt_outs_outlive_the_queue),
		CASE(the_list_is_bounded),
		CASE(lists_belong_to_their_account),
		CASE(what_a_phone_said_stands),
		CASE(start_counts_for_an_imported_list),
		CASE(only_recipients_of_the_list),
		CASE(copies_are_refused),
		CASE(a_refused_message_has_no_copy),
		CASE(copies_are_known_after_a_restart_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
