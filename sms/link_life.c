/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sms/link_life.h"

#include <stdio.h>

#include "core/base/clock.h"

#define ROW "%-24s %-5s %8s %7s %9s %8s %9s %8s %9s %6s %6s  %s"

void link_life_up(struct link_life *life, bool up)
{
	if (life->said && life->up == up)
		return;
	life->said = true;
	life->up = up;
	life->since_us = clock_monotonic();
}

static void note_error(struct link_life *life, struct text detail)
{
	size_t n = detail.len < LINK_ERROR_SIZE - 1 ? detail.len : LINK_ERROR_SIZE - 1;

	if (n)
		memcpy(life->error, detail.at, n);
	life->error[n] = '\0';
}

void link_life_result(struct link_life *life, const struct ipc_result *r)
{
	switch (r->outcome) {
	case IPC_SENT:
	case IPC_DELIVERED:
		life->sent++;
		return;
	case IPC_REFUSED:
		life->refused++;
		break;
	case IPC_RETRY:
		life->back++;
		break;
	default:
		life->doubt++;
	}
	note_error(life, r->detail);
}

const char *link_row_head(void)
{
	static char head[LINK_ROW_SIZE];

	snprintf(head, sizeof(head), ROW, "link", "state", "since", "window", "in-flight", "waiting", "sent", "refused",
		 "throttled", "back", "doubt", "last error");
	return head;
}

/* "59s", "59m", "47h", "12d". */
static const char *ago(int64_t us, char to[24])
{
	int64_t s = us / USEC_PER_SEC;

	if (s < 60)
		snprintf(to, 24, "%llds", (long long)s);
	else if (s < 3600)
		snprintf(to, 24, "%lldm", (long long)(s / 60));
	else if (s < 2 * 86400)
		snprintf(to, 24, "%lldh", (long long)(s / 3600));
	else
		snprintf(to, 24, "%lldd", (long long)(s / 86400));
	return to;
}

static const char *number(uint64_t n, char to[24])
{
	snprintf(to, 24, "%llu", (unsigned long long)n);
	return to;
}

const char *link_row_text(const struct link_row *row, char to[LINK_ROW_SIZE])
{
	const struct link_life *l = row->life;
	char t[9][24];

	snprintf(to, LINK_ROW_SIZE, ROW, row->name, l->up ? "up" : "down", ago(clock_monotonic() - l->since_us, t[0]),
		 number(row->window, t[1]), number(row->in_flight, t[2]), number(row->waiting, t[3]),
		 number(l->sent, t[4]), number(l->refused, t[5]),
		 row->throttled < 0 ? "-" : number((uint64_t)row->throttled, t[6]), number(l->back, t[7]),
		 number(l->doubt, t[8]), l->error[0] ? l->error : "-");
	return to;
}
