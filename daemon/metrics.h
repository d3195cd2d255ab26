/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The counters of all roles as text of the Prometheus exposition format 0.0.4, and for people. Pages are written by
 * other processes: names, labels and helps are taken only when they are well formed.
 */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include "core/base/counter.h"
#include "core/base/writer.h"
#include "daemon/role.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_OCTETS_MAX (2u * 1024u * 1024u) /* room that is always enough */

/*
 * pages[role], NULL where there is none: fill it with role_counters(). Each metric stands once with HELP and TYPE, then
 * one line per role and label: cellpost_net_accepted_total{role="api"} 3
 */
void metrics_write(const struct counter_page *const pages[ROLE_COUNT], struct writer *w);
/* One line per counter whose name or label contains `part` (empty = all): value, name, label, role, help. */
void metrics_show(const struct counter_page *const pages[ROLE_COUNT], struct text part,
		  void (*line)(void *owner, const char *text), void *owner);

#endif
