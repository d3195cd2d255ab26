/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every role's process has in common: the link to the parent, the configuration from control, the peers, show
 * commands, the sandbox, the loop. A role fills struct role and is listed in daemon/roles.c; role_main() runs it.
 *
 * Life of a role's process:
 *	start -> check(first configuration) -> open() -> sandbox -> switch_to() -> listen()s and peer()s -> READY
 *	      -> records, shows, further check()/switch_to() on reload -> stop()
 *	      -> exit when the role says role_stopped()
 *
 * open() belongs to the answer to the first check: where it fails, the configuration is refused with its reason. All
 * calls come on the loop's thread. What a role prints on stderr before READY is seen by who starts the program.
 */
#ifndef DAEMON_ROLE_H
#define DAEMON_ROLE_H

#include <stdbool.h>

#include "core/base/counter.h"
#include "core/base/ipc.h"
#include "core/base/loop.h"
#include "core/base/sandbox.h"
#include "core/config.h"

enum role_id {
	ROLE_PARENT,
	ROLE_CONTROL,
	ROLE_QUEUE,
	ROLE_SMS,
	ROLE_API,
	ROLE_MEDIA,
	ROLE_LAB,
	ROLE_LOOKUP,
	ROLE_DIAMETER,
	ROLE_COUNT
};

#define ROLE_PATHS_MAX 8

struct role {
	enum role_id id;
	const char *name;
	unsigned promises;	 /* of the sandbox */
	unsigned peers;		 /* 1u << role_id it has a socketpair with (control has one with all, unasked) */
	const char *description; /* one line, for ps and the manual */

	/* May this configuration be used? Changes nothing: `cellpostd -t` calls it outside the role's process, with the
	 * whole configuration. Text lives as long as the program, or until the next check. */
	enum result (*check)(const struct config *config, const char **why_out);
	/* Before the sandbox, with the first configuration: open files, start threads. Fills in the paths that the
	 * sandbox leaves open. May be NULL. */
	enum result (*open)(struct loop *loop, const struct config *config, struct sandbox_path paths[ROLE_PATHS_MAX],
			    const char **why_out);
	/* The set is the role's until the next switch_to() returned. */
	void (*switch_to)(const struct config *config);
	/* A listening socket of the configuration: purpose = kind of the node. Called again for the same address only
	 * after a restart; a serial line also when it was gone and is back. May be NULL. */
	void (*listen)(struct text purpose, struct text address, int fd);
	/* This address is no longer in the configuration. May be NULL. */
	void (*unlisten)(struct text purpose, struct text address);
	/* A peer is connected (again): `ipc` is valid until peer_lost(). Peers are other roles than control, which this
	 * interface serves itself. */
	void (*peer)(enum role_id peer, struct ipc *ipc);
	void (*peer_lost)(enum role_id peer);
	/* A record of a peer. False = it was bad: that peer is closed. */
	bool (*record)(enum role_id peer, struct ipc *ipc, struct ipc_record *record);
	/* After ipc_room() of that peer was false. May be NULL. */
	void (*room)(enum role_id peer);
	/* A show command for this role ("links", "message ID", ...): answer by role_show_text() any number of times,
	 * then role_show_end(), now or later. */
	void (*show)(uint32_t call, struct text words);
	/* Finish what is in hand, then call role_stopped(); after 10 s the process ends anyway. NULL = nothing to
	 * finish. */
	void (*stop)(void);
	/* For control: a record of the parent that this interface does not know. May be NULL. */
	bool (*parent_record)(struct ipc_record *record);
	/* A record of control that this interface does not know; a descriptor that it leaves in it is closed. May be
	 * NULL. */
	bool (*control_record)(struct ipc_record *record);
};

extern const struct role role_control, role_queue, role_sms, role_api, role_media, role_lab;
extern const struct role role_diameter, role_lookup;
/* By id; NULL for the parent. */
const struct role *role_of(enum role_id id);
const char *role_name(enum role_id id);
bool role_parse(struct text name, enum role_id *out);
/* Runs the role in this process, whose link to the parent is descriptor 3 and whose counter page is 4. Returns the exit
 * code. */
int role_main(const struct role *role);

/* Every kind of node of the program, for config_new(). */
extern const struct node_kind *const config_all_kinds[];
extern const unsigned config_all_kinds_count;

/* For roles: */
struct loop *role_loop(void);
/* The counter page of a role (ROLE_PARENT too), for control and api; NULL where there is none. */
const struct counter_page *role_counters(enum role_id role);
struct ipc *role_peer(enum role_id peer); /* NULL while it is not connected */
void role_show_text(uint32_t call, const char *format, ...)
	__attribute__((format(printf, 2, 3))); /* one or more lines */
void role_show_end(uint32_t call);
void role_stopped(void);
/* One line of what is listening, or a command to try, shown by the parent at start; call it from open(), switch_to() or
 * listen(). At most 6 lines of a role are shown. */
void role_ready_text(const char *text);

#endif
