/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records between roles, the envelope and the timeline: the first octet chooses the decoder. */
#include <stdlib.h>

#include "core/ipc_messages.h"
#include "core/permit_spend.h"
#include "core/trail.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_recipients(struct text list)
{
	struct reader r = reader_of(list.at, list.len);
	struct text one;

	while (ipc_take_recipient(&r, &one))
		;
}

static void read_trail(struct reader r)
{
	static uint8_t room[1 << 16];
	struct writer w = writer_of(room, sizeof(room));
	struct trail_event event;

	trail_append(&w, r.at, reader_left(&r), r.at, reader_left(&r));
	while (trail_take(&r, &event))
		;
}

static void read_text(struct reader r)
{
	struct text t = text_range((const char *)r.at, reader_left(&r));
	struct message message;
	struct message_id id;
	const char *why;
	char to[64];

	if (message_decode(t, &message) == OK && address_normalise(message.sender, to, sizeof(to), &why) == OK)
		(void)address_lane(text_of(to));
	(void)message_id_parse(t, &id);
	if (address_normalise(t, to, sizeof(to), &why))
		(void)text_quote(text_of(why), to, sizeof(to));
}

static void read_presence(struct text numbers)
{
	struct reader r = reader_of(numbers.at, numbers.len);
	struct ipc_presence_of one;

	while (ipc_take_presence(&r, &one))
		;
}

/* What an envelope says of its files. */
static void read_files(struct reader r)
{
	struct message m = { .files = text_range((const char *)r.at, reader_left(&r)) };
	struct message_file file;

	if (!message_files_valid(&m))
		return;
	unsigned count = message_files_count(&m);
	if (count > MESSAGE_FILES_MAX || message_file_at(&m, count, &file) || (count && !message_octets(&m)))
		__builtin_trap();
}

static void spend(const struct ipc_deliver *d)
{
	struct ipc_result refusal;

	if (!permit_spend(d, TEXT_LITERAL("sms"), 1, true, 0, &refusal) && !refusal.detail.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	union {
		struct ipc_accept accept;
		struct ipc_accepted accepted;
		struct ipc_part part;
		struct ipc_deliver deliver;
		struct ipc_result result;
		struct ipc_report report;
		struct ipc_link link;
		struct ipc_outbox outbox;
		struct ipc_outbox_end outbox_end;
		struct ipc_ask ask;
		struct ipc_answer answer;
		struct ipc_event event;
		struct ipc_presence presence;
		struct ipc_due due;
		struct ipc_file_new file_new;
		struct ipc_file_done file_done;
		struct ipc_file_get file_get;
		struct ipc_file_answer file_answer;
	} u;
	struct reader r = reader_of(bytes, len);

	uint8_t which = reader_u8(&r);
	switch (which % 21) {
	case 0:
		if (ipc_get_accept(&r, &u.accept))
			read_recipients(u.accept.recipients);
		break;
	case 1:
		(void)ipc_get_accepted(&r, &u.accepted);
		break;
	case 2:
		(void)ipc_get_part(&r, &u.part);
		break;
	case 3:
		if (ipc_get_deliver(&r, &u.deliver))
			spend(&u.deliver);
		break;
	case 4:
		(void)ipc_get_result(&r, &u.result);
		break;
	case 5:
		(void)ipc_get_report(&r, &u.report);
		break;
	case 6:
		(void)ipc_get_link(&r, &u.link);
		break;
	case 7:
		(void)ipc_get_outbox(&r, &u.outbox);
		break;
	case 8:
		(void)ipc_get_outbox_end(&r, &u.outbox_end);
		break;
	case 9:
		(void)ipc_get_ask(&r, &u.ask);
		break;
	case 10:
		(void)ipc_get_answer(&r, &u.answer);
		break;
	case 11:
		(void)ipc_get_event(&r, &u.event);
		break;
	case 12:
		read_trail(r);
		break;
	case 13:
		(void)ipc_get_due(&r, &u.due);
		break;
	case 14:
		if (ipc_get_presence(&r, &u.presence))
			read_presence(u.presence.numbers);
		break;
	case 16:
		(void)ipc_get_file_new(&r, &u.file_new);
		break;
	case 17:
		(void)ipc_get_file_done(&r, &u.file_done);
		break;
	case 18:
		(void)ipc_get_file_get(&r, &u.file_get);
		break;
	case 19:
		(void)ipc_get_file_answer(&r, &u.file_answer);
		break;
	case 20:
		read_files(r);
		break;
	default:
		read_text(r);
	}
	return 0;
}
