/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money as an operator sees it: an account, the ledger's sums, why a message went as it did. */
#include "core/base/clock.h"
#include "core/queue_caps.h"
#include "core/queue_internal.h"

struct money_show {
	struct queue *queue;
	struct holder *holder;
	queue_line_cb line;
	queue_end_cb end;
	void *context;
	struct charge_payer payer;
	const char *payment;
	union {
		struct store_request base;
		struct store_account account;
		struct store_sums sums;
		struct store_message_get get;
	} request;
};

#define SAY(job, ...) (job)->line((job)->context, arena_printf((job)->holder->arena, __VA_ARGS__))

static void job_end(struct money_show *j)
{
	struct holder *h = j->holder;

	j->end(j->context);
	queue_release_holder(j->queue, &h);
}

static struct text amount(struct money_show *j, int64_t micros, const char *currency)
{
	return queue_money_text(j->queue->charge, micros, currency, j->holder->arena);
}

static void say_amount(struct money_show *j, const char *name, int64_t micros)
{
	SAY(j, "%-12s %.*s", name, TEXT_ARGS(amount(j, micros, j->payer.currency)));
}

static void got_caps(void *owner, const struct queue_caps *caps)
{
	struct money_show *j = owner;
	char at[CLOCK_TEXT_SIZE];

	for (unsigned i = 0; i < caps->count; i++) {
		const struct store_cap *c = &caps->windows[i];
		SAY(j, "cap %-8s %.*s, used %.*s, left %.*s, until %s", j->queue->charge->cap_name(c->kind),
		    TEXT_ARGS(amount(j, c->cap, caps->currency)),
		    TEXT_ARGS(amount(j, c->posted_out + c->held_out, caps->currency)),
		    TEXT_ARGS(amount(j, c->cap - c->posted_out - c->held_out, caps->currency)),
		    clock_text(c->until_us, at));
	}
	job_end(j);
}

static void got_account(struct store_request *r)
{
	struct money_show *j = r->owner;
	const struct store_account *a = &j->request.account;

	queue_asked_done(j->queue);
	if (r->answer == STORE_DONE) {
		SAY(j, "%-12s %s", "payment", j->payment);
		say_amount(j, "balance", a->posted_out);
		say_amount(j, "held", a->held_out);
		if (j->payer.online) {
			SAY(j, "%-12s known to the charging system alone", "available");
		} else {
			say_amount(j, "credit", a->credit);
			say_amount(j, "available", a->posted_out + a->credit - a->held_out);
		}
		say_amount(j, "ceiling", j->payer.ceiling);
		SAY(j, "%-12s %s", "consent", consent_name(j->payer.consent));
		queue_caps_read(j->queue, j->holder->arena, &j->payer, got_caps, j);
		return;
	} else {
		SAY(j, "the account cannot be read now: %s", r->why ? r->why : "try again");
	}
	job_end(j);
}

static void show_account(struct money_show *j, struct text name)
{
	const struct charge_port *c = j->queue->charge;
	int64_t credit;

	if (!j->queue->priced) {
		SAY(j, "billing is not configured: nothing is priced");
	} else if (!c->account(c->owner, name, &j->payer, &j->payment, &credit)) {
		SAY(j, "no account has that name");
	} else if (!j->payer.pays) {
		SAY(j, "%-12s %s: the operator pays", "payment", j->payment);
	} else {
		j->request.account.arena = j->holder->arena;
		memcpy(j->request.account.id, j->payer.account_id, sizeof(j->request.account.id));
		queue_ask_store(j->queue, &j->request.base, STORE_ACCOUNT_GET, got_account, j);
		return;
	}
	job_end(j);
}

