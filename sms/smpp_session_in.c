/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The peer's octets: every PDU is answered, handed up, or passed over with a count. */
#include "sms/smpp_session_internal.h"

#define CONGESTED 90 /* congestion_state, 4.8.4.18 of 5.0: from here on nearly at its limit */

static enum smpp_side peer_of(const struct smpp_session *s)
{
	return s->options.side == SMPP_ESME ? SMPP_CENTRE : SMPP_ESME;
}

static void tell(struct smpp_session *s, const struct smpp_pdu *pdu, uint32_t status, const char *what)
{
	if (s->user->fault)
		s->user->fault(s->owner, s, pdu->id, pdu->sequence, status, what);
}

static bool is_bind(uint32_t id)
{
	return id == SMPP_BIND_RECEIVER || id == SMPP_BIND_TRANSMITTER || id == SMPP_BIND_TRANSCEIVER;
}

static bool has_answer(uint32_t id)
{
	return id != SMPP_OUTBIND && id != SMPP_ALERT_NOTIFICATION;
}

static void refuse(struct smpp_session *s, const struct smpp_pdu *pdu, uint32_t status, const char *what)
{
	if (has_answer(pdu->id))
		smpp_session_respond(s, pdu->id, pdu->sequence, status);
	tell(s, pdu, has_answer(pdu->id) ? status : 0, what);
}

static void nack(struct smpp_session *s, const struct smpp_pdu *pdu, uint32_t status, const char *what)
{
	smpp_session_respond(s, SMPP_GENERIC_NACK, pdu->sequence, status);
	tell(s, pdu, status, what);
}

static void take_bind(struct smpp_session *s, const struct smpp_pdu *pdu)
{
	s->bind_command = pdu->id;
	s->bind_sequence = pdu->sequence;
	s->peer_version = pdu->u.bind.interface_version;
	s->user->bind(s->owner, s, pdu);
}

static void take_outbind(struct smpp_session *s, const struct smpp_pdu *pdu)
{
	smpp_session_go(s, SMPP_SESSION_OUTBOUND);
	if (s->user->outbind)
		s->user->outbind(s->owner, s, pdu);
	else
		smpp_session_end(s, SMPP_CLOSE_ASKED);
}

static void take_unbind(struct smpp_session *s, const struct smpp_pdu *pdu, int64_t now_us)
{
	s->peer_unbinds = true;
	s->peer_unbind_sequence = pdu->sequence;
	s->unbind_deadline_us = smpp_session_deadline(now_us, s->options.answer_us);
	smpp_session_go(s, SMPP_SESSION_UNBINDING);
	smpp_session_finish_unbind(s);
}

static void take_message(struct smpp_session *s, const struct smpp_pdu *pdu)
{
	if (s->waiting >= s->options.window_in) {
		s->counts.refused++;
		refuse(s, pdu, SMPP_RTHROTTLED, "more requests than the window");
		return;
	}
	s->waiting++;
	s->user->request(s->owner, s, pdu);
}

static void take_allowed(struct smpp_session *s, const struct smpp_pdu *pdu, int64_t now_us)
{
	switch (pdu->id) {
	case SMPP_ENQUIRE_LINK:
		s->counts.enquiries_in++;
		smpp_session_respond(s, pdu->id, pdu->sequence, SMPP_ROK);
		break;
	case SMPP_UNBIND:
		take_unbind(s, pdu, now_us);
		break;
	case SMPP_BIND_RECEIVER:
	case SMPP_BIND_TRANSMITTER:
	case SMPP_BIND_TRANSCEIVER:
		take_bind(s, pdu);
		break;
	case SMPP_OUTBIND:
		take_outbind(s, pdu);
		break;
	case SMPP_ALERT_NOTIFICATION:
		if (s->user->alert)
			s->user->alert(s->owner, s, pdu);
		break;
	case SMPP_BROADCAST_SM:
	case SMPP_QUERY_BROADCAST_SM:
	case SMPP_CANCEL_BROADCAST_SM:
		refuse(s, pdu, SMPP_RINVCMDID, "broadcast is not served");
		break;
	default:
		take_message(s, pdu);
	}
}

static void take_request(struct smpp_session *s, const struct smpp_pdu *pdu, enum result decoded, uint32_t status,
			 int64_t now_us)
{
	s->counts.requests_in++;
	bool again = is_bind(pdu->id) && peer_of(s) == SMPP_ESME && (s->bind_command || smpp_session_bound(s));
	if (decoded == ERR_UNSUPPORTED) {
		s->counts.unknown++;
		nack(s, pdu, status, "unknown command");
	} else if (again) {
		s->counts.wrong_state++;
		refuse(s, pdu, SMPP_RALYBND, "already bound");
	} else if (!smpp_rule_allows(peer_of(s), s->state, pdu->id)) {
		s->counts.wrong_state++;
		refuse(s, pdu, SMPP_RINVBNDSTS, "not in this state");
	} else if (decoded) {
		s->counts.malformed++;
		refuse(s, pdu, status, "a field is wrong");
	} else {
		take_allowed(s, pdu, now_us);
	}
}

