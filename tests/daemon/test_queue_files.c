/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages with files in the queue, between two edges that speak as the roles do, a folder on disk and the memory
 * store: who may give, name and read a file, by which bearer it goes and at what price, what is dropped and when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "billing/billing_vty.h"
#include "billing/charge.h"
#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/channel.h"
#include "core/core_vty.h"
#include "core/files.h"
#include "core/net/digest.h"
#include "core/permit_spend.h"
#include "core/queue.h"
#include "store/store_open.h"

#define EDGE_API 4u
#define EDGE_LAB 6u
#define RCS_PHONE "+8190100"
#define PLAIN_PHONE "+8190200"
#define BARE_PHONE "+8190300"

static const struct node_kind *const kinds[] = { &account_kind, &route_kind, &queue_kind, &store_kind, &billing_kind };
static const char configuration[] = "account acme\n secret x\n payment postpaid\n credit 1000\n consent always\n"
				    "account thrifty\n secret x\n payment postpaid\n credit 1000\n"
				    "account other\n secret x\n payment free\n"
				    "route all\n prefix +81\n link lab\nroute app\n prefix 77\n link esme:acme\n"
				    "queue\n retry 100ms\n lease 2s\n keep-text 2s\n report-wait 1d\n"
				    "billing\n tariff prices\n currency JPY\n ceiling 50\n";
static const char prices[] = "version,1,JPY,2019-10-01,\nprice,sms,+81,segment,1,10,3,0,sent\n"
			     "price,mms,+81,octet,1,100,20,0,sent\nprice,mms,+81,octet,101,100000,30,0,sent\n";

struct edge {
	struct channel *channel;
	struct ipc *here, *there;
	unsigned number;
	/* the last of each */
	unsigned answers, deliveries;
	enum result result;
	int fd;
	char why[256], answer[4096];
	struct arena *arena;
	struct ipc_deliver delivery;
};

struct world {
	struct loop *loop;
	struct store *store;
	struct store_policy policy;
	struct billing *billing;
	struct queue *queue;
	struct edge api, lab;
	struct files_limits limits;
	char folder[64];
};

static struct queue_side {
	struct world *world;
	unsigned edge;
} sides[8];

#define UNTIL(w, condition) \
	do { \
		int64_t until = clock_monotonic() + 20 * USEC_PER_SEC; \
		while (!(condition) && clock_monotonic() < until) \
			loop_turn((w)->loop, 10000); \
		assert_true(condition); \
	} while (0)

/* --- edges ------------------------------------------------------------------------------------ */

static void note(struct edge *e, enum result result, struct text why)
{
	e->answers++;
	e->result = result;
	(void)text_copy(why, e->why, sizeof(e->why));
}

static void deliver(void *owner, const struct ipc_deliver *d)
{
	struct edge *e = owner;

	e->deliveries++;
	e->delivery = *d;
	e->delivery.header = arena_text(e->arena, d->header);
	e->delivery.bearer = arena_text(e->arena, d->bearer);
	e->delivery.price = arena_text(e->arena, d->price);
	e->delivery.permit = arena_text(e->arena, d->permit);
}

static void accepted(void *owner, uint32_t call, const struct ipc_accepted *a)
{
	struct edge *e = owner;

	(void)call;
	note(e, a->result, a->why);
	(void)text_copy(a->answer, e->answer, sizeof(e->answer));
}

static void file(void *owner, uint32_t call, const struct ipc_file_answer *a, int fd)
{
	struct edge *e = owner;

	(void)call;
	note(e, a->result, a->why);
	e->fd = fd;
}

static const struct channel_handler handler = { .deliver = deliver, .accepted = accepted, .file = file };

static bool edge_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	(void)ipc;
	return channel_record(((struct edge *)owner)->channel, record);
}

static bool queue_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct queue_side *side = owner;

	(void)ipc;
	return queue_record(side->world->queue, side->edge, record);
}

static bool may_close, was_closed;

static void closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	was_closed = true;
	if (!may_close)
		fail_msg("a connection was closed: %s", why);
}

static const struct ipc_handler edge_side = { edge_got, closed, NULL };
static const struct ipc_handler queue_side = { queue_got, closed, NULL };

