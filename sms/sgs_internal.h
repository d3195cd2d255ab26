/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sgs_fsm.c (links, time, calls) and sgs_subscriber.c (one phone) share. */
#ifndef SMS_SGS_INTERNAL_H
#define SMS_SGS_INTERNAL_H

#include "core/base/counter.h"
#include "sms/key_table.h"
#include "sms/sgs_fsm.h"

enum sgs_count {
	SGS_COUNT_BAD,	    /* messages that could not be read, or not here */
	SGS_COUNT_STATUS,   /* what an MME could not read of ours */
	SGS_COUNT_LOCATION, /* location updates accepted */
	SGS_COUNT_REJECT,   /* and rejected */
	SGS_COUNT_PAGING,
	SGS_COUNT_PAGING_REJECT,
	SGS_COUNT_PAGING_TIMEOUT,
	SGS_COUNT_UP,	  /* messages from phones */
	SGS_COUNT_DOWN,	  /* messages to phones: delivered */
	SGS_COUNT_FAILED, /* and not */
	SGS_COUNT_RESET,
	SGS_COUNT_FULL, /* a limit was met */
	SGS_COUNTS
};

struct sgs_mme;

struct sgs_link {
	uint64_t id;
	struct sgs_mme *mme; /* NULL until it said its name */
	int64_t reset_due_us;
	unsigned resets_left;
};

/* Outlives its links: its subscribers stay associated. */
struct sgs_mme {
	struct sgs_mme *next;
	struct sgs_link *link; /* NULL = none now */
	char name[SGSAP_NAME_MAX + 1];
};

struct sgs_subscriber {
	struct sgs *sgs;
	char imsi[SGSAP_IMSI_MAX + 1];
	enum sgs_state state;
	struct sgs_mme *mme;
	char lai[6];
	uint8_t lai_len;
	unsigned held; /* calls that this subscriber is in: not freed before */
	struct session session;
	bool paging, sent_down; /* of the message under way */
	uint8_t cause;
	int64_t page_due_us, alert_due_us; /* 0 = not running */
	unsigned alerts_left;
	bool alert; /* NEAF: the MME promised to tell */
	struct due due;
};

struct sgs {
	const struct sgs_user *user;
	void *owner;
	char vlr_name[SGSAP_NAME_MAX + 1];
	struct sgs_timers timers;
	struct sgs_limits limits;
	struct sgs_link *links; /* limits.links_max of them; id 0 = free */
	struct sgs_mme *mmes;
	struct key_table *subscribers;
	struct key_table *peers; /* addresses that were told of our restart */
	struct due_heap due;
	int64_t now_us;
	struct counter *counters[SGS_COUNTS];
};

static inline void sgs_count(struct sgs *sgs, enum sgs_count what)
{
	counter_add(sgs->counters[what], 1);
}

void sgs_put(struct sgs *sgs, const struct sgs_link *link, const struct sgsap *m);

/* Between these the subscriber stays in memory; the last sgs_leave() forgets what is SGs-NULL and plans the rest. */
struct sgs_subscriber *sgs_find(const struct sgs *sgs, const char *imsi);
struct sgs_subscriber *sgs_find_or_make(struct sgs *sgs, const char *imsi); /* NULL: the limit */
void sgs_enter(struct sgs_subscriber *s);
void sgs_leave(struct sgs_subscriber *s);

/* Messages about one subscriber; `s` is entered. The link is the one that it came on. */
void sgs_location_update(struct sgs_subscriber *s, const struct sgsap *m);
void sgs_subscriber_message(struct sgs_subscriber *s, const struct sgsap *m);
/* The association is gone. */
void sgs_drop(struct sgs_subscriber *s, bool tell);
void sgs_subscriber_run(struct sgs_subscriber *s);
void sgs_subscriber_free(struct sgs_subscriber *s);

#endif
