/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See sqlite_pages.h. */
#include "store/sqlite_pages.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "core/base/arena.h"

#define LOCK_OFFSET 0x40000000u /* of the bytes that SQLite locks; the page there holds nothing */

struct pages {
	sqlite3_pcache *under;
	unsigned lock_page, largest; /* number that a page has or had */
};

static sqlite3_pcache_methods2 under;

static struct pages *of(sqlite3_pcache *p)
{
	return (struct pages *)p;
}

static sqlite3_pcache *create(int page_size, int extra, int purgeable)
{
	sqlite3_pcache *cache = under.xCreate(page_size, extra, purgeable);

	if (!cache)
		return NULL;
	struct pages *p = must_alloc(sizeof(*p));
	p->under = cache;
	p->lock_page = LOCK_OFFSET / (unsigned)page_size + 1;
	return (sqlite3_pcache *)p;
}

static void set_size(sqlite3_pcache *p, int size)
{
	under.xCachesize(of(p)->under, size);
}

static int count(sqlite3_pcache *p)
{
	return under.xPagecount(of(p)->under);
}

static sqlite3_pcache_page *fetch(sqlite3_pcache *p, unsigned key, int make)
{
	if (make && key > of(p)->largest)
		of(p)->largest = key;
	return under.xFetch(of(p)->under, key, make);
}

static void unpin(sqlite3_pcache *p, sqlite3_pcache_page *page, int discard)
{
	under.xUnpin(of(p)->under, page, discard);
}

static void rekey(sqlite3_pcache *p, sqlite3_pcache_page *page, unsigned from, unsigned to)
{
	if (to > of(p)->largest && to != of(p)->lock_page)
		of(p)->largest = to;
	under.xRekey(of(p)->under, page, from, to);
}

static void truncate_from(sqlite3_pcache *p, unsigned limit)
{
	if (limit > of(p)->largest)
		return;
	under.xTruncate(of(p)->under, limit);
	of(p)->largest = limit ? limit - 1 : 0;
}

static void destroy(sqlite3_pcache *p)
{
	under.xDestroy(of(p)->under);
	free(p);
}

static void shrink(sqlite3_pcache *p)
{
	under.xShrink(of(p)->under);
}

void sqlite_pages_start(void)
{
	sqlite3_pcache_methods2 ours;

	if (under.xCreate || sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &ours) || ours.iVersion < 1)
		return;
	under = ours;
	ours.xCreate = create;
	ours.xCachesize = set_size;
	ours.xPagecount = count;
	ours.xFetch = fetch;
	ours.xUnpin = unpin;
	ours.xRekey = rekey;
	ours.xTruncate = truncate_from;
	ours.xDestroy = destroy;
	ours.xShrink = shrink;
	(void)sqlite3_config(SQLITE_CONFIG_PCACHE2, &ours);
}
