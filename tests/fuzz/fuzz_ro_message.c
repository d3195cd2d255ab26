/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Diameter answers of a peer: measured, read, judged. What is read must lie within the octets given. */
#include <stdlib.h>

#include "billing/ro.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void within(struct text t, const uint8_t *bytes, size_t len)
{
	const uint8_t *at = (const uint8_t *)t.at;

	if (t.len && (at < bytes || at + t.len > bytes + len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ro_message m;
	size_t n = 0;

	if (ro_measure(bytes, len, &n) != OK || n > len || ro_decode(&m, bytes, n) != OK)
		return 0;
	within(m.session, bytes, len);
	within(m.host, bytes, len);
	within(m.realm, bytes, len);
	within(m.error, bytes, len);
	enum ro_event event = ro_meaning(&m, RO_INITIAL_REQUEST, 1);
	struct ro_session s = { .state = RO_INITIAL_SENT, .left = true };
	(void)ro_session_event(&s, event);
	if (event == RO_YES && m.flags & RO_FLAG_ERROR)
		abort();
	return 0;
}
