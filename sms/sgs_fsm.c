/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SGs as the VLR: links and MMEs, resets (29.118 5.7), what came in to whom it concerns, time. */
#include "sms/sgs_fsm.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "sms/sgs_internal.h"

#define PEERS_MAX 4096u /* beyond these every link is told of a restart */

static const struct {
	const char *name, *help;
} counts[SGS_COUNTS] = {
	[SGS_COUNT_BAD] = { "sms_sgs_bad_total", "SGsAP messages that could not be read or are none for a VLR" },
	[SGS_COUNT_STATUS] = { "sms_sgs_status_total", "SGsAP-STATUS from MMEs: they could not read ours" },
	[SGS_COUNT_LOCATION] = { "sms_sgs_location_updates_total", "location updates accepted" },
	[SGS_COUNT_REJECT] = { "sms_sgs_location_rejects_total", "location updates rejected" },
	[SGS_COUNT_PAGING] = { "sms_sgs_pagings_total", "paging requests sent" },
	[SGS_COUNT_PAGING_REJECT] = { "sms_sgs_paging_rejects_total", "pagings that the MME rejected" },
	[SGS_COUNT_PAGING_TIMEOUT] = { "sms_sgs_paging_timeouts_total", "pagings that nobody answered" },
	[SGS_COUNT_UP] = { "sms_sgs_from_phones_total", "messages from phones" },
	[SGS_COUNT_DOWN] = { "sms_sgs_delivered_total", "messages that phones acknowledged" },
	[SGS_COUNT_FAILED] = { "sms_sgs_failed_total", "messages to phones that were refused or not answered" },
	[SGS_COUNT_RESET] = { "sms_sgs_resets_total", "MMEs that said they restarted" },
	[SGS_COUNT_FULL] = { "sms_sgs_limit_total", "links and subscribers refused at a limit" },
};

struct sgs *sgs_new(const struct sgs_user *user, void *owner, const char *vlr_name, struct sgs_timers timers,
		    struct sgs_limits limits)
{
	struct sgs *sgs = must_alloc(sizeof(*sgs));

	sgs->user = user;
	sgs->owner = owner;
	(void)text_copy(text_of(vlr_name), sgs->vlr_name, sizeof(sgs->vlr_name));
	sgs->timers = timers;
	sgs->limits = limits;
	sgs->links = must_alloc((limits.links_max + 1) * sizeof(*sgs->links));
	sgs->subscribers = key_table_new(limits.subscribers_max);
	sgs->peers = key_table_new(PEERS_MAX);
	for (unsigned i = 0; i < SGS_COUNTS; i++)
		sgs->counters[i] = counter_get(COUNTER_COUNT, counts[i].name, "", counts[i].help);
	return sgs;
}

static void free_one(void *owner, void *object)
{
	(void)owner;
	sgs_subscriber_free(object);
}

void sgs_free(struct sgs **sgs)
{
	struct sgs_mme *next;

	if (!*sgs)
		return;
	key_table_each((*sgs)->subscribers, free_one, NULL);
	key_table_free(&(*sgs)->subscribers);
	key_table_free(&(*sgs)->peers);
	due_heap_clear(&(*sgs)->due);
	for (struct sgs_mme *m = (*sgs)->mmes; m; m = next) {
		next = m->next;
		free(m);
	}
	free((*sgs)->links);
	free(*sgs);
	*sgs = NULL;
}

void sgs_put(struct sgs *sgs, const struct sgs_link *link, const struct sgsap *m)
{
	uint8_t room[SGSAP_MAX];
	struct writer w = writer_of(room, sizeof(room));

	sgsap_encode(m, &w);
	if (writer_ok(&w))
		sgs->user->send(sgs->owner, link->id, room, writer_len(&w));
}

/* --- links -----------------------------------------------------------------------------------------------------------
 */

static struct sgs_link *link_of(struct sgs *sgs, uint64_t id)
{
	for (uint32_t i = 0; i < sgs->limits.links_max; i++) {
		if (sgs->links[i].id == id)
			return &sgs->links[i];
	}
	return NULL;
}

