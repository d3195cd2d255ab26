/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which parts of long messages have come: the rules of time, repetition and memory over the keys of concat_part.h. It
 * holds no content; whoever keeps the parts (the queue role, as facts of the store) asks here what to do with each.
 *
 *	part -> concat_offer():  KEEP        store it and wait for the others
 *	                         COMPLETE    it was the last one: read all parts, concat_join(), pass the message on
 *	                         DUPLICATE   the same part again: drop it, answer as if it had been kept
 *	                         LATE        the set is over: drop it likewise
 *	                         RESTART     the same number with other content: a new message under an old reference.
 *	                                     Where concat_find() still has the old set, end it by the policy; then
 *	                                     concat_forget() it and offer the part again
 *	                         REFUSE      a limit was met: answer with a temporary error, the sender will repeat
 *	time -> concat_due():    a set that waited too long: pass on what is there, or drop it, by policy
 *
 * After a restart the owner offers every stored part again with the time at which it was received; the table then
 * stands where it stood. A set stays known for a while after its end, and that is all that is forgotten by a restart
 * unless the owner keeps a mark of its own and calls concat_over() for it.
 *
 * One owner, no clock: times are given, in microseconds, of any clock that does not go back.
 */
#ifndef SMS_CONCAT_H
#define SMS_CONCAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text.h"
#include "sms/concat_part.h"

enum concat_policy { CONCAT_PASS_ON, CONCAT_DROP };

struct concat_limits {
	int64_t wait_us;	   /* from the first part until the set ends */
	int64_t swallow_us;	   /* after the end: late parts and repetitions are known */
	uint32_t sets_max;	   /* waiting, and as many again that are over */
	uint64_t octets_max;	   /* of the content of waiting parts */
	enum concat_policy policy; /* of a set that waited too long */
};
#define CONCAT_LIMITS_DEFAULT \
	((struct concat_limits){ .wait_us = INT64_C(1800000000), \
				 .swallow_us = INT64_C(300000000), \
				 .sets_max = 20000, \
				 .octets_max = UINT64_C(16) << 20, \
				 .policy = CONCAT_PASS_ON })

enum concat_verdict {
	CONCAT_KEEP,
	CONCAT_COMPLETE,
	CONCAT_DUPLICATE,
	CONCAT_LATE,
	CONCAT_RESTART,
	CONCAT_REFUSE,
	CONCAT_VERDICTS
};
const char *concat_verdict_name(enum concat_verdict verdict);

struct concat;

struct concat *concat_new(const struct concat_limits *limits);
void concat_free(struct concat **table);

/* `key` is that of the set. A number above `total`, or a key that is too long, is refused. */
enum concat_verdict concat_offer(struct concat *table, struct text key, uint8_t total, const struct concat_part *part,
				 int64_t now_us);

/* A waiting set as it is, or was when it ended. */
struct concat_set {
	char key[CONCAT_KEY_MAX + 1];
	uint8_t total, count;
	uint8_t have[32]; /* bit number - 1 */
	int64_t first_us;
};
bool concat_has(const struct concat_set *set, uint8_t number);
bool concat_find(const struct concat *table, struct text key, struct concat_set *out); /* waiting ones only */

/* When concat_due() will next give a set; INT64_MAX = never. */
int64_t concat_next_us(const struct concat *table);
/* Ends the waiting set that is over first, if one is by now. Ask until false. Also forgets what was over long ago. */
bool concat_due(struct concat *table, int64_t now_us, struct concat_set *out);
/* Ends it now (an operator's word, or a mark from before a restart): what comes is late until swallow_us have passed.
 */
void concat_over(struct concat *table, struct text key, int64_t now_us);
/* As if it had never been: the next part begins anew. */
void concat_forget(struct concat *table, struct text key);

enum concat_policy concat_policy_of(const struct concat *table);
uint32_t concat_waiting(const struct concat *table);
uint64_t concat_octets(const struct concat *table);

#endif
