/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A part: decided (concat.h), put into the store as a fact, acknowledged. A complete or overdue set: its facts read,
 * joined, accepted under a key of its own, and only then dropped; whatever is cut short is done again after a restart,
 * and the key makes the second time a repeat of the first.
 */
#include "daemon/queue_parts.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/log.h"
#include "core/core_vty.h"
#include "core/message.h"
#include "sms/concat.h"

#define FACT_KIND TEXT_LITERAL("part")
#define LOAD_MAX 1000000u
#define KEEP_AFTER_US (86400 * USEC_PER_SEC) /* facts outlive the wait: a stopped gateway still passes them on */
#define GAP TEXT_LITERAL("[...]")

struct queue_parts {
	struct loop *loop;
	struct store *store;
	struct queue *queue;
	struct concat *table;
	int64_t wait_us;
	struct loop_timer timer;
	unsigned asked;
	bool stopping, loaded;
	struct counter *kept, *joined, *overdue, *refused, *dropped;
};

/* One request's memory. `key` is that of a set. */
struct job {
	struct queue_parts *parts;
	struct arena *arena;
	unsigned edge;
	uint32_t call;
	bool complete;
	struct text key;
	uint8_t total;
	struct store_fact fact;
	struct store_fact_scan scan;
	struct store_fact *drops;
	unsigned drops_left;
};

static struct job *job_new(struct queue_parts *p)
{
	struct arena *arena = arena_new(4096);
	struct job *j = arena_alloc(arena, sizeof(*j));

	j->parts = p;
	j->arena = arena;
	return j;
}

static void job_free(struct job *j)
{
	struct arena *arena = j->arena;

	arena_free(&arena);
}

static void ask(struct job *j, struct store_request *r, enum store_operation operation,
		void (*done)(struct store_request *r))
{
	r->operation = operation;
	r->done = done;
	r->owner = j;
	j->parts->asked++;
	store_submit(j->parts->store, r);
}

static void answer(struct queue_parts *p, unsigned edge, uint32_t call, enum result result, const char *why)
{
	struct ipc_accepted a = { .result = result, .why = text_of(why) };

	if (!result)
		a.id = message_id_new(store_now(p->store));
	queue_answer_accepted(p->queue, edge, call, &a);
}

/* --- what is kept beside a part: recipient, envelope, number of parts
 * ----------------------------------------------------------- */

static struct text put_extra(struct arena *arena, const struct ipc_part *part)
{
	size_t size = 9 + part->recipient.len + part->header.len;
	uint8_t *room = arena_alloc(arena, size);
	struct writer w = writer_of(room, size);

	ipc_put_text(&w, part->recipient);
	ipc_put_text(&w, part->header);
	writer_u8(&w, part->total);
	return text_range((const char *)room, writer_ok(&w) ? writer_len(&w) : 0);
}

static bool get_extra(struct text extra, struct text *recipient, struct text *header, uint8_t *total)
{
	struct reader r = reader_of(extra.at, extra.len);

	*recipient = ipc_get_text(&r, MESSAGE_ADDRESS_MAX);
	*header = ipc_get_text(&r, MESSAGE_HEADER_MAX);
	*total = reader_u8(&r);
	return reader_done(&r);
}

/* --- a set is joined ---------------------------------------------------------------------------------------------- */

static void dropped(struct store_request *r)
{
	struct job *j = r->owner;

	j->parts->asked--;
	if (!--j->drops_left)
		job_free(j);
}

static void drop_facts(struct job *j)
{
	unsigned n = j->scan.rows_count_out, i = 0;

	j->drops = arena_alloc(j->arena, (n + 1) * sizeof(*j->drops));
	j->drops_left = n;
	for (struct store_fact_row *row = j->scan.rows_out; row; row = row->next, i++) {
		j->drops[i].arena = j->arena;
		j->drops[i].kind = FACT_KIND;
		j->drops[i].key = row->key;
		ask(j, &j->drops[i].base, STORE_FACT_DELETE, dropped);
	}
	if (!n)
		job_free(j);
}

static void whole_accepted(void *context, const struct ipc_accepted *a)
{
	struct job *j = context;
	struct queue_parts *p = j->parts;

	p->asked--;
	if (a->result == ERR_BUSY || a->result == ERR_FULL || a->result == ERR_UNKNOWN || a->result == ERR_IO) {
		LOGE(LOG_CORE, NULL, "a long message could not be accepted: its parts stay until the next start");
		job_free(j);
		return;
	}
	if (a->result) {
		counter_add(p->dropped, 1);
		LOGN(LOG_CORE, NULL, "a long message from a network was refused: %.*s", TEXT_ARGS(a->why));
	} else {
		counter_add(p->joined, 1);
	}
	drop_facts(j);
}

