/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A VFS over another one, for the connection that writes: SQLite gives the write-ahead log to the system as two small
 * writes per page; here they are gathered and leave as few large ones, a third of the system's work for a commit.
 *
 * What was written is with the system at the latest when SQLite syncs the log, before any other connection learns of
 * the frames: so this is for synchronous=FULL (or EXTRA) alone, where every commit syncs. All other files, and all but
 * writing, are the other VFS's.
 */
#ifndef STORE_SQLITE_GATHER_H
#define STORE_SQLITE_GATHER_H

/* Per log that is written, kept while it is open. SQLite's own VFS takes less than 128 KiB in one write. */
#define GATHER_OCTETS (120u << 10)

/* The name of the VFS over `under` (NULL = the default one): made at the first call. NULL when there is no such. */
const char *sqlite_gather_vfs(const char *under);

#endif
