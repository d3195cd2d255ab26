/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports in memory: whose they are, and those that came before the id they name. */
#include "store/memory_store.h"
#include "store/report_match.h"

void memory_early_keep(struct memory_store *m, const struct store_report *c, int64_t until_us)
{
	for (unsigned i = 0; i < m->early.count; i++) {
		struct memory_early *e = m->early.at[i];
		if (!text_equal(e->peer, c->peer) || !text_equal(e->forms[0], c->wire_ids[0]))
			continue;
		if (c->outcome > e->outcome)
			e->outcome = c->outcome;
		return;
	}
	struct memory_early *e = memory_add(m, &m->early, sizeof(*e));
	*e = (struct memory_early){ .peer = memory_text(m, c->peer),
				    .forms_count = report_forms_kept(c),
				    .source = memory_text(m, c->source),
				    .destination = memory_text(m, c->destination),
				    .sure = report_first_counts(c),
				    .outcome = c->outcome,
				    .until_us = until_us };
	e->forms = arena_alloc(m->keep, e->forms_count * sizeof(*e->forms));
	for (unsigned i = 0; i < e->forms_count; i++)
		e->forms[i] = memory_text(m, c->wire_ids[i]);
}

/* Which form of it that is; forms_count = none. */
static unsigned form_of(const struct memory_early *e, const struct memory_wire *wire)
{
	unsigned n = 0;

	if (!text_equal(e->peer, wire->peer))
		return e->forms_count;
	while (n < e->forms_count && !text_equal(e->forms[n], wire->id))
		n++;
	return n;
}

static bool names(const struct memory_early *e, struct text recipient)
{
	return report_names((struct report_addresses){ e->source, e->destination }, recipient);
}

static int order(struct text a, struct text b)
{
	int c = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

struct choice {
	unsigned at, form;
	bool any, agrees;
};

static bool is_better(const struct memory_store *m, const struct choice *c, const struct choice *than)
{
	const struct memory_early *a = m->early.at[c->at], *b = m->early.at[than->at];

	if (!than->any || c->agrees != than->agrees)
		return !than->any || c->agrees;
	return c->form != than->form ? c->form < than->form : order(a->forms[0], b->forms[0]) < 0;
}

bool memory_early_take(struct memory_store *m, struct memory_wire *wire, struct text recipient)
{
	struct choice best = { 0 };

	for (unsigned i = 0; i < m->early.count; i++) {
		struct memory_early *e = m->early.at[i];
		struct choice one = { i, form_of(e, wire), true, names(e, recipient) };
		if (one.form < e->forms_count && (one.agrees || !one.form) && is_better(m, &one, &best))
			best = one;
	}
	if (!best.any)
		return false;
	struct memory_early *e = m->early.at[best.at];
	if (!best.agrees && !e->sure) {
		if (e->until_us > m->now_us + STORE_EARLY_DOUBT_US)
			e->until_us = m->now_us + STORE_EARLY_DOUBT_US;
		return false;
	}
	if (e->outcome > wire->outcome)
		wire->outcome = e->outcome;
	memory_drop(&m->early, best.at);
	return true;
}

static struct memory_wire *find_wire(struct memory_store *m, const struct store_report *c, bool *first_out)
{
	struct memory_wire *first = memory_wire_find(m, c->peer, c->wire_ids[0]);

	*first_out = first != NULL;
	for (unsigned i = 0; i < c->wire_ids_count; i++) {
		struct memory_wire *wire = memory_wire_find(m, c->peer, c->wire_ids[i]);
		struct memory_row *row = wire ? memory_row_find(m, wire->delivery) : NULL;
		if (row && report_names((struct report_addresses){ c->source, c->destination }, row->row.recipient))
			return wire;
	}
	return report_first_counts(c) ? first : NULL;
}

/* Of one part counts what is reported, of several the worst. */
static void report_of(struct memory_store *m, struct store_report *c, struct memory_wire *wire)
{
	enum store_outcome outcome = c->outcome;

	if (c->outcome > wire->outcome)
		wire->outcome = c->outcome;
	c->id_out = wire->delivery;
	if (wire->parts > 1 && c->outcome > OUTCOME_SENT)
		outcome = memory_wires_outcome(m, wire->delivery);
	struct memory_row *row = memory_row_find(m, wire->delivery);
	if (!row)
		answer_refused(&c->base, STORE_NOT_FOUND, "no such delivery");
	else
		memory_report_apply(m, c, row, outcome);
}

static void report_wire(struct memory_store *m, struct store_report *c)
{
	int64_t doubt = m->now_us + STORE_EARLY_DOUBT_US;
	bool first;
	struct memory_wire *wire = find_wire(m, c, &first);

	if (wire) {
		report_of(m, c, wire);
		return;
	}
	memory_early_keep(m, c, first && doubt < c->keep_until_us ? doubt : c->keep_until_us);
	c->early_out = true;
	answer_done(&c->base);
}

void memory_report(struct memory_store *m, struct store_request *r)
{
	struct store_report *c = (struct store_report *)r;
	struct memory_row *row = c->has_delivery ? memory_row_find(m, c->delivery) : NULL;

	c->early_out = c->final_out = false;
	c->receipts_count_out = 0;
	c->id_out = c->delivery;
	if (!c->has_delivery && !c->wire_ids_count)
		answer_refused(r, STORE_BAD_REQUEST, "a report needs an id");
	else if (!c->has_delivery)
		report_wire(m, c);
	else if (!row)
		answer_refused(r, STORE_NOT_FOUND, "no such delivery");
	else
		memory_report_apply(m, c, row, c->outcome);
}

/* The next that was kept in vain: the oldest, as every driver orders them; count = none. */
static unsigned next_ended(const struct memory_store *m)
{
	unsigned best = m->early.count;

	for (unsigned i = 0; i < m->early.count; i++) {
		const struct memory_early *e = m->early.at[i];
		const struct memory_early *b = best < m->early.count ? m->early.at[best] : NULL;
		if (e->until_us > m->now_us)
			continue;
		int by_peer = b ? order(e->peer, b->peer) : 0;
		if (!b || e->until_us < b->until_us ||
		    (e->until_us == b->until_us && (by_peer < 0 || (!by_peer && order(e->forms[0], b->forms[0]) < 0))))
			best = i;
	}
	return best;
}

unsigned memory_early_expire(struct memory_store *m, unsigned limit, struct arena *arena, struct receipt_list *list)
{
	unsigned ended = 0;

	for (unsigned at; limit-- && (at = next_ended(m)) < m->early.count;) {
		const struct memory_early *e = m->early.at[at];
		struct memory_wire *wire = memory_wire_find(m, e->peer, e->forms[0]);
		struct store_report c = { .arena = arena,
					  .peer = e->peer,
					  .outcome = e->outcome,
					  .trail = trail_early(arena, m->now_us, e->outcome) };
		memory_drop(&m->early, at);
		if (!wire)
			continue;
		report_of(m, &c, wire);
		for (unsigned i = 0; i < c.receipts_count_out; i++)
			receipt_add(list, &c.receipts_out[i], arena);
		ended += c.final_out;
	}
	return ended;
}
