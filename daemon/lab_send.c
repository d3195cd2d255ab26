/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that handsets send: a text goes to the queue at once, a file is given to the store first. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/net/digest.h"
#include "daemon/lab_internal.h"

/* Until the queue answers. */
struct sending {
	struct sending *next;
	uint32_t call;
	char from[HANDSET_NUMBER_MAX + 1];
	char to[MESSAGE_ADDRESS_MAX + 1];
	/* a file on its way to the store */
	struct attached {
		char media[MESSAGE_MEDIA_MAX + 1], name[MESSAGE_FILE_NAME_MAX + 1];
		struct message_file file; /* its texts are those two */
		bool written;
		size_t size;
		uint8_t bytes[];
	} * attached;
};

static struct sending *sendings;

static struct sending *sending_new(struct text from, const char *to)
{
	struct sending *s = must_alloc(sizeof(*s));

	(void)text_copy(from, s->from, sizeof(s->from));
	(void)text_copy(text_of(to), s->to, sizeof(s->to));
	s->next = sendings;
	sendings = s;
	return s;
}

static void sending_free(struct sending *s)
{
	struct sending **at = &sendings;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	free(s->attached);
	free(s);
}

static struct sending *find(uint32_t call)
{
	struct sending *s = sendings;

	while (s && s->call != call)
		s = s->next;
	return s;
}

static void end(struct sending *s, const struct message_id *id, const char *why)
{
	lab_terminal_outcome(text_of(s->from), s->to, id, why);
	sending_free(s);
}

static uint32_t offer(struct text from, const char *to, struct text body, const struct message_file *file)
{
	uint8_t header[MESSAGE_HEADER_MAX], list[MESSAGE_ADDRESS_MAX + 8], files[512];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct writer f = writer_of(files, sizeof(files));
	struct message m = { .channel = LAB_LINK, .account = LAB_LINK, .sender = from, .from_network = true };
	struct ipc_accept a = { .body = body };

	if (file)
		message_put_file(&f, file);
	m.files = text_range((const char *)files, writer_len(&f));
	message_encode(&m, &h);
	ipc_put_recipient(&l, text_of(to));
	a.header = text_range((const char *)header, writer_len(&h));
	a.recipients = text_range((const char *)list, writer_len(&l));
	return channel_accept(lab.channel, &a);
}

const char *lab_send(struct handset *h, const char *to, struct text body)
{
	uint32_t call = offer(handset_number(h), to, body, NULL);

	if (!call)
		return "the queue is not running: try again";
	sending_new(handset_number(h), to)->call = call;
	counter_add(lab.from_phones, 1);
	return NULL;
}

void lab_send_accepted(uint32_t call, const struct ipc_accepted *a)
{
	struct sending *s = find(call);
	char why[512];

	if (!s)
		return;
	(void)text_copy(a->why, why, sizeof(why));
	end(s, a->result ? NULL : &a->id, why[0] ? why : result_name(a->result));
}

/* --- with a file ---------------------------------------------------------------------------------------------------
 */

const char *lab_attach(struct handset *h, const char *to, struct text media, struct text name, struct text bytes)
{
	struct digest_part part = { bytes.at, bytes.len };
	uint32_t call = channel_file_new(lab.channel, bytes.len);

	if (!call)
		return "the queue is not running: try again";
	struct sending *s = sending_new(handset_number(h), to);
	struct attached *a = s->attached = must_alloc(sizeof(*a) + bytes.len);
	s->call = call;
	(void)text_copy(media, a->media, sizeof(a->media));
	(void)text_copy(name, a->name, sizeof(a->name));
	a->size = bytes.len;
	memcpy(a->bytes, bytes.at, bytes.len);
	a->file = (struct message_file){ text_of(a->media), text_of(a->name), bytes.len, { 0 } };
	digest_sha256(&part, 1, a->file.hash);
	counter_add(lab.from_phones, 1);
	return NULL;
}

static void write_file(struct sending *s, int fd)
{
	struct attached *a = s->attached;
	struct ipc_file_done done = { .room = s->call, .account = LAB_LINK };

	memcpy(done.hash, a->file.hash, sizeof(done.hash));
	a->written = pwrite(fd, a->bytes, a->size, 0) == (ssize_t)a->size;
	s->call = a->written ? channel_file_done(lab.channel, &done) : 0;
	if (!s->call)
		end(s, NULL, "the file cannot be given to the store: try again");
}

static void name_file(struct sending *s)
{
	s->call = offer(text_of(s->from), s->to, (struct text){ 0 }, &s->attached->file);
	if (!s->call)
		end(s, NULL, "the queue is not running: try again");
}

bool lab_send_file_answer(uint32_t call, const struct ipc_file_answer *answer, int fd)
{
	struct sending *s = find(call);
	char why[256];

	if (!s || !s->attached)
		return false;
	(void)text_copy(answer->why, why, sizeof(why));
	if (answer->result)
		end(s, NULL, why);
	else if (s->attached->written)
		name_file(s);
	else
		write_file(s, fd);
	if (fd >= 0)
		close(fd);
	return true;
}