static void put_own_name(struct sgs *sgs, const struct sgs_link *link, enum sgsap_type type)
{
	struct sgsap m;

	sgsap_init(&m, type);
	sgsap_set_name(&m, SGSAP_VLR_NAME, text_of(sgs->vlr_name));
	sgs_put(sgs, link, &m);
}

static void send_reset(struct sgs *sgs, struct sgs_link *link)
{
	put_own_name(sgs, link, SGSAP_RESET_INDICATION);
	link->reset_due_us = sgs->now_us + sgs->timers.ts11_us;
}

enum result sgs_link_up(struct sgs *sgs, uint64_t id, const char *peer, int64_t now_us)
{
	struct sgs_link *link = link_of(sgs, 0);

	sgs->now_us = now_us;
	if (!link || !id || link_of(sgs, id)) {
		sgs_count(sgs, SGS_COUNT_FULL);
		return ERR_FULL;
	}
	*link = (struct sgs_link){ .id = id, .resets_left = sgs->timers.ns11 };
	if (key_table_find(sgs->peers, text_of(peer)))
		return OK;
	(void)key_table_add(sgs->peers, text_of(peer), sgs);
	send_reset(sgs, link);
	return OK;
}

struct of_mme {
	const struct sgs_mme *mme;
	bool drop;
};

static void lose_one(void *owner, void *object)
{
	const struct of_mme *of = owner;
	struct sgs_subscriber *s = object;

	if (s->mme != of->mme)
		return;
	sgs_enter(s);
	if (of->drop) {
		sgs_drop(s, true);
	} else {
		s->paging = false;
		s->page_due_us = s->alert_due_us = 0;
		session_carrier_lost(&s->session, s->sgs->now_us);
	}
	sgs_leave(s);
}

/* An MME may have several associations (29.118 4.2); the one heard of last is used. */
static struct sgs_link *other_link_of(struct sgs *sgs, const struct sgs_mme *mme)
{
	for (uint32_t i = 0; i < sgs->limits.links_max; i++) {
		if (sgs->links[i].id && sgs->links[i].mme == mme)
			return &sgs->links[i];
	}
	return NULL;
}

void sgs_link_down(struct sgs *sgs, uint64_t id, int64_t now_us)
{
	struct sgs_link *link = id ? link_of(sgs, id) : NULL;

	sgs->now_us = now_us;
	if (!link)
		return;
	struct sgs_mme *mme = link->mme;
	struct of_mme of = { mme, false };
	bool last = mme && mme->link == link;
	*link = (struct sgs_link){ 0 };
	if (!last)
		return;
	mme->link = other_link_of(sgs, mme);
	key_table_each(sgs->subscribers, lose_one, &of);
}

/* The MME of that name, whose link is this one from now on. NULL without a name, or when there are too many names. */
static struct sgs_mme *learn_name(struct sgs *sgs, struct sgs_link *link, const struct sgsap *m)
{
	char name[SGSAP_NAME_MAX + 1];
	struct sgs_mme **at = &sgs->mmes;
	uint32_t count = 0;

	if (!sgsap_get_name(m, SGSAP_MME_NAME, name))
		return link->mme;
	for (; *at && !text_is(text_of(name), (*at)->name); at = &(*at)->next)
		count++;
	if (!*at && count >= sgs->limits.links_max) {
		sgs_count(sgs, SGS_COUNT_FULL);
		return NULL;
	}
	if (!*at) {
		*at = must_alloc(sizeof(**at));
		(void)text_copy(text_of(name), (*at)->name, sizeof((*at)->name));
	}
	if (link->mme && link->mme != *at && link->mme->link == link)
		link->mme->link = NULL;
	(*at)->link = link;
	link->mme = *at;
	return *at;
}

/* --- what came in
 * ------------------------------------------------------------------------------------------------------ */

