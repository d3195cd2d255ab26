/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

#define PREFIX "cellpost_"

struct sample {
	struct counter_view view;
	enum role_id role;
};

struct samples {
	struct sample *at;
	size_t count;
};

static bool is_name_char(char c, bool first)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

	return letter || (!first && c >= '0' && c <= '9');
}

static bool good_name(const char *name)
{
	for (size_t i = 0; name[i]; i++) {
		if (!is_name_char(name[i], !i))
			return false;
	}
	return name[0];
}

/* Takes name="value"; inside the quotes no quote, backslash or control character. */
static bool take_pair(const char **at)
{
	const char *p = *at;
	const char *start = p;

	while (is_name_char(*p, p == start))
		p++;
	if (p == start || *p++ != '=' || *p++ != '"')
		return false;
	while (*p && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
		p++;
	if (*p++ != '"')
		return false;
	*at = p;
	return true;
}

static bool good_label(const char *label)
{
	const char *p = label;

	while (*p) {
		if (!take_pair(&p) || (*p && *p++ != ','))
			return false;
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;
	int names = strcmp(x->view.name, y->view.name);

	if (names)
		return names;
	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	return strcmp(x->view.label, y->view.label);
}

static struct samples collect(const struct counter_page *const pages[ROLE_COUNT])
{
	struct samples s = { .at = must_alloc(sizeof(struct sample) * ROLE_COUNT * COUNTER_SLOTS) };

	for (enum role_id role = 0; role < ROLE_COUNT; role++) {
		for (unsigned slot = 0; pages[role] && slot < COUNTER_SLOTS; slot++) {
			struct sample *to = &s.at[s.count];
			if (!counter_page_read(pages[role], slot, &to->view))
				continue;
			to->role = role;
			if (good_name(to->view.name) && good_label(to->view.label))
				s.count++;
		}
	}
	qsort(s.at, s.count, sizeof(*s.at), by_name);
	return s;
}

/* A help text is one line; a backslash would start an escape. */
static void put_help(struct writer *w, const struct counter_view *view)
{
	writer_printf(w, "# HELP " PREFIX "%s ", view->name);
	for (const char *p = view->help; *p; p++)
		writer_u8(w, (unsigned char)*p < 0x20 || *p == '\\' ? ' ' : (uint8_t)*p);
	writer_printf(w, "\n# TYPE " PREFIX "%s %s\n", view->name, view->kind == COUNTER_GAUGE ? "gauge" : "counter");
}

void metrics_write(const struct counter_page *const pages[ROLE_COUNT], struct writer *w)
{
	struct samples s = collect(pages);

	for (size_t i = 0; i < s.count; i++) {
		const struct counter_view *v = &s.at[i].view;
		if (!i || strcmp(v->name, s.at[i - 1].view.name) != 0)
			put_help(w, v);
		writer_printf(w, PREFIX "%s{role=\"%s\"%s%s} %" PRId64 "\n", v->name, role_name(s.at[i].role),
			      v->label[0] ? "," : "", v->label, v->value);
	}
	free(s.at);
}

void metrics_show(const struct counter_page *const pages[ROLE_COUNT], struct text part,
		  void (*line)(void *owner, const char *text), void *owner)
{
	struct samples s = collect(pages);
	char text[COUNTER_NAME_SIZE + COUNTER_HELP_SIZE + COUNTER_LABEL_SIZE + 64], look[64];

	if (!text_copy(part, look, sizeof(look)))
		look[0] = 0;
	for (size_t i = 0; i < s.count; i++) {
		const struct counter_view *v = &s.at[i].view;
		if (!strstr(v->name, look) && !strstr(v->label, look))
			continue;
		snprintf(text, sizeof(text), "%12" PRId64 "  %-8s %s%s%s%s  %s", v->value, role_name(s.at[i].role),
			 v->name, v->label[0] ? "{" : "", v->label, v->label[0] ? "}" : "", v->help);
		line(owner, text);
	}
	free(s.at);
}
