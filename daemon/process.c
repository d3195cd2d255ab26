/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parent's life: start, signals, reload, the end. */
#include "daemon/process.h"
#include "daemon/process_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/ipc_messages.h"
#include "daemon/version.h"

struct process process_self = { .running_fd = -1 };

void process_fail(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (process_self.phase == RUNNING)
		fprintf(stderr, "cellpostd: %s\n", text);
	process_stop(1);
}

/* Opened with the parent's rights; control reads it. */
static bool send_config_file(void)
{
	struct child *control = child_of(ROLE_CONTROL);
	int fd = open(process_self.config_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		LOGE(LOG_DAEMON, process_self.config_path, "cannot be opened: %s", strerror(errno));
		return false;
	}
	if (!control->ipc) {
		close(fd);
		return true;
	}
	struct writer *w = ipc_begin(control->ipc, IPC_RELOAD, 0, 8192);
	ipc_put_text(w, text_of(process_self.config_path));
	return ipc_end_fd(control->ipc, fd) == OK;
}

void process_reload(void)
{
	struct process *p = &process_self;

	if (p->phase != RUNNING || !p->active)
		return;
	LOGN(LOG_DAEMON, NULL, "reading %s again", p->config_path);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_monotonic());
	p->reloading = true;
	if (!send_config_file())
		process_config_refused();
}

static void reload_ended(const char *status)
{
	if (!process_self.reloading)
		return;
	process_self.reloading = false;
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void process_config_active(int fd, uint32_t number)
{
	struct process *p = &process_self;

	if (p->running_fd >= 0)
		close(p->running_fd);
	p->running_fd = fd;
	p->running_number = number;
	sockets_commit();
	if (!p->active) {
		p->active = true;
		for (enum role_id id = 0; id < ROLE_COUNT; id++) {
			if (p->children[id].ipc && !p->children[id].settled)
				child_send(&p->children[id], IPC_SETTLED);
			p->children[id].settled = true;
		}
	}
	reload_ended("serving");
}

/* Control said why, on stderr or in the log. */
void process_config_refused(void)
{
	sockets_abort();
	if (!process_self.active)
		process_stop(1);
	reload_ended("serving; the last reload was refused");
}

static void print_lines(const char *role, struct text lines)
{
	struct text line;

	while (text_split(&lines, '\n', &line))
		printf("  %-8s %.*s\n", role, TEXT_ARGS(line));
}

/* What is listening and how to try it, in fewer lines than a terminal has. */
static void say_ready(void)
{
	printf("cellpostd %s is ready, configured by %s\n", CELLPOST_VERSION, process_self.config_path);
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		if (process_self.children[id].role)
			print_lines(role_name(id), text_of(process_self.children[id].ready_text));
	}
	fflush(stdout);
}

void process_child_ready(void)
{
	struct process *p = &process_self;

	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		if (p->children[id].role && !p->children[id].ready)
			return;
	}
	if (p->serving || p->phase != RUNNING)
		return;
	p->serving = true;
	say_ready();
	(void)sd_notify(0, "READY=1\nSTATUS=serving");
	LOGN(LOG_DAEMON, NULL, "serving");
}

/* --- the end: edges first, so that nothing new comes in; then the queue; control last --- */

static bool in_group(enum role_id id, enum stop_phase phase)
{
	if (id == ROLE_CONTROL)
		return phase == STOP_CONTROL;
	if (id == ROLE_QUEUE)
		return phase == STOP_QUEUE;
	return phase == STOP_EDGES;
}

static bool group_runs(enum stop_phase phase)
{
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		if (in_group(id, phase) && process_self.children[id].pid)
			return true;
	}
	return false;
}

static void stop_late(void *owner)
{
	(void)owner;
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		struct child *c = &process_self.children[id];
		if (c->pid && in_group(id, process_self.phase))
			child_kill(c, "did not end when it was told to");
	}
}

static void stop_group(void)
{
	struct process *p = &process_self;

	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		struct child *c = &p->children[id];
		loop_timer_stop(&c->restart);
		if (c->pid && in_group(id, p->phase))
			child_send(c, IPC_STOP);
	}
	loop_timer_start(p->loop, &p->stop, STOP_MAX_US, stop_late, NULL);
}

void process_child_ended(void)
{
	struct process *p = &process_self;

	if (p->phase == RUNNING || p->phase == STOPPED)
		return;
	while (p->phase != STOPPED && !group_runs(p->phase)) {
		p->phase++;
		if (p->phase == STOPPED)
			loop_stop(p->loop);
		else
			stop_group();
	}
}

void process_stop(int exit_code)
{
	struct process *p = &process_self;

	if (p->phase != RUNNING)
		return;
	(void)sd_notify(0, "STOPPING=1");
	if (!exit_code)
		LOGN(LOG_DAEMON, NULL, "stopping");
	p->exit_code = exit_code;
	p->stopping_us = clock_monotonic();
	p->phase = STOP_EDGES;
	sockets_close();
	stop_group();
	process_child_ended();
}

/* Asked twice: now. */
static void stop_at_once(void)
{
	LOGN(LOG_DAEMON, NULL, "ending at once");
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		if (process_self.children[id].pid)
			kill(process_self.children[id].pid, SIGKILL);
	}
}

static void got_signal(void *owner, int signal)
{
	(void)owner;
	switch (signal) {
	case SIGCHLD:
		children_reap();
		break;
	case SIGHUP:
		process_reload();
		break;
	default:
		if (process_self.phase == RUNNING)
			process_stop(0);
		else if (clock_monotonic() - process_self.stopping_us > STOP_AGAIN_US)
			stop_at_once();
	}
}

static void ping_all(void *owner)
{
	(void)owner;
	children_ping();
	lines_look();
	loop_timer_start(process_self.loop, &process_self.ping, PING_EVERY_US, ping_all, NULL);
}

static void tell_watchdog(void *owner)
{
	struct process *p = &process_self;

	(void)owner;
	(void)sd_notify(0, "WATCHDOG=1");
	loop_timer_start(p->loop, &p->watchdog, (int64_t)p->watchdog_us / 2, tell_watchdog, NULL);
}

/* Many connections need many descriptors; the roles inherit the limit. */
static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

static bool make_pages(void)
{
	struct process *p = &process_self;

	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		p->pages[id] = -1;
		p->children[id].role = role_of(id);
		if ((id == ROLE_PARENT || p->children[id].role) && counter_page_new(&p->pages[id])) {
			fprintf(stderr, "cellpostd: no memory for counters: %s\n", strerror(errno));
			return false;
		}
	}
	return counter_page_use(p->pages[ROLE_PARENT]) == OK;
}

static bool start(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	struct process *p = &process_self;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	raise_limits();
	p->loop = loop_new();
	if (!make_pages() || loop_signals(p->loop, signals, 4, got_signal, NULL))
		return false;
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		if (p->children[id].role)
			child_spawn(&p->children[id]);
	}
	ping_all(NULL);
	if (sd_watchdog_enabled(0, &p->watchdog_us) > 0)
		tell_watchdog(NULL);
	return true;
}

int process_main(const char *config_path)
{
	struct process *p = &process_self;

	p->config_path = config_path;
	log_init("parent", LOG_FORMAT_TEXT);
	if (!start())
		return 1;
	if (!send_config_file())
		process_stop(1);
	loop_run(p->loop);
	sockets_close();
	if (p->running_fd >= 0)
		close(p->running_fd);
	loop_free(&p->loop);
	return p->exit_code;
}
