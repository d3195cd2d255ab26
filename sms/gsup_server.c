/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The GSUP server: links of MSCs, identities and pings, and the way to the HLR and back. */
#include "sms/gsup_server.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "sms/gsup_internal.h"

static const struct {
	const char *name, *help;
} counts[GSUP_COUNTS] = {
	[GSUP_COUNT_BAD] = { "sms_gsup_bad_total", "GSUP messages and frames that could not be read" },
	[GSUP_COUNT_RELAYED] = { "sms_gsup_relayed_total", "messages passed between MSCs and the HLR" },
	[GSUP_COUNT_NO_HLR] = { "sms_gsup_no_hlr_total", "requests answered with an error, the HLR being away" },
	[GSUP_COUNT_FROM_PHONES] = { "sms_gsup_from_phones_total", "MO-forwardSM taken in" },
	[GSUP_COUNT_DELIVERED] = { "sms_gsup_delivered_total", "MT-forwardSM that phones acknowledged" },
	[GSUP_COUNT_FAILED] = { "sms_gsup_failed_total", "MT-forwardSM refused or not answered" },
	[GSUP_COUNT_FULL] = { "sms_gsup_limit_total", "links, phones and messages refused at a limit" },
};

struct gsup_server *gsup_server_new(const struct gsup_server_user *user, void *owner, const char *name,
				    struct gsup_timers timers, struct gsup_limits limits)
{
	struct gsup_server *server = must_alloc(sizeof(*server));

	server->user = user;
	server->owner = owner;
	(void)text_copy(text_of(name), server->name, sizeof(server->name));
	server->timers = timers;
	server->limits = limits;
	server->links = must_alloc((limits.links_max + 1) * sizeof(*server->links));
	server->phones = key_table_new(limits.phones_max);
	for (unsigned i = 0; i < GSUP_COUNTS; i++)
		server->counters[i] = counter_get(COUNTER_COUNT, counts[i].name, "", counts[i].help);
	return server;
}

static void clear_link(struct gsup_link *link)
{
	gsup_answers_drop(link);
	free(link->from_msc);
	free(link->from_hlr);
	free(link->kept);
	*link = (struct gsup_link){ 0 };
}

void gsup_server_watch(struct gsup_server *server,
		       void (*frame)(void *owner, uint64_t link, bool msc, struct text whole))
{
	server->watch = frame;
}

void gsup_server_free(struct gsup_server **server)
{
	if (!*server)
		return;
	for (uint32_t i = 0; i < (*server)->limits.links_max; i++)
		clear_link(&(*server)->links[i]);
	gsup_phones_free(*server);
	free((*server)->links);
	free(*server);
	*server = NULL;
}

struct gsup_link *gsup_link_of(struct gsup_server *server, uint64_t id)
{
	for (uint32_t i = 0; i < server->limits.links_max; i++) {
		if (server->links[i].id == id)
			return &server->links[i];
	}
	return NULL;
}

/* --- octets out
 * ------------------------------------------------------------------------------------------------------------ */

void gsup_put_msc(struct gsup_server *server, const struct gsup_link *link, const struct gsup *g)
{
	uint8_t room[1024];
	struct writer w = writer_of(room, sizeof(room));

	gsup_put_frame(g, &w);
	if (writer_ok(&w) && !link->closing)
		server->user->to_msc(server->owner, link->id, room, writer_len(&w));
}

static void put_ccm(struct gsup_server *server, const struct gsup_link *link, bool msc, enum ipa_ccm message)
{
	uint8_t room[64];
	struct writer w = writer_of(room, sizeof(room));

	if (message == IPA_ID_REQUEST)
		ipa_put_identity_request(&w);
	else
		ipa_put_ccm(&w, message);
	(msc ? server->user->to_msc : server->user->to_hlr)(server->owner, link->id, room, writer_len(&w));
}

static void close_link(struct gsup_server *server, struct gsup_link *link, const char *why)
{
	if (link->closing)
		return;
	link->closing = true;
	link->ping_due_us = link->pong_due_us = 0;
	server->user->close(server->owner, link->id, why);
}

