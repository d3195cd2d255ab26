/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bearer's one question before the first byte of a delivery: may it be sent? */
#ifndef CORE_PERMIT_SPEND_H
#define CORE_PERMIT_SPEND_H

#include "core/ipc_messages.h"
#include "core/permit.h"

/*
 * Rebuilds the permit that came with the delivery and spends it for what is to be sent: `segments` after final encoding
 * (0 = the bearer does not count them). Where messages are priced (`required`) a delivery without a permit is put off,
 * never sent. True: send. False: *refusal_out is the result to give, all but the link.
 */
MUST_CHECK bool permit_spend(const struct ipc_deliver *delivery, struct text bearer, int64_t segments, bool required,
			     int64_t now_us, struct ipc_result *refusal_out);

#endif
