/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Terminals of handsets: lab_terminal.c (lines in), lab_terminal_say.c (JSON out), lab_terminal_file.c (files out). Of
 * these three alone; the protocol is told in lab_internal.h.
 */
#ifndef DAEMON_LAB_TERMINAL_H
#define DAEMON_LAB_TERMINAL_H

#include "daemon/lab_internal.h"

/* It watches one handset. */
struct terminal {
	struct terminal *next;
	struct stream *stream;
	struct listener *listener;
	struct handset *handset;
	bool ended;
	/* a file on its way to it */
	struct terminal_file {
		int fd; /* 0 = none */
		struct message_id id;
		unsigned number;
		uint64_t at;
	} file;
};

void lab_say_begin(struct json_writer *w, char *room, size_t size, const char *event);
void lab_say_end(struct json_writer *w, struct terminal *t);
void lab_say_error(struct terminal *t, const char *why);
void lab_say_refused(struct terminal *t, const char *to, const char *why);
void lab_say_ready(struct terminal *t); /* the handset that it watches now, with its inbox */
void lab_say_inbox(struct terminal *t);

void lab_terminal_file(struct terminal *t, struct text words); /* "ID N" */
void lab_terminal_pieces(struct terminal *t);		       /* as many as there is room for */
void lab_terminal_file_end(struct terminal *t);

#endif
