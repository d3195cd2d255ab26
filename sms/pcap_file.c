/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A capture fills a chunk at a time; chunks go to the thread in their order, one at a time, so that a file is always
 * whole blocks up to where the disk took them. The chunk being filled goes at the end of the turn if nothing is under
 * way. A place of an ended capture is kept to be shown until a new one needs it.
 */
#include "sms/pcap_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/log.h"
#include "core/base/worker.h"

#define CHUNK_SIZE (128u * 1024u)
#define PROGRAM "cellpost"
#define EVERY_LINK "all"
#define OTHERS "others"

_Static_assert(CHUNK_SIZE > 2 * PCAP_BLOCK_MAX, "a chunk takes an interface and a packet");

struct capture;

/* Filled on the loop, then the thread's until `done`. */
struct chunk {
	struct chunk *next;
	struct capture *capture;
	int fd, error;	 /* what the thread needs and finds */
	uint64_t before; /* octets of the file in front of it */
	struct writer w;
	uint8_t octets[CHUNK_SIZE];
};

struct capture {
	bool used;
	const char *ended; /* why; NULL while it runs */
	char error[80];
	char link[PCAP_LINK_MAX + 1], name[PCAP_NAME_MAX + 1];
	int fd;
	int64_t started_us, time_us; /* monotonic; how long */
	uint64_t size, max;	     /* octets given to it so far; at most */
	uint64_t packets, dropped;
	struct loop_timer timer;
	struct chunk *filling, *first, **last; /* first: those that wait for the thread */
	size_t backlog;
	bool writing;
	char *interfaces[PCAP_INTERFACES_MAX];
	enum pcap_link types[PCAP_INTERFACES_MAX];
	unsigned interfaces_count;
};

static struct {
	struct loop *loop;
	struct loop_hook hook;
	struct worker *worker;
	bool clearing;
	struct capture captures[PCAP_FILES_MAX];
	struct counter *packets, *dropped;
} files;

bool pcap_on;

/* --- the thread --- */

