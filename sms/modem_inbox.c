/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What arrives at a modem: pushed, or in its store; and what the owner's commit leads to. */
#include <string.h>

#include "core/base/hex.h"
#include "core/base/reader.h"
#include "sms/modem_internal.h"
#include "sms/tpdu.h"

bool modem_has_stored_commit(const struct modem *m)
{
	for (unsigned i = 0; i < m->commits_count; i++) {
		if (m->commits[i] == MODEM_COMMIT_STORED)
			return true;
	}
	return false;
}

void modem_want_place(struct modem *m, unsigned place)
{
	if (m->reading && place == m->place)
		return;
	for (unsigned i = 0; i < m->waiting_count; i++) {
		if (m->waiting[i] == place)
			return;
	}
	if (m->waiting_count == MODEM_WAITING_MAX)
		m->list_due = true;
	else
		m->waiting[m->waiting_count++] = place;
}

/* What could not be kept stays in the store until the next look. */
static void settle(struct modem *m, enum modem_commit commit, bool kept)
{
	if (commit == MODEM_COMMIT_STORED) {
		m->reading = false;
		m->delete_due = kept;
	} else if (m->acknowledges) {
		m->ack_due = true;
		m->ack_kept = kept;
	}
}

static bool decode_pdu(const struct modem *m, struct text hex, struct writer *room, struct modem_message *out)
{
	struct tpdu t;

	if (hex_take(hex, room) != OK)
		return false;
	struct reader r = reader_of(room->start, writer_len(room));
	*out = (struct modem_message){ 0 };
	if (sms_address_take_rp(&r, &out->centre, NULL) != OK || reader_left(&r) != m->announced)
		return false;
	size_t len = reader_left(&r);
	out->tpdu = text_range((const char *)reader_take(&r, len), len);
	return tpdu_decode(out->tpdu.at, len, TPDU_TO_PHONE, TPDU_IN_DATA, &t, NULL) == OK;
}

/*
 * What cannot be read is acknowledged, or deleted: the network would only send it again. What is too much is not: it
 * will be sent again.
 */
void modem_pdu(struct modem *m, struct text hex)
{
	enum modem_commit commit = m->expect == MODEM_EXPECT_STORED ? MODEM_COMMIT_STORED : MODEM_COMMIT_PUSHED;
	uint8_t octets[MODEM_PDU_MAX];
	struct writer room = writer_of(octets, sizeof(octets));
	struct modem_message message;
	bool listed = m->expect == MODEM_EXPECT_LISTED;

	m->expect = MODEM_EXPECT_NOTHING;
	if (listed)
		return;
	if (!decode_pdu(m, hex, &room, &message)) {
		counter_add(m->bad, 1);
		settle(m, commit, true);
	} else if (m->commits_count + m->commits_stale >= MODEM_COMMITS_MAX) {
		counter_add(m->bad, 1);
		settle(m, commit, false);
	} else {
		m->commits[m->commits_count++] = commit; /* before: the owner may answer from within */
		counter_add(m->received, 1);
		m->user->message(m->owner, &message);
	}
}

void modem_committed(struct modem *m, bool kept, int64_t now_us)
{
	m->now_us = now_us;
	if (m->commits_stale) {
		m->commits_stale--;
		return;
	}
	if (!m->commits_count)
		return;
	enum modem_commit commit = m->commits[0];
	memmove(m->commits, m->commits + 1, --m->commits_count * sizeof(m->commits[0]));
	settle(m, commit, kept);
	modem_next_command(m);
}
