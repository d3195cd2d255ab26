/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prices, holds and permits for the queue. */
#include "billing/charge.h"

#include <stdlib.h>

#include "billing/charge_internal.h"
#include "billing/ledger.h"
#include "billing/ro.h"
#include "core/screen.h"

#define PROOF_MAX 400u

static bool is_on(void *owner)
{
	const struct billing *b = owner;

	return b->rules != NULL;
}

static uint32_t policy(void *owner)
{
	const struct billing *b = owner;

	return b->policy;
}

static void payer_of(void *owner, const struct message *m, struct charge_payer *out)
{
	const struct billing *b = owner;
	const struct payer *p = b->rules ? rules_payer(b->rules, m->account) : NULL;

	*out = (struct charge_payer){ .name = m->account, .consent = CONSENT_ALWAYS, .ceiling = INT64_MAX };
	if (p)
		*out = p->payer;
	/* What a phone sends was paid to its own network, unless an account of ours has its number. */
	bool own = true;
	if (m->from_network) {
		p = b->rules ? rules_payer_of_number(b->rules, m->sender) : NULL;
		own = p != NULL;
		if (p)
			*out = p->payer;
	}
	/* B17 */
	if (m->emergency || !own || screen_is_notice(m))
		out->pays = false;
}

static int64_t units(void *owner, const struct message *m)
{
	const struct billing *b = owner;
	int64_t n = m->files.len ? (int64_t)message_octets(m) : b->segments(m);

	return n > 0 ? n : 1;
}

/* A message with files counts by its size: "octet", "kilobyte" of 1024 begun, or as one "message". */
static unsigned measure_files(const struct message *m, struct tariff_measure out[TARIFF_MEASURES])
{
	int64_t octets = (int64_t)message_octets(m);

	out[0] = (struct tariff_measure){ TEXT_LITERAL("octet"), octets };
	out[1] = (struct tariff_measure){ TEXT_LITERAL("kilobyte"), (octets + 1023) / 1024 };
	out[2] = (struct tariff_measure){ TEXT_LITERAL("message"), 1 };
	return 3;
}

static enum result measure(const struct billing *b, const struct message *m, struct tariff_measure out[TARIFF_MEASURES],
			   unsigned *count_out, int64_t *segments_out)
{
	if (m->files.len) {
		*count_out = measure_files(m, out);
		*segments_out = out[0].units;
		return OK;
	}
	*segments_out = b->segments(m);
	if (*segments_out < 1)
		return ERR_TOO_BIG;
	if (m->content == MESSAGE_TEXT) {
		*count_out = tariff_measure_text(m->body, *segments_out, out);
		return OK;
	}
	out[0] = (struct tariff_measure){ TEXT_LITERAL("segment"), *segments_out };
	out[1] = (struct tariff_measure){ TEXT_LITERAL("message"), 1 };
	*count_out = 2;
	return OK;
}

static enum result price(void *owner, const struct charge_payer *payer, const struct message *m, struct text recipient,
			 struct text bearer, int64_t now_us, struct charge_price *out)
{
	const struct billing *b = owner;
	struct tariff_measure measures[TARIFF_MEASURES];
	struct tariff_price p;
	unsigned count = 0;
	int64_t segments = 0;

	*out = (struct charge_price){ 0 };
	const struct tariff_version *v = b->rules && !b->conflict ? tariff_at(b->rules->tariff, now_us) : NULL;
	if (!v || memcmp(v->currency, payer->currency, CURRENCY_SIZE) != 0)
		return ERR_NOT_FOUND;
	enum result r = measure(b, m, measures, &count, &segments);
	if (r == OK)
		r = tariff_price_in(v, bearer, m->network, recipient, measures, count, &p);
	if (r != OK)
		return r;
	*out = (struct charge_price){
		.version = v->id, .units = segments, .amount = p.total, .tax_ppm = p.tax_ppm, .pay_on = p.pay_on
	};
	memcpy(out->currency, v->currency, CURRENCY_SIZE);
	return OK;
}

/* What the payer agreed to: the record of a standing consent given by configuration, and what came with the
 * message. */
static struct octets proof_of(const struct charge_payer *payer, struct arena *arena)
{
	struct writer w = writer_of(arena_alloc(arena, PROOF_MAX), PROOF_MAX);

	writer_printf(&w, "account %.*s: consent %s, at most ", TEXT_ARGS(payer->name), consent_name(payer->consent));
	amount_print(&w, payer->ceiling);
	if (payer->said.len)
		writer_printf(&w, "; the message: %.*s", TEXT_ARGS(payer->said));
	return (struct octets){ w.start, writer_ok(&w) ? writer_len(&w) : 0 };
}

