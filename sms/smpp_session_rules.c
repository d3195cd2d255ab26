/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may send what in which state (table 2-1 of SMPP 3.4, with enquire_link in every state as 5.0 has it), and the
 * names of states. */
#include "sms/smpp_session_internal.h"

#define IN(state) (1u << SMPP_SESSION_##state)
#define UNBOUND (IN(OPEN) | IN(OUTBOUND))
#define BOUND (IN(BOUND_TX) | IN(BOUND_RX) | IN(BOUND_TRX))
#define SENDS (IN(BOUND_TX) | IN(BOUND_TRX))
#define TAKES (IN(BOUND_RX) | IN(BOUND_TRX))
#define ANY (UNBOUND | BOUND | IN(UNBINDING))

static const struct {
	uint32_t id;
	uint8_t esme, centre; /* states in which that side may send it */
	bool message;
} rules[] = {
	{ SMPP_SUBMIT_SM, SENDS, 0, true },
	{ SMPP_DELIVER_SM, 0, TAKES, true },
	{ SMPP_DATA_SM, SENDS, TAKES, true },
	{ SMPP_ENQUIRE_LINK, ANY, ANY, false },
	{ SMPP_SUBMIT_MULTI, SENDS, 0, true },
	{ SMPP_QUERY_SM, SENDS, 0, false },
	{ SMPP_CANCEL_SM, SENDS, 0, false },
	{ SMPP_REPLACE_SM, SENDS, 0, false },
	{ SMPP_BIND_TRANSCEIVER, UNBOUND, 0, false },
	{ SMPP_BIND_TRANSMITTER, UNBOUND, 0, false },
	{ SMPP_BIND_RECEIVER, UNBOUND, 0, false },
	{ SMPP_OUTBIND, 0, IN(OPEN), false },
	{ SMPP_UNBIND, BOUND | IN(UNBINDING), BOUND | IN(UNBINDING), false },
	{ SMPP_ALERT_NOTIFICATION, 0, TAKES, false },
	{ SMPP_BROADCAST_SM, SENDS, 0, false },
	{ SMPP_QUERY_BROADCAST_SM, SENDS, 0, false },
	{ SMPP_CANCEL_BROADCAST_SM, SENDS, 0, false },
};

bool smpp_rule_allows(enum smpp_side from, enum smpp_session_state state, uint32_t id)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].id == id)
			return (from == SMPP_ESME ? rules[i].esme : rules[i].centre) & 1u << state;
	return false;
}

bool smpp_rule_is_message(uint32_t id)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].id == id)
			return rules[i].message;
	return false;
}

const char *smpp_session_state_name(enum smpp_session_state state)
{
	static const char *const names[SMPP_SESSION_STATES] = { "open",	     "outbound",  "bound-tx", "bound-rx",
								"bound-trx", "unbinding", "closed" };

	return (unsigned)state < SMPP_SESSION_STATES ? names[state] : "unknown";
}

const char *smpp_close_name(enum smpp_close reason)
{
	static const char *const names[SMPP_CLOSES] = { "not-closed", "asked",	      "lost",
							"unbound",    "bind-refused", "bind-timeout",
							"silent",     "bad-length",   "backlog" };

	return (unsigned)reason < SMPP_CLOSES ? names[reason] : "unknown";
}
