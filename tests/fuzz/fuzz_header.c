/* SPDX-License-Identifier: GPL-3.0-or-later */
/* User data headers: every element stays readable, and what is passed on has the size that was said. */
#include <stdlib.h>

#include "sms/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t room[600];
	struct writer w = writer_of(room, sizeof(room));
	struct reader r = reader_of(bytes, len);
	struct header h = { 0 };
	struct header_ie ie;
	size_t bad = 0;
	enum result result = header_decode(&r, &h, &bad);

	if (bad > len)
		abort();
	if (result == ERR_SHORT)
		return 0;
	struct reader elements = header_elements(&h);
	while (header_next(&elements, &ie))
		;
	header_pass_on(&w, &h);
	if (writer_ok(&w) && writer_len(&w) != header_pass_on_size(&h))
		abort();
	return 0;
}