/* --- links --- */

enum result gsup_server_up(struct gsup_server *server, uint64_t id, int64_t now_us)
{
	struct gsup_link *link = gsup_link_of(server, 0);

	server->now_us = now_us;
	if (!link || !id || gsup_link_of(server, id)) {
		gsup_count(server, GSUP_COUNT_FULL);
		return ERR_FULL;
	}
	link->id = id;
	link->from_msc = must_alloc(sizeof(*link->from_msc));
	link->from_hlr = must_alloc(sizeof(*link->from_hlr));
	link->pong_due_us = now_us + server->timers.pong_us;
	put_ccm(server, link, true, IPA_ID_REQUEST);
	return OK;
}

void gsup_server_down(struct gsup_server *server, uint64_t id, int64_t now_us)
{
	struct gsup_link *link = id ? gsup_link_of(server, id) : NULL;
	char name[GSUP_NAME_MAX + 1];

	server->now_us = now_us;
	if (!link)
		return;
	bool was = link->ready;
	(void)text_copy(text_of(link->name), name, sizeof(name));
	clear_link(link);
	gsup_phones_of_link_lost(server, id);
	if (was)
		server->user->msc(server->owner, id, name, false);
}

static void replace_namesake(struct gsup_server *server, const struct gsup_link *link)
{
	for (uint32_t i = 0; i < server->limits.links_max; i++) {
		struct gsup_link *other = &server->links[i];

		if (other->id && other != link && text_is(text_of(link->name), other->name))
			close_link(server, other, "another connection has its name");
	}
}

static void on_identity(struct gsup_server *server, struct gsup_link *link, struct text payload)
{
	struct ipa_identity identity;

	if (link->ready)
		return;
	if (ipa_take_identity(payload, &identity, NULL) != OK) {
		close_link(server, link, "identity cannot be read");
		return;
	}
	struct text name = identity.name.len ? identity.name : identity.serial;
	if (!name.len || !text_copy(name, link->name, sizeof(link->name))) {
		close_link(server, link, "it says no name");
		return;
	}
	(void)text_copy(identity.serial.len ? identity.serial : name, link->serial, sizeof(link->serial));
	(void)text_copy(identity.unit.len ? identity.unit : TEXT_LITERAL("0/0/0"), link->unit, sizeof(link->unit));
	link->ready = true;
	link->pong_due_us = 0;
	link->ping_due_us = server->now_us + server->timers.ping_us;
	put_ccm(server, link, true, IPA_ID_ACK);
	replace_namesake(server, link);
	link->hlr = GSUP_HLR_OPENING;
	server->user->msc(server->owner, link->id, link->name, true);
	server->user->open_hlr(server->owner, link->id);
}

static void msc_ccm(struct gsup_server *server, struct gsup_link *link, const struct ipa_frame *frame)
{
	if (frame->kind == IPA_PING)
		put_ccm(server, link, true, IPA_PONG);
	else if (frame->kind == IPA_ID_RESPONSE)
		on_identity(server, link, frame->payload);
	else if (frame->kind == IPA_PONG && link->ready)
		link->pong_due_us = 0;
}

/* --- to the HLR and back
 * --------------------------------------------------------------------------------------------------------- */

static void no_hlr(struct gsup_server *server, struct gsup_link *link, const struct gsup *g)
{
	struct gsup error = { .type = GSUP_ERROR(g->type), .has_cause = true, .cause = GSUP_CAUSE_NETWORK_FAILURE };

	gsup_count(server, GSUP_COUNT_NO_HLR);
	if (g->type & 3 || !g->imsi[0]) /* no request */
		return;
	memcpy(error.imsi, g->imsi, sizeof(error.imsi));
	gsup_put_msc(server, link, &error);
}

static bool keep_for_hlr(struct gsup_server *server, struct gsup_link *link, struct text frame)
{
	if (link->hlr != GSUP_HLR_OPENING || link->kept_len + frame.len > server->limits.hlr_octets_max)
		return false;
	if (!link->kept)
		link->kept = must_alloc(server->limits.hlr_octets_max);
	memcpy(link->kept + link->kept_len, frame.at, frame.len);
	link->kept_len += frame.len;
	return true;
}

