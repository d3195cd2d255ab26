/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SMPP session: binding and unbinding, and looking at it. */
#include "sms/smpp_session_internal.h"

/* --- binding --- */

enum result smpp_session_bind(struct smpp_session *s, uint32_t command, const struct smpp_bind *bind, int64_t now_us)
{
	struct smpp_pdu pdu = { .id = command, .u.bind = *bind };

	bool kind =
		command == SMPP_BIND_RECEIVER || command == SMPP_BIND_TRANSMITTER || command == SMPP_BIND_TRANSCEIVER;
	if (!kind || s->options.side != SMPP_ESME || s->bind_command || !smpp_rule_allows(SMPP_ESME, s->state, command))
		return ERR_DENIED;
	pdu.u.bind.interface_version = s->options.interface_version;
	pdu.sequence = smpp_window_next(&s->window);
	if (!smpp_session_put(s, &pdu))
		return ERR_TOO_BIG;
	s->counts.requests_out++;
	s->bind_command = command;
	s->bind_sequence = pdu.sequence;
	s->bind_deadline_us = smpp_session_deadline(now_us, s->options.bind_us);
	return OK;
}

enum result smpp_session_outbind(struct smpp_session *s, const struct smpp_outbind *outbind, int64_t now_us)
{
	struct smpp_pdu pdu = { .id = SMPP_OUTBIND, .u.outbind = *outbind };

	if (s->options.side != SMPP_CENTRE || s->state != SMPP_SESSION_OPEN)
		return ERR_DENIED;
	pdu.sequence = smpp_window_next(&s->window);
	if (!smpp_session_put(s, &pdu))
		return ERR_TOO_BIG;
	s->bind_deadline_us = smpp_session_deadline(now_us, s->options.bind_us);
	smpp_session_go(s, SMPP_SESSION_OUTBOUND);
	return OK;
}

static enum smpp_session_state bound_state(uint32_t command)
{
	if (command == SMPP_BIND_TRANSMITTER)
		return SMPP_SESSION_BOUND_TX;
	return command == SMPP_BIND_RECEIVER ? SMPP_SESSION_BOUND_RX : SMPP_SESSION_BOUND_TRX;
}

void smpp_session_answer_bind(struct smpp_session *s, uint32_t status, struct text system_id, int64_t now_us)
{
	uint8_t room[8];
	struct writer tlvs = writer_of(room, sizeof(room));
	struct smpp_pdu pdu = { .id = SMPP_RESPONSE_TO(s->bind_command),
				.status = status,
				.sequence = s->bind_sequence };
	uint32_t command = s->bind_command;

	if (s->options.side != SMPP_CENTRE || !command || s->state == SMPP_SESSION_CLOSED)
		return;
	s->bind_command = 0;
	s->counts.answers_out++;
	if (!status) {
		pdu.u.system_id = text_range(system_id.at,
					     system_id.len > SMPP_SYSTEM_ID_MAX ? SMPP_SYSTEM_ID_MAX : system_id.len);
		if (smpp_session_takes_tlvs(s))
			smpp_tlv_put_u8(&tlvs, SMPP_TLV_SC_INTERFACE_VERSION, s->options.interface_version);
		pdu.tlvs = text_range((const char *)room, writer_len(&tlvs));
	}
	(void)smpp_session_put(s, &pdu);
	s->bind_deadline_us = INT64_MAX;
	s->received_us = s->quiet_us = now_us;
	if (!status) {
		smpp_session_go(s, bound_state(command));
		return;
	}
	s->bind_status = status;
	smpp_session_end(s, SMPP_CLOSE_BIND_REFUSED);
}

void smpp_session_unbind(struct smpp_session *s, int64_t now_us)
{
	struct smpp_pdu pdu = { .id = SMPP_UNBIND };

	if (!smpp_session_bound(s))
		return;
	pdu.sequence = smpp_window_next(&s->window);
	(void)smpp_session_put(s, &pdu);
	s->counts.requests_out++;
	s->unbind_sequence = pdu.sequence;
	s->unbind_deadline_us = smpp_session_deadline(now_us, s->options.answer_us);
	smpp_session_go(s, SMPP_SESSION_UNBINDING);
}

void smpp_session_finish_unbind(struct smpp_session *s)
{
	if ((!s->peer_unbinds && !s->unbind_answered) || s->waiting || s->state == SMPP_SESSION_CLOSED)
		return;
	if (s->peer_unbinds)
		smpp_session_respond(s, SMPP_UNBIND, s->peer_unbind_sequence, SMPP_ROK);
	smpp_session_end(s, SMPP_CLOSE_UNBOUND);
}

/* --- looking --- */

enum smpp_session_state smpp_session_state(const struct smpp_session *s)
{
	return s->state;
}

bool smpp_session_bound(const struct smpp_session *s)
{
	return s->state >= SMPP_SESSION_BOUND_TX && s->state <= SMPP_SESSION_BOUND_TRX;
}

bool smpp_session_may(const struct smpp_session *s, uint32_t id)
{
	return smpp_session_bound(s) && smpp_rule_allows(s->options.side, s->state, id);
}

enum smpp_close smpp_session_closed_by(const struct smpp_session *s)
{
	return s->closed_by;
}

uint32_t smpp_session_bind_status(const struct smpp_session *s)
{
	return s->bind_status;
}

uint8_t smpp_session_peer_version(const struct smpp_session *s)
{
	return s->peer_version;
}

bool smpp_session_takes_tlvs(const struct smpp_session *s)
{
	return s->options.force_tlvs || s->peer_version >= 0x34;
}

uint32_t smpp_session_outstanding(const struct smpp_session *s)
{
	return s->window.count;
}

uint32_t smpp_session_waiting(const struct smpp_session *s)
{
	return s->waiting;
}

uint32_t smpp_session_rate(const struct smpp_session *s)
{
	return s->bucket.now_rate;
}

const struct smpp_session_counts *smpp_session_counts(const struct smpp_session *s)
{
	return &s->counts;
}
