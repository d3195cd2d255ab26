/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reports to phones that asked for them: rows of the queue's outbox, JSON as core/queue_policy.c writes it, become
 * STATUS-REPORTs. A phone that is not there leaves its row to the queue.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/json.h"
#include "sms/phone_link_internal.h"

#define AGAIN_MS 300000u
#define SOON_MS 1000u
#define NO_MORE_MESSAGES 0x04 /* TP-MMS, 3GPP TS 23.040 9.2.3.2 */

/* 3GPP TS 23.040 9.2.3.15; those that are never asked for are not here. */
static const struct {
	const char *state;
	uint8_t status;
} states[] = {
	{ "delivered", 0x00 }, { "displayed", 0x00 }, { "accepted", 0x01 }, { "refused", 0x43 },
	{ "expired", 0x46 },   { "cancelled", 0x48 }, { "unknown", 0x5f },
};

static bool status_of(struct text state, uint8_t *out)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (text_is(state, states[i].state)) {
			*out = states[i].status;
			return true;
		}
	}
	return false;
}

static bool build(const struct phone_link *link, const struct json_value *root, struct phone_report *r)
{
	struct text id = { 0 }, state = { 0 }, to = { 0 }, from = { 0 }, reference = { 0 };
	struct writer w = writer_of(r->tpdu, sizeof(r->tpdu));
	struct message_id message;
	uint64_t number;
	uint8_t status;

	(void)json_text(json_member(root, "id"), &id);
	(void)json_text(json_member(root, "state"), &state);
	(void)json_text(json_member(root, "to"), &to);
	(void)json_text(json_member(root, "from"), &from);
	(void)json_text(json_member(root, "reference"), &reference);
	if (!message_id_parse(id, &message) || !status_of(state, &status) ||
	    !text_to_u64(reference, UINT8_MAX, &number) || !text_copy(from, r->number, sizeof(r->number)))
		return false;
	enum result result = tp_message_report((uint8_t)number, to, message_id_time(message), clock_now(),
					       link->settings.quarters, status, &w);
	r->len = writer_len(&w);
	return result == OK;
}

static struct phone_report *read_row(const struct phone_link *link, const struct ipc_outbox *row)
{
	struct json_doc *doc = NULL;
	struct json_error error;

	if (!text_is(row->kind, "receipt") || json_parse(row->body, NULL, &doc, &error) != OK)
		return NULL;
	struct phone_report *r = must_alloc(sizeof(*r));
	memcpy(r->id, row->id, sizeof(r->id));
	bool good = build(link, json_root(doc), r);
	json_free(&doc);
	if (good)
		return r;
	free(r);
	return NULL;
}

static void end(struct phone_link *link, struct phone_report **at, bool done, uint32_t retry_ms, const char *detail)
{
	struct phone_report *r = *at;

	*at = r->next;
	channel_outbox_end(link->channel, r->id, done, retry_ms, text_of(detail));
	free(r);
}

void phone_link_outbox(struct phone_link *link, const struct ipc_outbox *row)
{
	struct phone_report *r = read_row(link, row);

	if (!r) {
		LOGN(LOG_SMS, link->name, "a row of the outbox that is no report for a phone");
		channel_outbox_end(link->channel, row->id, true, 0, TEXT_LITERAL("no report for a phone"));
		return;
	}
	struct phone_report **at = &link->reports;
	while (*at)
		at = &(*at)->next;
	*at = r;
	phone_link_wake(link);
}

/* True: it is gone from the list. */
static bool try_one(struct phone_link *link, struct phone_report **at)
{
	struct phone_report *r = *at;
	struct phone_known *p = key_table_find(link->by_number, text_of(r->number));

	if (r->flying || !link->up || (p ? p->flying : !link->loaded))
		return false;
	if (!p || clock_monotonic() < p->not_before_us) {
		end(link, at, false, AGAIN_MS, p ? p->why : "no phone with that number was seen");
		return true;
	}
	bool more = phone_link_more(link, r->number, r);
	if (more)
		r->tpdu[0] &= (uint8_t)~NO_MORE_MESSAGES;
	enum result result = link->carrier->send(link->owner, p->imsi, text_range((const char *)r->tpdu, r->len), more);
	if (result == OK) {
		r->flying = p->flying = true;
	} else if (result == ERR_NOT_FOUND) {
		phone_link_wait(p, link->settings.retry.alert_us, "the phone is not there");
		end(link, at, false, AGAIN_MS, p->why);
		return true;
	}
	return false;
}

void phone_link_reports_turn(struct phone_link *link)
{
	struct phone_report **at = &link->reports;

	while (*at) {
		if (!try_one(link, at))
			at = &(*at)->next;
	}
}

/* What may have arrived is not sent again: a report shown twice says something that is not so. */
bool phone_link_report_ended(struct phone_link *link, struct phone_known *p, const struct phone_end *e)
{
	struct phone_report **at = &link->reports;

	while (*at && !((*at)->flying && text_is(text_of(p->number), (*at)->number)))
		at = &(*at)->next;
	if (!*at)
		return false;
	p->flying = false;
	struct retry r = retry_after(&link->settings.retry, e->source, e->cause, 1);
	bool waits = r.action == RETRY_WAIT_ALERT || r.action == RETRY_WAIT_MEMORY;
	bool again = !e->delivered && !e->unsure && (waits || r.action == RETRY_LATER);
	if (again && waits)
		phone_link_wait(p, r.delay_us, retry_cause_name(e->source, e->cause));
	end(link, at, !again, again ? AGAIN_MS : 0, again ? retry_cause_name(e->source, e->cause) : "");
	return true;
}

void phone_link_reports_return(struct phone_link *link, bool flying)
{
	struct phone_report **at = &link->reports;

	while (*at) {
		if ((*at)->flying && !flying)
			at = &(*at)->next;
		else
			end(link, at, (*at)->flying, (*at)->flying ? 0 : SOON_MS, "the link ends");
	}
}