static void connect_edge(struct world *w, struct edge *e, unsigned number, const char *role)
{
	int fds[2];

	e->number = number;
	e->fd = -1;
	e->arena = e->arena ? e->arena : arena_new(4096);
	if (!e->channel)
		e->channel = channel_new(role, false, &handler, e);
	assert_int_equal(ipc_pair(fds), OK);
	sides[number] = (struct queue_side){ w, number };
	e->here = ipc_new(w->loop, fds[0], "edge", &edge_side, e);
	e->there = ipc_new(w->loop, fds[1], "queue", &queue_side, &sides[number]);
	queue_peer(w->queue, number, e->there);
	channel_connect(e->channel, e->here);
}

static void lose_edge(struct world *w, struct edge *e)
{
	queue_peer_lost(w->queue, e->number);
	ipc_free(&e->here);
	ipc_free(&e->there);
	channel_lost(e->channel);
}

static void free_edge(struct edge *e)
{
	ipc_free(&e->here);
	ipc_free(&e->there);
	channel_free(&e->channel);
	arena_free(&e->arena);
}

static void put_number(struct writer *w, const char *number, bool rcs, bool here, bool mms)
{
	struct ipc_presence_of p = { .number = text_of(number), .known = rcs, .registered = here, .mms = mms };

	ipc_put_presence_of(w, &p);
}

static void tell_presence(struct world *w, bool here)
{
	uint8_t room[256];
	struct writer n = writer_of(room, sizeof(room));
	struct ipc_presence p = {
		.link = TEXT_LITERAL("lab"), .offline_file = true, .rcs_file_max = 2000, .mms_max = 1000
	};

	put_number(&n, RCS_PHONE, true, here, true);
	put_number(&n, PLAIN_PHONE, false, false, true);
	put_number(&n, BARE_PHONE, false, false, false);
	p.numbers = text_range((char *)room, writer_len(&n));
	channel_presence(w->lab.channel, &p);
}

/* --- the world -------------------------------------------------------------------------------- */

static void fault(void *owner, const char *name, unsigned line, struct text word, const char *text)
{
	(void)owner;
	fail_msg("%s:%u: %.*s: %s", name, line, TEXT_ARGS(word), text);
}

static void load_file(void *owner, struct config_file *f)
{
	config_file_load(owner, f, text_of(prices));
}

static void configure(struct world *w)
{
	struct config *config = config_new(kinds, 5);
	const char *why = "";

	assert_int_equal(config_read(config, "test", text_of(configuration), fault, NULL), 0);
	config_files(config, load_file, config);
	assert_int_equal(billing_check(config, &why), OK);
	billing_switch(w->billing, config, w->store);
	queue_switch(w->queue, config);
	config_free(&config);
}

static int64_t one_segment(const struct message *m)
{
	(void)m;
	return 1;
}

static int set_up(void **state)
{
	struct world *w = must_alloc(sizeof(*w));
	const char *why = "";

	(void)snprintf(w->folder, sizeof(w->folder), "/tmp/cellpost-queue-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->loop = loop_new();
	w->billing = billing_new(one_segment);
	queue_charge_policy(billing_port(w->billing), &w->policy);
	assert_int_equal(store_memory_open(w->loop, &w->policy, &w->store, &why), OK);
	w->queue = queue_new(w->loop, w->store);
	queue_charge(w->queue, billing_port(w->billing));
	configure(w);
	w->limits = (struct files_limits){ 4000, 20000, 0, 3600 * USEC_PER_SEC };
	queue_files_folder(w->queue, w->folder, &w->limits);
	connect_edge(w, &w->api, EDGE_API, "api");
	connect_edge(w, &w->lab, EDGE_LAB, "lab");
	channel_link(w->lab.channel, TEXT_LITERAL("lab"), true, 50, "");
	tell_presence(w, true);
	for (unsigned i = 0; i < 20; i++)
		loop_turn(w->loop, 5000);
	*state = w;
	return 0;
}

static unsigned files_there(const struct world *w, bool remove)
{
	DIR *d = opendir(w->folder);
	struct dirent *e;
	char path[512];
	unsigned n = 0;

	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		(void)snprintf(path, sizeof(path), "%s/%s", w->folder, e->d_name);
		if (remove)
			unlink(path);
	}
	closedir(d);
	return n;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	queue_stop(w->queue);
	UNTIL(w, queue_idle(w->queue) && billing_idle(w->billing));
	store_close(&w->store);
	queue_free(&w->queue);
	billing_free(&w->billing);
	free_edge(&w->api);
	free_edge(&w->lab);
	loop_free(&w->loop);
	(void)files_there(w, true);
	rmdir(w->folder);
	free(w);
	return 0;
}

