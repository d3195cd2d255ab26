/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line, one write. */
#include "core/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/writer.h"

#define LINE_SIZE 2048
#define EXIT_OURS 70 /* EX_SOFTWARE of sysexits.h */

static const char *process_role = "-";
static enum log_format process_format = LOG_FORMAT_TEXT;
static int journal_fd = -1;
static enum log_level least_level[LOG_CATEGORY_COUNT] = {
	[LOG_BASE] = LOG_NOTICE,    [LOG_NET] = LOG_NOTICE,   [LOG_CORE] = LOG_NOTICE, [LOG_STORE] = LOG_NOTICE,
	[LOG_SMS] = LOG_NOTICE,	    [LOG_API] = LOG_NOTICE,   [LOG_LAB] = LOG_NOTICE,  [LOG_DAEMON] = LOG_NOTICE,
	[LOG_BILLING] = LOG_NOTICE, [LOG_MEDIA] = LOG_NOTICE,
};

static const char *const level_names[LOG_LEVEL_COUNT] = { "debug", "info", "notice", "error" };
static const char *const category_names[LOG_CATEGORY_COUNT] = { "base", "net", "core",	 "store",   "sms",
								"api",	"lab", "daemon", "billing", "media" };
static const int syslog_priority[LOG_LEVEL_COUNT] = { 7, 6, 5, 3 };

const char *log_level_name(enum log_level level)
{
	return (unsigned)level < LOG_LEVEL_COUNT ? level_names[level] : "?";
}

const char *log_category_name(enum log_category category)
{
	return (unsigned)category < LOG_CATEGORY_COUNT ? category_names[category] : "?";
}

bool log_level_parse(struct text name, enum log_level *out)
{
	for (unsigned i = 0; i < LOG_LEVEL_COUNT; i++) {
		if (text_is(name, level_names[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

bool log_category_parse(struct text name, enum log_category *out)
{
	for (unsigned i = 0; i < LOG_CATEGORY_COUNT; i++) {
		if (text_is(name, category_names[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

static int open_journal(void)
{
	static const struct sockaddr_un journal = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&journal, sizeof(journal))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

void log_init(const char *role, enum log_format format)
{
	process_role = role;
	process_format = format;
	if (format == LOG_FORMAT_JOURNAL && journal_fd < 0)
		journal_fd = open_journal();
	if (format == LOG_FORMAT_JOURNAL && journal_fd < 0)
		process_format = LOG_FORMAT_TEXT;
}

void log_set_level(enum log_category category, enum log_level least)
{
	least_level[category] = least;
}

bool log_enabled(enum log_category category, enum log_level level)
{
	return level >= least_level[category];
}

/* A JSON string without its quotes; octets that are no ASCII pass, as they come from texts that were checked. */
static void put_json(struct writer *w, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			writer_printf(w, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			writer_printf(w, "\\u%04x", c);
		else
			writer_u8(w, c);
	}
}

static void put_plain(struct writer *w, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c < 0x20 || c == 0x7f)
			writer_printf(w, "\\x%02x", c);
		else
			writer_u8(w, c);
	}
}

static void put_line(struct writer *w, enum log_category category, enum log_level level, const char *id,
		     const char *text)
{
	char when[CLOCK_TEXT_SIZE];

	clock_text(clock_now(), when);
	switch (process_format) {
	case LOG_FORMAT_JSON:
		writer_printf(w, "{\"time\":\"%s\",\"role\":\"%s\",\"level\":\"%s\",\"category\":\"%s\",\"id\":\"",
			      when, process_role, log_level_name(level), log_category_name(category));
		put_json(w, id ? id : "");
		writer_printf(w, "\",\"message\":\"");
		put_json(w, text);
		writer_printf(w, "\"}\n");
		break;
	case LOG_FORMAT_JOURNAL:
		writer_printf(w, "PRIORITY=%d\nSYSLOG_IDENTIFIER=cellpostd\nCELLPOST_ROLE=%s\nCELLPOST_CATEGORY=%s\n",
			      syslog_priority[level], process_role, log_category_name(category));
		if (id) {
			writer_printf(w, "CELLPOST_ID=");
			put_plain(w, id);
			writer_printf(w, "\n");
		}
		writer_printf(w, "MESSAGE=");
		put_plain(w, text);
		writer_printf(w, "\n");
		break;
	case LOG_FORMAT_TEXT:
		writer_printf(w, "%s %s %s %s ", when, process_role, log_level_name(level),
			      log_category_name(category));
		if (id) {
			put_plain(w, id);
			writer_printf(w, ": ");
		}
		put_plain(w, text);
		writer_printf(w, "\n");
		break;
	}
}

__attribute__((format(printf, 4, 0))) static void emit(enum log_category category, enum log_level level, const char *id,
						       const char *format, va_list args)
{
	char text[LINE_SIZE / 2], line[LINE_SIZE * 2];
	struct writer w = writer_of(line, sizeof(line));
	int saved = errno;

	(void)vsnprintf(text, sizeof(text), format, args);
	put_line(&w, category, level, id, text);
	int fd = process_format == LOG_FORMAT_JOURNAL ? journal_fd : STDERR_FILENO;
	if (!writer_ok(&w) || write(fd, line, writer_len(&w)) < 0)
		counter_add(counter_get(COUNTER_COUNT, "log_dropped_total", "", "log lines that could not be written"),
			    1);
	errno = saved;
}

void log_write(enum log_category category, enum log_level level, const char *id, const char *format, ...)
{
	va_list args;

	if (!log_enabled(category, level))
		return;
	va_start(args, format);
	emit(category, level, id, format, args);
	va_end(args);
}

void log_fatal(enum log_category category, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit(category, LOG_ERROR, NULL, format, args);
	va_end(args);
	_exit(EXIT_OURS);
}

const char *log_mask(struct text address, char to[LOG_MASK_SIZE])
{
	size_t n = address.len < LOG_MASK_SIZE - 1 ? address.len : LOG_MASK_SIZE - 1;
	bool number = n && (address.at[0] == '+' || (address.at[0] >= '0' && address.at[0] <= '9'));
	size_t head = number ? 3 : 1;

	for (size_t i = 0; i < n; i++) {
		bool shown = i < head || (number && i + 3 >= n && n > 6);
		unsigned char c = (unsigned char)address.at[i];
		to[i] = shown && c >= 0x20 && c < 0x7f ? (char)c : '*';
	}
	to[n] = 0;
	return to;
}
