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
	struct text from, text; /* text: what the screen shows */
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
uint64_t handset_received(const struct handset *h); /* messages shown since the start */

/* A delivery arrives. Returns the entry that the screen shows now: the message, or NULL while parts of a long one are
 * missing. The entry is the handset's and lives until `keep` newer ones came. The same id twice is shown once:
 * *again_out. */
const struct inbox_entry *handset_receive(struct handset *h, const struct message *m, struct message_id id,
					  int64_t now_us, unsigned keep, bool *again_out);
const struct inbox_entry *handset_inbox(const struct handset *h); /* oldest first */

#endif
