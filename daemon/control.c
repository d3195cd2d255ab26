/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control role: reads the configuration, brings it to all roles, serves operators. */
#include "daemon/control.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/ipc_messages.h"
#include "daemon/apply.h"
#include "daemon/capture.h"
#include "daemon/config_file.h"
#include "daemon/memory_file.h"
#include "daemon/role_internal.h"
#include "daemon/vty.h"

#define PATH_OCTETS 4096u

static struct {
	uint32_t last_call;
	char path[PATH_OCTETS]; /* of the configuration file */
	int waiting_fd;		/* a reload that came while another configuration was on its way */
	bool waits;
} control;

const char *control_config_path(void)
{
	return control.path;
}

struct writer *control_ask_begin(uint16_t type, uint32_t *call_out)
{
	*call_out = ++control.last_call;
	return ipc_begin(role_self.parent, type, *call_out, 16384);
}

bool control_ask_end(int fd)
{
	if (fd >= 0)
		return ipc_end_fd(role_self.parent, fd) == OK;
	return ipc_end(role_self.parent) == OK;
}

bool control_say_active(uint32_t number, int fd)
{
	(void)ipc_begin(role_self.parent, IPC_CONFIG_ACTIVE, number, 0);
	return ipc_end_fd(role_self.parent, fd) == OK;
}

void control_say_refused(void)
{
	(void)ipc_begin(role_self.parent, IPC_CONFIG_REFUSED, 0, 0);
	if (ipc_end(role_self.parent))
		LOGE(LOG_DAEMON, NULL, "the parent could not be told of a refusal");
}

static void file_applied(void *owner, const char *why)
{
	(void)owner;
	if (!why)
		return;
	if (role_config_number())
		LOGE(LOG_DAEMON, control.path, "refused, the old configuration stays: %s", why);
	else
		fprintf(stderr, "cellpostd: %s: %s\n", control.path, why);
}

/* At start people look at stderr; later there is a log. */
static void read_file(int fd)
{
	bool first = !role_config_number();
	struct config *config = config_file_read(fd, control.path, first ? config_fault_print : config_fault_log, NULL);

	if (config) {
		apply_start(config, file_applied, NULL);
		return;
	}
	if (!first)
		LOGE(LOG_DAEMON, control.path, "refused, the old configuration stays");
	control_say_refused();
}

void control_apply_ended(void)
{
	if (!control.waits || apply_busy())
		return;
	control.waits = false;
	read_file(control.waiting_fd);
	close(control.waiting_fd);
}

static bool reload_record(struct ipc_record *record)
{
	struct text path = ipc_get_text(&record->body, PATH_OCTETS - 1);

	if (!reader_done(&record->body) || record->fd < 0 || !text_copy(path, control.path, PATH_OCTETS))
		return false;
	if (!apply_busy()) {
		read_file(record->fd);
		return true;
	}
	if (control.waits)
		close(control.waiting_fd);
	control.waits = true;
	control.waiting_fd = record->fd;
	record->fd = -1;
	return true;
}

static bool running_record(struct ipc_record *record)
{
	struct text path = ipc_get_text(&record->body, PATH_OCTETS - 1), set = { 0 };
	const char *why = "";

	if (!reader_done(&record->body) || record->fd < 0 || !text_copy(path, control.path, PATH_OCTETS) ||
	    memory_file_read(record->fd, MEMORY_FILE_MAX, &set, &why))
		return false;
	struct config *config = config_new(config_all_kinds, config_all_kinds_count);
	struct reader r = reader_of(set.at, set.len);
	bool good = config_decode(config, &r, &why) == OK;
	memory_file_forget(&set);
	if (good)
		return apply_resume(config, record->call);
	config_free(&config);
	return false;
}

static bool done_record(struct ipc_record *record)
{
	struct text why = ipc_get_text(&record->body, 1024);

	if (!reader_done(&record->body))
		return false;
	if (!capture_parent_done(record->call, why, &record->fd) && !apply_parent_done(record->call, why, record->fd))
		vty_parent_done(record->call, why);
	return true;
}

static bool parent_record(struct ipc_record *record)
{
	switch (record->type) {
	case IPC_RELOAD:
		return reload_record(record);
	case IPC_CONFIG_RUNNING:
		return running_record(record);
	case IPC_DONE:
		return done_record(record);
	default:
		return false;
	}
}

static bool peer_record(enum role_id peer, struct ipc *ipc, struct ipc_record *record)
{
	(void)ipc;
	if (record->type == IPC_SHOW_LINES)
		return vty_show_lines(peer, record);
	bool good = apply_record(peer, record);
	if (record->fd >= 0)
		close(record->fd);
	return good;
}

static void peer_lost(enum role_id peer)
{
	apply_role_lost(peer);
	vty_role_lost(peer);
}

const struct role role_control = {
	.id = ROLE_CONTROL,
	.name = "control",
	.promises = SANDBOX_INET | SANDBOX_UNIX,
	.description = "configuration, operators' terminal",
	.switch_to = vty_switch_to,
	.listen = vty_listen,
	.unlisten = vty_unlisten,
	.record = peer_record,
	.peer_lost = peer_lost,
	.parent_record = parent_record,
};
