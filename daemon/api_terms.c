/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/api_terms.h"

#include "billing/money.h"
#include "core/route_decide.h"

/* In the order of enum message_choice, after CHOICE_CHANNEL. */
const char *const api_terms_bearers[] = { "rcs", "any", "sms", NULL };
const char *const api_terms_consents[] = { "never", "ask", "not-when-roaming", "always", NULL };

enum result api_terms_bearer(struct api_take *p, const struct json_value *v)
{
	struct text t;

	if (!json_text(v, &t))
		return API_TAKE_BAD(p, "wrong_type", "must be \"rcs\", \"sms\" or \"any\"");
	for (unsigned i = 0; api_terms_bearers[i]; i++) {
		if (!text_is(t, api_terms_bearers[i]))
			continue;
		p->out->message.choice = (enum message_choice)(CHOICE_PACKET + i);
		return OK;
	}
	return API_TAKE_BAD(p, "unknown_word",
			    "must be rcs (never at a price), sms (at its price) or any (rcs, then sms with consent)");
}

enum result api_terms_consent(struct api_take *p, const struct json_value *v)
{
	struct message *m = &p->out->message;
	struct text t;

	if (!json_text(v, &t))
		return API_TAKE_BAD(p, "wrong_type", "must be a string");
	for (unsigned i = 0; api_terms_consents[i]; i++) {
		if (!text_is(t, api_terms_consents[i]))
			continue;
		m->has_consent = true;
		m->consent = (uint8_t)i;
		return OK;
	}
	return API_TAKE_BAD(p, "unknown_word", "must be never, ask, not-when-roaming or always");
}

/* A text, as amounts are everywhere: a number of JSON may have been rounded on its way. */
enum result api_terms_max_price(struct api_take *p, const struct json_value *v)
{
	struct message *m = &p->out->message;
	struct text t;

	if (!json_text(v, &t))
		return API_TAKE_BAD(p, "wrong_type", "must be an amount as a string, as \"5.00\"");
	if (amount_parse(t, false, &m->max_price) != OK)
		return API_TAKE_BAD(p, "malformed",
				    "must be an amount in the account's currency, as \"5.00\": at most six digits "
				    "behind the point, not negative");
	m->has_max_price = true;
	return OK;
}

enum result api_terms_quote(struct api_take *p, const struct json_value *v)
{
	enum result r = api_take_text(p, v, MESSAGE_QUOTE_MAX, &p->out->message.quote);

	if (r == OK && !p->out->message.quote.len)
		return API_TAKE_BAD(p, "malformed", "must be the \"token\" of an answer of POST /v1/quotes");
	return r;
}

enum result api_terms_agree(struct api_take *p)
{
	const struct message *m = &p->out->message;

	p->field = TEXT_LITERAL("consent");
	if (m->choice == CHOICE_PAID && m->has_consent && m->consent != CONSENT_ALWAYS)
		return API_TAKE_BAD(p, "conflict",
				    "\"bearer\": \"sms\" asks for the priced bearer: leave \"consent\" out, or take "
				    "\"bearer\": \"any\"");
	return OK;
}
