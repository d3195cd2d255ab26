/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions, who waits for them, and the answers kept. An entry is a name and kind with its answer; while it is being
 * asked it has a list of those who wait. Answers are given from a timer, so never inside dns_ask() nor inside c-ares.
 */
#include "core/net/dns.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/idtable.h"
#include "core/net/dns_internal.h"

#define HOSTS_FILE "/etc/hosts"
#define FOR_EVER INT64_MAX

struct waiting {
	uint64_t id;
	void (*answered)(void *owner, const struct dns_answer *answer); /* NULL: forgotten */
	void *owner;
	struct waiting *next;
};

struct entry {
	struct dns *dns;
	char name[DNS_NAME_MAX + 1]; /* in lower case, without a last dot */
	uint32_t hash;
	enum dns_kind kind;
	bool asking, told; /* told: answers are being given from it */
	int64_t good_until_us;
	struct dns_records records;
	struct waiting *first, **last;
	struct entry *next_ready; /* in the list of those to be told */
	bool is_ready, kept;	  /* kept: in the cache */
};

struct dns {
	struct loop *loop;
	struct dns_resolver *resolver;
	struct dns_hosts *hosts;
	struct idtable *waiting;
	struct entry *cache[DNS_CACHE_MAX];
	unsigned cached, next_out;
	struct entry *ready, **ready_last;
	struct loop_timer tell;
	struct counter *asked, *from_cache, *refused;
};

/* --- entries ---------------------------------------------------------------------------------------------------- */

static struct entry *entry_new(struct dns *dns, const char *name, uint32_t hash, enum dns_kind kind)
{
	struct entry *e = must_alloc(sizeof(*e));

	e->dns = dns;
	memcpy(e->name, name, strlen(name) + 1);
	e->hash = hash;
	e->kind = kind;
	e->last = &e->first;
	return e;
}

static void entry_free(struct entry *e)
{
	while (e->first) {
		struct waiting *w = e->first;
		e->first = w->next;
		(void)idtable_remove(e->dns->waiting, w->id);
		free(w);
	}
	dns_records_free(&e->records);
	free(e);
}

static uint32_t hash_of(const char *name, enum dns_kind kind)
{
	uint32_t h = 2166136261u + (uint32_t)kind; /* FNV-1a */

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h;
}

static bool is_busy(const struct entry *e)
{
	return e->asking || e->first || e->is_ready || e->told;
}

static struct entry *cache_find(const struct dns *dns, const char *name, uint32_t hash, enum dns_kind kind)
{
	for (unsigned i = 0; i < dns->cached; i++) {
		struct entry *e = dns->cache[i];
		if (e->hash == hash && e->kind == kind && !strcmp(e->name, name))
			return e;
	}
	return NULL;
}

/* The next in turn that nobody waits for makes place. False when all are busy. */
static bool cache_keep(struct dns *dns, struct entry *e)
{
	for (unsigned i = 0; dns->cached == DNS_CACHE_MAX && i < DNS_CACHE_MAX; i++) {
		unsigned at = dns->next_out++ % DNS_CACHE_MAX;
		if (is_busy(dns->cache[at]))
			continue;
		entry_free(dns->cache[at]);
		dns->cache[at] = e;
		return e->kept = true;
	}
	if (dns->cached == DNS_CACHE_MAX)
		return false;
	dns->cache[dns->cached++] = e;
	return e->kept = true;
}

/* --- telling ---------------------------------------------------------------------------------------------------- */

static struct dns_answer answer_of(const struct entry *e)
{
	int64_t left_us = e->good_until_us - clock_monotonic();
	uint32_t ttl_s = 0;

	if (e->good_until_us != FOR_EVER && left_us > 0)
		ttl_s = (uint32_t)((left_us + USEC_PER_SEC - 1) / USEC_PER_SEC);
	return (struct dns_answer){ .result = e->records.result,
				    .ttl_s = ttl_s,
				    .why = e->records.why,
				    .count = e->records.count,
				    .addresses = e->records.addresses,
				    .naptrs = e->records.naptrs };
}

static void tell_entry(struct entry *e)
{
	struct dns_answer answer = answer_of(e);
	struct waiting *list = e->first, *w;

	/* Who asks again from inside waits for the next round. */
	e->first = NULL;
	e->last = &e->first;
	e->told = true;
	while ((w = list)) {
		list = w->next;
		(void)idtable_remove(e->dns->waiting, w->id);
		if (w->answered)
			w->answered(w->owner, &answer);
		free(w);
	}
	e->told = false;
	if (!e->kept && !is_busy(e))
		entry_free(e);
}

static void tell(void *owner)
{
	struct dns *dns = owner;
	struct entry *list = dns->ready;

	dns->ready = NULL;
	dns->ready_last = &dns->ready;
	while (list) {
		struct entry *e = list;
		list = e->next_ready;
		e->is_ready = false;
		tell_entry(e);
	}
}

static void make_ready(struct entry *e)
{
	struct dns *dns = e->dns;

	if (e->is_ready)
		return;
	e->is_ready = true;
	e->next_ready = NULL;
	*dns->ready_last = e;
	dns->ready_last = &e->next_ready;
	if (!loop_timer_running(&dns->tell))
		loop_timer_start(dns->loop, &dns->tell, 0, tell, dns);
}

