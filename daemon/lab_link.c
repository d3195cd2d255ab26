/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The link "lab": SMS, RCS and MMS to the handsets. What has files waits until they are there, then it is received like
 * the rest: so a handset that was switched off meanwhile gets nothing, and no permit is spent for it.
 */
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/permit_spend.h"
#include "daemon/lab_internal.h"

static void give_result(const struct ipc_deliver *d, enum ipc_outcome outcome, const char *detail, int64_t retry_us)
{
	struct ipc_result r = {
		.id = d->id, .outcome = outcome, .link = LAB_LINK, .detail = text_of(detail), .segments = 1
	};

	r.retry_ms = (uint32_t)(retry_us / USEC_PER_MSEC);
	channel_result(lab.channel, &r);
}

static struct handset *handset_of(struct text number)
{
	struct handset *h = handset_find(lab.handsets, number);

	return !h && lab.any ? handset_get(lab.handsets, number) : h;
}

static bool is_bearer(const struct ipc_deliver *d, const char *bearer)
{
	return text_is(d->bearer, bearer);
}

/* In reach by that bearer; else the network's answer is given. */
static bool in_reach(const struct ipc_deliver *d, const struct handset *h)
{
	if (!h) {
		counter_add(lab.unknown, 1);
		give_result(d, IPC_REFUSED, "no handset of the lab has this number", 0);
		return false;
	}
	if (is_bearer(d, "rcs") && !handset_registered(h)) {
		counter_add(lab.absent, 1);
		give_result(d, IPC_RETRY, handset_is(h, HANDSET_RCS) ? "480 not registered" : "404 no RCS user",
			    lab.retry_us);
		return false;
	}
	if (!handset_on(h)) {
		counter_add(lab.absent, 1);
		give_result(d, IPC_RETRY, "absent subscriber", lab.retry_us);
		return false;
	}
	if (is_bearer(d, "mms") && !(lab.mms && handset_is(h, HANDSET_MMS))) {
		give_result(d, IPC_REFUSED, "this handset has no MMS", 0);
		return false;
	}
	return true;
}

/* B21: what is paid for is not shown without its permit. */
static bool is_permitted(const struct ipc_deliver *d, const struct message *m)
{
	bool mms = is_bearer(d, "mms");
	struct ipc_result refusal;

	if (is_bearer(d, "rcs"))
		return true;
	struct text bearer = mms ? TEXT_LITERAL("mms") : TEXT_LITERAL("sms");
	if (permit_spend(d, bearer, mms ? (int64_t)message_octets(m) : 0, channel_permits_required(lab.channel),
			 clock_monotonic(), &refusal))
		return true;
	refusal.link = LAB_LINK;
	channel_result(lab.channel, &refusal);
	return false;
}

/* An SMS carries no files: a message that has some never comes by one. */
static bool is_sound(const struct ipc_deliver *d, struct message *m)
{
	if (message_decode(d->header, m) || !message_files_valid(m)) {
		give_result(d, IPC_REFUSED, "the envelope is damaged", 0);
		return false;
	}
	m->body = d->body;
	if (m->files.len && !is_bearer(d, "rcs") && !is_bearer(d, "mms")) {
		give_result(d, IPC_REFUSED, "an SMS carries no files", 0);
		return false;
	}
	return true;
}

static void receive(const struct ipc_deliver *d, struct handset *h, const struct message *m, const int *fds,
		    unsigned count)
{
	bool again;
	const struct inbox_entry *e = handset_receive(h, m, d->id, clock_now(), (unsigned)lab.inbox, &again);

	if (e) {
		counter_add(lab.shown, 1);
		handset_note(h, e, d->bearer, d->price);
		lab_files_keep(d->id, fds, count);
		lab_terminal_show(h, e);
	}
	give_result(d, IPC_DELIVERED, "shown on the handset", 0);
}

static void close_all(const int *fds, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

void lab_arrived(const struct ipc_deliver *d, enum result result, const char *why, const int *fds, unsigned count)
{
	struct handset *h = handset_of(d->recipient);
	struct message m;

	if (result)
		give_result(d, IPC_RETRY, why, lab.retry_us);
	else if (in_reach(d, h) && is_sound(d, &m) && is_permitted(d, &m))
		receive(d, h, &m, fds, count);
	close_all(fds, count);
}

void lab_deliver(const struct ipc_deliver *d)
{
	struct handset *h = handset_of(d->recipient);
	struct message m;

	if (!in_reach(d, h) || !is_sound(d, &m))
		return;
	if (m.files.len)
		lab_files_fetch(d, message_files_count(&m));
	else if (is_permitted(d, &m))
		receive(d, h, &m, NULL, 0);
}
