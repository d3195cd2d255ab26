/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the queue knows about one delivery as the facts of route_decide(), its decision, and both in words.
 *
 * Where a link offers RCS the gateway itself is the sender's client, so the sender is ON, and what the link said of the
 * recipient is fresh; of others nothing can be asked. Without such a link the sender has no RCS service. SMPP and
 * Kannel name SMS themselves; what comes by the API may go by SMS only with consent. What the message itself says of
 * that narrows it (queue_terms.h). A phone that writes itself is where its link last said. A message with files is of
 * the class FILE, its text beside them; places and contact cards are not offered by any channel yet.
 */
#include "core/queue_internal.h"
#include "core/queue_quote.h"
#include "core/queue_terms.h"

#define EXPLAIN_MAX 560u

bool queue_link_priced(struct text link)
{
	return !text_starts(link, "webhook:") && !text_starts(link, "esme:");
}

struct text queue_money_text(const struct charge_port *port, int64_t micros, const char *currency, struct arena *arena)
{
	struct writer w = writer_of(arena_alloc(arena, 48), 48);

	port->put_amount(&w, micros);
	writer_printf(&w, " %s", currency);
	return text_range((const char *)w.start, writer_ok(&w) ? writer_len(&w) : 0);
}

/* That of the quote which the message brought, or of the price list. */
static enum result find_price(struct queue *q, const struct message *m, struct text recipient,
			      struct message_id delivery, struct text bearer, struct queue_decision *d)
{
	const struct charge_port *c = q->charge;

	if (m->quote.len)
		return queue_quote_price(q, m, message_id_recipient(delivery), bearer, &d->price);
	return c->price(c->owner, &d->payer, m, recipient, bearer, store_now(q->store), &d->price);
}

static void set_price(struct queue *q, const struct message *m, struct text recipient, struct message_id delivery,
		      struct queue_decision *d)
{
	bool file = d->facts.content == CONTENT_FILE;
	struct text bearer = QUEUE_BEARER;

	if (file)
		bearer = QUEUE_MMS;
	enum result r = find_price(q, m, recipient, delivery, bearer, d);
	d->has_price = r == OK;
	if (r == ERR_TOO_BIG && file)
		d->facts.mms_fit = d->facts.mms_fit == FIT_OK ? FIT_TOO_BIG : d->facts.mms_fit;
	else if (r == ERR_TOO_BIG)
		d->facts.sms_fit = FIT_TOO_BIG;
	else if (r != OK)
		d->facts.price = PRICE_UNKNOWN;
	else if (d->price.amount > d->payer.ceiling)
		d->facts.price = PRICE_ABOVE;
	/* B1: what costs nothing needs no consent. */
	if (d->has_price && !d->price.amount)
		d->facts.consent = CONSENT_ALWAYS;
}

/* The gateway is the client of an application; a phone has its own. */
static void set_sender(struct queue *q, const struct message *m, struct route_facts *f)
{
	enum recipient_state state;

	f->sender = SENDER_ON;
	if (!queue_presence(q, m->sender, &state, &f->roaming) || !m->from_network)
		return;
	if (state != RECIPIENT_ON)
		f->sender = state == RECIPIENT_OFF ? SENDER_OFF : SENDER_NO;
}

/* A link to a file is not offered by SMS. */
static void set_files(struct queue *q, const struct message *m, struct text recipient, struct route_facts *f)
{
	uint64_t octets = message_octets(m);

	f->content = CONTENT_FILE;
	f->sms_fit = FIT_NONE;
	if (!queue_carries_files(q))
		return;
	f->offline_file = q->offline_file;
	f->rcs_fits = octets <= q->rcs_file_max;
	if (queue_presence_mms(q, m, recipient))
		f->mms_fit = octets <= q->mms_max ? FIT_OK : FIT_TOO_BIG;
}

static void set_presence(struct queue *q, const struct message *m, struct text recipient, struct route_facts *f)
{
	bool roaming;

	if (!q->rcs || !q->rcs->up || m->content != MESSAGE_TEXT)
		return;
	set_sender(q, m, f);
	f->offline_text = q->offline_text;
	if (queue_presence(q, recipient, &f->recipient, &roaming) && f->recipient == RECIPIENT_ON)
		f->capability = CAPABILITY_YES;
}

static bool writes_by_rcs(const struct queue *q, const struct message *phones)
{
	enum recipient_state state;
	bool roaming;

	return queue_presence(q, phones->sender, &state, &roaming) && state == RECIPIENT_ON;
}

