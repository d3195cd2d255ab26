/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/apply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/ipc_messages.h"
#include "daemon/control.h"
#include "daemon/daemon_vty.h"
#include "daemon/member.h"
#include "daemon/memory_file.h"
#include "daemon/role_internal.h"

#define APPLY_MAX_US (60 * USEC_PER_SEC) /* for all steps; opening a large store takes a while */
#define CONTENT_MAX (1u << 20)

enum step { IDLE, FILES, PREPARE, GATHER, CHECK, BIND, SWITCH };

struct address {
	const struct node_kind *kind;
	struct text address;
};

static struct {
	enum step step;
	struct config *config; /* offered to ourselves; owned by role_config.c */
	uint32_t number;
	unsigned waiting; /* roles whose answer is awaited, as bits */
	uint32_t call;	  /* of the request to the parent that is under way */
	apply_done done;
	void *owner;
	struct loop_timer limit;
	struct config_file **files;
	struct address *addresses;
	unsigned files_count, addresses_count, at;
} apply;

bool apply_busy(void)
{
	return apply.step != IDLE;
}

void apply_disown(const void *owner)
{
	if (apply.owner == owner)
		apply.done = NULL;
}

/* --- the end of a try --- */

static void finish(const char *why)
{
	apply_done done = apply.done;
	void *owner = apply.owner;

	loop_timer_stop(&apply.limit);
	free(apply.files);
	free(apply.addresses);
	apply.files = NULL;
	apply.addresses = NULL;
	apply.files_count = apply.addresses_count = apply.at = 0;
	apply.step = IDLE;
	apply.waiting = 0;
	apply.call = 0;
	apply.config = NULL;
	apply.done = NULL;
	apply.owner = NULL;
	if (why)
		control_say_refused();
	members_sync(apply.waiting);
	if (done)
		done(owner, why);
	control_apply_ended();
}

static void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void refuse(const char *format, ...)
{
	char why[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	finish(why);
}

static void too_late(void *owner)
{
	(void)owner;
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		if (apply.waiting & 1u << id) {
			refuse("role %s did not answer in 60 s", role_name(id));
			return;
		}
	}
	refuse("no answer in 60 s");
}

/* --- the steps --- */

static void enter_switch(void);
static void enter_check(void);

static void next_address(void)
{
	if (apply.at == apply.addresses_count) {
		enter_switch();
		return;
	}
	const struct address *a = &apply.addresses[apply.at];
	struct writer *w = control_ask_begin(IPC_BIND, &apply.call);
	ipc_put_text(w, text_of(a->kind->name));
	ipc_put_text(w, a->address);
	if (!control_ask_end(-1))
		refuse("the parent cannot be asked");
}

static void note_address(void *owner, const struct node_kind *kind, struct text address)
{
	(void)owner;
	apply.addresses = must_realloc(apply.addresses, (apply.addresses_count + 1) * sizeof(*apply.addresses));
	apply.addresses[apply.addresses_count++] = (struct address){ kind, address };
}

static void enter_bind(void)
{
	apply.step = BIND;
	apply.at = 0;
	config_listens(apply.config, note_address, NULL);
	next_address();
}

/* The first configuration waits for all roles; a later one asks those that run. */
static void enter_gather(void)
{
	apply.step = GATHER;
	if (members_all_here() || role_config_number())
		enter_check();
}

static void enter_check(void)
{
	apply.step = CHECK;
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		const struct member *m = member_of(id);
		/* One that is still on its way to the set in use gets the new one afterwards. */
		if (!member_is(id) || !m->connected || m->have != role_config_number())
			continue;
		if (!member_offer(id, apply.config, apply.number)) {
			refuse("it could not be sent to role %s", role_name(id));
			return;
		}
		apply.waiting |= 1u << id;
	}
	if (!apply.waiting)
		enter_bind();
}

static void switched_all(void)
{
	int fd = member_encode(apply.config, FOR_ALL);

	if (fd < 0 || !role_config_switch(apply.number) || !control_say_active(apply.number, fd)) {
		refuse("control itself cannot switch");
		return;
	}
	LOGN(LOG_DAEMON, NULL, "configuration in use");
	finish(NULL);
}

static void enter_switch(void)
{
	apply.step = SWITCH;
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		/* One that came since is not in it: it is brought to the new set afterwards. */
		if (member_is(id) && member_of(id)->connected && member_of(id)->asked == apply.number) {
			apply.waiting |= 1u << id;
			member_switch(id, apply.number);
		}
	}
	if (!apply.waiting)
		switched_all();
}

static void enter_prepare(void)
{
	const struct process_settings *process = config_only(apply.config, &process_kind);
	const struct log_settings *log = config_only(apply.config, &log_kind);

	apply.step = PREPARE;
	struct writer *w = control_ask_begin(IPC_PREPARE, &apply.call);
	ipc_put_text(w, process->user);
	ipc_put_text(w, process->directory);
	writer_u8(w, (uint8_t)log->format);
	if (!control_ask_end(-1))
		refuse("the parent cannot be asked");
}

