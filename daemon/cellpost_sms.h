/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cellpost sms`: short messages in words. Everything prints to a stream, so that tests can read it. */
#ifndef DAEMON_CELLPOST_SMS_H
#define DAEMON_CELLPOST_SMS_H

#include <stdio.h>

#include "core/base/text.h"
#include "sms/header.h"
#include "sms/rp.h"
#include "sms/split.h"
#include "sms/tpdu.h"

/* --- cellpost_tpdu.c: one decoded thing, a line for each field that says something --- */
void sms_print_tpdu(FILE *to, const struct tpdu *t);
void sms_print_rp(FILE *to, const struct rp *rp);
void sms_print_header(FILE *to, const struct header *h);
void sms_print_octets(FILE *to, const char *name, struct text octets);

/* --- cellpost_decode.c --- */
extern const char *const sms_forms[]; /* the words of --as, NULL-ended */
/* Prints every form that the octets have, or only the one asked for (a word of sms_forms, NULL = all). Returns how many
 * there were; 0 after saying what each form found wrong, and where. */
unsigned sms_print_decoded(FILE *to, struct text octets, const char *form);

/* --- cellpost_encode.c --- */
struct sms_encode {
	const char *text;
	const char *recipient, *sender; /* at most one: SMS-SUBMIT to, or SMS-DELIVER from */
	struct split_options options;
};
/* The plan, its parts, and their octets where there is an address. False after complaining on stderr. */
bool sms_print_encoded(FILE *to, const struct sms_encode *e);

#endif
