/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/queue_terms.h"

#define TEXT_MAX 160u

/* SMPP and Kannel are protocols of SMS: who speaks them named it. */
static bool channel_names_sms(const struct message *m)
{
	return text_is(m->channel, "smpp") || text_is(m->channel, "kannel");
}

enum charge_class queue_terms_class(const struct message *m)
{
	switch (m->choice) {
	case CHOICE_PACKET:
		return CLASS_PACKET;
	case CHOICE_PAID:
		return CLASS_PAID;
	case CHOICE_PACKET_THEN_PAID:
		return CLASS_PACKET_THEN_PAID;
	default:
		return channel_names_sms(m) ? CLASS_PAID : CLASS_PACKET_THEN_PAID;
	}
}

/* What the sender says with the message. A quote that he sends it with is his yes to its price. */
static enum consent said(const struct message *m)
{
	if (m->has_consent && m->consent < CONSENT_COUNT)
		return (enum consent)m->consent;
	return CONSENT_ALWAYS;
}

enum consent queue_terms_consent(enum consent account, const struct message *m, bool roaming)
{
	enum consent own = said(m);
	bool answers = (m->has_consent || m->quote.len) && own > CONSENT_ASK;

	if (account == CONSENT_ASK && answers)
		return own;
	/* Both conditions hold: while he roams the account's stops it, else the question is asked. */
	if (account == CONSENT_NOT_WHEN_ROAMING && own == CONSENT_ASK && roaming)
		return account;
	return own < account ? own : account;
}

int64_t queue_terms_ceiling(int64_t ceiling, const struct message *m)
{
	return m->has_max_price && m->max_price < ceiling ? m->max_price : ceiling;
}

struct text queue_terms_text(const struct charge_port *port, const struct message *m, struct arena *arena)
{
	static const char *const bearers[] = { "", "bearer rcs", "bearer any", "bearer sms" };
	struct writer w = writer_of(arena_alloc(arena, TEXT_MAX), TEXT_MAX);

	writer_printf(&w, "%s", (unsigned)m->choice < MESSAGE_CHOICE_COUNT ? bearers[m->choice] : "");
	if (m->has_consent && m->consent < CONSENT_COUNT)
		writer_printf(&w, "%sconsent %s", writer_len(&w) ? ", " : "", consent_name((enum consent)m->consent));
	if (m->has_max_price) {
		writer_printf(&w, "%sat most ", writer_len(&w) ? ", " : "");
		port->put_amount(&w, m->max_price);
	}
	if (m->quote.len)
		writer_printf(&w, "%swith a quote", writer_len(&w) ? ", " : "");
	return text_range((const char *)w.start, writer_ok(&w) ? writer_len(&w) : 0);
}