static void send_status(struct sgs *sgs, const struct sgs_link *link, const struct sgsap *about, struct text octets,
			uint8_t cause)
{
	char imsi[SGSAP_IMSI_MAX + 1];
	struct sgsap m;

	sgs_count(sgs, SGS_COUNT_BAD);
	if (about->type == SGSAP_STATUS) /* 7.8: never about one of these */
		return;
	sgsap_init(&m, SGSAP_STATUS);
	if (sgsap_get_imsi(about, imsi))
		sgsap_set_imsi(&m, text_of(imsi));
	sgsap_set_octet(&m, SGSAP_CAUSE, cause);
	sgsap_set(&m, SGSAP_ERRONEOUS_MESSAGE, text_range(octets.at, octets.len < 255 ? octets.len : 255));
	sgs_put(sgs, link, &m);
}

/* 5.1.4, 7.3: for a subscriber that we lost the MME must make it register again. */
static void send_unknown(struct sgs *sgs, const struct sgs_link *link, const char *imsi)
{
	struct sgsap m;

	sgsap_init(&m, SGSAP_RELEASE_REQUEST);
	sgsap_set_imsi(&m, text_of(imsi));
	sgsap_set_octet(&m, SGSAP_CAUSE, SGSAP_CAUSE_IMSI_UNKNOWN);
	sgs_put(sgs, link, &m);
}

static void reset_from_mme(struct sgs *sgs, struct sgs_link *link)
{
	struct of_mme of = { link->mme, true };

	sgs_count(sgs, SGS_COUNT_RESET);
	put_own_name(sgs, link, SGSAP_RESET_ACK);
	if (of.mme)
		key_table_each(sgs->subscribers, lose_one, &of);
}

static void locate(struct sgs *sgs, struct sgs_link *link, const char *imsi, const struct sgsap *m)
{
	struct sgs_subscriber *s = link->mme ? sgs_find_or_make(sgs, imsi) : NULL;
	struct sgsap reject;

	if (s) {
		sgs_enter(s);
		s->mme = link->mme;
		sgs_location_update(s, m);
		sgs_leave(s);
		return;
	}
	sgsap_init(&reject, SGSAP_LOCATION_UPDATE_REJECT);
	sgsap_set_imsi(&reject, text_of(imsi));
	sgsap_set_octet(&reject, SGSAP_REJECT_CAUSE, 22); /* 24.008 10.5.3.6: congestion */
	sgs_put(sgs, link, &reject);
}

static bool is_acknowledged(uint8_t type)
{
	return type == SGSAP_EPS_DETACH_INDICATION || type == SGSAP_IMSI_DETACH_INDICATION;
}

/* The ack of a detach is due to strangers as well. */
static void from_stranger(struct sgs *sgs, const struct sgs_link *link, const char *imsi, uint8_t type)
{
	struct sgsap m;

	if (type == SGSAP_UPLINK_UNITDATA || type == SGSAP_SERVICE_REQUEST)
		send_unknown(sgs, link, imsi);
	if (!is_acknowledged(type))
		return;
	sgsap_init(&m, type == SGSAP_EPS_DETACH_INDICATION ? SGSAP_EPS_DETACH_ACK : SGSAP_IMSI_DETACH_ACK);
	sgsap_set_imsi(&m, text_of(imsi));
	sgs_put(sgs, link, &m);
}

static void about_subscriber(struct sgs *sgs, struct sgs_link *link, const struct sgsap *m)
{
	char imsi[SGSAP_IMSI_MAX + 1];

	if (!sgsap_get_imsi(m, imsi))
		return;
	if (m->type == SGSAP_LOCATION_UPDATE_REQUEST) {
		locate(sgs, link, imsi, m);
		return;
	}
	struct sgs_subscriber *s = sgs_find(sgs, imsi);
	/* A link that speaks for a subscriber of an MME without one is that MME's. */
	if (s && !link->mme && !s->mme->link) {
		link->mme = s->mme;
		s->mme->link = link;
	}
	if (!s || s->state != SGS_ASSOCIATED || s->mme != link->mme) {
		from_stranger(sgs, link, imsi, m->type);
		return;
	}
	sgs_enter(s);
	sgs_subscriber_message(s, m);
	sgs_leave(s);
}

