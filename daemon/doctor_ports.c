/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The addresses of the configuration: free, held by the gateway that runs, or by somebody else. */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/reader.h"
#include "core/net/net_address.h"
#include "daemon/cellpost_connect.h"
#include "daemon/doctor.h"

#define LISTENING 0x0aUL /* of /proc/net/tcp */

/* --- who holds it ----------------------------------------------------------------------------------------------- */

/* "  0: 0100007F:1F90 00000000:0000 0A ... uid timeout inode": the words of such a line. */
static bool inode_of_line(char *line, uint16_t port, unsigned long *inode_out)
{
	char *words[10] = { 0 }, *rest = line;

	for (unsigned i = 0; i < 10; i++)
		words[i] = strsep(&rest, " "), i -= words[i] && !*words[i];
	char *colon = words[1] ? strrchr(words[1], ':') : NULL;
	if (!colon || !words[9] || strtoul(colon + 1, NULL, 16) != port || strtoul(words[3], NULL, 16) != LISTENING)
		return false;
	*inode_out = strtoul(words[9], NULL, 10);
	return true;
}

static bool inode_of_port(const char *table, uint16_t port, unsigned long *inode_out)
{
	FILE *f = fopen(table, "re");
	char line[512];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = inode_of_line(line, port, inode_out);
	if (f)
		fclose(f);
	return found;
}

static bool process_holds(const char *pid, const char *link)
{
	char path[300], target[64];
	struct dirent *e;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	DIR *dir = opendir(path);
	bool found = false;

	while (dir && !found && (e = readdir(dir)) != NULL) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target));
		found = n > 0 && text_is(text_range(target, (size_t)n), link);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void name_process(const char *pid, char *to, size_t size)
{
	char path[64], name[32] = "?";

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	FILE *f = fopen(path, "re");
	if (f && fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	if (f)
		fclose(f);
	snprintf(to, size, "%s (pid %.20s)", name, pid);
}

bool doctor_port_owner(uint16_t port, char *to, size_t size)
{
	unsigned long inode = 0;
	char link[64];
	struct dirent *e;
	bool found = false;

	if (!inode_of_port("/proc/net/tcp", port, &inode) && !inode_of_port("/proc/net/tcp6", port, &inode))
		return false;
	snprintf(link, sizeof(link), "socket:[%lu]", inode);
	DIR *dir = opendir("/proc");
	while (dir && !found && (e = readdir(dir)) != NULL) {
		found = isdigit((unsigned char)e->d_name[0]) && process_holds(e->d_name, link);
		if (found)
			name_process(e->d_name, to, size);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* --- each address ----------------------------------------------------------------------------------------------- */

static uint16_t port_of(const struct net_address *a)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memcpy(&v4, &a->storage, sizeof(v4));
	memcpy(&v6, &a->storage, sizeof(v6));
	if (a->storage.ss_family == AF_INET)
		return ntohs(v4.sin_port);
	return a->storage.ss_family == AF_INET6 ? ntohs(v6.sin6_port) : 0;
}

static void in_use(struct doctor *d, const char *what, const char *address, uint16_t port)
{
	char owner[80];

	if (!doctor_port_owner(port, owner, sizeof(owner))) {
		doctor_say(d, FINDING_WARN, what, "run this as root to see", "%s is in use, by whom cannot be seen",
			   address);
	} else if (!strncmp(owner, "cellpost", 8)) {
		d->running = true;
		doctor_say(d, FINDING_OK, what, NULL, "%s is held by %s", address, owner);
	} else {
		doctor_say(d, FINDING_FAIL, what, "end that, or change `listen` of this node", "%s is held by %s",
			   address, owner);
	}
}

static void unix_socket(struct doctor *d, const char *what, const char *address)
{
	const char *why = "";
	int fd;
	enum result r = cellpost_connect(address, &fd, &why);

	if (r == OK) {
		d->running = true;
		close(fd);
	}
	doctor_say(d, FINDING_OK, what, NULL, r == OK ? "%s is answered" : "%s is free", address);
}

/* As the parent will do it; what is bound is let go at once. */
static int try_bind(const struct net_address *a)
{
	int fd = socket(a->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, a->protocol), yes = 1, error = 0;

	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (const struct sockaddr *)&a->storage, a->len) || listen(fd, 1))
		error = errno;
	close(fd);
	return error;
}

static void tcp_socket(struct doctor *d, const char *what, const char *address, const struct net_address *a)
{
	int error = try_bind(a);

	if (!error)
		doctor_say(d, FINDING_OK, what, NULL, "%s is free", address);
	else if (error == EPROTONOSUPPORT)
		doctor_say(d, FINDING_FAIL, what, "load the kernel's module sctp, or use udp-sctp:ADDRESS:PORT",
			   "%s: this kernel has no SCTP", address);
	else if (error == EADDRINUSE)
		in_use(d, what, address, port_of(a));
	else if (error == EACCES)
		doctor_say(d, FINDING_WARN, what, "start the gateway as root: it drops its rights after opening ports",
			   "%s is a port for root", address);
	else
		doctor_say(d, FINDING_FAIL, what, "change `listen` of this node to an address of this machine",
			   "%s: %s", address, strerror(error));
}

static void line(struct doctor *d, const char *what, struct text address)
{
	char path[NET_ADDRESS_TEXT_SIZE];
	bool there = text_copy(text_range(address.at + 4, address.len - 4), path, sizeof(path)) && !access(path, F_OK);

	doctor_say(d, there ? FINDING_OK : FINDING_WARN, what, there ? NULL : "plug the modem in: it is waited for",
		   "%.*s %s", TEXT_ARGS(address), there ? "is there" : "is not there");
}

static void look(void *owner, const struct node_kind *kind, struct text address)
{
	struct doctor *d = owner;
	char shown[NET_ADDRESS_TEXT_SIZE];
	struct net_address a;
	const char *why = "";

	if (text_starts(address, "tty:"))
		line(d, kind->name, address);
	else if (!text_copy(address, shown, sizeof(shown)) || net_address_parse(address, &a, &why))
		doctor_say(d, FINDING_FAIL, kind->name, NULL, "an address cannot be read: %s", why);
	else if (a.type == SOCK_SEQPACKET)
		doctor_say(d, FINDING_OK, kind->name, NULL, "%s is a local socket of records", shown);
	else if (text_starts(address, "unix:"))
		unix_socket(d, kind->name, shown);
	else
		tcp_socket(d, kind->name, shown, &a);
}

void doctor_ports(struct doctor *d)
{
	config_listens(d->config, look, d);
}
