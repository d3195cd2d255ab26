/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A receipt as Kannel's users get it: their dlr-url with its escapes filled in, then fetched by GET. */
#ifndef DAEMON_KANNEL_RECEIPT_H
#define DAEMON_KANNEL_RECEIPT_H

#include <stdint.h>

#include "core/base/text.h"
#include "core/base/writer.h"

/* Of the message that was sent: `from` is its sender. Empty texts stay empty in the URL. */
struct kannel_receipt {
	unsigned report;       /* %d: REPORT_*: 1 delivered, 2 failed, 4 buffered, 8 accepted, 16 rejected */
	struct text from, to;  /* %p %P, and %q %Q with a leading 00 as + */
	struct text account;   /* %n */
	struct text id;	       /* %I: ours */
	struct text wire_id;   /* %F: the network's */
	struct text link;      /* %i */
	struct text reply;     /* %A, and %a %b %e %r %s %k: what the network said */
	struct text reference; /* %o: "account" of the request */
	int64_t at_us;	       /* %t %T */
	unsigned coding;       /* %c: 0 7-bit, 1 8-bit, 2 UCS-2; %C names its charset */
};

/* What nothing is known of (%m %M %u %D %B %f %x %v %V %#group#name#) becomes empty; "%%" is one; any other letter is
 * left as it stands, percent encodings of two digits included. The writer fails when there is no room. */
void kannel_receipt_url(struct text pattern, const struct kannel_receipt *receipt, struct writer *w);

/* The report value of a state's name in any case ("delivered", "EXPIRED"); 0 for none that is told. */
unsigned kannel_report_of(struct text state);

#endif
