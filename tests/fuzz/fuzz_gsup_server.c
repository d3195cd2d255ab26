/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The GSUP server: a script of octets from MSCs and HLRs, messages and time. Whatever happened, once all links are down
 * every message to a phone has had its end and no phone is known.
 */
#include <stdlib.h>

#include "core/base/reader.h"
#include "sms/gsup_server.h"
#include "sms/ipa.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define STEP INT64_C(8000000)

static struct gsup_server *server;
static int64_t now;
static int open_messages;

static void on_octets(void *owner, uint64_t link, const void *octets, size_t len)
{
	(void)owner;
	(void)octets;
	if (!link || !len)
		abort();
}

static void on_open(void *owner, uint64_t link)
{
	(void)owner;
	(void)link;
}

static void on_close(void *owner, uint64_t link, const char *why)
{
	(void)owner;
	(void)link;
	(void)why;
}

static void on_msc(void *owner, uint64_t link, const char *name, bool up)
{
	(void)owner;
	(void)link;
	(void)up;
	if (!name[0])
		abort();
}

static void on_message(void *owner, const struct gsup_mo *mo)
{
	(void)owner;
	if (mo->reference & 1)
		(void)gsup_server_answer(server, mo->link, mo->imsi, mo->reference, mo->reference & 2 ? 21 : 0, now);
}

static void on_present(void *owner, const char *imsi, bool there, bool memory)
{
	(void)owner;
	(void)there;
	(void)memory;
	(void)gsup_server_place(server, imsi);
}

static void on_number(void *owner, const char *imsi, const char *msisdn)
{
	(void)owner;
	(void)imsi;
	if (!msisdn[0])
		abort();
}

static void on_ended(void *owner, const char *imsi, const struct gsup_end *end)
{
	(void)owner;
	(void)imsi;
	(void)end;
	open_messages--;
}

static const struct gsup_server_user user = { on_octets,  on_octets,  on_open,	 on_close, on_msc,
					      on_message, on_present, on_number, on_ended };

/* GSUP in a frame of the right length, so that most of the input is not spent on that. */
static void framed(struct reader *r, uint64_t link, bool msc)
{
	uint8_t room[600];
	struct writer w = writer_of(room, sizeof(room));
	size_t n = reader_u8(r);
	struct reader sub = reader_sub(r, n < reader_left(r) ? n : reader_left(r));

	size_t mark = ipa_begin(&w, IPA_OSMO, IPA_GSUP);
	writer_bytes(&w, sub.at, reader_left(&sub));
	ipa_end(&w, mark);
	(msc ? gsup_server_received : gsup_server_hlr_received)(server, link, room, writer_len(&w), now);
}

static void raw(struct reader *r, uint64_t link, bool msc)
{
	size_t n = reader_u8(r);
	struct reader sub = reader_sub(r, n < reader_left(r) ? n : reader_left(r));

	(msc ? gsup_server_received : gsup_server_hlr_received)(server, link, sub.at, reader_left(&sub), now);
}

static void step(struct reader *r)
{
	static const char *const imsis[] = { "001010000000012", "001010000000099", "1", "123456789012345" };
	struct sms_address centre = { 1, 1, 3, "123" };
	uint8_t what = reader_u8(r);
	uint64_t link = what & 3;

	switch (what >> 2 & 7) {
	case 0:
		if (gsup_server_up(server, link, now) == ERR_DENIED)
			abort();
		break;
	case 1:
		gsup_server_down(server, link, now);
		break;
	case 2:
		open_messages +=
			gsup_server_send(server, imsis[link], &centre, TEXT_LITERAL("\x04"), what & 0x20, now) == OK;
		break;
	case 3:
		now += STEP * (1 + (what >> 5));
		gsup_server_run(server, now);
		break;
	case 4:
		(what & 0x20 ? gsup_server_hlr_down : gsup_server_hlr_up)(server, link, now);
		break;
	case 5:
		raw(r, link, what & 0x20);
		break;
	default:
		framed(r, link, what & 0x20);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);

	now = STEP;
	open_messages = 0;
	server = gsup_server_new(&user, NULL, "SMSC-cellpost", GSUP_TIMERS_DEFAULT,
				 (struct gsup_limits){ 2, 4, 2, 100 });
	while (reader_left(&r))
		step(&r);
	for (uint64_t link = 1; link < 4; link++)
		gsup_server_down(server, link, now);
	if (open_messages || gsup_server_phones(server) || gsup_server_next_us(server) != INT64_MAX)
		abort();
	gsup_server_free(&server);
	return 0;
}