static void resolved(void *owner, struct dns_records *records)
{
	struct entry *e = owner;
	uint32_t ttl = records->ttl_s < DNS_TTL_MAX_S ? records->ttl_s : DNS_TTL_MAX_S;

	dns_records_free(&e->records);
	e->records = *records;
	e->asking = false;
	e->good_until_us = clock_monotonic() + (int64_t)ttl * USEC_PER_SEC;
	make_ready(e);
}

/* --- asking ----------------------------------------------------------------------------------------------------- */

static void known(struct entry *e, const struct net_address *addresses, unsigned n)
{
	e->records = (struct dns_records){ .count = n };
	e->records.addresses = must_alloc(n * sizeof(*addresses));
	memcpy(e->records.addresses, addresses, n * sizeof(*addresses));
}

static void failed(struct entry *e, enum result r, const char *why)
{
	e->records = (struct dns_records){ .result = r, .why = why };
}

/* Answers that need no network. */
static bool answer_here(const struct dns *dns, struct entry *e)
{
	struct net_address found[DNS_ADDRESSES_MAX];
	unsigned n = 0;

	if (e->kind != DNS_ADDRESSES)
		return false;
	if (dns_name_is_localhost(e->name)) {
		n += net_address_of_host(TEXT_LITERAL("127.0.0.1"), 0, &found[0]) == OK;
		n += net_address_of_host(TEXT_LITERAL("::1"), 0, &found[1]) == OK;
	} else {
		n = dns_hosts_find(dns->hosts, e->name, found);
	}
	if (n)
		known(e, found, n);
	return n > 0;
}

/* An entry whose answer is there is ready; for one that must be asked, the resolver is called. */
static struct entry *entry_for(struct dns *dns, enum dns_kind kind, struct text host)
{
	char name[DNS_NAME_MAX + 1] = "";
	struct net_address numeric;

	if (kind == DNS_ADDRESSES && net_address_of_host(host, 0, &numeric) == OK) {
		struct entry *e = entry_new(dns, "", 0, kind);
		known(e, &numeric, 1);
		return e;
	}
	if (!dns_name_normalise(host, name)) {
		struct entry *e = entry_new(dns, "", 0, kind);
		failed(e, ERR_MALFORMED, "this is no host name");
		return e;
	}
	uint32_t hash = hash_of(name, kind);
	struct entry *e = cache_find(dns, name, hash, kind);
	if (e)
		return e;
	e = entry_new(dns, name, hash, kind);
	if (answer_here(dns, e))
		e->good_until_us = FOR_EVER;
	else if (idtable_count(dns->waiting) >= DNS_WAITING_MAX || !cache_keep(dns, e))
		failed(e, ERR_BUSY, "too many names are being looked up");
	return e;
}

static void ask_or_use(struct dns *dns, struct entry *e)
{
	if (e->asking)
		return;
	if (!e->kept || e->told || e->good_until_us > clock_monotonic()) {
		counter_add(e->records.result == ERR_BUSY ? dns->refused : dns->from_cache, 1);
		make_ready(e);
		return;
	}
	counter_add(dns->asked, 1);
	e->asking = true;
	dns_resolver_ask(dns->resolver, e->kind, e->name, resolved, e);
}

uint64_t dns_ask(struct dns *dns, enum dns_kind kind, struct text name,
		 void (*answered)(void *owner, const struct dns_answer *answer), void *owner)
{
	struct entry *e = entry_for(dns, kind, name);
	struct waiting *w = must_alloc(sizeof(*w));

	*w = (struct waiting){ .answered = answered, .owner = owner };
	w->id = idtable_add(dns->waiting, w);
	*e->last = w;
	e->last = &w->next;
	ask_or_use(dns, e);
	return w->id;
}

void dns_forget(struct dns *dns, uint64_t id)
{
	struct waiting *w = idtable_remove(dns->waiting, id);

	if (w)
		w->answered = NULL;
}

/* --- life ------------------------------------------------------------------------------------------------------- */

enum result dns_new(struct loop *loop, const char *servers, struct dns **out, const char **why_out)
{
	struct dns *dns = must_alloc(sizeof(*dns));

	dns->loop = loop;
	dns->ready_last = &dns->ready;
	enum result r = dns_resolver_new(loop, servers, &dns->resolver, why_out);
	if (r) {
		free(dns);
		return r;
	}
	dns->hosts = dns_hosts_read(HOSTS_FILE);
	dns->waiting = idtable_new(UINT32_MAX); /* the limit is kept in entry_for() */
	dns->asked = counter_get(COUNTER_COUNT, "dns_asked_total", NULL, "questions sent to name servers");
	dns->from_cache = counter_get(COUNTER_COUNT, "dns_cached_total", NULL, "questions answered from memory");
	dns->refused = counter_get(COUNTER_COUNT, "dns_refused_total", NULL, "questions beyond the limit");
	*out = dns;
	return OK;
}

void dns_free(struct dns **dns)
{
	struct dns *old = *dns;

	*dns = NULL;
	if (!old)
		return;
	dns_resolver_free(&old->resolver);
	loop_timer_stop(&old->tell);
	for (struct entry *e = old->ready; e;) {
		struct entry *next = e->next_ready;
		if (!e->kept)
			entry_free(e);
		e = next;
	}
	for (unsigned i = 0; i < old->cached; i++)
		entry_free(old->cache[i]);
	dns_hosts_free(&old->hosts);
	idtable_free(&old->waiting);
	free(old);
}
