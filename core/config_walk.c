/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes over all nodes of a set: its copy, its files, its sockets. */
#include "core/config_internal.h"

/* Values are put anew one by one, so that nothing points into the old set. */
static void clone_values(struct config *to, struct entry *copy, const struct entry *e)
{
	for (unsigned i = 0; i < e->kind->knobs_count; i++) {
		const struct knob *k = &e->kind->knobs[i];
		if (!e->lines[i])
			continue;
		if (!k->many && k->type != KNOB_TEXT && k->type != KNOB_LISTEN && k->type != KNOB_FILE) {
			size_t size = k->type == KNOB_BOOL ? sizeof(bool) : sizeof(int64_t);
			memcpy(entry_field(copy, k), entry_field_of(e, k), size);
			copy->lines[i] = e->lines[i];
			continue;
		}
		const void *field = entry_field_of(e, k);
		unsigned n = config_value_count(k, field, true);
		for (unsigned item = 0; item < n; item++) {
			struct knob_value value = { 0 };
			if (k->many && item < ((const struct config_list *)field)->count)
				value.text = ((const struct config_list *)field)->items[item];
			else if (!k->many && k->type == KNOB_FILE)
				value.text = ((const struct config_file *)field)->path;
			else if (!k->many)
				value.text = *(const struct text *)field;
			config_value_put(to, copy, i, &value, config_value_line(e, i, item));
		}
		if (k->type == KNOB_FILE)
			config_file_load(to, entry_field(copy, k), ((const struct config_file *)field)->content);
		copy->lines[i] = e->lines[i];
	}
}

struct config *config_clone(const struct config *config)
{
	struct config *copy = config_new(config->kinds, config->kinds_count);

	copy->file = arena_text(copy->arena, config->file);
	for (unsigned i = 0; i < config->kinds_count; i++) {
		for (const struct entry *e = config->slots[i].first; e; e = e->next) {
			struct text name = entry_head(e)->name;
			struct entry *to = config_entry_find(copy, e->kind, name);
			if (!to)
				to = config_entry_new(copy, e->kind, name, entry_head(e)->line);
			clone_values(copy, to, e);
		}
	}
	return copy;
}

void config_files(struct config *config, void (*each)(void *owner, struct config_file *file), void *owner)
{
	for (unsigned i = 0; i < config->kinds_count; i++) {
		for (struct entry *e = config->slots[i].first; e; e = e->next) {
			for (unsigned k = 0; k < e->kind->knobs_count; k++) {
				struct config_file *file = entry_field(e, &e->kind->knobs[k]);
				if (e->kind->knobs[k].type == KNOB_FILE && file->path.len)
					each(owner, file);
			}
		}
	}
}

void config_file_load(struct config *config, struct config_file *file, struct text content)
{
	file->content = content.len ? arena_text(config->arena, content) : (struct text){ 0 };
}

static void listens_of_field(const struct node_kind *kind, const struct knob *knob, const void *field,
			     void (*each)(void *owner, const struct node_kind *kind, struct text address), void *owner)
{
	if (!knob->many) {
		if (((const struct text *)field)->len)
			each(owner, kind, *(const struct text *)field);
		return;
	}
	const struct config_list *list = field;
	for (unsigned i = 0; i < list->count; i++)
		each(owner, kind, list->items[i]);
}

void config_listens(const struct config *config,
		    void (*each)(void *owner, const struct node_kind *kind, struct text address), void *owner)
{
	for (unsigned i = 0; i < config->kinds_count; i++) {
		for (const struct entry *e = config->slots[i].first; e; e = e->next) {
			for (unsigned k = 0; k < e->kind->knobs_count; k++) {
				const struct knob *knob = &e->kind->knobs[k];
				if (knob->type == KNOB_LISTEN)
					listens_of_field(e->kind, knob, entry_field_of(e, knob), each, owner);
			}
		}
	}
}