static bool decode_rows(struct job *j, struct concat_part *parts, unsigned *count)
{
	*count = 0;
	for (struct store_fact_row *row = j->scan.rows_out; row; row = row->next) {
		if (concat_part_decode(row->value.at, row->value.len, &parts[*count]) == OK)
			++*count;
	}
	return *count > 0;
}

/* The envelope of the first part, without what belonged to that part alone. */
static bool whole_header(struct job *j, const struct concat_part *first, struct text *recipient,
			 struct text *header_out)
{
	struct message m;
	struct text header;
	uint8_t *room = arena_alloc(j->arena, MESSAGE_HEADER_MAX);
	struct writer w = writer_of(room, MESSAGE_HEADER_MAX);
	uint8_t total;

	if (!get_extra(first->extra, recipient, &header, &total) || message_decode(header, &m))
		return false;
	bool text = (first->dcs & 0x0c) != 0x04;
	m.content = text ? MESSAGE_TEXT : MESSAGE_BINARY;
	m.has_coding = !text;
	m.udh = (struct text){ 0 };
	message_encode(&m, &w);
	*header_out = text_range((const char *)room, writer_len(&w));
	return writer_ok(&w);
}

static void offer_whole(struct job *j, const struct concat_part *parts, unsigned count)
{
	size_t size = CONCAT_JOINED_MAX(j->total) + 16u * j->total;
	char *room = arena_alloc(j->arena, size);
	uint8_t *list = arena_alloc(j->arena, MESSAGE_ADDRESS_MAX + 8);
	struct writer body = writer_of(room, size), l = writer_of(list, MESSAGE_ADDRESS_MAX + 8);
	struct ipc_accept a = { 0 };
	struct text recipient;

	if (!whole_header(j, &parts[0], &recipient, &a.header) ||
	    concat_join(parts, count, j->total, GAP, &body) != OK) {
		counter_add(j->parts->dropped, 1);
		LOGN(LOG_CORE, NULL, "a long message whose parts do not fit together is dropped");
		drop_facts(j);
		return;
	}
	ipc_put_recipient(&l, recipient);
	a.recipients = text_range((const char *)list, writer_len(&l));
	a.body = text_range(room, writer_len(&body));
	a.key = text_of(arena_printf(j->arena, "parts/%.*s/%lld", TEXT_ARGS(j->key), (long long)parts[0].received_us));
	j->parts->asked++;
	queue_accept(j->parts->queue, &a, whole_accepted, j);
}

static void set_read(struct store_request *r)
{
	struct job *j = r->owner;
	struct concat_part *parts = arena_alloc(j->arena, CONCAT_PARTS_MAX * sizeof(*parts));
	unsigned count;

	j->parts->asked--;
	if (r->answer != STORE_DONE || !decode_rows(j, parts, &count)) {
		if (r->answer != STORE_DONE)
			LOGE(LOG_CORE, NULL,
			     "the parts of a long message could not be read: they stay until the next start");
		job_free(j);
		return;
	}
	offer_whole(j, parts, count);
}

static void join(struct queue_parts *p, struct text key, uint8_t total)
{
	struct job *j = job_new(p);

	j->key = arena_text(j->arena, key);
	j->total = total;
	j->scan.arena = j->arena;
	j->scan.kind = FACT_KIND;
	j->scan.prefix = text_of(arena_printf(j->arena, "%.*s/", TEXT_ARGS(key)));
	j->scan.limit = CONCAT_PARTS_MAX;
	ask(j, &j->scan.base, STORE_FACT_SCAN, set_read);
}

/* --- time ----------------------------------------------------------------------------------------------------------
 */

static void set_timer(struct queue_parts *p);

static void due(void *owner)
{
	struct queue_parts *p = owner;
	struct concat_set set;

	while (!p->stopping && concat_due(p->table, store_now(p->store), &set)) {
		counter_add(p->overdue, 1);
		join(p, text_of(set.key), set.total);
	}
	set_timer(p);
}

static void set_timer(struct queue_parts *p)
{
	int64_t next = concat_next_us(p->table);

	if (p->stopping || next == INT64_MAX)
		return;
	int64_t wait = next - store_now(p->store);
	loop_timer_start(p->loop, &p->timer, wait > USEC_PER_MSEC ? wait : USEC_PER_MSEC, due, p);
}

