/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three kinds of request, one set of names. */
#include "daemon/kannel_values.h"

#include <assert.h>

const char *const kannel_parameters[] = {
	"username", "password",	 "from",   "to",      "text",	  "charset",  "coding",	  "udh",
	"mclass",   "flash",	 "mwi",	   "alt-dcs", "compress", "validity", "deferred", "dlr-mask",
	"dlrmask",  "dlr-url",	 "dlrurl", "smsc",    "priority", "pid",      "rpi",	  "account",
	"binfo",    "meta-data", "user",   "pass",    NULL,
};
static_assert(sizeof(kannel_parameters) / sizeof(kannel_parameters[0]) == P_COUNT + 1, "a name per parameter");

static void keep(struct kannel_values *v, struct text name, struct text value)
{
	for (unsigned i = 0; i < P_COUNT; i++) {
		if (text_is_nocase(name, kannel_parameters[i])) {
			/* The first one counts, as with Kannel. */
			if (!v->of[i].at)
				v->of[i] = value.at ? value : TEXT_LITERAL("");
			return;
		}
	}
}

static void collect_form(struct kannel_values *v, struct text form, struct arena *arena)
{
	struct text name, value;

	while (http_form_next(&form, arena, &name, &value))
		keep(v, name, value);
}

static void collect_fields(struct kannel_values *v, const struct http_message *m)
{
	static const char prefix[] = "x-kannel-";

	for (unsigned i = 0; i < m->fields_count; i++) {
		struct text name = m->fields[i].name;

		if (name.len < sizeof(prefix) || !text_is_nocase(text_range(name.at, sizeof(prefix) - 1), prefix))
			continue;
		keep(v, text_range(name.at + sizeof(prefix) - 1, name.len - sizeof(prefix) + 1), m->fields[i].value);
	}
}

/* The charset of "text/plain; charset=..." */
static void collect_charset(struct kannel_values *v, const struct http_message *m)
{
	struct text rest = http_field_get(m, "content-type"), part;

	while (text_split(&rest, ';', &part)) {
		part = text_trim(part);
		if (part.len > 8 && text_is_nocase(text_range(part.at, 8), "charset="))
			keep(v, TEXT_LITERAL("charset"), text_range(part.at + 8, part.len - 8));
	}
}

bool kannel_values_collect(struct kannel_values *v, const struct http_message *m, struct arena *arena)
{
	struct text type = http_content_type(m);

	collect_form(v, m->query, arena);
	if (m->method != HTTP_METHOD_POST)
		return true;
	if (!type.len || text_is_nocase(type, "application/x-www-form-urlencoded")) {
		collect_form(v, m->body, arena);
		return true;
	}
	collect_fields(v, m);
	v->udh_is_hex = true;
	v->octets_body = text_is_nocase(type, "application/octet-stream");
	if (!v->octets_body && !text_is_nocase(type, "text/plain"))
		return false;
	collect_charset(v, m);
	keep(v, TEXT_LITERAL("text"), m->body);
	return true;
}

struct text kannel_values_first(const struct kannel_values *v, enum kannel_parameter a, enum kannel_parameter b)
{
	return v->of[a].at ? v->of[a] : v->of[b];
}
