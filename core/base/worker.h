/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads for what may block (file sync, password hashing). A job runs on a worker, then its `done` runs on the loop.
 */
#ifndef CORE_BASE_WORKER_H
#define CORE_BASE_WORKER_H

#include "core/base/loop.h"
#include "core/base/result.h"

struct worker;

/* `threads` threads are started now (before the sandbox). `limit` = jobs that may wait. */
struct worker *worker_new(struct loop *loop, unsigned threads, unsigned limit);
void worker_free(struct worker **worker); /* waits for running jobs; those waiting are completed as well */

/* ERR_BUSY when `limit` jobs wait; then nothing was taken. */
MUST_CHECK enum result worker_submit(struct worker *worker, void (*run)(void *job), void (*done)(void *job), void *job);

#endif
