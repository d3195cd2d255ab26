/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SMPP PDUs: what decodes, encodes to octets that decode to the same; and every content is read in every way. */
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "sms/smpp_text.h"
#include "sms/smpp_time.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static uint8_t room[1 << 17], again[1 << 17];
static char text[1 << 18];

static void walk(const struct smpp_pdu *pdu)
{
	struct reader r;
	struct smpp_multi_destination destination;
	struct smpp_multi_failure failure;
	uint16_t tag;

	if (!smpp_tlvs_valid(pdu->tlvs))
		abort();
	(void)smpp_tlvs_check(pdu->tlvs, &tag);
	if (pdu->id == SMPP_SUBMIT_MULTI) {
		unsigned n = 0;
		r = reader_of(pdu->u.multi.entries.at, pdu->u.multi.entries.len);
		while (smpp_multi_next(&r, &destination))
			n++;
		if (n != pdu->u.multi.count)
			abort();
	}
	if (pdu->id == SMPP_RESPONSE_TO(SMPP_SUBMIT_MULTI)) {
		r = reader_of(pdu->u.multi_resp.entries.at, pdu->u.multi_resp.entries.len);
		while (smpp_multi_resp_next(&r, &failure))
			;
	}
}

static void send_on(const struct smpp_content *content, struct text body, const struct smpp_text_settings *settings)
{
	static struct smpp_text_plan plan;
	struct message m = { .content = content->content,
			     .body = body,
			     .flash = content->flash,
			     .has_coding = content->keep_coding,
			     .coding = content->coding,
			     .udh = content->udh };
	struct arena *arena = arena_new(4096);

	if (smpp_text_plan(&m, settings, arena, &plan, NULL) == OK) {
		for (unsigned i = 0; i < plan.parts; i++) {
			struct writer w = writer_of(room, SMPP_SHORT_MESSAGE_MAX), t = writer_of(again, sizeof(again));

			smpp_text_put_part(&plan, i, 7, &w, &t);
			if (!writer_ok(&w))
				abort();
		}
	}
	arena_free(&arena);
}

static void read_contents(const struct smpp_pdu *pdu)
{
	struct smpp_given given;
	struct smpp_content content;
	uint32_t status;

	if (!smpp_given_of_pdu(pdu, &given))
		return;
	for (unsigned i = 0; i < 2 * SMPP_ALPHABETS; i++) {
		struct smpp_text_settings s = { .alphabet = (enum smpp_alphabet)(i / 2),
						.strict = i & 1,
						.join = (enum smpp_join)(i % SMPP_JOINS),
						.single_languages = ALPHABET_ALL_SINGLE };
		struct writer body = writer_of(text, sizeof(text));

		enum result result = smpp_text_read(&given, &s, &content, &body, &status);
		if ((result == OK) != (status == 0))
			abort();
		if (result == OK)
			send_on(&content, text_range(text, writer_len(&body)), &s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct smpp_pdu pdu, back;
	struct text frame;
	struct smpp_time time;
	uint32_t status;

	(void)smpp_frame_next(bytes, len, SMPP_PDU_MAX, &frame, &status);
	(void)!smpp_time_read(text_range((const char *)bytes, len), &time);
	enum result result = smpp_pdu_decode(bytes, len, &pdu, &status);
	if ((result == OK) != (status == 0))
		abort();
	if (result != OK)
		return 0;
	walk(&pdu);
	struct writer w = writer_of(room, sizeof(room));
	smpp_pdu_encode(&pdu, &w);
	if (!writer_ok(&w) || smpp_pdu_decode(room, writer_len(&w), &back, &status) != OK)
		abort();
	/* Once through the encoder nothing changes any more. */
	struct writer w2 = writer_of(again, sizeof(again));
	smpp_pdu_encode(&back, &w2);
	if (!writer_ok(&w2) || writer_len(&w2) != writer_len(&w) || memcmp(room, again, writer_len(&w)))
		abort();
	read_contents(&pdu);
	return 0;
}
