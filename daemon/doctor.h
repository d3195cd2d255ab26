/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `cellpost doctor`: what could go wrong on this machine with this configuration, each finding with the way out. A
 * check is a function that says one line or more; it changes nothing but a file of its own in the state directory.
 */
#ifndef DAEMON_DOCTOR_H
#define DAEMON_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/config.h"

enum finding { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct doctor {
	const char *path;
	struct config *config; /* NULL: it cannot be read, and only the machine is looked at */
	const char *vty, *url; /* as given, or NULL = as configured */
	unsigned counts[FINDING_FAIL + 1];
	bool running; /* a gateway holds one of our addresses */
};

/* One line; `way_out` (NULL = none) follows on a line of its own. */
void doctor_say(struct doctor *d, enum finding finding, const char *what, const char *way_out, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

void doctor_ports(struct doctor *d);	    /* free, or ours */
void doctor_files(struct doctor *d);	    /* state directory, disk, fsync */
void doctor_host(struct doctor *d);	    /* kernel, clock, limits */
void doctor_certificates(struct doctor *d); /* expiry */
void doctor_live(struct doctor *d);	    /* VTY, queue, API */

/* Who holds the listening TCP socket of that port, as "NAME (pid N)"; false where it cannot be seen. */
bool doctor_port_owner(uint16_t port, char *to, size_t size);
/* Seconds until the first of the certificates of a PEM text ends; false when there is none. */
bool doctor_certificate_ends(struct text pem, int64_t now_s, int64_t *left_s_out);

#endif
