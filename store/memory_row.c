/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deliveries in memory: finding, lanes, leases, reading. */
#include <stdlib.h>

#include "store/memory_store.h"

static unsigned place_of(const struct memory_store *m, struct message_id id)
{
	unsigned from = 0, to = m->rows.count;

	while (from < to) {
		unsigned middle = from + (to - from) / 2;
		const struct memory_row *r = m->rows.at[middle];
		if (memcmp(r->row.id.octets, id.octets, MESSAGE_ID_SIZE) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

struct memory_row *memory_row_find(struct memory_store *m, struct message_id id)
{
	unsigned at = place_of(m, id);
	struct memory_row *r = at < m->rows.count ? m->rows.at[at] : NULL;

	return r && message_id_equal(r->row.id, id) ? r : NULL;
}

struct memory_row *memory_row_add(struct memory_store *m, struct message_id id)
{
	unsigned at = place_of(m, id);
	struct memory_row *r = memory_add(m, &m->rows, sizeof(*r));

	memmove(&m->rows.at[at + 1], &m->rows.at[at], (m->rows.count - 1 - at) * sizeof(*m->rows.at));
	m->rows.at[at] = r;
	r->row.id = id;
	return r;
}

static struct octets copy(struct octets o, struct arena *arena)
{
	return (struct octets){ o.len ? arena_copy(arena, o.at, o.len) : NULL, o.len };
}

struct store_row *memory_row_copy(struct memory_store *m, const struct memory_row *r, struct arena *arena)
{
	struct store_row *row = arena_copy(arena, &r->row, sizeof(*row));

	row->next = NULL;
	row->recipient = arena_text(arena, row->recipient);
	row->route = arena_text(arena, row->route);
	row->bearer = arena_text(arena, row->bearer);
	row->trail = copy(row->trail, arena);
	row->channel = arena_text(arena, row->channel);
	row->sender = arena_text(arena, row->sender);
	row->text = arena_text(arena, row->text);
	row->header = copy(row->header, arena);
	row->worker = row->state == DELIVERY_LEASED ? arena_text(arena, row->worker) : (struct text){ 0 };
	memory_row_money(m, row);
	return row;
}

bool memory_is_at_work(const struct memory_row *r, int64_t epoch)
{
	return r && r->row.epoch == epoch &&
	       (r->row.state == DELIVERY_LEASED || (r->row.state == DELIVERY_WAITING && r->row.doubt));
}

void memory_explain(struct store_request *request, const struct memory_row *r, int64_t epoch)
{
	if (!r)
		answer_refused(request, STORE_NOT_FOUND, "no such delivery");
	else if (r->row.epoch != epoch)
		answer_refused(request, STORE_STALE_EPOCH, "the delivery was claimed again");
	else
		answer_refused(request, STORE_ENDED, "the delivery is not in that state any more");
}

void memory_trail(struct memory_store *m, struct memory_row *r, struct octets events)
{
	if (events.len)
		r->row.trail = trail_with(r->row.trail, events, m->keep);
}

/* In its lane: unfinished, not handed over, not on HOLD. */
static bool is_in(const struct store_row *row, int64_t lane)
{
	return row->has_lane && row->lane == lane && row->state <= DELIVERY_LEASED && row->parked < 2;
}

bool memory_lane_busy(const struct memory_store *m, int64_t lane)
{
	for (unsigned i = 0; i < m->rows.count; i++) {
		if (is_in(&((struct memory_row *)m->rows.at[i])->row, lane))
			return true;
	}
	return false;
}

static struct memory_row *lane_head(const struct memory_store *m, int64_t lane)
{
	for (unsigned i = 0; i < m->rows.count; i++) {
		struct memory_row *r = m->rows.at[i];
		if (is_in(&r->row, lane) && !r->row.parked)
			return r;
	}
	return NULL;
}

void memory_lane_promote(struct memory_store *m, const struct memory_row *left)
{
	if (!left->row.has_lane || lane_head(m, left->row.lane))
		return;
	for (unsigned i = 0; i < m->rows.count; i++) {
		struct memory_row *r = m->rows.at[i];
		if (is_in(&r->row, left->row.lane)) {
			r->row.parked = 0;
			m->promoted = true;
			return;
		}
	}
}

static int by_due_and_id(const void *a, const void *b)
{
	const struct memory_row *x = *(void *const *)a, *y = *(void *const *)b;

	if (x->row.due_us != y->row.due_us)
		return x->row.due_us < y->row.due_us ? -1 : 1;
	return memcmp(x->row.id.octets, y->row.id.octets, MESSAGE_ID_SIZE);
}

static bool is_claimable(const struct memory_store *m, const struct store_claim *c, const struct store_row *row)
{
	return row->state == DELIVERY_WAITING && !row->parked && text_equal(row->route, c->route) &&
	       row->due_us <= m->now_us && row->deadline_us > m->now_us + c->lease_us + c->margin_us;
}

void memory_claim(struct memory_store *m, struct store_request *r)
{
	struct store_claim *c = (struct store_claim *)r;
	void **due = must_alloc((m->rows.count + 1) * sizeof(*due));
	struct store_row **tail = &c->rows_out;
	unsigned n = 0;

	for (unsigned i = 0; i < m->rows.count; i++) {
		if (is_claimable(m, c, &((struct memory_row *)m->rows.at[i])->row))
			due[n++] = m->rows.at[i];
	}
	qsort(due, n, sizeof(*due), by_due_and_id);
	c->rows_out = NULL;
	c->rows_count_out = 0;
	for (unsigned i = 0; i < n && i < c->limit; i++) {
		struct store_row *row = &((struct memory_row *)due[i])->row;
		row->state = DELIVERY_LEASED;
		row->attempt += !row->doubt;
		row->epoch++;
		row->lease_us = m->now_us + c->lease_us;
		row->worker = memory_text(m, c->worker);
		*tail = memory_row_copy(m, due[i], c->arena);
		tail = &(*tail)->next;
		c->rows_count_out++;
	}
	free(due);
	answer_done(r);
}

void memory_renew(struct memory_store *m, struct store_request *r)
{
	struct store_renew *c = (struct store_renew *)r;
	struct memory_row *row = memory_row_find(m, c->id);

	if (!row || row->row.epoch != c->epoch || row->row.state != DELIVERY_LEASED) {
		memory_explain(r, row, c->epoch);
		return;
	}
	if (!memory_renew_allowed(m, c, r))
		return;
	row->row.lease_us = c->lease_until_us;
	if (c->arm_bearer.len)
		row->row.bearer = memory_text(m, c->arm_bearer);
	answer_done(r);
}

static void end_cancelled(struct memory_store *m, struct memory_row *row, struct octets trail)
{
	struct arena *arena = arena_new(4096);
	struct receipt_list list = { 0 };

	memory_end_row(m, row, OUTCOME_CANCELLED, trail, arena, &list);
	arena_free(&arena);
}

/* A waiting head gives way to an older parked row of its lane. */
static void yield(struct memory_store *m, struct memory_row *row)
{
	for (unsigned i = 0; row->row.has_lane && i < m->rows.count && m->rows.at[i] != row; i++) {
		if (!is_in(&((struct memory_row *)m->rows.at[i])->row, row->row.lane))
			continue;
		row->row.parked = 1;
		memory_lane_promote(m, row);
		return;
	}
}

void memory_release(struct memory_store *m, struct store_request *r)
{
	struct store_release *c = (struct store_release *)r;
	struct memory_row *row = memory_row_find(m, c->id);

	c->ended_out = false;
	if (!memory_is_at_work(row, c->epoch)) {
		memory_explain(r, row, c->epoch);
		return;
	}
	c->ended_out = row->row.cancel;
	answer_done(r);
	if (row->row.cancel) {
		end_cancelled(m, row, c->trail);
		return;
	}
	row->row.state = DELIVERY_WAITING;
	row->row.doubt = false;
	row->row.lease_us = 0;
	row->row.due_us = c->due_us;
	row->row.route = memory_text(m, c->route);
	row->row.bearer = memory_text(m, c->bearer);
	memory_trail(m, row, c->trail);
	yield(m, row);
}

void memory_due(struct memory_store *m, struct store_request *r)
{
	struct store_due *c = (struct store_due *)r;
	struct memory_row *row = lane_head(m, c->lane);

	c->moved_out = row && row->row.state == DELIVERY_WAITING && row->row.due_us > c->due_us &&
		       text_equal(row->row.route, c->route) && text_equal(row->row.recipient, c->recipient);
	if (c->moved_out)
		row->row.due_us = c->due_us;
	answer_done(r);
}

static void park(struct memory_store *m, struct memory_row *row, const struct store_hold *c)
{
	row->row.state = DELIVERY_WAITING;
	row->row.parked = 2;
	row->row.lease_us = 0;
	row->row.due_us = c->until_us;
	row->row.route = TEXT_LITERAL("");
	row->keys = arena_alloc(m->keep, (c->keys_count + 1) * sizeof(*row->keys));
	row->keys_count = c->keys_count;
	for (unsigned i = 0; i < c->keys_count; i++)
		row->keys[i] = memory_text(m, c->keys[i]);
	memory_trail(m, row, c->trail);
	memory_settle_all(m, c->id, CHARGE_VOIDED);
	memory_lane_promote(m, row);
}

void memory_hold(struct memory_store *m, struct store_request *r)
{
	struct store_hold *c = (struct store_hold *)r;
	struct memory_row *row = memory_row_find(m, c->id);

	c->ended_out = false;
	if (!row || row->row.epoch != c->epoch || row->row.state > DELIVERY_LEASED) {
		memory_explain(r, row, c->epoch);
		return;
	}
	if (row->row.doubt) {
		answer_refused(r, STORE_DOUBT, "the delivery may have been sent: it cannot wait for a new decision");
		return;
	}
	c->ended_out = row->row.cancel;
	if (row->row.cancel)
		end_cancelled(m, row, c->trail);
	else
		park(m, row, c);
	answer_done(r);
}

static bool decided_same(const struct store_decide *c, const struct memory_row *row)
{
	return row && row->row.state <= DELIVERY_LEASED && row->row.parked < 2 && row->row.epoch == c->epoch &&
	       text_equal(row->row.route, c->route) && text_equal(row->row.bearer, c->bearer);
}

static bool charge_anew(struct memory_store *m, struct store_decide *c, const struct memory_row *row)
{
	if (c->charge->deadline_us < row->row.deadline_us) {
		answer_refused(&c->base, STORE_DEADLINE, "the hold would end before its delivery");
		return false;
	}
	if (!memory_charge_hold(m, c->id, c->charge, &c->base))
		return false;
	struct arena *arena = c->arena ? c->arena : arena_new(1024);
	struct receipt_list warnings = { 0 };
	memory_charge_warn(m, c->id, arena, &warnings);
	if (c->arena) {
		c->warnings_out = warnings.rows;
		c->warnings_count_out = warnings.count;
	} else {
		arena_free(&arena);
	}
	return true;
}

void memory_decide(struct memory_store *m, struct store_request *r)
{
	struct store_decide *c = (struct store_decide *)r;
	struct memory_row *row = memory_row_find(m, c->id);

	c->warnings_count_out = 0;
	if (!row || row->row.epoch != c->epoch || row->row.state != DELIVERY_WAITING || row->row.parked != 2) {
		if (decided_same(c, row))
			answer_repeat(r);
		else
			memory_explain(r, row, c->epoch);
		return;
	}
	if (c->charge && !charge_anew(m, c, row))
		return;
	struct memory_row *head = row->row.has_lane ? lane_head(m, row->row.lane) : NULL;
	bool before = !head || (head->row.state == DELIVERY_WAITING && !head->row.doubt &&
				memcmp(head->row.id.octets, c->id.octets, MESSAGE_ID_SIZE) > 0);
	if (head && before)
		head->row.parked = 1;
	row->row.parked = !before;
	row->row.due_us = c->due_us;
	row->row.route = memory_text(m, c->route);
	row->row.bearer = memory_text(m, c->bearer);
	row->keys_count = 0;
	memory_trail(m, row, c->trail);
	answer_done(r);
}

void memory_in_doubt(struct memory_store *m, struct store_request *r)
{
	struct store_in_doubt *c = (struct store_in_doubt *)r;
	struct memory_row *row = memory_row_find(m, c->id);

	if (row && row->row.epoch == c->epoch && row->row.state == DELIVERY_WAITING && row->row.doubt) {
		answer_repeat(r);
		return;
	}
	if (!row || row->row.epoch != c->epoch || row->row.state != DELIVERY_LEASED) {
		memory_explain(r, row, c->epoch);
		return;
	}
	row->row.state = DELIVERY_WAITING;
	row->row.doubt = true;
	row->row.lease_us = 0;
	row->row.due_us = c->due_us;
	memory_trail(m, row, c->trail);
	answer_done(r);
}
