/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handsets in one table by number; each keeps the newest messages and the parts of long ones that are still missing. */
#include "daemon/handset.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/flight.h"
#include "core/net/digest.h"
#include "daemon/handset_text.h"

#define PARTS_MAX 255u
#define SETS_MAX 20u /* long messages that wait for parts, per handset; the oldest makes room */
#define SEEN_MAX 16u

/* A long message in the making. */
struct set {
	char key[HANDSET_SET_KEY];
	uint8_t total, have;
	char *texts[PARTS_MAX];
	struct set *next;
};

struct handset {
	struct flight_node node; /* first; key = digest of the number */
	struct text number;
	bool is[HANDSET_SWITCHES];
	uint64_t received;
	struct inbox_entry *first, **last;
	unsigned kept;
	struct set *sets;		  /* newest first */
	struct message_id seen[SEEN_MAX]; /* ring of what was shown */
	unsigned seen_at;
};

struct handsets {
	struct flight_table table;
};

struct handsets *handsets_new(void)
{
	struct handsets *all = must_alloc(sizeof(*all));

	flight_table_init(&all->table);
	return all;
}

static void set_free(struct set *s)
{
	for (unsigned i = 0; i < PARTS_MAX; i++)
		free(s->texts[i]);
	free(s);
}

static void handset_free(void *owner, struct flight_node *node)
{
	struct handset *h = (struct handset *)node;

	(void)owner;
	for (struct inbox_entry *e = h->first, *next; e; e = next) {
		next = e->next;
		free(e);
	}
	for (struct set *s = h->sets, *next; s; s = next) {
		next = s->next;
		set_free(s);
	}
	free(h);
}

void handsets_free(struct handsets **all)
{
	if (!*all)
		return;
	flight_each(&(*all)->table, handset_free, NULL);
	flight_table_clear(&(*all)->table);
	free(*all);
	*all = NULL;
}

static void key_of(struct text number, uint8_t key[16])
{
	struct digest_part part = { number.at, number.len };
	uint8_t digest[DIGEST_SHA256_SIZE];

	digest_sha256(&part, 1, digest);
	memcpy(key, digest, 16);
}

struct handset *handset_find(const struct handsets *all, struct text number)
{
	uint8_t key[16];

	key_of(number, key);
	return (struct handset *)flight_find(&all->table, key);
}

struct handset *handset_get(struct handsets *all, struct text number)
{
	struct handset *h = handset_find(all, number);

	if (h || all->table.count >= HANDSETS_MAX || !number.len || number.len > HANDSET_NUMBER_MAX)
		return h;
	h = must_alloc(sizeof(*h) + number.len + 1);
	memcpy(h + 1, number.at, number.len);
	h->number = text_range((const char *)(h + 1), number.len);
	h->last = &h->first;
	h->is[HANDSET_COVERAGE] = h->is[HANDSET_DATA] = h->is[HANDSET_MMS] = true;
	key_of(number, h->node.key);
	flight_add(&all->table, &h->node);
	return h;
}

struct each {
	void (*call)(void *owner, struct handset *h);
	void *owner;
};

static void call_each(void *owner, struct flight_node *node)
{
	struct each *each = owner;

	each->call(each->owner, (struct handset *)node);
}

void handsets_each(struct handsets *all, void (*call)(void *owner, struct handset *h), void *owner)
{
	struct each each = { call, owner };

	flight_each(&all->table, call_each, &each);
}

unsigned handsets_count(const struct handsets *all)
{
	return all->table.count;
}

struct text handset_number(const struct handset *h)
{
	return h->number;
}

bool handset_on(const struct handset *h)
{
	return h->is[HANDSET_COVERAGE];
}

void handset_switch(struct handset *h, bool on)
{
	h->is[HANDSET_COVERAGE] = on;
}

uint64_t handset_received(const struct handset *h)
{
	return h->received;
}

const struct inbox_entry *handset_inbox(const struct handset *h)
{
	return h->first;
}

bool handset_has(const struct handset *h, struct message_id id)
{
	const struct inbox_entry *e = h->first;

	while (e && !message_id_equal(e->id, id))
		e = e->next;
	return e != NULL;
}

/* --- receiving ------------------------------------------------------------------------------------------------ */

static bool seen(struct handset *h, struct message_id id)
{
	for (unsigned i = 0; i < SEEN_MAX; i++) {
		if (message_id_equal(h->seen[i], id))
			return true;
	}
	h->seen[h->seen_at++ % SEEN_MAX] = id;
	return false;
}

