/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Receipts: rows of the queue's outbox, JSON as core/queue_policy.c writes it, to a deliver_sm as Appendix B and the
 * TLVs have it. The queue keeps the row until a client took it, so whatever goes wrong here only puts it off.
 */
#include <stdlib.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/reader.h"
#include "core/net/json.h"
#include "sms/smpp_message.h"
#include "sms/smpp_receipt.h"
#include "sms/smpp_server_internal.h"

#define RECEIPTS_MAX 1024u /* of an account, waiting or unanswered; more than the queue gives at once */
#define SOON_MS 1000u
#define TEMPORARY_MS 10000u
#define REFUSED_MS 60000u
#define HEAD_MAX 80u /* octets of the text */
#define ERR_MAX 8u
#define TLVS_ROOM 160u

struct smpp_receipt_row {
	struct flight_node node;	     /* first; its key is the row's id */
	struct smpp_receipt_row *next, **at; /* of those that wait; at NULL: it was sent */
	struct message_id message;
	uint8_t esm_class, state;
	bool has_network_error;
	uint8_t network;
	uint16_t network_error, user_reference;
	int64_t done_us;
	char source[MESSAGE_ADDRESS_MAX + 1], destination[MESSAGE_ADDRESS_MAX + 1];
	char err[ERR_MAX + 1], head[HEAD_MAX + 1];
};

/* --- from JSON --- */

static bool state_of(struct text word, struct smpp_receipt_row *r)
{
	r->esm_class = SMPP_ESM_RECEIPT;
	if (text_is(word, "accepted")) {
		r->esm_class = SMPP_ESM_INTERMEDIATE;
		r->state = SMPP_STATE_ENROUTE;
		return true;
	}
	for (enum store_outcome o = OUTCOME_NONE; o < OUTCOME_COUNT; o++) {
		if (o == OUTCOME_NONE || !text_is(word, store_outcome_name(o)))
			continue;
		r->state = smpp_state_of_outcome(o);
		return true;
	}
	return false;
}

/* "2026-11-24T12:56:07.123456Z"; 0 for anything else. */
static int64_t time_of(struct text t)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	int v[6] = { 0 };
	unsigned field = 0;

	if (t.len < sizeof(shape) - 1)
		return 0;
	for (unsigned i = 0; i < sizeof(shape) - 1; i++) {
		char c = t.at[i];
		if (shape[i] == 'd' && c >= '0' && c <= '9')
			v[field] = 10 * v[field] + (c - '0');
		else if (shape[i] == 'd' || shape[i] != c)
			return 0;
		else
			field++;
	}
	struct tm tm = { .tm_year = v[0] - 1900,
			 .tm_mon = v[1] - 1,
			 .tm_mday = v[2],
			 .tm_hour = v[3],
			 .tm_min = v[4],
			 .tm_sec = v[5] };
	return (int64_t)timegm(&tm) * USEC_PER_SEC;
}

/* The word after `key` in a detail such as "UNDELIV err:069 network 3 error 69". */
static bool word_after(struct text t, const char *key, struct text *out)
{
	while (t.len && !text_starts(t, key))
		t = text_range(t.at + 1, t.len - 1);
	if (!t.len)
		return false;
	t = text_range(t.at + strlen(key), t.len - strlen(key));
	return text_split(&t, ' ', out) && out->len;
}

/* What a network said goes on to the client. */
static void read_detail(struct text detail, struct smpp_receipt_row *r)
{
	struct text word;
	uint64_t network, error;

	if (word_after(detail, "err:", &word))
		(void)text_copy(text_range(word.at, word.len > ERR_MAX ? ERR_MAX : word.len), r->err, sizeof(r->err));
	if (!word_after(detail, "network ", &word) || !text_to_u64(word, UINT8_MAX, &network) ||
	    !word_after(detail, " error ", &word) || !text_to_u64(word, UINT16_MAX, &error))
		return;
	r->has_network_error = true;
	r->network = (uint8_t)network;
	r->network_error = (uint16_t)error;
}

