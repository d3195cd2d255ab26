/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of the nodes in daemon_vty.h. */
#include "daemon/daemon_vty.h"

#define FIELD(type, member) offsetof(struct type, member)
#define COUNT(a) (unsigned)(sizeof(a) / sizeof((a)[0]))
#define DAY INT64_C(86400000000)

static const struct knob process_knobs[] = {
	{ .name = "user",
	  .type = KNOB_TEXT,
	  .offset = FIELD(process_settings, user),
	  .help = "System user that the roles become when started as root; none = they stay root" },
	{ .name = "directory",
	  .type = KNOB_TEXT,
	  .offset = FIELD(process_settings, directory),
	  .fallback = "var",
	  .help = "Made at start for what the roles write; a relative path starts at the working directory" },
	{ .name = "capture-directory",
	  .type = KNOB_TEXT,
	  .offset = FIELD(process_settings, capture_directory),
	  .help = "Folder for the files of the command `capture`, which hold message content; none = no captures" },
};

static enum result process_check(const void *node, const char **why_out)
{
	const struct process_settings *p = node;

	if (p->user.len <= 32 && p->directory.len < 4096 && p->capture_directory.len < 4096)
		return OK;
	*why_out = "a user has at most 32 octets, a directory 4095";
	return ERR_TOO_BIG;
}

const struct node_kind process_kind = {
	.name = "process",
	.size = sizeof(struct process_settings),
	.knobs = process_knobs,
	.knobs_count = COUNT(process_knobs),
	.roles = FOR_ALL,
	.help = "The user of the roles and the directory of their files",
	.check = process_check,
};

static const struct knob vty_knobs[] = {
	{ .name = "listen",
	  .type = KNOB_LISTEN,
	  .offset = FIELD(vty_settings, listen),
	  .many = true,
	  .fallback = "127.0.0.1:4260",
	  .help = "Where operators connect by telnet; whoever reaches it may change everything" },
	{ .name = "sessions",
	  .type = KNOB_UINT,
	  .offset = FIELD(vty_settings, sessions),
	  .min = 1,
	  .max = 256,
	  .fallback = "16",
	  .help = "Sessions at once" },
	{ .name = "idle",
	  .type = KNOB_DURATION,
	  .offset = FIELD(vty_settings, idle),
	  .max = 30 * DAY,
	  .fallback = "30m",
	  .help = "A session that types nothing ends after this, 0 = never" },
};

const struct node_kind vty_kind = {
	.name = "vty",
	.size = sizeof(struct vty_settings),
	.knobs = vty_knobs,
	.knobs_count = COUNT(vty_knobs),
	.roles = FOR_CONTROL,
	.help = "The operator's terminal",
};

static const char *const format_words[] = { "text", "json", "journal", NULL };
static const char *const level_words[] = { "debug", "info", "notice", "error", NULL };
static const char *const category_words[] = { "as-level", "debug", "info", "notice", "error", NULL };

#define CATEGORY(word, category_id, what) \
	{ \
		.name = word, .type = KNOB_WORD, .offset = FIELD(log_settings, category[category_id]), \
		.words = category_words, .fallback = "as-level", .help = "Least level of the category " what \
	}

static const struct knob log_knobs[] = {
	{ .name = "format",
	  .type = KNOB_WORD,
	  .offset = FIELD(log_settings, format),
	  .words = format_words,
	  .fallback = "text",
	  .help = "text for people, json for collectors, journal for systemd; a change needs a restart" },
	{ .name = "level",
	  .type = KNOB_WORD,
	  .offset = FIELD(log_settings, level),
	  .words = level_words,
	  .fallback = "notice",
	  .help = "Least level of every category without a level of its own" },
	CATEGORY("base", LOG_BASE, "base: loop, records, sandbox"),
	CATEGORY("net", LOG_NET, "net: sockets, TLS, HTTP"),
	CATEGORY("core", LOG_CORE, "core: queue and routes"),
	CATEGORY("store", LOG_STORE, "store: the database"),
	CATEGORY("sms", LOG_SMS, "sms: SMPP and the layers of an SMS"),
	CATEGORY("api", LOG_API, "api: HTTP"),
	CATEGORY("lab", LOG_LAB, "lab: simulated phones"),
	CATEGORY("daemon", LOG_DAEMON, "daemon: processes, configuration, VTY"),
	CATEGORY("billing", LOG_BILLING, "billing: ledger and records"),
	CATEGORY("media", LOG_MEDIA, "media: MIME, pictures"),
};

const struct node_kind log_kind = {
	.name = "log",
	.size = sizeof(struct log_settings),
	.knobs = log_knobs,
	.knobs_count = COUNT(log_knobs),
	.roles = FOR_ALL,
	.help = "How the log is written, and how much of it",
};

void log_settings_use(const struct log_settings *settings)
{
	for (enum log_category c = 0; c < LOG_CATEGORY_COUNT; c++) {
		int64_t level = settings->level;
		if (settings->category[c])
			level = settings->category[c] - 1;
		log_set_level(c, (enum log_level)level);
	}
}
