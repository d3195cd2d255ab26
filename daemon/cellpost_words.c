/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of the command line: options, settings, complaints with the nearest known word. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/writer.h"
#include "core/config.h"
#include "daemon/cellpost.h"

#define SHOWN 80u
#define OPTIONS_MAX 24u

int cellpost_unknown(const char *what, const char *given, const char *const *known)
{
	char shown[SHOWN];
	const char *near = config_nearest(text_of(given), known);

	fprintf(stderr, "cellpost: no %s `%s`", what, text_quote(text_of(given), shown, sizeof(shown)));
	if (near) {
		fprintf(stderr, "; did you mean `%s`?\n", near);
		return CELLPOST_USAGE;
	}
	fputs("; known are:", stderr);
	for (unsigned i = 0; known[i]; i++)
		fprintf(stderr, " %s", known[i]);
	fputs("\n", stderr);
	return CELLPOST_USAGE;
}

static const struct cellpost_option *option_of(const struct cellpost_option *options, struct text name)
{
	for (; options->name; options++) {
		if (text_is(name, options->name))
			return options;
	}
	return NULL;
}

static int no_option(const char *command, const struct cellpost_option *options, struct text name)
{
	char given[SHOWN], what[SHOWN];
	const char *known[OPTIONS_MAX + 1] = { 0 };

	for (unsigned i = 0; options[i].name && i < OPTIONS_MAX; i++)
		known[i] = options[i].name;
	snprintf(what, sizeof(what), "option of `%s` named", command);
	if (!text_copy(name, given, sizeof(given)))
		given[0] = '\0';
	(void)cellpost_unknown(what, given, known);
	return -1;
}

/* One option at argv[at]; returns how many words it took, or -1. */
static int take_option(int argc, char **argv, int at, const struct cellpost_option *options)
{
	struct text rest = text_of(argv[at] + 2), name = { 0 };
	bool joined = strchr(argv[at], '=') != NULL;

	(void)text_split(&rest, '=', &name);
	const struct cellpost_option *o = option_of(options, name);
	if (!o)
		return no_option(argv[0], options, name);
	if (!o->value && joined) {
		fprintf(stderr, "cellpost: --%s takes no value\n", o->name);
		return -1;
	}
	if (!o->value) {
		*o->flag = true;
		return 1;
	}
	if (!joined && at + 1 >= argc) {
		fprintf(stderr, "cellpost: --%s needs a value\n", o->name);
		return -1;
	}
	*o->value = joined ? strchr(argv[at], '=') + 1 : argv[at + 1];
	return joined ? 1 : 2;
}

int cellpost_options(int argc, char **argv, const struct cellpost_option *options)
{
	int at = 1;

	while (at < argc && !strncmp(argv[at], "--", 2)) {
		if (!argv[at][2])
			return at + 1;
		int took = take_option(argc, argv, at, options);
		if (took < 0)
			return -1;
		at += took;
	}
	return at;
}

int cellpost_usage(const char *command, const char *format, ...)
{
	unsigned count;
	const struct cellpost_command *c = cellpost_commands(&count);
	va_list args;

	fprintf(stderr, "cellpost %s: ", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\n", stderr);
	for (unsigned i = 0; i < count; i++) {
		if (!strcmp(c[i].name, command))
			fprintf(stderr, "usage: cellpost %s %s\n", c[i].name, c[i].arguments);
	}
	return CELLPOST_USAGE;
}

char *cellpost_join(int argc, char **argv, int first)
{
	size_t size = 1;

	for (int i = first; i < argc; i++)
		size += strlen(argv[i]) + 1;
	char *room = must_alloc(size);
	struct writer w = writer_of(room, size);
	for (int i = first; i < argc; i++)
		writer_printf(&w, "%s%s", i > first ? " " : "", argv[i]);
	return room;
}

const char *cellpost_setting(const char *given, const char *variable, const char *fallback)
{
	if (given)
		return given;
	const char *set = getenv(variable);
	return set && *set ? set : fallback;
}
