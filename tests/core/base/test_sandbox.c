/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each promise in a child of its own: what it allows works, what it does not allow fails. Built with a sanitizer there
 * is no seccomp, and a kernel may lack landlock: what only they forbid is then not asked.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/ipc.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/base/random.h"
#include "core/base/sandbox.h"
#include "core/base/worker.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WITH_SECCOMP false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WITH_SECCOMP false
#endif
#endif
#ifndef WITH_SECCOMP
#define WITH_SECCOMP true
#endif

static char folder[] = "/tmp/sandbox.XXXXXX";
static int inet_fd, unix_fd, tty_fd, tty_other;
static struct sockaddr_in inet_at;
static struct sockaddr_un unix_at;
static bool with_landlock, with_landlock_tcp;

/* A line number, so that a failing child says where. */
#define MUST(x) \
	do { \
		if (!(x)) \
			return __LINE__; \
	} while (0)

#define FORBIDDEN(x) MUST(!WITH_SECCOMP || ((x) < 0 && errno == EPERM))

struct outcome {
	int line, signal;
};

static struct outcome in_child(const struct sandbox *sandbox, int (*body)(void))
{
	int pipes[2], status;
	struct outcome o = { 0 };

	assert_int_equal(pipe(pipes), 0);
	pid_t child = fork();
	if (!child) {
		int line = sandbox_enter(sandbox) ? -1 : body();
		_exit(write(pipes[1], &line, sizeof(line)) == (ssize_t)sizeof(line) ? 0 : 1);
	}
	close(pipes[1]);
	if (read(pipes[0], &o.line, sizeof(o.line)) != (ssize_t)sizeof(o.line))
		o.line = -2;
	close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		o.signal = WTERMSIG(status);
	return o;
}

static void expect_good(unsigned promises, const struct sandbox_path *paths, int (*body)(void))
{
	struct sandbox s = { .role = "test", .promises = promises, .paths = paths };
	struct outcome o = in_child(&s, body);

	assert_int_equal(o.signal, 0);
	assert_int_equal(o.line, 0);
}

static int open_something(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static void *thread_body(void *owner)
{
	*(int *)owner = 1;
	return NULL;
}

/* --- core ------------------------------------------------------------------------------------------------------- */

static void on_timer(void *owner)
{
	loop_stop(owner);
}

static bool on_record(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	int *fd = owner;

	(void)ipc;
	*fd = record->fd;
	return true;
}

static void on_closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	(void)why;
}

static void on_signal(void *owner, int signal)
{
	*(int *)owner = signal;
}

static int pass_a_descriptor(struct loop *loop)
{
	static const struct ipc_handler handler = { on_record, on_closed, NULL };
	int fds[2], got = -1;

	MUST(ipc_pair(fds) == OK);
	struct ipc *a = ipc_new(loop, fds[0], "a", &handler, &got);
	struct ipc *b = ipc_new(loop, fds[1], "b", &handler, &got);
	(void)ipc_begin(a, 1, 1, 0);
	MUST(ipc_end_fd(a, dup(0)) == OK);
	for (unsigned i = 0; i < 10 && got < 0; i++)
		loop_turn(loop, 10000);
	MUST(got >= 0);
	close(got);
	ipc_free(&a);
	ipc_free(&b);
	return 0;
}

static int use_memory(void)
{
	for (unsigned i = 0; i < 20; i++) {
		char *big = must_alloc((size_t)1 << (10 + i / 2));
		big = must_realloc(big, (size_t)3 << (10 + i / 2));
		memset(big, 1, 4096);
		free(big);
	}
	return 0;
}

static int core_works(void)
{
	struct loop *loop = loop_new();
	struct loop_timer timer = { 0 };
	int got = 0;
	uint8_t octets[100];

	loop_timer_start(loop, &timer, 1000, on_timer, loop);
	loop_run(loop);
	MUST(loop_signals(loop, (const int[]){ SIGUSR1 }, 1, on_signal, &got) == OK);
	MUST(raise(SIGUSR1) == 0);
	loop_turn(loop, 100000);
	MUST(got == SIGUSR1);
	int line = pass_a_descriptor(loop);
	if (!line)
		line = use_memory();
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	MUST(fd >= 0 && !close(fd));
	struct stat st;
	MUST(fstat(0, &st) == 0);
	random_bytes(octets, sizeof(octets));
	MUST(clock_now() > 0 && clock_monotonic() > 0);
	LOGN(LOG_BASE, "test", "written from inside");
	fprintf(stderr, "# %d %s\n", getpid(), strerror(EIO));
	loop_free(&loop);
	return line;
}

