/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The drivers of core/store.h. Opening raises the node's epoch, brings the schema up to date (each released version can
 * be upgraded) and reports the durability mode in the log.
 */
#ifndef STORE_STORE_OPEN_H
#define STORE_STORE_OPEN_H

#include "core/store.h"

/* Rows and money kept in memory, for tests and demonstrations; refuses priced bearers only through its durability word.
 */
MUST_CHECK enum result store_memory_open(struct loop *loop, const struct store_policy *policy, struct store **out,
					 const char **why_out);

/*
 * One database file (created with mode 0600 when missing). `vfs` names a registered SQLite VFS, NULL = the default
 * (tests put their power cuts there). Starts the writer thread: call before sandbox_enter().
 */
MUST_CHECK enum result store_sqlite_open(struct loop *loop, const char *path, const char *vfs,
					 const struct store_limits *limits, const struct store_policy *policy,
					 struct store **out, const char **why_out);

#endif
