/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records over a stream socketpair. Outgoing records collect in one buffer and leave at the end of the turn. A
 * descriptor goes with the first octet of its record, in a sendmsg of its own, so that the receiver can match the two
 * by position.
 *
 * Credit: a side may have IPC_GRANT_OCTETS in flight; the receiver returns credit with IPC_CREDIT records as it handles
 * records. What exceeds the credit waits in the buffer. A credit record, and what stands before it, never waits: two
 * sides that are both without credit would otherwise wait for each other for ever.
 */
#include "core/base/ipc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/base/log.h"

#define IPC_CREDIT 0xff00u /* body: octets u32 */
#define HEADER_SIZE 11u	   /* length, type, call, flags */
#define FLAG_DESCRIPTOR 1u
#define INPUT_SIZE (HEADER_SIZE + IPC_RECORD_MAX + 256u * 1024u)
#define FDS_MAX 64 /* a role that is started anew gets all its descriptors in one turn */

struct waiting_fd {
	size_t offset; /* in the output buffer */
	int fd;
};

struct ipc {
	struct loop *loop;
	const struct ipc_handler *handler;
	void *owner;
	char name[32];
	struct loop_watch watch;
	struct loop_hook hook;
	struct loop_timer again; /* after a record that was written later in a turn than our hook */
	int64_t ended_us;	 /* the turn in which the hook ran last */
	int fd;
	bool closed, in_callback, freed, was_full;

	uint8_t *out;
	size_t out_len, out_size, out_sent; /* sent: octets at the front that are gone already */
	size_t urgent_end;		    /* behind the last credit record that waits */
	size_t record_at;		    /* of the record being written */
	struct writer writer;
	struct waiting_fd out_fds[FDS_MAX];
	unsigned out_fds_count;
	int64_t credit; /* octets the peer still lets us send */

	uint8_t *in;
	size_t in_len;
	int in_fds[FDS_MAX];
	unsigned in_fds_count;
	uint32_t handled; /* octets handled since credit was last returned */
};

static void ipc_destroy(struct ipc *ipc)
{
	loop_unwatch(&ipc->watch);
	loop_hook_remove(&ipc->hook);
	loop_timer_stop(&ipc->again);
	if (ipc->fd >= 0)
		close(ipc->fd);
	for (unsigned i = 0; i < ipc->in_fds_count; i++)
		close(ipc->in_fds[i]);
	for (unsigned i = 0; i < ipc->out_fds_count; i++)
		close(ipc->out_fds[i].fd);
	free(ipc->out);
	free(ipc->in);
	free(ipc);
}

void ipc_free(struct ipc **ipc)
{
	struct ipc *old = *ipc;

	*ipc = NULL;
	if (!old)
		return;
	if (old->in_callback) {
		old->freed = true;
		loop_unwatch(&old->watch);
		return;
	}
	ipc_destroy(old);
}

const char *ipc_name(const struct ipc *ipc)
{
	return ipc->name;
}