static void say_currency(struct money_show *j, const struct store_currency_sum *s)
{
	bool zero = !s->entries_sum;

	SAY(j, "%s", s->currency);
	SAY(j, "  entries sum      %.*s%s", TEXT_ARGS(amount(j, s->entries_sum, s->currency)),
	    zero ? "" : "  NOT ZERO");
	SAY(j, "  payers' balances %.*s", TEXT_ARGS(amount(j, s->payers_posted, s->currency)));
	SAY(j, "  by their entries %.*s%s", TEXT_ARGS(amount(j, s->payers_entries, s->currency)),
	    s->payers_entries == s->payers_posted ? "" : "  DIFFERENT");
	SAY(j, "  payers' held     %.*s", TEXT_ARGS(amount(j, s->payers_held, s->currency)));
	SAY(j, "  by their charges %.*s%s", TEXT_ARGS(amount(j, s->charges_held, s->currency)),
	    s->payers_held == s->charges_held ? "" : "  DIFFERENT");
}

static void got_sums(struct store_request *r)
{
	struct money_show *j = r->owner;
	const struct store_sums *s = &j->request.sums;

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE) {
		SAY(j, "the store cannot be read now: %s", r->why ? r->why : "try again");
	} else {
		for (unsigned i = 0; j->queue->charge && i < s->currencies_out; i++)
			say_currency(j, &s->by_currency_out[i]);
		SAY(j, "records          %lld", (long long)s->cdr_seq_out);
		SAY(j, "ledger           %s",
		    s->sound_out ? "sound" : "NOT SOUND: stop priced sending, compare the sums");
	}
	job_end(j);
}

static void say_decision(struct money_show *j, const struct store_row *row)
{
	struct reader r = reader_of(row->trail.at, row->trail.len);
	struct trail_event e;
	char id[MESSAGE_ID_TEXT_SIZE], at[CLOCK_TEXT_SIZE];

	SAY(j, "%s", message_id_text(row->id, id));
	while (trail_take(&r, &e)) {
		if (e.code == TRAIL_DECIDED || e.code == TRAIL_HELD || e.code == TRAIL_CHARGED ||
		    e.code == TRAIL_REFUNDED)
			SAY(j, "  %s  %-10s %.*s", clock_text(e.at_us, at), trail_code_name(e.code),
			    TEXT_ARGS(e.detail));
	}
	if (!row->currency.len || !j->queue->charge) {
		SAY(j, "  nothing was charged");
		return;
	}
	const char *currency = arena_cstring(j->holder->arena, row->currency);
	SAY(j, "  held %.*s  posted %.*s  refunded %.*s  tariff %lld",
	    TEXT_ARGS(amount(j, row->has_charge ? row->charge_amount : 0, currency)),
	    TEXT_ARGS(amount(j, row->charge_posted, currency)), TEXT_ARGS(amount(j, row->charge_refunded, currency)),
	    (long long)row->charge_version);
}

static void got_message(struct store_request *r)
{
	struct money_show *j = r->owner;

	queue_asked_done(j->queue);
	if (r->answer != STORE_DONE || !j->request.get.rows_out)
		SAY(j, "no such message");
	for (struct store_row *row = r->answer == STORE_DONE ? j->request.get.rows_out : NULL; row; row = row->next)
		say_decision(j, row);
	job_end(j);
}

static void show_decision(struct money_show *j, struct text id)
{
	j->request.get.arena = j->holder->arena;
	if (!message_id_parse(id, &j->request.get.id)) {
		SAY(j, "an id is 28 or 32 hexadecimal digits, as the answer to the sender showed it");
		job_end(j);
		return;
	}
	queue_ask_store(j->queue, &j->request.base, STORE_MESSAGE_GET, got_message, j);
}

bool queue_money_show(struct queue *q, struct text words, queue_line_cb line, queue_end_cb end, void *context)
{
	struct text word = { 0 }, rest = words;

	(void)text_split(&rest, ' ', &word);
	if (!text_is(word, "account") && !text_is(word, "ledger") && !text_is(word, "decision"))
		return false;
	struct holder *h = queue_holder(q);
	struct money_show *j = arena_alloc(h->arena, sizeof(*j));
	*j = (struct money_show){ .queue = q, .holder = h, .line = line, .end = end, .context = context };
	if (text_is(word, "account"))
		show_account(j, text_trim(rest));
	else if (text_is(word, "decision"))
		show_decision(j, text_trim(rest));
	else
		queue_ask_store(q, &j->request.base, STORE_SUMS, got_sums, j);
	return true;
}
