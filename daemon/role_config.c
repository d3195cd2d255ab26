/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration of a role's process. A set is offered, checked, and used when control says so; the first one also
 * opens the role's files and closes the sandbox behind it.
 */
#include "daemon/role_internal.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/ipc_messages.h"
#include "daemon/memory_file.h"

static struct {
	struct config *used, *offered;
	uint32_t used_number, offered_number;
} sets;

uint32_t role_config_number(void)
{
	return sets.used_number;
}

const struct config *role_config(void)
{
	return sets.used;
}

void role_config_forget(void)
{
	config_free(&sets.used);
	config_free(&sets.offered);
}

static void use_log(const struct config *config, bool first)
{
	const struct log_settings *log = config_only(config, &log_kind);

	if (first)
		log_init(role_self.role->name, (enum log_format)log->format);
	log_settings_use(log);
}

/* What open() makes belongs to the user that the role becomes: files are made under his effective ids, which are given
 * back for what the sandbox still has to do as root. */
static bool effective_user(const struct process_settings *process, bool become)
{
	if (getuid() || !process->user.len)
		return true;
	if (!become)
		return !seteuid(0) && !setegid(0);
	const struct passwd *user = getpwnam(process->user.at);
	return !user || (!setegid(user->pw_gid) && !seteuid(user->pw_uid)); /* an unknown one: sandbox_enter says so */
}

static enum result open_as_user(const struct config *config, struct sandbox_path *paths, const char **why_out)
{
	const struct process_settings *process = config_only(config, &process_kind);

	if (!role_self.role->open)
		return OK;
	bool good = effective_user(process, true);
	enum result r = good ? role_self.role->open(role_self.loop, config, paths, why_out) : ERR_DENIED;
	if (effective_user(process, false) && good)
		return r;
	*why_out = "the user of `process` cannot be taken on";
	return ERR_DENIED;
}

/* Once, with the first configuration. */
static enum result open_and_close_in(const struct config *config, const char **why_out)
{
	struct sandbox_path paths[ROLE_PATHS_MAX + 1] = { 0 };
	const struct role *role = role_self.role;
	const struct process_settings *process = config_only(config, &process_kind);

	role_self.opened = true;
	use_log(config, true);
	enum result r = open_as_user(config, paths, why_out);
	if (r)
		return r;
	paths[ROLE_PATHS_MAX] = (struct sandbox_path){ 0 };
	r = sandbox_enter(&(struct sandbox){
		.role = role->name,
		.promises = role->promises,
		.paths = paths,
		.user = process->user.len ? process->user.at : NULL,
	});
	if (r)
		*why_out = "the sandbox is refused (the log says more)";
	return r;
}

enum result role_config_offer(struct config *config, uint32_t number, const char **why_out)
{
	const struct role *role = role_self.role;
	enum result r = role->check ? role->check(config, why_out) : OK;

	if (r == OK && !role_self.opened)
		r = open_and_close_in(config, why_out);
	config_free(&sets.offered);
	sets.offered_number = 0;
	if (r) {
		config_free(&config);
		return r;
	}
	sets.offered = config;
	sets.offered_number = number;
	return OK;
}

bool role_config_switch(uint32_t number)
{
	struct config *before = sets.used;

	if (!number || sets.offered_number != number)
		return false;
	sets.used = sets.offered;
	sets.used_number = number;
	sets.offered = NULL;
	sets.offered_number = 0;
	use_log(sets.used, false);
	if (role_self.role->switch_to)
		role_self.role->switch_to(sets.used);
	config_free(&before);
	if (!role_self.switched) {
		role_self.switched = true;
		role_links_start();
	}
	role_check_ready();
	return true;
}

static struct config *decode(int fd, const char **why_out)
{
	struct text content = { 0 };

	if (memory_file_read(fd, MEMORY_FILE_MAX, &content, why_out))
		return NULL;
	struct config *config = config_new(config_all_kinds, config_all_kinds_count);
	struct reader r = reader_of(content.at, content.len);
	if (config_decode(config, &r, why_out))
		config_free(&config);
	memory_file_forget(&content);
	return config;
}

/* A role that cannot use its first configuration ends after it said so: the parent starts it anew, or gives up. */
static void end_after_refusal(const char *why)
{
	LOGE(LOG_DAEMON, role_self.role->name, "cannot start: %s", why);
	role_self.exit_code = 1;
	role_stopped();
}

static bool check_record(struct ipc *ipc, struct ipc_record *record)
{
	const char *why = "this role refuses it";

	if (record->fd < 0 || !record->call)
		return false;
	bool first = !role_self.opened;
	struct config *config = decode(record->fd, &why);
	bool good = config && role_config_offer(config, record->call, &why) == OK;
	struct writer *w = ipc_begin(ipc, IPC_CONFIG_CHECKED, record->call, 2 + UINT16_MAX);
	ipc_put_text(w, text_of(good ? "" : why));
	if (ipc_end(ipc))
		return false;
	if (!good && first && role_self.opened)
		end_after_refusal(why);
	return true;
}

static bool switch_record(struct ipc *ipc, struct ipc_record *record)
{
	if (!reader_done(&record->body) || !role_config_switch(record->call))
		return false;
	(void)ipc_begin(ipc, IPC_CONFIG_SWITCHED, record->call, 0);
	return ipc_end(ipc) == OK;
}

bool role_control_record(struct ipc *ipc, struct ipc_record *record)
{
	switch (record->type) {
	case IPC_CONFIG_CHECK:
		return check_record(ipc, record);
	case IPC_CONFIG_SWITCH:
		return switch_record(ipc, record);
	case IPC_SHOW:
		return role_show_record(record);
	default:
		return role_self.role->control_record && role_self.role->control_record(record);
	}
}
