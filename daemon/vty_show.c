/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Show and write. */
#include "daemon/vty_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/ipc_messages.h"
#include "daemon/control.h"
#include "daemon/memory_file.h"
#include "daemon/metrics.h"
#include "daemon/role_internal.h"

#define WRITE_FIRST (1u << 20)
#define ORIGIN "  ! "

static struct text written(const struct config *config, bool defaults, bool origins)
{
	for (size_t size = WRITE_FIRST; size <= MEMORY_FILE_MAX; size *= 2) {
		char *room = must_alloc(size);
		struct writer w = writer_of(room, size);
		config_write(config, defaults, origins, &w);
		if (writer_ok(&w))
			return text_range(room, writer_len(&w));
		free(room);
	}
	return (struct text){ 0 };
}

/* Secrets are masked where origins are shown; who wants no origins has them cut off here. */
static struct text without_origin(struct text line)
{
	for (size_t i = line.len; i >= sizeof(ORIGIN) - 1; i--) {
		size_t at = i - (sizeof(ORIGIN) - 1);
		if (!memcmp(line.at + at, ORIGIN, sizeof(ORIGIN) - 1))
			return text_range(line.at, at);
	}
	return line;
}

void show_config(struct session *s, const struct config *config, bool defaults, bool origins)
{
	struct text all = written(config, defaults, true), rest = all, line;

	while (text_split(&rest, '\n', &line)) {
		session_say_text(s, origins ? line : without_origin(line));
		session_say_text(s, TEXT_LITERAL("\n"));
	}
	memory_file_forget(&all);
}

static int64_t starts_of(enum role_id id)
{
	const struct counter_page *page = role_counters(ROLE_PARENT);
	struct counter_view view;
	char label[COUNTER_LABEL_SIZE];

	snprintf(label, sizeof(label), "role=\"%s\"", role_name(id));
	for (unsigned slot = 0; page && slot < COUNTER_SLOTS; slot++) {
		if (counter_page_read(page, slot, &view) && !strcmp(view.name, "role_starts_total") &&
		    !strcmp(view.label, label))
			return view.value;
	}
	return 0;
}

void show_roles(struct session *s)
{
	session_say(s, "role      state     starts  what it is\n");
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		const struct role *role = role_of(id);
		if (!role)
			continue;
		bool here = id == ROLE_CONTROL || role_peer(id);
		session_say(s, "%-9s %-9s %6lld  %s\n", role->name, here ? "running" : "away", (long long)starts_of(id),
			    role->description);
	}
}

static void counter_line(void *owner, const char *text)
{
	session_say(owner, "%s\n", text);
}

void show_counters(struct session *s, struct text part)
{
	const struct counter_page *pages[ROLE_COUNT];

	for (enum role_id id = 0; id < ROLE_COUNT; id++)
		pages[id] = role_counters(id);
	metrics_show(pages, part, counter_line, s);
}

uint32_t show_new_call(void)
{
	static uint32_t last_call;

	return ++last_call;
}

void show_relay(struct session *s, enum role_id role, const char *words)
{
	struct ipc *ipc = role_peer(role);

	if (!role_of(role)) {
		session_say(s, "%% this program has no role %s\n", role_name(role));
		return;
	}
	if (!ipc) {
		session_say(s, "%% role %s is not running\n", role_name(role));
		return;
	}
	uint32_t call = show_new_call();
	struct writer *w = ipc_begin(ipc, IPC_SHOW, call, 1024);
	ipc_put_text(w, text_of(words));
	if (ipc_end(ipc))
		session_say(s, "%% the line is too long\n");
	else
		session_wait(s, role, call);
}

void write_file(struct session *s)
{
	uint32_t call = 0;
	int fd = -1;
	struct text text = written(role_config(), false, false);
	bool made = text.len && memory_file_new(text, &fd) == OK;

	memory_file_forget(&text);
	if (!made) {
		session_say(s, "%% the configuration is too big, or empty\n");
		return;
	}
	(void)control_ask_begin(IPC_CONFIG_WRITE, &call);
	if (control_ask_end(fd))
		session_wait(s, ROLE_PARENT, call);
	else
		session_say(s, "%% the parent cannot be asked\n");
}
