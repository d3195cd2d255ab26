/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers that were learned, kept by the queue over the end of this process: "LINK/IMSI" is "+NUMBER". Until the list
 * is in, nothing is put off for want of a number. A number is put again when the phone says it again, a day later at
 * most.
 */
#include "core/base/clock.h"
#include "core/channel_relay.h"
#include "sms/phone_link_internal.h"

#define KEEP_US (INT64_C(90) * 86400 * USEC_PER_SEC)
#define AGAIN_US (INT64_C(86400) * USEC_PER_SEC)
#define FACT_KEY_SIZE (sizeof(((struct phone_link *)0)->name) + PHONE_IMSI_MAX + 2)

static struct text key_of(const struct phone_link *link, const char *imsi, char room[FACT_KEY_SIZE])
{
	struct writer w = writer_of(room, FACT_KEY_SIZE);

	writer_printf(&w, "%s/%s", link->name, imsi);
	return text_range(room, writer_len(&w));
}

void phone_link_learned(struct phone_link *link, const char *imsi, const char *msisdn)
{
	struct phone_known *p;
	char before[PHONE_NUMBER_MAX + 1] = "";

	p = phone_link_know(link, imsi);
	if (p)
		(void)text_copy(text_of(p->number), before, sizeof(before));
	phone_link_number(link, imsi, msisdn);
	if (!p || !p->number[0] || !link->settings.keeps_numbers || p->unput)
		return;
	if (text_is(text_of(p->number), before) && p->put_us && clock_monotonic() < p->put_us + AGAIN_US)
		return;
	p->unput = true;
	p->next_unput = link->unput;
	link->unput = p;
	phone_link_wake(link);
}

void phone_link_forget_fact(struct phone_link *link, const char *imsi)
{
	char room[FACT_KEY_SIZE];

	/* Lost when the queue is away: the fact then ends by itself, and the configuration was what counted. */
	if (link->settings.keeps_numbers)
		(void)channel_fact_drop(link->channel, key_of(link, imsi, room));
}

static void put_numbers(struct phone_link *link)
{
	char room[FACT_KEY_SIZE];

	while (link->unput) {
		struct phone_known *p = link->unput;

		if (p->number[0] &&
		    !channel_fact_put(link->channel, key_of(link, p->imsi, room), text_of(p->number), KEEP_US))
			return;
		p->put_us = clock_monotonic();
		p->unput = false;
		link->unput = p->next_unput;
	}
}

void phone_link_facts_turn(struct phone_link *link)
{
	char room[FACT_KEY_SIZE];

	if (!link->loaded && !link->facts_call)
		link->facts_call = channel_fact_list(link->channel, key_of(link, "", room));
	put_numbers(link);
}

void phone_link_connected(struct phone_link *link)
{
	link->facts_call = 0; /* an answer that was under way is lost */
	phone_link_wake(link);
}

/* What was learned since, or configured, is newer. */
static void take_row(struct phone_link *link, struct text key, struct text value)
{
	size_t skip = text_of(link->name).len + 1;
	char imsi[PHONE_IMSI_MAX + 1], number[PHONE_NUMBER_MAX + 1];

	if (key.len <= skip || !text_copy(text_range(key.at + skip, key.len - skip), imsi, sizeof(imsi)) ||
	    !text_copy(value, number, sizeof(number)) || key_table_find(link->by_number, value))
		return;
	struct phone_known *p = phone_link_know(link, imsi);
	if (p && !p->number[0])
		phone_link_number(link, imsi, number);
}

bool phone_link_facts(struct phone_link *link, uint32_t call, const struct ipc_facts *facts)
{
	struct reader r = reader_of(facts->rows.at, facts->rows.len);
	struct text key, value;

	if (!link->facts_call || call != link->facts_call)
		return false;
	while (ipc_take_fact_row(&r, &key, &value))
		take_row(link, key, value);
	if (facts->more)
		return true;
	link->facts_call = 0;
	link->loaded = facts->result == OK;
	phone_link_wake(link);
	return true;
}
