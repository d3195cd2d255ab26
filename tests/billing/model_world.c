/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The world of the model checker: its store, its clock and what is seen in it. See model_world.h. */
#include "tests/billing/model_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char tariffs[] = "version,1,JPY,2020-01-01,2030-01-01\n"
			      "price,rcs,,message,1,1,0,0,sent\n"
			      "price,sms,+810,segment,1,1,3,0,delivered\n"
			      "price,mms,+810,message,1,1,5,0,delivered\n"
			      "price,sms,+811,segment,1,1,3,0,sent\n"
			      "version,2,JPY,2030-01-01,\n"
			      "price,rcs,,message,1,1,0,0,sent\n"
			      "price,sms,+810,segment,1,1,4,0,delivered\n"
			      "price,mms,+810,message,1,1,6,0,delivered\n"
			      "price,sms,+811,segment,1,1,4,0,sent\n";

static const uint8_t payer[16] = { 1 }, other[16] = { 2 };

const uint8_t *model_account(bool recipient)
{
	return recipient ? other : payer;
}

struct message_id model_message(unsigned message)
{
	return (struct message_id){ { 1, [12] = (uint8_t)(message + 1) } };
}

struct message_id model_delivery_id(unsigned u)
{
	return message_id_delivery(model_message(u / 2), (uint16_t)(u % 2 + 1));
}

unsigned model_delivery_of(struct message_id id)
{
	return 2u * (id.octets[12] - 1u) + message_id_recipient(id) - 1u;
}

/* --- the policy: records and warnings ------------------------------------------------------------------------------
 */

struct text model_record(struct arena *arena, unsigned u, int64_t net)
{
	return text_of(arena_printf(arena, "%u:%lld", u, (long long)net));
}

static struct text end_record(void *owner, const struct store_row *row, enum store_outcome outcome, int64_t now_us,
			      struct arena *arena)
{
	(void)owner;
	(void)outcome;
	(void)now_us;
	return model_record(arena, model_delivery_of(row->id), row->charge_posted - row->charge_refunded);
}

static bool cap_warning(void *owner, const struct store_cap *window, unsigned percent, int64_t now_us,
			struct arena *arena, struct store_outbox *out)
{
	(void)owner;
	(void)window;
	out->target = TEXT_LITERAL("payer");
	out->kind = text_of(arena_printf(arena, "%u", percent));
	out->body = (struct octets){ "!", 1 };
	out->due_us = now_us;
	return true;
}

/* --- opening --------------------------------------------------------------------------------------------------------
 */

void model_clock(struct model_world *x, int64_t real, int64_t monotonic)
{
	x->real_us += real;
	x->monotonic_us += monotonic;
	clock_set(x->real_us, x->monotonic_us);
	if (x->real_us > x->m.now)
		x->m.now = x->real_us;
	x->w.now_us = x->m.now;
}

void model_world_open(struct model_world *x, enum world_driver driver, unsigned messages)
{
	struct tariff_error error;

	*x = (struct model_world){ .messages = messages };
	world_driver = driver;
	snprintf(x->w.folder, sizeof(x->w.folder), "/tmp/cellpost-test-XXXXXX");
	assert_non_null(mkdtemp(x->w.folder));
	snprintf(x->w.path, sizeof(x->w.path), "%s/store.db", x->w.folder);
	assert_int_equal(tariff_parse(text_of(tariffs), &x->tariff, &error), OK);
	x->policy = (struct store_policy){ .owner = x, .cdr = end_record, .cap_warning = cap_warning };
	x->w.policy = &x->policy;
	x->w.loop = loop_new();
	x->w.arena = arena_new(65536);
}

static void drop_store(struct model_world *x)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };

	if (x->w.store)
		world_close(&x->w);
	for (unsigned i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char path[96];
		snprintf(path, sizeof(path), "%s%s", x->w.path, suffixes[i]);
		(void)unlink(path);
	}
}

void model_world_close(struct model_world *x)
{
	drop_store(x);
	rmdir(x->w.folder);
	tariff_free(&x->tariff);
	arena_free(&x->w.arena);
	loop_free(&x->w.loop);
	clock_real();
}

static void put_account(struct model_world *x, bool recipient, int64_t balance)
{
	struct store_account a = { .kind = ACCOUNT_PAYER, .currency = TEXT_LITERAL("JPY") };
	struct store_fund f = { .key = { 200, recipient },
				.currency = TEXT_LITERAL("JPY"),
				.amount = balance,
				.cdr = TEXT_LITERAL("fund") };

	memcpy(a.id, model_account(recipient), 16);
	memcpy(f.account_id, model_account(recipient), 16);
	assert_int_equal(DO(&x->w, &a, STORE_ACCOUNT_PUT), STORE_DONE);
	assert_int_equal(DO(&x->w, &f, STORE_FUND), STORE_DONE);
}

enum store_answer model_put_cap(struct model_world *x, int64_t cap)
{
	struct store_cap c = { .kind = 1, .from_us = WORLD_START, .until_us = FAR, .cap = cap };

