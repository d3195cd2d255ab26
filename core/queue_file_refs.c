/* SPDX-License-Identifier: GPL-3.0-or-later */
/* References to files, as facts of the store: an account's, and a message's before it is accepted. */
#include "core/base/hex.h"
#include "core/base/log.h"
#include "core/queue_files.h"

#define KEY_SIZE (FILES_NAME_SIZE + 3 + 2 * 16)
#define FOR_EVER INT64_MAX

/* "HASH/a/ACCOUNT" or "HASH/m/MESSAGE" */
static struct text key_of(const uint8_t hash[32], char kind, const uint8_t id[16], struct arena *arena)
{
	char *room = arena_alloc(arena, KEY_SIZE);
	struct writer w = writer_of(room, KEY_SIZE);

	hex_put(&w, hash, FILES_HASH_SIZE);
	writer_printf(&w, "/%c/", kind);
	hex_put(&w, id, 16);
	return text_range(room, writer_ok(&w) ? writer_len(&w) : 0);
}

static struct text key_of_account(const uint8_t hash[32], struct text account, struct arena *arena)
{
	uint8_t id[16];

	queue_account_id(account, id);
	return key_of(hash, 'a', id, arena);
}

void queue_file_given(struct queue *q, struct arena *arena, const uint8_t hash[32], struct text account,
		      void (*done)(struct store_request *r), void *owner, struct store_fact *fact)
{
	*fact = (struct store_fact){ .arena = arena, .kind = QUEUE_FILE_KIND };
	fact->key = key_of_account(hash, account, arena);
	fact->until_us = store_now(q->store) + q->files->keep_us;
	queue_ask_store(q, &fact->base, STORE_FACT_PUT, done, owner);
}

/* A delivery may be with a link for a lease longer than it is valid, and its report is awaited after that. */
int64_t queue_files_until(const struct queue *q, int64_t expires_us)
{
	if (q->rules.keep.text_us <= 0)
		return FOR_EVER;
	return expires_us + q->rules.report_wait_us + 2 * q->rules.lease_us + q->rules.keep.text_us;
}

/* --- a message names them --------------------------------------------------------------------- */

struct claim {
	struct queue *queue;
	struct arena *arena;
	const struct message *message;
	struct message_id id;
	int64_t until_us;
	unsigned number; /* of the file that is looked at */
	struct message_file file;
	struct files_call look;
	struct store_fact fact;
	queue_files_claimed claimed;
	void *owner;
};

static void next_file(struct claim *c);

static void claim_end(struct claim *c, enum result result, const char *why)
{
	if (result)
		why = arena_printf(c->arena, "file %u: %s", c->number + 1, why);
	c->claimed(c->owner, result, why);
}

static void ask_fact(struct claim *c, enum store_operation operation, struct text key,
		     void (*done)(struct store_request *r))
{
	c->fact =
		(struct store_fact){ .arena = c->arena, .kind = QUEUE_FILE_KIND, .key = key, .until_us = c->until_us };
	queue_ask_store(c->queue, &c->fact.base, operation, done, c);
}

static void noted(struct store_request *r)
{
	struct claim *c = r->owner;

	queue_asked_done(c->queue);
	if (r->answer != STORE_DONE && r->answer != STORE_REPEAT) {
		claim_end(c, ERR_BUSY, "the store cannot note it now: try again");
		return;
	}
	c->number++;
	next_file(c);
}

static void note(struct claim *c)
{
	ask_fact(c, STORE_FACT_PUT, key_of(c->file.hash, 'm', c->id.octets, c->arena), noted);
}

static bool broken(const struct store_request *r)
{
	return r->answer != STORE_DONE && r->refusal != STORE_NOT_FOUND;
}

/* The same message offered again, after its answer was lost. */
static void named_before(struct store_request *r)
{
	struct claim *c = r->owner;

	queue_asked_done(c->queue);
	if (r->answer == STORE_DONE)
		note(c);
	else if (broken(r))
		claim_end(c, ERR_BUSY, "the store cannot be read now: try again");
	else
		claim_end(c, ERR_MALFORMED, "this account gave no such file, or not of late: send it again");
}

static void owned(struct store_request *r)
{
	struct claim *c = r->owner;

	queue_asked_done(c->queue);
	if (r->answer == STORE_DONE)
		note(c);
	else if (broken(r))
		claim_end(c, ERR_BUSY, "the store cannot be read now: try again");
	else
		ask_fact(c, STORE_FACT_GET, key_of(c->file.hash, 'm', c->id.octets, c->arena), named_before);
}

static void looked(struct files_call *call)
{
	struct claim *c = call->owner;

	c->queue->files->asked--;
	if (call->result)
		claim_end(c, call->result == ERR_NOT_FOUND ? ERR_MALFORMED : call->result, call->why);
	else
		ask_fact(c, STORE_FACT_GET, key_of_account(c->file.hash, c->message->account, c->arena), owned);
}

static void next_file(struct claim *c)
{
	if (!message_file_at(c->message, c->number, &c->file)) {
		claim_end(c, OK, "");
		return;
	}
	c->look = (struct files_call){ .size = c->file.size, .fd = -1, .done = looked, .owner = c };
	memcpy(c->look.hash, c->file.hash, sizeof(c->look.hash));
	if (files_look(c->queue->files->files, &c->look))
		claim_end(c, ERR_BUSY, "the disk has too much to do: try again");
	else
		c->queue->files->asked++;
}

void queue_files_claim(struct queue *q, struct arena *arena, const struct message *m, struct message_id id,
		       int64_t until_us, queue_files_claimed claimed, void *owner)
{
	struct claim *c = arena_alloc(arena, sizeof(*c));

	c->queue = q;
	c->arena = arena;
	c->message = m;
	c->id = id;
	c->until_us = until_us;
	c->claimed = claimed;
	c->owner = owner;
	if (q->files->files)
		next_file(c);
	else
		claim_end(c, ERR_UNSUPPORTED, "there is no folder for files");
}
