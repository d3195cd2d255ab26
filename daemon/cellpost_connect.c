/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/cellpost_connect.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define CONNECT_S 3
#define HOST_MAX 255u

static enum result look_up(struct text host, uint16_t port, struct net_address *out, const char **why_out)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	char name[HOST_MAX + 1];

	if (!text_copy(host, name, sizeof(name))) {
		*why_out = "the name is too long";
		return ERR_MALFORMED;
	}
	int error = getaddrinfo(name, NULL, &hints, &found);
	if (error) {
		*why_out = gai_strerror(error);
		return ERR_NOT_FOUND;
	}
	memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
	out->len = found->ai_addrlen;
	freeaddrinfo(found);
	net_address_set_port(out, port);
	return OK;
}

enum result cellpost_address(const char *where, struct net_address *out, const char **why_out)
{
	struct text t = text_of(where), host;
	uint16_t port;

	*out = (struct net_address){ 0 };
	if (net_address_parse(t, out, why_out) == OK)
		return OK;
	if (text_starts(t, "unix:"))
		return ERR_MALFORMED;
	if (net_host_port(t, &host, &port) || !host.len) {
		*why_out = "an address is HOST:PORT, as 127.0.0.1:4260";
		return ERR_MALFORMED;
	}
	return look_up(host, port, out, why_out);
}

enum result cellpost_connect(const char *where, int *fd_out, const char **why_out)
{
	struct net_address to;
	const struct timeval limit = { .tv_sec = CONNECT_S }, none = { 0 };
	enum result r = cellpost_address(where, &to, why_out);

	*fd_out = -1;
	if (r != OK)
		return r;
	int fd = socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		*why_out = strerror(errno);
		return ERR_IO;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)); /* bounds connect(2) too */
	if (connect(fd, (const struct sockaddr *)&to.storage, to.len)) {
		*why_out = errno == EINPROGRESS ? "no answer" : strerror(errno);
		close(fd);
		return ERR_CLOSED;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
	*fd_out = fd;
	return OK;
}

bool cellpost_write(int fd, const void *bytes, size_t n)
{
	struct text rest = { bytes, n };

	while (rest.len) {
		ssize_t sent = write(fd, rest.at, rest.len);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		rest = text_range(rest.at + sent, rest.len - (size_t)sent);
	}
	return true;
}
