/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smpp_session.h: the owner's calls, and time. */
#include "sms/smpp_session.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "sms/smpp_session_internal.h"

int64_t smpp_session_deadline(int64_t now_us, int64_t after_us)
{
	return after_us > 0 ? now_us + after_us : INT64_MAX;
}

struct smpp_session *smpp_session_new(const struct smpp_session_options *options, const struct smpp_session_user *user,
				      void *owner, int64_t now_us)
{
	struct smpp_session *s = must_alloc(sizeof(*s));

	*s = (struct smpp_session){ .options = *options,
				    .user = user,
				    .owner = owner,
				    .received_us = now_us,
				    .quiet_us = now_us,
				    .bind_deadline_us = smpp_session_deadline(now_us, options->bind_us),
				    .enquire_deadline_us = INT64_MAX,
				    .unbind_deadline_us = INT64_MAX };
	smpp_window_init(&s->window, options->window);
	smpp_bucket_init(&s->bucket, options->rate, options->burst, now_us);
	return s;
}

void smpp_session_free(struct smpp_session **session)
{
	struct smpp_session *s = *session;

	*session = NULL;
	if (!s)
		return;
	smpp_window_clear(&s->window);
	smpp_output_clear(&s->output);
	free(s);
}

void smpp_session_set_windows(struct smpp_session *s, uint32_t window, uint32_t window_in)
{
	smpp_window_set_limit(&s->window, window);
	s->options.window_in = window_in;
}

void smpp_session_go(struct smpp_session *s, enum smpp_session_state state)
{
	if (s->state == state || s->state == SMPP_SESSION_CLOSED)
		return;
	s->state = state;
	if (s->user->state)
		s->user->state(s->owner, s, state);
}

void smpp_session_report(struct smpp_session *s, struct smpp_pending *p, enum smpp_end end, const struct smpp_pdu *pdu,
			 bool broken)
{
	struct smpp_answer answer = {
		.cookie = p->cookie, .request = p->id, .order = p->order, .end = end, .pdu = pdu, .broken = broken
	};

	smpp_window_remove(&s->window, p);
	s->user->answer(s->owner, s, &answer);
}

/* After these the owner may still send what is left of the output. */
static bool output_leaves(enum smpp_close reason)
{
	return reason != SMPP_CLOSE_LOST && reason != SMPP_CLOSE_SILENT && reason != SMPP_CLOSE_BIND_TIMEOUT &&
	       reason != SMPP_CLOSE_BACKLOG;
}

/* Requests still in the output are taken back: their owner may send them another way, so they must not leave too. */
void smpp_session_end(struct smpp_session *s, enum smpp_close reason)
{
	uint64_t certain = s->output.total;
	struct smpp_pending *p;

	if (s->state == SMPP_SESSION_CLOSED)
		return;
	s->state = SMPP_SESSION_CLOSED;
	s->closed_by = reason;
	if (output_leaves(reason))
		certain = smpp_output_keep_answers(&s->output);
	else
		smpp_output_drop(&s->output);
	while ((p = smpp_window_oldest(&s->window)))
		smpp_session_report(s, p, p->end_at > certain ? SMPP_UNSENT : SMPP_IN_DOUBT, NULL, false);
	if (s->user->state)
		s->user->state(s->owner, s, SMPP_SESSION_CLOSED);
}

static size_t size_of(const struct smpp_pdu *pdu)
{
	size_t n = SMPP_FIXED_MAX + pdu->tlvs.len;

	switch (pdu->id) {
	case SMPP_SUBMIT_MULTI:
		return n + pdu->u.multi.entries.len;
	case SMPP_RESPONSE_TO(SMPP_SUBMIT_MULTI):
		return n + pdu->u.multi_resp.entries.len;
	case SMPP_BROADCAST_SM:
	case SMPP_QUERY_BROADCAST_SM:
	case SMPP_CANCEL_BROADCAST_SM:
	case SMPP_RESPONSE_TO(SMPP_BROADCAST_SM):
	case SMPP_RESPONSE_TO(SMPP_QUERY_BROADCAST_SM):
		return n + pdu->u.body.len;
	default:
		return n;
	}
}

