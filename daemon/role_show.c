/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers to show commands, on their way to control. */
#include "daemon/role_internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/base/log.h"
#include "core/ipc_messages.h"

#define SHOW_TEXT_MAX 8192u
#define SHOW_WORDS_MAX 512u

static void send_lines(uint32_t call, bool is_last, struct text text)
{
	struct ipc *control = role_peer(ROLE_CONTROL);

	if (!control) /* who asked is gone */
		return;
	struct writer *w = ipc_begin(control, IPC_SHOW_LINES, call, text.len + 8);
	writer_u8(w, is_last);
	ipc_put_text(w, text);
	if (ipc_end(control))
		LOGE(LOG_DAEMON, NULL, "lines of a show command could not be sent");
}

void role_show_text(uint32_t call, const char *format, ...)
{
	char text[SHOW_TEXT_MAX];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0)
		return;
	send_lines(call, false, text_range(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1));
}

void role_show_end(uint32_t call)
{
	send_lines(call, true, text_range("", 0));
}

bool role_show_record(struct ipc_record *record)
{
	struct text words = ipc_get_text(&record->body, SHOW_WORDS_MAX);

	if (!reader_done(&record->body))
		return false;
	if (role_self.role->show && role_self.switched) {
		role_self.role->show(record->call, words);
		return true;
	}
	role_show_text(record->call, "this role has nothing to show\n");
	role_show_end(record->call);
	return true;
}
