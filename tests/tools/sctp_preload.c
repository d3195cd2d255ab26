/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For programs that insist on SCTP where the kernel has none: every SCTP socket becomes a local one of records, named
 * "$SCTP_PRELOAD_NAME-<port>" in the abstract namespace. Records keep their borders; options are swallowed. Built by
 * the scenarios: cc -shared -fPIC, and put into LD_PRELOAD.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define DESCRIPTORS 4096
#define EOR_FLAG 0x80 /* MSG_EOR */

static unsigned char ours[DESCRIPTORS];
static uint16_t ports[DESCRIPTORS];

static int is_ours(int fd)
{
	return fd >= 0 && fd < DESCRIPTORS && ours[fd];
}

static void *real(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	return found;
}

#define REAL(name) ((__typeof__(&name))real(#name))

static uint16_t port_of(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)(const void *)a)->sin6_port);
	return ntohs(((const struct sockaddr_in *)(const void *)a)->sin_port);
}

static socklen_t name_of(uint16_t port, struct sockaddr_un *out)
{
	const char *name = getenv("SCTP_PRELOAD_NAME");

	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	int n = snprintf(out->sun_path + 1, sizeof(out->sun_path) - 1, "%s-%u", name ? name : "sctp", port);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

/* Some loopback address, for whoever wants to log it. */
static void invent(uint16_t port, struct sockaddr *to, socklen_t *len)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (!to || !len)
		return;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memcpy(to, &a, *len < sizeof(a) ? *len : sizeof(a));
	*len = sizeof(a);
}

int socket(int domain, int type, int protocol)
{
	if (protocol != IPPROTO_SCTP)
		return REAL(socket)(domain, type, protocol);
	int fd = REAL(socket)(AF_UNIX, SOCK_SEQPACKET | (type & (SOCK_NONBLOCK | SOCK_CLOEXEC)), 0);
	if (fd >= 0 && fd < DESCRIPTORS)
		ours[fd] = 1;
	return fd;
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_un u;

	if (!is_ours(fd) || address->sa_family == AF_UNIX)
		return REAL(bind)(fd, address, len);
	ports[fd] = port_of(address);
	if (!ports[fd])
		return 0;
	len = name_of(ports[fd], &u);
	return REAL(bind)(fd, (struct sockaddr *)&u, len);
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_un u;

	if (!is_ours(fd))
		return REAL(connect)(fd, address, len);
	len = name_of(port_of(address), &u);
	return REAL(connect)(fd, (struct sockaddr *)&u, len);
}

int accept(int fd, struct sockaddr *address, socklen_t *len)
{
	if (!is_ours(fd))
		return REAL(accept)(fd, address, len);
	int new = REAL(accept)(fd, NULL, NULL);
	if (new >= 0 && new < DESCRIPTORS) {
		ours[new] = 1;
		ports[new] = ports[fd];
		invent((uint16_t)(40000 + new), address, len);
	}
	return new;
}

int getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
	if (!is_ours(fd))
		return REAL(getsockname)(fd, address, len);
	invent(ports[fd], address, len);
	return 0;
}

int getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
	if (!is_ours(fd))
		return REAL(getpeername)(fd, address, len);
	invent((uint16_t)(40000 + fd), address, len);
	return 0;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (is_ours(fd) && level != SOL_SOCKET)
		return 0;
	return REAL(setsockopt)(fd, level, name, value, len);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	if (!is_ours(fd) || level == SOL_SOCKET)
		return REAL(getsockopt)(fd, level, name, value, len);
	memset(value, 0, *len);
	return 0;
}

int close(int fd)
{
	static int (*real_close)(int);

	if (!real_close)
		real_close = (int (*)(int))real("close");
	if (is_ours(fd))
		ours[fd] = 0;
	return real_close(fd);
}

/* libsctp's, by their shapes: its header is not needed to build this. */
int sctp_bindx(int fd, struct sockaddr *addresses, int count, int flags)
{
	(void)count;
	(void)flags;
	return bind(fd, addresses, sizeof(struct sockaddr_in));
}

int sctp_connectx(int fd, struct sockaddr *addresses, int count, void *id)
{
	(void)count;
	(void)id;
	return connect(fd, addresses, sizeof(struct sockaddr_in));
}

int sctp_sendmsg(int fd, const void *octets, size_t len, struct sockaddr *to, socklen_t to_len, uint32_t ppid,
		 uint32_t flags, uint16_t stream, uint32_t ttl, uint32_t context)
{
	(void)to;
	(void)to_len;
	(void)ppid;
	(void)flags;
	(void)stream;
	(void)ttl;
	(void)context;
	return (int)send(fd, octets, len, MSG_NOSIGNAL);
}

int sctp_send(int fd, const void *octets, size_t len, const void *info, int flags)
{
	(void)info;
	(void)flags;
	return (int)send(fd, octets, len, MSG_NOSIGNAL);
}

int sctp_recvmsg(int fd, void *octets, size_t len, struct sockaddr *from, socklen_t *from_len, void *info, int *flags)
{
	ssize_t n = recv(fd, octets, len, 0);

	(void)from;
	(void)from_len;
	if (n < 0)
		return -1;
	if (info)
		memset(info, 0, 32); /* struct sctp_sndrcvinfo */
	if (flags)
		*flags = EOR_FLAG;
	return (int)n;
}
