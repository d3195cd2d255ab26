/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cellpost config`: the configuration engine without the daemon. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "daemon/cellpost.h"
#include "daemon/cellpost_reference.h"
#include "daemon/config_file.h"
#include "daemon/process.h"
#include "daemon/role.h"

#define SHOWN_MAX (64u * 1024u * 1024u)

static const char *const words[] = { "check", "show", "reference", NULL };

static int check(const char *path)
{
	if (!process_check_file(path))
		return CELLPOST_FAILED;
	printf("%s: good\n", path);
	return CELLPOST_OK;
}

/* Doubles its room until all fits: a set says not how long its text is. */
static bool print_config(const struct config *config, bool all)
{
	bool good = false;

	for (size_t size = 65536; !good && size <= SHOWN_MAX; size *= 2) {
		char *room = must_alloc(size);
		struct writer w = writer_of(room, size);
		config_write(config, all, true, &w);
		good = writer_ok(&w);
		if (good)
			fwrite(room, 1, writer_len(&w), stdout);
		free(room);
	}
	return good;
}

static int show(const char *path, bool only_set)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return CELLPOST_FAILED;
	}
	struct config *config = config_file_read(fd, path, config_fault_print, NULL);
	close(fd);
	bool good = config && print_config(config, !only_set);
	if (config)
		config_free(&config);
	return good ? CELLPOST_OK : CELLPOST_FAILED;
}

static int reference(bool mdoc)
{
	for (unsigned i = 0; i < config_all_kinds_count; i++) {
		if (mdoc)
			reference_print_mdoc(stdout, config_all_kinds[i]);
		else
			reference_print_text(stdout, config_all_kinds[i]);
	}
	return CELLPOST_OK;
}

int cellpost_config(int argc, char **argv)
{
	bool set = false, mdoc = false;
	const struct cellpost_option options[] = { { "set", NULL, &set }, { "mdoc", NULL, &mdoc }, { 0 } };

	if (argc < 2)
		return cellpost_usage(argv[0], "check, show or reference?");
	bool is_reference = !strcmp(argv[1], "reference");
	if (!is_reference && strcmp(argv[1], "check") && strcmp(argv[1], "show"))
		return cellpost_unknown("command `config`", argv[1], words);
	int at = cellpost_options(argc - 1, argv + 1, options);
	if (at < 0)
		return CELLPOST_USAGE;
	at++;
	if (is_reference && at == argc)
		return reference(mdoc);
	if (is_reference || argc - at != 1)
		return cellpost_usage(argv[0], is_reference ? "reference takes no words" : "which file?");
	return strcmp(argv[1], "check") ? show(argv[at], set) : check(argv[at]);
}