static void set_facts(struct queue *q, const struct message *m, struct text recipient, enum answer answer,
		      struct message_id delivery, struct queue_decision *d)
{
	d->facts = (struct route_facts){ .sender = SENDER_NO,
					 .recipient = RECIPIENT_UNKNOWN,
					 .freshness = KNOWN_FRESH,
					 .capability = CAPABILITY_NO,
					 .content = CONTENT_TEXT,
					 .query = QUERY_EXHAUSTED,
					 .latch = LATCH_NONE,
					 .charge_class = queue_terms_class(m),
					 .sms_fit = FIT_OK,
					 .mms_fit = FIT_NONE,
					 .consent = d->payer.consent,
					 .answer = answer,
					 .price = PRICE_WITHIN,
					 .rcs_fits = true };
	set_presence(q, m, recipient, &d->facts);
	if (m->files.len)
		set_files(q, m, recipient, &d->facts);
	d->payer.consent = d->facts.consent = queue_terms_consent(d->payer.consent, m, d->facts.roaming);
	/* What a phone without RCS writes came by SMS: its payer named it. */
	if (d->payer.pays && m->from_network && m->choice == CHOICE_CHANNEL && !writes_by_rcs(q, m))
		d->facts.charge_class = CLASS_PAID;
	if (!d->facts.roaming)
		d->payer.caps &= (uint8_t) ~(1u << CHARGE_CAP_ROAMING);
	if (d->payer.pays)
		set_price(q, m, recipient, delivery, d);
	else
		d->facts.consent = CONSENT_ALWAYS;
}

static struct text price_text(struct queue *q, const struct queue_decision *d, struct arena *arena)
{
	if (!d->has_price)
		return d->payer.pays ? (struct text){ 0 } : TEXT_LITERAL("free of charge");
	struct text price = queue_money_text(q->charge, d->price.amount, d->price.currency, arena);
	struct writer w = writer_of(arena_alloc(arena, 128), 128);
	writer_printf(&w, "%.*s %s ", TEXT_ARGS(price), d->price.amount > d->payer.ceiling ? ">" : "<=");
	q->charge->put_amount(&w, d->payer.ceiling);
	return text_range((const char *)w.start, writer_ok(&w) ? writer_len(&w) : 0);
}

void queue_decide(struct queue *q, const struct message *m, struct text recipient, enum answer answer,
		  struct message_id delivery, struct arena *arena, struct queue_decision *d)
{
	struct writer w = writer_of(arena_alloc(arena, EXPLAIN_MAX), EXPLAIN_MAX);

	*d = (struct queue_decision){ 0 };
	q->charge->payer(q->charge->owner, m, &d->payer);
	d->payer.ceiling = queue_terms_ceiling(d->payer.ceiling, m);
	d->payer.said = queue_terms_text(q->charge, m, arena);
	set_facts(q, m, recipient, answer, delivery, d);
	route_decide(&d->facts, &d->route);
	struct route_record record = { .id = delivery,
				       .sequence = answer == ANSWER_NONE ? 1 : 2,
				       .policy = q->charge->policy(q->charge->owner),
				       .price = price_text(q, d, arena) };
	route_explain(&w, &d->facts, &d->route, &record);
	if (d->payer.said.len)
		writer_printf(&w, "; the message says: %.*s", TEXT_ARGS(d->payer.said));
	if (writer_ok(&w))
		d->explain = text_range((const char *)w.start, writer_len(&w));
}

static void put_bearer(struct json_writer *w, const struct queue_decision *d, enum route_bearer bearer)
{
	char room[256];
	struct writer s = writer_of(room, sizeof(room));

	route_explain_bearer(&s, &d->route, bearer);
	json_put_text(w, text_range(room, writer_ok(&s) ? writer_len(&s) : 0));
}

static void put_amount(struct json_writer *w, const struct charge_port *port, const char *name, int64_t micros)
{
	char room[32];
	struct writer s = writer_of(room, sizeof(room));

	port->put_amount(&s, micros);
	json_put_member_text(w, name, text_range(room, writer_len(&s)));
}

void queue_put_decision(struct json_writer *w, const struct charge_port *port, const struct queue_decision *d)
{
	json_put_member_cstring(w, "rule", route_rule_name(d->route.rule));
	json_put_member_text(w, "decision", d->explain);
	json_key(w, "bearers");
	json_open_array(w);
	for (unsigned b = 0; b < ROUTE_BEARER_COUNT; b++)
		put_bearer(w, d, (enum route_bearer)b);
	json_close_array(w);
	bool packet = d->route.outcome == ROUTE_RCS || d->route.outcome == ROUTE_RCS_DEFERRED;
	if (d->has_price && !packet) {
		put_amount(w, port, "price", d->price.amount);
		json_put_member_cstring(w, "currency", d->price.currency);
		json_put_member_int(w, d->facts.content == CONTENT_FILE ? "octets" : "segments", d->price.units);
		json_put_member_int(w, "tariff", d->price.version);
	} else if (packet || !d->payer.pays) {
		json_put_member_cstring(w, "price", "0.00");
	}
}