enum result ipc_pair(int fds_out[2])
{
	int size = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds_out))
		return ERR_IO;
	for (unsigned i = 0; i < 2; i++)
		(void)setsockopt(fds_out[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return OK;
}

/* Tells the owner once; callers must not touch the ipc afterwards unless in_callback keeps it. */
static void ipc_fail(struct ipc *ipc, const char *why)
{
	bool nested = ipc->in_callback;

	if (ipc->closed)
		return;
	ipc->closed = true;
	loop_unwatch(&ipc->watch);
	ipc->in_callback = true;
	if (!ipc->freed)
		ipc->handler->closed(ipc->owner, ipc, why);
	ipc->in_callback = nested;
	if (ipc->freed && !nested)
		ipc_destroy(ipc);
}

static void ipc_bad(struct ipc *ipc, const char *why)
{
	char label[64];

	snprintf(label, sizeof(label), "peer=\"%s\"", ipc->name);
	counter_add(
		counter_get(COUNTER_COUNT, "ipc_bad_record_total", label, "records of a role that could not be read"),
		1);
	LOGE(LOG_BASE, ipc->name, "bad record: %s; this peer is closed", why);
	ipc_fail(ipc, why);
}

static size_t sendable(const struct ipc *ipc)
{
	size_t waiting = ipc->out_len - ipc->out_sent;
	size_t urgent = ipc->urgent_end > ipc->out_sent ? ipc->urgent_end - ipc->out_sent : 0;
	size_t allowed = ipc->credit > 0 ? (size_t)ipc->credit : 0;

	if (allowed < urgent)
		allowed = urgent;
	return waiting < allowed ? waiting : allowed;
}

/* One sendmsg: up to the next descriptor, or with it when it stands at the front. */
static ssize_t send_some(struct ipc *ipc, size_t n)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = ipc->out + ipc->out_sent, .iov_len = n };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (ipc->out_fds_count && ipc->out_fds[0].offset == ipc->out_sent) {
		message.msg_control = control.room;
		message.msg_controllen = sizeof(control.room);
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &ipc->out_fds[0].fd, sizeof(int));
		if (ipc->out_fds_count > 1 && ipc->out_fds[1].offset < ipc->out_sent + n)
			part.iov_len = ipc->out_fds[1].offset - ipc->out_sent;
	} else if (ipc->out_fds_count && ipc->out_fds[0].offset < ipc->out_sent + n) {
		part.iov_len = ipc->out_fds[0].offset - ipc->out_sent;
	}
	return sendmsg(ipc->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void forget_sent_fd(struct ipc *ipc, size_t from)
{
	if (!ipc->out_fds_count || ipc->out_fds[0].offset != from)
		return;
	close(ipc->out_fds[0].fd);
	ipc->out_fds_count--;
	memmove(ipc->out_fds, ipc->out_fds + 1, ipc->out_fds_count * sizeof(ipc->out_fds[0]));
}

static void compact(struct ipc *ipc)
{
	if (!ipc->out_sent)
		return;
	memmove(ipc->out, ipc->out + ipc->out_sent, ipc->out_len - ipc->out_sent);
	ipc->out_len -= ipc->out_sent;
	ipc->urgent_end = ipc->urgent_end > ipc->out_sent ? ipc->urgent_end - ipc->out_sent : 0;
	for (unsigned i = 0; i < ipc->out_fds_count; i++)
		ipc->out_fds[i].offset -= ipc->out_sent;
	ipc->out_sent = 0;
}

void ipc_flush(struct ipc *ipc)
{
	while (!ipc->closed && sendable(ipc)) {
		size_t from = ipc->out_sent;
		ssize_t n = send_some(ipc, sendable(ipc));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			loop_want(&ipc->watch, LOOP_READ); /* the reader will see the end */
			ipc->out_sent = ipc->out_len;
			break;
		}
		if (n < 0)
			break;
		forget_sent_fd(ipc, from);
		ipc->out_sent += (size_t)n;
		ipc->credit -= n;
	}
	compact(ipc);
	loop_want(&ipc->watch, LOOP_READ | (sendable(ipc) ? LOOP_WRITE : 0));
}

static void woken(void *owner)
{
	(void)owner; /* the end of this turn does the work */
}

/* Another hook may write after ours ran (what a store's worker completed): that must not wait for the next event. */
static void come_back(struct ipc *ipc)
{
	if (ipc->ended_us == loop_time(ipc->loop) && !loop_timer_running(&ipc->again))
		loop_timer_start(ipc->loop, &ipc->again, 0, woken, ipc);
}

static void tell_room(struct ipc *ipc)
{
	if (!ipc->was_full || !ipc_room(ipc))
		return;
	ipc->was_full = false;
	if (ipc->handler->room && !ipc->freed)
		ipc->handler->room(ipc->owner, ipc);
	come_back(ipc); /* what the owner takes up now may be the work of a hook that ran already */
}

static void turn_ended(void *owner)
{
	struct ipc *ipc = owner;

	ipc->in_callback = true;
	ipc->ended_us = loop_time(ipc->loop);
	if (ipc->out_len)
		ipc_flush(ipc);
	tell_room(ipc);
	ipc->in_callback = false;
	if (ipc->freed)
		ipc_destroy(ipc);
}

