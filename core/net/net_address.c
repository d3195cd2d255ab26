/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/net/net_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"
#define SEQPACKET_PREFIX "seqpacket:"
#define SCTP_PREFIX "sctp:"
#define UDP_SCTP_PREFIX "udp-sctp:"
#define UDP_SCTP_PORT 9899u /* RFC 6951 5 */

static enum result malformed(const char **why_out, const char *why)
{
	*why_out = why;
	return ERR_MALFORMED;
}

static enum result parse_unix(struct text path, struct net_address *out, const char **why_out)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX };

	if (!path.len || !text_copy(path, u.sun_path, sizeof(u.sun_path)))
		return malformed(why_out, "the path of an AF_UNIX socket has 1 to 107 octets");
	memcpy(&out->storage, &u, sizeof(u));
	out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len + 1);
	return OK;
}

enum result net_host_port(struct text t, struct text *host_out, uint16_t *port_out)
{
	struct text host = t, rest = { 0 };
	uint64_t port;

	if (t.len && t.at[0] == '[') {
		const char *end = memchr(t.at, ']', t.len);
		if (!end)
			return ERR_MALFORMED;
		host = text_range(t.at + 1, (size_t)(end - t.at) - 1);
		rest = text_range(end + 1, t.len - host.len - 2);
	} else {
		const char *colon = t.len ? memchr(t.at, ':', t.len) : NULL;
		if (!colon)
			return ERR_MALFORMED;
		host.len = (size_t)(colon - t.at);
		rest = text_range(colon, t.len - host.len);
	}
	if (!host.len || rest.len < 2 || rest.at[0] != ':')
		return ERR_MALFORMED;
	if (!text_to_u64(text_range(rest.at + 1, rest.len - 1), UINT16_MAX, &port) || !port)
		return ERR_MALFORMED;
	*host_out = host;
	*port_out = (uint16_t)port;
	return OK;
}

enum result net_address_of_host(struct text host, uint16_t port, struct net_address *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	char name[INET6_ADDRSTRLEN];

	*out = (struct net_address){ 0 };
	if (!text_copy(host, name, sizeof(name)))
		return ERR_MALFORMED;
	if (inet_pton(AF_INET, name, &v4.sin_addr) == 1) {
		memcpy(&out->storage, &v4, sizeof(v4));
		out->len = sizeof(v4);
		return OK;
	}
	if (inet_pton(AF_INET6, name, &v6.sin6_addr) == 1) {
		memcpy(&out->storage, &v6, sizeof(v6));
		out->len = sizeof(v6);
		return OK;
	}
	return ERR_MALFORMED;
}

void net_address_set_port(struct net_address *a, uint16_t port)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (a->storage.ss_family == AF_INET) {
		memcpy(&v4, &a->storage, sizeof(v4));
		v4.sin_port = htons(port);
		memcpy(&a->storage, &v4, sizeof(v4));
	} else if (a->storage.ss_family == AF_INET6) {
		memcpy(&v6, &a->storage, sizeof(v6));
		v6.sin6_port = htons(port);
		memcpy(&a->storage, &v6, sizeof(v6));
	}
}

static bool take_prefix(struct text *t, const char *prefix)
{
	size_t len = strlen(prefix);

	if (!text_starts(*t, prefix))
		return false;
	*t = text_range(t->at + len, t->len - len);
	return true;
}

static enum result parse_host_port(struct text t, struct net_address *out, const char **why_out)
{
	struct text host;
	uint16_t port;

	if (net_host_port(t, &host, &port))
		return malformed(why_out, "expected ADDRESS:PORT, [IPV6]:PORT or unix:PATH");
	if (net_address_of_host(host, port, out))
		return malformed(why_out, "expected a numeric IPv4 or IPv6 address before the port");
	return OK;
}

/* "ADDRESS:PORT[/UDP]" */
static enum result parse_udp_sctp(struct text t, struct net_address *out, const char **why_out)
{
	const char *slash = t.len ? memchr(t.at, '/', t.len) : NULL;
	uint64_t udp = UDP_SCTP_PORT;
	struct text host;
	uint16_t port;

	if (slash) {
		struct text rest = text_range(slash + 1, t.len - (size_t)(slash - t.at) - 1);
		if (!text_to_u64(rest, UINT16_MAX, &udp) || !udp)
			return malformed(why_out, "expected udp-sctp:ADDRESS:PORT/UDP-PORT");
		t.len = (size_t)(slash - t.at);
	}
	enum result result = parse_host_port(t, out, why_out);
	if (result != OK || net_host_port(t, &host, &port) != OK)
		return result;
	net_address_set_port(out, (uint16_t)udp);
	out->inner_port = port;
	out->type = SOCK_DGRAM;
	return OK;
}

enum result net_address_parse(struct text t, struct net_address *out, const char **why_out)
{
	enum result result;

