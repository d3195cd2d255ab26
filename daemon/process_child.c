/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One role's process, as its parent sees it: started, watched, buried, started again after a growing wait. */
#include "daemon/process_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/counter.h"
#include "core/base/log.h"
#include "core/ipc_messages.h"

#define PROGRAM "/proc/self/exe"
#define EXIT_NO_EXEC 71 /* EX_OSERR of sysexits.h */

struct child *child_of(enum role_id id)
{
	return &process_self.children[id];
}

void child_send(struct child *child, uint16_t type)
{
	if (!child->ipc)
		return;
	(void)ipc_begin(child->ipc, type, 0, 0);
	if (ipc_end(child->ipc))
		LOGE(LOG_DAEMON, child->role->name, "record %u could not be sent", type);
}

static void count(const struct child *child, const char *name, const char *help)
{
	char label[COUNTER_LABEL_SIZE];

	snprintf(label, sizeof(label), "role=\"%s\"", child->role->name);
	counter_add(counter_get(COUNTER_COUNT, name, label, help), 1);
}

void child_kill(struct child *child, const char *why)
{
	if (!child->pid)
		return;
	LOGE(LOG_DAEMON, child->role->name, "%s: killed (pid %d)", why, (int)child->pid);
	(void)kill(child->pid, SIGKILL);
}

static bool child_record(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct child *child = owner;

	(void)ipc;
	child->heard_us = loop_time(process_self.loop);
	bool good = process_record(child, record);
	if (record->fd >= 0)
		close(record->fd);
	return good;
}

/* It ends by itself; one that does not is killed at the next look, as it is of no use without us. */
static void child_closed(void *owner, struct ipc *ipc, const char *why)
{
	struct child *child = owner;

	(void)ipc;
	(void)why;
	ipc_free(&child->ipc);
}

static const struct ipc_handler child_handler = { .record = child_record, .closed = child_closed };

/* In the new process, between fork and exec: only calls that are safe there. */
_Noreturn static void become(const struct role *role, int link_fd, int page_fd)
{
	char *const arguments[] = { strdup("cellpostd"), strdup("--role"), strdup(role->name), NULL };
	sigset_t none;
	int high_link = fcntl(link_fd, F_DUPFD, 10), high_page = fcntl(page_fd, F_DUPFD, 10);
	int nothing = open("/dev/null", O_RDONLY);

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (high_link < 0 || high_page < 0 || nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 ||
	    dup2(high_link, ROLE_LINK_FD) < 0 || dup2(high_page, ROLE_PAGE_FD) < 0)
		_exit(EXIT_NO_EXEC);
	(void)close_range(ROLE_PAGE_FD + 1, ~0u, 0);
	execv(PROGRAM, arguments);
	_exit(EXIT_NO_EXEC);
}

/* Control and api see the counters of all. */
static void pass_pages(struct child *child)
{
	if (child->role->id != ROLE_CONTROL && child->role->id != ROLE_API)
		return;
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		int fd = process_self.pages[id] >= 0 ? fcntl(process_self.pages[id], F_DUPFD_CLOEXEC, 0) : -1;
		if (fd < 0)
			continue;
		struct writer *w = ipc_begin(child->ipc, IPC_COUNTERS, 0, 64);
		ipc_put_text(w, text_of(role_name(id)));
		if (ipc_end_fd(child->ipc, fd))
			LOGE(LOG_DAEMON, child->role->name, "counters of %s could not be passed", role_name(id));
	}
}

