/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TPDUs of both directions and all carriers (the first octet chooses): what decodes encodes, and then stays the same.
 */
#include <stdlib.h>
#include <string.h>

#include "sms/concat_part.h"
#include "sms/tp_message.h"
#include "sms/tpdu.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What is a message has somebody it is from and to, and a body within its room. */
static void as_message(const struct tpdu *t)
{
	static struct tp_received got;
	char room[TPDU_TEXT_MAX];
	struct writer body = writer_of(room, sizeof(room));
	const char *why = NULL;
	uint8_t fcs = 0;

	enum result result = tp_message_read(t, TEXT_LITERAL("+4915"), true, 1, &got, &body, &fcs, &why);
	if (result == OK && (!got.sender[0] || !got.recipient[0] || got.message.body.len > sizeof(room)))
		abort();
	if (result != OK && (!fcs || !why))
		abort();
}

static void use(const struct tpdu *t)
{
	uint8_t text[TPDU_TEXT_MAX], room[CONCAT_ROOM];
	struct writer w = writer_of(text, sizeof(text)), kept = writer_of(room, sizeof(room));
	struct concat_part part;
	struct concat_id id;

	if (tpdu_text(t, &w) == ERR_TOO_BIG)
		abort();
	if (concat_part_of(t, 0, &kept, &part, &id) == OK && (!part.number || part.number > id.total))
		abort();
	as_message(t);
	if (t->has_header) {
		struct reader elements = header_elements(&t->header);
		struct header_ie ie;

		while (header_next(&elements, &ie))
			;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t first[400], second[400];
	struct writer w1 = writer_of(first, sizeof(first)), w2 = writer_of(second, sizeof(second));
	struct reader r = reader_of(bytes, len);
	struct tpdu t, again;
	size_t bad = 0;

	uint8_t how = reader_u8(&r);
	enum tpdu_direction direction = how & 1 ? TPDU_FROM_PHONE : TPDU_TO_PHONE;
	enum tpdu_carrier carrier = (how >> 1) % 3;
	size_t left = reader_left(&r);
	if (tpdu_decode(r.at, left, direction, carrier, &t, &bad) != OK) {
		if (bad > left)
			abort();
		return 0;
	}
	use(&t);
	tpdu_encode(&t, &w1);
	if (!writer_ok(&w1) || tpdu_decode(first, writer_len(&w1), direction, carrier, &again, NULL) != OK)
		abort();
	tpdu_encode(&again, &w2);
	if (!writer_ok(&w2) || writer_len(&w1) != writer_len(&w2) || memcmp(first, second, writer_len(&w1)))
		abort();
	return 0;
}
