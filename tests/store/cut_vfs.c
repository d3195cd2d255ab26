/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See cut_vfs.h: what lies on the disk, and what a power cut leaves of it. */
#include "tests/store/cut_disk.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

#define SECTOR 512u

struct cut_disk cut_disk;

uint64_t cut_random(uint64_t below)
{
	uint64_t x = cut_disk.seed;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	cut_disk.seed = x;
	return x % below;
}

static void image_resize(struct cut_image *image, size_t len)
{
	if (len > image->room) {
		size_t room = len + len / 2 + 65536;
		image->bytes = must_realloc(image->bytes, room);
		memset(image->bytes + image->room, 0, room - image->room);
		image->room = room;
	}
	if (len < image->len)
		memset(image->bytes + len, 0, image->len - len);
	image->len = len;
}

static void image_write(struct cut_image *image, size_t at, const void *bytes, size_t n)
{
	if (at + n > image->len)
		image_resize(image, at + n);
	memcpy(image->bytes + at, bytes, n);
}

static void image_copy(struct cut_image *to, const struct cut_image *from)
{
	image_resize(to, 0);
	if (from->len)
		image_write(to, 0, from->bytes, from->len);
}

static void forget_pending(struct cut_file *f)
{
	while (f->pending) {
		struct cut_write *next = f->pending->next;
		free(f->pending);
		f->pending = next;
	}
	f->last = NULL;
}

static void remember(struct cut_file *f, size_t at, const void *bytes, size_t n, bool truncates)
{
	struct cut_write *w = must_alloc(sizeof(*w) + n);

	w->at = at;
	w->len = n;
	w->truncates = truncates;
	if (n)
		memcpy(w->bytes, bytes, n);
	if (f->last)
		f->last->next = w;
	else
		f->pending = w;
	f->last = w;
}

void cut_file_write(struct cut_file *f, size_t at, const void *bytes, size_t n)
{
	image_write(&f->now, at, bytes, n);
	remember(f, at, bytes, n, false);
}

void cut_file_truncate(struct cut_file *f, size_t len)
{
	if (len < f->now.len)
		image_resize(&f->now, len);
	remember(f, len, NULL, 0, true);
}

/* Only the pending writes: a copy of the whole file at every sync would cost too much. */
void cut_file_sync(struct cut_file *f)
{
	for (const struct cut_write *w = f->pending; w; w = w->next) {
		if (!w->truncates)
			image_write(&f->synced, w->at, w->bytes, w->len);
		else if (w->at < f->synced.len)
			image_resize(&f->synced, w->at);
	}
	forget_pending(f);
}

/* Files made and removed since are so for good. */
void cut_folder_sync(void)
{
	for (unsigned i = 0; i < cut_disk.files_count; i++) {
		struct cut_file *f = &cut_disk.files[i];
		f->lasting = f->exists;
		if (!f->exists)
			cut_file_sync(f);
	}
}

/* One of three moods of a disk: it kept nothing, all, or some of what was under way. */
enum mood { FORGETS, KEEPS, MIXES, MOODS };

/* A write arrives in pieces that end at sector bounds; one may be torn. */
static void settle_write(struct cut_file *f, const struct cut_write *w, enum mood mood)
{
	for (size_t done = 0, n; done < w->len; done += n) {
		size_t at = w->at + done;
		n = SECTOR - at % SECTOR;
		if (n > w->len - done)
			n = w->len - done;
		if (mood == FORGETS || (mood == MIXES && cut_random(2)))
			continue;
		size_t kept = mood == MIXES && !cut_random(8) ? cut_random(n + 1) : n;
		if (kept)
			image_write(&f->synced, at, w->bytes + done, kept);
	}
}

static void settle_file(struct cut_file *f)
{
	enum mood mood = (enum mood)cut_random(MOODS);

	for (const struct cut_write *w = f->pending; w; w = w->next) {
		if (!w->truncates)
			settle_write(f, w, mood);
		else if (w->at < f->synced.len && mood != FORGETS && (mood == KEEPS || cut_random(2)))
			image_resize(&f->synced, w->at);
	}
	forget_pending(f);
	if (f->exists != f->lasting) /* made or removed, and the folder not synced */
		f->exists = cut_random(2);
	f->lasting = f->exists;
	if (!f->exists)
		image_resize(&f->synced, 0);
	image_copy(&f->now, &f->synced);
}

static void drop_memory(struct cut_file *f)
{
	for (unsigned i = 0; i < CUT_REGIONS; i++) {
		free(f->regions[i]);
		f->regions[i] = NULL;
	}
	memset(f->shared, 0, sizeof(f->shared));
	memset(f->exclusive, 0, sizeof(f->exclusive));
	f->readers = 0;
	f->reserved = f->all = NULL;
}

void cut_power_on(void)
{
	pthread_mutex_lock(&cut_disk.lock);
	for (unsigned i = 0; i < cut_disk.files_count; i++) {
		settle_file(&cut_disk.files[i]);
		drop_memory(&cut_disk.files[i]);
	}
	cut_disk.fault = CUT_NONE;
	cut_disk.struck = false;
	pthread_mutex_unlock(&cut_disk.lock);
}

void cut_disk_new(uint64_t seed)
{
	cut_vfs_register();
	for (unsigned i = 0; i < cut_disk.files_count; i++) {
		struct cut_file *f = &cut_disk.files[i];
		forget_pending(f);
		drop_memory(f);
		free(f->now.bytes);
		free(f->synced.bytes);
	}
	memset(cut_disk.files, 0, sizeof(cut_disk.files));
	cut_disk.files_count = 0;
	cut_disk.seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	cut_disk.fault = CUT_NONE;
	cut_disk.struck = false;
}

void cut_fault_at(enum cut_fault fault, unsigned n)
{
	pthread_mutex_lock(&cut_disk.lock);
	cut_disk.fault = fault;
	cut_disk.strikes_at = cut_disk.operations + n;
	cut_disk.struck = false;
	pthread_mutex_unlock(&cut_disk.lock);
}

void cut_clear(void)
{
	cut_fault_at(CUT_NONE, 0);
}

bool cut_struck(void)
{
	pthread_mutex_lock(&cut_disk.lock);
	bool struck = cut_disk.struck;
	pthread_mutex_unlock(&cut_disk.lock);
	return struck;
}

unsigned cut_operations(void)
{
	pthread_mutex_lock(&cut_disk.lock);
	unsigned n = cut_disk.operations;
	pthread_mutex_unlock(&cut_disk.lock);
	return n;
}

unsigned cut_open_files(void)
{
	pthread_mutex_lock(&cut_disk.lock);
	unsigned n = cut_disk.open_files;
	pthread_mutex_unlock(&cut_disk.lock);
	return n;
}
