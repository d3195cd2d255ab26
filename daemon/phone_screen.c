/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conversation on the screen. On a terminal the last line is the prompt with what is being typed: it is wiped,
 * something is printed, and it is drawn again.
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "daemon/api_time.h"
#include "daemon/cellpost_terminal.h"
#include "daemon/phone.h"

#define INDENT "          "
#define COLUMNS 80u

static struct termios saved;

void phone_screen_open(struct phone_screen *s)
{
	*s = (struct phone_screen){ .terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 };
	if (!s->terminal || tcgetattr(STDIN_FILENO, &saved)) {
		s->terminal = false;
		return;
	}
	struct termios raw = saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

void phone_screen_close(struct phone_screen *s)
{
	if (!s->terminal)
		return;
	fputs("\r\033[K", stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

static unsigned columns(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : COLUMNS;
}

void phone_screen_prompt(struct phone_screen *s)
{
	if (s->terminal) {
		struct text last = text_of(s->last);
		unsigned used = (unsigned)(last.len ? last.len + 3 : 2) + 1, all = columns();
		fputs("\r\033[K", stdout);
		terminal_print(stdout, last, NULL);
		fputs(last.len ? " > " : "> ", stdout);
		terminal_print(stdout, phone_edit_tail(&s->edit, all > used + 8 ? all - used : 8), NULL);
	}
	fflush(stdout);
}

static void begin(const struct phone_screen *s)
{
	if (s->terminal)
		fputs("\r\033[K", stdout);
}

void phone_screen_say(struct phone_screen *s, const char *format, ...)
{
	char line[600];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	begin(s);
	terminal_print(stdout, text_of(line), NULL);
	fputs("\n", stdout);
	phone_screen_prompt(s);
}

/* For people the local time of day, for scripts what the gateway said. */
static void print_time(const struct phone_screen *s, struct text at)
{
	char shown[32];
	int64_t us = 0;
	struct tm tm;

	if (!s->terminal || !api_time_parse(at, &us)) {
		terminal_print(stdout, at, NULL);
		fputs(at.len ? "  " : "", stdout);
		return;
	}
	time_t seconds = (time_t)(us / 1000000), now = time(NULL);
	localtime_r(&seconds, &tm);
	strftime(shown, sizeof(shown), now - seconds > 43200 ? "%e %b %R" : "%T", &tm);
	fprintf(stdout, "%s  ", shown);
}

/* Nothing where it came as they all did before anything was priced. */
static void say_how(const struct phone_event *e)
{
	if (!e->price.len && (!e->bearer.len || text_is(e->bearer, "sms")))
		return;
	fputs("  [", stdout);
	terminal_print(stdout, e->bearer, NULL);
	if (e->price.len)
		fputs(", ", stdout);
	terminal_print(stdout, e->price, NULL);
	fputs("]", stdout);
}

/* " (tea.jpg, image/jpeg, 5000 octets)" */
static void say_files(const struct phone_event *e)
{
	for (size_t i = 0; i < json_count(e->files); i++) {
		const struct json_value *v = json_item(e->files, i);
		struct text name = { 0 }, media = { 0 };
		int64_t size = 0;

		(void)json_text(json_member(v, "name"), &name);
		(void)json_text(json_member(v, "media"), &media);
		(void)json_int(json_member(v, "size"), &size);
		fputs(i || e->text.len ? " (" : "(", stdout);
		terminal_print(stdout, name, NULL);
		fputs(name.len ? ", " : "", stdout);
		terminal_print(stdout, media, NULL);
		fprintf(stdout, ", %lld octets)", (long long)size);
	}
}

static void say_message(struct phone_screen *s, const struct phone_event *e)
{
	begin(s);
	print_time(s, e->at);
	fputs("from ", stdout);
	terminal_print(stdout, e->from, NULL);
	fputs(": ", stdout);
	terminal_print(stdout, e->text, s->terminal ? INDENT : NULL);
	say_files(e);
	say_how(e);
	fputs("\n", stdout);
	if (!text_copy(e->from, s->last, sizeof(s->last)))
		s->last[0] = '\0';
	phone_screen_prompt(s);
}

void phone_screen_sending(struct phone_screen *s, struct text to, struct text text)
{
	if (!s->terminal)
		return;
	begin(s);
	fputs(INDENT "to ", stdout);
	terminal_print(stdout, to, NULL);
	fputs(": ", stdout);
	terminal_print(stdout, text, INDENT);
	fputs("\n", stdout);
	phone_screen_prompt(s);
}

void phone_screen_help(struct phone_screen *s)
{
	begin(s);
	fputs("a text answers the last sender\n"
	      "/to NUMBER TEXT   writes to somebody      /inbox   what this phone has got\n"
	      "/off /on          out of reach and back   /quit    ends\n"
	      "/rcs on|off       its RCS app             /data on|off, /roaming on|off, /mms on|off\n"
	      "/save [FOLDER]    the newest files        /attach NUMBER PATH  sends one\n"
	      "//text            a text that begins with a slash\n",
	      stdout);
	phone_screen_prompt(s);
}

void phone_screen_event(struct phone_screen *s, const struct phone_event *e)
{
	switch (e->kind) {
	case PHONE_EVENT_READY:
		phone_screen_say(s, "phone %.*s, switched %s, %lld in the inbox%s", TEXT_ARGS(e->number),
				 e->on ? "on" : "off", (long long)e->inbox, s->terminal ? "; /help" : "");
		break;
	case PHONE_EVENT_MESSAGE:
		say_message(s, e);
		break;
	case PHONE_EVENT_SENT:
		phone_screen_say(s, "%ssent to %.*s, id %.*s", s->terminal ? INDENT : "", TEXT_ARGS(e->to),
				 TEXT_ARGS(e->id));
		break;
	case PHONE_EVENT_REFUSED:
		phone_screen_say(s, "%srefused to %.*s: %.*s", s->terminal ? INDENT : "", TEXT_ARGS(e->to),
				 TEXT_ARGS(e->why));
		break;
	case PHONE_EVENT_SWITCHED:
		phone_screen_say(s, "switched %s%s%s%s%s", e->on ? "on" : "off: messages wait", e->rcs ? ", rcs" : "",
				 e->data_on ? "" : ", no data", e->roaming ? ", roaming" : "",
				 e->mms ? "" : ", no mms");
		break;
	case PHONE_EVENT_ERROR:
		phone_screen_say(s, "! %.*s", TEXT_ARGS(e->why));
		break;
	case PHONE_EVENT_FILE:
	case PHONE_EVENT_OTHER:
		break;
	}
}
