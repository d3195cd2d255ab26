/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "core/config.h"
#include "daemon/phone.h"

#define LINE_OCTETS_MAX (1024u * 1024u)

static const char *const commands[] = { "to",	"on",	   "off", "inbox", "quit",   "help", "rcs",
					"data", "roaming", "mms", "save",  "attach", NULL };
static const enum phone_action actions[] = { PHONE_SEND,   PHONE_ON,	 PHONE_OFF,    PHONE_INBOX,
					     PHONE_QUIT,   PHONE_HELP,	 PHONE_SWITCH, PHONE_SWITCH,
					     PHONE_SWITCH, PHONE_SWITCH, PHONE_SAVE,   PHONE_ATTACH };

static struct phone_typed wrong(const char *why)
{
	return (struct phone_typed){ .action = PHONE_WRONG, .why = why };
}

static struct phone_typed unknown(struct text word)
{
	static char why[160];
	const char *near = config_nearest(word, commands);
	char shown[40];

	if (near)
		snprintf(why, sizeof(why), "no /%s; did you mean /%s?", text_quote(word, shown, sizeof(shown)), near);
	else
		snprintf(why, sizeof(why), "no /%s; /help lists what there is, // begins a text with a slash",
			 text_quote(word, shown, sizeof(shown)));
	return wrong(why);
}

static struct phone_typed to_somebody(struct text rest)
{
	struct phone_typed t = { .action = PHONE_SEND };

	rest = text_trim(rest);
	if (text_split(&rest, ' ', &t.to))
		t.text = text_trim(rest);
	return t.to.len && t.text.len ? t : wrong("/to NUMBER TEXT");
}

static struct phone_typed to_switch(struct text word, struct text rest)
{
	if (!text_is(rest, "on") && !text_is(rest, "off"))
		return wrong("/rcs on, /rcs off; /data, /roaming and /mms alike");
	return (struct phone_typed){ .action = PHONE_SWITCH, .to = word, .text = rest };
}

static struct phone_typed to_attach(struct text rest)
{
	struct phone_typed t = to_somebody(rest);

	if (t.action != PHONE_SEND)
		return wrong("/attach NUMBER PATH");
	t.action = PHONE_ATTACH;
	return t;
}

static struct phone_typed command(struct text line)
{
	struct text word = { 0 };

	(void)text_split(&line, ' ', &word);
	for (unsigned i = 0; commands[i]; i++) {
		if (!text_is(word, commands[i]))
			continue;
		if (actions[i] == PHONE_SEND)
			return to_somebody(line);
		if (actions[i] == PHONE_SWITCH)
			return to_switch(word, text_trim(line));
		if (actions[i] == PHONE_ATTACH)
			return to_attach(line);
		if (actions[i] == PHONE_SAVE)
			return (struct phone_typed){ .action = PHONE_SAVE, .text = text_trim(line) };
		if (text_trim(line).len)
			return wrong("this word stands alone");
		return (struct phone_typed){ .action = actions[i] };
	}
	return unknown(word);
}

struct phone_typed phone_typed(struct text line, struct text last)
{
	line = text_trim(line);
	if (!line.len)
		return (struct phone_typed){ .action = PHONE_NOTHING };
	if (line.at[0] == '/' && !text_starts(line, "//"))
		return command(text_range(line.at + 1, line.len - 1));
	if (line.at[0] == '/')
		line = text_range(line.at + 1, line.len - 1);
	if (!last.len)
		return wrong("nobody has written yet: /to NUMBER TEXT");
	return (struct phone_typed){ .action = PHONE_SEND, .to = last, .text = line };
}

static enum phone_event_kind kind_of(struct text name)
{
	static const char *const names[] = { "ready", "message", "sent", "refused", "switched", "error", "file" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (text_is(name, names[i]))
			return (enum phone_event_kind)i;
	}
	return PHONE_EVENT_OTHER;
}

bool phone_event(struct text line, struct json_doc **doc_out, struct phone_event *out)
{
	static const struct json_limits limits = { .bytes_max = LINE_OCTETS_MAX, .depth_max = 4 };
	struct json_error error;
	struct text name = { 0 };

	*out = (struct phone_event){ .kind = PHONE_EVENT_OTHER };
	*doc_out = NULL;
	if (json_parse(line, &limits, doc_out, &error))
		return false;
	const struct json_value *root = json_root(*doc_out);
	if (!json_text(json_member(root, "event"), &name)) {
		json_free(doc_out);
		return false;
	}
	out->kind = kind_of(name);
	(void)json_bool(json_member(root, "on"), &out->on);
	(void)json_bool(json_member(root, "old"), &out->old);
	(void)json_bool(json_member(root, "rcs"), &out->rcs);
	out->data_on = out->mms = true;
	(void)json_bool(json_member(root, "data"), &out->data_on);
	(void)json_text(json_member(root, "data"), &out->data);
	(void)json_bool(json_member(root, "mms"), &out->mms);
	(void)json_bool(json_member(root, "last"), &out->last);
	out->files = json_member(root, "files");
	(void)json_bool(json_member(root, "roaming"), &out->roaming);
	(void)json_text(json_member(root, "bearer"), &out->bearer);
	(void)json_text(json_member(root, "price"), &out->price);
	(void)json_int(json_member(root, "inbox"), &out->inbox);
	(void)json_text(json_member(root, "number"), &out->number);
	(void)json_text(json_member(root, "at"), &out->at);
	(void)json_text(json_member(root, "from"), &out->from);
	(void)json_text(json_member(root, "to"), &out->to);
	(void)json_text(json_member(root, "text"), &out->text);
	(void)json_text(json_member(root, "id"), &out->id);
	(void)json_text(json_member(root, "why"), &out->why);
	return true;
}
