/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disk's side of the folder of files, on its own thread. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "core/files_internal.h"
#include "core/net/digest.h"

#define UNFINISHED "new-"
#define TEMPORARY_SIZE 32u

static void fail(struct files_call *c, enum result result, const char *why)
{
	c->result = result;
	c->why = why;
}

static bool hash_of_name(const char *name, uint8_t hash[FILES_HASH_SIZE])
{
	struct writer w = writer_of(hash, FILES_HASH_SIZE);

	return strlen(name) == FILES_NAME_SIZE - 1 && hex_take(text_of(name), &w) == OK &&
	       writer_len(&w) == FILES_HASH_SIZE;
}

static bool is_young(const struct files_call *c, const struct stat *s)
{
	int64_t used_us = (int64_t)s->st_mtim.tv_sec * USEC_PER_SEC + s->st_mtim.tv_nsec / 1000;

	return used_us > clock_now() - c->limits.keep_us;
}

void files_disk_scan(struct files *f)
{
	int again = openat(f->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again < 0 ? NULL : fdopendir(again);
	uint64_t octets = 0;
	struct dirent *e;
	struct stat s;

	if (!d) {
		if (again >= 0)
			close(again);
		return;
	}
	while ((e = readdir(d))) {
		if (!strncmp(e->d_name, UNFINISHED, sizeof(UNFINISHED) - 1))
			(void)unlinkat(f->folder, e->d_name, 0);
		else if (!fstatat(f->folder, e->d_name, &s, AT_SYMLINK_NOFOLLOW) && S_ISREG(s.st_mode))
			octets += (uint64_t)s.st_size;
	}
	closedir(d);
	atomic_store(&f->octets, octets);
}

/* --- keep ------------------------------------------------------------------------------------- */

static bool write_all(int fd, const uint8_t *at, size_t n)
{
	while (n) {
		ssize_t written = write(fd, at, n);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		at += written;
		n -= (size_t)written;
	}
	return true;
}

static bool has_room(const struct files *f, struct files_call *c)
{
	struct statvfs v;

	if (atomic_load(&f->octets) + c->size > c->limits.total_max) {
		fail(c, ERR_FULL, "the folder of files is full (`files-max` of `store`): try again later");
		return false;
	}
	if (fstatvfs(f->folder, &v) == 0 && (uint64_t)v.f_bavail * v.f_frsize < c->limits.min_free + c->size) {
		fail(c, ERR_FULL, "the disk is nearly full (`min-free` of `store`): try again later");
		return false;
	}
	return true;
}

static void touch(const struct files *f, const char *name)
{
	(void)utimensat(f->folder, name, NULL, AT_SYMLINK_NOFOLLOW);
}

/* Under a name that nobody looks for, then under its own: a power cut leaves all of it or nothing. */
static void put_file(struct files *f, struct files_call *c, const uint8_t *bytes, const char *name)
{
	char temporary[TEMPORARY_SIZE];

	(void)snprintf(temporary, sizeof(temporary), UNFINISHED "%u", ++f->number);
	int fd = openat(f->folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write_all(fd, bytes, (size_t)c->size) && !fsync(fd);
	int error = errno;
	if (fd >= 0)
		close(fd);
	good = good && !renameat(f->folder, temporary, f->folder, name) && !fsync(f->folder);
	if (good) {
		atomic_fetch_add(&f->octets, c->size);
		return;
	}
	if (fd >= 0)
		(void)unlinkat(f->folder, temporary, 0);
	if (error == ENOSPC || error == EDQUOT)
		fail(c, ERR_FULL, "the disk is full: try again later");
	else
		fail(c, ERR_IO, "the file cannot be written");
}

static void keep_bytes(struct files *f, struct files_call *c, const uint8_t *bytes)
{
	struct digest_part part = { bytes, (size_t)c->size };
	uint8_t hash[DIGEST_SHA256_SIZE];
	char name[FILES_NAME_SIZE];
	struct stat s;

	digest_sha256(&part, 1, hash);
	if (memcmp(hash, c->hash, sizeof(hash)) != 0) {
		fail(c, ERR_CONFLICT, "the file has another hash than was said");
		return;
	}
	files_name(hash, name);
	if (fstatat(f->folder, name, &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(s.st_mode) &&
	    (uint64_t)s.st_size == c->size) {
		touch(f, name);
		if (fsync(f->folder)) /* whoever wrote it may have failed at just that */
			fail(c, ERR_IO, "the folder of files cannot be synced");
		return;
	}
	if (has_room(f, c))
		put_file(f, c, bytes, name);
}

/* Sealed first: from then on nobody changes it. A mapping that can write forbids the seal. */
static void keep(struct files *f, struct files_call *c)
{
	void *bytes = MAP_FAILED;

	if (fcntl(c->fd, F_ADD_SEALS, F_SEAL_WRITE))
		fail(c, ERR_CONFLICT, "somebody can still write to the file");
	else
		bytes = mmap(NULL, (size_t)c->size, PROT_READ, MAP_PRIVATE, c->fd, 0);
	close(c->fd);
	c->fd = -1;
	if (c->result)
		return;
	if (bytes == MAP_FAILED) {
		fail(c, ERR_BUSY, "no memory for the file now");
		return;
	}
	keep_bytes(f, c, bytes);
	munmap(bytes, (size_t)c->size);
}

/* --- the others ------------------------------------------------------------------------------- */

static void look(struct files *f, struct files_call *c)
{
	char name[FILES_NAME_SIZE];
	struct stat s;

	files_name(c->hash, name);
	if (fstatat(f->folder, name, &s, AT_SYMLINK_NOFOLLOW) || !S_ISREG(s.st_mode))
		fail(c, ERR_NOT_FOUND, "the file is not there, or no longer: send it again");
	else if ((uint64_t)s.st_size != c->size)
		fail(c, ERR_NOT_FOUND, "the file has another size");
	else
		touch(f, name);
}

static void open_file(struct files *f, struct files_call *c)
{
	char name[FILES_NAME_SIZE];

	files_name(c->hash, name);
	c->fd = openat(f->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (c->fd < 0 && errno == ENOENT)
		fail(c, ERR_NOT_FOUND, "the file is not there");
	else if (c->fd < 0)
		fail(c, ERR_IO, "the file cannot be opened");
}

static bool begin_listing(struct files *f)
{
	if (f->listing)
		return true;
	int again = openat(f->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f->listing = again < 0 ? NULL : fdopendir(again);
	if (!f->listing && again >= 0)
		close(again);
	return f->listing != NULL;
}

static void list(struct files *f, struct files_call *c)
{
	struct dirent *e = NULL;
	struct stat s;

	if (!begin_listing(f)) {
		fail(c, ERR_IO, "the folder of files cannot be read");
		return;
	}
	while (c->names_count < FILES_LIST_MAX && (e = readdir(f->listing))) {
		uint8_t *hash = c->names[c->names_count];
		if (hash_of_name(e->d_name, hash) && fstatat(f->folder, e->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0 &&
		    !is_young(c, &s))
			c->names_count++;
	}
	if (e)
		return;
	closedir(f->listing);
	f->listing = NULL;
}

static void drop(struct files *f, struct files_call *c)
{
	char name[FILES_NAME_SIZE];
	struct stat s;

	files_name(c->hash, name);
	if (fstatat(f->folder, name, &s, AT_SYMLINK_NOFOLLOW))
		fail(c, ERR_NOT_FOUND, "the file is not there");
	else if (is_young(c, &s))
		fail(c, ERR_BUSY, "the file was used just now");
	else if (unlinkat(f->folder, name, 0))
		fail(c, ERR_IO, "the file cannot be removed");
	else
		atomic_fetch_sub(&f->octets, (uint64_t)s.st_size);
}

void files_disk_work(struct files *f, struct files_call *c)
{
	switch (c->work) {
	case FILES_KEEP:
		keep(f, c);
		break;
	case FILES_LOOK:
		look(f, c);
		break;
	case FILES_OPEN:
		open_file(f, c);
		break;
	case FILES_LIST:
		list(f, c);
		break;
	case FILES_DROP:
		drop(f, c);
		break;
	}
}

void files_disk_close(struct files *f)
{
	if (f->listing)
		closedir(f->listing);
	close(f->folder);
}
