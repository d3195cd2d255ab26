/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a link does with a delivery whose answer never came: it may have arrived. */
#ifndef SMS_LINK_DOUBT_H
#define SMS_LINK_DOUBT_H

#include "core/channel.h"

enum link_doubt { LINK_DOUBT_DEFAULT, LINK_DOUBT_REPEAT, LINK_DOUBT_REPORT }; /* words: default, repeat, report */

/* True: it is ended as unknown, and not sent again. By default that is so for what is priced. */
bool link_doubt_ends(enum link_doubt doubt, struct channel *channel, struct text link, const struct ipc_deliver *d);

/* Before the first octet, for `segments`. False: ended, must not be sent (core/permit_spend.h). */
bool link_may_send(struct channel *channel, struct text link, const struct ipc_deliver *d, unsigned segments);

#endif