	*out = (struct net_address){ 0 };
	if (take_prefix(&t, UNIX_PREFIX))
		return parse_unix(t, out, why_out);
	if (take_prefix(&t, SEQPACKET_PREFIX)) {
		result = parse_unix(t, out, why_out);
		out->type = SOCK_SEQPACKET;
		return result;
	}
	if (take_prefix(&t, UDP_SCTP_PREFIX))
		return parse_udp_sctp(t, out, why_out);
	bool sctp = take_prefix(&t, SCTP_PREFIX);
	result = parse_host_port(t, out, why_out);
	out->protocol = sctp ? IPPROTO_SCTP : 0;
	return result;
}

bool net_address_has_records(const struct net_address *a)
{
	return a->type == SOCK_SEQPACKET || a->type == SOCK_DGRAM || a->protocol == IPPROTO_SCTP;
}

static int type_of(const struct net_address *a)
{
	return a->type ? a->type : SOCK_STREAM;
}

const char *net_address_text(const struct net_address *a, char to[NET_ADDRESS_TEXT_SIZE])
{
	char host[INET6_ADDRSTRLEN] = "";
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un u = { 0 };

	switch (a->storage.ss_family) {
	case AF_INET:
		memcpy(&v4, &a->storage, sizeof(v4));
		(void)inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
		snprintf(to, NET_ADDRESS_TEXT_SIZE, "%s:%u", host, ntohs(v4.sin_port));
		break;
	case AF_INET6:
		memcpy(&v6, &a->storage, sizeof(v6));
		(void)inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
		snprintf(to, NET_ADDRESS_TEXT_SIZE, "[%s]:%u", host, ntohs(v6.sin6_port));
		break;
	case AF_UNIX:
		memcpy(&u, &a->storage, sizeof(u));
		snprintf(to, NET_ADDRESS_TEXT_SIZE, "%s%.*s",
			 a->type == SOCK_SEQPACKET ? SEQPACKET_PREFIX : UNIX_PREFIX, (int)sizeof(u.sun_path),
			 u.sun_path);
		break;
	default:
		snprintf(to, NET_ADDRESS_TEXT_SIZE, "unknown");
	}
	return to;
}

const char *net_peer_text(int fd, char to[NET_ADDRESS_TEXT_SIZE])
{
	struct net_address a = { .len = sizeof(a.storage) };

	if (getpeername(fd, (struct sockaddr *)&a.storage, &a.len))
		a = (struct net_address){ 0 };
	return net_address_text(&a, to);
}

void net_socket_addresses(int fd, struct net_address *ours_out, struct net_address *peer_out)
{
	*ours_out = (struct net_address){ .len = sizeof(ours_out->storage) };
	*peer_out = (struct net_address){ .len = sizeof(peer_out->storage) };
	if (getsockname(fd, (struct sockaddr *)&ours_out->storage, &ours_out->len))
		*ours_out = (struct net_address){ 0 };
	if (getpeername(fd, (struct sockaddr *)&peer_out->storage, &peer_out->len))
		*peer_out = (struct net_address){ 0 };
}

bool net_address_is_loopback(const struct net_address *a)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	switch (a->storage.ss_family) {
	case AF_INET:
		memcpy(&v4, &a->storage, sizeof(v4));
		return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
	case AF_INET6:
		memcpy(&v6, &a->storage, sizeof(v6));
		if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
			return v6.sin6_addr.s6_addr[12] == 127;
		return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
	default:
		return a->storage.ss_family == AF_UNIX;
	}
}

/* A socket file that nobody listens on any more, left by a process that was killed. */
static bool remove_stale(const struct net_address *a)
{
	struct sockaddr_un u;
	int fd = socket(AF_UNIX, type_of(a) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	bool stale = connect(fd, (const struct sockaddr *)&a->storage, a->len) && errno == ECONNREFUSED;
	close(fd);
	memcpy(&u, &a->storage, sizeof(u));
	return stale && !unlink(u.sun_path);
}

static int bind_listen(int fd, const struct net_address *a, int backlog)
{
	int one = 1;

	if (a->storage.ss_family != AF_UNIX && a->type != SOCK_DGRAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a->storage.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	int bad = bind(fd, (const struct sockaddr *)&a->storage, a->len);
	if (bad && errno == EADDRINUSE && a->storage.ss_family == AF_UNIX && remove_stale(a))
		bad = bind(fd, (const struct sockaddr *)&a->storage, a->len);
	return bad || a->type == SOCK_DGRAM ? bad : listen(fd, backlog);
}

enum result net_listen(const struct net_address *a, int backlog, int *fd_out, const char **why_out)
{
	int fd = socket(a->storage.ss_family, type_of(a) | SOCK_CLOEXEC | SOCK_NONBLOCK, a->protocol);

	if (fd < 0 || bind_listen(fd, a, backlog)) {
		*why_out = strerror(errno);
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	*fd_out = fd;
	return OK;
}
