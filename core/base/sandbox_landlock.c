/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Landlock by system call: the packaged headers know less than the kernels do. Each version of its interface adds
 * rights; those that this kernel does not know are left out and said once.
 */
#include "core/base/sandbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/log.h"

/* uapi/linux/landlock.h of the kernel; in brackets the version that brought it. */
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_REMOVE_DIR (1ull << 4)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_MAKE_DIR (1ull << 7)
#define FS_MAKE_REG (1ull << 8)
#define FS_REFER (1ull << 13)	 /* [2] rename between directories */
#define FS_TRUNCATE (1ull << 14) /* [3] */
#define FS_FIRST ((1ull << 13) - 1)
#define FS_IOCTL_DEV (1ull << 15)   /* [5] */
#define NET_BIND_TCP (1ull << 0)    /* [4] */
#define NET_CONNECT_TCP (1ull << 1) /* [4] */
#define SCOPE_ALL 3ull		    /* [6] abstract AF_UNIX sockets, signals */
#define RESTRICT_ALL_THREADS 8u	    /* [8] */
#define CREATE_VERSION 1u
#define RULE_PATH_BENEATH 1

#define RIGHTS_READ (FS_READ_FILE | FS_READ_DIR)
#define RIGHTS_FILES \
	(RIGHTS_READ | FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_REFER | \
	 FS_TRUNCATE)
#define RIGHTS_OF_A_FILE (FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE)

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_attr {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

static int landlock_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
}

static enum result denied(const struct sandbox *s, const char *what)
{
	LOGE(LOG_BASE, s->role, "no sandbox: landlock: %s: %s", what, strerror(errno));
	return ERR_DENIED;
}

static struct ruleset_attr handled_by(int version, unsigned promises)
{
	struct ruleset_attr a = { .fs = FS_FIRST };

	if (version >= 2)
		a.fs |= FS_REFER;
	if (version >= 3)
		a.fs |= FS_TRUNCATE;
	if (version >= 4 && !(promises & SANDBOX_INET))
		a.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (version >= 5 && !(promises & SANDBOX_TTY))
		a.fs |= FS_IOCTL_DEV;
	if (version >= 6)
		a.scoped = SCOPE_ALL;
	return a;
}

static void say_what_is_missing(const struct sandbox *s, int version)
{
	static const char *const missing[] = {
		[1] = "rename between directories, truncation, TCP, devices, signals and abstract sockets",
		[2] = "truncation, TCP, devices, signals and abstract sockets",
		[3] = "TCP, devices, signals and abstract sockets",
		[4] = "devices, signals and abstract sockets",
		[5] = "signals and abstract sockets",
	};

	if (version < (int)(sizeof(missing) / sizeof(missing[0])))
		LOGN(LOG_BASE, s->role, "landlock of this kernel (version %d) does not guard: %s", version,
		     missing[version]);
}

static enum result allow_path(const struct sandbox *s, const struct sandbox_path *path, int ruleset, uint64_t handled)
{
	uint64_t rights = path->promise & SANDBOX_FILES ? RIGHTS_FILES : RIGHTS_READ;
	struct path_attr rule = { .parent_fd = open(path->path, O_PATH | O_CLOEXEC) };
	struct stat st;

	if (rule.parent_fd < 0)
		return denied(s, path->path);
	if (!fstat(rule.parent_fd, &st) && !S_ISDIR(st.st_mode))
		rights &= RIGHTS_OF_A_FILE;
	rule.allowed = rights & handled;
	long bad = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
	enum result r = bad ? denied(s, path->path) : OK;
	close(rule.parent_fd);
	return r;
}

enum result sandbox_landlock_make(const struct sandbox *s, int *ruleset_out)
{
	int version = landlock_version();
	enum result r = OK;

	*ruleset_out = -1;
	if (version < 1) {
		LOGN(LOG_BASE, s->role, "this kernel has no landlock: files are guarded by ids and seccomp alone");
		return OK;
	}
	say_what_is_missing(s, version);
	struct ruleset_attr attr = handled_by(version, s->promises);
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd < 0)
		return denied(s, "ruleset");
	for (const struct sandbox_path *p = s->paths; r == OK && p && p->path; p++)
		r = allow_path(s, p, fd, attr.fs);
	if (r)
		close(fd);
	else
		*ruleset_out = fd;
	return r;
}

/* Before version 8 it binds the calling thread, and those that it starts, alone. */
static void say_who_is_outside(const struct sandbox *s)
{
	struct stat st;

	if (!stat("/proc/self/task", &st) && st.st_nlink > 3) /* ".", ".." and one for each thread */
		LOGN(LOG_BASE, s->role, "landlock of this kernel does not bind the threads that run already");
}

enum result sandbox_landlock_enter(const struct sandbox *s, int ruleset)
{
	unsigned flags = landlock_version() >= 8 ? RESTRICT_ALL_THREADS : 0;

	if (!flags)
		say_who_is_outside(s);
	if (syscall(SYS_landlock_restrict_self, ruleset, flags))
		return denied(s, "restrict");
	return OK;
}
