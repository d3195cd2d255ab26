/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/writer.h"
#include "daemon/cellpost.h"
#include "daemon/cellpost_terminal.h"
#include "daemon/config_file.h"
#include "daemon/process.h"

#define TEXT_SIZE 400u

void doctor_say(struct doctor *d, enum finding finding, const char *what, const char *way_out, const char *format, ...)
{
	static const char *const words[] = { "ok", "warn", "fail" };
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	d->counts[finding]++;
	printf("%-5s %-14s ", words[finding], what);
	terminal_print(stdout, text_of(text), NULL);
	fputs("\n", stdout);
	if (way_out && finding != FINDING_OK)
		printf("%21s%s\n", "-> ", way_out);
	fflush(stdout);
}

static void silent(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	(void)file;
	(void)line;
	(void)word;
	(void)text;
}

static void check_readers(struct doctor *d, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (st.st_mode & S_IROTH) && !strncmp(d->path, "/etc/", 5))
		doctor_say(d, FINDING_WARN, "configuration", "chmod 640, with the group of the gateway's user",
			   "everybody on this machine may read %s and the secrets in it", d->path);
}

static void look_at_configuration(struct doctor *d)
{
	int fd = open(d->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		doctor_say(d, FINDING_FAIL, "configuration",
			   "cellpost doctor FILE names another; examples/quickstart.cfg is a start", "%s: %s", d->path,
			   strerror(errno));
		return;
	}
	bool good = process_check_file(d->path);
	d->config = config_file_read(fd, d->path, silent, NULL);
	if (good)
		doctor_say(d, FINDING_OK, "configuration", NULL, "%s has no fault", d->path);
	else
		doctor_say(d, FINDING_FAIL, "configuration", "the lines above say what and where", "%s cannot be used",
			   d->path);
	check_readers(d, fd);
	close(fd);
}

static int sum_up(const struct doctor *d)
{
	printf("%u ok, %u warn, %u fail\n", d->counts[FINDING_OK], d->counts[FINDING_WARN], d->counts[FINDING_FAIL]);
	return d->counts[FINDING_FAIL] ? CELLPOST_FAILED : CELLPOST_OK;
}

int cellpost_doctor(int argc, char **argv)
{
	struct doctor d = { .path = CELLPOST_CONFIG };
	const struct cellpost_option options[] = { { "vty", &d.vty, NULL }, { "url", &d.url, NULL }, { 0 } };
	int at = cellpost_options(argc, argv, options);

	if (at < 0)
		return CELLPOST_USAGE;
	if (argc - at > 1)
		return cellpost_usage(argv[0], "one file at a time");
	if (at < argc)
		d.path = argv[at];
	d.vty = cellpost_setting(d.vty, "CELLPOST_VTY", NULL);
	d.url = cellpost_setting(d.url, "CELLPOST_URL", NULL);
	look_at_configuration(&d);
	doctor_host(&d);
	if (d.config) {
		doctor_files(&d);
		doctor_certificates(&d);
		doctor_ports(&d);
		doctor_live(&d);
		config_free(&d.config);
	}
	return sum_up(&d);
}
