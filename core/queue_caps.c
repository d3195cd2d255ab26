/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/queue_caps.h"

#include "core/base/clock.h"

struct caps_look {
	struct queue *queue;
	struct charge_payer payer;
	unsigned kind; /* that is read now */
	struct queue_caps caps;
	struct store_cap request;
	queue_caps_cb done;
	void *owner;
};

static void next(struct caps_look *l);

static void found(struct store_request *r)
{
	struct caps_look *l = r->owner;

	queue_asked_done(l->queue);
	if (r->answer == STORE_DONE)
		l->caps.windows[l->caps.count++] = l->request;
	l->kind++;
	next(l);
}

static void next(struct caps_look *l)
{
	while (l->kind < CHARGE_CAPS && !(l->payer.caps & 1u << l->kind))
		l->kind++;
	if (l->kind == CHARGE_CAPS) {
		l->done(l->owner, &l->caps);
		return;
	}
	l->request = (struct store_cap){ .kind = (uint8_t)l->kind };
	memcpy(l->request.account_id, l->payer.account_id, sizeof(l->request.account_id));
	queue_ask_store(l->queue, &l->request.base, STORE_CAP_GET, found, l);
}

void queue_caps_read(struct queue *q, struct arena *arena, const struct charge_payer *payer, queue_caps_cb done,
		     void *owner)
{
	struct caps_look *l = arena_alloc(arena, sizeof(*l));

	*l = (struct caps_look){ .queue = q, .payer = *payer, .done = done, .owner = owner };
	memcpy(l->caps.currency, payer->currency, sizeof(l->caps.currency));
	next(l);
}

static int64_t left(const struct store_cap *c)
{
	return c->cap - c->posted_out - c->held_out;
}

const char *queue_caps_refusal(const struct charge_port *port, const struct queue_caps *caps, int64_t amount,
			       struct arena *arena)
{
	char at[CLOCK_TEXT_SIZE];

	for (unsigned i = 0; i < caps->count; i++) {
		const struct store_cap *c = &caps->windows[i];
		if (amount <= left(c))
			continue;
		struct text price = queue_money_text(port, amount, caps->currency, arena);
		struct text rest = queue_money_text(port, left(c), caps->currency, arena);
		struct text cap = queue_money_text(port, c->cap, caps->currency, arena);
		return arena_printf(arena,
				    "over the cap: it costs %.*s, and of `cap %s` (%.*s) %.*s is left; it begins "
				    "anew at %s",
				    TEXT_ARGS(price), port->cap_name(c->kind), TEXT_ARGS(cap), TEXT_ARGS(rest),
				    clock_text(c->until_us, at));
	}
	return NULL;
}

static void put_amount(struct json_writer *w, const struct charge_port *port, const char *name, int64_t micros)
{
	char room[32];
	struct writer s = writer_of(room, sizeof(room));

	port->put_amount(&s, micros);
	json_put_member_text(w, name, text_range(room, writer_len(&s)));
}

static void put_window(struct json_writer *w, const struct charge_port *port, const struct store_cap *c)
{
	char at[CLOCK_TEXT_SIZE];

	json_open_object(w);
	json_put_member_cstring(w, "cap", port->cap_name(c->kind));
	put_amount(w, port, "limit", c->cap);
	put_amount(w, port, "used", c->posted_out + c->held_out);
	put_amount(w, port, "left", left(c));
	json_put_member_cstring(w, "resets_at", clock_text(c->until_us, at));
	json_close_object(w);
}

void queue_caps_put(struct json_writer *w, const struct charge_port *port, const struct queue_caps *caps)
{
	if (!caps->count)
		return;
	json_key(w, "caps");
	json_open_array(w);
	for (unsigned i = 0; i < caps->count; i++)
		put_window(w, port, &caps->windows[i]);
	json_close_array(w);
}

void queue_caps_warned(struct queue *q, const struct store_outbox *rows, unsigned count)
{
	queue_outbox_push(q, rows, count);
	for (unsigned i = 0; i < count; i++) {
		struct text account = rows[i].target, kind = { 0 };
		if (text_split(&account, ':', &kind))
			queue_publish(q, account, rows[i].kind, text_range(rows[i].body.at, rows[i].body.len));
	}
}

/* --- a refusal ------------------------------------------------------------------------------------------------ */

struct refusal_look {
	struct queue *queue;
	struct arena *arena;
	int64_t total;
	queue_money_told told;
	void *owner;
};

static void windows_found(void *owner, const struct queue_caps *caps)
{
	struct refusal_look *l = owner;
	const char *why = queue_caps_refusal(l->queue->charge, caps, l->total, l->arena);

	l->told(l->owner, why ? why : "a cap of the account is reached, or its window is not open yet");
}

void queue_money_over_cap(struct queue *q, struct arena *arena, const struct queue_money *money,
			  const struct store_accept *accept, queue_money_told told, void *owner)
{
	struct refusal_look *l = arena_alloc(arena, sizeof(*l));
	const struct charge_payer *payer = &money->decisions[accept->charges[0].recipient - 1].payer;

	*l = (struct refusal_look){ .queue = q, .arena = arena, .told = told, .owner = owner };
	for (unsigned i = 0; i < accept->charges_count; i++)
		l->total += accept->charges[i].amount;
	queue_caps_read(q, arena, payer, windows_found, l);
}
