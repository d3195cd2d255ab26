/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Captures of links (sms/pcap_file.h), switched on and off at the terminal:
 *
 *	control: checks the command -> parent: makes the file, passes its descriptor -> control -> sms: writes into it
 *
 * No role but the parent opens files, and no file is written over. Without `capture-directory` of `process` there are
 * no captures, and those that run end.
 */
#ifndef DAEMON_CAPTURE_H
#define DAEMON_CAPTURE_H

#include "core/base/ipc.h"
#include "core/config.h"
#include "daemon/vty_internal.h"

/* --- control (capture_command.c) --- */

/* "capture LINK FILE [max-size N] [for DURATION]" */
void capture_command(struct session *s, const struct vty_line *line);
/* The parent's answer; the descriptor in *fd is taken over. False: not to a question of these. */
bool capture_parent_done(uint32_t call, struct text why, int *fd);

/* --- the parent (capture_file.c) --- */

/* A new file, for writing; -1 and why. */
int capture_file_new(const char *directory, const char *name, const char **why_out);

/* --- the sms role (sms_captures.c) --- */

/* "captures", "capture NAME" (ends it). False: not for these. */
bool sms_captures_show(uint32_t call, struct text words);
/* IPC_CAPTURE of control. */
bool sms_captures_record(struct ipc_record *record);
void sms_captures_switch(const struct config *config);
bool sms_captures_end(void); /* the last thing of a stop: false while something is being written */

#endif