static void write_chunk(void *job)
{
	struct chunk *k = job;
	const uint8_t *at = k->octets;
	size_t left = writer_len(&k->w);

	while (left && !k->error) {
		ssize_t n = write(k->fd, at, left);
		if (n > 0) {
			at += n;
			left -= (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			k->error = n ? errno : EIO;
		}
	}
	/* No half of a block stays behind, if the disk can still do that. */
	bool cut = k->error && !ftruncate(k->fd, (off_t)k->before);
	(void)cut;
}

static void chunk_done(void *job);

static void next_chunk(struct capture *c)
{
	struct chunk *k = c->first;

	if (c->writing || !k || files.clearing)
		return;
	c->first = k->next;
	if (!c->first)
		c->last = &c->first;
	c->writing = worker_submit(files.worker, write_chunk, chunk_done, k) == OK;
	if (!c->writing) { /* as many may wait as there are captures */
		c->backlog -= writer_len(&k->w);
		free(k);
	}
}

static void hand_over(struct capture *c)
{
	struct chunk *k = c->filling;

	if (!k)
		return;
	c->filling = NULL;
	if (!writer_len(&k->w)) {
		free(k);
		return;
	}
	*c->last = k;
	c->last = &k->next;
	next_chunk(c);
}

/* --- ends --- */

static void look_on(void)
{
	pcap_on = false;
	for (unsigned i = 0; i < PCAP_FILES_MAX; i++)
		pcap_on = pcap_on || (files.captures[i].used && !files.captures[i].ended);
}

static void forget_interfaces(struct capture *c)
{
	for (unsigned i = 0; i < c->interfaces_count; i++)
		free(c->interfaces[i]);
	c->interfaces_count = 0;
}

/* The descriptor goes once the last chunk is written. */
static void close_when_written(struct capture *c)
{
	if (!c->ended || c->writing || c->first || c->fd < 0)
		return;
	close(c->fd);
	c->fd = -1;
}

static void end_capture(struct capture *c, const char *why)
{
	if (c->ended)
		return;
	c->ended = why;
	loop_timer_stop(&c->timer);
	LOGN(LOG_SMS, c->link, "the capture into %s ended: %s; %llu packets, %llu dropped", c->name, why,
	     (unsigned long long)c->packets, (unsigned long long)c->dropped);
	hand_over(c);
	close_when_written(c);
	forget_interfaces(c);
	look_on();
}

static void drop_chunks(struct capture *c)
{
	for (struct chunk *k = c->first, *next; k; k = next) {
		next = k->next;
		free(k);
	}
	free(c->filling);
	c->filling = NULL;
	c->first = NULL;
	c->last = &c->first;
	c->backlog = 0;
}

static void failed(struct capture *c, int error)
{
	drop_chunks(c);
	if (c->ended) {
		LOGE(LOG_SMS, c->link, "the end of the capture into %s is lost: %s", c->name, strerror(error));
		return;
	}
	snprintf(c->error, sizeof(c->error), "it cannot be written: %s", strerror(error));
	end_capture(c, c->error);
}

static void chunk_done(void *job)
{
	struct chunk *k = job;
	struct capture *c = k->capture;

	c->writing = false;
	if (k->error) {
		failed(c, k->error);
	} else {
		c->backlog -= writer_len(&k->w);
		next_chunk(c);
	}
	free(k);
	close_when_written(c);
}

static void time_over(void *owner)
{
	end_capture(owner, "its time is over");
}

static void turn_ended(void *owner)
{
	(void)owner;
	for (unsigned i = 0; i < PCAP_FILES_MAX; i++) {
		struct capture *c = &files.captures[i];

		if (c->used && !c->writing && !c->first)
			hand_over(c);
	}
}

/* --- blocks --- */

/* Room for a block of at most PCAP_BLOCK_MAX; NULL when the disk is too slow. */
static struct writer *room(struct capture *c)
{
	if (c->filling && writer_room(&c->filling->w) < PCAP_BLOCK_MAX)
		hand_over(c);
	if (!c->filling) {
		if (c->backlog > PCAP_BACKLOG_MAX)
			return NULL;
		c->filling = must_alloc(sizeof(*c->filling));
		c->filling->capture = c;
		c->filling->fd = c->fd;
		c->filling->before = c->size;
		c->filling->w = writer_of(c->filling->octets, CHUNK_SIZE);
	}
	return &c->filling->w;
}

/* What was put behind `mark` counts, unless it is too much: then it is taken back and the capture ends. */
static bool count(struct capture *c, struct writer *w, size_t mark)
{
	size_t n = writer_len(w) - mark;

	if (c->size + n > c->max) {
		w->at = w->start + mark;
		end_capture(c, "the file is as big as it may be");
		return false;
	}
	c->size += n;
	c->backlog += n;
	return true;
}

static bool put_start(struct capture *c)
{
	struct writer *w = room(c);
	size_t mark = w ? writer_len(w) : 0;

	if (!w)
		return false;
	pcap_put_section(w, TEXT_LITERAL(PROGRAM));
	return count(c, w, mark);
}

static unsigned find_interface(const struct capture *c, const char *link, enum pcap_link type)
{
	unsigned i = 0;

	while (i < c->interfaces_count && (c->types[i] != type || strcmp(c->interfaces[i], link) != 0))
		i++;
	return i;
}

/* The last two places are those of the others, one of each type. */
static unsigned interface_of(struct capture *c, const char *link, enum pcap_link type, struct writer *w)
{
	unsigned i = find_interface(c, link, type);

	if (i >= PCAP_INTERFACES_MAX - 2 && i == c->interfaces_count) {
		link = OTHERS;
		i = find_interface(c, link, type);
	}
	if (i < c->interfaces_count)
		return i;
	c->interfaces[i] = strdup(link);
	if (!c->interfaces[i])
		log_fatal(LOG_SMS, "no memory for a capture");
	c->types[i] = type;
	c->interfaces_count++;
	pcap_put_interface(w, type, text_of(link));
	return i;
}

static void put(struct capture *c, const char *link, enum pcap_link type, bool out, struct text packet)
{
	struct writer *w = room(c);
	struct pcap_packet p = { .time_us = clock_now(), .out = out, .octets = packet };

	if (!w) {
		c->dropped++;
		counter_add(files.dropped, 1);
		return;
	}
	size_t mark = writer_len(w);
	p.interface = interface_of(c, link, type, w);
	pcap_put_packet(w, &p);
	if (!count(c, w, mark))
		return;
	c->packets++;
	counter_add(files.packets, 1);
}

static bool takes(const struct capture *c, const char *link)
{
	return c->used && !c->ended && (!strcmp(c->link, EVERY_LINK) || !strcmp(c->link, link));
}

bool pcap_wanted(const char *link)
{
	for (unsigned i = 0; i < PCAP_FILES_MAX; i++) {
		if (takes(&files.captures[i], link))
			return true;
	}
	return false;
}

void pcap_take(const char *link, enum pcap_link type, bool out, struct text packet)
{
	if (packet.len > PCAP_PACKET_MAX)
		return;
	for (unsigned i = 0; i < PCAP_FILES_MAX; i++) {
		if (takes(&files.captures[i], link))
			put(&files.captures[i], link, type, out, packet);
	}
}

/* --- life --- */

bool pcap_name_good(struct text name)
{
	bool good = name.len && name.len <= PCAP_NAME_MAX && name.at[0] != '.';

	for (size_t i = 0; good && i < name.len; i++) {
		char ch = name.at[i];
		good = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '.' ||
		       ch == '-' || ch == '_';
	}
	return good;
}

/* The thread is started behind the sandbox, so that it binds it too. */
static void start(struct loop *loop)
{
	if (files.worker)
		return;
	files.loop = loop;
	files.worker = worker_new(loop, 1, PCAP_FILES_MAX);
	loop_hook_add(loop, &files.hook, turn_ended, NULL);
	files.packets = counter_get(COUNTER_COUNT, "capture_packets_total", NULL, "packets written to captures");
	files.dropped = counter_get(COUNTER_COUNT, "capture_dropped_total", NULL,
				    "packets that captures left out because the disk was too slow");
}

/* A free place, else that of the capture that ended first; NULL while all run. */
static struct capture *free_place(void)
{
	struct capture *found = NULL;

	for (unsigned i = 0; i < PCAP_FILES_MAX; i++) {
		struct capture *c = &files.captures[i];

		if (!c->used)
			return c;
		if (c->ended && c->fd < 0 && (!found || c->started_us < found->started_us))
			found = c;
	}
	return found;
}

static enum result bad_order(const struct pcap_order *o, const char **why_out)
{
	*why_out = "a file's name has up to 64 letters, digits, '.', '-' and '_', and no dot at its start";
	if (!pcap_name_good(o->name))
		return ERR_MALFORMED;
	*why_out = "a link's name has 1 to 80 octets";
	if (!o->link.len || o->link.len > PCAP_LINK_MAX)
		return ERR_MALFORMED;
	*why_out = "max-size is 64k to 4g, the time up to 24h";
	if (o->size < (int64_t)PCAP_SIZE_LEAST || o->size > PCAP_SIZE_MOST || o->time_us < 1 ||
	    o->time_us > PCAP_TIME_MOST)
		return ERR_MALFORMED;
	return OK;
}

static void begin(struct capture *c, const struct pcap_order *o, int fd)
{
	*c = (struct capture){
		.used = true, .fd = fd, .started_us = clock_monotonic(), .time_us = o->time_us, .max = (uint64_t)o->size
	};
	c->last = &c->first;
	(void)text_copy(o->link, c->link, sizeof(c->link));
	(void)text_copy(o->name, c->name, sizeof(c->name));
	loop_timer_start(files.loop, &c->timer, o->time_us, time_over, c);
	(void)put_start(c);
	look_on();
}

enum result pcap_open(struct loop *loop, const struct pcap_order *o, int fd, const char **why_out)
{
	enum result r = bad_order(o, why_out);

	if (r == OK) {
		start(loop);
		struct capture *c = free_place();
		if (c) {
			begin(c, o, fd);
			return OK;
		}
		*why_out = "8 captures run already";
		r = ERR_FULL;
	}
	close(fd);
	return r;
}

unsigned pcap_end(struct text name, const char *why)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PCAP_FILES_MAX; i++) {
		struct capture *c = &files.captures[i];

		if (!c->used || c->ended || (!text_is(name, EVERY_LINK) && !text_is(name, c->name)))
			continue;
		end_capture(c, why);
		n++;
	}
	return n;
}

