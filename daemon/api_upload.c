/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes on their way to the store, one file of a request after the other: memory is asked for, filled, and said to be
 * done. They are copied out of the request first, which may be gone at any time. When all are on disk, what POST
 * /v1/files asked for is answered, and a message that brought its files is looked at once more, by the same handler.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/net/digest.h"
#include "daemon/api_internal.h"
#include "daemon/api_message.h"

#define UPLOADS_MAX 64u /* requests with files at once */

struct upload {
	struct upload *next;
	struct arena *arena;
	struct api_ref ref;
	enum api_call_kind kind;
	bool alone; /* POST /v1/files */
	struct text account;
	struct api_file *files;
	unsigned count, at;
	uint32_t call; /* that is unanswered */
	bool written;  /* the bytes of the file at hand are in its memory */
};

static struct upload *uploads;
static unsigned uploads_count;

static void upload_free(struct upload *u)
{
	struct upload **at = &uploads;
	struct arena *arena = u->arena;

	while (*at != u)
		at = &(*at)->next;
	*at = u->next;
	uploads_count--;
	arena_free(&arena);
}

static struct upload *upload_new(struct api_ref ref, const struct api_account *account, unsigned count)
{
	struct arena *arena = arena_new(4096);
	struct upload *u = arena_alloc(arena, sizeof(*u));

	u->arena = arena;
	u->ref = ref;
	u->account = arena_text(arena, account->name);
	u->files = arena_alloc(arena, count * sizeof(*u->files));
	u->next = uploads;
	uploads = u;
	uploads_count++;
	return u;
}

static void add_file(struct upload *u, const struct message_file *file, struct text bytes)
{
	u->files[u->count].file = *file; /* its texts are not looked at again */
	u->files[u->count++].bytes = arena_text(u->arena, bytes);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void put_given(struct http_exchange *x, const struct message_file *file)
{
	char room[512], name[API_FILE_NAME_SIZE];
	struct json_writer w;

	json_writer_init(&w, room, sizeof(room));
	json_open_object(&w);
	json_put_member_text(&w, "file", api_file_name(file, name));
	json_put_member_int(&w, "size", (int64_t)file->size);
	json_close_object(&w);
	api_answer_json(x, 201, json_writer_text(&w));
}

static void refuse(struct upload *u, enum result result, struct text why)
{
	struct http_exchange *x = api_port_exchange(u->ref);
	struct api_problem problem;

	counter_add(api.count.refused, 1);
	arena_reset(api.arena);
	if (!x)
		counter_add(api.count.gone, 1);
	else {
		api_problem_of(&problem, result, why, api.arena);
		if (!u->alone)
			problem.field = text_of(arena_printf(api.arena, "files[%u]", u->at));
		api_answer_problem(x, &problem);
	}
	upload_free(u);
}

static void all_there(struct upload *u)
{
	struct http_exchange *x = api_port_exchange(u->ref);
	struct api_account *account = api_accounts_find(api.accounts, u->account);
	struct api_ref ref = u->ref;
	enum api_call_kind kind = u->kind;

	if (!x) {
		counter_add(api.count.gone, 1);
		upload_free(u);
		return;
	}
	if (!account) {
		refuse(u, ERR_DENIED, TEXT_LITERAL("the account is no longer configured"));
		return;
	}
	if (u->alone) {
		put_given(x, &u->files[0].file);
		upload_free(u);
		return;
	}
	upload_free(u);
	arena_reset(api.arena);
	api_send_given(ref, x, account, kind);
}

/* --- one file after the other ----------------------------------------------------------------- */

static void next_file(struct upload *u)
{
	while (u->at < u->count && !u->files[u->at].bytes.len)
		u->at++;
	if (u->at == u->count) {
		all_there(u);
		return;
	}
	u->written = false;
	u->call = channel_file_new(api.channel, u->files[u->at].bytes.len);
	if (!u->call)
		refuse(u, ERR_CLOSED, (struct text){ 0 });
}

static bool write_all(int fd, struct text bytes)
{
	size_t at = 0;

	while (at < bytes.len) {
		ssize_t n = pwrite(fd, bytes.at + at, bytes.len - at, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

static void fill(struct upload *u, int fd)
{
	struct ipc_file_done done = { .room = u->call, .account = u->account };

	memcpy(done.hash, u->files[u->at].file.hash, sizeof(done.hash));
	u->written = write_all(fd, u->files[u->at].bytes);
	u->call = u->written ? channel_file_done(api.channel, &done) : 0;
	if (!u->call)
		refuse(u, ERR_BUSY, (struct text){ 0 });
}

void api_upload_answer(uint32_t call, const struct ipc_file_answer *answer, int fd)
{
	struct upload *u = uploads;

	while (u && u->call != call)
		u = u->next;
	if (u && answer->result) {
		refuse(u, answer->result == ERR_UNKNOWN ? ERR_CLOSED : answer->result, answer->why);
	} else if (u && u->written) {
		counter_add(api.count.files, 1);
		u->at++;
		next_file(u);
	} else if (u) {
		fill(u, fd);
	}
	if (fd >= 0)
		close(fd);
}

static enum result has_room(struct api_problem *p)
{
	enum result r = api_send_ready(p);

	if (r != OK || uploads_count < UPLOADS_MAX)
		return r;
	*p = (struct api_problem){
		.status = 503, .code = "busy", .message = "too many files are on their way: try again", .retry_after = 1
	};
	return ERR_BUSY;
}

enum result api_upload_files(struct api_ref ref, const struct api_account *account, const struct api_message *in,
			     enum api_call_kind kind, struct api_problem *problem)
{
	enum result r = has_room(problem);

	if (r != OK)
		return r;
	struct upload *u = upload_new(ref, account, in->files_count);
	u->kind = kind;
	for (unsigned i = 0; i < in->files_count; i++)
		add_file(u, &in->files[i].file, in->files[i].bytes);
	next_file(u);
	return OK;
}

/* The body is the file, whatever its type is said to be: the message that names it says that. */
void api_upload_alone(struct api_ref ref, struct http_exchange *x, struct api_account *account, struct text id)
{
	struct text body = http_exchange_request(x)->body;
	struct digest_part part = { body.at, body.len };
	struct message_file file = { .size = body.len };
	struct api_problem problem;
	enum result r = OK;

	(void)id;
	if (!body.len)
		r = api_problem(&problem, api.arena, 400, "missing", (struct text){ 0 },
				"the body is the file: curl --data-binary @photo.jpg");
	if (r == OK)
		r = has_room(&problem);
	if (r == OK)
		r = api_send_within_rate(account, 1, &problem);
	if (r != OK) {
		counter_add(api.count.refused, 1);
		api_answer_problem(x, &problem);
		return;
	}
	digest_sha256(&part, 1, file.hash);
	struct upload *u = upload_new(ref, account, 1);
	u->alone = true;
	add_file(u, &file, body);
	next_file(u);
}

void api_upload_free(void)
{
	while (uploads)
		upload_free(uploads);
}
