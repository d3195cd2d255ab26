/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `cellpost send` and `quote` say to the API, and what its answers mean in words. */
#include <string.h>

#include "core/config.h"
#include "daemon/cellpost_send.h"
#include "daemon/cellpost_terminal.h"

#define NAME_WIDTH 10
#define RAW_SHOWN 300u

/* --- out ------------------------------------------------------------------------------------------------------- */

static void put_recipients(struct json_writer *j, const char *to)
{
	struct text rest = text_of(to), one;
	bool many = strchr(to, ',') != NULL;

	json_key(j, "to");
	if (!many) {
		json_put_cstring(j, to);
		return;
	}
	json_open_array(j);
	while (text_split(&rest, ',', &one)) {
		if (text_trim(one).len)
			json_put_text(j, text_trim(one));
	}
	json_close_array(j);
}

/* What may be spent; the server knows the words. */
static void put_terms(const struct send_words *words, struct json_writer *j)
{
	const struct {
		const char *name, *value;
	} terms[] = { { "bearer", words->bearer },
		      { "consent", words->consent },
		      { "max_price", words->max_price },
		      { "quote", words->quote } };

	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		if (terms[i].value)
			json_put_member_cstring(j, terms[i].name, terms[i].value);
	}
}

static void put_file(const struct send_words *words, struct json_writer *j)
{
	json_key(j, "files");
	json_open_array(j);
	json_open_object(j);
	json_put_member_cstring(j, "media", words->file_media);
	json_put_member_cstring(j, "name", words->file_name);
	json_put_member_cstring(j, "file", words->file);
	json_close_object(j);
	json_close_array(j);
}

enum result send_body(const struct send_words *words, struct json_writer *j, const char **why_out)
{
	int64_t us = 0;

	if (words->validity && (!config_duration(text_of(words->validity), &us) || us < 1000000)) {
		*why_out = "--validity is a time as 30m, 12h or 2d, of a second or more";
		return ERR_MALFORMED;
	}
	json_open_object(j);
	put_recipients(j, words->to);
	if (words->text)
		json_put_member_cstring(j, "text", words->text);
	if (words->file)
		put_file(words, j);
	if (words->from)
		json_put_member_cstring(j, "from", words->from);
	if (words->link)
		json_put_member_cstring(j, "link", words->link);
	if (words->validity)
		json_put_member_int(j, "validity", us / 1000000);
	if (words->at)
		json_put_member_cstring(j, "send_at", words->at);
	put_terms(words, j);
	if (words->report)
		json_put_member_cstring(j, "report", "all");
	if (words->flash)
		json_put_member_bool(j, "flash", true);
	json_close_object(j);
	if (json_writer_ok(j))
		return OK;
	*why_out = "the text is too large";
	return ERR_TOO_BIG;
}

/* --- back ------------------------------------------------------------------------------------------------------ */

/* States in the words of people. */
static const struct {
	const char *state, *words;
} states[] = {
	{ "sending", "sending: with its link" },
	{ "waiting", "waiting: kept, and sent when its turn comes or the link is up" },
	{ "held", "on hold" },
	{ "hold", "on hold" },
};

static struct text state_words(struct text state)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (text_is(state, states[i].state))
			return text_of(states[i].words);
	}
	return state;
}

static void print_name(FILE *to, struct text name, unsigned depth)
{
	size_t used = name.len + 2u * depth;

	fprintf(to, "%*s", (int)(2 * depth), "");
	terminal_print(to, name, NULL);
	fprintf(to, "%*s", used < NAME_WIDTH ? (int)(NAME_WIDTH - used) : 1, "");
}

static void print_scalar(FILE *to, struct text name, const struct json_value *v)
{
	struct text t;
	int64_t n;
	double real;
	bool yes;

	if (json_text(v, &t))
		terminal_print(to, text_is(name, "state") ? state_words(t) : t, NULL);
	else if (json_int(v, &n))
		fprintf(to, "%lld", (long long)n);
	else if (json_number(v, &real))
		fprintf(to, "%g", real);
	else if (json_bool(v, &yes))
		fputs(yes ? "yes" : "no", to);
	else
		fputs("-", to);
	fputs("\n", to);
}

