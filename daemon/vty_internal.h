/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of the VTY share: vty.c (listeners, sessions), vty_session.c (keys, lines, output), vty_history.c
 * (earlier lines), vty_command.c (what a line means), vty_configure.c (the draft), vty_show.c (show and write),
 * vty_help.c.
 */
#ifndef DAEMON_VTY_INTERNAL_H
#define DAEMON_VTY_INTERNAL_H

#include "core/net/listen.h"
#include "core/net/stream.h"
#include "daemon/daemon_vty.h"
#include "daemon/vty.h"
#include "daemon/vty_history.h"
#include "daemon/vty_telnet.h"
#include "daemon/vty_words.h"

#define VTY_LINE_MAX CONFIG_LINE_MAX
#define VTY_ANSWER_MAX_US (10 * INT64_C(1000000)) /* of a role asked by a show command */
#define VTY_LISTENERS_MAX 16u

enum vty_mode { VTY_VIEW, VTY_ENABLE, VTY_CONFIG, VTY_NODE };

struct session {
	struct session *next;
	struct stream *stream;
	struct listener *listener; /* to be told when the session ends; NULL when that is gone */
	struct telnet telnet;
	char line[VTY_LINE_MAX + 1];
	size_t len;
	bool overlong; /* the line is too long: it is passed over to its end */
	bool swallow;  /* the end of line behind a `?` that was answered */
	struct vty_history history;
	bool closing;
	enum vty_mode mode;
	struct config *draft; /* in configure mode */
	uint32_t draft_of;    /* number of the set it was made from */
	bool changed;
	const struct node_kind *kind; /* the node that is open */
	char name[65];
	bool waiting;	      /* for a role, the parent or a commit: lines wait */
	uint32_t call;	      /* of what is awaited */
	enum role_id awaited; /* ROLE_PARENT: the file, ROLE_CONTROL: a commit */
	struct loop_timer idle, answer;
};

extern struct session *vty_sessions;
int64_t vty_idle_us(void);

/* vty_session.c */
struct session *session_new(int fd, struct listener *listener);
void session_say(struct session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void session_say_text(struct session *s, struct text text); /* line ends are made CR LF */
void session_prompt(struct session *s);
void session_wait(struct session *s, enum role_id for_whom, uint32_t call); /* lines wait until session_go_on() */
void session_go_on(struct session *s);
void session_end(struct session *s); /* sends what is queued, then closes */
void session_refuse(int fd);	     /* too many */

/* vty.c */
void vty_forget(struct session *s);
struct session *vty_waiting_for(enum role_id role, uint32_t call); /* or NULL */

/* vty_command.c */
void vty_execute(struct session *s, struct text line);
const void *vty_patterns(size_t *stride_out, unsigned *count_out);

/* vty_configure.c: false when the line is none of configure mode's own. */
bool configure_line(struct session *s, const struct vty_line *words, struct text line);
void configure_enter(struct session *s);
void configure_leave(struct session *s); /* drops the draft */
void configure_commit(struct session *s, bool then_leave);
void configure_node_up(struct session *s);
void configure_next_words(struct session *s, const struct vty_line *words,
			  void (*each)(void *owner, struct text word, const char *help), void *owner);
void configure_list(struct session *s); /* kinds, or the knobs of the open node, explained */

/* vty_show.c */
void show_config(struct session *s, const struct config *config, bool defaults, bool origins);
void show_roles(struct session *s);
void show_counters(struct session *s, struct text part);
uint32_t show_new_call(void); /* of a record to a role that it answers with SHOW_LINES */
void show_relay(struct session *s, enum role_id role, const char *words);
void write_file(struct session *s);

/* vty_help.c */
void help_line(struct session *s); /* after a `?` */
void help_complete(struct session *s);
void help_list(struct session *s);
/* The word that may start a line here and is nearest to `given`; false when it is one of them, or none is near. */
bool help_nearest(struct session *s, struct text given, char *to, size_t size);

#endif
