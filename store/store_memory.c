/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store in memory: opening, and requests at the end of the turn that brought them. */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "store/memory_store.h"
#include "store/store_open.h"

typedef void (*memory_operation)(struct memory_store *m, struct store_request *request);

static const memory_operation operations[] = {
	[STORE_ACCEPT] = memory_accept,
	[STORE_CLAIM] = memory_claim,
	[STORE_RENEW] = memory_renew,
	[STORE_RELEASE] = memory_release,
	[STORE_DUE] = memory_due,
	[STORE_HOLD] = memory_hold,
	[STORE_WAKE] = memory_wake,
	[STORE_DECIDE] = memory_decide,
	[STORE_FINISH] = memory_finish,
	[STORE_REPORT] = memory_report,
	[STORE_IN_DOUBT] = memory_in_doubt,
	[STORE_CANCEL] = memory_cancel,
	[STORE_REFUND] = memory_refund,
	[STORE_FUND] = memory_fund,
	[STORE_EXPIRE] = memory_expire,
	[STORE_PRUNE] = memory_prune,
	[STORE_QUOTE_PRICE] = memory_quote_price,
	[STORE_FACT_PUT] = memory_fact,
	[STORE_FACT_GET] = memory_fact,
	[STORE_FACT_SCAN] = memory_fact_scan,
	[STORE_FACT_SWAP] = memory_fact,
	[STORE_FACT_DELETE] = memory_fact,
	[STORE_CDR_NEXT] = memory_cdr_next,
	[STORE_CDR_ACK] = memory_cdr_ack,
	[STORE_OUTBOX_DUE] = memory_outbox_due,
	[STORE_OUTBOX_DONE] = memory_outbox_end,
	[STORE_OUTBOX_LATER] = memory_outbox_end,
	[STORE_ACCOUNT_PUT] = memory_account,
	[STORE_ACCOUNT_GET] = memory_account,
	[STORE_SUBSCRIBER_PUT] = memory_subscriber,
	[STORE_SUBSCRIBER_GET] = memory_subscriber,
	[STORE_CAP_PUT] = memory_cap,
	[STORE_CONSENT_PUT] = memory_consent,
	[STORE_CONSENT_GET] = memory_consent,
	[STORE_PRICE_PUT] = memory_price_put,
	[STORE_MESSAGE_GET] = memory_message_get,
	[STORE_FENCE] = memory_fence,
	[STORE_SUMS] = memory_sums,
	[STORE_SCAN] = memory_scan,
	[STORE_ROUTES] = memory_routes,
	[STORE_TARGETS] = memory_targets,
	[STORE_CAP_GET] = memory_cap,
};
_Static_assert(sizeof(operations) / sizeof(operations[0]) == STORE_OPERATION_COUNT, "each operation is here");

void *memory_add(struct memory_store *m, struct memory_list *list, size_t size)
{
	if (list->count == list->room) {
		list->room = list->room ? list->room * 2 : 64;
		list->at = must_realloc(list->at, list->room * sizeof(*list->at));
	}
	void *thing = arena_alloc(m->keep, size);
	list->at[list->count++] = thing;
	return thing;
}

void memory_drop(struct memory_list *list, unsigned at)
{
	memmove(&list->at[at], &list->at[at + 1], (list->count - at - 1) * sizeof(*list->at));
	list->count--;
}

struct text memory_text(struct memory_store *m, struct text t)
{
	return arena_text(m->keep, t);
}

struct octets memory_octets(struct memory_store *m, struct octets o)
{
	return (struct octets){ o.len ? arena_copy(m->keep, o.at, o.len) : NULL, o.len };
}

static int64_t memory_now(struct store *store)
{
	struct memory_store *m = (struct memory_store *)store;
	int64_t now = clock_now();

	if (now > m->newest_us)
		m->newest_us = now;
	return m->newest_us;
}

static void run(struct memory_store *m, struct store_request *r)
{
	m->now_us = memory_now(&m->base);
	r->answer = STORE_UNKNOWN;
	r->refusal = STORE_NO_REFUSAL;
	r->why = NULL;
	m->promoted = false;
	if ((unsigned)r->operation < STORE_OPERATION_COUNT)
		operations[r->operation](m, r);
	else
		answer_refused(r, STORE_BAD_REQUEST, "this store does not know the operation");
	r->promoted = m->promoted;
}

static void turn_ended(void *owner)
{
	struct memory_store *m = owner;
	struct store_request *first = m->first, *next;

	m->first = NULL;
	for (struct store_request *r = first; r; r = r->next)
		run(m, r);
	for (struct store_request *r = first; r; r = next) {
		next = r->next;
		r->done(r);
	}
	if (first) /* what the completions wrote to other roles may have missed its hook of this turn */
		loop_wake(m->loop);
}

static void memory_submit(struct store *store, struct store_request *request)
{
	struct memory_store *m = (struct memory_store *)store;

	request->next = NULL;
	if (!m->first)
		m->last = &m->first;
	*m->last = request;
	m->last = &request->next;
}

static enum store_durability memory_durability(const struct store *store)
{
	(void)store;
	return STORE_DURABLE_MEMORY;
}

static void memory_close(struct store *store)
{
	struct memory_store *m = (struct memory_store *)store;
	struct memory_list *const lists[] = { &m->rows,	    &m->wires,	  &m->early,	&m->outbox,
					      &m->idem,	    &m->facts,	  &m->fences,	&m->cdrs,
					      &m->accounts, &m->caps,	  &m->charges,	&m->postings,
					      &m->entries,  &m->consents, &m->versions, &m->subscribers };

	turn_ended(m);
	loop_hook_remove(&m->hook);
	for (unsigned i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		free(lists[i]->at);
	arena_free(&m->keep);
	free(m);
}

static const struct store_driver driver = { memory_submit, memory_now, memory_durability, memory_close };

enum result store_memory_open(struct loop *loop, const struct store_policy *policy, struct store **out,
			      const char **why_out)
{
	struct memory_store *m = must_alloc(sizeof(*m));

	(void)why_out;
	m->base.driver = &driver;
	m->policy = policy;
	m->loop = loop;
	m->keep = arena_new(65536);
	loop_hook_add(loop, &m->hook, turn_ended, m);
	LOGN(LOG_STORE, NULL, "open, durability memory: nothing is kept");
	*out = &m->base;
	return OK;
}
