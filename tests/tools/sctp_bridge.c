// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A peer of SCTP in UDP that is not ours: usrsctp with its own sockets, threads and addresses. Each connection to a
 * local SOCK_SEQPACKET socket becomes an association, its records pass both ways.
 *
 *	sctp_bridge PATH OWN-UDP-PORT PEER-SCTP-PORT PEER-UDP-PORT		(the peer is 127.0.0.1)
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <usrsctp.h>

#define RECORD_MAX 65536

static int peer_port, peer_udp;

struct pair {
	int local;
	struct socket *so;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* The association's records to the local side; its end is that of the local side. */
static void *from_association(void *owner)
{
	struct pair *p = owner;
	static __thread char record[RECORD_MAX];
	struct sctp_rcvinfo info;
	union sctp_sockstore from;

	for (;;) {
		socklen_t from_len = sizeof(from), info_len = sizeof(info);
		unsigned kind = 0;
		int flags = 0;
		ssize_t n = usrsctp_recvv(p->so, record, sizeof(record), (struct sockaddr *)&from, &from_len, &info,
					  &info_len, &kind, &flags);
		if (n <= 0)
			break;
		if (!(flags & MSG_NOTIFICATION) && send(p->local, record, (size_t)n, MSG_NOSIGNAL) < 0)
			break;
	}
	shutdown(p->local, SHUT_RDWR);
	return NULL;
}

static struct socket *associate(void)
{
	struct socket *so = usrsctp_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
	struct sctp_udpencaps encaps = { .sue_address.ss_family = AF_INET, .sue_port = htons((uint16_t)peer_udp) };
	struct sctp_rtoinfo rto = { .srto_initial = 300, .srto_min = 200, .srto_max = 2000 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)peer_port) };
	int one = 1;

	if (!so)
		fail("usrsctp_socket");
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &encaps, sizeof(encaps)))
		fail("SCTP_REMOTE_UDP_ENCAPS_PORT");
	usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_RTOINFO, &rto, sizeof(rto));
	usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_NODELAY, &one, sizeof(one));
	if (usrsctp_connect(so, (struct sockaddr *)&to, sizeof(to))) {
		fprintf(stderr, "sctp_bridge: connect: %s\n", strerror(errno));
		usrsctp_close(so);
		return NULL;
	}
	return so;
}

static void *serve(void *owner)
{
	struct pair *p = owner;
	static __thread char record[RECORD_MAX];
	struct sctp_sndinfo info = { 0 };
	pthread_t back;
	ssize_t n;

	p->so = associate();
	if (p->so && !pthread_create(&back, NULL, from_association, p)) {
		while ((n = recv(p->local, record, sizeof(record), 0)) > 0) {
			if (usrsctp_sendv(p->so, record, (size_t)n, NULL, 0, &info, sizeof(info), SCTP_SENDV_SNDINFO,
					  0) < 0)
				break;
		}
		usrsctp_shutdown(p->so, SHUT_RDWR);
		pthread_join(back, NULL);
		usrsctp_close(p->so);
	}
	close(p->local);
	free(p);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	pthread_t thread;

	if (argc != 5 || strlen(argv[1]) >= sizeof(path.sun_path)) {
		fprintf(stderr, "usage: sctp_bridge PATH OWN-UDP-PORT PEER-SCTP-PORT PEER-UDP-PORT\n");
		return 2;
	}
	memcpy(path.sun_path, argv[1], strlen(argv[1]) + 1);
	peer_port = (int)strtol(argv[3], NULL, 10);
	peer_udp = (int)strtol(argv[4], NULL, 10);
	usrsctp_init((uint16_t)strtol(argv[2], NULL, 10), NULL, NULL);
	int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&path, sizeof(path)) || listen(listener, 16))
		fail(argv[1]);
	for (;;) {
		struct pair *p = calloc(1, sizeof(*p));
		if (!p)
			fail("memory");
		p->local = accept(listener, NULL, NULL);
		if (p->local < 0 || pthread_create(&thread, NULL, serve, p))
			fail("accept");
		pthread_detach(thread);
	}
}