/* --- a part comes ---------------------------------------------------------------------------------------------------
 */

/* As a message of its own: the link of its recipient passes parts on. */
struct single {
	struct queue_parts *parts;
	unsigned edge;
	uint32_t call;
};

static void single_accepted(void *context, const struct ipc_accepted *a)
{
	struct single *s = context;

	s->parts->asked--;
	queue_answer_accepted(s->parts->queue, s->edge, s->call, a);
	free(s);
}

static void pass_on(struct queue_parts *p, unsigned edge, uint32_t call, const struct ipc_part *part,
		    const struct concat_part *c)
{
	uint8_t list[MESSAGE_ADDRESS_MAX + 8];
	struct writer l = writer_of(list, sizeof(list));
	struct ipc_accept a = { .id = part->id, .header = part->header, .body = c->content };
	struct single *s = must_alloc(sizeof(*s));

	*s = (struct single){ p, edge, call };
	ipc_put_recipient(&l, part->recipient);
	a.recipients = text_range((const char *)list, writer_len(&l));
	p->asked++;
	queue_accept(p->queue, &a, single_accepted, s);
}

static void kept(struct store_request *r)
{
	struct job *j = r->owner;
	struct queue_parts *p = j->parts;
	bool good = r->answer == STORE_DONE || r->answer == STORE_REPEAT;

	p->asked--;
	if (good) {
		counter_add(p->kept, 1);
		answer(p, j->edge, j->call, OK, "");
		if (j->complete)
			join(p, j->key, j->total);
	} else {
		concat_forget(p->table, j->key); /* the peer sends this part again; the others are offered anew by it */
		answer(p, j->edge, j->call, ERR_BUSY, "the store could not keep the part: try again later");
	}
	set_timer(p);
	job_free(j);
}

static void keep(struct job *j, const struct concat_id *id, const struct concat_part *c)
{
	char *key = arena_alloc(j->arena, CONCAT_PART_KEY_MAX + 1);
	uint8_t *value = arena_alloc(j->arena, CONCAT_ENCODED_MAX);
	struct writer k = writer_of(key, CONCAT_PART_KEY_MAX + 1), v = writer_of(value, CONCAT_ENCODED_MAX);

	concat_part_key(id, c->number, &k);
	concat_part_encode(c, &v);
	if (!writer_ok(&k) || !writer_ok(&v)) {
		answer(j->parts, j->edge, j->call, ERR_TOO_BIG, "the part is larger than a part can be");
		job_free(j);
		return;
	}
	j->fact.arena = j->arena;
	j->fact.kind = FACT_KIND;
	j->fact.key = text_range(key, writer_len(&k));
	j->fact.value = (struct octets){ value, writer_len(&v) };
	j->fact.until_us = c->received_us + j->parts->wait_us + KEEP_AFTER_US;
	ask(j, &j->fact.base, STORE_FACT_PUT, kept);
}

static void set_id(struct concat_id *id, const struct ipc_part *part, const struct message *m, uint8_t dcs)
{
	*id = (struct concat_id){ .bearer = part->peer,
				  .originator = m->sender,
				  .destination = part->recipient,
				  .width = part->width,
				  .reference = part->reference,
				  .total = part->total,
				  .dcs = dcs };
}

static void take_part(struct queue_parts *p, unsigned edge, uint32_t call, const struct ipc_part *part,
		      struct concat_part *c, const struct concat_id *id)
{
	struct job *j = job_new(p);
	char *room = arena_alloc(j->arena, CONCAT_KEY_MAX + 1);
	struct writer k = writer_of(room, CONCAT_KEY_MAX + 1);

	j->edge = edge;
	j->call = call;
	j->total = part->total;
	concat_key(id, &k);
	j->key = text_range(room, writer_ok(&k) ? writer_len(&k) : 0);
	c->extra = put_extra(j->arena, part);
	enum concat_verdict verdict = concat_offer(p->table, j->key, part->total, c, c->received_us);
	if (verdict == CONCAT_RESTART) { /* an old reference used anew: what was there ends as it is */
		join(p, j->key, part->total);
		concat_forget(p->table, j->key);
		verdict = concat_offer(p->table, j->key, part->total, c, c->received_us);
	}
	j->complete = verdict == CONCAT_COMPLETE;
	if (verdict == CONCAT_KEEP || verdict == CONCAT_COMPLETE) {
		keep(j, id, c);
		return;
	}
	if (verdict == CONCAT_REFUSE) {
		counter_add(p->refused, 1);
		answer(p, edge, call, ERR_FULL,
		       "too many unfinished long messages (`reassembly-max`): try again later");
	} else {
		answer(p, edge, call, OK, ""); /* seen already */
	}
	job_free(j);
}

