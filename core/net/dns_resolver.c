/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * c-ares on our loop: it says which sockets it wants watched, and when it must be called again. One question for
 * addresses is two on the wire, A and AAAA; it ends when both did.
 */
#include <ares.h>
#include <ares_nameser.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/reader.h"
#include "core/net/dns_internal.h"

#define TRY_TIMEOUT_MS 1500 /* doubled on each try of the same server */
#define TRIES 2

struct watched {
	struct dns_resolver *resolver;
	struct loop_watch watch;
	struct watched *next;
};

struct dns_resolver {
	struct loop *loop;
	ares_channel channel;
	struct watched *watched;
	struct loop_timer timer;
	bool freeing;
};

struct question {
	struct dns_resolver *resolver;
	unsigned waits_for; /* answers on the wire still to come */
	enum dns_kind kind;
	struct dns_records records;
	unsigned v4_count;
	void (*done)(void *owner, struct dns_records *records);
	void *owner;
};

void dns_records_free(struct dns_records *records)
{
	free(records->addresses);
	free(records->naptrs);
	*records = (struct dns_records){ 0 };
}

/* --- sockets and time ------------------------------------------------------------------------------------------- */

static void timed(void *owner);

static void next_timeout(struct dns_resolver *r)
{
	struct timeval t;

	if (!ares_timeout(r->channel, NULL, &t)) {
		loop_timer_stop(&r->timer);
		return;
	}
	loop_timer_start(r->loop, &r->timer, (int64_t)t.tv_sec * USEC_PER_SEC + t.tv_usec, timed, r);
}

static void timed(void *owner)
{
	struct dns_resolver *r = owner;

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	next_timeout(r);
}

static void ready(void *owner, unsigned events)
{
	const struct watched *w = owner;
	struct dns_resolver *r = w->resolver;
	int fd = w->watch.fd;

	/* The watch may be gone after this call. */
	ares_process_fd(r->channel, events & (LOOP_READ | LOOP_HUP) ? fd : ARES_SOCKET_BAD,
			events & LOOP_WRITE ? fd : ARES_SOCKET_BAD);
	next_timeout(r);
}

static void unwatch(struct dns_resolver *r, int fd)
{
	for (struct watched **at = &r->watched; *at; at = &(*at)->next) {
		struct watched *w = *at;
		if (w->watch.fd != fd)
			continue;
		*at = w->next;
		loop_unwatch(&w->watch);
		free(w);
		return;
	}
}

static void socket_wanted(void *owner, ares_socket_t fd, int readable, int writable)
{
	struct dns_resolver *r = owner;
	unsigned wanted = (readable ? LOOP_READ : 0) | (writable ? LOOP_WRITE : 0);
	struct watched *w = r->watched;

	if (!wanted) {
		unwatch(r, fd);
		return;
	}
	while (w && w->watch.fd != fd)
		w = w->next;
	if (w) {
		loop_want(&w->watch, wanted);
		return;
	}
	w = must_alloc(sizeof(*w));
	w->resolver = r;
	if (loop_watch(r->loop, &w->watch, fd, wanted, ready, w)) {
		free(w); /* was logged; the question ends by its timeout */
		return;
	}
	w->next = r->watched;
	r->watched = w;
}

/* --- answers ---------------------------------------------------------------------------------------------------- */

static void note_error(struct dns_records *records, int status)
{
	enum result r = ERR_BUSY;

	if (status == ARES_ENODATA || status == ARES_ENOTFOUND)
		r = ERR_NOT_FOUND;
	else if (status == ARES_ETIMEOUT)
		r = ERR_TIMEOUT;
	/* One that may be cured by asking again wins over "not found", whose absence was then not proven. */
	if (records->result == OK || records->result == ERR_NOT_FOUND) {
		records->result = r;
		records->why = ares_strerror(status);
	}
}

static void note_ttl(struct dns_records *records, int ttl_s)
{
	uint32_t ttl = ttl_s > 0 ? (uint32_t)ttl_s : 0;

	if (records->ttl_s > ttl)
		records->ttl_s = ttl;
}

