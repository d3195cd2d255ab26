/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nodes of the house itself: process, vty, log. */
#ifndef DAEMON_DAEMON_VTY_H
#define DAEMON_DAEMON_VTY_H

#include "core/base/log.h"
#include "core/core_vty.h"

/* process: who the roles run as, and where they keep what they write. */
struct process_settings {
	struct config_node node;
	struct text user;	       /* empty: the ids stay */
	struct text directory;	       /* made at start, owned by user */
	struct text capture_directory; /* empty: no captures */
};
extern const struct node_kind process_kind;

/* vty: the operator's telnet port. */
struct vty_settings {
	struct config_node node;
	struct config_list listen;
	int64_t sessions; /* at once */
	int64_t idle;	  /* a silent session ends after this; 0 = never */
};
extern const struct node_kind vty_kind;

/* log: how, and how much. */
struct log_settings {
	struct config_node node;
	int64_t format;			      /* enum log_format */
	int64_t level;			      /* enum log_level */
	int64_t category[LOG_CATEGORY_COUNT]; /* 0 = as level, else 1 + enum log_level */
};
extern const struct node_kind log_kind;
/* Sets the levels of this process. */
void log_settings_use(const struct log_settings *settings);

#endif
