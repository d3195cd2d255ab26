/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Captures that run: each writes what one link, or all, say and hear into a file (pcap.h), until its size or time is
 * used up, the disk has no room, or it is ended. There is one set of them per process, on the loop's thread; a thread
 * of their own writes the files, and what it cannot write fast enough is dropped and counted, never waited for. Message
 * content is in them by design; passwords of binds are not (pcap_tap.h).
 */
#ifndef SMS_PCAP_FILE_H
#define SMS_PCAP_FILE_H

#include "core/base/loop.h"
#include "sms/pcap.h"

#define PCAP_FILES_MAX 8u	    /* at once */
#define PCAP_NAME_MAX 64u	    /* octets of a file's name */
#define PCAP_LINK_MAX 80u	    /* octets of a link's name */
#define PCAP_BACKLOG_MAX (4u << 20) /* octets that wait for the disk; above, packets are dropped */
#define PCAP_INTERFACES_MAX 1024u   /* links told apart in one file; those beyond share the interface "others" */
#define PCAP_SIZE_LEAST (64u * 1024u)
#define PCAP_SIZE_DEFAULT (16u << 20)
#define PCAP_SIZE_MOST (INT64_C(4) << 30)
#define PCAP_TIME_DEFAULT (INT64_C(600) * 1000000)
#define PCAP_TIME_MOST (INT64_C(86400) * 1000000)

struct pcap_order {
	struct text link; /* "smsc:one", or "all" */
	struct text name; /* of the file, for people: letters, digits, '.', '-', '_', and no dot at the start */
	int64_t size;	  /* octets of the file, PCAP_SIZE_LEAST to PCAP_SIZE_MOST */
	int64_t time_us;  /* 1 to PCAP_TIME_MOST */
};

bool pcap_name_good(struct text name);

/* Takes over fd, an empty file open for writing, in any case. ERR_FULL: PCAP_FILES_MAX run; ERR_MALFORMED: the order.
 */
MUST_CHECK enum result pcap_open(struct loop *loop, const struct pcap_order *order, int fd, const char **why_out);
/* Ends that capture, or every one for "all"; `why` for people, of static life. How many it were. */
unsigned pcap_end(struct text name, const char *why);
/* All that was captured is written, and no thread is left. */
bool pcap_idle(void);
/* Frees everything, at once: what is being written is waited for, what waits behind it is lost. */
void pcap_clear(void);

/* A line for each capture, those that ended lately as well. */
void pcap_show(void (*say)(void *owner, const char *line), void *owner);

/* True while a capture runs: what is worth to ask before anything is prepared for pcap_take(). */
extern bool pcap_on;
bool pcap_wanted(const char *link); /* a capture takes that link */
/* A packet of a link into every capture that takes it. */
void pcap_take(const char *link, enum pcap_link type, bool out, struct text packet);

#endif