static void print_value(FILE *to, struct text name, const struct json_value *v, unsigned depth);

static void print_object(FILE *to, const struct json_value *object, unsigned depth)
{
	const struct json_value *v;
	struct json_cursor at = { 0 };
	struct text name;

	while (json_next_member(object, &at, &name, &v))
		print_value(to, name, v, depth);
}

static void print_list(FILE *to, struct text name, const struct json_value *list, unsigned depth)
{
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json_value *item = json_item(list, i);
		if (json_kind(item) == JSON_KIND_OBJECT)
			print_object(to, item, depth);
		else
			print_value(to, name, item, depth);
		if (i + 1 < json_count(list) && json_kind(item) == JSON_KIND_OBJECT)
			fputs("\n", to);
	}
}

/* Nesting is bounded by json_parse. */
static void print_value(FILE *to, struct text name, const struct json_value *v, unsigned depth)
{
	bool object = json_kind(v) == JSON_KIND_OBJECT, list = json_kind(v) == JSON_KIND_ARRAY;

	if (text_is(name, "recipients") && list) {
		print_list(to, name, v, depth);
		return;
	}
	print_name(to, name, depth);
	if (!object && !list) {
		print_scalar(to, name, v);
		return;
	}
	fputs("\n", to);
	if (object)
		print_object(to, v, depth + 1);
	else
		print_list(to, name, v, depth + 1);
}

static void print_raw(FILE *to, struct text body)
{
	bool cut = body.len > RAW_SHOWN;

	terminal_print(to, text_range(body.at, cut ? RAW_SHOWN : body.len), NULL);
	fputs(cut ? "...\n" : "\n", to);
}

/* A delivery's own id is of use to programs only where there are several. */
static void print_message(FILE *to, const struct json_value *root)
{
	const struct json_value *recipients = json_member(root, "recipients");
	struct json_cursor at = { 0 };
	const struct json_value *v;
	struct text name;

	if (json_count(recipients) != 1) {
		print_object(to, root, 0);
		return;
	}
	while (json_next_member(root, &at, &name, &v)) {
		if (v != recipients)
			print_value(to, name, v, 0);
	}
	at = (struct json_cursor){ 0 };
	while (json_next_member(json_item(recipients, 0), &at, &name, &v)) {
		if (!text_is(name, "id"))
			print_value(to, name, v, 0);
	}
}

bool send_print_answer(FILE *to, struct text body)
{
	struct json_doc *doc = NULL;
	struct json_error error;

	if (json_parse(body, NULL, &doc, &error)) {
		print_raw(to, body);
		return false;
	}
	if (json_kind(json_root(doc)) == JSON_KIND_OBJECT)
		print_message(to, json_root(doc));
	else
		print_list(to, TEXT_LITERAL("answer"), json_root(doc), 0);
	json_free(&doc);
	return true;
}

void send_print_problem(FILE *to, unsigned status, struct text body)
{
	struct json_doc *doc = NULL;
	struct json_error error;
	struct text message = { 0 }, field = { 0 };

	if (json_parse(body, NULL, &doc, &error) == OK) {
		const struct json_value *problem = json_member(json_root(doc), "error");
		(void)json_text(json_member(problem, "field"), &field);
		(void)json_text(json_member(problem, "message"), &message);
	}
	if (!message.len) {
		fprintf(to, "the server says %u ", status);
		print_raw(to, body);
	} else {
		if (field.len) {
			terminal_print(to, field, NULL);
			fputs(": ", to);
		}
		terminal_print(to, message, NULL);
		fputs("\n", to);
	}
	if (doc)
		json_free(&doc);
}
