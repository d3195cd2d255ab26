/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See fake_queue.h. */
#include "tests/fake/fake_queue.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"

#define must(condition) \
	do { \
		if (!(condition)) \
			abort_with(#condition); \
	} while (0)

static void abort_with(const char *what)
{
	fprintf(stderr, "fake queue: %s\n", what);
	abort();
}

static void keep(char *to, size_t size, struct text t)
{
	snprintf(to, size, "%.*s", TEXT_ARGS(t));
}

/* Texts one after the other, as "a,b". */
static void keep_list(char *to, size_t size, struct text list)
{
	struct reader r = reader_of(list.at, list.len);
	struct text one;
	size_t n = 0;

	to[0] = '\0';
	while (reader_left(&r) && ipc_take_recipient(&r, &one) && n < size)
		n += (size_t)snprintf(to + n, size - n, "%s%.*s", n ? "," : "", TEXT_ARGS(one));
}

void fake_queue_answer(struct fake_queue *q, uint32_t call, enum result result)
{
	struct ipc_accepted a = { .result = result, .recipient = q->recipient };

	if (!result)
		q->last_id = a.id = message_id_new(clock_now());
	ipc_put_accepted(ipc_begin(q->there, IPC_ACCEPTED, call, 4096), &a);
	must(ipc_end(q->there) == OK);
}

static void got_accept(struct fake_queue *q, struct ipc_record *record)
{
	struct fake_accept *k = &q->accepts[q->accepts_count++ % FAKE_KEPT];
	struct ipc_accept a;

	must(ipc_get_accept(&record->body, &a));
	must(a.header.len <= sizeof(k->header));
	k->call = record->call;
	memcpy(k->header, a.header.at, a.header.len);
	must(message_decode(text_range(k->header, a.header.len), &k->message) == OK);
	k->body_len = a.body.len;
	keep(k->body, sizeof(k->body), a.body);
	if (a.body.len && a.body.len <= sizeof(k->body)) /* octets too */
		memcpy(k->body, a.body.at, a.body.len);
	keep_list(k->recipients, sizeof(k->recipients), a.recipients);
	if (!q->silent)
		fake_queue_answer(q, record->call, q->answer);
}

static void got_part(struct fake_queue *q, struct ipc_record *record)
{
	must(ipc_get_part(&record->body, &q->part));
	keep(q->part_recipient, sizeof(q->part_recipient), q->part.recipient);
	q->part.header = q->part.body = q->part.recipient = q->part.peer = (struct text){ 0 };
	q->parts_count++;
	if (!q->silent)
		fake_queue_answer(q, record->call, q->answer);
}

static void got_result(struct fake_queue *q, struct ipc_record *record)
{
	struct fake_result *k = &q->results[q->results_count++ % FAKE_KEPT];
	struct ipc_result r;

	must(ipc_get_result(&record->body, &r));
	*k = (struct fake_result){
		.id = r.id, .outcome = r.outcome, .await = r.await, .retry_ms = r.retry_ms, .segments = r.segments
	};
	keep(k->link, sizeof(k->link), r.link);
	keep(k->detail, sizeof(k->detail), r.detail);
	keep_list(k->wires, sizeof(k->wires), r.wires);
	(void)ipc_begin(q->there, IPC_RESULT_DONE, record->call, 0);
	must(ipc_end(q->there) == OK);
}

static void got_report(struct fake_queue *q, struct ipc_record *record)
{
	struct ipc_report r;

	must(ipc_get_report(&record->body, &r));
	q->report_outcome = r.outcome;
	keep_list(q->report_forms, sizeof(q->report_forms), r.forms);
	keep(q->report_peer, sizeof(q->report_peer), r.peer);
	keep(q->report_detail, sizeof(q->report_detail), r.detail);
	q->reports_count++;
	if (q->lose_reports)
		return;
	(void)ipc_begin(q->there, IPC_REPORT_DONE, record->call, 0);
	must(ipc_end(q->there) == OK);
}

static void got_link(struct fake_queue *q, struct ipc_record *record)
{
	struct ipc_link l;
	unsigned i = 0;

	must(ipc_get_link(&record->body, &l));
	while (i < q->links_count && !text_is(l.name, q->links[i].name))
		i++;
	must(i < 16);
	if (i == q->links_count)
		q->links_count++;
	keep(q->links[i].name, sizeof(q->links[i].name), l.name);
	keep(q->links[i].detail, sizeof(q->links[i].detail), l.detail);
	q->links[i].up = l.up;
	q->links[i].window = l.window;
}

static void got_ask(struct fake_queue *q, struct ipc_record *record)
{
	struct ipc_answer a = { .result = q->json ? OK : ERR_NOT_FOUND, .body = text_of(q->json) };

	must(ipc_get_ask(&record->body, &q->ask));
	keep(q->ask_account, sizeof(q->ask_account), q->ask.account);
	q->asks_count++;
	ipc_put_answer(ipc_begin(q->there, IPC_ANSWER, record->call, 4096), &a);
	must(ipc_end(q->there) == OK);
}

static void got_end(struct fake_queue *q, struct ipc_record *record)
{
	struct fake_end *k = &q->ends[q->ends_count++ % FAKE_KEPT];
	struct ipc_outbox_end e;

	must(ipc_get_outbox_end(&record->body, &e));
	memcpy(k->id, e.id, 16);
	k->done = e.done;
	k->retry_ms = e.retry_ms;
	keep(k->detail, sizeof(k->detail), e.detail);
}

static void got_sending(struct fake_queue *q, struct ipc_record *record)
{
	while (reader_left(&record->body)) {
		const uint8_t *id = reader_take(&record->body, MESSAGE_ID_SIZE);
		must(id);
		memcpy(q->sending[q->sending_count++ % FAKE_KEPT].octets, id, MESSAGE_ID_SIZE);
	}
}

static void got_due(struct fake_queue *q, struct ipc_record *record)
{
	struct ipc_due d;
	size_t at = strlen(q->due);

	must(ipc_get_due(&record->body, &d));
	snprintf(q->due + at, sizeof(q->due) - at, "%s%.*s", at ? "," : "", TEXT_ARGS(d.recipient));
}

static bool queue_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct fake_queue *q = owner;

	(void)ipc;
	switch ((enum ipc_type)record->type) {
	case IPC_ACCEPT:
		got_accept(q, record);
		break;
	case IPC_PART:
		got_part(q, record);
		break;
	case IPC_RESULT:
		got_result(q, record);
		break;
	case IPC_REPORT:
		got_report(q, record);
		break;
	case IPC_LINK:
		got_link(q, record);
		break;
	case IPC_ASK:
		got_ask(q, record);
		break;
	case IPC_OUTBOX_END:
		got_end(q, record);
		break;
	case IPC_SENDING:
		got_sending(q, record);
		break;
	case IPC_DUE:
		got_due(q, record);
		break;
	case IPC_HOLDING:
		break;
	default:
		must(!"a record of another type");
	}
	return true;
}

