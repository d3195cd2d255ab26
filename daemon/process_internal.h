/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of the parent share: process.c (start, signals, reload, the end), process_child.c (one role's process:
 * spawn, watchdog, death, restart), process_pair.c (socketpairs between roles), process_socket.c (listening sockets),
 * process_line.c (serial lines), process_record.c (what roles and control say).
 */
#ifndef DAEMON_PROCESS_INTERNAL_H
#define DAEMON_PROCESS_INTERNAL_H

#include <sys/types.h>

#include "core/base/clock.h"
#include "daemon/role_internal.h"

#define PING_EVERY_US (2 * USEC_PER_SEC)
#define SILENT_MAX_US (10 * USEC_PER_SEC)   /* of a role that is ready */
#define STARTING_MAX_US (60 * USEC_PER_SEC) /* from start to ready */
#define STOP_MAX_US (12 * USEC_PER_SEC)	    /* for each group of roles */
#define STOP_AGAIN_US USEC_PER_SEC	    /* a second signal after this means: at once */
#define RESTART_FIRST_US (50 * USEC_PER_MSEC)
#define RESTART_MAX_US (30 * USEC_PER_SEC)
#define LIVED_WELL_US (2 * USEC_PER_SEC) /* a role that lived this long starts anew with the shortest wait */
#define PAIR_AGAIN_US USEC_PER_SEC
#define SOCKETS_MAX 40u /* fewer than the descriptors that wait in one ipc, with pairs and pages */
#define SMALL_FILE_MAX (1u << 20)

struct child {
	const struct role *role; /* NULL: not in this program */
	pid_t pid;		 /* 0: not running */
	struct ipc *ipc;
	int page_fd;
	bool ready, settled;
	int64_t started_us, heard_us;
	unsigned failures; /* in a row */
	struct loop_timer restart;
	char ready_text[ROLE_READY_TEXT];
};

/* A bound address, or an open line (fd -1: it is not there). `fresh`: bound for a configuration that is not in use yet;
 * `wanted`: by that one. */
struct listening {
	struct listening *next;
	const struct node_kind *purpose;
	char *address;
	int fd;
	enum role_id role;
	bool fresh, wanted;
};

enum stop_phase { RUNNING, STOP_EDGES, STOP_QUEUE, STOP_CONTROL, STOPPED };

struct process {
	const char *config_path;
	struct loop *loop;
	struct child children[ROLE_COUNT];
	int pages[ROLE_COUNT];
	struct listening *listening;
	unsigned listening_count;
	bool active;  /* a configuration is in use */
	bool serving; /* every role was ready once */
	bool reloading;
	int running_fd; /* the set in use, as control gave it */
	uint32_t running_number;
	enum stop_phase phase;
	struct loop_timer ping, stop, watchdog, pair_again;
	uint64_t watchdog_us;
	int64_t stopping_us;
	int exit_code;
};

extern struct process process_self;

/* process.c */
void process_stop(int exit_code);						  /* in order */
void process_fail(const char *format, ...) __attribute__((format(printf, 1, 2))); /* at start: say why, end with 1 */
void process_reload(void);
void process_child_ready(void); /* one more role is ready */
void process_child_ended(void); /* while stopping: go on when the group is gone */
void process_config_active(int fd, uint32_t number);
void process_config_refused(void);

/* process_child.c */
void child_spawn(struct child *child);
void child_kill(struct child *child, const char *why);
void children_reap(void);
void children_ping(void);
struct child *child_of(enum role_id id);
void child_send(struct child *child, uint16_t type); /* a record without a body */

/* process_pair.c */
void pairs_of(struct child *child); /* makes all its pairs with roles that run */
void pair_lost(struct child *child, enum role_id other, uint32_t number);

/* process_socket.c */
/* NULL when the address is bound for that purpose from now on, or is of a role that this program has not. */
const char *socket_bind(struct text purpose, struct text address);
void sockets_round(void);  /* a new configuration is looked at */
void sockets_commit(void); /* it is in use: pass the fresh ones, close what is not wanted */
void sockets_abort(void);  /* it is refused: close the fresh ones */
void sockets_pass(struct child *child);
void sockets_close(void);
void socket_pass(const struct listening *l); /* a copy to its role, where both are there */

/* process_line.c */
void line_open(struct listening *l); /* fd stays -1 where that is not possible now */
void lines_look(void);		     /* opens those that are back, and passes them */

/* process_record.c */
bool process_record(struct child *child, struct ipc_record *record);

#endif
