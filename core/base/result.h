/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one vocabulary of results. Protocol causes (RP-Cause, command_status, HTTP status) are mapped to and from it
 * once, at the edge that speaks the protocol. Text for people travels beside it as `const char **why_out`, always a
 * string that lives as long as the program.
 */
#ifndef CORE_BASE_RESULT_H
#define CORE_BASE_RESULT_H

enum result {
	OK,
	ERR_SHORT,	 /* input ended before the item did: more bytes could cure it */
	ERR_MALFORMED,	 /* no continuation could make this valid */
	ERR_TOO_BIG,	 /* a named limit was met */
	ERR_UNSUPPORTED, /* valid, and not built here */
	ERR_DENIED,	 /* known and not allowed */
	ERR_NOT_FOUND,
	ERR_CONFLICT, /* the same key with another content, or already ended another way */
	ERR_BUSY,     /* temporary: the same call may succeed later */
	ERR_FULL,     /* no room: disk, queue, window */
	ERR_IO,	      /* the operating system said no; errno was logged where it happened */
	ERR_TIMEOUT,
	ERR_CLOSED,  /* the other side is gone */
	ERR_UNKNOWN, /* may or may not have happened: ask again with the same key */
	RESULT_COUNT
};

/* Marks a function whose result must be looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* The name of a result in lower case, for logs and answers ("malformed"); never NULL. */
const char *result_name(enum result r);

#endif
