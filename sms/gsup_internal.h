/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What gsup_server.c (links, frames, relaying) and gsup_phone.c (short messages) share. */
#ifndef SMS_GSUP_INTERNAL_H
#define SMS_GSUP_INTERNAL_H

#include "core/base/counter.h"
#include "sms/gsup_server.h"
#include "sms/ipa.h"
#include "sms/key_table.h"

enum gsup_count {
	GSUP_COUNT_BAD,
	GSUP_COUNT_RELAYED,
	GSUP_COUNT_NO_HLR,
	GSUP_COUNT_FROM_PHONES,
	GSUP_COUNT_DELIVERED,
	GSUP_COUNT_FAILED,
	GSUP_COUNT_FULL,
	GSUP_COUNTS
};

/* What was received and is no whole frame yet. */
struct gsup_stream {
	size_t len;
	uint8_t octets[IPA_PAYLOAD_MAX + 3];
};

struct gsup_answer {
	struct gsup_answer *next;
	char imsi[GSUP_IMSI_MAX + 1];
	uint8_t reference, type; /* of the request */
	int64_t until_us;
	char source[GSUP_NAME_MAX + 1]; /* who asked through the MSC; empty = it said nobody */
};

enum gsup_hlr { GSUP_HLR_DOWN, GSUP_HLR_OPENING, GSUP_HLR_READY };

struct gsup_link {
	uint64_t id; /* 0 = free */
	bool ready, closing;
	char name[GSUP_NAME_MAX + 1], serial[GSUP_NAME_MAX + 1], unit[32];
	struct gsup_stream *from_msc, *from_hlr;
	enum gsup_hlr hlr;
	uint8_t *kept; /* frames for an HLR that is not connected yet */
	size_t kept_len;
	struct gsup_answer *answers;
	unsigned answers_count;
	int64_t ping_due_us, pong_due_us;
};

/* One message on its way to a phone. */
struct gsup_flight {
	struct gsup_phone *phone;
	struct due due;
	uint64_t link;	/* where it was sent */
	uint64_t tried; /* bit n: link slot n was asked already */
	bool search;	/* the place was not known */
	bool more;
	uint8_t reference;
	struct sms_address centre;
	size_t len;
	uint8_t tpdu[RP_TPDU_MAX];
};

struct gsup_phone {
	char imsi[GSUP_IMSI_MAX + 1];
	uint64_t link; /* 0 = not known */
	struct gsup_flight *flight;
};

struct gsup_server {
	const struct gsup_server_user *user;
	void *owner;
	void (*watch)(void *owner, uint64_t link, bool msc, struct text whole); /* or NULL */
	char name[GSUP_NAME_MAX + 1];
	struct gsup_timers timers;
	struct gsup_limits limits;
	struct gsup_link *links;
	struct key_table *phones;
	struct due_heap flights;
	uint8_t next_reference;
	int64_t now_us;
	struct counter *counters[GSUP_COUNTS];
};

static inline void gsup_count(struct gsup_server *server, enum gsup_count what)
{
	counter_add(server->counters[what], 1);
}

struct gsup_link *gsup_link_of(struct gsup_server *server, uint64_t id);
void gsup_put_msc(struct gsup_server *server, const struct gsup_link *link, const struct gsup *g);

/* Types that stay here. */
bool gsup_is_short_message(uint8_t type);
/* A message of those types from an MSC. False when it is none of ours and goes to the HLR after all. */
bool gsup_short_message(struct gsup_server *server, struct gsup_link *link, const struct gsup *g);
/* What passes between MSC and HLR tells where a phone is. */
void gsup_learn_from_msc(struct gsup_server *server, struct gsup_link *link, const struct gsup *g);
void gsup_learn_from_hlr(struct gsup_server *server, struct gsup_link *link, const struct gsup *g);
void gsup_phones_of_link_lost(struct gsup_server *server, uint64_t link);
void gsup_answers_drop(struct gsup_link *link);
void gsup_answers_run(struct gsup_server *server, struct gsup_link *link);
void gsup_flights_run(struct gsup_server *server);
void gsup_phones_free(struct gsup_server *server);

#endif
