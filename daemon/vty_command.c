/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a line means: one table of commands, those that another role answers among them. */
#include "daemon/vty_internal.h"

#include <stdio.h>

#include "core/base/log.h"
#include "daemon/capture.h"
#include "daemon/role_internal.h"
#include "daemon/version.h"

#define IN_VIEW (1u << VTY_VIEW)
#define IN_ENABLE (1u << VTY_ENABLE)
#define IN_CONFIG (1u << VTY_CONFIG)
#define IN_NODE (1u << VTY_NODE)
#define IN_ALL (IN_VIEW | IN_ENABLE | IN_CONFIG | IN_NODE)
#define CONFIGURING (IN_CONFIG | IN_NODE)

struct command {
	struct vty_pattern pattern;
	void (*run)(struct session *s, const struct vty_line *line);
	enum role_id role; /* run NULL: the words behind "show" go to this role */
};

static void enable(struct session *s, const struct vty_line *line)
{
	(void)line;
	s->mode = VTY_ENABLE;
}

static void disable(struct session *s, const struct vty_line *line)
{
	(void)line;
	s->mode = VTY_VIEW;
}

static void configure(struct session *s, const struct vty_line *line)
{
	(void)line;
	configure_enter(s);
}

static void leave(struct session *s, const struct vty_line *line)
{
	(void)line;
	if (s->mode == VTY_NODE)
		configure_node_up(s);
	else if (s->mode == VTY_CONFIG)
		configure_commit(s, true);
	else
		session_end(s);
}

static void end(struct session *s, const struct vty_line *line)
{
	(void)line;
	configure_commit(s, true);
}

static void commit(struct session *s, const struct vty_line *line)
{
	(void)line;
	configure_commit(s, false);
}

static void forget_changes(struct session *s, const struct vty_line *line)
{
	(void)line;
	if (s->changed)
		session_say(s, "Changes forgotten\n");
	configure_leave(s);
}

static void list(struct session *s, const struct vty_line *line)
{
	(void)line;
	help_list(s);
}

static void version(struct session *s, const struct vty_line *line)
{
	(void)line;
	session_say(s, "cellpostd %s\n", CELLPOST_VERSION);
}

static void running(struct session *s, const struct vty_line *line)
{
	bool all = line->count == 3 && line->words[2].at[0] == 'a';
	bool origins = line->count == 3 && line->words[2].at[0] == 'o';

	show_config(s, role_config(), all || origins, origins);
}

static void candidate(struct session *s, const struct vty_line *line)
{
	(void)line;
	show_config(s, s->draft, false, false);
}

static void roles(struct session *s, const struct vty_line *line)
{
	(void)line;
	show_roles(s);
}

static void counters(struct session *s, const struct vty_line *line)
{
	show_counters(s, line->count == 3 ? line->words[2] : text_range("", 0));
}

static void save(struct session *s, const struct vty_line *line)
{
	(void)line;
	if (s->changed)
		session_say(s, "%% what you changed is not in use yet and not written: `commit` first\n");
	else
		write_file(s);
}

