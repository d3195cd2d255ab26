/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Caps of the payers. The windows lie in the store, which counts in them and refuses: here they are opened, the present
 * one before the first hold that could count in it (the store keeps the order of what we ask), the next one ahead of
 * its time.
 *
 * A cap that a new configuration raises does not raise the window that is open, unless it says `now`; a lower one
 * counts at once (billing.md 6: a raise is the payer's own act, and for the time to come).
 */
#include <assert.h>

#include "billing/charge_internal.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/json.h"

#define TURN_PAYERS 1000u /* looked at in one turn */
#define BODY_MAX 1024u

static_assert(CHARGE_CAPS == CAP_KIND_COUNT && CHARGE_CAP_ROAMING == CAP_ROAMING_MONTH, "the port knows as many kinds");

enum result billing_take_caps(struct payer *p, const struct config_list *given, const char **why_out)
{
	for (unsigned i = 0; i < given->count; i++) {
		enum cap_kind kind;
		struct payer_cap one = { .set = true };
		if (cap_parse(given->items[i], &kind, &one.cap, &one.now) != OK) {
			*why_out = "a `cap` is day, month or roaming-month, then an amount, as `cap day 50.00`";
			return ERR_MALFORMED;
		}
		if (p->caps[kind].set) {
			*why_out = "two caps of a kind: name one";
			return ERR_CONFLICT;
		}
		p->caps[kind] = one;
		p->payer.caps |= (uint8_t)(1u << kind);
	}
	return OK;
}

const char *billing_cap_name(uint8_t kind)
{
	return cap_kind_name((enum cap_kind)kind);
}

const uint8_t *billing_caps_of(const struct charge_payer *payer, struct arena *arena, unsigned *count_out)
{
	uint8_t *kinds = arena_alloc(arena, CAP_KIND_COUNT);

	*count_out = 0;
	for (unsigned i = 0; i < CAP_KIND_COUNT; i++) {
		if (payer->caps & 1u << i)
			kinds[(*count_out)++] = (uint8_t)i;
	}
	return kinds;
}

/* --- windows ------------------------------------------------------------------------------------------------------ */

struct opening {
	struct billing *billing;
	struct arena *arena;
	struct store_cap cap;
};

static void opened(struct store_request *r)
{
	struct opening *o = r->owner;
	struct arena *arena = o->arena;

	if (r->answer != STORE_DONE && r->answer != STORE_REPEAT)
		LOGE(LOG_CORE, NULL, "a window of a cap could not be opened: what counts in it is refused: %s",
		     r->why ? r->why : store_answer_name(r->answer));
	o->billing->asked--;
	arena_free(&arena);
}

static void open_window(struct billing *b, struct payer *p, enum cap_kind kind, int64_t at_us, bool not_raised)
{
	struct payer_cap *cap = &p->caps[kind];
	struct arena *arena = arena_new(512);
	struct opening *o = arena_alloc(arena, sizeof(*o));

	*o = (struct opening){ .billing = b, .arena = arena };
	memcpy(o->cap.account_id, p->payer.account_id, sizeof(o->cap.account_id));
	o->cap.kind = (uint8_t)kind;
	o->cap.cap = cap->cap;
	o->cap.not_raised = not_raised;
	cap_bounds(kind, at_us, b->rules->utc_offset_s, &o->cap.from_us, &o->cap.until_us);
	cap->open_until_us = o->cap.until_us;
	o->cap.base = (struct store_request){ .operation = STORE_CAP_PUT, .done = opened, .owner = o };
	b->asked++;
	store_submit(b->store, &o->cap.base);
}

void billing_caps_publish(struct billing *b)
{
	int64_t now = store_now(b->store);

	for (unsigned i = 0; i < b->rules->payers_count; i++) {
		struct payer *p = &b->rules->payers[i];
		for (unsigned kind = 0; p->payer.pays && kind < CAP_KIND_COUNT; kind++) {
			if (p->caps[kind].set)
				open_window(b, p, (enum cap_kind)kind, now, !p->caps[kind].now);
		}
	}
}

/* The window after the present one, where it is not open yet. */
static void open_ahead(struct billing *b, struct payer *p, enum cap_kind kind, int64_t now_us)
{
	struct payer_cap *cap = &p->caps[kind];
	int64_t from, until;

	cap_bounds(kind, now_us, b->rules->utc_offset_s, &from, &until);
	if (cap->open_until_us < until) /* we slept through the turn of the day */
		open_window(b, p, kind, now_us, true);
	else if (cap->open_until_us == until)
		open_window(b, p, kind, until, false);
}

void billing_caps_turn(void *owner, int64_t now_us)
{
	struct billing *b = owner;
	struct rules *r = b->rules;

	for (unsigned i = 0; r && i < TURN_PAYERS && i < r->payers_count; i++) {
		struct payer *p = &r->payers[r->caps_at++ % r->payers_count];
		for (unsigned kind = 0; p->payer.pays && kind < CAP_KIND_COUNT; kind++) {
			if (p->caps[kind].set)
				open_ahead(b, p, (enum cap_kind)kind, now_us);
		}
	}
}

/* --- warnings ----------------------------------------------------------------------------------------------------- */

struct warned {
	struct text name;
	char currency[CURRENCY_SIZE];
};

/* On the store's thread, while a new configuration may come. */
static bool find_warned(struct billing *b, const uint8_t id[16], struct arena *arena, struct warned *out)
{
	pthread_mutex_lock(&b->lock);
	const struct payer *p = b->rules ? rules_payer_of_id(b->rules, id) : NULL;
	if (p) {
		out->name = arena_text(arena, p->payer.name);
		memcpy(out->currency, p->payer.currency, sizeof(out->currency));
	}
	pthread_mutex_unlock(&b->lock);
	return p != NULL;
}

struct text billing_payer_name(struct billing *b, const uint8_t id[16], struct arena *arena)
{
	struct warned who = { .name = { 0 } };

	(void)find_warned(b, id, arena, &who);
	return who.name;
}

static void put_amount(struct json_writer *w, const char *name, int64_t micros)
{
	char room[32];
	struct writer s = writer_of(room, sizeof(room));

	amount_print(&s, micros);
	json_put_member_text(w, name, text_range(room, writer_len(&s)));
}

static void put_warning(struct json_writer *w, const struct warned *who, const struct cap_window *window,
			unsigned percent)
{
	char at[CLOCK_TEXT_SIZE], room[200];
	struct writer text = writer_of(room, sizeof(room));
	int64_t used = window->posted + window->held;

	json_put_member_text(w, "account", who->name);
	json_put_member_cstring(w, "cap", cap_kind_name(window->kind));
	json_put_member_int(w, "percent", percent);
	put_amount(w, "limit", window->cap);
	put_amount(w, "used", used);
	put_amount(w, "left", window->cap - used);
	json_put_member_cstring(w, "currency", who->currency);
	json_put_member_cstring(w, "resets_at", clock_text(window->until_us, at));
	cap_warning_text(&text, window, percent < 100 ? CAP_MARK_80 : CAP_MARK_100, who->currency);
	json_put_member_text(w, "text", text_range(room, writer_ok(&text) ? writer_len(&text) : 0));
}

bool billing_cap_warning(void *owner, const struct store_cap *c, unsigned percent, int64_t now_us, struct arena *arena,
			 struct store_outbox *out)
{
	struct warned who;
	struct json_writer w;
	const struct cap_window window = { .kind = (enum cap_kind)c->kind,
					   .from_us = c->from_us,
					   .until_us = c->until_us,
					   .cap = c->cap,
					   .posted = c->posted_out,
					   .held = c->held_out };

	if (!find_warned(owner, c->account_id, arena, &who))
		return false;
	json_writer_init(&w, arena_alloc(arena, BODY_MAX), BODY_MAX);
	json_open_object(&w);
	put_warning(&w, &who, &window, percent);
	json_close_object(&w);
	struct text body = json_writer_text(&w);
	*out = (struct store_outbox){ .target = text_of(arena_printf(arena, "webhook:%.*s", TEXT_ARGS(who.name))),
				      .kind = TEXT_LITERAL("cap"),
				      .body = { body.at, body.len },
				      .due_us = now_us };
	return body.len != 0;
}
