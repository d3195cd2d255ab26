/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Short messages over GSUP: from phones, to phones, and where they are. */
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/reader.h"
#include "sms/bcd.h"
#include "sms/gsup_internal.h"

#define MSISDN_MAX 32u

/* --- where a phone is
 * --------------------------------------------------------------------------------------------------- */

static struct gsup_phone *find(const struct gsup_server *server, const char *imsi)
{
	return key_table_find(server->phones, text_of(imsi));
}

static struct gsup_phone *find_or_make(struct gsup_server *server, const char *imsi)
{
	struct gsup_phone *p = find(server, imsi);

	if (p)
		return p;
	p = must_alloc(sizeof(*p));
	if (!text_copy(text_of(imsi), p->imsi, sizeof(p->imsi)) || !imsi[0] ||
	    !key_table_add(server->phones, text_of(imsi), p)) {
		gsup_count(server, GSUP_COUNT_FULL);
		free(p);
		return NULL;
	}
	return p;
}

/* Kept as long as its place is known or something is on its way to it. */
static void let_go(struct gsup_server *server, struct gsup_phone *p)
{
	if (p->link || p->flight)
		return;
	(void)key_table_remove(server->phones, text_of(p->imsi));
	free(p);
}

static void forget_place(struct gsup_server *server, const char *imsi, uint64_t link)
{
	struct gsup_phone *p = find(server, imsi);
	char copy[GSUP_IMSI_MAX + 1];

	if (!p || p->link != link)
		return;
	(void)text_copy(text_of(p->imsi), copy, sizeof(copy));
	p->link = 0;
	let_go(server, p);
	server->user->present(server->owner, copy, false, false);
}

void gsup_learn_from_msc(struct gsup_server *server, struct gsup_link *link, const struct gsup *g)
{
	if (g->type == GSUP_PURGE)
		forget_place(server, g->imsi, link->id);
}

/* The digits behind their count, as osmo-hlr writes them, or behind a type of number. */
static bool take_msisdn(struct text value, char to[MSISDN_MAX + 1])
{
	struct reader r = reader_of(value.at, value.len);
	struct writer w = writer_of(to, MSISDN_MAX);

	(void)reader_u8(&r);
	bcd_take_all(&r, &w);
	to[writer_len(&w)] = 0;
	return !r.failed && writer_ok(&w) && writer_len(&w);
}

void gsup_learn_from_hlr(struct gsup_server *server, struct gsup_link *link, const struct gsup *g)
{
	char msisdn[MSISDN_MAX + 1];

	if (g->type == GSUP_LOCATION_CANCEL)
		forget_place(server, g->imsi, link->id);
	if (g->type == GSUP_INSERT_DATA && take_msisdn(g->msisdn, msisdn))
		server->user->number(server->owner, g->imsi, msisdn);
	if (g->type != GSUP_RESULT(GSUP_UPDATE_LOCATION))
		return;
	struct gsup_phone *p = find_or_make(server, g->imsi);
	if (!p)
		return;
	p->link = link->id;
	server->user->present(server->owner, g->imsi, true, false);
}

const char *gsup_server_place(const struct gsup_server *server, const char *imsi)
{
	const struct gsup_phone *p = find(server, imsi);

	for (uint32_t i = 0; p && p->link && i < server->limits.links_max; i++) {
		if (server->links[i].id == p->link)
			return server->links[i].name;
	}
	return NULL;
}

uint32_t gsup_server_phones(const struct gsup_server *server)
{
	return key_table_count(server->phones);
}

static void free_one(void *owner, void *object)
{
	struct gsup_phone *p = object;

	(void)owner;
	free(p->flight);
	free(p);
}

void gsup_phones_free(struct gsup_server *server)
{
	due_heap_clear(&server->flights);
	key_table_each(server->phones, free_one, NULL);
	key_table_free(&server->phones);
}

/* --- to phones
 * ------------------------------------------------------------------------------------------------------------- */

static void end_flight(struct gsup_server *server, struct gsup_phone *p, const struct gsup_end *end)
{
	char imsi[GSUP_IMSI_MAX + 1];

	(void)text_copy(text_of(p->imsi), imsi, sizeof(imsi));
	due_stop(&server->flights, &p->flight->due);
	free(p->flight);
	p->flight = NULL;
	let_go(server, p);
	gsup_count(server, end->outcome == GSUP_DELIVERED ? GSUP_COUNT_DELIVERED : GSUP_COUNT_FAILED);
	server->user->ended(server->owner, imsi, end);
}

