/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Structured logging. One category per folder. ERROR: someone must act. NOTICE: the service's state changed. INFO: one
 * line per message. DEBUG: anything; message text, keys and full numbers appear at DEBUG only.
 * A line is written with one write(2); a full pipe drops the line and counts it, logging never blocks a loop.
 */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include <stdbool.h>

#include "core/base/text.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_ERROR, LOG_LEVEL_COUNT };
enum log_category {
	LOG_BASE,
	LOG_NET,
	LOG_CORE,
	LOG_STORE,
	LOG_SMS,
	LOG_API,
	LOG_LAB,
	LOG_DAEMON,
	LOG_BILLING,
	LOG_MEDIA,
	LOG_CATEGORY_COUNT
};
enum log_format {
	LOG_FORMAT_TEXT,    /* time role level category id message, for people */
	LOG_FORMAT_JSON,    /* one JSON object per line */
	LOG_FORMAT_JOURNAL, /* native journald protocol with fields CELLPOST_ROLE, CELLPOST_CATEGORY, CELLPOST_ID */
};

/* Once per process, before the sandbox (the journal's socket is opened here). `role` must live for ever. */
void log_init(const char *role, enum log_format format);
void log_set_level(enum log_category category, enum log_level least);
bool log_enabled(enum log_category category, enum log_level level);

/* `id` names the object (link, message, peer) or is NULL. No newline in the format; control characters are quoted. */
void log_write(enum log_category category, enum log_level level, const char *id, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#define LOGE(category, id, ...) log_write((category), LOG_ERROR, (id), __VA_ARGS__)
#define LOGN(category, id, ...) log_write((category), LOG_NOTICE, (id), __VA_ARGS__)
#define LOGI(category, id, ...) \
	do { \
		if (log_enabled((category), LOG_INFO)) \
			log_write((category), LOG_INFO, (id), __VA_ARGS__); \
	} while (0)
#define LOGD(category, id, ...) \
	do { \
		if (log_enabled((category), LOG_DEBUG)) \
			log_write((category), LOG_DEBUG, (id), __VA_ARGS__); \
	} while (0)

const char *log_level_name(enum log_level level);
const char *log_category_name(enum log_category category);
bool log_level_parse(struct text name, enum log_level *out);
bool log_category_parse(struct text name, enum log_category *out);

/* A telephone number or address for levels above DEBUG: all but the last three characters are masked ("+81*******678").
 */
#define LOG_MASK_SIZE 40
const char *log_mask(struct text address, char to[LOG_MASK_SIZE]);

/* Logs the line at ERROR and ends the process with exit code 70: an assertion about ourselves, never about a peer. */
_Noreturn void log_fatal(enum log_category category, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
