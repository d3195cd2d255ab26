/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How deliveries in memory end: finish, report, cancel, expire. */
#include "core/trail.h"
#include "store/memory_store.h"

static void tell_end(struct memory_store *m, const struct memory_row *r, enum store_outcome outcome,
		     const struct store_row *before, bool ended_before, struct arena *arena, struct receipt_list *list)
{
	struct store_outbox o = { 0 };

	if (!m->policy)
		return;
	struct store_row *row = memory_row_copy(m, r, arena);
	row->ended_before = ended_before;
	row->refunded_before = before->charge_refunded;
	if (m->policy->receipt && m->policy->receipt(m->policy->owner, row, outcome, m->now_us, arena, &o)) {
		memory_outbox_put(m, &o);
		receipt_add(list, &o, arena);
	}
	if (m->policy->cdr)
		memory_cdr_put(m, row->id, 0, m->policy->cdr(m->policy->owner, row, outcome, m->now_us, arena));
	int64_t back = row->charge_refunded - row->refunded_before;
	if (m->policy->refund_cdr && back > 0)
		memory_cdr_put(m, row->id, 0, m->policy->refund_cdr(m->policy->owner, row, back, m->now_us, arena));
}

void memory_end_row(struct memory_store *m, struct memory_row *r, enum store_outcome outcome, struct octets trail,
		    struct arena *arena, struct receipt_list *list)
{
	bool ended_before = r->row.state == DELIVERY_FINISHED;
	const struct store_row *before = memory_row_copy(m, r, arena);

	memory_end_money(m, r->row.id, outcome);
	r->row.state = DELIVERY_FINISHED;
	r->row.parked = 0;
	r->row.outcome = outcome;
	r->row.final_us = m->now_us;
	r->row.lease_us = 0;
	r->row.doubt = false;
	r->keys_count = 0;
	memory_trail(m, r, trail);
	memory_lane_promote(m, r);
	tell_end(m, r, outcome, before, ended_before, arena, list);
}

struct memory_wire *memory_wire_find(const struct memory_store *m, struct text peer, struct text id)
{
	for (unsigned i = 0; i < m->wires.count; i++) {
		struct memory_wire *wire = m->wires.at[i];
		if (text_equal(wire->peer, peer) && text_equal(wire->id, id))
			return wire;
	}
	return NULL;
}

/* The worst outcome of a delivery's segments once all are in. */
enum store_outcome memory_wires_outcome(const struct memory_store *m, struct message_id id)
{
	enum store_outcome worst = OUTCOME_NONE;

	for (unsigned i = 0; i < m->wires.count; i++) {
		const struct memory_wire *wire = m->wires.at[i];
		if (!message_id_equal(wire->delivery, id))
			continue;
		if (wire->outcome <= OUTCOME_SENT)
			return OUTCOME_NONE;
		if (worst == OUTCOME_NONE || wire->outcome < worst)
			worst = wire->outcome;
	}
	return worst;
}

/* Another delivery that has a wire id keeps it. */
static void take_wires(struct memory_store *m, struct store_finish *f, struct text recipient)
{
	for (unsigned i = 0; i < f->wires_count; i++) {
		if (memory_wire_find(m, f->peer, f->wires[i].id))
			continue;
		struct memory_wire *wire = memory_add(m, &m->wires, sizeof(*wire));
		wire->peer = memory_text(m, f->peer);
		wire->id = memory_text(m, f->wires[i].id);
		wire->delivery = f->id;
		wire->parts = f->wires_count;
		wire->until_us = f->wires_until_us;
		f->early_report_out |= memory_early_take(m, wire, recipient);
	}
}

static void finish_again(struct memory_store *m, struct store_finish *f, const struct memory_row *row)
{
	const struct memory_charge *c = memory_charge_first(m, f->id);

	if (!row || row->row.epoch != f->epoch || row->row.state < DELIVERY_FINISHED) {
		memory_explain(&f->base, row, f->epoch);
		return;
	}
	f->outcome_out = row->row.outcome;
	bool same = !c || c->state == CHARGE_HELD || c->posted == (f->post ? f->amount : 0);
	if (row->row.outcome >= f->outcome && same)
		answer_repeat(&f->base);
	else
		answer_conflict(&f->base, "the delivery ended another way");
}

static void apply_early(struct memory_store *m, struct store_finish *f, struct memory_row *row)
{
	enum store_outcome early = memory_wires_outcome(m, f->id);
	struct receipt_list list = { 0 };

	if (f->await_until_us <= 0 || early <= OUTCOME_SENT)
		return;
	memory_end_row(m, row, early, trail_early(f->arena, m->now_us, early), f->arena, &list);
	f->outcome_out = early;
	f->receipts_out = list.rows;
	f->receipts_count_out = list.count;
}

static void put_end(struct memory_store *m, const struct store_finish *f, struct memory_row *row)
{
	bool waits = f->await_until_us > 0;

	row->row.state = waits ? DELIVERY_HANDED_OVER : DELIVERY_FINISHED;
	row->row.doubt = false;
	row->row.lease_us = waits ? f->await_until_us : 0;
	row->row.outcome = f->outcome;
	row->row.final_us = waits ? 0 : m->now_us;
	memory_trail(m, row, f->trail);
	memory_lane_promote(m, row);
}