static void put_flight(struct gsup_server *server, const struct gsup_link *link, const struct gsup_flight *f)
{
	struct gsup g = { .type = GSUP_MT_FORWARD,
			  .has_reference = true,
			  .reference = f->reference,
			  .destination.kind = GSUP_ADDRESS_IMSI,
			  .originator = { GSUP_ADDRESS_CENTRE, f->centre },
			  .has_tpdu = true,
			  .tpdu = { (const char *)f->tpdu, f->len },
			  .has_more = f->more,
			  .more = f->more,
			  .has_class = true,
			  .class_of = GSUP_CLASS_SMS,
			  .source = text_of(server->name),
			  .destination_name = text_of(link->name) };

	(void)text_copy(text_of(f->phone->imsi), g.imsi, sizeof(g.imsi));
	g.destination.address.len = (uint8_t)strlen(g.imsi);
	memcpy(g.destination.address.text, g.imsi, g.destination.address.len);
	gsup_put_msc(server, link, &g);
}

/* The next MSC to ask: the phone's own, or in turn each that was not asked yet. */
static struct gsup_link *next_link(struct gsup_server *server, struct gsup_flight *f)
{
	uint64_t only = f->search ? 0 : f->phone->link;

	for (uint32_t i = 0; i < server->limits.links_max && i < 64; i++) {
		struct gsup_link *link = &server->links[i];

		if (!link->ready || link->closing || f->tried >> i & 1 || (only && link->id != only))
			continue;
		f->tried |= UINT64_C(1) << i;
		return link;
	}
	return NULL;
}

static bool fly(struct gsup_server *server, struct gsup_flight *f)
{
	struct gsup_link *link = next_link(server, f);

	if (!link)
		return false;
	f->link = link->id;
	due_set(&server->flights, &f->due, server->now_us + server->timers.mt_us);
	put_flight(server, link, f);
	return true;
}

static struct gsup_flight *new_flight(struct gsup_server *server, struct gsup_phone *p,
				      const struct sms_address *centre, struct text tpdu, bool more)
{
	struct gsup_flight *f = must_alloc(sizeof(*f));

	f->phone = p;
	f->search = !p->link;
	f->more = more;
	f->reference = server->next_reference++;
	f->centre = *centre;
	f->len = tpdu.len;
	if (tpdu.len)
		memcpy(f->tpdu, tpdu.at, tpdu.len);
	return f;
}

enum result gsup_server_send(struct gsup_server *server, const char *imsi, const struct sms_address *centre,
			     struct text tpdu, bool more, int64_t now_us)
{
	struct gsup_phone *p;

	server->now_us = now_us;
	if (tpdu.len > RP_TPDU_MAX)
		return ERR_TOO_BIG;
	p = find_or_make(server, imsi);
	if (!p)
		return ERR_FULL;
	if (p->flight)
		return ERR_BUSY;
	p->flight = new_flight(server, p, centre, tpdu, more);
	if (fly(server, p->flight))
		return OK;
	free(p->flight);
	p->flight = NULL;
	let_go(server, p);
	return ERR_CLOSED;
}

/* True when another MSC is asked. */
static bool search_on(struct gsup_server *server, struct gsup_phone *p, const struct gsup *g)
{
	return p->flight->search && !g->has_rp_cause && g->cause == GSUP_CAUSE_IMSI_UNKNOWN && fly(server, p->flight);
}

/* The MR in it is the MSC's own: one message per phone is under way, and the IMSI says which. */
static bool mt_answered(struct gsup_server *server, struct gsup_link *link, const struct gsup *g)
{
	struct gsup_phone *p = find(server, g->imsi);
	struct gsup_end end = { .tpdu = g->tpdu };

	if (!p || !p->flight || p->flight->link != link->id)
		return false;
	if (g->type == GSUP_RESULT(GSUP_MT_FORWARD)) {
		p->link = link->id; /* found, if it had to be searched */
		end.outcome = GSUP_DELIVERED;
	} else if (search_on(server, p, g)) {
		return true;
	} else {
		end.outcome = g->has_rp_cause ? GSUP_REFUSED : GSUP_NETWORK;
		end.cause = g->has_rp_cause ? g->rp_cause : g->cause;
	}
	end_flight(server, p, &end);
	return true;
}

void gsup_flights_run(struct gsup_server *server)
{
	struct due *due;

	while ((due = due_take(&server->flights, server->now_us)))
		end_flight(server, DUE_OWNER(due, struct gsup_flight, due)->phone,
			   &(struct gsup_end){ .outcome = GSUP_NO_ANSWER });
}

struct lost {
	struct gsup_server *server;
	uint64_t link;
};

static void lose_one(void *owner, void *object)
{
	const struct lost *lost = owner;
	struct gsup_phone *p = object;

	if (p->flight && p->flight->link == lost->link) {
		if (p->link == lost->link)
			p->link = 0; /* it will register with whoever comes back; until then it is searched */
		end_flight(lost->server, p, &(struct gsup_end){ .outcome = GSUP_LINK_LOST });
	} else if (p->link == lost->link) {
		p->link = 0;
		let_go(lost->server, p);
	}
}

void gsup_phones_of_link_lost(struct gsup_server *server, uint64_t link)
{
	key_table_each(server->phones, lose_one, &(struct lost){ server, link });
}

