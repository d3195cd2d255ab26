/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who can be reached by RCS and MMS: told to the queue at once and after each change of a switch. */
#include <stdlib.h>

#include "core/base/log.h"
#include "daemon/lab_internal.h"

#define PRESENCE_ROOM (HANDSET_NUMBER_MAX + 16u)

static void put_presence(void *owner, struct handset *h)
{
	struct ipc_presence_of p = { .number = handset_number(h),
				     .known = handset_is(h, HANDSET_RCS),
				     .registered = handset_registered(h),
				     .roaming = handset_is(h, HANDSET_ROAMING),
				     .mms = lab.mms && handset_is(h, HANDSET_MMS) };

	ipc_put_presence_of(owner, &p);
}

static void tell(const struct writer *numbers)
{
	struct ipc_presence p = { .link = LAB_LINK,
				  .offline_text = lab.offline_text,
				  .offline_file = lab.offline_file,
				  .mms_unlisted = lab.any && lab.mms,
				  .rcs_file_max = lab.rcs_file_max,
				  .mms_max = lab.mms_max,
				  .numbers = text_range((const char *)numbers->start, writer_len(numbers)) };

	if (lab.enabled && lab.presence)
		channel_presence(lab.channel, &p);
}

static void tell_one(struct handset *h)
{
	uint8_t room[PRESENCE_ROOM];
	struct writer w = writer_of(room, sizeof(room));

	put_presence(&w, h);
	tell(&w);
}

void lab_tell_all(void)
{
	size_t size = (handsets_count(lab.handsets) + 1u) * PRESENCE_ROOM;
	uint8_t *room = must_alloc(size);
	struct writer w = writer_of(room, size);

	handsets_each(lab.handsets, put_presence, &w);
	tell(&w);
	free(room);
}

void lab_switch(struct handset *h, enum handset_switch which, bool on)
{
	handset_set(h, which, on);
	tell_one(h);
	lab_terminal_switched(h);
	LOGN(LOG_LAB, NULL, "a handset: %s %s", handset_switch_name(which), on ? "on" : "off");
}

bool lab_switched_by(struct handset *h, struct text word, struct text rest)
{
	bool on = text_is(rest, "on");

	if (text_is(word, "on") || text_is(word, "off")) {
		lab_switch(h, HANDSET_COVERAGE, text_is(word, "on"));
		return true;
	}
	for (unsigned i = 0; i < HANDSET_SWITCHES; i++) {
		if (!text_is(word, handset_switch_name(i)) || (!on && !text_is(rest, "off")))
			continue;
		lab_switch(h, i, on);
		return true;
	}
	return false;
}