uint64_t smpp_session_put(struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct writer w = smpp_output_room(&s->output, size_of(pdu));

	smpp_pdu_encode(pdu, &w);
	uint64_t end = smpp_output_add(&s->output, &w);
	/* Answers must be sent whatever waits, but not without end to a peer that does not read. */
	if (smpp_output_len(&s->output) > 2 * s->options.output_max + SMPP_PDU_MAX)
		smpp_session_end(s, SMPP_CLOSE_BACKLOG);
	return end;
}

void smpp_session_respond(struct smpp_session *s, uint32_t id, uint32_t sequence, uint32_t status)
{
	struct smpp_pdu pdu = { .id = id | SMPP_RESPONSE, .status = status, .sequence = sequence };

	s->counts.answers_out++;
	(void)smpp_session_put(s, &pdu);
}

struct text smpp_session_output(const struct smpp_session *s)
{
	return smpp_output_view(&s->output);
}

void smpp_session_sent(struct smpp_session *s, size_t n)
{
	smpp_output_sent(&s->output, n);
}

void smpp_session_close(struct smpp_session *s)
{
	smpp_session_end(s, SMPP_CLOSE_ASKED);
}

void smpp_session_lost(struct smpp_session *s)
{
	smpp_session_end(s, SMPP_CLOSE_LOST);
	smpp_output_drop(&s->output);
}

/* --- requests of ours --- */

static enum result may_send_now(const struct smpp_session *s, uint32_t id)
{
	if (!smpp_session_bound(s))
		return ERR_CLOSED;
	if (!smpp_rule_allows(s->options.side, s->state, id) || id == SMPP_UNBIND || id == SMPP_ENQUIRE_LINK)
		return ERR_DENIED;
	if (s->window.count >= s->window.limit || smpp_output_len(&s->output) > s->options.output_max)
		return ERR_FULL;
	return OK;
}

enum result smpp_session_can_send(struct smpp_session *s, uint32_t id, int64_t now_us)
{
	enum result result = may_send_now(s, id);

	if (result == OK && smpp_rule_is_message(id) && smpp_bucket_due(&s->bucket, now_us) > now_us)
		return ERR_BUSY;
	return result;
}

enum result smpp_session_send(struct smpp_session *s, const struct smpp_pdu *given, uint64_t cookie, int64_t now_us)
{
	struct smpp_pdu pdu = *given;
	bool message = smpp_rule_is_message(pdu.id);

	enum result result = may_send_now(s, pdu.id);
	if (result)
		return result;
	if (message && !smpp_bucket_take(&s->bucket, now_us))
		return ERR_BUSY;
	struct smpp_pending *p = smpp_window_add(&s->window);
	pdu.sequence = p->sequence;
	p->id = pdu.id;
	p->cookie = cookie;
	p->sent_us = now_us;
	struct writer w = smpp_output_room(&s->output, size_of(&pdu));
	smpp_pdu_encode(&pdu, &w);
	p->end_at = smpp_output_add(&s->output, &w);
	if (!p->end_at && message)
		smpp_bucket_give_back(&s->bucket);
	bool failed = !p->end_at;
	if (failed || pdu.id == SMPP_ALERT_NOTIFICATION)
		smpp_window_remove(&s->window, p);
	if (failed)
		return ERR_TOO_BIG;
	s->counts.requests_out++;
	return OK;
}

int64_t smpp_session_send_due(struct smpp_session *s, int64_t now_us)
{
	return smpp_bucket_due(&s->bucket, now_us);
}

/* --- requests of the peer --- */

