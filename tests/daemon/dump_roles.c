/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The processes with roles of the test's own in place of queue and sms: they note what the parent and control do with
 * them, and misbehave when they are told to, by the configuration or by a show command. For test_roles.py.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/ipc_messages.h"
#include "daemon/daemon_vty.h"
#include "daemon/process.h"
#include "daemon/role_internal.h"

struct fake_settings {
	struct config_node node;
	struct text word, secret;
	struct config_file paper;
	struct config_list listen;
	bool refuse, die, fail_open, slow_stop;
};

#define AT(member) .offset = offsetof(struct fake_settings, member)
static const struct knob fake_knobs[] = {
	{ .name = "word", .type = KNOB_TEXT, AT(word) },
	{ .name = "secret", .type = KNOB_TEXT, AT(secret), .secret = true },
	{ .name = "paper", .type = KNOB_FILE, AT(paper) },
	{ .name = "listen", .type = KNOB_LISTEN, AT(listen), .many = true },
	{ .name = "refuse", .type = KNOB_BOOL, AT(refuse), .fallback = "no" },
	{ .name = "die", .type = KNOB_BOOL, AT(die), .fallback = "no" },
	{ .name = "fail-open", .type = KNOB_BOOL, AT(fail_open), .fallback = "no" },
	{ .name = "slow-stop", .type = KNOB_BOOL, AT(slow_stop), .fallback = "no" },
};

static const struct node_kind fake_kind = {
	.name = "fake",
	.size = sizeof(struct fake_settings),
	.knobs = fake_knobs,
	.knobs_count = sizeof(fake_knobs) / sizeof(fake_knobs[0]),
	.roles = FOR_QUEUE,
};

/* In place of daemon/kinds.c and daemon/roles.c. */
const struct node_kind *const config_all_kinds[] = { &process_kind, &log_kind, &vty_kind, &fake_kind };
const unsigned config_all_kinds_count = 4;

static char notes[4096];
static bool slow_stop;

static void note(const char *what, struct text detail)
{
	size_t had = strlen(notes);

	snprintf(notes + had, sizeof(notes) - had, "%s %.*s\n", what, TEXT_ARGS(detail));
}

static enum result check(const struct config *config, const char **why_out)
{
	const struct fake_settings *s = config_only(config, &fake_kind);

	note("check", s->word);
	if (s->die)
		raise(SIGKILL);
	*why_out = "told to refuse";
	return s->refuse ? ERR_DENIED : OK;
}

static enum result open_role(struct loop *loop, const struct config *config, struct sandbox_path paths[ROLE_PATHS_MAX],
			     const char **why_out)
{
	const struct fake_settings *s = config_only(config, &fake_kind);

	(void)loop;
	(void)paths;
	note("open", s->word);
	*why_out = "cannot open what it needs";
	return s->fail_open ? ERR_IO : OK;
}

static void switch_to(const struct config *config)
{
	const struct fake_settings *s = config_only(config, &fake_kind);

	note("switch", s->word);
	note("paper", s->paper.content);
	note("secret", s->secret);
	slow_stop = s->slow_stop;
}

static void listen_on(struct text purpose, struct text address, int fd)
{
	(void)purpose;
	note("listen", address);
	close(fd);
}

static void unlisten(struct text purpose, struct text address)
{
	(void)purpose;
	note("unlisten", address);
}

static void peer(enum role_id id, struct ipc *ipc)
{
	(void)ipc;
	note("peer", text_of(role_name(id)));
}

static void peer_lost(enum role_id id)
{
	note("lost", text_of(role_name(id)));
}

/* Only an answer is known between these two; anything else is bad. */
static bool record(enum role_id id, struct ipc *ipc, struct ipc_record *r)
{
	(void)ipc;
	note("record", text_of(role_name(id)));
	return r->type == IPC_ANSWER;
}

static void send_type(struct ipc *ipc, uint16_t type)
{
	if (!ipc)
		return;
	(void)ipc_begin(ipc, type, 1, 0);
	if (ipc_end(ipc))
		note("unsent", text_of(ipc_name(ipc)));
}

static void misbehave(struct text how)
{
	if (text_is(how, "bad-parent"))
		send_type(role_self.parent, IPC_BIND);
	else if (text_is(how, "bad-peer"))
		send_type(role_peer(ROLE_SMS), 9999);
	else if (text_is(how, "good-peer"))
		send_type(role_peer(ROLE_SMS), IPC_ANSWER);
	else if (text_is(how, "bad-control"))
		send_type(role_peer(ROLE_CONTROL), 9999);
	else if (text_is(how, "exit"))
		_exit(3);
}

/* "message HOW" of the queue, "smpp" of sms. "silent" is never answered. */
static void show(uint32_t call, struct text words)
{
	struct text word, rest = words;

	(void)text_split(&rest, ' ', &word);
	if (text_is(rest, "silent"))
		return;
	misbehave(rest);
	role_show_text(call, "%s", notes);
	role_show_end(call);
}

static void stop(void)
{
	if (!slow_stop)
		role_stopped();
}

const struct role role_queue = { .id = ROLE_QUEUE,
				 .name = "queue",
				 .promises = SANDBOX_CORE,
				 .peers = 1u << ROLE_SMS,
				 .description = "of the test",
				 .check = check,
				 .open = open_role,
				 .switch_to = switch_to,
				 .listen = listen_on,
				 .unlisten = unlisten,
				 .peer = peer,
				 .peer_lost = peer_lost,
				 .record = record,
				 .show = show,
				 .stop = stop };

const struct role role_sms = { .id = ROLE_SMS,
			       .name = "sms",
			       .promises = SANDBOX_CORE,
			       .description = "of the test",
			       .switch_to = switch_to,
			       .peer = peer,
			       .peer_lost = peer_lost,
			       .record = record,
			       .show = show };

const struct role *role_of(enum role_id id)
{
	if (id == ROLE_CONTROL)
		return &role_control;
	if (id == ROLE_QUEUE)
		return &role_queue;
	return id == ROLE_SMS ? &role_sms : NULL;
}

int main(int argc, char **argv)
{
	enum role_id id;

	if (argc == 3 && !strcmp(argv[1], "--role") && role_parse(text_of(argv[2]), &id) && role_of(id))
		return role_main(role_of(id));
	if (argc == 3 && !strcmp(argv[1], "-c"))
		return process_main(argv[2]);
	return 2;
}
