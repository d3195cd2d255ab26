/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of sockets: numeric IPv4 and IPv6 with a port, and AF_UNIX paths; of octets, or of records (SCTP, a local
 * SOCK_SEQPACKET socket). No name is ever looked up here (dns.h).
 */
#ifndef CORE_NET_NET_ADDRESS_H
#define CORE_NET_NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/base/result.h"
#include "core/base/text.h"

struct net_address {
	struct sockaddr_storage storage;
	socklen_t len;
	int type, protocol;  /* for socket(); 0 = a stream of octets */
	uint16_t inner_port; /* SCTP's, where it goes inside UDP (type SOCK_DGRAM) */
};

#define NET_ADDRESS_TEXT_SIZE 120 /* "[2001:db8::1]:2775" or "unix:/path", with NUL */

/* "127.0.0.1:2775", "[::1]:80", "unix:/run/x.sock"; of records: "sctp:127.0.0.1:29118", "seqpacket:/run/x.sock",
 * "udp-sctp:127.0.0.1:29118/9899" (SCTP's port, and UDP's, which is 9899 unless said; the address is UDP's).
 * ERR_MALFORMED with a reason; a host name is malformed here. */
MUST_CHECK enum result net_address_parse(struct text t, struct net_address *out, const char **why_out);
const char *net_address_text(const struct net_address *a, char to[NET_ADDRESS_TEXT_SIZE]);
/* "host:port" split without judging the host; the port is 1..65535. Brackets of IPv6 are taken off. */
MUST_CHECK enum result net_host_port(struct text t, struct text *host_out, uint16_t *port_out);
/* A numeric host without a port ("192.0.2.1", "2001:db8::1"); ERR_MALFORMED for anything else. */
MUST_CHECK enum result net_address_of_host(struct text host, uint16_t port, struct net_address *out);
void net_address_set_port(struct net_address *a, uint16_t port); /* no-op on AF_UNIX */
/* The address at the other end of a connected socket, as text; "unknown" where there is none. */
const char *net_peer_text(int fd, char to[NET_ADDRESS_TEXT_SIZE]);
/* Both ends of a socket; family AF_UNSPEC where there is none. */
void net_socket_addresses(int fd, struct net_address *ours_out, struct net_address *peer_out);
bool net_address_has_records(const struct net_address *a);
bool net_address_is_loopback(const struct net_address *a);

/* A bound, listening (but for UDP), non-blocking, close-on-exec socket (SO_REUSEADDR; a stale AF_UNIX file nobody
 * listens on is removed first). ERR_IO with a reason such as "Address already in use". */
MUST_CHECK enum result net_listen(const struct net_address *a, int backlog, int *fd_out, const char **why_out);

#endif
