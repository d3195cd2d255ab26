/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counters and gauges of a process, in a page of shared memory that the parent made: control and api read every role's
 * counters from there, even those of a role that is stuck or dead. Writing is one relaxed atomic add.
 */
#ifndef CORE_BASE_COUNTER_H
#define CORE_BASE_COUNTER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/result.h"

enum counter_kind { COUNTER_COUNT, COUNTER_GAUGE };

struct counter {
	_Atomic int64_t value;
};

#define COUNTER_NAME_SIZE 56
#define COUNTER_HELP_SIZE 104
#define COUNTER_LABEL_SIZE 80
#define COUNTER_SLOTS 1024

struct counter_view {
	char name[COUNTER_NAME_SIZE]; /* "sms_pdu_bad_total" */
	char help[COUNTER_HELP_SIZE];
	char label[COUNTER_LABEL_SIZE]; /* "link=\"smsc1\"", or empty */
	enum counter_kind kind;
	int64_t value;
};

/* A shared page for one role; the descriptor is passed to that role and to the readers. */
MUST_CHECK enum result counter_page_new(int *fd_out);
/* This process counts into that page from now on (a page of a dead predecessor goes on where it stood). Without this
 * call counting works, into private memory. */
MUST_CHECK enum result counter_page_use(int fd);

/* Finds or makes the counter; never NULL (when all slots are used, one shared overflow counter). Names, labels are
 * copied. */
struct counter *counter_get(enum counter_kind kind, const char *name, const char *label, const char *help);

static inline void counter_add(struct counter *c, int64_t n)
{
	atomic_fetch_add_explicit(&c->value, n, memory_order_relaxed);
}

static inline int64_t counter_value(struct counter *c)
{
	return atomic_load_explicit(&c->value, memory_order_relaxed);
}

static inline void counter_set(struct counter *c, int64_t v)
{
	atomic_store_explicit(&c->value, v, memory_order_relaxed);
}

/* Readers: a mapped page of another role; every string read from it is bounded, whatever that role wrote. */
struct counter_page;
MUST_CHECK enum result counter_page_map(int fd, struct counter_page **out);
void counter_page_unmap(struct counter_page **page);
bool counter_page_read(const struct counter_page *page, unsigned slot,
		       struct counter_view *out); /* false: slot empty */

#endif
