/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of a link to a message centre share.
 *
 *	smpp_link.c       life, settings, what the queue is told
 *	smpp_link_bond.c  each bind is a bond: a connection that comes and goes, with its own back-off
 *	smpp_link_send.c  deliveries, in one list, by whichever bond has room; what their answers mean
 *
 * A delivery with parts unanswered is in nobody's list; the session's answer brings it back.
 */
#ifndef SMS_SMPP_LINK_INTERNAL_H
#define SMS_SMPP_LINK_INTERNAL_H

#include "core/base/counter.h"
#include "sms/link_life.h"
#include "sms/smpp_incoming.h"
#include "sms/smpp_link.h"
#include "sms/smpp_outgoing.h"

#define SMPP_BONDS_MAX 128u
#define SMPP_LINK_NAME_SIZE 80u

struct bond {
	struct smpp_link *link;
	struct smpp_conn *conn;
	uint32_t command; /* the bind it asks for */
	struct loop_timer again;
	int64_t wait_us;
	bool bound, wanted; /* not wanted: of a larger number of connections that was configured before */
	uint64_t asking;    /* dns */
};

struct smpp_link {
	struct smpp_conns *conns;
	struct sms_calls *calls;
	struct dns *dns;
	struct arena *arena; /* of the settings */
	struct smsc_settings settings;
	struct tls_client *tls;
	char name[SMPP_LINK_NAME_SIZE];
	struct outgoing_style style;
	struct smpp_incoming incoming;
	struct bond bonds[SMPP_BONDS_MAX];
	unsigned bonds_count, next_bond;
	struct outgoing_list list;
	unsigned open; /* deliveries here, waiting or unanswered */
	struct loop_timer rate, overdue;
	bool stopping, up;
	struct link_life life;
	char why_down[120];
	struct counter *submitted, *taken, *refused, *throttled, *unanswered, *received, *binds, *bind_refused;
};

/* smpp_link.c */
void smpp_link_announce(struct smpp_link *l);
void smpp_link_give_result(struct smpp_link *l, struct outgoing *o);
void smpp_link_give_back(struct smpp_link *l, struct outgoing *o, uint32_t retry_ms, const char *why);
/* Nothing was sent of these: they may go another way. Those begun already wait for the link. */
void smpp_link_give_all_back(struct smpp_link *l);

/* smpp_link_send.c */
void smpp_link_pump(struct smpp_link *l);
void smpp_link_answered(void *owner, struct smpp_session *s, const struct smpp_answer *a); /* owner = the bond */

/* smpp_link_bond.c */
void smpp_link_bond_start(void *owner); /* a timer's callback; owner = the bond */

#endif
