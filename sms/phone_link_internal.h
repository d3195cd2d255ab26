/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What phone_link.c (phones, deliveries) and phone_link_in.c (what phones send) share. */
#ifndef SMS_PHONE_LINK_INTERNAL_H
#define SMS_PHONE_LINK_INTERNAL_H

#include "sms/key_table.h"
#include "sms/link_life.h"
#include "sms/phone_link.h"
#include "sms/tp_message.h"

#define PHONE_IMSI_MAX 63u /* a SIM's, or what a carrier of messages calls its phone: an address of record */
#define PHONE_NUMBER_MAX 24u
#define PHONE_CALLS_MAX 4096u

struct phone_known {
	char imsi[PHONE_IMSI_MAX + 1];
	char number[PHONE_NUMBER_MAX + 1]; /* "+49172..."; empty = not known */
	int64_t not_before_us;		   /* it is not there, or full: not tried until then; 0 = tried */
	const char *why;		   /* then */
	struct phone_known *next;	   /* of those that the queue is to hear of */
	bool is_back;			   /* among them */
	struct phone_known *next_unput;	   /* of those whose number is to be kept as a fact */
	bool unput;			   /* among them */
	int64_t put_us;			   /* when it was; 0 = not by this process */
	bool flying;			   /* the first of its deliveries is with the carrier */
	uint64_t looked;		   /* the look that met its first delivery: those behind wait */
};

/* A delivery, whole in its arena. */
struct phone_going {
	struct phone_going *next;
	struct arena *arena;
	struct message_id id;
	int64_t not_after_us, again_us; /* again: not before */
	int64_t accepted_us;		/* the time stamp that phones see, the same when it is sent again */
	char number[PHONE_NUMBER_MAX + 1];
	struct message message;
	struct tp_plan plan;
	struct text permit;
	uint16_t reference;
	unsigned part, tries;
	bool announced, flying;
	const char *why;
};

struct phone_report {
	struct phone_report *next;
	uint8_t id[16];
	char number[PHONE_NUMBER_MAX + 1];
	uint8_t tpdu[TPDU_MAX];
	size_t len;
	bool flying;
};

struct phone_call {
	struct phone_call *next;
	uint32_t call;
	uint64_t handle;
	char imsi[PHONE_IMSI_MAX + 1];
};

struct phone_link {
	struct loop *loop;
	struct channel *channel;
	const struct phone_carrier *carrier;
	void *owner;
	char name[80], why[120];
	bool up, dirty; /* dirty: something changed since the last look */
	bool stopping;
	struct link_life life;
	uint64_t look;
	struct phone_link_settings settings;
	struct key_table *by_imsi, *by_number;
	struct phone_going *first, **last;
	uint32_t count;
	struct phone_report *reports; /* in the order in which they came */
	struct phone_known *back;     /* a list */
	struct phone_known *unput;    /* another */
	struct text permit;	      /* of what the carrier is being given */
	uint32_t facts_call;	      /* of the list of numbers that is under way, 0 = none */
	bool loaded;		      /* the list is in, or none is kept */
	struct loop_timer timer;
	struct loop_hook hook;
	struct phone_call *calls;
	unsigned calls_count;
};

struct phone_known *phone_link_find(const struct phone_link *link, const char *imsi);
/* NULL: the limit. */
struct phone_known *phone_link_know(struct phone_link *link, const char *imsi);
void phone_link_wake(struct phone_link *link); /* looks at the deliveries at the end of the turn */
bool phone_link_more(const struct phone_link *link, const char *number, const void *but);
/* Not tried for so long, unless it is said to be back. */
void phone_link_wait(struct phone_known *p, int64_t us, const char *why);
void phone_link_tell_back(struct phone_link *link); /* to the queue: who is in reach again */
/* phone_link_fact.c */
void phone_link_facts_turn(struct phone_link *link);
void phone_link_forget_fact(struct phone_link *link, const char *imsi);
/* phone_link_report.c */
void phone_link_reports_turn(struct phone_link *link);
bool phone_link_report_ended(struct phone_link *link, struct phone_known *p, const struct phone_end *end);
void phone_link_reports_return(struct phone_link *link, bool flying); /* to the queue; those under way too */
void phone_link_calls_free(struct phone_link *link);

#endif
