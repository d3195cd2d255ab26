/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Simulated handsets: whether each is in reach, what it received, and long messages put together as a phone does it.
 * No sockets, no clock.
 */
#ifndef DAEMON_HANDSET_H
#define DAEMON_HANDSET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/message.h"
#include "core/message_id.h"

struct handset;
struct handsets;

#define HANDSETS_MAX 1000000u
#define HANDSET_NUMBER_MAX 64u

struct inbox_entry {
	struct message_id id;
	int64_t at_us;
	struct text from, text;	   /* text: what the screen shows */
	struct text files;	   /* as in the envelope */
	char bearer[8], price[40]; /* how it came, and what its sender pays; may be empty */
	struct inbox_entry *next;
};

struct handsets *handsets_new(void);
void handsets_free(struct handsets **all);

/* Found, or made when there is room; NULL otherwise. The number is copied. */
struct handset *handset_get(struct handsets *all, struct text number);
struct handset *handset_find(const struct handsets *all, struct text number);
void handsets_each(struct handsets *all, void (*each)(void *owner, struct handset *h), void *owner);
unsigned handsets_count(const struct handsets *all);

struct text handset_number(const struct handset *h);
bool handset_on(const struct handset *h);
void handset_switch(struct handset *h, bool on);

/* Switches beside coverage. RCS is registered with the app, data and coverage. */
enum handset_switch { HANDSET_COVERAGE, HANDSET_RCS, HANDSET_DATA, HANDSET_ROAMING, HANDSET_MMS, HANDSET_SWITCHES };
const char *handset_switch_name(enum handset_switch s); /* "coverage" "rcs" "data" "roaming" "mms" */
bool handset_is(const struct handset *h, enum handset_switch s);
void handset_set(struct handset *h, enum handset_switch s, bool on);
bool handset_registered(const struct handset *h);

uint64_t handset_received(const struct handset *h); /* messages shown since the start */

/* A delivery arrives. Returns the entry that the screen shows now: the message, or NULL while parts of a long one are
 * missing. The entry is the handset's and lives until `keep` newer ones came. The same id twice is shown once:
 * *again_out. */
const struct inbox_entry *handset_receive(struct handset *h, const struct message *m, struct message_id id,
					  int64_t now_us, unsigned keep, bool *again_out);
/* How the entry came; copied. */
void handset_note(struct handset *h, const struct inbox_entry *entry, struct text bearer, struct text price);
const struct inbox_entry *handset_inbox(const struct handset *h); /* oldest first */
bool handset_has(const struct handset *h, struct message_id id);  /* in its inbox */

#endif
