/* SPDX-License-Identifier: GPL-3.0-or-later */
/* STOP and START out of whatever a phone sends: the normal form is its own normal form. */
#include <stdlib.h>

#include "core/optout.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char room[1024], again[1024];
	struct text t = text_range((const char *)bytes, len);
	struct writer w = writer_of(room, sizeof(room)), v = writer_of(again, sizeof(again));
	const char *language;

	enum optout_command command = optout_command(t, &language);
	if ((command == OPTOUT_NONE) != !*language)
		abort();
	if (optout_normalise(t, &w) != OK)
		return 0;
	struct text once = text_range(room, writer_len(&w));
	if (optout_normalise(once, &v) != OK || !text_equal(once, text_range(again, writer_len(&v))))
		abort();
	return 0;
}
