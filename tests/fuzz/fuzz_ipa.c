/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream of IPA frames: each parse consumes something and stays inside; identity responses are read. */
#include <stdlib.h>

#include "core/base/reader.h"
#include "sms/ipa.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	struct ipa_identity identity;
	struct ipa_frame frame;
	size_t used = 0, bad = 0;

	if (ipa_take_identity(text_range((const char *)bytes, len), &identity, &bad) != OK && bad > len)
		abort();
	while (ipa_parse(r.at, reader_left(&r), &frame, &used) == OK) {
		if (!used || used > reader_left(&r) || frame.payload.len > used)
			abort();
		if (frame.protocol == IPA_CCM && frame.kind == IPA_ID_RESPONSE &&
		    ipa_take_identity(frame.payload, &identity, NULL) == ERR_TOO_BIG)
			abort();
		(void)reader_take(&r, used);
	}
	return 0;
}