bool pcap_idle(void)
{
	for (unsigned i = 0; i < PCAP_FILES_MAX; i++) {
		if (files.captures[i].used && files.captures[i].fd >= 0)
			return false;
	}
	return true;
}

void pcap_clear(void)
{
	(void)pcap_end(TEXT_LITERAL(EVERY_LINK), "the program ends");
	if (!files.worker)
		return;
	files.clearing = true;
	worker_free(&files.worker);
	files.clearing = false;
	loop_hook_remove(&files.hook);
	for (unsigned i = 0; i < PCAP_FILES_MAX; i++) {
		struct capture *c = &files.captures[i];

		if (!c->used)
			continue;
		drop_chunks(c);
		c->writing = false;
		close_when_written(c);
		*c = (struct capture){ 0 };
	}
}

void pcap_show(void (*say)(void *owner, const char *line), void *owner)
{
	char line[400];

	for (unsigned i = 0; i < PCAP_FILES_MAX; i++) {
		const struct capture *c = &files.captures[i];

		if (!c->used)
			continue;
		int64_t left = (c->started_us + c->time_us - clock_monotonic()) / USEC_PER_SEC;
		snprintf(line, sizeof(line), "%s: %s, %llu of %llu octets, %llu packets, %llu dropped, ", c->name,
			 c->link, (unsigned long long)c->size, (unsigned long long)c->max,
			 (unsigned long long)c->packets, (unsigned long long)c->dropped);
		size_t n = strlen(line);
		if (c->ended)
			snprintf(line + n, sizeof(line) - n, "ended: %s", c->ended);
		else
			snprintf(line + n, sizeof(line) - n, "%lld s left", (long long)(left > 0 ? left : 0));
		say(owner, line);
	}
}