static bool edge_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct fake_queue *q = owner;

	(void)ipc;
	must(channel_record(q->channel, record));
	return true;
}

static void closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	fprintf(stderr, "fake queue: closed: %s\n", why);
}

void fake_queue_open(struct fake_queue *q, struct loop *loop, struct channel *channel)
{
	static const struct ipc_handler queue_side = { queue_got, closed, NULL },
					edge_side = { edge_got, closed, NULL };
	int fds[2];

	q->loop = loop;
	q->channel = channel;
	must(ipc_pair(fds) == OK);
	q->here = ipc_new(loop, fds[0], "queue", &edge_side, q);
	q->there = ipc_new(loop, fds[1], "edge", &queue_side, q);
	channel_connect(channel, q->here);
}

void fake_queue_close(struct fake_queue *q)
{
	if (!q->here)
		return;
	channel_lost(q->channel);
	ipc_free(&q->here);
	ipc_free(&q->there);
}

struct message_id fake_queue_deliver(struct fake_queue *q, const char *link, const char *recipient,
				     const struct message *message, bool doubt)
{
	uint8_t header[MESSAGE_HEADER_MAX];
	struct writer w = writer_of(header, sizeof(header));
	struct ipc_deliver d = { .id = message_id_delivery(message_id_new(clock_now()), 1),
				 .epoch = 1,
				 .attempt = 1,
				 .not_after_us = clock_monotonic() + 60 * USEC_PER_SEC,
				 .doubt = doubt,
				 .link = text_of(link),
				 .recipient = text_of(recipient),
				 .body = message->body,
				 .accepted_us = clock_now(),
				 .expires_us = clock_now() + 3600 * USEC_PER_SEC };

	message_encode(message, &w);
	d.header = text_range((const char *)header, writer_len(&w));
	ipc_put_deliver(ipc_begin(q->there, IPC_DELIVER, 0, 200u + d.header.len + d.body.len + 600u), &d);
	must(ipc_end(q->there) == OK);
	return d.id;
}

void fake_queue_outbox(struct fake_queue *q, const char *target, uint8_t id, const char *json)
{
	struct ipc_outbox o = { .target = text_of(target), .kind = TEXT_LITERAL("receipt"), .body = text_of(json) };

	memset(o.id, id, sizeof(o.id));
	ipc_put_outbox(ipc_begin(q->there, IPC_OUTBOX, 0, 200 + o.body.len), &o);
	must(ipc_end(q->there) == OK);
}

const struct fake_result *fake_queue_result(const struct fake_queue *q, struct message_id id)
{
	for (unsigned i = 0; i < q->results_count && i < FAKE_KEPT; i++) {
		if (message_id_equal(q->results[i].id, id))
			return &q->results[i];
	}
	return NULL;
}

const struct fake_link *fake_queue_link(const struct fake_queue *q, const char *name)
{
	static const struct fake_link none;

	for (unsigned i = 0; i < q->links_count; i++) {
		if (text_is(text_of(name), q->links[i].name))
			return &q->links[i];
	}
	return &none;
}

const struct fake_end *fake_queue_end(const struct fake_queue *q, uint8_t id)
{
	for (unsigned i = q->ends_count; i--;) {
		if (q->ends[i].id[0] == id)
			return &q->ends[i];
	}
	return NULL;
}

bool fake_queue_was_sending(const struct fake_queue *q, struct message_id id)
{
	for (unsigned i = 0; i < q->sending_count; i++) {
		if (message_id_equal(q->sending[i], id))
			return true;
	}
	return false;
}