	memcpy(c.account_id, payer, 16);
	return DO(&x->w, &c, STORE_CAP_PUT);
}

void model_world_start(struct model_world *x, int64_t balance, int64_t cap)
{
	enum model_fault fault = x->fault;

	drop_store(x);
	x->fault = fault;
	x->real_us = x->monotonic_us = WORLD_START;
	x->roaming = x->grown = x->consented = false;
	x->version = x->funds = 0;
	memset(x->tries, 0, sizeof(x->tries));
	memset(x->of, 0, sizeof(x->of));
	model_start(&x->m, balance, MODEL_YEN, cap, WORLD_START);
	model_clock(x, 0, 0);
	arena_reset(x->w.arena);
	world_open(&x->w);
	put_account(x, false, balance);
	put_account(x, true, MODEL_YEN);
	assert_int_equal(model_put_cap(x, cap), STORE_DONE);
}

/* --- seeing ---------------------------------------------------------------------------------------------------------
 */

static void see_row(struct model_world *x, const struct store_row *row)
{
	struct model_seen_delivery *s = &x->seen.d[model_delivery_of(row->id)];

	*s = (struct model_seen_delivery){
		.exists = true,
		.doubt = row->doubt,
		.cancel = row->cancel,
		.parked = row->parked == 2,
		.has_hold = row->has_charge,
		.state = (enum model_state)row->state,
		.end = (enum model_end)row->outcome,
		.epoch = row->epoch,
		.attempt = row->attempt,
		.lease = row->lease_us,
		.hold_deadline = row->charge_deadline_us,
		.held = row->has_charge ? row->charge_amount : 0,
		.max = row->charge_max,
		.version = row->charge_version,
		.posted = row->charge_posted,
		.refunded = row->charge_refunded,
	};
}

static void see_record(struct model_world *x, const struct store_cdr_row *row, int64_t *seq)
{
	struct text body = row->body, head;
	uint64_t u, net;

	x->seen.gap = x->seen.gap || row->seq != ++*seq;
	if (!text_split(&body, ':', &head) || !text_to_u64(head, MODEL_DELIVERIES - 1, &u) ||
	    !text_to_u64(body, INT64_MAX, &net))
		return;
	x->seen.d[u].records++;
	x->seen.d[u].record_net = (int64_t)net;
}

static void see_rest(struct model_world *x, const struct store_sums *sums, const struct store_cdr_next *records,
		     const struct store_outbox_due *due)
{
	int64_t seq = 0;

	x->seen.sound = sums->sound_out;
	for (unsigned i = 0; i < sums->currencies_out; i++)
		x->seen.entries_sum += sums->by_currency_out[i].entries_sum;
	for (const struct store_cdr_row *row = records->rows_out; row; row = row->next)
		see_record(x, row, &seq);
	for (const struct store_outbox_row *row = due->rows_out; row; row = row->next)
		x->seen.warnings[text_is(row->kind, "100")]++;
	enum store_durability durability = store_durability(x->w.store);
	x->seen.durable = durability >= STORE_DURABLE_DISK;
	x->seen.should_be_durable = world_driver == WORLD_SQLITE;
}

static void see(struct model_world *x)
{
	struct arena *arena = x->w.arena;
	struct store_message_get rows[MODEL_MESSAGES];
	struct store_account accounts[2] = { { .arena = arena }, { .arena = arena } };
	struct store_cap cap = { .kind = 1 };
	struct store_sums sums = { 0 };
	struct store_cdr_next records = { .arena = arena, .limit = 100000 };
	struct store_outbox_due due = { .arena = arena, .limit = 1000 };

	x->seen = (struct model_seen){ 0 };
	memcpy(accounts[0].id, payer, 16);
	memcpy(accounts[1].id, other, 16);
	memcpy(cap.account_id, payer, 16);
	for (unsigned i = 0; i < x->messages; i++) {
		rows[i] = (struct store_message_get){ .arena = arena, .id = model_message(i) };
		world_submit(&x->w, &rows[i].base, STORE_MESSAGE_GET);
	}
	for (unsigned i = 0; i < 2; i++)
		world_submit(&x->w, &accounts[i].base, STORE_ACCOUNT_GET);
	world_submit(&x->w, &cap.base, STORE_CAP_GET);
	world_submit(&x->w, &sums.base, STORE_SUMS);
	world_submit(&x->w, &records.base, STORE_CDR_NEXT);
	world_submit(&x->w, &due.base, STORE_OUTBOX_DUE);
	world_wait(&x->w);
	for (unsigned i = 0; i < x->messages; i++) {
		for (const struct store_row *row = rows[i].rows_out; row && !rows[i].base.answer; row = row->next)
			see_row(x, row);
	}
	x->seen.balance = accounts[0].posted_out;
	x->seen.held = accounts[0].held_out;
	x->seen.other_balance = accounts[1].posted_out;
	x->seen.other_held = accounts[1].held_out;
	x->seen.cap = cap.cap;
	x->seen.cap_posted = cap.posted_out;
	x->seen.cap_held = cap.held_out;
	see_rest(x, &sums, &records, &due);
}

