/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records about credit: what is read is written again as it was. The first octet chooses. */
#include <stdlib.h>
#include <string.h>

#include "core/ipc_credit.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void same(const struct writer *w, const uint8_t *bytes, size_t len)
{
	if (!writer_ok(w) || writer_len(w) != len || memcmp(w->start, bytes, len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t room[2048];
	struct writer w = writer_of(room, sizeof(room));
	struct reader r = reader_of(bytes, len);
	struct ipc_credit ask;
	struct ipc_credit_done done;
	struct ipc_credit_link state;

	uint8_t which = reader_u8(&r);
	if (which % 3 == 0 && ipc_get_credit(&r, &ask)) {
		ipc_put_credit(&w, &ask);
		same(&w, bytes + 1, len - 1);
	} else if (which % 3 == 1 && ipc_get_credit_done(&r, &done)) {
		ipc_put_credit_done(&w, &done);
		same(&w, bytes + 1, len - 1);
	} else if (which % 3 == 2 && ipc_get_credit_link(&r, &state)) {
		ipc_put_credit_link(&w, &state);
		same(&w, bytes + 1, len - 1);
	}
	return 0;
}
