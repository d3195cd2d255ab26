/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cellpost show`, `message` and `vty`: the operator's terminal, asked once or used by hand. */
#include "daemon/cellpost_vty.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/reader.h"
#include "core/message_id.h"
#include "daemon/cellpost.h"
#include "daemon/cellpost_connect.h"
#include "daemon/cellpost_terminal.h"

#define GREETING_MS 3000
#define SILENCE_MS 15000 /* longer than the VTY waits for a role */
#define CHUNK 16384u

static int no_connection(const char *where, enum result r, const char *why)
{
	fprintf(stderr, "cellpost: %s: %s\n", where, why);
	if (r == ERR_CLOSED)
		fputs("is the gateway running there? --vty or CELLPOST_VTY names another terminal\n", stderr);
	return r == ERR_CLOSED || r == ERR_TIMEOUT ? CELLPOST_TEMPORARY : CELLPOST_USAGE;
}

/* --- once ------------------------------------------------------------------------------------------------------- */

/* Reads up to the next prompt; false when the connection ends or stays silent before. */
static bool read_answer(int fd, struct vty_answer *answer, int silence_ms)
{
	uint8_t bytes[CHUNK];
	bool prompt = false;

	while (!prompt) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (poll(&p, 1, silence_ms) <= 0)
			return false;
		ssize_t n = read(fd, bytes, sizeof(bytes));
		if (n <= 0)
			return false;
		vty_answer_take(answer, bytes, (size_t)n, &prompt);
	}
	return true;
}

/* The VTY's complaints begin with "%"; the queue knows but one. */
static int print_answer(struct text answer)
{
	struct text line;

	if (text_starts(answer, "?\n")) /* a question is repeated in front of its answer */
		answer = text_range(answer.at + 2, answer.len - 2);
	bool complaint = text_starts(answer, "%") || text_is(text_trim(answer), "no such message");

	while (text_split(&answer, '\n', &line)) {
		terminal_print(complaint ? stderr : stdout, line, NULL);
		fputs("\n", complaint ? stderr : stdout);
	}
	return complaint ? CELLPOST_FAILED : CELLPOST_OK;
}

enum result vty_ask(const char *where, const char *line, struct vty_answer *answer, const char **why_out)
{
	int fd;
	enum result r = cellpost_connect(where, &fd, why_out);

	if (r != OK)
		return r;
	bool good = read_answer(fd, answer, GREETING_MS);
	if (good) {
		vty_answer_next(answer);
		good = cellpost_write(fd, line, strlen(line)) && cellpost_write(fd, "\n", 1) &&
		       read_answer(fd, answer, SILENCE_MS);
	}
	close(fd);
	*why_out = "the terminal gave no whole answer";
	return good ? OK : ERR_TIMEOUT;
}

static int ask_once(const char *where, const char *line)
{
	struct vty_answer answer = { 0 };
	const char *why = "";
	enum result r = vty_ask(where, line, &answer, &why);
	int code = CELLPOST_OK;

	if (r == OK || r == ERR_TIMEOUT)
		code = print_answer(vty_answer_text(&answer));
	if (r != OK)
		code = no_connection(where, r, why);
	vty_answer_clear(&answer);
	return code;
}

/* Takes --vty; the index of the first other word, or -1. */
static int take_where(int argc, char **argv, const char **where_out)
{
	const struct cellpost_option options[] = { { "vty", where_out, NULL }, { 0 } };
	int at;

	*where_out = NULL;
	at = cellpost_options(argc, argv, options);
	*where_out = cellpost_setting(*where_out, "CELLPOST_VTY", CELLPOST_VTY);
	return at;
}

static int show_words(const char *where, int argc, char **argv, int at)
{
	char *words = cellpost_join(argc, argv, at);
	size_t size = strlen(words) + 32;
	char *line = must_alloc(size);
	int code = CELLPOST_FAILED;

	if (!strpbrk(words, "\r\n")) {
		snprintf(line, size, "show %s", words);
		code = ask_once(where, line);
	}
	free(line);
	free(words);
	return code;
}

int cellpost_show(int argc, char **argv)
{
	const char *where;
	int at = take_where(argc, argv, &where);

	if (at < 0)
		return CELLPOST_USAGE;
	if (at == argc)
		return cellpost_usage(argv[0], "what? `cellpost show ?` lists it");
	return show_words(where, argc, argv, at);
}

int cellpost_message(int argc, char **argv)
{
	const char *where;
	char line[64];
	struct message_id id;
	int at = take_where(argc, argv, &where);

	if (at < 0)
		return CELLPOST_USAGE;
	if (argc - at != 1)
		return cellpost_usage(argv[0], "which one? `cellpost send` printed its id");
	if (!message_id_parse(text_of(argv[at]), &id))
		return cellpost_usage(argv[0], "an id is 28 or 32 hexadecimal digits, as `cellpost send` printed it");
	snprintf(line, sizeof(line), "show message %.32s", argv[at]);
	return ask_once(where, line);
}

/* --- by hand ---------------------------------------------------------------------------------------------------- */

struct by_hand {
	int fd;
	bool terminal, input_ended;
	struct telnet telnet;
	bool after_c2; /* first octet of a UTF-8 control character */
};

/* What the server may do to the terminal: print, end lines, step back. */
static void show_octet(struct by_hand *h, int c)
{
	bool after_c2 = h->after_c2;

	h->after_c2 = c == 0xc2;
	if (h->after_c2)
		return;
	if (after_c2 && c < 0xa0) {
		putchar('?');
		return;
	}
	if (after_c2)
		putchar(0xc2);
	if (c == '\n')
		fputs(h->terminal ? "\r\n" : "\n", stdout);
	else if (c == '\b' || c == '\t' || (c >= 0x20 && c != 0x7f))
		putchar(c);
}

static bool from_server(struct by_hand *h)
{
	uint8_t bytes[CHUNK], dropped[8];
	ssize_t n = read(h->fd, bytes, sizeof(bytes));

	if (n <= 0)
		return false;
	struct reader r = reader_of(bytes, (size_t)n);
	while (reader_left(&r)) {
		struct writer w = writer_of(dropped, sizeof(dropped));
		int c = telnet_take(&h->telnet, reader_u8(&r), &w);
		if (c >= 0)
			show_octet(h, c);
	}
	fflush(stdout);
	return true;
}

static bool from_user(struct by_hand *h)
{
	static const char end[] = "\n\x04"; /* ^D on an empty line ends the session, after its answers */
	char bytes[1024];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (n > 0)
		return cellpost_write(h->fd, bytes, (size_t)n);
	h->input_ended = true;
	return cellpost_write(h->fd, end, sizeof(end) - 1);
}

static void converse(struct by_hand *h)
{
	bool goes_on = true;

	while (goes_on) {
		struct pollfd p[2] = { { .fd = h->fd, .events = POLLIN },
				       { .fd = h->input_ended ? -1 : STDIN_FILENO, .events = POLLIN } };
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		if (p[1].revents)
			goes_on = from_user(h);
		if (p[0].revents)
			goes_on = from_server(h);
	}
}

int cellpost_vty(int argc, char **argv)
{
	static const uint8_t echo[] = { 255, 253, 1, 255, 253, 3 }; /* IAC DO ECHO, IAC DO SGA */
	struct by_hand h = { .terminal = isatty(STDIN_FILENO) == 1 };
	struct termios old;
	const char *where, *why = "";
	int at = take_where(argc, argv, &where);

	if (at < 0)
		return CELLPOST_USAGE;
	if (at < argc)
		return cellpost_usage(argv[0], "takes no words; `cellpost show WORDS` asks once");
	enum result r = cellpost_connect(where, &h.fd, &why);
	if (r != OK)
		return no_connection(where, r, why);
	if (h.terminal && tcgetattr(STDIN_FILENO, &old) == 0) {
		struct termios raw = old;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
		(void)cellpost_write(h.fd, echo, sizeof(echo));
		converse(&h);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	} else {
		h.terminal = false;
		converse(&h);
	}
	putchar('\n');
	close(h.fd);
	return CELLPOST_OK;
}