/* The text of a receipt has no coding of its own: what is not plain becomes '?', one for each character. */
static void read_head(struct text t, char to[HEAD_MAX + 1])
{
	unsigned n = 0;

	for (size_t i = 0; i < t.len && n < HEAD_MAX; i++) {
		uint8_t c = (uint8_t)t.at[i];
		if ((c & 0xc0) == 0x80)
			continue;
		to[n++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	to[n] = '\0';
}

static bool take_text(const struct json_value *root, const char *name, char *to, size_t size)
{
	struct text t = { 0 };

	(void)json_text(json_member(root, name), &t);
	return text_copy(t, to, size);
}

static bool read_row(const struct json_value *root, struct smpp_receipt_row *r)
{
	struct text id = { 0 }, state = { 0 }, detail = { 0 }, at = { 0 }, head = { 0 };
	int64_t reference = 0;

	(void)json_text(json_member(root, "id"), &id);
	(void)json_text(json_member(root, "state"), &state);
	(void)json_text(json_member(root, "detail"), &detail);
	(void)json_text(json_member(root, "at"), &at);
	(void)json_text(json_member(root, "text_head"), &head);
	(void)json_int(json_member(root, "user_reference"), &reference);
	if (!message_id_parse(id, &r->message) || !state_of(state, r))
		return false;
	r->done_us = time_of(at);
	r->user_reference = (uint16_t)reference;
	read_detail(detail, r);
	read_head(head, r->head);
	return take_text(root, "to", r->source, sizeof(r->source)) &&
	       take_text(root, "from", r->destination, sizeof(r->destination));
}

static struct smpp_receipt_row *row_of(const struct ipc_outbox *row)
{
	struct json_doc *doc = NULL;
	struct json_error error;

	if (!text_is(row->kind, "receipt") || json_parse(row->body, NULL, &doc, &error))
		return NULL;
	struct smpp_receipt_row *r = must_alloc(sizeof(*r));
	memcpy(r->node.key, row->id, sizeof(r->node.key));
	bool good = read_row(json_root(doc), r);
	json_free(&doc);
	if (good)
		return r;
	free(r);
	return NULL;
}

/* --- what is here --- */

void smpp_receipts_init(struct smpp_esme *e)
{
	flight_table_init(&e->receipts);
	flight_table_init(&e->ended_ids);
	e->waiting_last = &e->waiting;
}

void smpp_receipts_clear(struct smpp_esme *e)
{
	flight_table_clear(&e->receipts);
	flight_table_clear(&e->ended_ids);
	free(e->ended);
}

static void wait_at(struct smpp_esme *e, struct smpp_receipt_row *r, struct smpp_receipt_row **at)
{
	r->at = at;
	r->next = *at;
	*at = r;
	if (r->next)
		r->next->at = &r->next;
	else
		e->waiting_last = &r->next;
}

static void wait_no_more(struct smpp_esme *e, struct smpp_receipt_row *r)
{
	if (!r->at)
		return;
	*r->at = r->next;
	if (r->next)
		r->next->at = r->at;
	else
		e->waiting_last = r->at;
	r->at = NULL;
}

/* A row that the queue read just before it wrote that it is done comes once more: the client has it. */
static bool ended_before(const struct smpp_esme *e, const uint8_t id[16])
{
	return flight_find(&e->ended_ids, id) != NULL;
}

/* In the place of the oldest. */
static void remember_end(struct smpp_esme *e, const uint8_t id[16])
{
	if (ended_before(e, id))
		return;
	if (!e->ended)
		e->ended = must_alloc(SMPP_ENDED_KEPT * sizeof(*e->ended));
	struct flight_node *node = &e->ended[e->ended_next];
	e->ended_next = (e->ended_next + 1) % SMPP_ENDED_KEPT;
	if (e->ended_ids.count == SMPP_ENDED_KEPT)
		flight_remove(&e->ended_ids, node);
	memcpy(node->key, id, sizeof(node->key));
	flight_add(&e->ended_ids, node);
}

static void end_row(struct smpp_esme *e, struct smpp_receipt_row *r, bool done, uint32_t retry_ms, const char *detail)
{
	channel_outbox_end(e->server->channel, r->node.key, done, retry_ms, text_of(detail));
	if (done)
		remember_end(e, r->node.key);
	wait_no_more(e, r);
	flight_remove(&e->receipts, &r->node);
	free(r);
}

void smpp_receipts_put_off(struct smpp_esme *e, const char *why)
{
	while (e->waiting)
		end_row(e, e->waiting, false, SOON_MS, why);
}

static void unreadable(struct smpp_server *server, const struct ipc_outbox *row)
{
	struct counter *n = counter_get(COUNTER_COUNT, "smpp_server_receipts_unreadable_total", NULL,
					"Rows of the outbox that are no receipt for SMPP");
	char quoted[64];

	counter_add(n, 1);
	LOGE(LOG_SMS, NULL, "a row for %s was dropped: it is no receipt",
	     text_quote(row->target, quoted, sizeof(quoted)));
	channel_outbox_end(server->channel, row->id, true, 0, TEXT_LITERAL("no receipt for SMPP"));
}

void smpp_server_outbox(struct smpp_server *server, const struct ipc_outbox *row)
{
	bool ours = smpp_server_delivers(server, row->target);
	struct text name = ours ? text_range(row->target.at + 5, row->target.len - 5) : (struct text){ 0 };
	struct smpp_account *a = smpp_accounts_find(server->accounts, name);
	struct smpp_esme *e = a ? a->esme : NULL;

	if (e && flight_find(&e->receipts, row->id))
		return; /* given again by a queue that came back: the first one's end counts for both */
	if (e && ended_before(e, row->id)) {
		channel_outbox_end(server->channel, row->id, true, 0, (struct text){ 0 });
		return;
	}
	if (!e || !e->up || e->receipts.count >= RECEIPTS_MAX) {
		channel_outbox_end(server->channel, row->id, false, SOON_MS, TEXT_LITERAL("no client is bound"));
		return;
	}
	struct smpp_receipt_row *r = row_of(row);
	if (!r) {
		unreadable(server, row);
		return;
	}
	flight_add(&e->receipts, &r->node);
	wait_at(e, r, e->waiting_last);
	smpp_esme_pump(e);
}

/* --- to clients --- */

static bool send_row(struct smpp_client *c, struct smpp_receipt_row *r)
{
	struct smpp_session *s = smpp_conn_session(c->conn);
	char id[MESSAGE_ID_TEXT_SIZE], octets[SMPP_RECEIPT_TEXT_MAX], tlvs[TLVS_ROOM];
	struct writer text = writer_of(octets, sizeof(octets)), more = writer_of(tlvs, sizeof(tlvs));
	struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM };
	struct smpp_receipt receipt = { .id = sms_message_id(s, r->message, id),
					.state = r->state,
					.err = text_of(r->err),
					.sub = 1,
					.dlvrd = r->state == SMPP_STATE_DELIVERED,
					.submit_us = message_id_time(r->message),
					.done_us = r->done_us,
					.text = text_of(r->head),
					.has_network_error = r->has_network_error,
					.network = r->network,
					.network_error = r->network_error,
					.has_user_reference = r->user_reference != 0,
					.user_reference = r->user_reference };

	smpp_receipt_put_text(&text, &receipt);
	if (smpp_session_takes_tlvs(s))
		smpp_receipt_put_tlvs(&more, &receipt);
	pdu.u.sm = (struct smpp_sm){ .source = smpp_address_of(text_of(r->source), 256, 256),
				     .destination = smpp_address_of(text_of(r->destination), 256, 256),
				     .esm_class = r->esm_class,
				     .octets = text_range(octets, writer_len(&text)) };
	pdu.tlvs = text_range(tlvs, writer_len(&more));
	uint64_t cookie = (uint64_t)(uintptr_t)r | SMPP_RECEIPT_COOKIE;
	return smpp_session_send(s, &pdu, cookie, clock_monotonic()) == OK;
}

void smpp_receipts_pump(struct smpp_esme *e)
{
	struct smpp_receipt_row *r;

	while ((r = e->waiting)) {
		struct smpp_client *c = smpp_esme_ready(e);
		if (!c)
			return;
		if (!send_row(c, r)) {
			LOGE(LOG_SMS, e->account->name, "a receipt was dropped: an address is too long for SMPP");
			end_row(e, r, true, 0, "an address is too long for SMPP");
			continue;
		}
		wait_no_more(e, r);
		counter_add(e->sent, 1);
		smpp_conn_touch(c->conn);
	}
}

/* Back among those that wait, in front of them. */
static void again(struct smpp_esme *e, struct smpp_receipt_row *r)
{
	wait_at(e, r, &e->waiting);
	if (!e->up)
		end_row(e, r, false, SOON_MS, "the client went away");
}

static void refused(struct smpp_esme *e, struct smpp_receipt_row *r, uint32_t status, enum smpp_action action)
{
	counter_add(e->refused, 1);
	LOGI(LOG_SMS, e->account->name, "a receipt was refused: %s", smpp_status_name(status));
	end_row(e, r, false, action == SMPP_DO_RETRY ? TEMPORARY_MS : REFUSED_MS, smpp_status_name(status));
}

static void answered(struct smpp_client *c, struct smpp_receipt_row *r, uint32_t status)
{
	struct smpp_esme *e = c->account->esme;
	enum smpp_action action = smpp_status_action(status, NULL, 0);

	switch (action) {
	case SMPP_DO_KEEP:
		counter_add(e->receipts_sent, 1);
		end_row(e, r, true, 0, "");
		break;
	case SMPP_DO_REBIND:
		smpp_conn_end(c->conn);
		again(e, r);
		break;
	case SMPP_DO_THROTTLE:
		again(e, r);
		break;
	default:
		refused(e, r, status, action);
	}
}

void smpp_receipts_answer(struct smpp_client *c, const struct smpp_answer *a)
{
	struct smpp_esme *e = c->account->esme;
	struct smpp_receipt_row *r = (struct smpp_receipt_row *)(uintptr_t)(a->cookie & ~SMPP_RECEIPT_COOKIE);

	if (a->end == SMPP_ANSWERED) {
		answered(c, r, a->pdu->status);
	} else if (a->end == SMPP_UNSENT) {
		again(e, r);
	} else {
		counter_add(e->unanswered, 1);
		end_row(e, r, false, SOON_MS, "no answer came"); /* twice is better than never */
	}
	smpp_esme_pump(e);
}