static void relay_up(struct gsup_server *server, struct gsup_link *link, struct text frame, const struct gsup *g)
{
	if (link->hlr == GSUP_HLR_READY)
		server->user->to_hlr(server->owner, link->id, frame.at, frame.len);
	else if (!keep_for_hlr(server, link, frame))
		no_hlr(server, link, g);
	gsup_count(server, GSUP_COUNT_RELAYED);
}

static void from_msc(struct gsup_server *server, struct gsup_link *link, const struct ipa_frame *frame,
		     struct text whole)
{
	struct gsup g;

	if (frame->protocol == IPA_CCM) {
		msc_ccm(server, link, frame);
		return;
	}
	if (frame->protocol != IPA_OSMO || frame->kind != IPA_GSUP || !link->ready) {
		gsup_count(server, GSUP_COUNT_BAD);
		return;
	}
	enum result result = gsup_decode(frame->payload.at, frame->payload.len, &g, NULL);
	if (result != OK)
		gsup_count(server, GSUP_COUNT_BAD);
	/* Of what is not ours the HLR is the judge, however it looks to us. */
	if (gsup_is_short_message(g.type)) {
		if (result != OK || gsup_short_message(server, link, &g))
			return;
	} else if (result == OK) {
		gsup_learn_from_msc(server, link, &g);
	}
	relay_up(server, link, whole, &g);
}

static void put_identity(struct gsup_server *server, const struct gsup_link *link)
{
	uint8_t room[1024];
	struct writer w = writer_of(room, sizeof(room));
	struct ipa_identity identity = { text_of(link->name), text_of(link->serial), text_of(link->unit) };

	ipa_put_identity(&w, &identity);
	if (writer_ok(&w))
		server->user->to_hlr(server->owner, link->id, room, writer_len(&w));
}

/* osmo-hlr says nothing more after our identity: it takes messages from then on. */
static void hlr_ready(struct gsup_server *server, struct gsup_link *link)
{
	put_identity(server, link);
	put_ccm(server, link, false, IPA_ID_ACK);
	link->hlr = GSUP_HLR_READY;
	if (link->kept_len)
		server->user->to_hlr(server->owner, link->id, link->kept, link->kept_len);
	link->kept_len = 0;
}

static void hlr_ccm(struct gsup_server *server, struct gsup_link *link, const struct ipa_frame *frame)
{
	if (frame->kind == IPA_PING)
		put_ccm(server, link, false, IPA_PONG);
	else if (frame->kind == IPA_ID_REQUEST && link->hlr != GSUP_HLR_DOWN)
		hlr_ready(server, link);
}

static void from_hlr(struct gsup_server *server, struct gsup_link *link, const struct ipa_frame *frame,
		     struct text whole)
{
	struct gsup g;

	if (frame->protocol == IPA_CCM) {
		hlr_ccm(server, link, frame);
		return;
	}
	if (!link->ready)
		return;
	server->user->to_msc(server->owner, link->id, whole.at, whole.len);
	gsup_count(server, GSUP_COUNT_RELAYED);
	if (frame->protocol == IPA_OSMO && frame->kind == IPA_GSUP &&
	    gsup_decode(frame->payload.at, frame->payload.len, &g, NULL) == OK)
		gsup_learn_from_hlr(server, link, &g);
}

/* --- octets in
 * ----------------------------------------------------------------------------------------------------------------- */

/* Frames from the start of the stream, until it is not whole. False when it makes no sense any more. */
static bool take_frames(struct gsup_server *server, struct gsup_link *link, struct gsup_stream *stream, bool msc)
{
	size_t at = 0, used = 0;
	struct ipa_frame frame;
	enum result result = OK;

	while (result == OK && !link->closing) {
		result = ipa_parse(stream->octets + at, stream->len - at, &frame, &used);
		if (result != OK)
			break;
		struct text whole = text_range((const char *)stream->octets + at, used);
		if (server->watch)
			server->watch(server->owner, link->id, msc, whole);
		(msc ? from_msc : from_hlr)(server, link, &frame, whole);
		at += used;
	}
	memmove(stream->octets, stream->octets + at, stream->len - at);
	stream->len -= at;
	return result == OK || result == ERR_SHORT;
}

