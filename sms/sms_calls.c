/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls in a hash table by number; chained, since they are answered in any order. */
#include "sms/sms_calls.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/net/json.h"
#include "sms/smpp_status.h"

#define BUCKETS 8192u

struct call {
	struct call *next;
	uint32_t number;
	uint64_t conn;
	uint32_t request, sequence;
	bool gives_id;
	char message_id[SMPP_MESSAGE_ID_MAX + 1];
	struct multi *multi;
};

/* Destinations of a submit_multi, in the forms of the wire. */
struct multi {
	size_t refused, offered; /* octets of each, one behind the other */
	char entries[];
};

struct sms_calls {
	struct smpp_conns *conns;
	struct call *buckets[BUCKETS];
	struct call *free;
};

struct sms_calls *sms_calls_new(struct smpp_conns *conns)
{
	struct sms_calls *c = must_alloc(sizeof(*c));

	c->conns = conns;
	return c;
}

static void free_list(struct call *call)
{
	while (call) {
		struct call *next = call->next;
		free(call->multi);
		free(call);
		call = next;
	}
}

void sms_calls_free(struct sms_calls **calls)
{
	if (!*calls)
		return;
	for (unsigned i = 0; i < BUCKETS; i++)
		free_list((*calls)->buckets[i]);
	free_list((*calls)->free);
	free(*calls);
	*calls = NULL;
}

/* Every destination that did not get the message is in the answer. */
static void answer_multi(struct smpp_session *s, const struct call *call, const struct multi *m, uint32_t status,
			 struct text id)
{
	struct smpp_pdu r = { .id = SMPP_RESPONSE_TO(SMPP_SUBMIT_MULTI), .status = status, .sequence = call->sequence };
	struct reader refused = reader_of(m->entries, m->refused);
	struct reader offered = reader_of(m->entries + m->refused, m->offered);
	char room[SMPP_DESTINATIONS_MAX * (SMPP_ADDRESS_MAX + 8u)];
	struct writer w = writer_of(room, sizeof(room));
	struct smpp_multi_destination d;
	struct smpp_multi_failure f;

	for (; smpp_multi_resp_next(&refused, &f); r.u.multi_resp.count++)
		smpp_multi_resp_put(&w, &f);
	for (; status && smpp_multi_next(&offered, &d); r.u.multi_resp.count++) {
		f = (struct smpp_multi_failure){ .address = d.address, .status = status };
		smpp_multi_resp_put(&w, &f);
	}
	r.u.multi_resp.message_id = id;
	r.u.multi_resp.entries = text_range(room, writer_len(&w));
	(void)smpp_session_answer_pdu(s, &r);
}

static struct call *put(struct sms_calls *c, uint32_t number, struct smpp_conn *conn, uint32_t request,
			uint32_t sequence)
{
	struct call *call = c->free;

	if (call)
		c->free = call->next;
	else
		call = must_alloc(sizeof(*call));
	*call = (struct call){ .next = c->buckets[number % BUCKETS],
			       .number = number,
			       .conn = smpp_conn_id(conn),
			       .request = request,
			       .sequence = sequence };
	c->buckets[number % BUCKETS] = call;
	return call;
}

static bool take(struct sms_calls *c, uint32_t number, struct call *out)
{
	struct call **at = &c->buckets[number % BUCKETS];

	while (*at && (*at)->number != number)
		at = &(*at)->next;
	struct call *found = *at;
	if (!found)
		return false;
	*out = *found;
	*at = found->next;
	found->multi = NULL;
	found->next = c->free;
	c->free = found;
	return true;
}

void sms_calls_add(struct sms_calls *c, uint32_t call, struct smpp_conn *conn, uint32_t request, uint32_t sequence,
		   bool gives_id)
{
	if (call) {
		put(c, call, conn, request, sequence)->gives_id = gives_id;
		return;
	}
	(void)smpp_session_answer(smpp_conn_session(conn), request, sequence, SMPP_RSYSERR, (struct text){ 0 });
	smpp_conn_touch(conn);
}

void sms_calls_add_multi(struct sms_calls *c, uint32_t call, struct smpp_conn *conn, uint32_t sequence,
			 struct text refused, struct text offered)
{
	struct call now = { .request = SMPP_SUBMIT_MULTI, .sequence = sequence };
	struct multi *m = must_alloc(sizeof(*m) + refused.len + offered.len);
	struct writer w = writer_of(m->entries, refused.len + offered.len);

	m->refused = refused.len;
	m->offered = offered.len;
	writer_text(&w, refused);
	writer_text(&w, offered);
	if (call) {
		put(c, call, conn, SMPP_SUBMIT_MULTI, sequence)->multi = m;
		return;
	}
	answer_multi(smpp_conn_session(conn), &now, m, SMPP_RSYSERR, (struct text){ 0 });
	free(m);
	smpp_conn_touch(conn);
}

