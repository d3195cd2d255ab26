/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A role's process: its life and its link to the parent. */
#include "daemon/role_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/ipc_messages.h"

#define EXIT_LOST 75 /* EX_TEMPFAIL of sysexits.h: the parent is gone */

struct role_process role_self;

struct loop *role_loop(void)
{
	return role_self.loop;
}

const struct counter_page *role_counters(enum role_id role)
{
	return (unsigned)role < ROLE_COUNT ? role_self.pages[role] : NULL;
}

void role_stopped(void)
{
	loop_stop(role_self.loop);
}

void role_ready_text(const char *text)
{
	size_t had = strlen(role_self.ready_text), n = strlen(text);

	if (role_self.ready || role_self.ready_lines >= ROLE_READY_LINES || had + n + 2 > ROLE_READY_TEXT)
		return;
	snprintf(role_self.ready_text + had, ROLE_READY_TEXT - had, had ? "\n%s" : "%s", text);
	role_self.ready_lines++;
}

void role_check_ready(void)
{
	struct role_process *p = &role_self;

	if (p->ready || !p->switched || !p->settled)
		return;
	p->ready = true;
	struct writer *w = ipc_begin(p->parent, IPC_READY, 0, ROLE_READY_TEXT + 2);
	ipc_put_text(w, text_of(p->ready_text));
	if (ipc_end(p->parent))
		LOGE(LOG_DAEMON, p->role->name, "READY could not be sent");
}

static void end_at_last(void *owner)
{
	(void)owner;
	LOGE(LOG_DAEMON, role_self.role->name, "did not finish in time: ends now");
	role_stopped();
}

static bool stop_record(void)
{
	struct role_process *p = &role_self;

	if (p->stopping)
		return true;
	p->stopping = true;
	loop_timer_start(p->loop, &p->end_timer, ROLE_ENDS_US, end_at_last, NULL);
	if (p->role->stop && p->switched)
		p->role->stop();
	else
		role_stopped();
	return true;
}

static bool ping_record(struct ipc *ipc, uint32_t call)
{
	(void)ipc_begin(ipc, IPC_PONG, call, 0);
	return ipc_end(ipc) == OK;
}

static bool counters_record(struct ipc_record *record)
{
	struct text name = ipc_get_text(&record->body, 32);
	enum role_id id;

	if (!reader_done(&record->body) || record->fd < 0 || !role_parse(name, &id))
		return false;
	counter_page_unmap(&role_self.pages[id]);
	return counter_page_map(record->fd, &role_self.pages[id]) == OK;
}

static bool dispatch(struct ipc *ipc, struct ipc_record *record)
{
	switch (record->type) {
	case IPC_PING:
		return ping_record(ipc, record->call);
	case IPC_STOP:
		return stop_record();
	case IPC_PEER:
		return role_link_record(record);
	case IPC_LISTEN:
		return role_listen_record(record);
	case IPC_UNLISTEN:
		return role_unlisten_record(record);
	case IPC_COUNTERS:
		return counters_record(record);
	case IPC_SETTLED:
		role_self.settled = true;
		role_check_ready();
		return true;
	default:
		return role_self.role->parent_record && role_self.role->parent_record(record);
	}
}

/* Whoever handles a record takes its descriptor by setting fd to -1. */
static bool parent_record(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	(void)owner;
	bool good = dispatch(ipc, record);
	if (record->fd >= 0)
		close(record->fd);
	return good;
}

/* Whatever was accepted is stored or will be offered again: a role without its parent ends at once. */
static void parent_closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	LOGE(LOG_DAEMON, role_self.role->name, "the parent is gone (%s): ends", why);
	_exit(EXIT_LOST);
}

static const struct ipc_handler parent_handler = { .record = parent_record, .closed = parent_closed };

/* The parent decides about ends; a Ctrl-C at the terminal reaches all processes. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT };
	sigset_t none;

	for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool take_descriptors(void)
{
	int flags = fcntl(ROLE_LINK_FD, F_GETFL);

	if (flags < 0 || fcntl(ROLE_LINK_FD, F_SETFL, flags | O_NONBLOCK) || fcntl(ROLE_LINK_FD, F_SETFD, FD_CLOEXEC) ||
	    fcntl(ROLE_PAGE_FD, F_SETFD, FD_CLOEXEC)) {
		fprintf(stderr, "cellpostd: --role is for the program itself: a role is started by its parent\n");
		return false;
	}
	if (counter_page_use(ROLE_PAGE_FD) == OK)
		return true;
	fprintf(stderr, "cellpostd: descriptor %d is no counter page\n", ROLE_PAGE_FD);
	return false;
}

int role_main(const struct role *role)
{
	struct role_process *p = &role_self;

	ignore_signals();
	(void)prctl(PR_SET_NAME, role->name, 0, 0, 0);
	log_init(role->name, LOG_FORMAT_TEXT);
	if (!take_descriptors())
		return 2;
	p->role = role;
	p->loop = loop_new();
	for (enum role_id id = 0; id < ROLE_COUNT; id++)
		p->links[id].id = id;
	p->parent = ipc_new(p->loop, ROLE_LINK_FD, "parent", &parent_handler, NULL);
	loop_run(p->loop);
	ipc_free(&p->parent);
	role_links_forget();
	role_config_forget();
	loop_timer_stop(&p->end_timer);
	for (enum role_id id = 0; id < ROLE_COUNT; id++)
		counter_page_unmap(&p->pages[id]);
	loop_free(&p->loop);
	return p->exit_code;
}