static void next_file(void)
{
	if (apply.at == apply.files_count) {
		enter_prepare();
		return;
	}
	struct writer *w = control_ask_begin(IPC_OPEN, &apply.call);
	ipc_put_text(w, apply.files[apply.at]->path);
	if (!control_ask_end(-1))
		refuse("the parent cannot be asked");
}

static void note_file(void *owner, struct config_file *file)
{
	(void)owner;
	apply.files = must_realloc(apply.files, (apply.files_count + 1) * sizeof(*apply.files));
	apply.files[apply.files_count++] = file;
}

void apply_start(struct config *config, apply_done done, void *owner)
{
	const char *why = "";

	apply.done = done;
	apply.owner = owner;
	apply.number = random_below(UINT32_MAX) + 1;
	apply.step = FILES;
	if (role_config_offer(config, apply.number, &why)) {
		refuse("%s", why);
		return;
	}
	apply.config = config;
	loop_timer_start(role_loop(), &apply.limit, APPLY_MAX_US, too_late, NULL);
	config_files(config, note_file, NULL);
	next_file();
}

bool apply_resume(struct config *config, uint32_t number)
{
	const char *why = "";

	if (role_config_offer(config, number, &why) || !role_config_switch(number)) {
		LOGE(LOG_DAEMON, NULL, "the configuration in use cannot be used again: %s", why);
		return false;
	}
	members_sync(apply.waiting);
	return true;
}

/* --- what comes in --- */

static void file_opened(struct text why, int fd)
{
	struct config_file *file = apply.files[apply.at];
	struct text content = { 0 };
	const char *reason = "";

	if (why.len || fd < 0) {
		refuse("%.*s: %.*s", TEXT_ARGS(file->path), TEXT_ARGS(why));
		return;
	}
	if (memory_file_read(fd, CONTENT_MAX, &content, &reason)) {
		refuse("%.*s: %s", TEXT_ARGS(file->path), reason);
		return;
	}
	config_file_load(apply.config, file, content);
	memory_file_forget(&content);
	apply.at++;
	next_file();
}

bool apply_parent_done(uint32_t call, struct text why, int fd)
{
	if (!call || call != apply.call)
		return false;
	apply.call = 0;
	if (apply.step == FILES) {
		file_opened(why, fd);
	} else if (apply.step == PREPARE && why.len) {
		const struct process_settings *process = config_only(apply.config, &process_kind);
		refuse("directory %.*s: %.*s", TEXT_ARGS(process->directory), TEXT_ARGS(why));
	} else if (apply.step == PREPARE) {
		enter_gather();
	} else if (why.len) {
		const struct address *a = &apply.addresses[apply.at];
		refuse("%s: listen %.*s: %.*s", a->kind->name, TEXT_ARGS(a->address), TEXT_ARGS(why));
	} else {
		apply.at++;
		next_address();
	}
	return true;
}

static void checked(enum role_id from, uint32_t number, struct text why)
{
	if (apply.step != CHECK || number != apply.number) {
		/* The set in use, sent to a role that came later. */
		if (number != role_config_number())
			return;
		if (why.len)
			LOGE(LOG_DAEMON, role_name(from), "refuses the configuration in use: %.*s", TEXT_ARGS(why));
		else
			member_switch(from, number);
		return;
	}
	apply.waiting &= ~(1u << from);
	if (why.len)
		refuse("role %s: %.*s", role_name(from), TEXT_ARGS(why));
	else if (!apply.waiting)
		enter_bind();
}

static void switched(enum role_id from, uint32_t number)
{
	member_of(from)->have = number;
	if (apply.step == SWITCH && number == apply.number) {
		apply.waiting &= ~(1u << from);
		if (!apply.waiting)
			switched_all();
		return;
	}
	member_sync(from, apply.waiting);
}

static void arrived(enum role_id from, uint32_t number)
{
	*member_of(from) = (struct member){ .connected = true, .have = number };
	if (apply.step == GATHER && members_all_here())
		enter_check();
	else
		member_sync(from, apply.waiting);
}

bool apply_record(enum role_id from, struct ipc_record *record)
{
	struct text why = { 0 };

	switch (record->type) {
	case IPC_CONFIG_HAVE:
		if (!reader_done(&record->body))
			return false;
		arrived(from, record->call);
		return true;
	case IPC_CONFIG_CHECKED:
		why = ipc_get_text(&record->body, 1024);
		if (!reader_done(&record->body))
			return false;
		checked(from, record->call, why);
		return true;
	case IPC_CONFIG_SWITCHED:
		if (!reader_done(&record->body))
			return false;
		switched(from, record->call);
		return true;
	default:
		return false;
	}
}

void apply_role_lost(enum role_id role)
{
	bool awaited = apply.waiting & 1u << role;

	*member_of(role) = (struct member){ 0 };
	apply.waiting &= ~(1u << role);
	if (apply.step == CHECK && awaited)
		refuse("role %s died while it looked at it", role_name(role));
	else if (apply.step == SWITCH && awaited && !apply.waiting)
		switched_all();
}