/* IPv4 stands first, whichever came first. */
static void add_address(struct question *q, const struct net_address *a)
{
	struct dns_records *records = &q->records;
	unsigned at = a->storage.ss_family == AF_INET ? q->v4_count : records->count;

	if (records->count == DNS_ADDRESSES_MAX)
		return;
	if (!records->addresses)
		records->addresses = must_alloc(DNS_ADDRESSES_MAX * sizeof(*records->addresses));
	memmove(records->addresses + at + 1, records->addresses + at, (records->count - at) * sizeof(*a));
	records->addresses[at] = *a;
	records->count++;
	q->v4_count += a->storage.ss_family == AF_INET;
}

static int take_v4(struct question *q, const unsigned char *packet, int len)
{
	struct ares_addrttl got[DNS_ADDRESSES_MAX];
	int n = DNS_ADDRESSES_MAX;
	int status = ares_parse_a_reply(packet, len, NULL, got, &n);

	for (int i = 0; status == ARES_SUCCESS && i < n; i++) {
		struct net_address a = { .len = sizeof(struct sockaddr_in) };
		struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr = got[i].ipaddr };
		memcpy(&a.storage, &v4, sizeof(v4));
		add_address(q, &a);
		note_ttl(&q->records, got[i].ttl);
	}
	return status;
}

static int take_v6(struct question *q, const unsigned char *packet, int len)
{
	struct ares_addr6ttl got[DNS_ADDRESSES_MAX];
	int n = DNS_ADDRESSES_MAX;
	int status = ares_parse_aaaa_reply(packet, len, NULL, got, &n);

	for (int i = 0; status == ARES_SUCCESS && i < n; i++) {
		struct net_address a = { .len = sizeof(struct sockaddr_in6) };
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
		memcpy(&v6.sin6_addr, &got[i].ip6addr, sizeof(v6.sin6_addr));
		memcpy(&a.storage, &v6, sizeof(v6));
		add_address(q, &a);
		note_ttl(&q->records, got[i].ttl);
	}
	return status;
}

static bool copy_field(const void *from, char *to, size_t size)
{
	return text_copy(text_of(from), to, size);
}

static int by_order(const void *a, const void *b)
{
	const struct dns_naptr *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->preference < y->preference ? -1 : x->preference > y->preference;
}

static void skip_name(struct reader *r)
{
	uint8_t len;

	do {
		len = reader_u8(r);
		if (len >= 0xc0) { /* the rest stands elsewhere, RFC 1035 4.1.4 */
			(void)reader_u8(r);
			return;
		}
		(void)reader_take(r, len);
	} while (len && !r->failed);
}

/* The least TTL of the NAPTR records: c-ares 1.18 keeps none of these. */
static int naptr_ttl(const unsigned char *packet, int len)
{
	struct reader r = reader_of(packet, (size_t)len);
	uint32_t least = DNS_TTL_MAX_S;

	(void)reader_u32(&r); /* id, flags */
	uint16_t questions = reader_u16(&r);
	uint16_t answers = reader_u16(&r);
	(void)reader_u32(&r);
	while (questions-- && !r.failed) {
		skip_name(&r);
		(void)reader_u32(&r);
	}
	while (answers-- && !r.failed) {
		skip_name(&r);
		uint16_t type = reader_u16(&r);
		(void)reader_u16(&r);
		uint32_t ttl = reader_u32(&r);
		uint16_t size = reader_u16(&r);
		(void)reader_take(&r, size);
		if (type == ns_t_naptr && !r.failed && ttl < least)
			least = ttl;
	}
	return r.failed ? (int)DNS_TTL_MISSING_S : (int)least;
}

/* A record with a field that is longer than ours is left out. */
static int take_naptrs(struct question *q, const unsigned char *packet, int len)
{
	struct dns_records *records = &q->records;
	struct ares_naptr_reply *list = NULL;
	int status = ares_parse_naptr_reply(packet, len, &list);

	if (status != ARES_SUCCESS)
		return status;
	records->naptrs = must_alloc(DNS_NAPTRS_MAX * sizeof(*records->naptrs));
	for (const struct ares_naptr_reply *one = list; one && records->count < DNS_NAPTRS_MAX; one = one->next) {
		struct dns_naptr *n = &records->naptrs[records->count];
		n->order = one->order;
		n->preference = one->preference;
		if (copy_field(one->flags, n->flags, sizeof(n->flags)) &&
		    copy_field(one->service, n->service, sizeof(n->service)) &&
		    copy_field(one->regexp, n->regexp, sizeof(n->regexp)) &&
		    copy_field(one->replacement, n->replacement, sizeof(n->replacement)))
			records->count++;
	}
	ares_free_data(list);
	qsort(records->naptrs, records->count, sizeof(*records->naptrs), by_order);
	note_ttl(records, naptr_ttl(packet, len));
	return records->count ? ARES_SUCCESS : ARES_ENODATA;
}

