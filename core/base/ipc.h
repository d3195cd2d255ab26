/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records between the processes of the house, over a stream socketpair.
 *
 *	record:  length u32 (octets after this field) | type u16 | call u32 | flags u8 (1 = a descriptor comes with it)
 *| body
 *
 * Many records leave in one write, at the end of the loop's turn. A descriptor travels beside the record that names it.
 * Flow control: each side grants the other a number of octets and records; what exceeds the grant waits in the sender's
 * queue, and ipc_room() says so before that, so that the sender can stop taking work in. Grants are renewed as the
 * receiver handles records. A bad record (a length beyond the limit, a body its reader refuses) closes the peer, is
 * counted, and never ends the receiving process.
 */
#ifndef CORE_BASE_IPC_H
#define CORE_BASE_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/loop.h"
#include "core/base/reader.h"
#include "core/base/result.h"
#include "core/base/writer.h"

#define IPC_RECORD_MAX (256u * 1024u) /* body of one record */
#define IPC_GRANT_OCTETS (4u * 1024u * 1024u)
#define IPC_GRANT_RECORDS 16384u

struct ipc;

struct ipc_record {
	uint16_t type;
	uint32_t call;
	struct reader body; /* borrowed for the time of the callback */
	int fd;		    /* -1, or a descriptor that is the callback's from now on */
};

struct ipc_handler {
	/* False: the record was bad; the peer is closed and `closed` follows. */
	bool (*record)(void *owner, struct ipc *ipc, struct ipc_record *record);
	/* The peer is gone or was closed for a bad record. The owner frees the ipc, now or later. */
	void (*closed)(void *owner, struct ipc *ipc, const char *why);
	/* After ipc_room() was false: it is true again. May be NULL. */
	void (*room)(void *owner, struct ipc *ipc);
};

/* Takes over fd. `name` (of the peer's role) is copied. */
struct ipc *ipc_new(struct loop *loop, int fd, const char *name, const struct ipc_handler *handler, void *owner);
void ipc_free(struct ipc **ipc);
const char *ipc_name(const struct ipc *ipc);

/* Two connected ends. */
MUST_CHECK enum result ipc_pair(int fds_out[2]);

/*
 * Writing: ipc_begin() gives a writer with room for `max` octets of body, ipc_end() queues the record. Between the two
 * nothing else may be sent on this ipc. A writer that failed drops the record and returns ERR_TOO_BIG.
 */
struct writer *ipc_begin(struct ipc *ipc, uint16_t type, uint32_t call, size_t max);
MUST_CHECK enum result ipc_end(struct ipc *ipc);
/* As ipc_end, with a descriptor: it is closed here once sent. */
MUST_CHECK enum result ipc_end_fd(struct ipc *ipc, int fd);

/* False: the peer's grant is used up or our queue is long; stop taking in work that will be sent here. */
bool ipc_room(const struct ipc *ipc);
void ipc_flush(struct ipc *ipc); /* before the end of the turn; seldom needed */
/* Everything queued is with the kernel: the peer will read it even if this process ends now. */
bool ipc_drained(const struct ipc *ipc);
/* Handles whatever has arrived by now: what a peer said before it ended still counts. Records, `closed` and even
 * ipc_free() by its owner happen inside. */
void ipc_drain(struct ipc *ipc);

/* Shared forms of fields. Strings: u16 length and octets; blobs: u32 length and octets. */
void ipc_put_text(struct writer *w, struct text t);
void ipc_put_blob(struct writer *w, const void *bytes, size_t n);
struct text ipc_get_text(struct reader *r, size_t max);
struct text ipc_get_blob(struct reader *r, size_t max);

#endif
