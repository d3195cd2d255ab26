/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WSP pushes: what decodes encodes, and then reads the same. */
#include <stdlib.h>
#include <string.h>

#include "sms/wap_push.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t room[1 << 17];
	struct writer w = writer_of(room, sizeof(room));
	struct wap_push push, again;
	size_t bad = 0;

	if (wap_push_decode(bytes, len, &push, &bad) != OK) {
		if (bad > len)
			abort();
		return 0;
	}
	wap_push_encode(&push, &w);
	if (!writer_ok(&w))
		return 0; /* a type written out that cannot be written so */
	if (wap_push_decode(room, writer_len(&w), &again, NULL) != OK)
		abort();
	if (again.content_type != push.content_type || again.application != push.application)
		abort();
	/* What has a number is written as that. */
	if (!push.content_type && !text_equal(again.content_type_text, push.content_type_text))
		abort();
	if (!push.application && !text_equal(again.application_text, push.application_text))
		abort();
	if (!text_equal(again.body, push.body))
		abort();
	return 0;
}
