/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Set to text: the lines that an operator would type. */
#include "core/config_internal.h"

#define SECRET_SHOWN "********"

struct writing {
	const struct config *config;
	bool defaults, origins;
	struct writer *w;
};

static void write_origin(const struct writing *x, uint32_t line)
{
	if (!x->origins)
		return;
	if (!line)
		writer_printf(x->w, "  ! default");
	else if (line == CONFIG_LINE_VTY)
		writer_printf(x->w, "  ! typed");
	else
		writer_printf(x->w, "  ! %.*s:%u", TEXT_ARGS(x->config->file), line);
}

static void write_knob(const struct writing *x, const struct entry *e, unsigned knob)
{
	const struct knob *k = &e->kind->knobs[knob];
	const void *field = entry_field_of(e, k);
	unsigned n = config_value_count(k, field, e->lines[knob] != 0);

	for (unsigned i = 0; i < n; i++) {
		writer_printf(x->w, " %s ", k->name);
		if (x->origins && k->secret)
			writer_printf(x->w, SECRET_SHOWN);
		else
			config_value_write(k, field, i, x->w);
		write_origin(x, config_value_line(e, knob, i));
		writer_printf(x->w, "\n");
	}
}

static void write_entry(const struct writing *x, const struct entry *e)
{
	const struct config_node *head = entry_head(e);

	if (!x->defaults && config_entry_is_default(e))
		return;
	writer_printf(x->w, "%s", e->kind->name);
	if (head->name.len)
		writer_printf(x->w, " %.*s", TEXT_ARGS(head->name));
	writer_printf(x->w, "\n");
	for (unsigned k = 0; k < e->kind->knobs_count; k++) {
		if (x->defaults || e->lines[k])
			write_knob(x, e, k);
	}
	writer_printf(x->w, "!\n");
}

void config_write(const struct config *config, bool defaults, bool origins, struct writer *w)
{
	struct writing x = { config, defaults, origins, w };

	for (unsigned i = 0; i < config->kinds_count; i++) {
		for (const struct entry *e = config->slots[i].first; e; e = e->next)
			write_entry(&x, e);
	}
}