static bool charge(void *owner, const struct charge_payer *payer, const struct charge_price *price_of,
		   struct text bearer, uint16_t recipient, int64_t now_us, int64_t deadline_us, struct arena *arena,
		   struct store_charge *out)
{
	const struct billing *b = owner;
	struct ledger_charge_room *room = arena_alloc(arena, sizeof(*room));
	struct ledger_terms terms = { .recipient = recipient, .deadline_us = deadline_us };
	struct quote q = { .version = price_of->version,
			   .max_amount = price_of->amount,
			   .given_us = now_us,
			   .until_us = now_us + b->rules->quote_valid_us,
			   .lines_count = 1 };

	if (!payer->pays)
		return false;
	memcpy(q.account_id, payer->account_id, sizeof(q.account_id));
	memcpy(q.currency, price_of->currency, CURRENCY_SIZE);
	q.lines[0] = (struct quote_line){ .units = price_of->units,
					  .total = price_of->amount,
					  .tax_ppm = price_of->tax_ppm,
					  .pay_on = price_of->pay_on };
	if (!text_copy(bearer, q.lines[0].bearer, sizeof(q.lines[0].bearer)))
		return false;
	terms.proof = proof_of(payer, arena);
	terms.caps = billing_caps_of(payer, arena, &terms.caps_count);
	return ledger_charge(&q, &terms, room, out);
}

static struct charge_end finish(enum store_outcome outcome, int64_t held)
{
	struct ledger_end end = ledger_finish(outcome, held, held);

	return (struct charge_end){ .post = end.post, .amount = end.amount, .operator_bears = end.operator_bears };
}

static void put_permit(struct writer *w, const struct charge_permit *p)
{
	struct permit_terms terms = { .delivery = p->delivery,
				      .bearer = p->bearer,
				      .attempt = p->attempt,
				      .epoch = p->epoch,
				      .units = p->units,
				      .price = p->price,
				      .not_after_us = p->not_after_us };

	permit_put(w, &terms);
}

static bool take_amount(struct text t, int64_t *out)
{
	return amount_parse(t, true, out) == OK;
}

static bool account(void *owner, struct text name, struct charge_payer *out, const char **payment, int64_t *credit)
{
	static const char *const words[] = { "prepaid", "postpaid", "free", "online" };
	const struct billing *b = owner;
	const struct payer *p = b->rules ? rules_payer(b->rules, name) : NULL;

	if (!p)
		return false;
	*out = p->payer;
	*payment = words[p->payment];
	*credit = p->credit;
	return true;
}

static void notice(void *owner, struct charge_notice *out)
{
	const struct billing *b = owner;

	*out = b->rules ? b->rules->notice : (struct charge_notice){ 0 };
}

static void online(void *owner, struct charge_online *out)
{
	const struct billing *b = owner;

	*out = b->rules ? b->rules->online : (struct charge_online){ 0 };
}

static void session(void *owner, struct message_id delivery, int64_t attempt, struct writer *w)
{
	const struct billing *b = owner;

	if (b->rules)
		ro_session_id(w, b->rules->identity, delivery, 0, attempt);
}

struct billing *billing_new(billing_segments segments)
{
	struct billing *b = must_alloc(sizeof(*b));

	b->segments = segments;
	atomic_init(&b->on, false);
	pthread_mutex_init(&b->lock, NULL);
	b->port = (struct charge_port){ .owner = b,
					.on = is_on,
					.policy = policy,
					.payer = payer_of,
					.units = units,
					.price = price,
					.quote = billing_quote,
					.quoted = billing_quoted,
					.charge = charge,
					.finish = finish,
					.permit = put_permit,
					.cdr = billing_cdr,
					.refund_cdr = billing_refund_cdr,
					.fund_cdr = billing_fund_cdr,
					.put_amount = amount_print,
					.take_amount = take_amount,
					.account = account,
					.notice = notice,
					.turn = billing_caps_turn,
					.cap_name = billing_cap_name,
					.cap_warning = billing_cap_warning,
					.online = online,
					.session = session };
	return b;
}

void billing_free(struct billing **billing)
{
	if (*billing)
		rules_free(&(*billing)->rules);
	if (*billing)
		pthread_mutex_destroy(&(*billing)->lock);
	free(*billing);
	*billing = NULL;
}

const struct charge_port *billing_port(struct billing *b)
{
	return &b->port;
}

bool billing_idle(const struct billing *b)
{
	return !b->asked;
}

enum result billing_check(const struct config *config, const char **why_out)
{
	struct rules *rules = NULL;
	enum result r = rules_new(config, &rules, why_out);

	rules_free(&rules);
	return r;
}

void billing_switch(struct billing *b, const struct config *config, struct store *store)
{
	const char *why = "";
	struct rules *rules = NULL;

	if (rules_new(config, &rules, &why) != OK)
		return; /* checked before */
	pthread_mutex_lock(&b->lock);
	rules_free(&b->rules);
	b->rules = rules;
	pthread_mutex_unlock(&b->lock);
	b->store = store;
	b->policy++;
	b->conflict = false;
	atomic_store(&b->on, rules != NULL);
	if (!rules)
		return;
	billing_publish(b, store);
	billing_caps_publish(b);
	billing_key(b, store);
}