void sms_calls_add_query(struct sms_calls *c, uint32_t call, struct smpp_conn *conn, uint32_t request,
			 uint32_t sequence, struct text message_id)
{
	if (call) {
		struct call *p = put(c, call, conn, request, sequence);
		(void)text_copy(message_id, p->message_id, sizeof(p->message_id));
		return;
	}
	(void)smpp_session_answer(smpp_conn_session(conn), request, sequence, SMPP_RSYSERR, (struct text){ 0 });
	smpp_conn_touch(conn);
}

struct text sms_message_id(const struct smpp_session *session, struct message_id id, char to[MESSAGE_ID_TEXT_SIZE])
{
	(void)message_id_text(id, to);
	if (smpp_session_takes_tlvs(session))
		return text_of(to);
	return text_range(to + 16, 8); /* random digits */
}

static enum smpp_fault fault_of(const struct ipc_accepted *a)
{
	/* A conflict is with an earlier message: one to another destination would not help. */
	return a->recipient && a->result != ERR_CONFLICT ? SMPP_FAULT_DESTINATION : SMPP_FAULT_NONE;
}

static void answer_accept(struct smpp_conn *conn, const struct call *call, const struct ipc_accepted *a)
{
	struct smpp_session *s = smpp_conn_session(conn);
	char room[MESSAGE_ID_TEXT_SIZE];
	struct text id = { 0 };
	uint32_t status = SMPP_ROK;

	if (a->result)
		status = smpp_status_of(a->result, fault_of(a));
	else if (call->gives_id || call->multi)
		id = sms_message_id(s, a->id, room);
	if (call->multi)
		answer_multi(s, call, call->multi, status, id);
	else
		(void)smpp_session_answer(s, call->request, call->sequence, status, id);
	smpp_conn_touch(conn);
}

bool sms_calls_accepted(struct sms_calls *c, uint32_t number, const struct ipc_accepted *a)
{
	struct call call;

	if (!take(c, number, &call))
		return false;
	struct smpp_conn *conn = smpp_conn_find(c->conns, call.conn);
	if (conn) /* else it will ask again, or see the message arrive */
		answer_accept(conn, &call, a);
	free(call.multi);
	return true;
}

bool sms_calls_reported(struct sms_calls *c, uint32_t number, bool done)
{
	struct call call;

	if (!take(c, number, &call))
		return false;
	struct smpp_conn *conn = smpp_conn_find(c->conns, call.conn);
	if (conn) { /* not committed: the peer keeps the receipt and sends it again */
		(void)smpp_session_answer(smpp_conn_session(conn), call.request, call.sequence,
					  done ? SMPP_ROK : SMPP_RX_T_APPN, (struct text){ 0 });
		smpp_conn_touch(conn);
	}
	return true;
}

/* The state of the first recipient, from the queue's words. */
static uint8_t state_of(const struct json_value *root)
{
	static const struct {
		const char *word;
		uint8_t state;
	} words[] = { { "delivered", SMPP_STATE_DELIVERED },   { "displayed", SMPP_STATE_DELIVERED },
		      { "refused", SMPP_STATE_UNDELIVERABLE }, { "expired", SMPP_STATE_EXPIRED },
		      { "cancelled", SMPP_STATE_DELETED },     { "unknown", SMPP_STATE_UNKNOWN },
		      { "in_doubt", SMPP_STATE_UNKNOWN } };
	struct text state = { 0 };

	(void)json_text(json_member(json_item(json_member(root, "recipients"), 0), "state"), &state);
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_is(state, words[i].word))
			return words[i].state;
	}
	return SMPP_STATE_ENROUTE;
}

static void answer_query(struct smpp_session *s, const struct call *call, const struct ipc_answer *a)
{
	struct smpp_pdu r = { .id = SMPP_RESPONSE_TO(SMPP_QUERY_SM), .sequence = call->sequence };
	struct json_doc *doc = NULL;
	struct json_error error;

	r.u.query_resp.message_id = text_of(call->message_id);
	if (a->result || json_parse(a->body, NULL, &doc, &error)) {
		r.status = SMPP_RQUERYFAIL;
	} else {
		r.u.query_resp.message_state = state_of(json_root(doc));
		json_free(&doc);
	}
	(void)smpp_session_answer_pdu(s, &r);
}

bool sms_calls_answer(struct sms_calls *c, uint32_t number, const struct ipc_answer *a)
{
	struct call call;

	if (!take(c, number, &call))
		return false;
	struct smpp_conn *conn = smpp_conn_find(c->conns, call.conn);
	if (!conn)
		return true;
	if (call.request == SMPP_QUERY_SM)
		answer_query(smpp_conn_session(conn), &call, a);
	else
		(void)smpp_session_answer(smpp_conn_session(conn), call.request, call.sequence,
					  a->result ? SMPP_RCANCELFAIL : SMPP_ROK, (struct text){ 0 });
	smpp_conn_touch(conn);
	return true;
}