/* --- what an edge does ----------------------------------------------------------------------------------------------
 */

static void hash_of(const char *content, size_t n, uint8_t hash[32])
{
	struct digest_part part = { content, n };

	digest_sha256(&part, 1, hash);
}

static enum result answered(struct world *w, struct edge *e, uint32_t call)
{
	unsigned before = e->answers;

	assert_true(call != 0);
	UNTIL(w, e->answers == before + 1);
	return e->result;
}

static enum result give(struct world *w, const char *account, const char *content)
{
	struct ipc_file_done done = { .account = text_of(account) };
	size_t n = strlen(content);
	uint32_t room = channel_file_new(w->api.channel, n);
	enum result r = answered(w, &w->api, room);

	if (r)
		return r;
	assert_int_equal(pwrite(w->api.fd, content, n, 0), n);
	close(w->api.fd);
	hash_of(content, n, done.hash);
	done.room = room;
	return answered(w, &w->api, channel_file_done(w->api.channel, &done));
}

static enum result offer(struct world *w, const char *account, const char *to, const char *content, uint64_t size)
{
	uint8_t header[2048], list[256], files[256];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct writer d = writer_of(files, sizeof(files));
	struct message_file f = { TEXT_LITERAL("text/plain"), TEXT_LITERAL("a.txt"), size, { 0 } };
	struct message m = { .channel = TEXT_LITERAL("http"),
			     .account = text_of(account),
			     .sender = TEXT_LITERAL("1234"),
			     .validity_us = 3 * USEC_PER_SEC };
	struct ipc_accept a = { .body = TEXT_LITERAL("see") };

	hash_of(content, strlen(content), f.hash);
	message_put_file(&d, &f);
	m.files = text_range((char *)files, writer_len(&d));
	message_encode(&m, &h);
	ipc_put_recipient(&l, text_of(to));
	a.header = text_range((char *)header, writer_len(&h));
	a.recipients = text_range((char *)list, writer_len(&l));
	return answered(w, &w->api, channel_accept(w->api.channel, &a));
}

static enum result send_to(struct world *w, const char *account, const char *to, const char *content)
{
	assert_int_equal(give(w, account, content), OK);
	return offer(w, account, to, content, strlen(content));
}

static void finish(struct world *w, enum ipc_outcome outcome)
{
	struct ipc_result r = { .id = w->lab.delivery.id, .outcome = outcome, .link = TEXT_LITERAL("lab") };

	channel_result(w->lab.channel, &r);
	UNTIL(w, !channel_unacknowledged(w->lab.channel));
}

/* --- tests ------------------------------------------------------------------------------------ */

static void a_file_goes_by_mms_with_its_permit(void **state)
{
	struct world *w = *state;
	struct ipc_result no;
	char got[8] = "";

	assert_int_equal(send_to(w, "acme", PLAIN_PHONE, "hello"), OK);
	UNTIL(w, w->lab.deliveries == 1);
	struct ipc_deliver *d = &w->lab.delivery;
	assert_true(text_is(d->bearer, "mms") && text_is(d->price, "20.00 JPY"));
	/* B21: for this bearer and this size alone */
	assert_false(permit_spend(d, TEXT_LITERAL("sms"), 1, true, clock_monotonic(), &no));
	assert_false(permit_spend(d, TEXT_LITERAL("mms"), 9, true, clock_monotonic(), &no));
	assert_true(permit_spend(d, TEXT_LITERAL("mms"), 8, true, clock_monotonic(), &no));
	assert_int_equal(answered(w, &w->lab, channel_file_get(w->lab.channel, d->id, 0)), OK);
	assert_int_equal(read(w->lab.fd, got, sizeof(got)), 5);
	assert_memory_equal(got, "hello", 5);
	close(w->lab.fd);
	finish(w, IPC_DELIVERED);
}

