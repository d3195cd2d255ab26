/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Configure mode. A session changes a draft of its own, a copy of the set in use; commit checks it like a file and puts
 * it to use, unless the set in use has changed since the copy was made.
 */
#include "daemon/vty_internal.h"

#include <stdio.h>

#include "core/base/log.h"
#include "core/base/utf8.h"
#include "daemon/apply.h"
#include "daemon/config_file.h"
#include "daemon/role_internal.h"

#define COMMIT_AND_LEAVE 1u /* as the call of a waiting session */

enum match { MATCH_NONE, MATCH_PREFIX, MATCH_FULL, MATCH_MANY };

static enum match better(enum match so_far, struct text given, const char *word)
{
	struct text w = text_of(word);

	if (text_equal(given, w))
		return MATCH_FULL;
	if (given.len > w.len || (given.len && memcmp(given.at, w.at, given.len) != 0))
		return MATCH_NONE;
	return so_far == MATCH_NONE ? MATCH_PREFIX : MATCH_MANY;
}

static enum match find_kind(const struct config *config, struct text given, const struct node_kind **out)
{
	unsigned count = 0;
	const struct node_kind *const *kinds = config_kinds(config, &count);
	enum match best = MATCH_NONE;

	for (unsigned i = 0; i < count && best != MATCH_FULL; i++) {
		enum match m = better(best, given, kinds[i]->name);
		if (m == MATCH_NONE)
			continue;
		best = m;
		*out = kinds[i];
	}
	return best;
}

static enum match find_knob(const struct node_kind *kind, struct text given, const struct knob **out)
{
	enum match best = MATCH_NONE;

	for (unsigned i = 0; i < kind->knobs_count && best != MATCH_FULL; i++) {
		enum match m = better(best, given, kind->knobs[i].name);
		if (m == MATCH_NONE)
			continue;
		best = m;
		*out = &kind->knobs[i];
	}
	return best;
}

/* Is the word a command of configure mode, at least as well as it is a word of the configuration? */
static enum match as_command(const struct session *s, struct text given)
{
	size_t stride;
	unsigned count;
	const char *rows = vty_patterns(&stride, &count);
	enum match best = MATCH_NONE;
	struct text last = { 0 };

	for (unsigned i = 0; i < count && best != MATCH_FULL; i++) {
		const void *row = rows + stride * i;
		const struct vty_pattern *p = row;
		char word[32];
		struct text first;
		if (!(p->modes & 1u << s->mode) || !vty_pattern_word(p->words, 0, &first) || text_equal(first, last) ||
		    !text_copy(first, word, sizeof(word)))
			continue;
		enum match m = better(best, given, word);
		best = m == MATCH_NONE ? best : m;
		last = first;
	}
	return best;
}

void configure_enter(struct session *s)
{
	s->draft = config_clone(role_config());
	s->draft_of = role_config_number();
	s->changed = false;
	s->mode = VTY_CONFIG;
}

void configure_leave(struct session *s)
{
	config_free(&s->draft);
	s->changed = false;
	s->kind = NULL;
	if (s->mode >= VTY_CONFIG)
		s->mode = VTY_ENABLE;
}

void configure_node_up(struct session *s)
{
	s->kind = NULL;
	s->mode = VTY_CONFIG;
}

static void say_fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	char shown[80];

	(void)file;
	(void)line;
	session_say(owner, "%% %s: %s\n", text_quote(word, shown, sizeof(shown)), text);
}

/* After `commit` the session stays where it was, with a new draft. */
static void stay(struct session *s)
{
	enum vty_mode mode = s->mode;
	const struct node_kind *kind = s->kind;

	configure_leave(s);
	configure_enter(s);
	s->mode = mode;
	s->kind = kind;
}

static void committed(void *owner, const char *why)
{
	struct session *s = owner;

	if (why) {
		session_say(s, "%% refused, nothing changed: %s\n", why);
	} else {
		LOGN(LOG_DAEMON, stream_peer(s->stream), "committed a configuration");
		session_say(s, "In use\n");
		if (s->call == COMMIT_AND_LEAVE)
			configure_leave(s);
		else
			stay(s);
	}
	session_go_on(s);
}