static bool part_came(void *owner, unsigned edge, uint32_t call, const struct ipc_part *part)
{
	struct queue_parts *p = owner;
	struct concat_part c;
	struct concat_id id;
	struct message m;

	if (message_decode(part->header, &m) || concat_part_decode(part->body.at, part->body.len, &c) ||
	    c.number != part->number || part->header.len > CONCAT_EXTRA_MAX - MESSAGE_ADDRESS_MAX - 8)
		return false;
	if (!queue_wants_whole(p->queue, part)) {
		pass_on(p, edge, call, part, &c);
		return true;
	}
	c.received_us = store_now(p->store);
	set_id(&id, part, &m, c.dcs);
	take_part(p, edge, call, part, &c, &id);
	return true;
}

/* --- life -----------------------------------------------------------------------------------------------------------
 */

/* The set's key is the part's without the slash and three digits at its end. */
static void offer_again(struct queue_parts *p, const struct store_fact_row *row)
{
	struct concat_part c;
	struct text key = row->key, recipient, header;
	uint8_t total;

	if (key.len < 5 || concat_part_decode(row->value.at, row->value.len, &c) ||
	    !get_extra(c.extra, &recipient, &header, &total))
		return;
	key.len -= 4;
	if (concat_offer(p->table, key, total, &c, c.received_us) == CONCAT_COMPLETE)
		join(p, key, total);
}

static void loaded(struct store_request *r)
{
	struct job *j = r->owner;
	struct queue_parts *p = j->parts;

	p->asked--;
	for (struct store_fact_row *row = r->answer == STORE_DONE ? j->scan.rows_out : NULL; row; row = row->next)
		offer_again(p, row);
	if (j->scan.rows_count_out)
		LOGN(LOG_CORE, NULL, "%u parts of long messages were waiting", j->scan.rows_count_out);
	set_timer(p);
	job_free(j);
}

struct queue_parts *queue_parts_new(struct loop *loop, struct store *store, struct queue *queue)
{
	struct queue_parts *p = must_alloc(sizeof(*p));
	struct concat_limits limits = CONCAT_LIMITS_DEFAULT;

	p->loop = loop;
	p->store = store;
	p->queue = queue;
	p->wait_us = limits.wait_us;
	p->table = concat_new(&limits);
	p->kept = counter_get(COUNTER_COUNT, "parts_kept_total", NULL, "Parts of long messages stored");
	p->joined = counter_get(COUNTER_COUNT, "parts_joined_total", NULL, "Long messages put together");
	p->overdue =
		counter_get(COUNTER_COUNT, "parts_overdue_total", NULL, "Long messages passed on with parts missing");
	p->refused = counter_get(COUNTER_COUNT, "parts_refused_total", NULL, "Parts refused by a limit");
	p->dropped = counter_get(COUNTER_COUNT, "parts_dropped_total", NULL, "Long messages that nobody could take");
	queue_parts(queue, part_came, p);
	return p;
}

/* The wait and the limits of the first configuration hold until the next start: sets are counted by them. */
void queue_parts_switch(struct queue_parts *p, const struct config *config)
{
	const struct queue_settings *s = config_only(config, &queue_kind);
	struct concat_limits limits = CONCAT_LIMITS_DEFAULT;

	if (p->loaded)
		return;
	p->loaded = true;
	limits.wait_us = p->wait_us = s->reassembly;
	limits.sets_max = (uint32_t)s->reassembly_max;
	concat_free(&p->table);
	p->table = concat_new(&limits);
	struct job *j = job_new(p);
	j->scan.arena = j->arena;
	j->scan.kind = FACT_KIND;
	j->scan.limit = LOAD_MAX;
	ask(j, &j->scan.base, STORE_FACT_SCAN, loaded);
}

bool queue_parts_stop(struct queue_parts *p)
{
	p->stopping = true;
	loop_timer_stop(&p->timer);
	return !p->asked;
}

unsigned queue_parts_waiting(const struct queue_parts *p)
{
	return concat_waiting(p->table);
}

void queue_parts_free(struct queue_parts **parts)
{
	if (!*parts)
		return;
	loop_timer_stop(&(*parts)->timer);
	concat_free(&(*parts)->table);
	free(*parts);
	*parts = NULL;
}
