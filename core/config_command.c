/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set changed by commands of the VTY. */
#include "core/config_internal.h"

#include <stdio.h>

static enum result refuse(struct config *config, enum result r, const char **why_out)
{
	*why_out = config->why;
	return r;
}

static void reset_knob(struct config *config, struct entry *e, unsigned knob)
{
	const struct knob *k = &e->kind->knobs[knob];
	const unsigned char *from = config_slot(config, e->kind)->defaults + k->offset;
	size_t size = sizeof(int64_t);

	if (k->many)
		size = sizeof(struct config_list);
	else if (k->type == KNOB_FILE)
		size = sizeof(struct config_file);
	else if (k->type == KNOB_TEXT || k->type == KNOB_LISTEN)
		size = sizeof(struct text);
	else if (k->type == KNOB_BOOL)
		size = sizeof(bool);
	memcpy(entry_field(e, k), from, size);
	e->lines[knob] = 0;
}

/* "no KNOB" and, of a list, "no KNOB VALUE". */
static enum result unset(struct config *config, struct entry *e, unsigned knob, struct text value, const char **why_out)
{
	const struct knob *k = &e->kind->knobs[knob];

	if (!value.len) {
		reset_knob(config, e, knob);
		return OK;
	}
	if (!k->many || !e->lines[knob] || !config_value_remove(e, knob, value)) {
		snprintf(config->why, sizeof(config->why), "`%s` has no such value to take away", k->name);
		return refuse(config, ERR_NOT_FOUND, why_out);
	}
	if (!config_value_count(k, entry_field(e, k), false))
		reset_knob(config, e, knob);
	return OK;
}

static enum result set_knob(struct config *config, struct entry *e, struct text line, const char **why_out)
{
	char hint[CONFIG_WHY_SIZE / 2];
	struct knob_value value;
	struct text word = config_take_word(&line);
	bool no = text_is(word, "no");

	if (no)
		word = config_take_word(&line);
	int knob = config_knob_index(e->kind, word);
	if (knob < 0) {
		config_suggest_knob(e->kind, word, hint, sizeof(hint));
		snprintf(config->why, sizeof(config->why), "no such word in `%s`%s", e->kind->name, hint);
		return refuse(config, ERR_NOT_FOUND, why_out);
	}
	if (no)
		return unset(config, e, (unsigned)knob, line, why_out);
	if (!config_value_parse(&e->kind->knobs[knob], line, &value, config->why))
		return refuse(config, ERR_MALFORMED, why_out);
	config_value_put(config, e, (unsigned)knob, &value, CONFIG_LINE_VTY);
	return OK;
}

static enum result open_node(struct config *config, const struct node_kind *kind, struct text name,
			     struct entry **entry_out, const char **why_out)
{
	*entry_out = config_entry_find(config, kind, name);
	if (*entry_out)
		return OK;
	if (kind->named ? !config_name_good(name) : name.len > 0) {
		snprintf(config->why, sizeof(config->why),
			 kind->named ? "`%s` needs a name: letters, digits and . _ - @ +, at most 64"
				     : "`%s` has no name",
			 kind->name);
		return refuse(config, ERR_MALFORMED, why_out);
	}
	*entry_out = config_entry_new(config, kind, name, CONFIG_LINE_VTY);
	if (*entry_out)
		return OK;
	snprintf(config->why, sizeof(config->why), "more than %u nodes", CONFIG_NODES_MAX);
	return refuse(config, ERR_TOO_BIG, why_out);
}

static const struct node_kind *find_kind(struct config *config, struct text word, const char **why_out)
{
	char hint[CONFIG_WHY_SIZE / 2];
	const struct node_kind *kind = config_kind(config, word);

	if (!kind) {
		config_suggest_kind(config, word, hint, sizeof(hint));
		snprintf(config->why, sizeof(config->why), "no such node%s", hint);
		*why_out = config->why;
	}
	return kind;
}

enum result config_set(struct config *config, struct text kind_name, struct text name, struct text line,
		       const char **why_out)
{
	const struct node_kind *kind = find_kind(config, kind_name, why_out);
	struct entry *entry = NULL;

	if (!kind)
		return ERR_NOT_FOUND;
	enum result r = open_node(config, kind, name, &entry, why_out);
	line = text_trim(line);
	if (r || !line.len)
		return r;
	return set_knob(config, entry, line, why_out);
}

enum result config_drop(struct config *config, struct text kind_name, struct text name, const char **why_out)
{
	const struct node_kind *kind = find_kind(config, kind_name, why_out);

	if (!kind)
		return ERR_NOT_FOUND;
	if (!kind->named && !kind->optional) {
		*why_out = "this node is always there; take its values back one by one";
		return ERR_DENIED;
	}
	struct entry *e = config_entry_find(config, kind, name);
	if (!e) {
		*why_out = "no such node";
		return ERR_NOT_FOUND;
	}
	config_entry_drop(config, e);
	return OK;
}
