/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "daemon/memory_file.h"
#include "daemon/process.h"
#include "daemon/role.h"

#define WORD_SHOWN 80u
#define CONTENT_MAX (1u << 20)
_Static_assert(CONFIG_FILE_MAX == 4u << 20, "the text of the refusal says 4 MiB");

void config_fault_print(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	char shown[WORD_SHOWN];

	(void)owner;
	if (word.len)
		fprintf(stderr, "%s:%u: %s: %s\n", file, line, text_quote(word, shown, sizeof(shown)), text);
	else
		fprintf(stderr, "%s:%u: %s\n", file, line, text);
}

void config_fault_log(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	char shown[WORD_SHOWN];

	(void)owner;
	LOGE(LOG_DAEMON, file, "line %u: %s: %s", line, text_quote(word, shown, sizeof(shown)), text);
}

struct config *config_file_read(int fd, const char *path, config_fault fault, void *owner)
{
	struct text content = { 0 };
	const char *why = "";

	enum result r = memory_file_read(fd, CONFIG_FILE_MAX, &content, &why);
	if (r) {
		if (r == ERR_TOO_BIG)
			why = "bigger than 4 MiB, which is the most";
		fault(owner, path, 0, text_range("", 0), why);
		return NULL;
	}
	/* A save that is under way empties the file first: a reload then must not drop every account. */
	if (!text_trim(content).len) {
		fault(owner, path, 0, text_range("", 0), "empty: a configuration that serves nobody is not used");
		memory_file_forget(&content);
		return NULL;
	}
	struct config *config = config_new(config_all_kinds, config_all_kinds_count);
	if (config_read(config, path, content, fault, owner))
		config_free(&config);
	memory_file_forget(&content);
	return config;
}

/* --- cellpostd -t --- */

struct loading {
	struct config *config;
	const char *path; /* of the configuration */
	unsigned faults;
};

static void load(void *owner, struct config_file *file)
{
	struct loading *l = owner;
	struct text content = { 0 };
	const char *why = "";
	int fd = open(file->path.at, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		why = strerror(errno);
	if (fd >= 0 && memory_file_read(fd, CONTENT_MAX, &content, &why) == OK) {
		config_file_load(l->config, file, content);
		memory_file_forget(&content);
	} else {
		fprintf(stderr, "%s: the file %s that it names: %s\n", l->path, file->path.at, why);
		l->faults++;
	}
	if (fd >= 0)
		close(fd);
}

static unsigned ask_roles(const struct config *config, const char *path)
{
	unsigned faults = 0;

	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		const struct role *role = role_of(id);
		const char *why = "";
		if (role && role->check && role->check(config, &why)) {
			fprintf(stderr, "%s: role %s: %s\n", path, role->name, why);
			faults++;
		}
	}
	return faults;
}

bool process_check_file(const char *config_path)
{
	struct loading l = { .path = config_path };
	int fd = open(config_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		fprintf(stderr, "%s: %s\n", config_path, strerror(errno));
		return false;
	}
	l.config = config_file_read(fd, config_path, config_fault_print, NULL);
	close(fd);
	if (!l.config)
		return false;
	config_files(l.config, load, &l);
	if (!l.faults)
		l.faults = ask_roles(l.config, config_path);
	config_free(&l.config);
	return !l.faults;
}
