/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files between the edges and the folder. An edge that is broken or hostile gets memory that it cannot grow, can name
 * no file of others, and reads only files of deliveries that it has in hand.
 */
#include "core/queue_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#define TICK_MIN_US USEC_PER_SEC
#define TICK_MAX_US (300 * USEC_PER_SEC)
#define NO_FOLDER "there is no folder for files"

static void answer(struct queue *q, unsigned edge, uint32_t generation, uint32_t call, enum result result,
		   const char *why, int fd)
{
	struct ipc *ipc = queue_edge_ipc(q, edge, generation);
	struct ipc_file_answer a = { .result = result, .why = text_of(why) };

	if (!ipc) {
		if (fd >= 0)
			close(fd);
		return;
	}
	ipc_put_file_answer(ipc_begin(ipc, IPC_FILE_ANSWER, call, 16 + a.why.len), &a);
	enum result sent = fd >= 0 ? ipc_end_fd(ipc, fd) : ipc_end(ipc);
	if (sent == ERR_FULL) /* too many descriptors are on their way to it */
		answer(q, edge, generation, call, ERR_BUSY, "too many files at once: try again", -1);
	else if (sent)
		LOGE(LOG_CORE, NULL, "the answer about a file was dropped: %s", result_name(sent));
}

void queue_put_files(struct json_writer *w, const struct message *m)
{
	struct reader r = reader_of(m->files.at, m->files.len);
	struct message_file f;
	char name[FILES_NAME_SIZE];

	json_key(w, "files");
	json_open_array(w);
	while (message_take_file(&r, &f)) {
		files_name(f.hash, name);
		json_open_object(w);
		json_put_member_text(w, "media", f.media);
		if (f.name.len)
			json_put_member_text(w, "name", f.name);
		json_put_member_int(w, "size", (int64_t)f.size);
		json_put_member_cstring(w, "sha256", name);
		json_close_object(w);
	}
	json_close_array(w);
}

/* --- memory for a new file -------------------------------------------------------------------- */

static void room_free(struct queue_files *qf, struct queue_room *room)
{
	if (room->fd >= 0)
		close(room->fd);
	qf->room_octets -= room->size;
	free(room);
}

static unsigned rooms_of(const struct queue_files *qf, unsigned edge)
{
	unsigned n = 0;

	for (const struct queue_room *r = qf->rooms; r; r = r->next)
		n += r->edge == edge;
	return n;
}

static enum result make_room(struct queue_files *qf, uint64_t size, unsigned edge, int *fd_out, const char **why_out)
{
	*why_out = qf->why ? qf->why : NO_FOLDER;
	if (!qf->files)
		return ERR_UNSUPPORTED;
	*why_out = "too many files are on their way: try again";
	if (rooms_of(qf, edge) >= QUEUE_ROOMS_MAX)
		return ERR_BUSY;
	if (size <= QUEUE_ROOM_OCTETS_MAX && qf->room_octets + size > QUEUE_ROOM_OCTETS_MAX)
		return ERR_BUSY;
	return files_room(qf->files, size, fd_out, why_out);
}

static void room_add(struct queue *q, unsigned edge, uint32_t call, uint64_t size, int fd)
{
	struct queue_files *qf = q->files;
	struct queue_room *room = must_alloc(sizeof(*room));

	*room = (struct queue_room){ .next = qf->rooms,
				     .edge = edge,
				     .generation = q->edges[edge].generation,
				     .call = call,
				     .size = size,
				     .fd = fd,
				     .since_us = clock_monotonic() };
	qf->rooms = room;
	qf->room_octets += size;
}

static bool new_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_file_new in;
	const char *why = "";
	int fd = -1, theirs = -1;

	if (!ipc_get_file_new(&record->body, &in))
		return false;
	enum result r = make_room(q->files, in.size, edge, &fd, &why);
	if (r == OK) {
		theirs = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		room_add(q, edge, record->call, in.size, fd);
	}
	if (r == OK && theirs < 0) {
		r = ERR_BUSY;
		why = "no descriptor is free: try again";
	}
	answer(q, edge, q->edges[edge].generation, record->call, r, r ? why : "", theirs);
	return true;
}

