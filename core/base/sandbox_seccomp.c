/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The system calls of each promise. What no promise names fails with EPERM and is logged by the kernel's audit; what
 * only an attacker would call ends the process. Arguments are looked at where a call is wider than the promise.
 */
#include "core/base/sandbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/log.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* glibc names its arenas */
#endif
#define TYPE_OF_SOCKET 0xfu /* without SOCK_CLOEXEC and SOCK_NONBLOCK */

static const char *const core_calls[] = {
	/* memory; mmap and mprotect have rules below */
	"munmap", "mremap", "madvise", "brk", "msync", "mlock", "munlock", "memfd_create", "membarrier",
	/* open descriptors */
	"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2", "close",
	"close_range", "fstat", "lseek", "dup", "dup2", "dup3", "fcntl", "flock", "pipe2", "ftruncate", "fallocate",
	"fsync", "fdatasync", "sync_file_range", "fadvise64", "fstatfs",
	/* open sockets */
	"recvmsg", "sendmsg", "recvfrom", "sendto", "recvmmsg", "sendmmsg", "shutdown", "getsockopt", "setsockopt",
	"getsockname", "getpeername",
	/* waiting and time */
	"epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select",
	"pselect6", "eventfd2", "timerfd_create", "timerfd_settime", "timerfd_gettime", "signalfd4", "nanosleep",
	"clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time", "restart_syscall",
	/* threads that run already, signals of our own */
	"futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "sched_yield", "sched_getaffinity",
	"getcpu", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "rt_sigpending", "sigaltstack",
	"exit", "exit_group",
	/* who and where we are */
	"getrandom", "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid",
	"getgroups", "uname", "sysinfo", "getrusage", "times", "getrlimit", "umask", NULL
};

static const char *const inet_calls[] = { "bind", "connect", "accept", "accept4", NULL };

static const char *const unix_calls[] = { "accept", "accept4", NULL };

static const char *const read_calls[] = { "stat",      "lstat",	     "newfstatat", "statx",    "access",
					  "faccessat", "faccessat2", "getdents64", "readlink", "readlinkat",
					  "getcwd",    "statfs",     NULL };

static const char *const files_calls[] = { "open",     "openat",    "creat",  "unlink",	   "unlinkat", "rename",
					   "renameat", "renameat2", "mkdir",  "mkdirat",   "rmdir",    "link",
					   "linkat",   "truncate",  "fchmod", "utimensat", NULL };

static const char *const hostile_calls[] = { "ptrace",
					     "execve",
					     "execveat",
					     "process_vm_readv",
					     "process_vm_writev",
					     "bpf",
					     "mount",
					     "umount2",
					     "pivot_root",
					     "move_mount",
					     "open_tree",
					     "fsopen",
					     "kexec_load",
					     "kexec_file_load",
					     "init_module",
					     "finit_module",
					     "delete_module",
					     "reboot",
					     "swapon",
					     "swapoff",
					     "setns",
					     "unshare",
					     "chroot",
					     "add_key",
					     "keyctl",
					     "request_key",
					     "perf_event_open",
					     "userfaultfd",
					     "iopl",
					     "ioperm",
					     "open_by_handle_at",
					     "pidfd_getfd",
					     NULL };

static const unsigned long core_ioctls[] = { FIONREAD, FIONBIO, TCGETS };

static const unsigned long tty_ioctls[] = { TCSETS,   TCSETSW,	TCSETSF,  TCFLSH,    TCSBRK,   TCXONC,
					    TIOCMGET, TIOCMSET, TIOCMBIS, TIOCMBIC,  TIOCEXCL, TIOCNXCL,
					    TIOCOUTQ, TIOCSBRK, TIOCCBRK, TIOCGWINSZ };

/* Adds one rule and remembers that one was refused. A call that libseccomp or this machine does not know is left out.
 */
struct filter {
	scmp_filter_ctx context;
	int error;
};

static void add(struct filter *f, uint32_t action, const char *call, unsigned n, const struct scmp_arg_cmp *when)
{
	int number = seccomp_syscall_resolve_name(call);

	if (number == __NR_SCMP_ERROR || f->error)
		return;
	f->error = seccomp_rule_add_array(f->context, action, number, n, when);
}

static void add_all(struct filter *f, uint32_t action, const char *const *calls)
{
	for (; *calls; calls++)
		add(f, action, *calls, 0, NULL);
}

/* Allowed when the bits of `mask` in the argument are `value`. */
static void allow_when(struct filter *f, const char *call, unsigned argument, uint64_t mask, uint64_t value)
{
	struct scmp_arg_cmp when = SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, value);

	add(f, SCMP_ACT_ALLOW, call, 1, &when);
}