/* A control that is started anew goes on with the set in use, whatever stands in the file by now. */
static void pass_running(struct child *child)
{
	struct process *p = &process_self;

	if (child->role->id != ROLE_CONTROL || p->running_fd < 0)
		return;
	int fd = fcntl(p->running_fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return;
	struct writer *w = ipc_begin(child->ipc, IPC_CONFIG_RUNNING, p->running_number, 8192);
	ipc_put_text(w, text_of(p->config_path));
	if (ipc_end_fd(child->ipc, fd))
		LOGE(LOG_DAEMON, child->role->name, "the configuration in use could not be passed");
}

static void spawn_failed(struct child *child, const char *what)
{
	LOGE(LOG_DAEMON, child->role->name, "cannot be started: %s: %s", what, strerror(errno));
	process_fail("role %s cannot be started: %s: %s", child->role->name, what, strerror(errno));
}

void child_spawn(struct child *child)
{
	struct process *p = &process_self;
	int ends[2];

	if (ipc_pair(ends)) {
		spawn_failed(child, "socketpair");
		return;
	}
	fflush(NULL);
	pid_t pid = fork();
	if (!pid)
		become(child->role, ends[1], p->pages[child->role->id]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		spawn_failed(child, "fork");
		return;
	}
	child->pid = pid;
	child->ready = false;
	child->started_us = child->heard_us = clock_monotonic();
	child->ipc = ipc_new(p->loop, ends[0], child->role->name, &child_handler, child);
	count(child, "role_starts_total", "starts of this role's process");
	pass_pages(child);
	pass_running(child);
	pairs_of(child);
	sockets_pass(child);
	child->settled = p->active;
	if (p->active)
		child_send(child, IPC_SETTLED);
}

static void spawn_again(void *owner)
{
	struct child *child = owner;

	if (process_self.phase == RUNNING && !child->pid)
		child_spawn(child);
}

static void say_death(const struct child *child, int status)
{
	if (WIFSIGNALED(status))
		LOGE(LOG_DAEMON, child->role->name, "pid %d ended by signal %d (%s)", (int)child->pid, WTERMSIG(status),
		     strsignal(WTERMSIG(status)));
	else
		LOGE(LOG_DAEMON, child->role->name, "pid %d ended with code %d", (int)child->pid, WEXITSTATUS(status));
}

static int64_t restart_wait(struct child *child)
{
	int64_t wait = RESTART_FIRST_US;

	if (clock_monotonic() - child->started_us > LIVED_WELL_US)
		child->failures = 0;
	for (unsigned i = 0; i < child->failures && wait < RESTART_MAX_US; i++)
		wait *= 2;
	child->failures++;
	return wait < RESTART_MAX_US ? wait : RESTART_MAX_US;
}

static void child_ended(struct child *child, int status)
{
	struct process *p = &process_self;
	bool expected = p->phase != RUNNING && WIFEXITED(status) && !WEXITSTATUS(status);

	if (!expected)
		say_death(child, status);
	ipc_free(&child->ipc);
	child->pid = 0;
	child->ready = false;
	if (p->phase != RUNNING) {
		process_child_ended();
	} else if (!p->serving) {
		process_fail("role %s ended before it was ready; its last lines say why", child->role->name);
	} else {
		int64_t wait = restart_wait(child);
		count(child, "role_restarts_total", "restarts of this role's process after it died");
		LOGN(LOG_DAEMON, child->role->name, "starts again in %lld ms", (long long)(wait / USEC_PER_MSEC));
		loop_timer_start(p->loop, &child->restart, wait, spawn_again, child);
	}
}

void children_reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (enum role_id id = 0; id < ROLE_COUNT; id++) {
			if (process_self.children[id].pid == pid) {
				child_ended(&process_self.children[id], status);
				break;
			}
		}
	}
}

static void watch(struct child *child)
{
	int64_t now = clock_monotonic();

	if (!child->ipc) {
		child_kill(child, "its link was closed");
	} else if (child->ready && now - child->heard_us > SILENT_MAX_US) {
		count(child, "role_silent_total", "times that this role did not answer and was killed");
		child_kill(child, "silent for 10 s");
	} else if (!child->ready && now - child->started_us > STARTING_MAX_US) {
		child_kill(child, "not ready 60 s after its start");
	}
}

void children_ping(void)
{
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		struct child *child = &process_self.children[id];
		if (!child->pid || process_self.phase != RUNNING)
			continue;
		watch(child);
		child_send(child, IPC_PING);
	}
}
