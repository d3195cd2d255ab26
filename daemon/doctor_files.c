/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the gateway keeps what it accepted: may it write there, is there room, how long does a commit take. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/core_vty.h"
#include "daemon/daemon_vty.h"
#include "daemon/doctor.h"

#define PATH_SIZE 4096u
#define SYNCS 15u
#define SYNC_OCTETS 4096u
#define SYNC_SLOW_US (20 * USEC_PER_MSEC)
#define ROOM_FACTOR 8 /* warned below so many times the least room */
#define TMPFS 0x01021994
#define MEBI (INT64_C(1) << 20)

static bool user_known(struct doctor *d, const struct process_settings *p)
{
	char name[64];

	if (!p->user.len || !text_copy(p->user, name, sizeof(name)))
		return true;
	if (getpwnam(name)) {
		doctor_say(d, FINDING_OK, "user", NULL, "%s", name);
		return true;
	}
	doctor_say(d, FINDING_FAIL, "user", "adduser --system --group NAME, or leave `user` of `process` out",
		   "there is no user %s on this machine", name);
	return false;
}

/* "a/b" becomes "a", "a" becomes "."; dirname(3) writes into what it is given and may return a text of its own. */
static void go_up(char path[PATH_SIZE])
{
	char room[PATH_SIZE];

	snprintf(room, sizeof(room), "%s", path);
	snprintf(path, PATH_SIZE, "%s", dirname(room));
}

/* The directory, or the first above it that exists: cellpostd makes the rest. */
static void existing_part(char path[PATH_SIZE])
{
	struct stat st;

	while (stat(path, &st) && errno == ENOENT && strcmp(path, "/") && strcmp(path, "."))
		go_up(path);
}

static bool writable(struct doctor *d, const char *wanted, const char *path)
{
	bool made = !strcmp(wanted, path);

	if (access(path, W_OK | X_OK)) {
		doctor_say(
			d, FINDING_FAIL, "directory",
			"give it to the gateway's user, or name another: `directory` of `process`, `path` of `store`",
			"%s cannot be written: %s", path, strerror(errno));
		return false;
	}
	doctor_say(d, FINDING_OK, "directory", NULL, made ? "%s can be written" : "%s will be made", wanted);
	return true;
}

static void room(struct doctor *d, const char *path, const struct store_settings *s)
{
	struct statvfs v;

	if (statvfs(path, &v))
		return;
	int64_t left = (int64_t)(v.f_bavail * v.f_frsize);
	enum finding f = left < s->min_free		    ? FINDING_FAIL
			 : left < ROOM_FACTOR * s->min_free ? FINDING_WARN
							    : FINDING_OK;
	doctor_say(d, f, "disk", "make room: below `min-free` of `store` nothing is accepted, what was accepted stays",
		   "%lld MiB free, the least is %lld", (long long)(left / MEBI), (long long)(s->min_free / MEBI));
}

static bool is_memory(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == TMPFS;
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool measure(int fd, int64_t *median_out)
{
	static const char zeroes[SYNC_OCTETS];
	int64_t took[SYNCS];

	for (unsigned i = 0; i < SYNCS; i++) {
		int64_t start = clock_monotonic();
		if (write(fd, zeroes, sizeof(zeroes)) != (ssize_t)sizeof(zeroes) || fdatasync(fd))
			return false;
		took[i] = clock_monotonic() - start;
	}
	qsort(took, SYNCS, sizeof(took[0]), by_size);
	*median_out = took[SYNCS / 2];
	return true;
}

static void sync_speed(struct doctor *d, const char *path)
{
	int64_t median = 0;
	int fd = open(path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (is_memory(path))
		doctor_say(d, FINDING_WARN, "sync", "name a directory on a disk",
			   "%s lies in memory: a power cut empties it", path);
	else if (fd < 0 || !measure(fd, &median))
		doctor_say(d, FINDING_WARN, "sync", NULL, "it cannot be measured: %s", strerror(errno));
	else
		doctor_say(d, median > SYNC_SLOW_US ? FINDING_WARN : FINDING_OK, "sync",
			   "a disk that keeps its promise faster: every answer to a sender waits for one",
			   "%lld.%03lld ms for a commit to reach the disk", (long long)(median / 1000),
			   (long long)(median % 1000));
	if (fd >= 0)
		close(fd);
}

void doctor_files(struct doctor *d)
{
	const struct process_settings *p = config_only(d->config, &process_kind);
	const struct store_settings *s = config_only(d->config, &store_kind);
	char wanted[PATH_SIZE], path[PATH_SIZE];

	(void)user_known(d, p);
	if (s->driver == STORE_WORD_MEMORY) {
		doctor_say(d, FINDING_WARN, "store", "`driver sqlite` of `store`",
			   "in memory: nothing survives a restart");
		return;
	}
	if (!text_copy(s->path, path, sizeof(path)))
		return;
	go_up(path);
	snprintf(wanted, sizeof(wanted), "%s", path);
	existing_part(path);
	bool good = writable(d, wanted, path);
	room(d, path, s);
	if (good)
		sync_speed(d, path);
}
