/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A queue role as a script: it sits at the other end of an edge's channel, keeps what the edge says, and answers as it
 * is told to.
 */
#ifndef TESTS_FAKE_QUEUE_H
#define TESTS_FAKE_QUEUE_H

#include "core/channel.h"

#define FAKE_KEPT 512u

struct fake_accept {
	uint32_t call;
	struct message message;				 /* views into `header` */
	char header[2048], body[2048], recipients[2048]; /* recipients: comma-separated */
	size_t body_len;
};

struct fake_result {
	struct message_id id;
	enum ipc_outcome outcome;
	bool await;
	uint32_t retry_ms;
	unsigned segments;
	char link[80], detail[128], wires[256]; /* wires: comma-separated */
};

struct fake_end {
	uint8_t id[16];
	bool done;
	uint32_t retry_ms;
	char detail[80];
};

struct fake_link {
	char name[80], detail[120];
	bool up;
	uint32_t window;
};

struct fake_queue {
	struct loop *loop;
	struct ipc *here, *there;
	struct channel *channel;
	/* the script */
	enum result answer; /* of accepts and parts */
	uint16_t recipient;
	bool silent; /* answers nothing: fake_queue_answer() does */
	bool lose_reports;
	const char *json; /* the answer to ASK; NULL = ERR_NOT_FOUND */
	/* what was said */
	struct fake_accept accepts[FAKE_KEPT];
	struct fake_result results[FAKE_KEPT];
	struct fake_end ends[FAKE_KEPT];
	struct fake_link links[16];
	struct message_id sending[FAKE_KEPT];
	char due[256]; /* recipients of IPC_DUE, comma-separated */
	unsigned accepts_count, parts_count, results_count, ends_count, links_count, sending_count, reports_count,
		asks_count;
	struct ipc_ask ask;
	char ask_account[80];
	struct ipc_part part; /* its numbers */
	char part_recipient[80];
	enum store_outcome report_outcome;
	char report_forms[256], report_peer[80], report_detail[120];
	struct message_id last_id; /* given to an accept */
};

/* `channel` is connected to it. */
void fake_queue_open(struct fake_queue *q, struct loop *loop, struct channel *channel);
void fake_queue_close(struct fake_queue *q);
/* A delivery for the edge; its id. */
struct message_id fake_queue_deliver(struct fake_queue *q, const char *link, const char *recipient,
				     const struct message *message, bool doubt);
/* A row of the outbox; id fills all 16 octets. */
void fake_queue_outbox(struct fake_queue *q, const char *target, uint8_t id, const char *json);
void fake_queue_answer(struct fake_queue *q, uint32_t call, enum result result);
/* NULL when nothing was said of it. */
const struct fake_result *fake_queue_result(const struct fake_queue *q, struct message_id id);
const struct fake_link *fake_queue_link(const struct fake_queue *q, const char *name);
const struct fake_end *fake_queue_end(const struct fake_queue *q, uint8_t id);
bool fake_queue_was_sending(const struct fake_queue *q, struct message_id id);

#endif
