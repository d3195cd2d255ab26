/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One terminal: keys to lines, output, waiting, idleness. */
#include "daemon/vty_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/log.h"
#include "daemon/apply.h"

#define SAY_MAX 8192u
#define KEY_INTERRUPT 0x03
#define KEY_END 0x04
#define KEY_ERASE 0x08
#define KEY_KILL 0x15
#define KEY_DELETE 0x7f

void session_say_text(struct session *s, struct text text)
{
	while (text.len && !s->closing) {
		const char *end = memchr(text.at, '\n', text.len);
		size_t n = end ? (size_t)(end - text.at) : text.len;
		stream_write(s->stream, text.at, n);
		if (end)
			stream_write(s->stream, "\r\n", 2);
		text = text_range(text.at + n + (end ? 1 : 0), text.len - n - (end ? 1 : 0));
	}
}

void session_say(struct session *s, const char *format, ...)
{
	char text[SAY_MAX];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > 0)
		session_say_text(s, text_range(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1));
}

void session_prompt(struct session *s)
{
	switch (s->mode) {
	case VTY_VIEW:
		session_say(s, "cellpost> ");
		break;
	case VTY_ENABLE:
		session_say(s, "cellpost# ");
		break;
	case VTY_CONFIG:
		session_say(s, "cellpost(config)# ");
		break;
	case VTY_NODE:
		session_say(s, "cellpost(config-%s)# ", s->kind->name);
		break;
	}
}

static void idle_out(void *owner)
{
	struct session *s = owner;

	session_say(s, "\n%% nothing was typed for a while: good-bye\n");
	session_end(s);
}

static void restart_idle(struct session *s)
{
	if (vty_idle_us())
		loop_timer_start(role_loop(), &s->idle, vty_idle_us(), idle_out, s);
}

static void no_answer(void *owner)
{
	struct session *s = owner;

	session_say(s, "%% role %s did not answer in time\n", role_name(s->awaited));
	session_go_on(s);
}

void session_wait(struct session *s, enum role_id for_whom, uint32_t call)
{
	s->waiting = true;
	s->awaited = for_whom;
	s->call = call;
	stream_pause(s->stream, true);
	/* A commit has its own limit, and always an end. */
	if (for_whom != ROLE_CONTROL)
		loop_timer_start(role_loop(), &s->answer, VTY_ANSWER_MAX_US, no_answer, s);
}

void session_go_on(struct session *s)
{
	loop_timer_stop(&s->answer);
	s->waiting = false;
	s->call = 0;
	if (s->closing)
		return;
	session_prompt(s);
	stream_pause(s->stream, false);
}

void session_end(struct session *s)
{
	if (s->closing)
		return;
	s->closing = true;
	loop_timer_stop(&s->idle);
	stream_finish(s->stream);
}

static void execute(struct session *s, struct text line)
{
	vty_history_add(&s->history, line);
	vty_execute(s, line);
}

static void line_ended(struct session *s)
{
	if (s->telnet.echo)
		session_say(s, "\n");
	if (s->overlong)
		session_say(s, "%% a line of more than %u octets\n", VTY_LINE_MAX);
	else
		execute(s, text_range(s->line, s->len));
	s->len = 0;
	s->overlong = false;
	if (!s->waiting && !s->closing)
		session_prompt(s);
}

static void put_char(struct session *s, char c)
{
	if (s->len == VTY_LINE_MAX) {
		s->overlong = true;
		return;
	}
	s->line[s->len++] = c;
	if (s->telnet.echo)
		stream_write(s->stream, &c, 1);
}

static void erase(struct session *s, size_t n)
{
	for (; n && s->len; n--) {
		s->len--;
		if (s->telnet.echo)
			stream_write(s->stream, "\b \b", 3);
	}
}

/* An earlier line in place of what was typed; only where we echo, or the terminal would show another line than we have.
 */
