/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cellpostd: the options, then the parent or, started by it, one role. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "daemon/process.h"
#include "daemon/role.h"
#include "daemon/version.h"

#define CONFIG_PATH "/etc/cellpost/cellpostd.conf"

static const char usage[] = "usage: cellpostd [-c FILE] [-t] [-V] [-h]\n"
			    "  -c, --config FILE  the configuration (" CONFIG_PATH ")\n"
			    "  -t, --test         check it, say every fault, end\n"
			    "  -V, --version      say the version\n"
			    "  -h, --help         this\n";

struct options {
	const char *config, *role;
	bool test;
	int exit_code; /* -1: go on */
};

static struct options read_options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "config", required_argument, NULL, 'c' }, { "test", no_argument, NULL, 't' },
		{ "version", no_argument, NULL, 'V' },	    { "help", no_argument, NULL, 'h' },
		{ "role", required_argument, NULL, 'r' },   { 0 }
	};
	struct options o = { .config = CONFIG_PATH, .exit_code = -1 };
	int c;

	while (o.exit_code < 0 && (c = getopt_long(argc, argv, "c:tVh", names, NULL)) >= 0) {
		switch (c) {
		case 'c':
			o.config = optarg;
			break;
		case 't':
			o.test = true;
			break;
		case 'r': /* not for people: role.h */
			o.role = optarg;
			break;
		case 'V':
			printf("cellpostd %s\n", CELLPOST_VERSION);
			o.exit_code = 0;
			break;
		case 'h':
			fputs(usage, stdout);
			o.exit_code = 0;
			break;
		default:
			fputs(usage, stderr);
			o.exit_code = 2;
		}
	}
	if (o.exit_code < 0 && optind < argc) {
		fprintf(stderr, "cellpostd: what is `%s`?\n%s", argv[optind], usage);
		o.exit_code = 2;
	}
	return o;
}

static int run_role(const char *name)
{
	enum role_id id;

	if (role_parse(text_of(name), &id) && role_of(id))
		return role_main(role_of(id));
	fprintf(stderr, "cellpostd: no role `%s` in this program\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	struct options o = read_options(argc, argv);

	if (o.exit_code >= 0)
		return o.exit_code;
	if (o.role)
		return run_role(o.role);
	if (o.test)
		return process_check_file(o.config) ? 0 : 1;
	return process_main(o.config);
}
