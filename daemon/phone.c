/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cellpost phone`: the lab's socket, the keys, and time. */
#include "daemon/phone.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/config.h"
#include "daemon/cellpost.h"
#include "daemon/cellpost_connect.h"
#include "daemon/phone_file.h"

#define INPUT_MAX (1024u * 1024u)
#define SEEN_MAX 256u
#define ID_SIZE 40u
#define RETRY_US (1 * USEC_PER_SEC)
#define QUIET_US (USEC_PER_SEC / 4)   /* silence that ends an answer of several lines */
#define ANSWER_US (10 * USEC_PER_SEC) /* after the input's end, for what was sent */

struct phone {
	struct phone_screen screen;
	const char *where, *number;
	int fd;	     /* -1: not connected */
	char *input; /* of the gateway, up to a whole line */
	size_t input_len;
	int64_t retry_us; /* when to connect again */
	bool was_ready, ready, ended, input_ended;
	int64_t replay;	   /* messages of a replayed inbox that are still to come */
	bool replay_known; /* those already shown are passed over: the gateway came back */
	unsigned unanswered;
	int64_t heard_us; /* when the gateway said something last */
	int64_t ends_us;  /* after the input's end */
	int64_t stay_us;  /* --wait */
	struct phone_files files;
	char seen[SEEN_MAX][ID_SIZE];
	unsigned seen_count;
	int code;
};

/* --- the gateway ------------------------------------------------------------------------------ */

static void end(struct phone *p, int code)
{
	p->ended = true;
	p->code = code;
}

static void lost(struct phone *p, const char *why)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->input_len = 0;
	p->unanswered = 0;
	phone_files_drop(&p->files);
	p->retry_us = clock_monotonic() + RETRY_US;
	if (p->ready)
		phone_screen_say(&p->screen, "-- the gateway is gone (%s); trying again", why);
	p->ready = false;
}

static void send_line(struct phone *p, const char *words, struct text a, struct text b)
{
	size_t size = strlen(words) + a.len + b.len + 16;
	char *line = must_alloc(size);
	struct writer w = writer_of(line, size);

	writer_text(&w, text_of(words));
	if (a.len)
		writer_printf(&w, " %.*s", TEXT_ARGS(a));
	if (b.len)
		writer_printf(&w, " %.*s", TEXT_ARGS(b));
	writer_printf(&w, "\n");
	if (p->fd < 0)
		phone_screen_say(&p->screen, "not connected: nothing was sent");
	else if (!cellpost_write(p->fd, line, writer_len(&w)))
		lost(p, "closed");
	free(line);
}

static void connect_again(struct phone *p)
{
	const char *why = "";
	enum result r = cellpost_connect(p->where, &p->fd, &why);

	if (r == OK) {
		send_line(p, "phone", text_of(p->number), (struct text){ 0 });
		return;
	}
	if (p->was_ready && r == ERR_CLOSED) {
		p->retry_us = clock_monotonic() + RETRY_US;
		return;
	}
	fprintf(stderr, "cellpost: %s: %s\n", p->where, why);
	if (r == ERR_CLOSED)
		fputs("is the gateway running, with `lab` in its configuration? --lab or CELLPOST_LAB names another\n",
		      stderr);
	end(p, r == ERR_CLOSED ? CELLPOST_TEMPORARY : CELLPOST_USAGE);
}

static bool seen(struct phone *p, struct text id)
{
	unsigned kept = p->seen_count < SEEN_MAX ? p->seen_count : SEEN_MAX;

	for (unsigned i = 0; i < kept; i++) {
		if (text_is(id, p->seen[i]))
			return true;
	}
	if (text_copy(id, p->seen[p->seen_count % SEEN_MAX], ID_SIZE))
		p->seen_count++;
	return false;
}

static void ready(struct phone *p, const struct phone_event *e)
{
	p->replay = e->inbox;
	p->replay_known = p->was_ready;
	p->ready = p->was_ready = true;
}

/* Asks for the next file that is to be saved, if any. */
static void ask_file(struct phone *p)
{
	char line[80];
	struct text next = phone_files_next(&p->files, line, sizeof(line));

	if (!next.len)
		return;
	p->unanswered += p->fd >= 0;
	send_line(p, line, (struct text){ 0 }, (struct text){ 0 });
}

static void note_piece(struct phone *p, const struct phone_event *e)
{
	char said[700];

	if (!phone_files_piece(&p->files, e, said, sizeof(said)))
		return;
	p->unanswered -= p->unanswered > 0;
	phone_screen_say(&p->screen, "%s", said);
	ask_file(p);
}

/* False where it should not be shown. */
static bool note_event(struct phone *p, const struct phone_event *e)
{
	bool known;

	switch (e->kind) {
	case PHONE_EVENT_READY:
		ready(p, e);
		return true;
	case PHONE_EVENT_MESSAGE:
		known = seen(p, e->id);
		phone_files_note(&p->files, e);
		if (!e->old || !p->replay)
			return true;
		p->replay--;
		return !(known && p->replay_known);
	case PHONE_EVENT_SENT:
	case PHONE_EVENT_REFUSED:
	case PHONE_EVENT_SWITCHED:
		p->unanswered -= p->unanswered > 0;
		return true;
	case PHONE_EVENT_ERROR:
		p->unanswered -= p->unanswered > 0;
		phone_files_drop(&p->files);
		if (!p->ready)
			end(p, CELLPOST_FAILED);
		return true;
	case PHONE_EVENT_FILE:
		note_piece(p, e);
		return true;
	default:
		return true;
	}
}

static void take_line(struct phone *p, struct text line)
{
	struct json_doc *doc = NULL;
	struct phone_event e;

	if (!phone_event(line, &doc, &e)) {
		fprintf(stderr, "cellpost: what answers at %s is no lab network\n", p->where);
		end(p, CELLPOST_FAILED);
		return;
	}
	if (note_event(p, &e))
		phone_screen_event(&p->screen, &e);
	json_free(&doc);
}

static void take_lines(struct phone *p)
{
	struct text rest = text_range(p->input, p->input_len);

	while (!p->ended && rest.len) {
		const char *end_at = memchr(rest.at, '\n', rest.len);
		if (!end_at)
			break;
		size_t n = (size_t)(end_at - rest.at);
		take_line(p, text_range(rest.at, n));
		rest = text_range(rest.at + n + 1, rest.len - n - 1);
	}
	memmove(p->input, rest.at, rest.len);
	p->input_len = rest.len;
}

static void from_gateway(struct phone *p)
{
	ssize_t n = p->input_len < INPUT_MAX ? read(p->fd, p->input + p->input_len, INPUT_MAX - p->input_len) : 0;

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		lost(p, n ? strerror(errno) : "closed");
		return;
	}
	p->input_len += (size_t)n;
	p->heard_us = clock_monotonic();
	take_lines(p);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void send_switch(struct phone *p, struct text which, struct text on)
{
	static const char *const words[] = { "rcs", "data", "roaming", "mms" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_is(which, words[i]))
			send_line(p, words[i], (struct text){ 0 }, on);
	}
}

static void save(struct phone *p, struct text folder)
{
	const char *why = "";

	if (phone_files_save(&p->files, folder, &why))
		ask_file(p);
	else
		phone_screen_say(&p->screen, "! %s", why);
}

static void attach(struct phone *p, struct text to, struct text path)
{
	const char *why = "";
	char *line = phone_file_line(to, path, &why);

	if (!line) {
		phone_screen_say(&p->screen, "! %.*s: %s", TEXT_ARGS(path), why);
		return;
	}
	p->unanswered += p->fd >= 0;
	send_line(p, line, (struct text){ 0 }, (struct text){ 0 });
	free(line);
}

static void act(struct phone *p, struct text line)
{
	struct phone_typed t = phone_typed(line, text_of(p->screen.last));
	struct text none = { 0 };

	switch (t.action) {
	case PHONE_NOTHING:
		break;
	case PHONE_SEND:
		phone_screen_sending(&p->screen, t.to, t.text);
		p->unanswered += p->fd >= 0;
		send_line(p, "send", t.to, t.text);
		break;
	case PHONE_ON:
	case PHONE_OFF:
		p->unanswered += p->fd >= 0;
		send_line(p, t.action == PHONE_ON ? "on" : "off", none, none);
		break;
	case PHONE_SWITCH:
		p->unanswered += p->fd >= 0;
		send_switch(p, t.to, t.text);
		break;
	case PHONE_SAVE:
		save(p, t.text);
		break;
	case PHONE_ATTACH:
		attach(p, t.to, t.text);
		break;
	case PHONE_INBOX:
		p->heard_us = clock_monotonic();
		send_line(p, "inbox", none, none);
		break;
	case PHONE_QUIT:
		end(p, CELLPOST_OK);
		break;
	case PHONE_HELP:
		phone_screen_help(&p->screen);
		break;
	case PHONE_WRONG:
		phone_screen_say(&p->screen, "! %s", t.why);
		break;
	}
}

static void take_typed_line(struct phone *p)
{
	char line[PHONE_EDIT_MAX];
	struct phone_edit *e = &p->screen.edit;
	size_t len = e->len;

	memcpy(line, e->line, len);
	phone_edit_clear(e);
	act(p, text_range(line, len));
}

static void take_key(struct phone *p, uint8_t octet)
{
	switch (phone_edit_key(&p->screen.edit, octet)) {
	case PHONE_KEY_LINE:
		take_typed_line(p);
		phone_screen_prompt(&p->screen);
		break;
	case PHONE_KEY_CHANGED:
		phone_screen_prompt(&p->screen);
		break;
	case PHONE_KEY_END:
		/* A pipe may hold such an octet; only a terminal means something by it. */
		if (p->screen.terminal)
			end(p, CELLPOST_OK);
		break;
	case PHONE_KEY_NONE:
		break;
	}
}

static void from_keys(struct phone *p)
{
	uint8_t keys[512];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		if (p->screen.edit.len)
			take_typed_line(p);
		p->input_ended = true;
		p->ends_us = clock_monotonic() + ANSWER_US;
		if (p->stay_us)
			p->ends_us = clock_monotonic() + p->stay_us;
		return;
	}
	struct reader r = reader_of(keys, (size_t)n);
	while (reader_left(&r) && !p->ended)
		take_key(p, reader_u8(&r));
}

/* --- time ------------------------------------------------------------------------------------- */

/* All that was asked for in a script is there. */
static bool all_answered(const struct phone *p, int64_t now)
{
	return p->ready && !p->unanswered && !p->replay && now - p->heard_us > QUIET_US;
}

static void look_at_clock(struct phone *p)
{
	int64_t now = clock_monotonic();

	if (p->fd < 0 && now >= p->retry_us)
		connect_again(p);
	if (!p->input_ended || p->ended)
		return;
	if (now >= p->ends_us)
		end(p, p->stay_us || all_answered(p, now) ? CELLPOST_OK : CELLPOST_TEMPORARY);
	else if (!p->stay_us && all_answered(p, now))
		end(p, CELLPOST_OK);
}

/* Lines of a script wait until the phone is there, with all that it has got. */
static bool takes_keys(const struct phone *p)
{
	return !p->input_ended && (p->screen.terminal || (p->ready && !p->replay));
}

static void converse(struct phone *p)
{
	while (!p->ended) {
		struct pollfd f[2] = { { .fd = p->fd, .events = POLLIN },
				       { .fd = takes_keys(p) ? STDIN_FILENO : -1, .events = POLLIN } };
		int n = poll(f, 2, p->fd < 0 || p->input_ended ? 100 : -1);
		if (n > 0 && f[0].revents)
			from_gateway(p);
		if (n > 0 && f[1].revents && !p->ended)
			from_keys(p);
		look_at_clock(p);
	}
}

int cellpost_phone(int argc, char **argv)
{
	struct phone *p = must_alloc(sizeof(*p));
	const char *stay = NULL;
	const struct cellpost_option options[] = { { "lab", &p->where, NULL }, { "wait", &stay, NULL }, { 0 } };
	int at = cellpost_options(argc, argv, options);
	int code = CELLPOST_USAGE;

	if (at >= 0 && argc - at != 1)
		(void)cellpost_usage(argv[0], "which number?");
	else if (at >= 0 && stay && !config_duration(text_of(stay), &p->stay_us))
		(void)cellpost_usage(argv[0], "--wait is a time as 500ms, 30s or 5m");
	else if (at >= 0) {
		p->where = cellpost_setting(p->where, "CELLPOST_LAB", CELLPOST_LAB);
		p->number = argv[at];
		p->fd = -1;
		p->input = must_alloc(INPUT_MAX);
		phone_screen_open(&p->screen);
		connect_again(p);
		converse(p);
		phone_screen_close(&p->screen);
		if (p->fd >= 0)
			close(p->fd);
		free(p->input);
		code = p->code;
	}
	free(p);
	return code;
}
