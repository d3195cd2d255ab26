/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GSUP messages: what decodes encodes, and then stays the same. */
#include <stdlib.h>
#include <string.h>

#include "sms/gsup.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t first[4096], second[4096];
	struct writer w1 = writer_of(first, sizeof(first)), w2 = writer_of(second, sizeof(second));
	struct gsup g, again;
	size_t bad = 0;

	if (gsup_decode(bytes, len, &g, &bad) != OK) {
		if (bad > len)
			abort();
		return 0;
	}
	(void)gsup_type_name(g.type);
	gsup_encode(&g, &w1);
	if (!writer_ok(&w1) || gsup_decode(first, writer_len(&w1), &again, NULL) != OK)
		abort();
	gsup_encode(&again, &w2);
	if (!writer_ok(&w2) || writer_len(&w1) != writer_len(&w2) || memcmp(first, second, writer_len(&w1)))
		abort();
	return 0;
}
