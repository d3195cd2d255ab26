/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A link that nobody serves would keep its messages until they expire, so a route that names one is wrong. A kind that
 * this set does not know (a set of few kinds) proves nothing and is passed over; so is the absence of a node without a
 * name: that is no slip of the pen, somebody took the link out for a while.
 */
#include <stdio.h>

#include "core/core_vty.h"
#include "core/route_links.h"

/* What stands before the name in a link, and the kind of its node; without a colon the node is the link. */
static const struct {
	const char *start, *kind;
} links[] = {
	{ "smsc:", "smsc" }, { "modem:", "modem" }, { "esme:", "account" }, { "webhook:", "account" },
	{ "lab", "lab" },    { "gsup", "gsup" },    { "sgs", "sgs" },	    { "carrier:", "carrier" },
};

#define LINKS (sizeof(links) / sizeof(links[0]))
#define NAMES_MAX 64u

static bool starts_like(struct text link, const char *start)
{
	return start[strlen(start) - 1] == ':' ? text_starts(link, start) : text_is(link, start);
}

static const char *unknown_kind(struct text link)
{
	static char why[200];

	snprintf(why, sizeof(why),
		 "no such kind of link: write smsc:NAME, modem:NAME, esme:ACCOUNT, webhook:ACCOUNT, carrier:NAME, lab, "
		 "gsup or sgs%s",
		 memchr(link.at, ':', link.len) ? "" : "; a message centre is written smsc:NAME");
	return why;
}

/* "there is no smsc `centr`; did you mean `centre`?" */
static const char *unknown_name(const struct config *config, const struct node_kind *kind, struct text name)
{
	static char why[300];
	const char *names[NAMES_MAX + 1] = { NULL };
	static char room[NAMES_MAX][65];
	unsigned n = 0;

	for (const struct config_node *i = config_next(config, kind, NULL); i && n < NAMES_MAX;
	     i = config_next(config, kind, i)) {
		if (text_copy(i->name, room[n], sizeof(room[n])))
			names[n] = room[n];
		n += names[n] != NULL;
	}
	const char *nearest = config_nearest(name, names);
	if (nearest)
		snprintf(why, sizeof(why), "there is no %s `%.*s`; did you mean `%s`?", kind->name, TEXT_ARGS(name),
			 nearest);
	else
		snprintf(why, sizeof(why), "there is no %s `%.*s`: its messages would wait for ever", kind->name,
			 TEXT_ARGS(name));
	return why;
}

static const char *link_missing(const struct config *config, struct text link)
{
	for (unsigned i = 0; i < LINKS; i++) {
		if (!starts_like(link, links[i].start))
			continue;
		const struct node_kind *kind = config_kind(config, text_of(links[i].kind));
		if (!kind)
			return NULL;
		if (!kind->named)
			return NULL;
		size_t start = strlen(links[i].start);
		struct text name = text_range(link.at + start, link.len - start);
		return config_find(config, kind, name) ? NULL : unknown_name(config, kind, name);
	}
	return config_kind(config, TEXT_LITERAL("smsc")) ? unknown_kind(link) : NULL;
}

struct config_miss route_links_missing(const struct config *config, const void *route)
{
	const struct route_settings *s = route;
	struct config_miss miss = { .knob = "link" };

	for (unsigned i = 0; i < s->link.count && !miss.why; i++) {
		struct text item = s->link.items[i];
		if (!text_split(&item, ' ', &miss.word))
			miss.word = s->link.items[i];
		miss.why = link_missing(config, miss.word);
	}
	return miss;
}