static int core_forbids(void)
{
	pthread_t t;
	int ran = 0;
	struct stat st;

	MUST(open_something() < 0);
	FORBIDDEN(open_something());
	FORBIDDEN(stat("/etc/passwd", &st));
	FORBIDDEN(socket(AF_INET, SOCK_STREAM, 0));
	FORBIDDEN(socket(AF_UNIX, SOCK_STREAM, 0));
	FORBIDDEN(socket(AF_NETLINK, SOCK_RAW, 0));
	FORBIDDEN(accept(inet_fd, NULL, NULL));
	FORBIDDEN(kill(getppid(), 0));
	FORBIDDEN(syscall(SYS_tgkill, getppid(), getppid(), 0));
	FORBIDDEN(syscall(SYS_io_uring_setup, 1, NULL));
	FORBIDDEN(mkdir("/tmp/not-allowed", 0700));
	if (!WITH_SECCOMP)
		return 0;
	MUST(fork() == -1 && errno == EPERM);
	MUST(pthread_create(&t, NULL, thread_body, &ran) != 0);
	MUST(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	struct termios now;
	MUST(tcgetattr(tty_fd, &now) == 0 && tcsetattr(tty_fd, TCSANOW, &now) < 0);
	return 0;
}

static void core(void **state)
{
	(void)state;
	expect_good(SANDBOX_CORE, NULL, core_works);
	expect_good(SANDBOX_CORE, NULL, core_forbids);
}

/* --- what ends the process -------------------------------------------------------------------------------------- */

static int exec_something(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 0;
}

static int trace_something(void)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	return 0;
}

static int mount_something(void)
{
	(void)syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL);
	return 0;
}

static void hostile_calls_end_it(void **state)
{
	static int (*const bodies[])(void) = { exec_something, trace_something, mount_something };
	const struct sandbox s = { .role = "test",
				   .promises = SANDBOX_INET | SANDBOX_FILES | SANDBOX_THREADS | SANDBOX_UNIX };

	(void)state;
	if (!WITH_SECCOMP)
		skip();
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_int_equal(in_child(&s, bodies[i]).signal, SIGSYS);
}

/* --- sockets ---------------------------------------------------------------------------------------------------- */

static int inet_works(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	MUST(fd >= 0);
	MUST(connect(fd, (const struct sockaddr *)&inet_at, sizeof(inet_at)) == 0);
	int other = accept4(inet_fd, NULL, NULL, SOCK_CLOEXEC);
	MUST(other >= 0);
	MUST(send(fd, "x", 1, MSG_NOSIGNAL) == 1);
	MUST(socket(AF_INET6, SOCK_DGRAM, 0) >= 0 || errno == EAFNOSUPPORT);
	MUST(open_something() < 0);
	FORBIDDEN(socket(AF_UNIX, SOCK_STREAM, 0));
	FORBIDDEN(listen(fd, 1));
	return 0;
}

static int unix_works(void)
{
	int fd = accept(unix_fd, NULL, NULL);

	MUST(fd >= 0);
	FORBIDDEN(socket(AF_INET, SOCK_STREAM, 0));
	FORBIDDEN(connect(fd, (const struct sockaddr *)&unix_at, sizeof(unix_at)));
	MUST(open_something() < 0);
	return 0;
}

static int no_inet_by_landlock(void)
{
	int fd = dup(inet_fd); /* stands for a socket that came over a socketpair */

	MUST(fd >= 0);
	MUST(connect(fd, (const struct sockaddr *)&inet_at, sizeof(inet_at)) < 0);
	MUST(errno == EPERM || errno == EACCES);
	return 0;
}