/* --- a finished one --------------------------------------------------------------------------- */

struct done_job {
	struct queue *queue;
	struct holder *holder;
	unsigned edge;
	uint32_t generation, call;
	uint64_t size;
	struct text account;
	struct files_call keep;
	struct store_fact fact;
};

static void done_end(struct done_job *j, enum result result, const char *why)
{
	struct holder *h = j->holder;

	answer(j->queue, j->edge, j->generation, j->call, result, why, -1);
	queue_release_holder(j->queue, &h);
}

static void given(struct store_request *r)
{
	struct done_job *j = r->owner;
	bool good = r->answer == STORE_DONE || r->answer == STORE_REPEAT;

	queue_asked_done(j->queue);
	done_end(j, good ? OK : ERR_BUSY, good ? "" : "the store cannot note the file now: try again");
}

static void on_disk(struct files_call *c)
{
	struct done_job *j = c->owner;

	j->queue->files->asked--;
	j->queue->files->room_octets -= j->size;
	if (c->result)
		done_end(j, c->result, c->why);
	else
		queue_file_given(j->queue, j->holder->arena, c->hash, j->account, given, j, &j->fact);
}

static struct queue_room *take_room(struct queue_files *qf, unsigned edge, uint32_t generation, uint32_t call)
{
	struct queue_room **at = &qf->rooms, *room;

	while (*at && ((*at)->edge != edge || (*at)->generation != generation || (*at)->call != call))
		at = &(*at)->next;
	room = *at;
	if (room)
		*at = room->next;
	return room;
}

static void start_keep(struct queue *q, struct queue_room *room, uint32_t call, const struct ipc_file_done *in)
{
	struct holder *h = queue_holder(q);
	struct done_job *j = arena_alloc(h->arena, sizeof(*j));

	j->queue = q;
	j->holder = h;
	j->edge = room->edge;
	j->generation = room->generation;
	j->call = call;
	j->size = room->size;
	j->account = arena_text(h->arena, in->account);
	memcpy(j->keep.hash, in->hash, sizeof(j->keep.hash));
	j->keep.size = room->size;
	j->keep.fd = room->fd;
	j->keep.done = on_disk;
	j->keep.owner = j;
	if (files_keep(q->files->files, &j->keep)) {
		room_free(q->files, room);
		done_end(j, ERR_BUSY, "the disk has too much to do: try again");
		return;
	}
	q->files->asked++;
	free(room); /* its memory and its octets are the call's now */
}

static bool done_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_file_done in;

	if (!ipc_get_file_done(&record->body, &in))
		return false;
	struct queue_room *room = take_room(q->files, edge, q->edges[edge].generation, in.room);
	if (room)
		start_keep(q, room, record->call, &in);
	else
		answer(q, edge, q->edges[edge].generation, record->call, ERR_NOT_FOUND,
		       "no such file is being written, or it took too long", -1);
	return true;
}

/* --- a file of a delivery --------------------------------------------------------------------- */

struct get_job {
	struct queue *queue;
	struct holder *holder;
	unsigned edge;
	uint32_t generation, call;
	struct files_call fetch;
};

static void fetched(struct files_call *c)
{
	struct get_job *j = c->owner;
	struct holder *h = j->holder;

	j->queue->files->asked--;
	answer(j->queue, j->edge, j->generation, j->call, c->result, c->why, c->result ? -1 : c->fd);
	queue_release_holder(j->queue, &h);
}

static enum result fetch(struct queue *q, unsigned edge, uint32_t call, const uint8_t hash[32])
{
	struct holder *h = queue_holder(q);
	struct get_job *j = arena_alloc(h->arena, sizeof(*j));

	j->queue = q;
	j->holder = h;
	j->edge = edge;
	j->generation = q->edges[edge].generation;
	j->call = call;
	memcpy(j->fetch.hash, hash, sizeof(j->fetch.hash));
	j->fetch.done = fetched;
	j->fetch.owner = j;
	enum result r = files_fetch(q->files->files, &j->fetch);
	if (r)
		queue_release_holder(q, &h);
	else
		q->files->asked++;
	return r;
}