void configure_commit(struct session *s, bool then_leave)
{
	if (!s->changed) {
		if (then_leave)
			configure_leave(s);
		return;
	}
	if (s->draft_of != role_config_number()) {
		session_say(
			s,
			"%% the configuration in use has changed meanwhile: `abort`, then make your changes again\n");
		return;
	}
	if (config_check(s->draft, say_fault, s))
		return;
	if (apply_busy()) {
		session_say(s, "%% another configuration is on its way: try again\n");
		return;
	}
	/* Paused first: a refusal may come at once. */
	session_wait(s, ROLE_CONTROL, then_leave ? COMMIT_AND_LEAVE : 0);
	apply_start(config_clone(s->draft), committed, s);
}

static void open_node(struct session *s, const struct node_kind *kind, struct text name)
{
	const char *why = "";
	bool there = config_find(s->draft, kind, name);

	if (config_set(s->draft, text_of(kind->name), name, text_range("", 0), &why)) {
		session_say(s, "%% %s\n", why);
		return;
	}
	s->changed |= !there;
	s->kind = kind;
	(void)text_copy(name, s->name, sizeof(s->name));
	s->mode = VTY_NODE;
}

static void drop_node(struct session *s, const struct node_kind *kind, struct text name)
{
	const char *why = "";

	if (config_drop(s->draft, text_of(kind->name), name, &why)) {
		session_say(s, "%% %s\n", why);
		return;
	}
	s->changed = true;
	if (s->kind == kind && text_is(name, s->name))
		configure_node_up(s);
}

/* The rest of the line as it was typed, behind its first n words. */
static struct text behind(struct text line, unsigned n)
{
	for (; n; n--) {
		line = text_trim(line);
		size_t i = 0;
		while (i < line.len && line.at[i] != ' ' && line.at[i] != '\t')
			i++;
		line = text_range(line.at + i, line.len - i);
	}
	return text_trim(line);
}

static void set_knob(struct session *s, const struct knob *knob, bool no, struct text value)
{
	char line[VTY_LINE_MAX + 128];
	const char *why = "";

	int n = snprintf(line, sizeof(line), "%s%s %.*s", no ? "no " : "", knob->name, TEXT_ARGS(value));
	if (n < 0 || (size_t)n >= sizeof(line) || !utf8_valid(value)) {
		session_say(s, "%% too long, or no UTF-8\n");
		return;
	}
	if (config_set(s->draft, text_of(s->kind->name), text_of(s->name), text_of(line), &why))
		session_say(s, "%% %s\n", why);
	else
		s->changed = true;
}

/* In an open node its knobs come first, then commands and kinds; a full word beats an abbreviation. */
bool configure_line(struct session *s, const struct vty_line *words, struct text line)
{
	bool no = text_is(words->words[0], "no") && words->count > 1;
	unsigned at = no ? 1 : 0;
	struct text word = words->words[at];
	const struct knob *knob = NULL;
	const struct node_kind *kind = NULL;
	enum match as_knob = s->kind ? find_knob(s->kind, word, &knob) : MATCH_NONE;
	enum match as_kind = find_kind(s->draft, word, &kind);
	enum match command = no ? MATCH_NONE : as_command(s, word);

	if (as_knob == MATCH_FULL) {
		set_knob(s, knob, no, behind(line, at + 1));
		return true;
	}
	if (command == MATCH_FULL)
		return false;
	if (as_kind != MATCH_FULL) {
		int meanings = (as_knob != MATCH_NONE) + (as_kind != MATCH_NONE) + (command != MATCH_NONE);
		if (!meanings || (meanings == 1 && command == MATCH_PREFIX))
			return false;
		if (meanings > 1 || as_knob == MATCH_MANY || as_kind == MATCH_MANY || command == MATCH_MANY) {
			session_say(s, "%% ambiguous: more than one word starts so\n");
			return true;
		}
		if (as_knob == MATCH_PREFIX) {
			set_knob(s, knob, no, behind(line, at + 1));
			return true;
		}
	}
	if (no)
		drop_node(s, kind, behind(line, at + 1));
	else
		open_node(s, kind, behind(line, at + 1));
	return true;
}