static void grow(struct ipc *ipc, size_t more)
{
	if (ipc->out_len + more <= ipc->out_size)
		return;
	while (ipc->out_size < ipc->out_len + more)
		ipc->out_size = ipc->out_size ? ipc->out_size * 2 : 64u * 1024u;
	ipc->out = must_realloc(ipc->out, ipc->out_size);
}

struct writer *ipc_begin(struct ipc *ipc, uint16_t type, uint32_t call, size_t max)
{
	if (max > IPC_RECORD_MAX)
		max = IPC_RECORD_MAX;
	grow(ipc, HEADER_SIZE + max);
	ipc->record_at = ipc->out_len;
	ipc->writer = writer_of(ipc->out + ipc->out_len, HEADER_SIZE + max);
	writer_u32(&ipc->writer, 0);
	writer_u16(&ipc->writer, type);
	writer_u32(&ipc->writer, call);
	writer_u8(&ipc->writer, 0);
	return &ipc->writer;
}

enum result ipc_end(struct ipc *ipc)
{
	if (!writer_ok(&ipc->writer))
		return ERR_TOO_BIG;
	if (ipc->closed)
		return ERR_CLOSED;
	writer_fill_u32(&ipc->writer, 0);
	ipc->out_len = ipc->record_at + writer_len(&ipc->writer);
	ipc->was_full = ipc->was_full || !ipc_room(ipc);
	come_back(ipc);
	return OK;
}

enum result ipc_end_fd(struct ipc *ipc, int fd)
{
	if (ipc->out_fds_count == FDS_MAX) {
		close(fd);
		return ERR_FULL;
	}
	enum result r = ipc_end(ipc);
	if (r) {
		close(fd);
		return r;
	}
	ipc->out[ipc->record_at + HEADER_SIZE - 1] = FLAG_DESCRIPTOR;
	ipc->out_fds[ipc->out_fds_count++] = (struct waiting_fd){ ipc->record_at, fd };
	return OK;
}

bool ipc_room(const struct ipc *ipc)
{
	return !ipc->closed && ipc->out_len - ipc->out_sent < IPC_GRANT_OCTETS / 2;
}

static void return_credit(struct ipc *ipc, size_t n)
{
	ipc->handled += (uint32_t)n;
	if (ipc->handled < IPC_GRANT_OCTETS / 4)
		return;
	struct writer *w = ipc_begin(ipc, IPC_CREDIT, 0, 4);
	writer_u32(w, ipc->handled);
	if (ipc_end(ipc) == OK) {
		ipc->handled = 0;
		ipc->urgent_end = ipc->out_len;
	}
}

/* A credit record may itself never wait for credit, or two full sides would wait for each other for ever. */
static bool take_credit(struct ipc *ipc, struct reader *body)
{
	uint32_t n = reader_u32(body);

	if (!reader_done(body) || n > IPC_GRANT_OCTETS)
		return false;
	ipc->credit += n;
	return true;
}

static int take_fd(struct ipc *ipc)
{
	int fd = ipc->in_fds[0];

	ipc->in_fds_count--;
	memmove(ipc->in_fds, ipc->in_fds + 1, ipc->in_fds_count * sizeof(int));
	return fd;
}

/* Handles the record at the front of `r`. False when the peer was closed. */
static bool handle_record(struct ipc *ipc, struct reader body)
{
	struct ipc_record record = { .fd = -1 };

	record.type = reader_u16(&body);
	record.call = reader_u32(&body);
	uint8_t flags = reader_u8(&body);
	if (body.failed || flags > FLAG_DESCRIPTOR || (flags && !ipc->in_fds_count)) {
		ipc_bad(ipc, "header");
		return false;
	}
	if (flags)
		record.fd = take_fd(ipc);
	record.body = body;
	if (record.type == IPC_CREDIT) {
		if (take_credit(ipc, &record.body))
			return true;
		ipc_bad(ipc, "credit");
		return false;
	}
	bool good = ipc->handler->record(ipc->owner, ipc, &record);
	if (ipc->freed)
		return false;
	if (!good)
		ipc_bad(ipc, "body");
	return good && !ipc->closed;
}