static void by_size_and_by_handset(void **state)
{
	struct world *w = *state;
	char large[1200];

	memset(large, 'x', sizeof(large));
	large[1199] = '\0';
	assert_int_equal(send_to(w, "acme", RCS_PHONE, large), OK);
	UNTIL(w, w->lab.deliveries == 1);
	assert_true(text_is(w->lab.delivery.bearer, "rcs") && !w->lab.delivery.price.len);
	finish(w, IPC_DELIVERED);
	assert_int_equal(send_to(w, "acme", PLAIN_PHONE, large), ERR_DENIED);
	assert_non_null(strstr(w->api.why, "R6.2"));
	assert_int_equal(send_to(w, "acme", BARE_PHONE, "hello"), ERR_DENIED);
	assert_non_null(strstr(w->api.why, "R6.2"));
	assert_int_equal(send_to(w, "thrifty", PLAIN_PHONE, "hello"), ERR_DENIED);
	assert_non_null(strstr(w->api.why, "R6.3"));
	large[150] = '\0';
	assert_int_equal(send_to(w, "acme", PLAIN_PHONE, large), OK);
	UNTIL(w, w->lab.deliveries == 2);
	assert_true(text_is(w->lab.delivery.price, "30.00 JPY"));
	finish(w, IPC_REFUSED);
	assert_int_equal(send_to(w, "acme", "77", "hello"), ERR_DENIED);
}

static void a_deferred_file_waits_for_its_phone(void **state)
{
	struct world *w = *state;

	tell_presence(w, false);
	assert_int_equal(send_to(w, "thrifty", RCS_PHONE, "hello"), OK);
	assert_non_null(strstr(w->api.answer, "R2.2"));
	assert_int_equal(w->lab.deliveries, 0);
	tell_presence(w, true);
	UNTIL(w, w->lab.deliveries == 1);
	assert_true(text_is(w->lab.delivery.bearer, "rcs"));
	finish(w, IPC_DELIVERED);
}

/* A refused MMS is not sent again by another bearer or link, and one that comes back is the same MMS. */
static void what_comes_back_stays_mms(void **state)
{
	struct world *w = *state;

	assert_int_equal(send_to(w, "acme", PLAIN_PHONE, "hello"), OK);
	UNTIL(w, w->lab.deliveries == 1);
	finish(w, IPC_RETRY);
	UNTIL(w, w->lab.deliveries == 2);
	assert_true(text_is(w->lab.delivery.bearer, "mms") && w->lab.delivery.attempt == 2);
	finish(w, IPC_DOUBT);
	UNTIL(w, w->lab.deliveries == 3);
	assert_true(text_is(w->lab.delivery.bearer, "mms") && w->lab.delivery.doubt && w->lab.delivery.attempt == 2);
	finish(w, IPC_DELIVERED);
}

static void only_its_own_file_can_be_named(void **state)
{
	struct world *w = *state;

	assert_int_equal(give(w, "other", "secret"), OK);
	assert_int_equal(offer(w, "acme", PLAIN_PHONE, "secret", 6), ERR_MALFORMED);
	assert_int_equal(offer(w, "other", PLAIN_PHONE, "secret", 7), ERR_MALFORMED); /* another size than it has */
	assert_int_equal(offer(w, "acme", PLAIN_PHONE, "never given", 11), ERR_MALFORMED);
	assert_int_equal(offer(w, "other", PLAIN_PHONE, "secret", 6), OK);
}

static void only_deliveries_in_hand_can_be_read(void **state)
{
	struct world *w = *state;
	struct message_id nothing = { { 1 } };

	assert_int_equal(send_to(w, "acme", PLAIN_PHONE, "hello"), OK);
	UNTIL(w, w->lab.deliveries == 1);
	struct message_id id = w->lab.delivery.id;
	assert_int_equal(answered(w, &w->api, channel_file_get(w->api.channel, id, 0)), ERR_NOT_FOUND);
	assert_int_equal(answered(w, &w->lab, channel_file_get(w->lab.channel, id, 1)), ERR_NOT_FOUND);
	assert_int_equal(answered(w, &w->lab, channel_file_get(w->lab.channel, nothing, 0)), ERR_NOT_FOUND);
	finish(w, IPC_DELIVERED);
	assert_int_equal(answered(w, &w->lab, channel_file_get(w->lab.channel, id, 0)), ERR_NOT_FOUND);
}

static void a_wrong_file_is_refused_and_nobody_dies(void **state)
{
	struct world *w = *state;
	struct ipc_file_done done = { .account = TEXT_LITERAL("acme") };
	uint32_t room = channel_file_new(w->api.channel, 5);

	assert_int_equal(answered(w, &w->api, room), OK);
	assert_int_equal(pwrite(w->api.fd, "hel", 3, 0), 3); /* not all of it */
	assert_int_equal(pwrite(w->api.fd, "too much", 8, 4), -1);
	hash_of("hello", 5, done.hash);
	done.room = room;
	assert_int_equal(answered(w, &w->api, channel_file_done(w->api.channel, &done)), ERR_CONFLICT);
	close(w->api.fd);
	assert_int_equal(answered(w, &w->api, channel_file_done(w->api.channel, &done)), ERR_NOT_FOUND);
	assert_int_equal(answered(w, &w->api, channel_file_new(w->api.channel, 0)), ERR_MALFORMED);
	assert_int_equal(answered(w, &w->api, channel_file_new(w->api.channel, 4001)), ERR_TOO_BIG);
	assert_int_equal(files_there(w, false), 0);
}

