/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stored parts: what decodes encodes to the same octets. Then the input is a script for the table. */
#include <stdlib.h>
#include <string.h>

#include "core/base/reader.h"
#include "sms/concat.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void codec(const uint8_t *bytes, size_t len)
{
	static uint8_t room[CONCAT_ENCODED_MAX], text[CONCAT_JOINED_MAX(3)];
	struct writer w = writer_of(room, sizeof(room)), joined = writer_of(text, sizeof(text));
	struct concat_part p;

	if (concat_part_decode(bytes, len, &p) != OK)
		return;
	concat_part_encode(&p, &w);
	if (!writer_ok(&w) || writer_len(&w) != len || memcmp(room, bytes, len))
		abort();
	if (concat_join(&p, 1, 3, TEXT_LITERAL(""), &joined) == ERR_TOO_BIG)
		abort();
}

static void script(struct reader r)
{
	struct concat_limits limits = { .wait_us = 40, .swallow_us = 20, .sets_max = 3, .octets_max = 40 };
	struct concat *t = concat_new(&limits);
	struct concat_set set;
	int64_t now = 0;

	while (reader_left(&r)) {
		uint8_t what = reader_u8(&r);
		uint8_t content = reader_u8(&r);
		struct text key = text_range(&"abcdefgh"[what % 8], 1);
		struct concat_part p = { .number = content >> 4, .received_us = now };

		p.content = text_range("xxxxxxxxxxxxxxxy", content & 15);
		now += what >> 6;
		switch (what >> 3 & 7) {
		case 0:
			concat_over(t, key, now);
			break;
		case 1:
			concat_forget(t, key);
			break;
		case 2:
			while (concat_due(t, now, &set))
				;
			if (concat_next_us(t) <= now)
				abort();
			break;
		default:
			(void)concat_offer(t, key, content % 7, &p, now);
		}
		if (concat_waiting(t) > limits.sets_max || concat_octets(t) > limits.octets_max)
			abort();
	}
	concat_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	codec(bytes, len);
	script(reader_of(bytes, len));
	return 0;
}
