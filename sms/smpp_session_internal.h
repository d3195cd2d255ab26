/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the SMPP session share: smpp_session.c (the owner's calls, time), smpp_session_bind.c,
 * smpp_session_in.c (the peer's octets), smpp_session_rules.c (who may send what in which state). */
#ifndef SMS_SMPP_SESSION_INTERNAL_H
#define SMS_SMPP_SESSION_INTERNAL_H

#include "sms/smpp_bucket.h"
#include "sms/smpp_output.h"
#include "sms/smpp_session.h"
#include "sms/smpp_status.h"
#include "sms/smpp_window.h"

struct smpp_session {
	struct smpp_session_options options;
	const struct smpp_session_user *user;
	void *owner;
	enum smpp_session_state state;
	enum smpp_close closed_by;
	struct smpp_window window;
	struct smpp_output output;
	struct smpp_bucket bucket;
	struct smpp_session_counts counts;
	uint32_t waiting; /* requests that the owner has not answered */

	uint32_t bind_command, bind_sequence; /* of the bind that waits for its answer; 0 = none */
	uint32_t bind_status;
	uint8_t peer_version;
	uint32_t unbind_sequence;      /* of ours, 0 = none */
	uint32_t peer_unbind_sequence; /* answered once `waiting` is 0 */
	bool peer_unbinds;
	bool unbind_answered; /* ours; it ends once `waiting` is 0 as well, or the peer would ask again elsewhere */
	uint32_t enquire_sequence; /* 0 = none waits */

	int64_t received_us;	  /* when the last PDU came */
	int64_t quiet_us;	  /* that, or the last enquire_link of ours */
	int64_t bind_deadline_us; /* INT64_MAX = none, as for all */
	int64_t enquire_deadline_us;
	int64_t unbind_deadline_us;
};

/* Room for any PDU without its TLVs and lists. */
#define SMPP_FIXED_MAX 600u

/* A command of that side is allowed in that state. */
bool smpp_rule_allows(enum smpp_side from, enum smpp_session_state state, uint32_t id);
/* A message: what rates and windows are for. */
bool smpp_rule_is_message(uint32_t id);

void smpp_session_go(struct smpp_session *s, enum smpp_session_state state);
void smpp_session_end(struct smpp_session *s, enum smpp_close reason);
/* Into the output; 0 when it cannot be encoded, else the stream position behind it. */
uint64_t smpp_session_put(struct smpp_session *s, const struct smpp_pdu *pdu);
/* A response without body. */
void smpp_session_respond(struct smpp_session *s, uint32_t id, uint32_t sequence, uint32_t status);
void smpp_session_report(struct smpp_session *s, struct smpp_pending *p, enum smpp_end end, const struct smpp_pdu *pdu,
			 bool broken);
/* Ends an unbind of either side when nothing waits any more. */
void smpp_session_finish_unbind(struct smpp_session *s);
/* now + after, or never for 0. */
int64_t smpp_session_deadline(int64_t now_us, int64_t after_us);

#endif
