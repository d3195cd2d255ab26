/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What roles say to the parent, and what control asks it to do with the rights that it alone has. */
#include "daemon/process_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/ipc_messages.h"
#include "daemon/capture.h"
#include "daemon/memory_file.h"

#define PATH_OCTETS 4096u

static bool ready_record(struct child *child, struct ipc_record *record)
{
	struct text lines = ipc_get_text(&record->body, ROLE_READY_TEXT);

	if (!reader_done(&record->body) || child->ready)
		return false;
	/* It goes to a terminal: whatever is no plain line is not shown. */
	for (size_t i = 0; i < lines.len; i++) {
		if ((unsigned char)lines.at[i] < 0x20 && lines.at[i] != '\n')
			return false;
	}
	if (!text_copy(lines, child->ready_text, sizeof(child->ready_text)))
		return false;
	child->ready = true;
	if (process_self.serving)
		LOGN(LOG_DAEMON, child->role->name, "ready again");
	process_child_ready();
	return true;
}

static bool peer_lost_record(struct child *child, struct ipc_record *record)
{
	struct text name = ipc_get_text(&record->body, 64);
	uint32_t number = reader_u32(&record->body);
	enum role_id other;

	if (!reader_done(&record->body) || !role_parse(name, &other) || other == child->role->id)
		return false;
	pair_lost(child, other, number);
	return true;
}

static bool answer(struct child *control, uint32_t call, const char *why, int fd)
{
	struct writer *w = ipc_begin(control->ipc, IPC_DONE, call, 1024);

	ipc_put_text(w, text_of(why ? why : ""));
	if (fd >= 0)
		return ipc_end_fd(control->ipc, fd) == OK;
	return ipc_end(control->ipc) == OK;
}

static int open_small(const char *path, const char **why_out)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*why_out = NULL;
	if (fd < 0 || fstat(fd, &st))
		*why_out = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		*why_out = "not a regular file";
	else if (st.st_size > (off_t)SMALL_FILE_MAX)
		*why_out = "bigger than 1 MiB";
	if (*why_out && fd >= 0)
		close(fd);
	return *why_out ? -1 : fd;
}

static bool open_record(struct child *control, struct ipc_record *record)
{
	char path[PATH_OCTETS];
	const char *why;
	struct text name = ipc_get_text(&record->body, sizeof(path) - 1);

	if (!reader_done(&record->body) || !text_copy(name, path, sizeof(path)))
		return false;
	int fd = open_small(path, &why);
	LOGI(LOG_DAEMON, path, "opened for control: %s", why ? why : "yes");
	return answer(control, record->call, why, fd);
}

static bool capture_record(struct child *control, struct ipc_record *record)
{
	char directory[PATH_OCTETS], name[128];
	const char *why = NULL;
	struct text directory_text = ipc_get_text(&record->body, sizeof(directory) - 1);
	struct text name_text = ipc_get_text(&record->body, sizeof(name) - 1);

	if (!reader_done(&record->body) || !text_copy(directory_text, directory, sizeof(directory)) ||
	    !text_copy(name_text, name, sizeof(name)))
		return false;
	int fd = capture_file_new(directory, name, &why);
	LOGN(LOG_DAEMON, name, "file of a capture in %s: %s", directory, why ? why : "made");
	return answer(control, record->call, why, fd);
}

/* The directory is made, for the user of the roles; one that is there stays as it is. */
static const char *make_directory(const char *directory, const char *user)
{
	struct passwd *found = *user ? getpwnam(user) : NULL;
	struct stat st;

	if (*user && !found && !geteuid())
		return "the user of `process` does not exist";
	if (mkdir(directory, 0750) == 0) {
		if (found && !geteuid() && chown(directory, found->pw_uid, found->pw_gid))
			return strerror(errno);
		return NULL;
	}
	if (errno != EEXIST)
		return strerror(errno);
	if (stat(directory, &st))
		return strerror(errno);
	return S_ISDIR(st.st_mode) ? NULL : "the directory of `process` is no directory";
}

