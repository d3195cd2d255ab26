/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a message itself says about money, and how it narrows what its payer's account allows. Pure.
 *
 *	bearer    the class of R5.3 and R6.1: "rcs" never costs, "sms" names the priced bearer; else the channel decides
 *	consent   the stricter of the two, in the order never, ask, not-when-roaming, always, with one exception: who
 *		  says "always" or "not-when-roaming" with a message, or sends it with a quote, has answered the
 *		  account's "ask": he is the payer whom it would ask (B1), and a maximum stands beside his answer. It
 *		  never answers "never", and roaming stays what the account says of it.
 *	ceiling   the lower of the two
 */
#ifndef CORE_QUEUE_TERMS_H
#define CORE_QUEUE_TERMS_H

#include "core/charge.h"

enum charge_class queue_terms_class(const struct message *m);
/* `roaming`: the sender roams now. */
enum consent queue_terms_consent(enum consent account, const struct message *m, bool roaming);
int64_t queue_terms_ceiling(int64_t ceiling, const struct message *m);
/* "bearer sms, consent always, at most 5.00", or empty where the message says nothing. In the arena. */
struct text queue_terms_text(const struct charge_port *port, const struct message *m, struct arena *arena);

#endif
