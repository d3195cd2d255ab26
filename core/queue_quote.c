/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/queue_quote.h"

#include "core/base/clock.h"
#include "core/net/digest.h"

static void first_half(const struct digest_part *parts, unsigned count, uint8_t to[16])
{
	uint8_t digest[DIGEST_SHA256_SIZE];

	digest_sha256(parts, count, digest);
	memcpy(to, digest, 16);
}

/* Lengths stand before what has one, so that no two messages give the same octets. */
static void hash_content(const struct message *m, uint8_t to[16])
{
	uint8_t room[64];
	struct writer w = writer_of(room, sizeof(room));

	writer_u8(&w, (uint8_t)m->content);
	writer_u8(&w, m->has_coding);
	writer_u8(&w, m->coding);
	writer_u8(&w, m->has_ports);
	writer_u16(&w, m->source_port);
	writer_u16(&w, m->destination_port);
	writer_u32(&w, (uint32_t)m->body.len);
	writer_u32(&w, (uint32_t)m->udh.len);
	writer_u32(&w, (uint32_t)m->files.len);
	const struct digest_part parts[] = { { room, writer_len(&w) },
					     { m->body.at, m->body.len },
					     { m->udh.at, m->udh.len },
					     { m->files.at, m->files.len } };
	first_half(parts, 4, to);
}

static void hash_recipients(struct text recipients, uint8_t to[16])
{
	const struct digest_part part = { recipients.at, recipients.len };

	first_half(&part, 1, to);
}

void queue_quote_init(struct charge_quoted *quoted, const struct charge_payer *payer, const struct message *m,
		      struct text recipients)
{
	memcpy(quoted->account_id, payer->account_id, sizeof(quoted->account_id));
	hash_recipients(recipients, quoted->recipients);
	hash_content(m, quoted->content);
}

static enum result deny(const char **why_out, const char *why)
{
	*why_out = why;
	return ERR_DENIED;
}

static enum result expired(const struct charge_quoted *quoted, struct arena *arena, const char **why_out)
{
	char at[CLOCK_TEXT_SIZE];

	return deny(why_out, arena_printf(arena, "the quote was valid until %s: ask for a new one",
					  clock_text(quoted->until_us, at)));
}

/* What differs is named: the sender can see at once whether he mixed up two quotes. */
static enum result compare(const struct charge_quoted *quoted, const struct charge_quoted *here, const char **why_out)
{
	if (memcmp(quoted->account_id, here->account_id, sizeof(here->account_id)))
		return deny(why_out, "the quote was given to another account");
	if (memcmp(quoted->recipients, here->recipients, sizeof(here->recipients)))
		return deny(why_out, "the quote is for other recipients, or for these in another order");
	if (memcmp(quoted->content, here->content, sizeof(here->content)))
		return deny(why_out, "the quote is for another text or content: ask for one for this message");
	return OK;
}

enum result queue_quote_check(struct queue *q, const struct message *m, struct text recipients, struct arena *arena,
			      const char **why_out)
{
	struct charge_quoted quoted, here = { 0 };
	struct charge_payer payer;

	if (!m->quote.len || !q->priced)
		return OK;
	q->charge->payer(q->charge->owner, m, &payer);
	if (!payer.pays)
		return OK;
	switch (q->charge->quoted(q->charge->owner, m->quote, store_now(q->store), &quoted)) {
	case OK:
		queue_quote_init(&here, &payer, m, recipients);
		return compare(&quoted, &here, why_out);
	case ERR_TIMEOUT:
		return expired(&quoted, arena, why_out);
	case ERR_BUSY:
		*why_out = "quotes cannot be checked yet: repeat with the same key";
		return ERR_BUSY;
	case ERR_DENIED:
		return deny(why_out, "the quote was altered, or given by another gateway");
	default:
		*why_out = "quote is the `token` of an answer of POST /v1/quotes, unchanged";
		return ERR_MALFORMED;
	}
}

enum result queue_quote_price(struct queue *q, const struct message *m, unsigned recipient, struct text bearer,
			      struct charge_price *out)
{
	struct charge_quoted quoted;
	enum result r = q->charge->quoted(q->charge->owner, m->quote, store_now(q->store), &quoted);

	*out = (struct charge_price){ 0 };
	if (r != OK && r != ERR_TIMEOUT)
		return ERR_NOT_FOUND;
	const struct charge_price *price = charge_quoted_price(&quoted, recipient, bearer);
	if (!price || q->charge->units(q->charge->owner, m) > price->units)
		return ERR_NOT_FOUND;
	*out = *price;
	return OK;
}

void queue_quote_put(struct queue *q, struct json_writer *w, struct charge_quoted *quoted, struct arena *arena)
{
	char at[CLOCK_TEXT_SIZE];
	struct text token = q->charge->quote(q->charge->owner, quoted, store_now(q->store), arena);

	if (!token.len)
		return;
	json_put_member_text(w, "token", token);
	json_put_member_cstring(w, "valid_until", clock_text(quoted->until_us, at));
}