/* A role that has something to show gets a line here, and answers it in its struct role. */
static const struct command commands[] = {
	{ { "enable", IN_VIEW, "May change things from now on" }, enable, 0 },
	{ { "disable", IN_ENABLE, "Back to looking only" }, disable, 0 },
	{ { "configure terminal", IN_ENABLE, "Change the configuration" }, configure, 0 },
	{ { "commit", CONFIGURING, "Check all changes and put them to use" }, commit, 0 },
	{ { "abort", CONFIGURING, "Forget all changes and leave" }, forget_changes, 0 },
	{ { "end", CONFIGURING, "Put the changes to use and leave" }, end, 0 },
	{ { "exit", IN_ALL, "One level up" }, leave, 0 },
	{ { "quit", IN_ALL, "One level up" }, leave, 0 },
	{ { "help", IN_ALL, "Everything that can be typed here" }, list, 0 },
	{ { "list", IN_ALL, "Everything that can be typed here" }, list, 0 },
	{ { "write", IN_ENABLE | CONFIGURING, "Write the configuration in use to its file" }, save, 0 },
	{ { "write file", IN_ENABLE | CONFIGURING, "Write the configuration in use to its file" }, save, 0 },
	{ { "write memory", IN_ENABLE | CONFIGURING, "Write the configuration in use to its file" }, save, 0 },
	{ { "write terminal", IN_ENABLE | CONFIGURING, "Show the configuration in use" }, running, 0 },
	{ { "show version", IN_ALL, "This program's version" }, version, 0 },
	{ { "show running-config", IN_ALL, "The configuration in use, secrets masked" }, running, 0 },
	{ { "show running-config all", IN_ALL, "... with every default" }, running, 0 },
	{ { "show running-config origins", IN_ALL, "... with the line that set each value" }, running, 0 },
	{ { "show candidate", CONFIGURING, "The configuration as you changed it" }, candidate, 0 },
	{ { "show roles", IN_ALL, "The processes of cellpost" }, roles, 0 },
	{ { "show counters", IN_ALL, "Counters of all roles" }, counters, 0 },
	{ { "show counters PART", IN_ALL, "... whose name or label has this part" }, counters, 0 },
	{ { "show links", IN_ALL, "Links that take messages, and their state" }, NULL, ROLE_QUEUE },
	{ { "show queue", IN_ALL, "What waits, and how much of it" }, NULL, ROLE_QUEUE },
	{ { "show message ID", IN_ALL, "One message, its timeline and why" }, NULL, ROLE_QUEUE },
	{ { "show recipient NUMBER", IN_ALL, "What is kept for this recipient" }, NULL, ROLE_QUEUE },
	{ { "show account NAME", IN_ALL, "What an account has, holds and may spend" }, NULL, ROLE_QUEUE },
	{ { "show ledger", IN_ALL, "Sums of the ledger by currency: they are zero or it is not sound" },
	  NULL,
	  ROLE_QUEUE },
	{ { "show credit", IN_ALL, "Sessions with the charging system, and what was sent without a grant" },
	  NULL,
	  ROLE_QUEUE },
	{ { "show decision ID", IN_ALL, "Why a message went as it did, and what it cost" }, NULL, ROLE_QUEUE },
	{ { "show optouts", IN_ALL, "Who opted out of what, the first of them" }, NULL, ROLE_QUEUE },
	{ { "show optouts NUMBER", IN_ALL, "What this recipient opted out of" }, NULL, ROLE_QUEUE },
	{ { "show screening", IN_ALL, "Counts of what screening refused and put off" }, NULL, ROLE_QUEUE },
	{ { "show portability", IN_ALL, "Number portability: what was asked, and what is in memory" },
	  NULL,
	  ROLE_QUEUE },
	{ { "show portability NUMBER", IN_ALL, "... of one number" }, NULL, ROLE_QUEUE },
	{ { "show smpp", IN_ALL, "SMPP sessions" }, NULL, ROLE_SMS },
	{ { "show api", IN_ALL, "HTTP connections" }, NULL, ROLE_API },
	{ { "show diameter", IN_ALL, "The charging system, and what waits for its answer" }, NULL, ROLE_DIAMETER },
	{ { "show media", IN_ALL, "The role for untrusted content" }, NULL, ROLE_MEDIA },
	{ { "show modem NAME start", IN_ENABLE | CONFIGURING, "Start a modem that stopped" }, NULL, ROLE_SMS },
	{ { "show handsets", IN_ALL, "Simulated handsets" }, NULL, ROLE_LAB },
	{ { "show handset NUMBER", IN_ALL, "One simulated handset" }, NULL, ROLE_LAB },
	{ { "show handset NUMBER on", IN_ENABLE | CONFIGURING, "Switch it on" }, NULL, ROLE_LAB },
	{ { "show handset NUMBER off", IN_ENABLE | CONFIGURING, "Switch it off" }, NULL, ROLE_LAB },
	{ { "show handset NUMBER rcs on", IN_ENABLE | CONFIGURING, "Its RCS app is registered" }, NULL, ROLE_LAB },
	{ { "show handset NUMBER rcs off", IN_ENABLE | CONFIGURING, "It has no RCS" }, NULL, ROLE_LAB },
	{ { "show handset NUMBER data on", IN_ENABLE | CONFIGURING, "It has packet data" }, NULL, ROLE_LAB },
	{ { "show handset NUMBER data off", IN_ENABLE | CONFIGURING, "It has no packet data" }, NULL, ROLE_LAB },
	{ { "show handset NUMBER roaming on", IN_ENABLE | CONFIGURING, "It is in another network" }, NULL, ROLE_LAB },
	{ { "show handset NUMBER roaming off", IN_ENABLE | CONFIGURING, "It is at home" }, NULL, ROLE_LAB },
	{ { "show handset NUMBER mms on", IN_ENABLE | CONFIGURING, "It takes MMS" }, NULL, ROLE_LAB },
	{ { "show handset NUMBER mms off", IN_ENABLE | CONFIGURING, "It takes no MMS" }, NULL, ROLE_LAB },
	{ { "show sms links", IN_ALL, "One table of SMPP links and clients, phones' links and modems" },
	  NULL,
	  ROLE_SMS },
	{ { "show captures", IN_ALL, "Captures of links, those that ended lately too" }, NULL, ROLE_SMS },
	{ { "capture LINK FILE", IN_ENABLE, "Write what a link (or `all`) says and hears into a pcapng file" },
	  capture_command,
	  0 },
	{ { "capture LINK FILE WHAT LIMIT", IN_ENABLE, "... `max-size SIZE` (16m) or `for DURATION` (10m)" },
	  capture_command,
	  0 },
	{ { "capture LINK FILE WHAT LIMIT WHAT LIMIT", IN_ENABLE, "... both" }, capture_command, 0 },
	{ { "no capture FILE", IN_ENABLE, "End a capture, or `all`" }, NULL, ROLE_SMS },
};