static bool get_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_file_get in;
	struct message_file file;
	const char *why = "this delivery is not in hand there, or has no such file";
	enum result r = ERR_NOT_FOUND;

	if (!ipc_get_file_get(&record->body, &in))
		return false;
	const struct flight *f = (const struct flight *)flight_find(&q->flights, in.delivery.octets);
	if (f && f->link->edge == edge && f->decoded && q->files->files &&
	    message_file_at(&f->message, in.number, &file)) {
		r = fetch(q, edge, record->call, file.hash);
		why = "the disk has too much to do: try again";
	}
	if (r)
		answer(q, edge, q->edges[edge].generation, record->call, r, why, -1);
	return true;
}

bool queue_file_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	if (record->type == IPC_FILE_NEW)
		return new_record(q, edge, record);
	if (record->type == IPC_FILE_DONE)
		return done_record(q, edge, record);
	return get_record(q, edge, record);
}

/* --- life ------------------------------------------------------------------------------------- */

static bool is_lost(const struct queue_files *qf, const struct queue_room *r, int64_t now_us)
{
	return r->generation != qf->queue->edges[r->edge].generation || now_us - r->since_us > QUEUE_ROOM_US;
}

static void drop_rooms(struct queue_files *qf, int64_t now_us)
{
	struct queue_room **at = &qf->rooms;

	while (*at) {
		struct queue_room *r = *at;
		if (!is_lost(qf, r, now_us)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		room_free(qf, r);
	}
}

void queue_files_lost(struct queue *q)
{
	drop_rooms(q->files, clock_monotonic());
}

static void tick(void *owner)
{
	struct queue_files *qf = owner;
	int64_t wait = qf->keep_us / 4;

	drop_rooms(qf, clock_monotonic());
	if (!qf->queue->stopping)
		queue_files_sweep(qf);
	if (wait < TICK_MIN_US)
		wait = TICK_MIN_US;
	if (wait > TICK_MAX_US)
		wait = TICK_MAX_US;
	loop_timer_start(qf->queue->loop, &qf->timer, wait, tick, qf);
}

void queue_files_new(struct queue *q)
{
	q->files = must_alloc(sizeof(*q->files));
	q->files->queue = q;
}

void queue_files_free(struct queue *q)
{
	struct queue_files *qf = q->files;

	loop_timer_stop(&qf->timer);
	files_close(&qf->files);
	for (struct queue_room *r = qf->rooms, *next; r; r = next) {
		next = r->next;
		room_free(qf, r);
	}
	free(qf);
	q->files = NULL;
}

bool queue_files_idle(const struct queue *q)
{
	return !q->files->asked && (!q->files->files || files_idle(q->files->files));
}

const char *queue_files_text(const struct queue *q, struct arena *arena)
{
	const struct queue_files *qf = q->files;
	unsigned rooms = 0;

	if (!qf->files)
		return qf->why ? qf->why : NO_FOLDER;
	for (const struct queue_room *r = qf->rooms; r; r = r->next)
		rooms++;
	return arena_printf(arena, "%llu octets of %llu, %u unfinished", (unsigned long long)files_octets(qf->files),
			    (unsigned long long)qf->total_max, rooms);
}

void queue_files_folder(struct queue *q, const char *path, const struct files_limits *limits)
{
	struct queue_files *qf = q->files;

	qf->keep_us = limits->keep_us;
	qf->total_max = limits->total_max;
	if (qf->files) {
		files_limit(qf->files, limits);
		return;
	}
	qf->files = files_open(q->loop, path, limits, &qf->why);
	if (!qf->files) {
		LOGN(LOG_CORE, NULL, "messages with files are refused: %s (%s)", qf->why, path);
		return;
	}
	loop_timer_start(q->loop, &qf->timer, TICK_MIN_US, tick, qf);
}