/* --- from phones
 * ----------------------------------------------------------------------------------------------------------- */

static struct gsup_answer **answer_at(struct gsup_link *link, const char *imsi, uint8_t reference, uint8_t type)
{
	struct gsup_answer **at = &link->answers;

	while (*at && !((*at)->reference == reference && (*at)->type == type && text_is(text_of(imsi), (*at)->imsi)))
		at = &(*at)->next;
	return at;
}

static void put_answer(struct gsup_server *server, struct gsup_link *link, const struct gsup_answer *a, uint8_t cause)
{
	struct gsup g = { .type = cause ? GSUP_ERROR(a->type) : GSUP_RESULT(a->type),
			  .has_reference = true,
			  .reference = a->reference,
			  .has_rp_cause = cause,
			  .rp_cause = cause,
			  .has_class = true,
			  .class_of = GSUP_CLASS_SMS };

	(void)text_copy(text_of(a->imsi), g.imsi, sizeof(g.imsi));
	if (a->source[0]) {
		g.source = text_of(server->name);
		g.destination_name = text_of(a->source);
	}
	gsup_put_msc(server, link, &g);
}

static void remove_answer(struct gsup_link *link, struct gsup_answer **at)
{
	struct gsup_answer *a = *at;

	*at = a->next;
	link->answers_count--;
	free(a);
}

void gsup_answers_drop(struct gsup_link *link)
{
	while (link->answers)
		remove_answer(link, &link->answers);
}

void gsup_answers_run(struct gsup_server *server, struct gsup_link *link)
{
	for (struct gsup_answer **at = &link->answers; *at;) {
		if ((*at)->until_us <= server->now_us)
			remove_answer(link, at);
		else
			at = &(*at)->next;
	}
}

static struct gsup_answer answer_of(struct gsup_server *server, const struct gsup *g)
{
	struct gsup_answer a = { .reference = g->reference,
				 .type = g->type,
				 .until_us = server->now_us + server->timers.answer_us };

	(void)text_copy(text_of(g->imsi), a.imsi, sizeof(a.imsi));
	(void)text_copy(g->source, a.source, sizeof(a.source));
	return a;
}

static void mo_forward(struct gsup_server *server, struct gsup_link *link, const struct gsup *g)
{
	struct gsup_answer a = answer_of(server, g);
	struct gsup_answer **at = answer_at(link, g->imsi, g->reference, g->type);
	struct gsup_mo mo = { .link = link->id,
			      .imsi = g->imsi,
			      .reference = g->reference,
			      .originator = g->originator.address,
			      .centre = g->destination.address,
			      .memory = !g->has_tpdu,
			      .tpdu = g->tpdu };

	if (*at) /* repeated while we work on it */
		return;
	if (link->answers_count >= server->limits.answers_max) {
		gsup_count(server, GSUP_COUNT_FULL);
		put_answer(server, link, &a, RP_CAUSE_CONGESTION);
		return;
	}
	*at = must_alloc(sizeof(**at));
	**at = a;
	link->answers_count++;
	gsup_count(server, GSUP_COUNT_FROM_PHONES);
	server->user->message(server->owner, &mo);
}

bool gsup_server_answer(struct gsup_server *server, uint64_t id, const char *imsi, uint8_t reference, uint8_t cause,
			int64_t now_us)
{
	struct gsup_link *link = id ? gsup_link_of(server, id) : NULL;

	server->now_us = now_us;
	if (!link)
		return false;
	struct gsup_answer **at = answer_at(link, imsi, reference, GSUP_MO_FORWARD);
	if (!*at)
		return false;
	put_answer(server, link, *at, cause);
	remove_answer(link, at);
	return true;
}

static void ready_for_sm(struct gsup_server *server, struct gsup_link *link, const struct gsup *g)
{
	struct gsup_answer a = answer_of(server, g);
	struct gsup_phone *p = find_or_make(server, g->imsi);

	put_answer(server, link, &a, 0);
	if (p)
		p->link = link->id;
	server->user->present(server->owner, g->imsi, true, g->alert == GSUP_ALERT_MEMORY);
}

bool gsup_is_short_message(uint8_t type)
{
	return type >= GSUP_MO_FORWARD && type <= GSUP_RESULT(GSUP_READY_FOR_SM);
}

bool gsup_short_message(struct gsup_server *server, struct gsup_link *link, const struct gsup *g)
{
	switch (g->type) {
	case GSUP_MO_FORWARD:
		mo_forward(server, link, g);
		return true;
	case GSUP_READY_FOR_SM:
		ready_for_sm(server, link, g);
		return true;
	case GSUP_ERROR(GSUP_MT_FORWARD):
	case GSUP_RESULT(GSUP_MT_FORWARD):
		/* A late one is nobody's, unless it says whose. */
		return mt_answered(server, link, g) || !g->destination_name.len ||
		       text_is(g->destination_name, server->name);
	default:
		return false;
	}
}
