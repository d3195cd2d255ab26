/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sweep of the folder: a file that was not used of late is looked up in the store. When a message that names it has
 * ended long enough ago (`keep-text`, as its text), that reference goes; when no reference is left, the file does. A
 * reference whose message is not there is left to its own end: that message may be about to be accepted.
 */
#include "core/base/hex.h"
#include "core/queue_files.h"

#define MESSAGE_AT (FILES_NAME_SIZE - 1 + 3) /* of the id in "HASH/m/MESSAGE" */

struct sweep {
	struct queue_files *files;
	struct holder *holder;
	uint8_t names[FILES_LIST_MAX][FILES_HASH_SIZE];
	unsigned count, at;
	struct files_call call;
	struct text key; /* of the reference at hand */
	struct store_fact_scan scan;
	struct store_message_get message;
	struct store_fact fact;
};

static void look_up(struct sweep *s);

static void sweep_end(struct sweep *s)
{
	struct holder *h = s->holder;

	s->files->sweeping = false;
	queue_release_holder(s->files->queue, &h);
}

static void next_name(struct sweep *s)
{
	s->at++;
	look_up(s);
}

static void dropped(struct files_call *call)
{
	struct sweep *s = call->owner;

	s->files->asked--;
	next_name(s);
}

static void drop(struct sweep *s)
{
	s->call = (struct files_call){ .fd = -1, .done = dropped, .owner = s };
	memcpy(s->call.hash, s->names[s->at], FILES_HASH_SIZE);
	if (files_drop(s->files->files, &s->call))
		sweep_end(s);
	else
		s->files->asked++;
}

/* --- a reference ------------------------------------------------------------------------------ */

static void reference_gone(struct store_request *r)
{
	struct sweep *s = r->owner;

	queue_asked_done(s->files->queue);
	if (r->answer == STORE_DONE)
		look_up(s); /* the same file once more */
	else
		sweep_end(s);
}

static bool has_ended(const struct queue *q, const struct store_row *rows)
{
	int64_t before = store_now(q->store) - q->rules.keep.text_us;

	if (!rows || q->rules.keep.text_us <= 0)
		return false;
	for (const struct store_row *r = rows; r; r = r->next) {
		if (r->state != DELIVERY_FINISHED || r->final_us > before)
			return false;
	}
	return true;
}

static void message_found(struct store_request *r)
{
	struct sweep *s = r->owner;
	struct queue *q = s->files->queue;

	queue_asked_done(q);
	if (r->answer != STORE_DONE || !has_ended(q, s->message.rows_out)) {
		next_name(s);
		return;
	}
	s->fact = (struct store_fact){ .arena = s->holder->arena, .kind = QUEUE_FILE_KIND, .key = s->key };
	queue_ask_store(q, &s->fact.base, STORE_FACT_DELETE, reference_gone, s);
}

/* False: it is an account's. */
static bool ask_message(struct sweep *s, struct text key)
{
	struct message_id id;
	struct writer w = writer_of(id.octets, sizeof(id.octets));

	if (key.len != MESSAGE_AT + 2 * MESSAGE_ID_SIZE || key.at[MESSAGE_AT - 2] != 'm' ||
	    hex_take(text_range(key.at + MESSAGE_AT, 2 * MESSAGE_ID_SIZE), &w) != OK)
		return false;
	s->key = key;
	s->message = (struct store_message_get){ .arena = s->holder->arena, .id = id };
	queue_ask_store(s->files->queue, &s->message.base, STORE_MESSAGE_GET, message_found, s);
	return true;
}

static void scanned(struct store_request *r)
{
	struct sweep *s = r->owner;

	queue_asked_done(s->files->queue);
	if (r->answer != STORE_DONE)
		sweep_end(s); /* nothing is dropped that the store was not asked about */
	else if (!s->scan.rows_count_out)
		drop(s);
	else if (!ask_message(s, s->scan.rows_out->key))
		next_name(s);
}

/* --- through the folder ----------------------------------------------------------------------- */

static void look_up(struct sweep *s)
{
	char name[FILES_NAME_SIZE];
	struct queue *q = s->files->queue;

	if (q->stopping || s->at == s->count) {
		struct queue_files *qf = s->files;
		bool more = !q->stopping && s->count == FILES_LIST_MAX;
		sweep_end(s);
		if (more) /* the folder goes on where it stopped */
			queue_files_sweep(qf);
		return;
	}
	files_name(s->names[s->at], name);
	s->scan = (struct store_fact_scan){ .arena = s->holder->arena, .kind = QUEUE_FILE_KIND, .limit = 1 };
	s->scan.prefix = text_of(arena_printf(s->holder->arena, "%s/", name));
	queue_ask_store(q, &s->scan.base, STORE_FACT_SCAN, scanned, s);
}

static void listed(struct files_call *call)
{
	struct sweep *s = call->owner;

	s->files->asked--;
	s->count = call->names_count;
	s->at = 0;
	look_up(s);
}

void queue_files_sweep(struct queue_files *qf)
{
	if (qf->sweeping)
		return;
	struct holder *h = queue_holder(qf->queue);
	struct sweep *s = arena_alloc(h->arena, sizeof(*s));

	qf->sweeping = true;
	s->files = qf;
	s->holder = h;
	s->call = (struct files_call){ .fd = -1, .done = listed, .owner = s, .names = s->names };
	if (files_list(qf->files, &s->call))
		sweep_end(s);
	else
		qf->asked++;
}
