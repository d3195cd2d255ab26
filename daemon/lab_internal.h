/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the lab role share: a network of simulated handsets with three bearers.
 *
 *	lab_role.c      life of the role, configuration, listening, show
 *	lab_link.c      deliveries of the link "lab" to the handsets, and what became of them
 *	lab_presence.c  who has RCS and MMS, told to the queue; the handsets' switches
 *	lab_files.c     files of deliveries, fetched and kept as long as there is room
 *	lab_terminal.c  `cellpost phone`: what a handset shows, does and sends
 *	lab_send.c      messages that handsets send
 *
 * A terminal connects and speaks lines; it hears JSON, one object per line:
 *
 *	terminal -> lab: phone NUMBER | send TO TEXT | attach TO MEDIA NAME BASE64 | file ID N | inbox | quit
 *			 on | off | coverage, rcs, data, roaming or mms on | off
 *	lab -> terminal: {"event":"ready"|"message"|"sent"|"refused"|"switched"|"file"|"error", ...}
 *
 * In what is attached a space of the name is written as "/".
 */
#ifndef DAEMON_LAB_INTERNAL_H
#define DAEMON_LAB_INTERNAL_H

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/channel.h"
#include "core/net/json.h"
#include "core/net/stream.h"
#include "daemon/handset.h"
#include "daemon/lab_vty.h"

#define LAB_LINK TEXT_LITERAL("lab")
#define LAB_LINE_MAX (200u * 1024u)	/* octets of a terminal's line */
#define LAB_ATTACHED_MAX (128u * 1024u) /* octets of a file that a handset sends */
#define LAB_FILES_MAX 256u		/* files of handsets that can be had; the oldest make room */

struct listener;
struct terminal;

struct lab {
	struct channel *channel;
	struct handsets *handsets;
	struct terminal *terminals;
	bool enabled, any, offline_text, offline_file, mms;
	bool presence; /* some handset may have RCS or MMS, and messages are decided */
	uint64_t mms_max, rcs_file_max;
	int64_t window, inbox, retry_us, phones;
	struct counter *shown, *absent, *unknown, *from_phones, *bad_lines, *files;
};
extern struct lab lab;

/* lab_link.c */
void lab_deliver(const struct ipc_deliver *delivery);
/* All files of it are there (`fds` are the callee's), or why not. */
void lab_arrived(const struct ipc_deliver *delivery, enum result result, const char *why, const int *fds,
		 unsigned count);

/* lab_files.c */
void lab_files_fetch(const struct ipc_deliver *delivery, unsigned count); /* lab_arrived() follows, unless it ends */
void lab_files_answer(uint32_t call, const struct ipc_file_answer *answer, int fd);
void lab_files_keep(struct message_id id, const int *fds, unsigned count);
int lab_files_open(struct message_id id, unsigned number); /* a descriptor of the caller's, or -1 */

/* lab_presence.c */
void lab_tell_all(void);
void lab_switch(struct handset *h, enum handset_switch which, bool on);
/* "rcs on", "data off", "on", ...; false: no such words. */
bool lab_switched_by(struct handset *h, struct text word, struct text rest);

/* lab_send.c: from one of the handsets; lab_terminal_outcome() follows. NULL, or why nothing was sent. */
const char *lab_send(struct handset *h, const char *to, struct text body);
const char *lab_attach(struct handset *h, const char *to, struct text media, struct text name, struct text bytes);
void lab_send_accepted(uint32_t call, const struct ipc_accepted *accepted);
bool lab_send_file_answer(uint32_t call, const struct ipc_file_answer *answer, int fd); /* false: not of these */

/* lab_terminal.c */
void lab_terminal_new(int fd, struct listener *listener);
void lab_terminal_show(struct handset *h, const struct inbox_entry *entry);
void lab_terminal_switched(struct handset *h);
/* What became of a message that the handset sent; `id` NULL: refused, and `why` says so. */
void lab_terminal_outcome(struct text number, const char *to, const struct message_id *id, const char *why);

#endif