static void received(struct gsup_server *server, uint64_t id, bool msc, const void *octets, size_t len)
{
	struct gsup_link *link = id ? gsup_link_of(server, id) : NULL;
	const uint8_t *at = octets;

	while (link && !link->closing && len) {
		struct gsup_stream *stream = msc ? link->from_msc : link->from_hlr;
		size_t room = sizeof(stream->octets) - stream->len;
		size_t n = len < room ? len : room;

		memcpy(stream->octets + stream->len, at, n);
		stream->len += n;
		at += n;
		len -= n;
		if (take_frames(server, link, stream, msc))
			continue;
		gsup_count(server, GSUP_COUNT_BAD);
		close_link(server, link, msc ? "the MSC's frames make no sense" : "the HLR's frames make no sense");
	}
}

void gsup_server_received(struct gsup_server *server, uint64_t link, const void *octets, size_t len, int64_t now_us)
{
	server->now_us = now_us;
	received(server, link, true, octets, len);
}

void gsup_server_hlr_received(struct gsup_server *server, uint64_t link, const void *octets, size_t len, int64_t now_us)
{
	server->now_us = now_us;
	received(server, link, false, octets, len);
}

void gsup_server_hlr_up(struct gsup_server *server, uint64_t id, int64_t now_us)
{
	struct gsup_link *link = id ? gsup_link_of(server, id) : NULL;

	server->now_us = now_us;
	if (link && link->ready && !link->closing)
		link->from_hlr->len = 0;
}

void gsup_server_hlr_down(struct gsup_server *server, uint64_t id, int64_t now_us)
{
	struct gsup_link *link = id ? gsup_link_of(server, id) : NULL;

	server->now_us = now_us;
	if (!link || !link->ready || link->closing)
		return;
	link->hlr = GSUP_HLR_DOWN;
	link->kept_len = 0;
}

/* --- time --- */

static int64_t earlier(int64_t a, int64_t b)
{
	return b && b < a ? b : a;
}

int64_t gsup_server_next_us(const struct gsup_server *server)
{
	int64_t next = due_next_us(&server->flights);

	for (uint32_t i = 0; i < server->limits.links_max; i++) {
		next = earlier(next, server->links[i].ping_due_us);
		next = earlier(next, server->links[i].pong_due_us);
	}
	return next;
}

static void run_link(struct gsup_server *server, struct gsup_link *link)
{
	gsup_answers_run(server, link);
	if (link->pong_due_us && link->pong_due_us <= server->now_us) {
		close_link(server, link, link->ready ? "no answer to a ping" : "it does not say who it is");
		return;
	}
	if (!link->ping_due_us || link->ping_due_us > server->now_us)
		return;
	put_ccm(server, link, true, IPA_PING);
	link->ping_due_us = server->now_us + server->timers.ping_us;
	if (!link->pong_due_us)
		link->pong_due_us = server->now_us + server->timers.pong_us;
	if (link->hlr == GSUP_HLR_READY) {
		put_ccm(server, link, false, IPA_PING);
	} else if (link->hlr == GSUP_HLR_DOWN) {
		link->hlr = GSUP_HLR_OPENING;
		server->user->open_hlr(server->owner, link->id);
	}
}

void gsup_server_run(struct gsup_server *server, int64_t now_us)
{
	server->now_us = now_us;
	for (uint32_t i = 0; i < server->limits.links_max; i++) {
		if (server->links[i].id && !server->links[i].closing)
			run_link(server, &server->links[i]);
	}
	gsup_flights_run(server);
}

const char *gsup_outcome_name(enum gsup_outcome outcome)
{
	static const char *const names[GSUP_OUTCOMES] = { "delivered", "refused by the phone", "refused by the network",
							  "no answer", "link lost" };

	return outcome < GSUP_OUTCOMES ? names[outcome] : NULL;
}
