/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of queue_screen.h share. */
#ifndef CORE_QUEUE_SCREEN_INTERNAL_H
#define CORE_QUEUE_SCREEN_INTERNAL_H

#include "core/optout.h"
#include "core/queue_screen.h"
#include "core/screen.h"

#define OPTOUT_KIND TEXT_LITERAL("optout")
#define RECENT_KIND TEXT_LITERAL("recent")
#define OPTOUT_KEY_MAX (MESSAGE_ACCOUNT_MAX + 2u * MESSAGE_ADDRESS_MAX + 4u)
#define OPTOUT_VALUE_MAX (2u * MESSAGE_ADDRESS_MAX + 16u)
/* A START is remembered this long, so that a phone's repeat of it is known as one. */
#define SCREEN_WINDOW_MAX_US (7 * 86400 * USEC_PER_SEC) /* of `duplicate-window` */
#define OPTOUT_KEEP_START_US (5 * 86400 * USEC_PER_SEC)

struct screen_account {
	struct flight_node node; /* first; key = account id */
	struct text name;
	bool optout, has_webhook, has_quiet;
	const struct text *allowed;
	unsigned allowed_count;
	struct screen_quiet quiet;
	int64_t window_us;
};

/* One opt-out of a person. Sender empty: of the whole account. */
struct optout {
	struct optout *next;
	int64_t at_us;
	bool started;  /* START came since: permits */
	bool by_phone; /* said by the recipient, not imported */
	bool durable;  /* the store has it as it stands */
	struct text sender;
	char room[];
};

/* A recipient as one account knows it. */
struct optout_person {
	struct flight_node node; /* first; key = account and recipient */
	struct optout *first;
};

struct recent {
	struct flight_node node; /* first; key = what it was */
	struct message_id id;
	int64_t at_us;
	struct recent *older, *newer;
};

struct screen_waiter {
	void (*then)(void *owner);
	void (*gone)(void *owner);
	void *owner;
	struct screen_waiter *next;
};

struct queue_screen {
	struct arena *arena; /* of the accounts */
	struct flight_table accounts;
	const struct screen_account *last; /* found last */
	struct flight_table people;
	int64_t optouts, optouts_max; /* entries in memory, STARTs too */
	struct flight_table recents;
	struct recent *oldest, *newest;
	int64_t recents_max;
	/* the lists at start */
	enum { SCREEN_NOT_LOADED, SCREEN_LOADING, SCREEN_LOADED } state;
	struct loop_timer again;
	struct screen_waiter *waiters, **waiters_end;
	struct screen_counters {
		struct counter *refused[SCREEN_RULE_COUNT], *put_off, *stops, *starts, *helps, *repeats, *imported,
			*full, *evicted, *store_errors, *unanswered, *entries, *remembered;
	} count;
};

/* queue_screen.c */
const struct screen_account *screen_account(struct queue_screen *s, struct text name);
struct optout_person *screen_person(const struct queue_screen *s, struct text account, struct text recipient);
/* The entry for that very sender, whatever it says now; NULL = none. */
struct optout *screen_optout(const struct optout_person *p, struct text sender);
/* The entry that forbids that sender, or NULL. */
const struct optout *screen_forbids(const struct optout_person *p, struct text sender);
/* Makes the entry where it is not there; NULL where `optouts-max` forbids another one. */
struct optout *screen_add(struct queue_screen *s, struct text account, struct text recipient, struct text sender);
void screen_drop(struct queue_screen *s, struct text account, struct text recipient, struct text sender);
/* S1, S2, S4 as facts; S3 where `with_time`. */
void screen_look(const struct queue *q, const struct screen_account *a, const struct message *m, struct text recipient,
		 struct message_id id, int64_t now_us, bool with_time, struct screen_facts *out);

/* queue_screen_load.c: an entry as a fact, in the arena */
void screen_fact(struct arena *arena, struct text account, struct text recipient, const struct optout *o,
		 struct store_fact *out);
struct text screen_fact_key(struct arena *arena, struct text account, struct text recipient, struct text sender);
/* False for a value or key that is none. */
struct screen_fact_view {
	struct text account, recipient, sender;
	int64_t at_us;
	bool started, by_phone;
};
bool screen_fact_read(const struct store_fact_row *row, struct screen_fact_view *out);
void screen_load(struct queue *q);

/* queue_screen_recent.c */
void screen_recent_key(const struct message *m, struct text recipient, uint8_t key[16]);
const struct recent *screen_recent(const struct queue_screen *s, const uint8_t key[16]);
void screen_recent_add(struct queue_screen *s, const uint8_t key[16], struct message_id id, int64_t at_us);
void screen_recent_clear(struct queue_screen *s);
bool screen_recent_read(const struct store_fact_row *row, uint8_t key[16], struct message_id *id, int64_t *at_us);

#endif
