/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of deliveries: each is asked for, and comes as a descriptor open for reading. A bounded number of them is kept
 * open, for a terminal that wants one; on the handset's screen its name and size stay.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/lab_internal.h"

/* A delivery whose files are on their way. */
struct arrival {
	struct arrival *next;
	struct arena *arena;
	struct ipc_deliver delivery;
	unsigned count, answered;
	uint32_t calls[MESSAGE_FILES_MAX];
	int fds[MESSAGE_FILES_MAX];
	enum result result;
	const char *why;
};

struct kept {
	struct message_id id;
	unsigned number;
	int fd; /* 0 = none: descriptor 0 is never a file's */
};

static struct arrival *arrivals;
static struct kept kept[LAB_FILES_MAX];
static unsigned kept_at;

static void copy_delivery(struct arrival *a, const struct ipc_deliver *d)
{
	struct ipc_deliver *to = &a->delivery;

	*to = *d;
	to->link = arena_text(a->arena, d->link);
	to->recipient = arena_text(a->arena, d->recipient);
	to->header = arena_text(a->arena, d->header);
	to->body = arena_text(a->arena, d->body);
	to->permit = arena_text(a->arena, d->permit);
	to->bearer = arena_text(a->arena, d->bearer);
	to->price = arena_text(a->arena, d->price);
}

static void arrival_free(struct arrival *a)
{
	struct arena *arena = a->arena;

	arena_free(&arena);
}

static void complete(struct arrival *a)
{
	struct arrival **at = &arrivals;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	lab_arrived(&a->delivery, a->result, a->why, a->fds, a->count);
	arrival_free(a);
}

static void note(struct arrival *a, unsigned n, enum result result, struct text why, int fd)
{
	a->fds[n] = fd;
	a->answered++;
	if (result && !a->result) {
		a->result = result;
		a->why = arena_cstring(a->arena, why);
	}
}

void lab_files_fetch(const struct ipc_deliver *d, unsigned count)
{
	struct arena *arena = arena_new(4096);
	struct arrival *a = arena_alloc(arena, sizeof(*a));

	a->arena = arena;
	a->count = count;
	copy_delivery(a, d);
	a->next = arrivals;
	arrivals = a;
	for (unsigned i = 0; i < count; i++) {
		a->fds[i] = -1;
		a->calls[i] = channel_file_get(lab.channel, d->id, i);
		if (!a->calls[i])
			note(a, i, ERR_BUSY, TEXT_LITERAL("the queue has no room for the question"), -1);
	}
	if (a->answered == a->count)
		complete(a);
}

void lab_files_answer(uint32_t call, const struct ipc_file_answer *answer, int fd)
{
	for (struct arrival *a = arrivals; a; a = a->next) {
		for (unsigned i = 0; i < a->count; i++) {
			if (a->calls[i] != call)
				continue;
			note(a, i, answer->result, answer->why, fd);
			if (a->answered == a->count)
				complete(a);
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

/* --- kept ----------------------------------------------------------------------------------------------------------
 */

void lab_files_keep(struct message_id id, const int *fds, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct kept *k = &kept[kept_at++ % LAB_FILES_MAX];
		if (k->fd > 0)
			close(k->fd);
		*k = (struct kept){ id, i, fcntl(fds[i], F_DUPFD_CLOEXEC, 3) };
		counter_add(lab.files, 1);
	}
}

int lab_files_open(struct message_id id, unsigned number)
{
	for (unsigned i = 0; i < LAB_FILES_MAX; i++) {
		if (kept[i].fd > 0 && kept[i].number == number && message_id_equal(kept[i].id, id))
			return fcntl(kept[i].fd, F_DUPFD_CLOEXEC, 3);
	}
	return -1;
}
