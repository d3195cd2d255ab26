/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A text with any options becomes parts, TPDUs, parts again and then the same text; the parts fit and none is empty.
 * The first octets are options, the rest is the text.
 */
#include <stdlib.h>
#include <string.h>

#include "sms/concat_part.h"
#include "sms/split.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct concat_part parts[SPLIT_PARTS_MAX];
static uint8_t rooms[SPLIT_PARTS_MAX][CONCAT_ROOM];

/* Part n through the TPDU codec. */
static void carry(const struct split *plan, unsigned n)
{
	uint8_t octets[200];
	struct writer ud = writer_of(octets, sizeof(octets)), room = writer_of(rooms[n], CONCAT_ROOM);
	struct tpdu t = { .type = TPDU_SUBMIT, .dcs = dcs_of(plan->alphabet, DCS_CLASS_NONE) }, back;
	uint8_t tpdu[TPDU_MAX];
	struct writer w = writer_of(tpdu, sizeof(tpdu));
	struct concat_id id;

	t.user_data_len = split_put_user_data(plan, n, 0x1234, &ud);
	if (!writer_ok(&ud) || writer_len(&ud) > TPDU_USER_DATA_MAX)
		abort();
	t.user_data = text_range((char *)octets, writer_len(&ud));
	t.has_header = plan->header_octets;
	if (sms_address_from_text(TEXT_LITERAL("123"), &t.address) != OK)
		abort();
	tpdu_encode(&t, &w);
	if (!writer_ok(&w))
		abort();
	if (tpdu_decode(tpdu, writer_len(&w), TPDU_FROM_PHONE, TPDU_IN_DATA, &back, NULL) != OK)
		abort();
	if (plan->parts > 1) {
		if (concat_part_of(&back, 0, &room, &parts[n], &id) != OK || id.total != plan->parts)
			abort();
		return;
	}
	static char text[TPDU_TEXT_MAX];
	struct writer one = writer_of(text, sizeof(text));
	if (tpdu_text(&back, &one) != OK || writer_len(&one) != plan->text.len ||
	    (plan->text.len && memcmp(text, plan->text.at, plan->text.len)))
		abort();
}

static void join(const struct split *plan)
{
	static char text[CONCAT_JOINED_MAX(SPLIT_PARTS_MAX)];
	struct writer w = writer_of(text, sizeof(text));

	if (concat_join(parts, plan->parts, (uint8_t)plan->parts, text_of(""), &w) != OK)
		abort();
	if (writer_len(&w) != plan->text.len || memcmp(text, plan->text.at, plan->text.len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct split plan;
	static struct arena *arena;
	struct reader r = reader_of(bytes, len);
	struct split_options o = { 0 };
	size_t bad = 0;

	if (!arena)
		arena = arena_new(1 << 16);
	arena_reset(arena);
	uint8_t how = reader_u8(&r);
	o.alphabets = how % 3;
	o.reference = how & 0x40 ? SPLIT_REFERENCE_16 : SPLIT_REFERENCE_8;
	o.transliterate = how & 0x80;
	o.locking_languages = reader_u16(&r);
	o.single_languages = reader_u16(&r);
	struct text t = text_range((const char *)r.at, reader_left(&r));
	if (split_plan(t, &o, arena, &plan, &bad) != OK) {
		if (bad > t.len)
			abort();
		return 0;
	}
	for (unsigned n = 0; n < plan.parts; n++)
		carry(&plan, n);
	if (plan.parts > 1)
		join(&plan);
	return 0;
}