static void sockets(void **state)
{
	(void)state;
	expect_good(SANDBOX_INET, NULL, inet_works);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(client, (const struct sockaddr *)&unix_at, sizeof(unix_at)), 0);
	expect_good(SANDBOX_UNIX, NULL, unix_works);
	close(client);
	if (WITH_SECCOMP || with_landlock_tcp)
		expect_good(SANDBOX_CORE, NULL, no_inet_by_landlock);
}

/* --- files ------------------------------------------------------------------------------------------------------ */

static const char *in_folder(const char *name)
{
	static char paths[4][96];
	static unsigned next;
	char *to = paths[next++ % 4];

	snprintf(to, sizeof(paths[0]), "%s/%s", folder, name);
	return to;
}

static int sqlite_works(void)
{
	static const char sql[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(x);"
				  "BEGIN IMMEDIATE; INSERT INTO t VALUES(randomblob(100000)); COMMIT;"
				  "PRAGMA wal_checkpoint(TRUNCATE); VACUUM; SELECT count(*) FROM t;";
	sqlite3 *db;

	MUST(sqlite3_open(in_folder("db"), &db) == SQLITE_OK);
	MUST(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
	MUST(sqlite3_close(db) == SQLITE_OK);
	return 0;
}

static int files_work(void)
{
	int fd = open(in_folder("a"), O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	MUST(fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 && fdatasync(fd) == 0);
	MUST(ftruncate(fd, 100) == 0 && close(fd) == 0);
	MUST(rename(in_folder("a"), in_folder("b")) == 0);
	MUST(mkdir(in_folder("d"), 0700) == 0);
	MUST(rename(in_folder("b"), in_folder("d/b")) == 0);
	MUST(unlink(in_folder("d/b")) == 0 && rmdir(in_folder("d")) == 0);
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	MUST(fd >= 0 || errno == EOPNOTSUPP);
	FORBIDDEN(socket(AF_INET, SOCK_STREAM, 0));
	MUST(!with_landlock || open_something() < 0);
	MUST(!with_landlock || open("/tmp/not-allowed", O_CREAT | O_RDWR, 0600) < 0);
	return sqlite_works();
}

static int reading_works(void)
{
	char c;
	int fd = open(in_folder("given"), O_RDONLY | O_CLOEXEC);
	struct stat st;

	MUST(fd >= 0 && read(fd, &c, 1) == 1);
	MUST(stat(in_folder("given"), &st) == 0);
	FORBIDDEN(open(in_folder("given"), O_RDWR));
	FORBIDDEN(open(in_folder("new"), O_CREAT | O_RDONLY, 0600));
	FORBIDDEN(open(in_folder("given"), O_RDONLY | O_TRUNC));
	FORBIDDEN(unlink(in_folder("given")));
	MUST(!with_landlock || open_something() < 0);
	MUST(!with_landlock || unlink(in_folder("given")) < 0);
	return 0;
}

static int one_file_works(void)
{
	MUST(open(in_folder("given"), O_RDONLY | O_CLOEXEC) >= 0);
	MUST(!with_landlock || open(in_folder("db"), O_RDONLY | O_CLOEXEC) < 0);
	return 0;
}

static void files(void **state)
{
	const struct sandbox_path write[] = { { folder, SANDBOX_FILES }, { NULL, 0 } };
	const struct sandbox_path read[] = { { folder, SANDBOX_READ }, { NULL, 0 } };
	const struct sandbox_path one[] = { { in_folder("given"), SANDBOX_READ }, { NULL, 0 } };
	const struct sandbox_path missing[] = { { "/nowhere/at/all", SANDBOX_READ }, { NULL, 0 } };
	const struct sandbox bad = { .role = "test", .promises = SANDBOX_READ, .paths = missing };

	(void)state;
	int fd = open(in_folder("given"), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	expect_good(SANDBOX_FILES, write, files_work);
	expect_good(SANDBOX_READ, read, reading_works);
	expect_good(SANDBOX_READ, one, one_file_works);
	if (with_landlock)
		assert_int_equal(in_child(&bad, reading_works).line, -1);
}

/* --- threads, lines, ids ---------------------------------------------------------------------------------------- */

struct job {
	int value; /* the worker's until it is done */
	bool done;
};

static void job_run(void *of)
{
	((struct job *)of)->value++;
}

static void job_done(void *of)
{
	((struct job *)of)->done = true;
}

static int threads_work(void)
{
	struct loop *loop = loop_new();
	struct worker *worker = worker_new(loop, 2, 10);
	struct job job = { 0 };

	MUST(worker_submit(worker, job_run, job_done, &job) == OK);
	for (unsigned i = 0; i < 100 && !job.done; i++)
		loop_turn(loop, 100000);
	MUST(job.done && job.value == 1);
	worker_free(&worker);
	loop_free(&loop);
	MUST(!WITH_SECCOMP || (fork() == -1 && errno == EPERM));
	return 0;
}

static int lines_work(void)
{
	struct termios now;

	MUST(tcgetattr(tty_fd, &now) == 0);
	cfmakeraw(&now);
	cfsetspeed(&now, B115200);
	MUST(tcsetattr(tty_fd, TCSANOW, &now) == 0 && tcflush(tty_fd, TCIOFLUSH) == 0);
	FORBIDDEN(ioctl(tty_fd, TIOCSTI, "x"));
	return 0;
}

static int became_nobody(void)
{
	MUST(getuid() && geteuid() && getgid());
	MUST(setuid(0) < 0);
	MUST(getgroups(0, NULL) == 0);
	return 0;
}

static void threads_lines_and_ids(void **state)
{
	const struct sandbox nobody = { .role = "test", .user = "nobody" };
	const struct sandbox unknown = { .role = "test", .user = "no-such-user" };

	(void)state;
	expect_good(SANDBOX_THREADS, NULL, threads_work);
	expect_good(SANDBOX_TTY, NULL, lines_work);
	if (getuid())
		return;
	struct outcome o = in_child(&nobody, became_nobody);
	assert_int_equal(o.line, 0);
	assert_int_equal(in_child(&unknown, became_nobody).line, -1);
}

/* Threads that ran before the fence are behind it as well. */
static pthread_barrier_t barrier;
static int seen_errno;

static void *try_a_socket(void *owner)
{
	(void)owner;
	pthread_barrier_wait(&barrier);
	seen_errno = socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
	return NULL;
}

static void earlier_threads_too(void **state)
{
	const struct sandbox s = { .role = "test" };
	pthread_t t;

	(void)state;
	if (!WITH_SECCOMP)
		skip();
	pid_t child = fork();
	if (!child) {
		pthread_barrier_init(&barrier, NULL, 2);
		if (pthread_create(&t, NULL, try_a_socket, NULL) || sandbox_enter(&s))
			_exit(1);
		pthread_barrier_wait(&barrier);
		pthread_join(t, NULL);
		_exit(seen_errno == EPERM ? 0 : 2);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static int prepare(void **state)
{
	socklen_t len = sizeof(inet_at);

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
	with_landlock = version >= 1;
	with_landlock_tcp = version >= 4;
	inet_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	inet_at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(inet_fd, (const struct sockaddr *)&inet_at, sizeof(inet_at)) || listen(inet_fd, 5))
		return -1;
	if (getsockname(inet_fd, (struct sockaddr *)&inet_at, &len))
		return -1;
	unix_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unix_at.sun_family = AF_UNIX;
	snprintf(unix_at.sun_path, sizeof(unix_at.sun_path), "%s/s", folder);
	if (bind(unix_fd, (const struct sockaddr *)&unix_at, sizeof(unix_at)) || listen(unix_fd, 5))
		return -1;
	return openpty(&tty_other, &tty_fd, NULL, NULL, NULL);
}

static int tidy(void **state)
{
	static const char *const names[] = { "s", "given", "db", "db-wal", "db-shm" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(in_folder(names[i]));
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(core),	 cmocka_unit_test(hostile_calls_end_it),  cmocka_unit_test(sockets),
		cmocka_unit_test(files), cmocka_unit_test(threads_lines_and_ids), cmocka_unit_test(earlier_threads_too),
	};
	return cmocka_run_group_tests(tests, prepare, tidy);
}
