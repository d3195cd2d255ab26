/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How deliveries in memory begin: a message and all of its deliveries, or none. */
#include "store/memory_store.h"

static struct memory_idem *find_key(struct memory_store *m, const uint8_t key[16])
{
	for (unsigned i = 0; i < m->idem.count; i++) {
		struct memory_idem *idem = m->idem.at[i];
		if (!memcmp(idem->key, key, sizeof(idem->key)))
			return idem;
	}
	return NULL;
}

static void recall(struct store_accept *a)
{
	for (unsigned i = 0; i < a->deliveries_count; i++) {
		a->deliveries[i].id_out = message_id_delivery(a->id_out, (uint16_t)(i + 1));
		a->deliveries[i].leased_out = false;
		a->deliveries[i].epoch_out = 0;
	}
	answer_repeat(&a->base);
}

static bool same_octets(const void *a, size_t a_len, const void *b, size_t b_len)
{
	return a_len == b_len && (!a_len || !memcmp(a, b, a_len));
}

static bool seen_before(struct memory_store *m, struct store_accept *a)
{
	struct memory_idem *idem = a->has_key ? find_key(m, a->key) : NULL;
	struct memory_row *row = memory_row_find(m, message_id_delivery(a->id, 1));

	if (idem && memcmp(idem->body_hash, a->body_hash, sizeof(a->body_hash))) {
		answer_conflict(&a->base, "this idempotency key was used for another message");
	} else if (idem) {
		a->id_out = idem->message;
		a->answer_out =
			(struct octets){ arena_copy(a->arena, idem->answer.at, idem->answer.len), idem->answer.len };
		recall(a);
	} else if (row) {
		bool same = text_equal(row->row.sender, a->sender) && !memcmp(row->row.account_id, a->account_id, 16) &&
			    same_octets(row->row.header.at, row->row.header.len, a->header.at, a->header.len) &&
			    (!row->row.text.at || text_equal(row->row.text, a->text));
		a->id_out = a->id;
		if (same && !a->has_key)
			recall(a);
		else
			answer_conflict(&a->base, "this message id was used for another message");
	}
	return idem || row;
}

static bool hold_one(struct memory_store *m, struct store_accept *a, const struct store_charge *c)
{
	a->failed_recipient_out = c->recipient;
	if (!c->recipient || c->recipient > a->deliveries_count || a->deliveries[c->recipient - 1].on_hold) {
		answer_refused(&a->base, STORE_BAD_REQUEST, "a charge names no recipient that is sent to now");
		return false;
	}
	if (c->deadline_us < a->deliveries[c->recipient - 1].deadline_us) {
		answer_refused(&a->base, STORE_DEADLINE, "the hold would end before its delivery");
		return false;
	}
	return memory_charge_hold(m, message_id_delivery(a->id, c->recipient), c, &a->base);
}

static bool hold_all(struct memory_store *m, struct store_accept *a)
{
	a->warnings_count_out = 0;
	for (unsigned i = 0; i < a->charges_count; i++) {
		if (hold_one(m, a, &a->charges[i]))
			continue;
		while (i-- > 0)
			memory_charge_undo(m);
		return false;
	}
	struct receipt_list warnings = { 0 };
	a->failed_recipient_out = 0;
	for (unsigned i = 0; i < a->charges_count; i++)
		memory_charge_warn(m, message_id_delivery(a->id, a->charges[i].recipient), a->arena, &warnings);
	a->warnings_out = warnings.rows;
	a->warnings_count_out = warnings.count;
	return true;
}

static void put_delivery(struct memory_store *m, struct store_accept *a, struct store_new_delivery *d, uint16_t number)
{
	bool parked = d->has_lane && !d->on_hold && memory_lane_busy(m, d->lane);

	d->id_out = message_id_delivery(a->id, number);
	struct memory_row *r = memory_row_add(m, d->id_out);
	d->leased_out = d->lease_until_us > 0 && !parked && !d->on_hold;
	d->epoch_out = d->leased_out;
	r->row = (struct store_row){ .id = d->id_out,
				     .recipient = memory_text(m, d->recipient),
				     .route = d->on_hold ? TEXT_LITERAL("") : memory_text(m, d->route),
				     .bearer = memory_text(m, d->bearer),
				     .has_lane = d->has_lane,
				     .lane = d->has_lane ? d->lane : 0,
				     .state = d->leased_out ? DELIVERY_LEASED : DELIVERY_WAITING,
				     .parked = d->on_hold ? 2 : parked,
				     .attempt = d->epoch_out,
				     .epoch = d->epoch_out,
				     .due_us = d->on_hold ? d->hold_until_us : d->due_us,
				     .deadline_us = d->deadline_us,
				     .lease_us = d->leased_out ? d->lease_until_us : 0,
				     .worker = d->leased_out ? memory_text(m, a->worker) : (struct text){ 0 },
				     .trail = memory_octets(m, d->trail),
				     .channel = memory_text(m, a->channel),
				     .sender = memory_text(m, a->sender),
				     .text = memory_text(m, a->text),
				     .accepted_us = a->accepted_us,
				     .expires_us = a->expires_us,
				     .header = memory_octets(m, a->header) };
	memcpy(r->row.account_id, a->account_id, sizeof(a->account_id));
	r->keys_count = d->on_hold ? d->wake_keys_count : 0;
	r->keys = arena_alloc(m->keep, (r->keys_count + 1) * sizeof(*r->keys));
	for (unsigned i = 0; i < r->keys_count; i++)
		r->keys[i] = memory_text(m, d->wake_keys[i]);
}

static void put_key(struct memory_store *m, const struct store_accept *a)
{
	struct memory_idem *idem = memory_add(m, &m->idem, sizeof(*idem));

	memcpy(idem->key, a->key, sizeof(idem->key));
	memcpy(idem->body_hash, a->body_hash, sizeof(idem->body_hash));
	idem->message = a->id;
	idem->answer = memory_octets(m, a->answer);
	idem->created_us = m->now_us;
}

void memory_accept(struct memory_store *m, struct store_request *r)
{
	struct store_accept *a = (struct store_accept *)r;

	a->failed_recipient_out = 0;
	if (!a->deliveries_count || a->deliveries_count > UINT16_MAX || message_id_recipient(a->id)) {
		answer_refused(r, STORE_BAD_REQUEST, "a message needs a message id and 1 to 65535 recipients");
		return;
	}
	if (seen_before(m, a) || !hold_all(m, a))
		return;
	if (a->has_key)
		put_key(m, a);
	for (unsigned i = 0; i < a->deliveries_count; i++)
		put_delivery(m, a, &a->deliveries[i], (uint16_t)(i + 1));
	for (unsigned i = 0; i < a->outbox_count; i++)
		memory_outbox_put(m, &a->outbox[i]);
	a->id_out = a->id;
	a->answer_out = a->answer;
	answer_done(r);
}
