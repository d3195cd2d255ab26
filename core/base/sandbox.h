/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line that says what a role may still do: drop ids, no_new_privs, seccomp, landlock. What the kernel lacks is
 * logged at start, never assumed.
 */
#ifndef CORE_BASE_SANDBOX_H
#define CORE_BASE_SANDBOX_H

#include "core/base/result.h"

/* Promises, to be joined with |. Every role has SANDBOX_CORE: memory, clocks, open descriptors, threads already named.
 */
#define SANDBOX_CORE 0u
#define SANDBOX_INET 1u	    /* accept, connect over IPv4 and IPv6 */
#define SANDBOX_UNIX 2u	    /* accept on open AF_UNIX sockets */
#define SANDBOX_FILES 4u    /* open, read, write, sync, rename and remove below the directories given */
#define SANDBOX_READ 8u	    /* open and read below the directories given */
#define SANDBOX_THREADS 16u /* start threads later on */
#define SANDBOX_TTY 32u	    /* termios on open lines */

struct sandbox_path {
	const char *path;
	unsigned promise; /* SANDBOX_FILES or SANDBOX_READ */
};

struct sandbox {
	const char *role;
	unsigned promises;
	const struct sandbox_path *paths; /* ends with a NULL path; NULL = none */
	const char *user;		  /* dropped to when started as root; NULL or "" keeps the ids */
};

/*
 * Irrevocable. Threads that run already lose the ids and get seccomp too; landlock binds them from its version 8 on, so
 * a role with SANDBOX_FILES or SANDBOX_READ starts its workers afterwards, with SANDBOX_THREADS. What reads files on
 * first use (resolvers, certificate stores) is set up before; the time zone is read here. A build with a sanitizer has
 * no seccomp. ERR_DENIED with a log line where the user is unknown or the kernel refuses what it claims to have.
 */
MUST_CHECK enum result sandbox_enter(const struct sandbox *sandbox);

#endif
