/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of screening, and each in words. */
#include "core/screen.h"

#include <assert.h>

#include "core/base/clock.h"

static const char *const rule_names[] = { "", "S1", "S2", "S3", "S4" };
static_assert(sizeof(rule_names) / sizeof(rule_names[0]) == SCREEN_RULE_COUNT, "each rule has a name");

const char *screen_rule_name(enum screen_rule rule)
{
	return (unsigned)rule < SCREEN_RULE_COUNT ? rule_names[rule] : "";
}

static bool is_allowed(const struct screen_facts *f)
{
	for (unsigned i = 0; i < f->allowed_count; i++) {
		struct text p = f->allowed[i];
		if (p.len <= f->recipient.len && !memcmp(p.at, f->recipient.at, p.len))
			return true;
	}
	return !f->allowed_count;
}

static void refuse(struct screen_verdict *v, enum screen_rule rule)
{
	v->rule = rule;
	v->refused = true;
}

static int64_t wanted_us(const struct screen_facts *f)
{
	return f->due_us > f->now_us ? f->due_us : f->now_us;
}

/* S3. What the sender lets live for so long only is of no use in the morning: said now, not by silence then. */
static void ask_quiet(const struct screen_facts *f, struct screen_verdict *v)
{
	int64_t wanted = wanted_us(f);

	if (!f->quiet || !screen_quiet_at(f->quiet, wanted))
		return;
	v->rule = SCREEN_QUIET;
	v->due_us = screen_quiet_end(f->quiet, wanted);
	v->refused = f->validity_us && wanted + f->validity_us <= v->due_us;
}

void screen_decide(const struct screen_facts *f, struct screen_verdict *v)
{
	*v = (struct screen_verdict){ 0 };
	if (f->emergency || f->notice || f->from_network)
		return;
	if (f->opted_out)
		refuse(v, SCREEN_OPTED_OUT);
	else if (!is_allowed(f))
		refuse(v, SCREEN_NOT_ALLOWED);
	else if (f->duplicate)
		refuse(v, SCREEN_DUPLICATE);
	else
		ask_quiet(f, v);
}

/* --- words ---------------------------------------------------------------------------------------------------------
 */

static void put_day(struct writer *w, int64_t at_us)
{
	char at[CLOCK_TEXT_SIZE];

	writer_text(w, text_range(clock_text(at_us, at), sizeof("2026-11-24") - 1));
}

/* To the second, as "2026-11-24T23:00:00Z". */
static void put_time(struct writer *w, int64_t at_us)
{
	char at[CLOCK_TEXT_SIZE];

	writer_text(w, text_range(clock_text(at_us, at), sizeof("2026-11-24T23:00:00") - 1));
	writer_text(w, TEXT_LITERAL("Z"));
}

static void explain_optout(const struct screen_facts *f, struct writer *w)
{
	struct text of = f->optout_sender.len ? f->optout_sender : TEXT_LITERAL("this account");

	writer_printf(w, "S1: opted out of %.*s on ", TEXT_ARGS(of));
	put_day(w, f->optout_us);
	if (f->optout_sender.len)
		writer_printf(w, "; START to %.*s by the recipient permits it", TEXT_ARGS(of));
	else
		writer_text(w, TEXT_LITERAL("; START by the recipient permits it"));
}

static void explain_quiet(const struct screen_facts *f, const struct screen_verdict *v, struct writer *w)
{
	writer_printf(w, "S3: quiet hours %.*s: %s ", TEXT_ARGS(f->quiet->words),
		      v->refused ? "the message's validity ends before they do, at" : "put off to");
	put_time(w, v->due_us);
	if (v->refused)
		writer_text(w, TEXT_LITERAL("; a longer validity, or sending it then, permits it"));
}

static void explain_duplicate(const struct screen_facts *f, struct writer *w)
{
	char id[MESSAGE_ID_TEXT_SIZE];

	writer_printf(w, "S4: the same text from this sender to this recipient was accepted at ");
	put_time(w, f->earlier_us);
	writer_printf(w, " as %s; another text, or waiting until ", message_id_text(f->earlier, id));
	put_time(w, f->earlier_us + f->window_us);
	writer_text(w, TEXT_LITERAL(", permits it"));
}

void screen_explain(const struct screen_facts *f, const struct screen_verdict *v, struct writer *w)
{
	switch (v->rule) {
	case SCREEN_OPTED_OUT:
		explain_optout(f, w);
		break;
	case SCREEN_NOT_ALLOWED:
		writer_text(w, TEXT_LITERAL("S2: the recipient is not on the account's list: a fitting "
					    "`allow-recipient` permits it"));
		break;
	case SCREEN_QUIET:
		explain_quiet(f, v, w);
		break;
	case SCREEN_DUPLICATE:
		explain_duplicate(f, w);
		break;
	default:
		break;
	}
}

/* --- addresses -----------------------------------------------------------------------------------------------------
 */

void screen_fold(struct text address, struct writer *w)
{
	bool number = address_is_number(address);

	for (size_t i = 0; i < address.len; i++) {
		char c = address.at[i];
		if (number && c == '+')
			continue;
		writer_u8(w, (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
	}
}

bool screen_can_answer(struct text sender)
{
	return address_is_number(sender) || memchr(sender.at ? sender.at : "", '@', sender.len) != NULL;
}