bool smpp_session_answer_pdu(struct smpp_session *s, const struct smpp_pdu *response)
{
	if (s->state == SMPP_SESSION_CLOSED)
		return false;
	if (s->waiting)
		s->waiting--;
	s->counts.answers_out++;
	if (!smpp_session_put(s, response) && s->state != SMPP_SESSION_CLOSED) {
		struct smpp_pdu plain = { .id = response->id,
					  .status = response->status ? response->status : (uint32_t)SMPP_RSYSERR,
					  .sequence = response->sequence };
		(void)smpp_session_put(s, &plain);
	}
	smpp_session_finish_unbind(s);
	return true;
}

bool smpp_session_answer(struct smpp_session *s, uint32_t request_id, uint32_t sequence, uint32_t status,
			 struct text message_id)
{
	struct smpp_pdu pdu = { .id = SMPP_RESPONSE_TO(request_id), .status = status, .sequence = sequence };

	if (!status && request_id == SMPP_SUBMIT_MULTI)
		pdu.u.multi_resp.message_id = message_id;
	else if (!status && request_id == SMPP_QUERY_SM)
		pdu.u.query_resp.message_id = message_id;
	else if (!status && smpp_rule_is_message(request_id))
		pdu.u.message_id = message_id;
	return smpp_session_answer_pdu(s, &pdu);
}

/* --- time --- */

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t smpp_session_due(const struct smpp_session *s)
{
	const struct smpp_pending *oldest = smpp_window_oldest(&s->window);
	int64_t due = sooner(s->bind_deadline_us, s->unbind_deadline_us);

	if (s->state == SMPP_SESSION_CLOSED)
		return INT64_MAX;
	if (oldest)
		due = sooner(due, smpp_session_deadline(oldest->sent_us, s->options.answer_us));
	if (s->enquire_deadline_us != INT64_MAX)
		due = sooner(due, s->enquire_deadline_us);
	else if (smpp_session_bound(s))
		due = sooner(due, smpp_session_deadline(s->quiet_us, s->options.enquire_us));
	return sooner(due, smpp_session_deadline(s->received_us, s->options.silence_us));
}

static void enquire(struct smpp_session *s, int64_t now_us)
{
	struct smpp_pdu pdu = { .id = SMPP_ENQUIRE_LINK, .sequence = smpp_window_next(&s->window) };

	s->enquire_sequence = pdu.sequence;
	s->enquire_deadline_us = smpp_session_deadline(now_us, s->options.enquire_answer_us);
	s->quiet_us = now_us; /* without a limit for the answer the next one goes out after another quiet time */
	s->counts.enquiries_out++;
	(void)smpp_session_put(s, &pdu);
}

static void tick_answers(struct smpp_session *s, int64_t now_us)
{
	struct smpp_pending *p;

	while ((p = smpp_window_oldest(&s->window)) &&
	       now_us >= smpp_session_deadline(p->sent_us, s->options.answer_us)) {
		s->counts.timeouts++;
		smpp_session_report(s, p, SMPP_IN_DOUBT, NULL, false);
	}
}

void smpp_session_tick(struct smpp_session *s, int64_t now_us)
{
	if (s->state == SMPP_SESSION_CLOSED)
		return;
	if (now_us >= s->bind_deadline_us)
		smpp_session_end(s, SMPP_CLOSE_BIND_TIMEOUT);
	else if (now_us >= s->enquire_deadline_us ||
		 now_us >= smpp_session_deadline(s->received_us, s->options.silence_us))
		smpp_session_end(s, SMPP_CLOSE_SILENT);
	else if (now_us >= s->unbind_deadline_us)
		smpp_session_end(s, SMPP_CLOSE_UNBOUND);
	else
		tick_answers(s, now_us);
	if (smpp_session_bound(s) && s->enquire_deadline_us == INT64_MAX &&
	    now_us >= smpp_session_deadline(s->quiet_us, s->options.enquire_us))
		enquire(s, now_us);
}
