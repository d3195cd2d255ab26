/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What modem_link.c (line, deliveries) and modem_link_in.c (what arrives) share. */
#ifndef SMS_MODEM_LINK_INTERNAL_H
#define SMS_MODEM_LINK_INTERNAL_H

#include "sms/link_life.h"
#include "sms/modem_link.h"
#include "sms/retry_cause.h"
#include "sms/tp_message.h"

#define MODEM_LINK_OUT_MAX 2048u
#define MODEM_LINK_WIRE_MAX 64u

/* A delivery, whole in its arena. */
struct modem_going {
	struct modem_going *next;
	struct arena *arena;
	struct message_id id;
	int64_t not_after_us;
	struct message message;
	struct text recipient;
	struct tp_plan plan;
	uint16_t reference;
	unsigned part, tries;
	bool announced;
	struct writer wires; /* texts */
};

/* A message of the modem that waits for the queue's word, in their order. */
struct modem_call {
	uint32_t call;
	bool answered, kept;
};

struct modem_link {
	struct loop *loop;
	struct channel *channel;
	char name[80], number[MESSAGE_ADDRESS_MAX + 1], why[80];
	struct split_options languages;
	bool reports, stopping;
	struct link_life life;
	enum link_doubt doubt;
	struct modem *modem;
	int fd;
	struct loop_watch watch;
	struct loop_timer timer, resume;
	int64_t resume_us, resume_at_us; /* at: 0 = not stopped, or only by hand */
	const char *halt;		 /* why the line is to be stopped when the turn ends */
	struct loop_hook hook;
	struct retry_table retry;
	struct modem_going *first, **last;
	bool submitting;
	struct modem_call calls[MODEM_COMMITS_MAX];
	unsigned calls_count;
	uint8_t out[MODEM_LINK_OUT_MAX];
	size_t out_len;
};

/* modem_link_in.c */
void modem_link_take(struct modem_link *link, const struct modem_message *m);

/* The id by which a report finds its delivery: TP-MR and recipient. */
void modem_link_put_wire(struct writer *w, uint8_t reference, struct text recipient);

#endif
