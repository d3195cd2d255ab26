/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SQLite's page cache, told apart from its own temporary numbers.
 *
 * At each commit SQLite drops the pages behind the end of the file from its cache, and asks whether there are any by
 * the largest number it ever gave one. While it puts the pages of an index in order it lends one of them the number of
 * the lock page, at 1 GiB: from then on the next commit walks the whole cache in search of pages that are not there,
 * hundreds of microseconds with tens of megabytes. Here the numbers that pages keep are remembered, and a walk that
 * cannot find any is left out. All else is SQLite's own.
 */
#ifndef STORE_SQLITE_PAGES_H
#define STORE_SQLITE_PAGES_H

/* Once, before SQLite is used in this process; afterwards it changes nothing. */
void sqlite_pages_start(void);

#endif
