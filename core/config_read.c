/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text to set. Each line stands alone, so a wrong one is reported and the next is read; the knobs under a node line
 * that was wrong are passed over, as they would only repeat its fault. What no single line can show (a missing value,
 * a node's own check) is looked at once the whole text is in.
 */
#include "core/config_internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/base/utf8.h"

struct reading {
	struct config *config;
	const char *file;
	config_fault fault;
	void *owner;
	unsigned faults;
	uint32_t line;
	struct entry *node; /* NULL: none opened yet, or the last one was wrong */
	bool passing;	    /* the node was wrong: its knobs are passed over */
};

__attribute__((format(printf, 3, 4))) static void complain(struct reading *r, struct text word, const char *format, ...)
{
	char text[CONFIG_WHY_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	r->faults++;
	r->fault(r->owner, r->file, r->line, word, text);
}

static bool line_is_clean(struct reading *r, struct text line)
{
	if (line.len > CONFIG_LINE_MAX) {
		complain(r, text_range(line.at, 16), "a line of more than %u octets", CONFIG_LINE_MAX);
		return false;
	}
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.at[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f) {
			complain(r, text_range(line.at + i, 1), "a control character");
			return false;
		}
	}
	if (utf8_valid(line))
		return true;
	complain(r, text_range("", 0), "not UTF-8: save the file in UTF-8");
	return false;
}

static bool node_opens(struct reading *r, const struct node_kind *kind, struct text name)
{
	struct entry *e = config_entry_find(r->config, kind, name);

	if (kind->named && !config_name_good(name)) {
		complain(r, name,
			 "`%s` needs a name of letters, digits and . _ - @ +, at most %u, and nothing behind it",
			 kind->name, CONFIG_NAME_MAX);
		return false;
	}
	if (!kind->named && name.len) {
		complain(r, name, "`%s` stands alone on its line", kind->name);
		return false;
	}
	if (e && entry_head(e)->line) {
		complain(r, kind->named ? name : text_of(kind->name),
			 "this node was opened at line %u already: put it together", entry_head(e)->line);
		return false;
	}
	if (!e)
		e = config_entry_new(r->config, kind, name, r->line);
	if (!e) {
		complain(r, name, "more than %u nodes", CONFIG_NODES_MAX);
		return false;
	}
	void *node = e->node;
	((struct config_node *)node)->line = r->line;
	r->node = e;
	return true;
}

static void node_line(struct reading *r, struct text line)
{
	char hint[CONFIG_WHY_SIZE / 2];
	struct text word = config_take_word(&line);
	const struct node_kind *kind = config_kind(r->config, word);

	r->node = NULL;
	r->passing = true;
	if (!kind) {
		config_suggest_kind(r->config, word, hint, sizeof(hint));
		complain(r, word, "no such node%s", hint);
		return;
	}
	r->passing = !node_opens(r, kind, line);
}

/* A word that belongs to a node but stands at the margin, or the other way round, is a common slip. */
static void unknown_knob(struct reading *r, struct text word)
{
	char hint[CONFIG_WHY_SIZE / 2];

	if (config_kind(r->config, word)) {
		complain(r, word, "a node starts at the left margin, without a blank before it");
		return;
	}
	config_suggest_knob(r->node->kind, word, hint, sizeof(hint));
	complain(r, word, "no such word in `%s`%s", r->node->kind->name, hint);
}

static void knob_line(struct reading *r, struct text line)
{
	char why[CONFIG_WHY_SIZE];
	struct knob_value value;
	struct text word = config_take_word(&line);

	if (r->passing)
		return;
	if (!r->node) {
		complain(r, word, "stands under no node: a node's line comes first, at the left margin");
		return;
	}
	int knob = config_knob_index(r->node->kind, word);
	if (knob < 0) {
		unknown_knob(r, word);
		return;
	}
	const struct knob *k = &r->node->kind->knobs[knob];
	if (!k->many && r->node->lines[knob]) {
		complain(r, word, "was set at line %u already", r->node->lines[knob]);
		return;
	}
	if (!config_value_parse(k, line, &value, why)) {
		complain(r, k->secret || !line.len ? word : line, "%s", why);
		return;
	}
	config_value_put(r->config, r->node, (unsigned)knob, &value, r->line);
}

static void read_line(struct reading *r, struct text line)
{
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	struct text words = text_trim(line);
	if (!words.len || words.at[0] == '!' || words.at[0] == '#')
		return;
	if (!line_is_clean(r, line))
		return;
	if (line.at[0] == ' ' || line.at[0] == '\t')
		knob_line(r, words);
	else
		node_line(r, words);
}

static void check_in_set(struct reading *r, const struct entry *e)
{
	struct config_miss miss = e->kind->check_set(r->config, e->node);

	if (!miss.why)
		return;
	int knob = config_knob_index(e->kind, text_of(miss.knob));
	if (knob >= 0 && e->lines[knob])
		r->line = e->lines[knob];
	complain(r, miss.word, "%s", miss.why);
}

static void check_entry(struct reading *r, const struct entry *e)
{
	const struct node_kind *kind = e->kind;
	struct text word = kind->named ? entry_head(e)->name : text_of(kind->name);
	const char *why = "";
	unsigned before = r->faults;

	r->line = entry_head(e)->line;
	for (unsigned i = 0; i < kind->knobs_count; i++) {
		if (kind->knobs[i].required && !e->lines[i])
			complain(r, word, "`%s` needs `%s`: %s", kind->name, kind->knobs[i].name, kind->knobs[i].help);
	}
	if (r->faults == before && kind->check && kind->check(e->node, &why))
		complain(r, word, "%s", why);
	if (r->faults == before && kind->check_set)
		check_in_set(r, e);
}

static void check_all(struct reading *r)
{
	for (unsigned i = 0; i < r->config->kinds_count; i++) {
		for (const struct entry *e = r->config->slots[i].first; e; e = e->next)
			check_entry(r, e);
	}
}

unsigned config_read(struct config *config, const char *file, struct text content, config_fault fault, void *owner)
{
	struct reading r = { .config = config, .file = file, .fault = fault, .owner = owner };
	struct text line;

	config->file = arena_text(config->arena, text_of(file));
	if (content.len > CONFIG_FILE_MAX) {
		complain(&r, text_range("", 0), "a file of more than %u octets", CONFIG_FILE_MAX);
		return r.faults;
	}
	while (text_split(&content, '\n', &line)) {
		r.line++;
		read_line(&r, line);
	}
	if (!r.faults)
		check_all(&r);
	return r.faults;
}

unsigned config_check(const struct config *config, config_fault fault, void *owner)
{
	union {
		const struct config *kept;
		struct config *plain;
	} u = { .kept = config }; /* check_all changes nothing */
	char file[256];
	struct reading r = { .config = u.plain, .file = file, .fault = fault, .owner = owner };

	(void)text_quote(config->file, file, sizeof(file));
	check_all(&r);
	return r.faults;
}
