/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's command `cellpost`: what its parts share. A command is a row of the table in cellpost_command.c; its
 * function reads its own words and prints for people. Nothing that came from outside reaches the terminal but through
 * cellpost_terminal.h.
 */
#ifndef DAEMON_CELLPOST_H
#define DAEMON_CELLPOST_H

#include <stdbool.h>

#include "core/base/text.h"

/* Exit codes. */
enum cellpost_exit {
	CELLPOST_OK = 0,
	CELLPOST_FAILED = 1,	/* refused, or a fault was found */
	CELLPOST_USAGE = 2,	/* the words make no command */
	CELLPOST_TEMPORARY = 3, /* nobody answers, or try again later: the same command may succeed */
};

struct cellpost_command {
	const char *name, *arguments, *help; /* help: one line */
	const char *more;		     /* `cellpost help NAME`: whole lines */
	int (*run)(int argc, char **argv);   /* argv[0] is the command's name */
};

/* The whole program: argv as main() got it. */
int cellpost_main(int argc, char **argv);
const struct cellpost_command *cellpost_commands(unsigned *count_out);

/* --- words ------------------------------------------------------------------------------------------------------ */

/* "--name VALUE", "--name=VALUE", or a flag "--name". */
struct cellpost_option {
	const char *name;
	const char **value; /* NULL: a flag */
	bool *flag;
};

/* Reads the options (the last row has no name) that stand before the first other word; "--" ends them. Returns the
 * index of that word, or -1 after a complaint on stderr. */
int cellpost_options(int argc, char **argv, const struct cellpost_option *options);
/* Complains that the command was used wrongly, shows how it is used, returns CELLPOST_USAGE. */
int cellpost_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A word that is none of `known` (NULL-ended): says so with the nearest one, returns CELLPOST_USAGE. */
int cellpost_unknown(const char *what, const char *given, const char *const *known);
/* The words from `first` on, joined by single blanks; free() it. */
char *cellpost_join(int argc, char **argv, int first);
/* An option's value, else the environment's, else the fallback. */
const char *cellpost_setting(const char *given, const char *variable, const char *fallback);

#define CELLPOST_URL "http://127.0.0.1:8080" /* where examples/quickstart.cfg listens */
#define CELLPOST_QUICKSTART "demo"	     /* its account, and its password */
#define CELLPOST_VTY "127.0.0.1:4260"
#define CELLPOST_LAB "127.0.0.1:2776"
#define CELLPOST_CONFIG "/etc/cellpost/cellpostd.conf"

/* --- commands --------------------------------------------------------------------------------------------------- */

int cellpost_send(int argc, char **argv);
int cellpost_quote(int argc, char **argv);
int cellpost_explain(int argc, char **argv);
int cellpost_show(int argc, char **argv);
int cellpost_message(int argc, char **argv);
int cellpost_vty(int argc, char **argv);
int cellpost_config(int argc, char **argv);
int cellpost_secret(int argc, char **argv);
int cellpost_sms(int argc, char **argv);
int cellpost_phone(int argc, char **argv);
int cellpost_doctor(int argc, char **argv);

#endif