static void recall(struct session *s, bool (*step)(struct vty_history *h, struct text *out))
{
	struct text line;

	if (!s->telnet.echo || !step(&s->history, &line))
		return;
	erase(s, s->len);
	for (size_t i = 0; i < line.len; i++)
		put_char(s, line.at[i]);
}

/* `?` asks for help, except inside a value that may hold one: an address of the web. */
static bool asks_help(const struct session *s)
{
	return !memmem(s->line, s->len, "://", 3);
}

static void ask_help(struct session *s)
{
	session_say(s, "?\n");
	help_line(s);
	session_prompt(s);
	if (s->telnet.echo) {
		session_say_text(s, text_range(s->line, s->len));
		return;
	}
	/* The terminal sends whole lines: this one was a question, not a command. */
	s->len = 0;
	s->swallow = true;
}

static void key(struct session *s, int c)
{
	bool swallow = s->swallow;

	s->swallow = false;
	if (c == '\n') {
		if (!swallow)
			line_ended(s);
	} else if (c == '?' && asks_help(s)) {
		ask_help(s);
	} else if (c == '\t' && s->telnet.echo) {
		help_complete(s);
	} else if (c == KEY_ERASE || c == KEY_DELETE) {
		erase(s, 1);
	} else if (c == KEY_KILL || c == KEY_INTERRUPT) {
		erase(s, s->len);
	} else if (c == TELNET_KEY_OLDER) {
		recall(s, vty_history_older);
	} else if (c == TELNET_KEY_NEWER) {
		recall(s, vty_history_newer);
	} else if (c == KEY_END && !s->len) {
		session_end(s);
	} else if (c == '\t' || c >= 0x20) {
		put_char(s, c == '\t' ? ' ' : (char)c);
	}
}

/* Stops behind a line that waits for something: the rest stays in the stream. */
static size_t received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	struct session *s = owner;
	struct reader r = reader_of(bytes, n);
	uint8_t room[8];

	restart_idle(s);
	while (reader_left(&r) && !s->waiting && !s->closing) {
		struct writer w = writer_of(room, sizeof(room));
		int c = telnet_take(&s->telnet, reader_u8(&r), &w);
		if (writer_len(&w))
			stream_write(stream, room, writer_len(&w));
		if (c >= 0)
			key(s, c);
	}
	return s->closing ? n : n - reader_left(&r);
}

static void closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	struct session *s = owner;

	(void)stream;
	(void)why;
	LOGI(LOG_DAEMON, stream_peer(s->stream), "terminal session ended: %s", text);
	vty_forget(s);
	apply_disown(s);
	configure_leave(s);
	loop_timer_stop(&s->idle);
	loop_timer_stop(&s->answer);
	stream_free(&s->stream);
	vty_history_clear(&s->history);
	free(s);
}

static const struct stream_handler session_handler = { .received = received, .closed = closed };

struct session *session_new(int fd, struct listener *listener)
{
	struct session *s = must_alloc(sizeof(*s));
	uint8_t room[16];
	struct writer w = writer_of(room, sizeof(room));

	s->listener = listener;
	s->stream = stream_accept(role_loop(), fd, NULL, &session_handler, s);
	telnet_offer(&w);
	stream_write(s->stream, room, writer_len(&w));
	session_say(s, "Welcome to cellpost. `?` lists what can be typed; `enable` lets you change things.\n");
	session_prompt(s);
	restart_idle(s);
	return s;
}

/* --- one too many --- */

static size_t refused_received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	(void)owner;
	(void)stream;
	(void)bytes;
	return n;
}

static void refused_closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	(void)owner;
	(void)why;
	(void)text;
	stream_free(&stream);
}

static const struct stream_handler refused_handler = { .received = refused_received, .closed = refused_closed };

void session_refuse(int fd)
{
	static const char text[] = "% too many sessions: see `vty` in the configuration\r\n";
	struct stream *stream = stream_accept(role_loop(), fd, NULL, &refused_handler, NULL);

	stream_write(stream, text, sizeof(text) - 1);
	stream_finish(stream);
}