static void allow_equal(struct filter *f, const char *call, unsigned argument, uint64_t value)
{
	allow_when(f, call, argument, UINT64_MAX, value);
}

static void allow_ioctls(struct filter *f, const unsigned long *requests, size_t n)
{
	for (size_t i = 0; i < n; i++)
		allow_when(f, "ioctl", 1, UINT32_MAX, requests[i]);
}

static void allow_core(struct filter *f)
{
	struct scmp_arg_cmp pair[] = { SCMP_CMP(0, SCMP_CMP_EQ, AF_UNIX, 0),
				       SCMP_CMP(1, SCMP_CMP_MASKED_EQ, TYPE_OF_SOCKET, SOCK_STREAM) };

	add_all(f, SCMP_ACT_ALLOW, core_calls);
	/* No code is made or loaded any more. */
	allow_when(f, "mmap", 2, PROT_EXEC, 0);
	allow_when(f, "mprotect", 2, PROT_EXEC, 0);
	/* fstat() of glibc. */
	allow_when(f, "newfstatat", 3, AT_EMPTY_PATH, AT_EMPTY_PATH);
	allow_when(f, "statx", 2, AT_EMPTY_PATH, AT_EMPTY_PATH);
	/* Signals to ourselves: abort(), raise(). */
	allow_equal(f, "tgkill", 0, (uint64_t)getpid());
	/* Limits may be read. */
	allow_equal(f, "prlimit64", 2, 0);
	allow_when(f, "prctl", 0, UINT32_MAX, PR_SET_NAME);
	allow_when(f, "prctl", 0, UINT32_MAX, PR_GET_NAME);
	allow_when(f, "prctl", 0, UINT32_MAX, PR_SET_VMA);
	/* A datagram pair could be connected to another socket's path. */
	add(f, SCMP_ACT_ALLOW, "socketpair", 2, pair);
	allow_ioctls(f, core_ioctls, sizeof(core_ioctls) / sizeof(core_ioctls[0]));
	/* Its flags lie in memory; on ENOSYS glibc starts threads with clone, whose flags can be seen. */
	add(f, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
}

static void allow_inet(struct filter *f)
{
	add_all(f, SCMP_ACT_ALLOW, inet_calls);
	allow_equal(f, "socket", 0, AF_INET);
	allow_equal(f, "socket", 0, AF_INET6);
}

static void allow_read(struct filter *f)
{
	const uint64_t writing = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);

	add_all(f, SCMP_ACT_ALLOW, read_calls);
	allow_when(f, "open", 1, writing, O_RDONLY);
	allow_when(f, "openat", 2, writing, O_RDONLY);
}

static void add_rules(struct filter *f, unsigned promises)
{
	add_all(f, SCMP_ACT_KILL_PROCESS, hostile_calls);
	allow_core(f);
	if (promises & SANDBOX_INET)
		allow_inet(f);
	if (promises & SANDBOX_UNIX)
		add_all(f, SCMP_ACT_ALLOW, unix_calls);
	if (promises & SANDBOX_FILES) {
		add_all(f, SCMP_ACT_ALLOW, read_calls);
		add_all(f, SCMP_ACT_ALLOW, files_calls);
	} else if (promises & SANDBOX_READ) {
		allow_read(f);
	}
	if (promises & SANDBOX_THREADS)
		allow_when(f, "clone", 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM);
	if (promises & SANDBOX_TTY)
		allow_ioctls(f, tty_ioctls, sizeof(tty_ioctls) / sizeof(tty_ioctls[0]));
}

static int load(struct filter *f, unsigned promises)
{
	add_rules(f, promises);
	/* All threads; older kernels cannot log, which is no reason to do without. */
	if (!f->error)
		f->error = seccomp_attr_set(f->context, SCMP_FLTATR_CTL_TSYNC, 1);
	(void)seccomp_attr_set(f->context, SCMP_FLTATR_CTL_LOG, 1);
	(void)seccomp_attr_set(f->context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return f->error ? f->error : seccomp_load(f->context);
}

enum result sandbox_seccomp_enter(const struct sandbox *s)
{
	struct filter f = { 0 };

	if (SANITIZED) {
		LOGN(LOG_BASE, s->role, "built with a sanitizer: no seccomp");
		return OK;
	}
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL) {
		LOGN(LOG_BASE, s->role, "this kernel has no seccomp");
		return OK;
	}
	f.context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	f.error = f.context ? load(&f, s->promises) : -ENOMEM;
	if (f.error)
		LOGE(LOG_BASE, s->role, "no sandbox: seccomp: %s", strerror(-f.error));
	if (f.context)
		seccomp_release(f.context);
	return f.error ? ERR_DENIED : OK;
}