/* --- responses --- */

/* Some centres answer bind_receiver with another bind's id: the sequence counts. */
static void take_bind_resp(struct smpp_session *s, const struct smpp_pdu *pdu)
{
	uint32_t command = s->bind_command;
	uint8_t version = 0;

	s->bind_command = 0;
	s->bind_deadline_us = INT64_MAX;
	if (pdu->status || pdu->id == SMPP_GENERIC_NACK) {
		s->bind_status = pdu->status ? pdu->status : (uint32_t)SMPP_RUNKNOWNERR;
		smpp_session_end(s, SMPP_CLOSE_BIND_REFUSED);
		return;
	}
	(void)smpp_tlv_u8(pdu->tlvs, SMPP_TLV_SC_INTERFACE_VERSION, &version);
	s->peer_version = version;
	if (command == SMPP_BIND_TRANSMITTER)
		smpp_session_go(s, SMPP_SESSION_BOUND_TX);
	else
		smpp_session_go(s, command == SMPP_BIND_RECEIVER ? SMPP_SESSION_BOUND_RX : SMPP_SESSION_BOUND_TRX);
}

static void heed_throttling(struct smpp_session *s, const struct smpp_pdu *pdu, int64_t now_us)
{
	uint8_t congestion = 0;

	if (pdu->status == SMPP_RTHROTTLED || pdu->status == SMPP_RMSGQFUL) {
		s->counts.throttled++;
		smpp_bucket_slow(&s->bucket, now_us);
	} else if (pdu->tlvs.len && smpp_tlv_u8(pdu->tlvs, SMPP_TLV_CONGESTION_STATE, &congestion) &&
		   congestion >= CONGESTED) {
		smpp_bucket_slow(&s->bucket, now_us);
	}
}

static bool take_own_resp(struct smpp_session *s, const struct smpp_pdu *pdu)
{
	if (s->bind_command && s->options.side == SMPP_ESME && pdu->sequence == s->bind_sequence) {
		if (pdu->id != SMPP_GENERIC_NACK && !is_bind(pdu->id & ~SMPP_RESPONSE))
			return false;
		take_bind_resp(s, pdu);
		return true;
	}
	if (s->enquire_sequence && pdu->sequence == s->enquire_sequence) {
		s->enquire_sequence = 0;
		return true;
	}
	if (s->unbind_sequence && pdu->sequence == s->unbind_sequence) {
		s->unbind_answered = true;
		smpp_session_finish_unbind(s);
		return true;
	}
	return false;
}

static void take_response(struct smpp_session *s, const struct smpp_pdu *pdu, enum result decoded, int64_t now_us)
{
	s->counts.answers_in++;
	s->counts.nacks_in += pdu->id == SMPP_GENERIC_NACK;
	if (decoded)
		s->counts.malformed++;
	if (take_own_resp(s, pdu))
		return;
	struct smpp_pending *p = smpp_window_find(&s->window, pdu->sequence);
	if (!p || (pdu->id != SMPP_GENERIC_NACK && pdu->id != SMPP_RESPONSE_TO(p->id))) {
		s->counts.stray++;
		tell(s, pdu, 0, p ? "an answer of another kind" : "an answer to nothing");
		return;
	}
	if (decoded)
		tell(s, pdu, 0, "a field of an answer is wrong");
	heed_throttling(s, pdu, now_us);
	smpp_session_report(s, p, SMPP_ANSWERED, pdu, decoded != OK);
}

static void take_pdu(struct smpp_session *s, struct text octets, int64_t now_us)
{
	struct smpp_pdu pdu;
	uint32_t status;

	enum result decoded = smpp_pdu_decode(octets.at, octets.len, &pdu, &status);
	s->received_us = s->quiet_us = now_us;
	s->enquire_deadline_us = INT64_MAX; /* whatever it is, the peer lives */
	if (pdu.id & SMPP_RESPONSE)
		take_response(s, &pdu, decoded, now_us);
	else
		take_request(s, &pdu, decoded, status, now_us);
}

size_t smpp_session_receive(struct smpp_session *s, const void *bytes, size_t len, int64_t now_us)
{
	struct reader r = reader_of(bytes, len);
	struct text one;
	uint32_t sequence;

	while (s->state != SMPP_SESSION_CLOSED) {
		enum smpp_frame frame = smpp_frame_next(r.at, reader_left(&r), s->options.pdu_max, &one, &sequence);
		if (frame == SMPP_FRAME_MORE)
			return len - reader_left(&r);
		if (frame == SMPP_FRAME_BAD) {
			struct smpp_pdu pdu = { .sequence = sequence };
			s->counts.malformed++;
			nack(s, &pdu, SMPP_RINVCMDLEN, "impossible command_length");
			smpp_session_end(s, SMPP_CLOSE_BAD_LENGTH);
			break;
		}
		(void)reader_take(&r, one.len);
		take_pdu(s, one, now_us);
	}
	return len;
}
