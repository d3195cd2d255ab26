/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phones of a link: under which number, tried or not, and the word to the queue that one is back. */
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "sms/phone_link_internal.h"

void phone_link_wake(struct phone_link *link)
{
	link->dirty = true;
	loop_wake(link->loop);
}

struct phone_known *phone_link_find(const struct phone_link *link, const char *imsi)
{
	return key_table_find(link->by_imsi, text_of(imsi));
}

struct phone_known *phone_link_know(struct phone_link *link, const char *imsi)
{
	struct phone_known *p = phone_link_find(link, imsi);

	if (p || !imsi[0])
		return p;
	p = must_alloc(sizeof(*p));
	if (text_copy(text_of(imsi), p->imsi, sizeof(p->imsi)) && key_table_add(link->by_imsi, text_of(imsi), p))
		return p;
	free(p);
	return NULL;
}

void phone_link_number(struct phone_link *link, const char *imsi, const char *msisdn)
{
	struct phone_known *p = phone_link_know(link, imsi), *before;
	char number[PHONE_NUMBER_MAX + 1];
	struct writer w = writer_of(number, PHONE_NUMBER_MAX);

	writer_printf(&w, "%s%s", msisdn[0] == '+' ? "" : "+", msisdn);
	number[writer_len(&w)] = 0;
	if (!p || !writer_ok(&w) || !msisdn[0] || text_is(text_of(number), p->number))
		return;
	before = key_table_remove(link->by_number, text_of(number));
	if (before) {
		before->number[0] = 0;
		phone_link_forget_fact(link, before->imsi);
	}
	if (p->number[0])
		(void)key_table_remove(link->by_number, text_of(p->number));
	memcpy(p->number, number, sizeof(number));
	(void)key_table_add(link->by_number, text_of(number), p);
	phone_link_wake(link);
}

void phone_link_no_number(struct phone_link *link, const char *imsi)
{
	struct phone_known *p = phone_link_find(link, imsi);

	if (!p || !p->number[0])
		return;
	(void)key_table_remove(link->by_number, text_of(p->number));
	p->number[0] = 0;
	phone_link_forget_fact(link, imsi);
}

static void is_back(struct phone_link *link, struct phone_known *p)
{
	p->not_before_us = 0;
	if (!p->is_back) {
		p->is_back = true;
		p->next = link->back;
		link->back = p;
	}
	phone_link_wake(link);
}

void phone_link_present(struct phone_link *link, const char *imsi, bool there)
{
	struct phone_known *p = phone_link_know(link, imsi);

	if (!p)
		return;
	if (there)
		is_back(link, p);
	else
		phone_link_wait(p, link->settings.retry.alert_us, "the phone is not there");
	phone_link_wake(link);
}

void phone_link_wait(struct phone_known *p, int64_t us, const char *why)
{
	p->not_before_us = clock_monotonic() + us;
	p->why = why;
}

/* Nothing waits for those without a number. */
void phone_link_tell_back(struct phone_link *link)
{
	while (link->back) {
		struct phone_known *p = link->back;

		if (p->number[0] && !channel_due(link->channel, text_of(link->name), text_of(p->number)))
			return;
		link->back = p->next;
		p->is_back = false;
	}
}