static void unfinished_files_are_bounded(void **state)
{
	struct world *w = *state;
	unsigned n = 0;

	while (answered(w, &w->api, channel_file_new(w->api.channel, 10)) == OK) {
		close(w->api.fd);
		n++;
	}
	assert_int_equal(w->api.result, ERR_BUSY);
	assert_int_equal(n, 32);
	lose_edge(w, &w->api);
	connect_edge(w, &w->api, EDGE_API, "api");
	assert_int_equal(give(w, "acme", "room again"), OK);
}

/* A call without an answer is told so when the queue is lost. */
static void a_lost_queue_is_told(void **state)
{
	struct world *w = *state;
	unsigned before = w->api.answers;

	assert_true(channel_file_new(w->api.channel, 10) != 0);
	lose_edge(w, &w->api);
	assert_int_equal(w->api.answers, before + 1);
	assert_int_equal(w->api.result, ERR_UNKNOWN);
	assert_int_equal(channel_file_new(w->api.channel, 10), 0);
	connect_edge(w, &w->api, EDGE_API, "api");
}

static void while_the_link_is_away_it_is_tried_later(void **state)
{
	struct world *w = *state;

	assert_int_equal(give(w, "acme", "hello"), OK);
	lose_edge(w, &w->lab);
	assert_int_equal(offer(w, "acme", PLAIN_PHONE, "hello", 5), ERR_BUSY);
	connect_edge(w, &w->lab, EDGE_LAB, "lab");
	tell_presence(w, true);
	assert_int_equal(offer(w, "acme", PLAIN_PHONE, "hello", 5), OK);
}

/* What ended is dropped after a while, what is named by a message that lives is not, however old the file is. */
static void what_nobody_names_is_dropped(void **state)
{
	struct world *w = *state;

	tell_presence(w, false);
	w->limits.keep_us = USEC_PER_SEC;
	queue_files_folder(w->queue, w->folder, &w->limits);
	assert_int_equal(give(w, "acme", "never named"), OK);
	assert_int_equal(send_to(w, "acme", RCS_PHONE, "waits"), OK);
	assert_int_equal(files_there(w, false), 2);
	UNTIL(w, files_there(w, false) == 1);
	tell_presence(w, true);
	UNTIL(w, w->lab.deliveries == 1);
	assert_int_equal(answered(w, &w->lab, channel_file_get(w->lab.channel, w->lab.delivery.id, 0)), OK);
	close(w->lab.fd);
	finish(w, IPC_DELIVERED);
	int64_t ended = clock_monotonic();
	UNTIL(w, files_there(w, false) == 0);
	assert_true(clock_monotonic() - ended > 1900 * USEC_PER_MSEC); /* as long as its text */
}

/* A descriptor that nobody asked for ends the connection that brought it, and is not kept. */
static void descriptors_are_not_taken(void **state)
{
	struct world *w = *state;
	int before = dup(0), after;

	close(before);
	may_close = true;
	was_closed = false;
	(void)ipc_begin(w->api.here, IPC_HOLDING, 0, 0);
	assert_int_equal(ipc_end_fd(w->api.here, dup(0)), OK);
	UNTIL(w, was_closed);
	lose_edge(w, &w->api);
	may_close = false;
	connect_edge(w, &w->api, EDGE_API, "api");
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
	assert_int_equal(give(w, "acme", "still here"), OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_file_goes_by_mms_with_its_permit),
		CASE(by_size_and_by_handset),
		CASE(a_deferred_file_waits_for_its_phone),
		CASE(what_comes_back_stays_mms),
		CASE(only_its_own_file_can_be_named),
		CASE(only_deliveries_in_hand_can_be_read),
		CASE(a_wrong_file_is_refused_and_nobody_dies),
		CASE(unfinished_files_are_bounded),
		CASE(a_lost_queue_is_told),
		CASE(descriptors_are_not_taken),
		CASE(while_the_link_is_away_it_is_tried_later),
		CASE(what_nobody_names_is_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