static bool handle_input(struct ipc *ipc)
{
	struct reader r = reader_of(ipc->in, ipc->in_len);

	while (reader_left(&r) >= 4) {
		struct reader look = r;
		uint32_t len = reader_u32(&look);
		if (len < HEADER_SIZE - 4 || len > HEADER_SIZE + IPC_RECORD_MAX) {
			ipc_bad(ipc, "length");
			return false;
		}
		if (reader_left(&look) < len)
			break;
		struct reader body = reader_sub(&look, len);
		r = look;
		if (!handle_record(ipc, body))
			return false;
		return_credit(ipc, len + 4);
	}
	size_t left = reader_left(&r);
	if (left && r.at != ipc->in)
		memmove(ipc->in, r.at, left);
	ipc->in_len = left;
	return true;
}

static void keep_fds(struct ipc *ipc, struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (ipc->in_fds_count < FDS_MAX)
				ipc->in_fds[ipc->in_fds_count++] = fd;
			else
				close(fd);
		}
	}
}

/* False: nothing was there. */
static bool receive(struct ipc *ipc)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = ipc->in + ipc->in_len, .iov_len = INPUT_SIZE - ipc->in_len };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room)
	};

	ssize_t n = recvmsg(ipc->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		ipc_fail(ipc, n ? "i/o error" : "ended");
		return false;
	}
	keep_fds(ipc, &message);
	ipc->in_len += (size_t)n;
	return handle_input(ipc);
}

static void ready(void *owner, unsigned events)
{
	struct ipc *ipc = owner;

	ipc->in_callback = true;
	if (events & (LOOP_READ | LOOP_HUP))
		(void)receive(ipc);
	if (!ipc->closed && !ipc->freed && (events & LOOP_WRITE))
		ipc_flush(ipc);
	ipc->in_callback = false;
	if (ipc->freed)
		ipc_destroy(ipc);
}

void ipc_drain(struct ipc *ipc)
{
	ipc->in_callback = true;
	while (!ipc->closed && !ipc->freed && receive(ipc))
		;
	ipc->in_callback = false;
	if (ipc->freed)
		ipc_destroy(ipc);
}

bool ipc_drained(const struct ipc *ipc)
{
	return ipc->out_sent == ipc->out_len;
}

struct ipc *ipc_new(struct loop *loop, int fd, const char *name, const struct ipc_handler *handler, void *owner)
{
	struct ipc *ipc = must_alloc(sizeof(*ipc));

	ipc->loop = loop;
	ipc->fd = fd;
	ipc->handler = handler;
	ipc->owner = owner;
	ipc->credit = IPC_GRANT_OCTETS;
	snprintf(ipc->name, sizeof(ipc->name), "%s", name);
	ipc->in = must_alloc(INPUT_SIZE);
	if (loop_watch(loop, &ipc->watch, fd, LOOP_READ, ready, ipc))
		log_fatal(LOG_BASE, "the peer %s cannot be watched", name);
	loop_hook_add(loop, &ipc->hook, turn_ended, ipc);
	return ipc;
}

void ipc_put_text(struct writer *w, struct text t)
{
	if (t.len > UINT16_MAX) {
		w->failed = true;
		return;
	}
	writer_u16(w, (uint16_t)t.len);
	writer_text(w, t);
}

void ipc_put_blob(struct writer *w, const void *bytes, size_t n)
{
	if (n > UINT32_MAX) {
		w->failed = true;
		return;
	}
	writer_u32(w, (uint32_t)n);
	writer_bytes(w, bytes, n);
}

static struct text get_octets(struct reader *r, size_t n, size_t max)
{
	if (n > max) {
		reader_fail(r);
		return (struct text){ 0 };
	}
	const uint8_t *at = reader_take(r, n);
	return text_range((const char *)at, at ? n : 0);
}

struct text ipc_get_text(struct reader *r, size_t max)
{
	uint16_t n = reader_u16(r);

	return get_octets(r, n, max);
}

struct text ipc_get_blob(struct reader *r, size_t max)
{
	uint32_t n = reader_u32(r);

	return get_octets(r, n, max);
}