/* Planted faults that only show in what is there: what a driver with that bug would have written. */
static void distort(struct model_world *x)
{
	struct model_seen *s = &x->seen;
	struct model_seen_delivery *first = NULL;

	for (unsigned u = 0; u < MODEL_DELIVERIES && !first; u++)
		first = s->d[u].posted ? &s->d[u] : NULL;
	if (x->fault == FAULT_B2_POSTED_TWICE && first)
		s->balance -= first->posted;
	if (x->fault == FAULT_B3_ABOVE_MAXIMUM && first)
		first->posted += first->max;
	if (x->fault == FAULT_B4_NEW_TARIFF && s->d[0].held)
		s->d[0].version = x->version + 1;
	if (x->fault == FAULT_B7_SHORT_HOLD && s->d[0].state == MODEL_LEASED)
		s->d[0].hold_deadline = s->d[0].lease;
	if (x->fault == FAULT_B6_HOLD_LEFT && s->d[0].state == MODEL_ENDED)
		s->d[0].has_hold = true;
	if (x->fault == FAULT_B9_ONE_SIDED && first)
		s->entries_sum = first->posted;
	if (x->fault == FAULT_B10_OVERDRAWN && s->held == s->balance)
		s->held++;
	if (x->fault == FAULT_B11_WARNED_TWICE && s->warnings[0])
		s->warnings[0]++;
	if (x->fault == FAULT_B14_STATE_ALONE && first)
		first->state = MODEL_LEASED;
	if (x->fault == FAULT_B15_REFUND_ABOVE && first && first->refunded)
		first->refunded += 1;
	if (x->fault == FAULT_B18_NO_RECORD)
		s->d[0].records = 0;
	if (x->fault == FAULT_B22_DURABILITY_WORD)
		s->durable = !s->durable;
	if (x->fault == FAULT_R9_8_LATE_RCS_POSTS && s->d[1].end == (enum model_end)OUTCOME_DELIVERED)
		s->d[1].posted = s->d[1].max = MODEL_YEN;
}

void model_world_look(struct model_world *x)
{
	if (x->reopens)
		(void)world_reopen(&x->w);
	see(x);
	distort(x);
	model_look(&x->m, &x->seen);
}

/* --- the hash of a state ---------------------------------------------------------------------------------------------
 */

static uint64_t mix(uint64_t h, int64_t v)
{
	h ^= (uint64_t)v + UINT64_C(0x9e3779b97f4a7c15) + (h << 6) + (h >> 2);
	h *= UINT64_C(0xff51afd7ed558ccd);
	return h ^ h >> 33;
}

static int64_t left(const struct model_world *x, int64_t at_us)
{
	return at_us ? at_us - x->m.now : 0;
}

static uint64_t mix_delivery(uint64_t h, const struct model_world *x, unsigned u)
{
	const struct model_delivery *d = &x->m.d[u];

	h = mix(h, d->exists | d->doubt << 1 | d->cancel << 2 | d->parked << 3 | (int)d->state << 4 | (int)d->end << 8 |
			   (int)d->wire << 12 | (int)d->wire_end << 16);
	h = mix(h, d->epoch);
	h = mix(h, d->attempt);
	h = mix(h, left(x, d->lease));
	h = mix(h, left(x, d->terms.deadline));
	h = mix(h, d->terms.version);
	h = mix(h, d->held * 7 + d->posted);
	h = mix(h, d->refunded * 7 + d->other_held);
	h = mix(h, d->other_posted * 4 + (int)d->refunds);
	for (unsigned b = 0; b < MODEL_BEARERS; b++)
		h = mix(h, d->open[b] | d->ever_sent[b] << 1);
	h = mix(h, x->of[u].closed | x->of[u].refused << 1);
	return h;
}

uint64_t model_world_hash(const struct model_world *x)
{
	uint64_t h = mix(0, x->m.balance);

	h = mix(h, x->m.held);
	h = mix(h, x->m.other_balance * 3 + x->m.other_held);
	h = mix(h, x->m.cap * 3 + x->m.cap_wanted);
	h = mix(h, x->m.warned[0] | x->m.warned[1] << 1 | x->roaming << 2 | x->grown << 3 | x->consented << 4 |
			   (int)x->version << 5);
	h = mix(h, x->real_us - x->m.now);
	for (unsigned u = 0; u < 2 * x->messages; u++)
		h = mix_delivery(h, x, u);
	for (unsigned i = 0; i < MODEL_WORKERS; i++) {
		const struct model_try *t = &x->tries[i];
		h = mix(h, t->busy | t->sent << 1 | (int64_t)t->u << 2 | t->epoch << 8 | (int64_t)t->bearer << 16);
		h = mix(h, t->busy ? t->end_monotonic - x->monotonic_us : 0);
	}
	return h;
}
