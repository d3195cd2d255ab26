/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counters in a memfd that the readers map read-only. */
#include "core/base/counter.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/arena.h"

struct slot {
	_Atomic uint32_t used; /* set last, so that a reader sees whole names */
	uint32_t kind;
	struct counter counter;
	char name[COUNTER_NAME_SIZE], label[COUNTER_LABEL_SIZE], help[COUNTER_HELP_SIZE];
};

struct counter_page {
	struct slot slots[COUNTER_SLOTS];
};

static struct counter_page private_page;
static struct counter_page *page = &private_page;
static struct counter overflow;

enum result counter_page_new(int *fd_out)
{
	int fd = memfd_create("cellpost-counters", MFD_CLOEXEC);

	if (fd < 0)
		return ERR_IO;
	if (ftruncate(fd, sizeof(struct counter_page))) {
		close(fd);
		return ERR_IO;
	}
	*fd_out = fd;
	return OK;
}

enum result counter_page_use(int fd)
{
	void *p = mmap(NULL, sizeof(struct counter_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return ERR_IO;
	page = p;
	return OK;
}

static void fill(struct slot *s, enum counter_kind kind, const char *name, const char *label, const char *help)
{
	s->kind = kind;
	snprintf(s->name, sizeof(s->name), "%s", name);
	snprintf(s->label, sizeof(s->label), "%s", label);
	snprintf(s->help, sizeof(s->help), "%s", help);
	atomic_store_explicit(&s->used, 1, memory_order_release);
}

struct counter *counter_get(enum counter_kind kind, const char *name, const char *label, const char *help)
{
	for (unsigned i = 0; i < COUNTER_SLOTS; i++) {
		struct slot *s = &page->slots[i];
		if (!atomic_load_explicit(&s->used, memory_order_acquire)) {
			fill(s, kind, name, label ? label : "", help);
			return &s->counter;
		}
		if (!strncmp(s->name, name, sizeof(s->name) - 1) &&
		    !strncmp(s->label, label ? label : "", sizeof(s->label) - 1))
			return &s->counter;
	}
	return &overflow;
}

enum result counter_page_map(int fd, struct counter_page **out)
{
	void *p = mmap(NULL, sizeof(struct counter_page), PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return ERR_IO;
	*out = p;
	return OK;
}

void counter_page_unmap(struct counter_page **mapped)
{
	if (*mapped)
		munmap(*mapped, sizeof(struct counter_page));
	*mapped = NULL;
}

static void copy_bounded(char *to, const char *from, size_t size)
{
	memcpy(to, from, size);
	to[size - 1] = 0;
}

bool counter_page_read(const struct counter_page *from, unsigned index, struct counter_view *out)
{
	if (index >= COUNTER_SLOTS)
		return false;
	const struct slot *s = &from->slots[index];
	if (!atomic_load_explicit(&s->used, memory_order_acquire))
		return false;
	copy_bounded(out->name, s->name, sizeof(out->name));
	copy_bounded(out->label, s->label, sizeof(out->label));
	copy_bounded(out->help, s->help, sizeof(out->help));
	out->kind = s->kind == COUNTER_GAUGE ? COUNTER_GAUGE : COUNTER_COUNT;
	out->value = atomic_load_explicit(&s->counter.value, memory_order_relaxed);
	return true;
}