static const struct inbox_entry *show(struct handset *h, struct message_id id, int64_t now_us, struct text from,
				      struct text text, struct text files, unsigned keep)
{
	struct inbox_entry *e = must_alloc(sizeof(*e) + from.len + text.len + files.len + 3);
	char *room = (char *)(e + 1);

	memcpy(room, from.at ? from.at : "", from.len);
	memcpy(room + from.len + 1, text.at ? text.at : "", text.len);
	e->id = id;
	e->at_us = now_us;
	e->from = text_range(room, from.len);
	e->text = text_range(room + from.len + 1, text.len);
	room += from.len + text.len + 2;
	memcpy(room, files.at ? files.at : "", files.len);
	e->files = text_range(room, files.len);
	*h->last = e;
	h->last = &e->next;
	h->received++;
	if (++h->kept > keep && h->first != e) {
		struct inbox_entry *old = h->first;
		h->first = old->next;
		h->kept--;
		free(old);
	}
	return e;
}

static struct set *set_of(struct handset *h, const struct handset_part *p)
{
	struct set **at = &h->sets;
	unsigned n = 0;

	for (; *at; at = &(*at)->next, n++) {
		if (!strcmp((*at)->key, p->key))
			return *at;
		if (n == SETS_MAX) { /* the oldest makes room */
			struct set *old = *at;
			*at = old->next;
			set_free(old);
			break;
		}
	}
	struct set *s = must_alloc(sizeof(*s));
	memcpy(s->key, p->key, sizeof(s->key));
	s->total = p->total;
	s->next = h->sets;
	h->sets = s;
	return s;
}

static void set_drop(struct handset *h, struct set *s)
{
	struct set **at = &h->sets;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	set_free(s);
}

static char *joined(const struct set *s)
{
	size_t n = 1;
	char *all, *at;

	for (unsigned i = 0; i < s->total; i++)
		n += strlen(s->texts[i]);
	at = all = must_alloc(n);
	for (unsigned i = 0; i < s->total; i++) {
		size_t len = strlen(s->texts[i]);
		memcpy(at, s->texts[i], len);
		at += len;
	}
	return all;
}

static const struct inbox_entry *take_part(struct handset *h, const struct message *m, const struct handset_part *p,
					   struct message_id id, int64_t now_us, unsigned keep)
{
	struct set *s = set_of(h, p);
	char **place = &s->texts[p->number - 1];

	if (!*place) {
		*place = must_alloc(p->text.len + 1);
		memcpy(*place, p->text.at ? p->text.at : "", p->text.len);
		s->have++;
	}
	if (s->have < s->total)
		return NULL;
	char *all = joined(s);
	const struct inbox_entry *e = show(h, id, now_us, m->sender, text_of(all), (struct text){ 0 }, keep);
	free(all);
	set_drop(h, s);
	return e;
}

const struct inbox_entry *handset_receive(struct handset *h, const struct message *m, struct message_id id,
					  int64_t now_us, unsigned keep, bool *again_out)
{
	struct handset_part part;
	char room[HANDSET_TEXT_MAX];

	*again_out = seen(h, id);
	if (*again_out)
		return NULL;
	handset_text(m, room, sizeof(room), &part);
	if (part.total > 1)
		return take_part(h, m, &part, id, now_us, keep);
	return show(h, id, now_us, m->sender, part.text, m->files, keep);
}

void handset_note(struct handset *h, const struct inbox_entry *entry, struct text bearer, struct text price)
{
	for (struct inbox_entry *e = h->first; e; e = e->next) {
		if (e != entry)
			continue;
		(void)text_copy(bearer, e->bearer, sizeof(e->bearer));
		(void)text_copy(price, e->price, sizeof(e->price));
	}
}

/* --- switches ------------------------------------------------------------------------------------------------- */

const char *handset_switch_name(enum handset_switch s)
{
	static const char *const names[] = { "coverage", "rcs", "data", "roaming", "mms" };

	return (unsigned)s < HANDSET_SWITCHES ? names[s] : "invalid";
}

bool handset_is(const struct handset *h, enum handset_switch s)
{
	return h->is[s];
}

void handset_set(struct handset *h, enum handset_switch s, bool on)
{
	h->is[s] = on;
}

bool handset_registered(const struct handset *h)
{
	return h->is[HANDSET_RCS] && h->is[HANDSET_DATA] && h->is[HANDSET_COVERAGE];
}