/* --- help --- */

static bool starts(struct text part, const char *word)
{
	return part.len <= strlen(word) && (!part.len || !memcmp(part.at, word, part.len));
}

static void each_kind_and_knob(struct session *s, struct text part,
			       void (*each)(void *owner, struct text word, const char *help), void *owner)
{
	unsigned count = 0;
	const struct node_kind *const *kinds = config_kinds(s->draft, &count);

	for (unsigned i = 0; s->kind && i < s->kind->knobs_count; i++) {
		if (starts(part, s->kind->knobs[i].name))
			each(owner, text_of(s->kind->knobs[i].name), s->kind->knobs[i].help);
	}
	for (unsigned i = 0; i < count; i++) {
		if (starts(part, kinds[i]->name))
			each(owner, text_of(kinds[i]->name), kinds[i]->help);
	}
}

static const char *const type_words[KNOB_TYPE_COUNT] = {
	[KNOB_BOOL] = "yes | no",	[KNOB_UINT] = "number",		[KNOB_DURATION] = "duration",
	[KNOB_SIZE] = "size",		[KNOB_WORD] = "word",		[KNOB_TEXT] = "text",
	[KNOB_LISTEN] = "address:port", [KNOB_FILE] = "path of a file",
};

static void each_value(const struct knob *knob, struct text part,
		       void (*each)(void *owner, struct text word, const char *help), void *owner)
{
	static const char *const yes_no[] = { "yes", "no", NULL };
	const char *const *words = knob->type == KNOB_BOOL ? yes_no : knob->words;

	if (knob->type != KNOB_BOOL && knob->type != KNOB_WORD) {
		each(owner, text_of(type_words[knob->type]), knob->help);
		return;
	}
	for (; *words; words++) {
		if (starts(part, *words))
			each(owner, text_of(*words), knob->help);
	}
}

void configure_next_words(struct session *s, const struct vty_line *words,
			  void (*each)(void *owner, struct text word, const char *help), void *owner)
{
	unsigned from = words->count && text_is(words->words[0], "no") ? 1 : 0;
	unsigned at = words->count - (words->ends_open ? 1 : 0);
	struct text part = words->ends_open ? words->words[at] : (struct text){ 0 };
	const struct knob *knob = NULL;
	const struct node_kind *kind = NULL;

	if (at < from + 1)
		each_kind_and_knob(s, part, each, owner);
	else if (at == from + 1 && s->kind && find_knob(s->kind, words->words[from], &knob) >= MATCH_PREFIX && knob)
		each_value(knob, part, each, owner);
	else if (at == from + 1 && find_kind(s->draft, words->words[from], &kind) >= MATCH_PREFIX && kind->named)
		each(owner, TEXT_LITERAL("NAME"), kind->help);
}

static void list_knob(struct session *s, const struct knob *k)
{
	char range[80] = "";

	if (k->type == KNOB_UINT)
		snprintf(range, sizeof(range), " %lld..%lld", (long long)k->min, (long long)k->max);
	session_say(s, "  %-16s %s%s%s%s%s%s\n", k->name, type_words[k->type], range, k->many ? ", many" : "",
		    k->required ? ", required" : "", k->fallback ? ", default " : "", k->fallback ? k->fallback : "");
	if (k->words) {
		session_say(s, "  %-16s  one of:", "");
		for (unsigned i = 0; k->words[i]; i++)
			session_say(s, " %s", k->words[i]);
		session_say(s, "\n");
	}
	session_say(s, "  %-16s  %s\n", "", k->help ? k->help : "");
}

void configure_list(struct session *s)
{
	unsigned count = 0;
	const struct node_kind *const *kinds = config_kinds(s->draft, &count);

	for (unsigned i = 0; s->kind && i < s->kind->knobs_count; i++)
		list_knob(s, &s->kind->knobs[i]);
	for (unsigned i = 0; !s->kind && i < count; i++)
		session_say(s, "  %-16s %s\n", kinds[i]->name, kinds[i]->help ? kinds[i]->help : "");
	session_say(s, "  no WORD [VALUE]  takes a value, or a node, back\n");
}