void memory_finish(struct memory_store *m, struct store_request *r)
{
	struct store_finish *f = (struct store_finish *)r;
	struct memory_row *row = memory_row_find(m, f->id);

	f->early_report_out = false;
	f->receipts_out = NULL;
	f->receipts_count_out = 0;
	if (!memory_is_at_work(row, f->epoch)) {
		finish_again(m, f, row);
		return;
	}
	if (!memory_finish_allowed(m, f)) {
		answer_refused(r, STORE_TOO_MUCH, "more than is held");
		return;
	}
	put_end(m, f, row);
	memory_finish_money(m, f);
	for (unsigned i = 0; i < f->outbox_count; i++)
		memory_outbox_put(m, &f->outbox[i]);
	memory_cdr_put(m, f->id, 0, f->cdr);
	f->outcome_out = f->outcome;
	take_wires(m, f, row->row.recipient);
	if (f->early_report_out)
		apply_early(m, f, row);
	answer_done(r);
}

void memory_report_apply(struct memory_store *m, struct store_report *c, struct memory_row *row,
			 enum store_outcome outcome)
{
	struct receipt_list list = { 0 };

	if (outcome <= OUTCOME_SENT) {
		memory_trail(m, row, c->trail);
		answer_done(&c->base);
	} else if (row->row.state == DELIVERY_FINISHED && row->row.outcome == outcome) {
		answer_repeat(&c->base);
	} else if (row->row.state == DELIVERY_FINISHED && outcome < row->row.outcome) {
		answer_conflict(&c->base, "the delivery ended another way");
	} else {
		memory_end_row(m, row, outcome, c->trail, c->arena, &list);
		c->final_out = true;
		c->receipts_out = list.rows;
		c->receipts_count_out = list.count;
		answer_done(&c->base);
	}
}

static enum store_cancel_result cancel_row(struct memory_store *m, struct store_cancel *c, struct memory_row *row,
					   struct receipt_list *list)
{
	if (row->row.state >= DELIVERY_FINISHED)
		return CANCEL_TOO_LATE;
	if (row->row.state == DELIVERY_WAITING && !row->row.doubt) {
		memory_end_row(m, row, OUTCOME_CANCELLED, c->trail, c->arena, list);
		return CANCEL_ENDED;
	}
	if (!row->row.cancel)
		memory_trail(m, row, c->trail);
	row->row.cancel = true;
	return CANCEL_IN_FLIGHT;
}

static bool is_named(const struct store_cancel *c, const struct store_row *row)
{
	struct message_id id = message_id_recipient(c->id) ? row->id : message_id_of_delivery(row->id);

	return message_id_equal(id, c->id) &&
	       (!c->only_account || !memcmp(row->account_id, c->account_id, sizeof(c->account_id)));
}

void memory_cancel(struct memory_store *m, struct store_request *r)
{
	struct store_cancel *c = (struct store_cancel *)r;
	struct receipt_list list = { 0 };
	bool found = false;

	c->result_out = CANCEL_TOO_LATE;
	for (unsigned i = 0; i < m->rows.count; i++) {
		struct memory_row *row = m->rows.at[i];
		if (!is_named(c, &row->row))
			continue;
		enum store_cancel_result one = cancel_row(m, c, row, &list);
		found = true;
		if (one < c->result_out)
			c->result_out = one;
	}
	c->receipts_out = list.rows;
	c->receipts_count_out = list.count;
	if (found)
		answer_done(r);
	else
		answer_refused(r, STORE_NOT_FOUND, "no such message");
}

static void run_out(struct memory_store *m, struct store_expire *c, struct memory_row *row, struct receipt_list *list)
{
	if (row->row.state == DELIVERY_LEASED) {
		row->row.state = DELIVERY_WAITING;
		row->row.doubt = true;
		row->row.lease_us = 0;
		row->row.due_us = m->now_us;
		memory_trail(m, row, trail_one(c->arena, m->now_us, TRAIL_IN_DOUBT, "the lease ran out"));
		c->doubted_out++;
		return;
	}
	memory_end_row(m, row, OUTCOME_UNKNOWN, trail_one(c->arena, m->now_us, TRAIL_UNKNOWN_END, "no report came"),
		       c->arena, list);
	c->ended_out++;
}

void memory_expire(struct memory_store *m, struct store_request *r)
{
	struct store_expire *c = (struct store_expire *)r;
	struct receipt_list list = { 0 };
	unsigned leases = 0, ends = 0;

	c->doubted_out = 0;
	c->ended_out = 0;
	c->reported_out = memory_early_expire(m, c->limit, c->arena, &list);
	for (unsigned i = 0; i < m->rows.count && leases < c->limit; i++) {
		struct memory_row *row = m->rows.at[i];
		if (row->row.lease_us > 0 && row->row.lease_us <= m->now_us) {
			run_out(m, c, row, &list);
			leases++;
		}
	}
	for (unsigned i = 0; i < m->rows.count && ends < c->limit; i++) {
		struct memory_row *row = m->rows.at[i];
		if (row->row.state != DELIVERY_WAITING || row->row.deadline_us > m->now_us)
			continue;
		bool doubt = row->row.doubt;
		enum trail_code code = doubt ? TRAIL_UNKNOWN_END : TRAIL_EXPIRED;
		memory_end_row(m, row, doubt ? OUTCOME_UNKNOWN : OUTCOME_EXPIRED,
			       trail_one(c->arena, m->now_us, code, "validity ended"), c->arena, &list);
		c->ended_out++;
		ends++;
	}
	c->receipts_out = list.rows;
	c->receipts_count_out = list.count;
	answer_done(r);
}