static bool prepare_record(struct child *control, struct ipc_record *record)
{
	char user[64], directory[PATH_OCTETS];
	struct text user_text = ipc_get_text(&record->body, sizeof(user) - 1);
	struct text directory_text = ipc_get_text(&record->body, sizeof(directory) - 1);
	uint8_t format = reader_u8(&record->body);

	if (!reader_done(&record->body) || format > LOG_FORMAT_JOURNAL || !text_copy(user_text, user, sizeof(user)) ||
	    !text_copy(directory_text, directory, sizeof(directory)))
		return false;
	if (!process_self.active)
		log_init("parent", (enum log_format)format);
	sockets_round();
	return answer(control, record->call, *directory ? make_directory(directory, user) : NULL, -1);
}

static bool bind_record(struct child *control, struct ipc_record *record)
{
	struct text purpose = ipc_get_text(&record->body, 64);
	struct text address = ipc_get_text(&record->body, 128);

	if (!reader_done(&record->body))
		return false;
	return answer(control, record->call, socket_bind(purpose, address), -1);
}

static const char *write_all(int fd, struct text content)
{
	while (content.len) {
		ssize_t n = write(fd, content.at, content.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return strerror(errno);
		content = text_range(content.at + n, content.len - (size_t)n);
	}
	return fsync(fd) ? strerror(errno) : NULL;
}

/* Beside the file, with its mode and owner, then in its place. */
static const char *replace_file(const char *path, struct text content)
{
	char beside[PATH_OCTETS + 8];
	struct stat st;

	snprintf(beside, sizeof(beside), "%s.new", path);
	if (stat(path, &st))
		return strerror(errno);
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, st.st_mode & 0777);
	if (fd < 0)
		return strerror(errno);
	const char *why = write_all(fd, content);
	if (!why && fchown(fd, st.st_uid, st.st_gid) && !geteuid())
		why = strerror(errno);
	close(fd);
	if (!why && rename(beside, path))
		why = strerror(errno);
	if (why)
		(void)unlink(beside);
	return why;
}

static bool write_record(struct child *control, struct ipc_record *record)
{
	struct text content = { 0 };
	const char *why = "no content";

	if (!reader_done(&record->body) || record->fd < 0)
		return false;
	if (memory_file_read(record->fd, CONFIG_FILE_MAX, &content, &why) == OK)
		why = replace_file(process_self.config_path, content);
	memory_file_forget(&content);
	LOGN(LOG_DAEMON, process_self.config_path, "written: %s", why ? why : "yes");
	return answer(control, record->call, why, -1);
}

static bool active_record(struct ipc_record *record)
{
	if (!reader_done(&record->body) || record->fd < 0 || !record->call)
		return false;
	process_config_active(record->fd, record->call);
	record->fd = -1;
	return true;
}

static bool control_record(struct child *child, struct ipc_record *record)
{
	switch (record->type) {
	case IPC_OPEN:
		return open_record(child, record);
	case IPC_PREPARE:
		return prepare_record(child, record);
	case IPC_BIND:
		return bind_record(child, record);
	case IPC_CONFIG_WRITE:
		return write_record(child, record);
	case IPC_CAPTURE_FILE:
		return capture_record(child, record);
	case IPC_CONFIG_ACTIVE:
		return active_record(record);
	case IPC_CONFIG_REFUSED:
		process_config_refused();
		return true;
	default:
		return false;
	}
}

bool process_record(struct child *child, struct ipc_record *record)
{
	switch (record->type) {
	case IPC_PONG:
		return reader_done(&record->body);
	case IPC_READY:
		return ready_record(child, record);
	case IPC_PEER_LOST:
		return peer_lost_record(child, record);
	default:
		return child->role->id == ROLE_CONTROL && control_record(child, record);
	}
}
