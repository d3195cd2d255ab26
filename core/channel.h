/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The edge's side of the queue: an edge offers messages and reports, takes deliveries, gives results. This is what all
 * edges share: which deliveries are in hand, results kept until they are committed and offered again after the queue
 * came back, links announced again, calls that a lost queue leaves unanswered.
 *
 * A delivery that comes again while it is in hand (its lease ran out meanwhile) is not given to the edge twice: the
 * result of the first covers it. All on the loop's thread.
 */
#ifndef CORE_CHANNEL_H
#define CORE_CHANNEL_H

#include "core/base/ipc.h"
#include "core/ipc_messages.h"

struct channel;

struct channel_handler {
	/* A delivery is in hand until channel_result(). The texts live for the time of the call. */
	void (*deliver)(void *owner, const struct ipc_deliver *delivery);
	/* The answer to channel_accept() or channel_part(); ERR_UNKNOWN when the queue was lost meanwhile: it may have
	 * been accepted, and the same key asks again. */
	void (*accepted)(void *owner, uint32_t call, const struct ipc_accepted *accepted);
	/* A report is committed (done), or the queue was lost before it was (offer it again, or leave it to the peer).
	 */
	void (*reported)(void *owner, uint32_t call, bool done);
	/* A receipt or notice for a link of this edge: answered by channel_outbox_end(). */
	void (*outbox)(void *owner, const struct ipc_outbox *row);
	/* The answer to channel_ask(), OK or not. */
	void (*answer)(void *owner, uint32_t call, const struct ipc_answer *answer);
	/* The queue is there (again), and links are announced. May be NULL. */
	void (*connected)(void *owner);
	/* Records of other types. May be NULL: they are bad then. */
	bool (*other)(void *owner, struct ipc_record *record);
	/* The answer to one of the channel_file_*() calls. OK: `fd`, when it is not -1, is the callee's: memory to
	 * write the file into, or the file, open for reading. ERR_UNKNOWN: the queue was lost meanwhile. May be NULL
	 * where none of them is called. */
	void (*file)(void *owner, uint32_t call, const struct ipc_file_answer *answer, int fd);
};

/* `role` is part of the incarnation's name; copied. `says_sending`: this edge calls channel_sending(). */
struct channel *channel_new(const char *role, bool says_sending, const struct channel_handler *handler, void *owner);
void channel_free(struct channel **channel);

/* The connection to the queue, until channel_lost(). */
void channel_connect(struct channel *channel, struct ipc *ipc);
void channel_lost(struct channel *channel);
bool channel_record(struct channel *channel, struct ipc_record *record);

/* False: the queue is not there, or has no room; stop taking work in. */
bool channel_ready(const struct channel *channel);

/* Remembered and announced at once and after each reconnection. The name is copied. */
void channel_link(struct channel *channel, struct text name, bool up, uint32_t window, const char *detail);
/* This recipient is in reach (again): what the link put off is due now. False: the queue is not there, say it later. */
bool channel_due(struct channel *channel, struct text link, struct text recipient);
void channel_link_drop(struct channel *channel, struct text name); /* down, and forgotten */

/* Who can be reached by RCS over a link; not remembered: say all of it again in `connected`. */
void channel_presence(struct channel *channel, const struct ipc_presence *presence);

/* Call numbers are never 0; 0 = the queue is not there or has no room, nothing was sent. An id that is all zero is
 * filled in: the message keeps it. */
uint32_t channel_accept(struct channel *channel, const struct ipc_accept *accept);
uint32_t channel_part(struct channel *channel, const struct ipc_part *part);
uint32_t channel_report(struct channel *channel, const struct ipc_report *report);
uint32_t channel_ask(struct channel *channel, const struct ipc_ask *ask);

/*
 * Files (channel_file.c). One to be sent: channel_file_new(), write all of it into the memory that comes, then
 * channel_file_done() with that call as `room`; once that is answered with OK the file is on disk, belongs to
 * `account`, and a message of it may name it. One of a delivery in hand: channel_file_get() with its number from 0.
 */
uint32_t channel_file_new(struct channel *channel, uint64_t size);
uint32_t channel_file_done(struct channel *channel, const struct ipc_file_done *done);
uint32_t channel_file_get(struct channel *channel, struct message_id delivery, unsigned number);

/* Ends a delivery; its epoch is filled in here. A second result for the same one is dropped. */
void channel_result(struct channel *channel, const struct ipc_result *result);
/*
 * Bytes of these deliveries are about to leave. When this process ends before their results, they are in doubt and all
 * others in hand are not: so call it before the first byte, then channel_said(), and let nothing leave while that is
 * false. An edge that never says it has all that it holds in doubt when it ends (`says_sending` false).
 */
void channel_sending(struct channel *channel, const struct message_id *ids, unsigned count);
bool channel_said(struct channel *channel);
bool channel_in_hand(const struct channel *channel, struct message_id id);
unsigned channel_in_hand_count(const struct channel *channel);	/* no result given yet */
unsigned channel_unacknowledged(const struct channel *channel); /* results not committed yet */

/* Where messages are priced, bearers send nothing without a permit (core/permit_spend.h): kept here for all of them. */
void channel_require_permits(struct channel *channel, bool required);
bool channel_permits_required(const struct channel *channel);

void channel_outbox_end(struct channel *channel, const uint8_t id[16], bool done, uint32_t retry_ms,
			struct text detail);

#endif