#define COMMANDS (unsigned)(sizeof(commands) / sizeof(commands[0]))
_Static_assert(sizeof(commands) / sizeof(commands[0]) <= VTY_COMMANDS_MAX, "more commands than vty_words.c looks at");

const void *vty_patterns(size_t *stride_out, unsigned *count_out)
{
	*stride_out = sizeof(commands[0]);
	*count_out = COMMANDS;
	return commands;
}

static void run(struct session *s, const struct command *c, const struct vty_line *line)
{
	char words[512];

	if (c->run)
		c->run(s, line);
	else if (vty_full_words(c->pattern.words, line, 1, words, sizeof(words)))
		show_relay(s, c->role, words);
}

static void say_unknown(struct session *s, const struct vty_line *line)
{
	char shown[64], nearest[64];

	session_say(s, "%% unknown: %s", text_quote(line->words[0], shown, sizeof(shown)));
	if (help_nearest(s, line->words[0], nearest, sizeof(nearest)))
		session_say(s, "; did you mean `%s`?\n", nearest);
	else
		session_say(s, "; `?` lists what can be typed here\n");
}

void vty_execute(struct session *s, struct text text)
{
	struct vty_line line;
	unsigned which = 0;

	text = text_trim(text);
	if (!text.len || text.at[0] == '!' || text.at[0] == '#')
		return;
	vty_split(text, &line);
	line.ends_open = false;
	/* "do show queue" of configure mode. */
	if (s->mode >= VTY_CONFIG && line.count > 1 && text_is(line.words[0], "do")) {
		memmove(&line.words[0], &line.words[1], (line.count - 1) * sizeof(line.words[0]));
		line.count--;
	} else if (s->mode >= VTY_CONFIG && configure_line(s, &line, text)) {
		return;
	}
	switch (vty_find(commands, sizeof(commands[0]), COMMANDS, s->mode, &line, &which)) {
	case VTY_FOUND:
		if (!line.too_many) {
			run(s, &commands[which], &line);
			break;
		}
		/* fall through */
	case VTY_NONE:
		say_unknown(s, &line);
		break;
	case VTY_AMBIGUOUS:
		session_say(s, "%% ambiguous: more than one command starts so\n");
		break;
	case VTY_INCOMPLETE:
		session_say(s, "%% incomplete: `?` behind a blank lists what may follow\n");
		break;
	}
}