void sgs_received(struct sgs *sgs, uint64_t id, const void *octets, size_t len, int64_t now_us)
{
	struct sgs_link *link = id ? link_of(sgs, id) : NULL;
	struct sgsap_error error = { 0 };
	struct sgsap m;

	sgs->now_us = now_us;
	if (!link)
		return;
	enum result result = sgsap_decode(octets, len, &m, &error);
	if (result == OK && !(sgsap_type_side(m.type) & SGSAP_FROM_MME)) {
		result = ERR_UNSUPPORTED;
		error.cause = SGSAP_CAUSE_WRONG_STATE;
	}
	if (result != OK) {
		if (len)
			send_status(sgs, link, &m, text_range(octets, len), error.cause);
		return;
	}
	(void)learn_name(sgs, link, &m);
	if (m.type == SGSAP_RESET_INDICATION)
		reset_from_mme(sgs, link);
	else if (m.type == SGSAP_RESET_ACK)
		link->reset_due_us = 0;
	else if (m.type == SGSAP_STATUS)
		sgs_count(sgs, SGS_COUNT_STATUS);
	else
		about_subscriber(sgs, link, &m);
}

/* --- time
 * -------------------------------------------------------------------------------------------------------------- */

int64_t sgs_next_us(const struct sgs *sgs)
{
	int64_t next = due_next_us(&sgs->due);

	for (uint32_t i = 0; i < sgs->limits.links_max; i++) {
		if (sgs->links[i].reset_due_us && sgs->links[i].reset_due_us < next)
			next = sgs->links[i].reset_due_us;
	}
	return next;
}

static void run_link(struct sgs *sgs, struct sgs_link *link)
{
	if (!link->reset_due_us || link->reset_due_us > sgs->now_us)
		return;
	link->reset_due_us = 0;
	if (!link->resets_left)
		return;
	link->resets_left--;
	send_reset(sgs, link);
}

void sgs_run(struct sgs *sgs, int64_t now_us)
{
	struct due *due;

	sgs->now_us = now_us;
	for (uint32_t i = 0; i < sgs->limits.links_max; i++)
		run_link(sgs, &sgs->links[i]);
	while ((due = due_take(&sgs->due, now_us))) {
		struct sgs_subscriber *s = DUE_OWNER(due, struct sgs_subscriber, due);

		sgs_enter(s);
		sgs_subscriber_run(s);
		sgs_leave(s);
	}
}

/* --- for operators
 * ------------------------------------------------------------------------------------------------------ */

enum sgs_state sgs_state_of(const struct sgs *sgs, const char *imsi)
{
	const struct sgs_subscriber *s = sgs_find(sgs, imsi);

	return s ? s->state : SGS_NULL;
}

const char *sgs_state_name(enum sgs_state state)
{
	static const char *const names[SGS_STATES] = { "SGs-NULL", "LA-UPDATE-PRESENT", "SGs-ASSOCIATED" };

	return state < SGS_STATES ? names[state] : NULL;
}

struct each {
	void (*each)(void *owner, const char *imsi, enum sgs_state state, const char *mme);
	void *owner;
};

static void show_one(void *owner, void *object)
{
	const struct each *to = owner;
	const struct sgs_subscriber *s = object;

	to->each(to->owner, s->imsi, s->state, s->mme ? s->mme->name : "");
}

void sgs_each(struct sgs *sgs, void (*each)(void *owner, const char *imsi, enum sgs_state state, const char *mme),
	      void *owner)
{
	key_table_each(sgs->subscribers, show_one, &(struct each){ each, owner });
}

uint32_t sgs_subscribers(const struct sgs *sgs)
{
	return key_table_count(sgs->subscribers);
}
