/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Set to records and back, for the way from control to the roles. Kinds and knobs go by name and values as they are
 * written, so that both ends understand and judge them by the same code.
 *
 *	set:    file (text) | nodes u32 | node ...
 *	node:   kind (text) | name (text) | line u32 | values u32 | value ...
 *	value:  knob (text) | line u32 | written (text) | for a file: content (blob)
 */
#include "core/config_internal.h"

#include "core/base/ipc.h"

#define CONTENT_MAX (1u << 20)

static uint32_t values_of(const struct entry *e)
{
	uint32_t n = 0;

	for (unsigned k = 0; k < e->kind->knobs_count; k++) {
		if (e->lines[k])
			n += config_value_count(&e->kind->knobs[k], entry_field_of(e, &e->kind->knobs[k]), true);
	}
	return n;
}

static void put_value(const struct entry *e, unsigned knob, unsigned item, struct writer *w)
{
	const struct knob *k = &e->kind->knobs[knob];
	const void *field = entry_field_of(e, k);

	ipc_put_text(w, text_of(k->name));
	writer_u32(w, config_value_line(e, knob, item));
	size_t mark = writer_mark(w, 2);
	config_value_write(k, field, item, w);
	writer_fill_u16(w, mark);
	if (k->type == KNOB_FILE) {
		const struct config_file *file = field;
		ipc_put_blob(w, file->content.at, file->content.len);
	}
}

static void put_node(const struct entry *e, struct writer *w)
{
	ipc_put_text(w, text_of(e->kind->name));
	ipc_put_text(w, entry_head(e)->name);
	writer_u32(w, entry_head(e)->line);
	writer_u32(w, values_of(e));
	for (unsigned k = 0; k < e->kind->knobs_count; k++) {
		if (!e->lines[k])
			continue;
		unsigned n = config_value_count(&e->kind->knobs[k], entry_field_of(e, &e->kind->knobs[k]), true);
		for (unsigned i = 0; i < n; i++)
			put_value(e, k, i, w);
	}
}

void config_encode(const struct config *config, unsigned roles, struct writer *w)
{
	uint32_t nodes = 0;

	for (unsigned i = 0; i < config->kinds_count; i++) {
		if (config->kinds[i]->roles & roles)
			nodes += config->slots[i].count;
	}
	ipc_put_text(w, config->file);
	writer_u32(w, nodes);
	for (unsigned i = 0; i < config->kinds_count; i++) {
		if (!(config->kinds[i]->roles & roles))
			continue;
		for (const struct entry *e = config->slots[i].first; e; e = e->next)
			put_node(e, w);
	}
}

static bool take_value(struct config *config, struct entry *e, struct reader *r)
{
	struct knob_value value;
	struct text name = ipc_get_text(r, CONFIG_NAME_MAX);
	uint32_t line = reader_u32(r);
	struct text written = ipc_get_text(r, CONFIG_LINE_MAX);
	int knob = config_knob_index(e->kind, name);

	if (r->failed || knob < 0 || !line)
		return false;
	const struct knob *k = &e->kind->knobs[knob];
	if ((!k->many && e->lines[knob]) || !config_value_parse(k, written, &value, config->why))
		return false;
	config_value_put(config, e, (unsigned)knob, &value, line);
	if (k->type == KNOB_FILE)
		config_file_load(config, entry_field(e, k), ipc_get_blob(r, CONTENT_MAX));
	return !r->failed;
}

static struct entry *take_head(struct config *config, struct reader *r)
{
	struct text word = ipc_get_text(r, CONFIG_NAME_MAX);
	struct text name = ipc_get_text(r, CONFIG_NAME_MAX);
	uint32_t line = reader_u32(r);
	const struct node_kind *kind = config_kind(config, word);

	if (r->failed || !kind || (kind->named ? !config_name_good(name) : name.len > 0))
		return NULL;
	struct entry *e = config_entry_find(config, kind, name);
	if (e && (kind->named || kind->optional))
		return NULL;
	if (!e)
		return config_entry_new(config, kind, name, line);
	void *node = e->node;
	((struct config_node *)node)->line = line;
	return e;
}

static bool take_node(struct config *config, struct reader *r)
{
	struct entry *e = take_head(config, r);
	uint32_t values = reader_u32(r);

	while (e && !r->failed && values) {
		if (!take_value(config, e, r))
			return false;
		values--;
	}
	return e && !r->failed;
}

enum result config_decode(struct config *config, struct reader *r, const char **why_out)
{
	struct text file = ipc_get_text(r, CONFIG_LINE_MAX);
	uint32_t nodes = reader_u32(r);

	*why_out = "a configuration record that cannot be read";
	if (r->failed)
		return ERR_MALFORMED;
	config->file = arena_text(config->arena, file);
	while (nodes) {
		if (!take_node(config, r))
			return ERR_MALFORMED;
		nodes--;
	}
	return reader_done(r) ? OK : ERR_MALFORMED;
}