static void part_ended(struct question *q, int status)
{
	struct dns_records *records = &q->records;

	if (status != ARES_SUCCESS)
		note_error(records, status);
	if (--q->waits_for)
		return;
	if (records->count) {
		records->result = OK;
		records->why = NULL;
	} else if (records->result == ERR_NOT_FOUND) {
		note_ttl(records, DNS_TTL_MISSING_S);
	} else {
		if (records->result == OK)
			note_error(records, ARES_ENODATA);
		records->ttl_s = 0;
	}
	if (q->resolver->freeing)
		dns_records_free(records);
	else
		q->done(q->owner, records);
	free(q);
}

static void answered_v4(void *owner, int status, int timeouts, unsigned char *packet, int len)
{
	(void)timeouts;
	part_ended(owner, status == ARES_SUCCESS ? take_v4(owner, packet, len) : status);
}

static void answered_v6(void *owner, int status, int timeouts, unsigned char *packet, int len)
{
	(void)timeouts;
	part_ended(owner, status == ARES_SUCCESS ? take_v6(owner, packet, len) : status);
}

static void answered_naptr(void *owner, int status, int timeouts, unsigned char *packet, int len)
{
	(void)timeouts;
	part_ended(owner, status == ARES_SUCCESS ? take_naptrs(owner, packet, len) : status);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

void dns_resolver_ask(struct dns_resolver *r, enum dns_kind kind, const char *name,
		      void (*done)(void *owner, struct dns_records *records), void *owner)
{
	struct question *q = must_alloc(sizeof(*q));

	*q = (struct question){ .resolver = r, .kind = kind, .done = done, .owner = owner };
	q->records.ttl_s = DNS_TTL_MAX_S;
	q->waits_for = kind == DNS_ADDRESSES ? 2 : 1;
	if (kind == DNS_ADDRESSES) {
		/* The first may end before this returns, but not both. */
		ares_search(r->channel, name, ns_c_in, ns_t_a, answered_v4, q);
		ares_search(r->channel, name, ns_c_in, ns_t_aaaa, answered_v6, q);
	} else {
		ares_query(r->channel, name, ns_c_in, ns_t_naptr, answered_naptr, q);
	}
	next_timeout(r);
}

enum result dns_resolver_new(struct loop *loop, const char *servers, struct dns_resolver **out, const char **why_out)
{
	struct dns_resolver *r = must_alloc(sizeof(*r));
	char lookups[] = "b"; /* the network alone: files are ours */
	struct ares_options options = { .timeout = TRY_TIMEOUT_MS,
					.tries = TRIES,
					.lookups = lookups,
					.sock_state_cb = socket_wanted,
					.sock_state_cb_data = r };
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;

	r->loop = loop;
	int status = ares_library_init(ARES_LIB_INIT_ALL);
	if (status == ARES_SUCCESS)
		status = ares_init_options(&r->channel, &options, mask);
	if (status == ARES_SUCCESS && servers)
		status = ares_set_servers_ports_csv(r->channel, servers);
	if (status != ARES_SUCCESS) {
		*why_out = ares_strerror(status);
		dns_resolver_free(&r);
		return ERR_MALFORMED;
	}
	*out = r;
	return OK;
}

void dns_resolver_free(struct dns_resolver **resolver)
{
	struct dns_resolver *r = *resolver;

	*resolver = NULL;
	if (!r)
		return;
	r->freeing = true;
	if (r->channel)
		ares_destroy(r->channel); /* ends every question, and says good-bye to every socket */
	while (r->watched)
		unwatch(r, r->watched->watch.fd);
	loop_timer_stop(&r->timer);
	ares_library_cleanup();
	free(r);
}
