/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration engine over kinds of its own, and over the nodes of core_vty.h. */
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/config.h"
#include "core/core_vty.h"

struct shelf {
	struct config_node node;
	bool open;
	int64_t boards, wait, room, colour;
	struct text label, key, listen;
	struct config_list tag, also;
	struct config_file paper;
};

struct hall {
	struct config_node node;
	int64_t doors;
	struct text listen;
};

static const char *const colours[] = { "red", "green", "dark-blue", NULL };

#define AT(type, member) .offset = offsetof(struct type, member)
static const struct knob shelf_knobs[] = {
	{ .name = "open", .type = KNOB_BOOL, AT(shelf, open), .fallback = "yes" },
	{ .name = "boards", .type = KNOB_UINT, AT(shelf, boards), .min = 1, .max = 9, .fallback = "3" },
	{ .name = "wait", .type = KNOB_DURATION, AT(shelf, wait), .max = 3600000000, .fallback = "30s" },
	{ .name = "room", .type = KNOB_SIZE, AT(shelf, room), .max = INT64_MAX, .fallback = "64k" },
	{ .name = "colour", .type = KNOB_WORD, AT(shelf, colour), .words = colours, .fallback = "green" },
	{ .name = "label", .type = KNOB_TEXT, AT(shelf, label), .required = true, .help = "What it is called" },
	{ .name = "key", .type = KNOB_TEXT, AT(shelf, key), .secret = true },
	{ .name = "listen", .type = KNOB_LISTEN, AT(shelf, listen) },
	{ .name = "tag", .type = KNOB_TEXT, AT(shelf, tag), .many = true },
	{ .name = "also", .type = KNOB_LISTEN, AT(shelf, also), .many = true, .fallback = "127.0.0.1:7" },
	{ .name = "paper", .type = KNOB_FILE, AT(shelf, paper) },
};

static const struct knob hall_knobs[] = {
	{ .name = "doors", .type = KNOB_UINT, AT(hall, doors), .max = 100, .fallback = "2" },
	{ .name = "listen", .type = KNOB_LISTEN, AT(hall, listen), .fallback = "127.0.0.1:9" },
};

static enum result shelf_check(const void *node, const char **why_out)
{
	const struct shelf *s = node;

	*why_out = "a shelf of 7 boards falls over";
	return s->boards == 7 ? ERR_MALFORMED : OK;
}

#define COUNT(a) (unsigned)(sizeof(a) / sizeof((a)[0]))
static const struct node_kind shelf_kind = { .name = "shelf",
					     .named = true,
					     .size = sizeof(struct shelf),
					     .knobs = shelf_knobs,
					     .knobs_count = COUNT(shelf_knobs),
					     .roles = 2,
					     .check = shelf_check };
static const struct node_kind hall_kind = {
	.name = "hall", .size = sizeof(struct hall), .knobs = hall_knobs, .knobs_count = COUNT(hall_knobs), .roles = 4
};
static const struct node_kind attic_kind = { .name = "attic",
					     .optional = true,
					     .size = sizeof(struct hall),
					     .knobs = hall_knobs,
					     .knobs_count = COUNT(hall_knobs),
					     .roles = 4 };
static const struct node_kind *const kinds[] = { &hall_kind, &shelf_kind, &attic_kind };

struct faults {
	char text[8][900];
	unsigned count;
};

static void note(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	struct faults *f = owner;

	assert_true(f->count < COUNT(f->text));
	snprintf(f->text[f->count++], sizeof(f->text[0]), "%s:%u: %.*s: %s", file, line, TEXT_ARGS(word), text);
}

static unsigned read_into(struct config *c, const char *text, struct faults *f)
{
	*f = (struct faults){ 0 };
	return config_read(c, "f", text_of(text), note, f);
}

static struct config *good(const char *text)
{
	struct faults f;
	struct config *c = config_new(kinds, COUNT(kinds));

	if (read_into(c, text, &f))
		fail_msg("%s", f.text[0]);
	return c;
}

static const char whole[] = "! a comment\n"
			    "shelf a\n"
			    " label  two words \r\n"
			    " # a comment\n"
			    " open no\n boards 9\n wait 90s\n room 3m\n colour dark-blue\n"
			    " key k1\n listen [::1]:80\n tag x y\n tag z\n tag q\n tag r\n tag s\n"
			    " also 10.0.0.1:1\n also unix:/run/x\n paper p.pem\n"
			    "\n"
			    "hall\n doors 4\n"
			    "shelf b\n\tlabel B\n also none\n"
			    "attic\n listen none\n";

static void every_type_arrives_in_its_field(void **state)
{
	struct config *c = good(whole);
	const struct shelf *a = config_find(c, &shelf_kind, TEXT_LITERAL("a"));
	const struct shelf *b = config_find(c, &shelf_kind, TEXT_LITERAL("b"));
	const struct hall *hall = config_only(c, &hall_kind), *attic = config_only(c, &attic_kind);

	(void)state;
	assert_true(text_is(a->label, "two words") && !a->label.at[a->label.len]);
	assert_true(!a->open && a->boards == 9 && a->wait == 90000000 && a->room == 3 << 20 && a->colour == 2);
	assert_true(text_is(a->key, "k1") && text_is(a->listen, "[::1]:80") && text_is(a->paper.path, "p.pem"));
	assert_int_equal(a->tag.count, 5);
	assert_true(text_is(a->tag.items[0], "x y") && text_is(a->tag.items[4], "s"));
	assert_int_equal(a->also.count, 2);
	assert_true(text_is(a->also.items[1], "unix:/run/x"));
	assert_true(b->open && b->boards == 3 && b->wait == 30000000 && b->room == 65536 && b->colour == 1);
	assert_true(b->also.count == 0 && b->node.line == 23 && text_is(b->node.name, "b"));
	assert_true(hall->doors == 4 && text_is(hall->listen, "127.0.0.1:9"));
	assert_true(attic && !attic->listen.len && attic->doors == 2);
	assert_ptr_equal(config_next(c, &shelf_kind, NULL), a);
	assert_ptr_equal(config_next(c, &shelf_kind, a), b);
	assert_null(config_next(c, &shelf_kind, b));
	assert_null(config_find(c, &shelf_kind, TEXT_LITERAL("c")));
	config_free(&c);
	c = good("shelf x\n label x\n");
	assert_null(config_only(c, &attic_kind));
	assert_non_null(config_only(c, &hall_kind));
	assert_int_equal(((const struct shelf *)config_only(c, &shelf_kind))->also.count, 1);
	config_free(&c);
}

struct bad {
	const char *text, *fault;
};

static const struct bad bad_texts[] = {
	{ "shelv a\n label x\n", "f:1: shelv: no such node; did you mean `shelf`?" },
	{ "hlal\n", "f:1: hlal: no such node; did you mean `hall`?" },
	{ "zzz\n", "f:1: zzz: no such node; known are: hall, shelf, attic" },
	{ "shelf a\n lable x\n", "f:2: lable: no such word in `shelf`; did you mean `label`?" },
	{ "hall\n q\n", "f:2: q: no such word in `hall`; known are: doors, listen" },
	{ "hall\n shelf b\n", "f:2: shelf: a node starts at the left margin, without a blank before it" },
	{ "hall\n doors\n", "f:2: doors: `doors` needs a value" },
	{ "hall\n doors many\n", "f:2: many: `doors` is a whole number" },
	{ "hall\n doors -1\n", "f:2: -1: `doors` is a whole number" },
	{ "hall\n doors 101\n", "f:2: 101: `doors` goes from 0 to 100" },
	{ "hall\n doors 99999999999999999999\n", "f:2: 99999999999999999999: `doors` is a whole number" },
	{ "hall\n doors 1\n doors 2\n", "f:3: doors: was set at line 2 already" },
	{ "hall\nhall\n", "f:2: hall: this node was opened at line 1 already: put it together" },
	{ "hall big\n", "f:1: big: `hall` stands alone on its line" },
	{ "\n doors 1\n", "f:2: doors: stands under no node: a node's line comes first, at the left margin" },
	{ "shelf\n",
	  "f:1: : `shelf` needs a name of letters, digits and . _ - @ +, at most 64, and nothing behind it" },
	{ "shelf a:b\n",
	  "f:1: a:b: `shelf` needs a name of letters, digits and . _ - @ +, at most 64, and nothing behind it" },
	{ "shelf a b\n",
	  "f:1: a b: `shelf` needs a name of letters, digits and . _ - @ +, at most 64, and nothing behind it" },
	{ "shelf a\n label x\nshelf a\n label y\n", "f:3: a: this node was opened at line 1 already: put it together" },
	{ "shelf a\n open maybe\n", "f:2: maybe: `open` is yes or no" },
	{ "shelf a\n wait 5\n", "f:2: 5: `wait` is a duration such as 500ms, 30s, 5m, 2h or 7d" },
	{ "shelf a\n wait 2h\n", "f:2: 2h: `wait` goes from 0 to 1h" },
	{ "shelf a\n wait 99999999999999999d\n",
	  "f:2: 99999999999999999d: `wait` is a duration such as 500ms, 30s, 5m, 2h or 7d" },
	{ "shelf a\n room 5x\n", "f:2: 5x: `room` is a size in octets such as 512, 64k, 10m or 2g" },
	{ "shelf a\n colour gren\n", "f:2: gren: `colour` is one of: red green dark-blue; did you mean `green`?" },
	{ "shelf a\n listen localhost:80\n",
	  "f:2: localhost:80: expected a numeric IPv4 or IPv6 address before the port" },
	{ "shelf a\n listen 80\n", "f:2: 80: expected ADDRESS:PORT, [IPV6]:PORT or unix:PATH" },
	{ "shelf a\n key k\x01y\n", "f:2: \x01: a control character" },
	{ "shelf a\n label \xff\n", "f:2: : not UTF-8: save the file in UTF-8" },
	{ "shelf a\n", "f:1: a: `shelf` needs `label`: What it is called" },
	{ "shelf a\n label x\n boards 7\n", "f:1: a: a shelf of 7 boards falls over" },
};

static void every_fault_names_its_place(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(bad_texts); i++) {
		struct faults f;
		struct config *c = config_new(kinds, COUNT(kinds));
		assert_int_equal(read_into(c, bad_texts[i].text, &f), 1);
		assert_string_equal(f.text[0], bad_texts[i].fault);
		config_free(&c);
	}
}

static void all_faults_show_at_once(void **state)
{
	struct faults f;
	struct config *c = config_new(kinds, COUNT(kinds));

	(void)state;
	assert_int_equal(read_into(c, "shelv a\n label x\n nonsense\nhall\n doors x\n dors 1\nshelf b\n open 1\n", &f),
			 4);
	assert_string_equal(f.text[1], "f:5: x: `doors` is a whole number");
	assert_string_equal(f.text[2], "f:6: dors: no such word in `hall`; did you mean `doors`?");
	assert_string_equal(f.text[3], "f:8: 1: `open` is yes or no");
	config_free(&c);
}

static void a_wrong_secret_is_not_shown(void **state)
{
	struct faults f;
	struct config *c = config_new(kinds, COUNT(kinds));

	(void)state;
	(void)read_into(c, "shelf a\n label a\n key hunter2\n key hunter3\n", &f);
	assert_null(strstr(f.text[0], "hunter"));
	config_free(&c);
}

static void limits_hold(void **state)
{
	struct faults f;
	struct config *c = config_new(kinds, COUNT(kinds));
	size_t n = CONFIG_FILE_MAX + 1;
	char *text = must_alloc(n + 1);

	(void)state;
	memset(text, '!', n);
	assert_int_equal(read_into(c, text, &f), 1);
	assert_string_equal(f.text[0], "f:0: : a file of more than 4194304 octets");
	memset(text, 'x', CONFIG_LINE_MAX + 1);
	text[CONFIG_LINE_MAX + 1] = 0;
	assert_int_equal(read_into(c, text, &f), 1);
	assert_string_equal(f.text[0], "f:1: xxxxxxxxxxxxxxxx: a line of more than 4096 octets");
	free(text);
	config_free(&c);
}

static void many_nodes_are_found_and_counted(void **state)
{
	const char *why;
	char name[32];
	struct config *c = config_new(kinds, COUNT(kinds));

	(void)state;
	for (unsigned i = 0; i < CONFIG_NODES_MAX - 1; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(config_set(c, TEXT_LITERAL("shelf"), text_of(name), TEXT_LITERAL("label x"), &why),
				 OK);
	}
	assert_int_equal(config_set(c, TEXT_LITERAL("shelf"), TEXT_LITERAL("more"), TEXT_LITERAL(""), &why),
			 ERR_TOO_BIG);
	assert_non_null(config_find(c, &shelf_kind, TEXT_LITERAL("n77777")));
	assert_int_equal(config_drop(c, TEXT_LITERAL("shelf"), TEXT_LITERAL("n99998"), &why), OK);
	assert_null(config_find(c, &shelf_kind, TEXT_LITERAL("n99998")));
	assert_int_equal(config_set(c, TEXT_LITERAL("shelf"), TEXT_LITERAL("more"), TEXT_LITERAL(""), &why), OK);
	config_free(&c);
}

static char *written(const struct config *c, bool defaults, bool origins)
{
	static char room[1 << 16];
	struct writer w = writer_of(room, sizeof(room) - 1);

	config_write(c, defaults, origins, &w);
	assert_true(writer_ok(&w));
	room[writer_len(&w)] = 0;
	return strdup(room);
}

static void what_is_written_reads_to_the_same_set(void **state)
{
	struct config *c = good(whole);
	char *first = written(c, false, false), *full = written(c, true, false);
	struct config *again = good(first), *from_full = good(full), *copy = config_clone(c);
	char *second = written(again, false, false), *full_again = written(from_full, true, false);
	char *copied = written(copy, true, true), *original = written(c, true, true);

	(void)state;
	assert_string_equal(first, second);
	assert_string_equal(full, full_again);
	assert_string_equal(copied, original);
	assert_non_null(strstr(first, "shelf b\n label B\n also none\n!\n"));
	assert_non_null(strstr(first, "hall\n doors 4\n!\n"));
	assert_non_null(strstr(full, " wait 90s\n"));
	assert_null(strstr(original, "k1"));
	assert_non_null(strstr(original, " key ********  ! f:10\n"));
	assert_non_null(strstr(original, " tag q  ! f:14\n"));
	assert_non_null(strstr(original, " wait 30s  ! default\n"));
	free(first);
	free(full);
	free(second);
	free(full_again);
	free(copied);
	free(original);
	config_free(&c);
	config_free(&again);
	config_free(&from_full);
	config_free(&copy);
}

static void give_content(void *owner, struct config_file *file)
{
	config_file_load(owner, file, TEXT_LITERAL("PEM\n"));
}

static void records_carry_the_set_to_its_roles(void **state)
{
	static uint8_t room[1 << 16];
	struct config *c = good(whole), *to = config_new(kinds, COUNT(kinds));
	const char *why;

	(void)state;
	config_files(c, give_content, c);
	struct writer w = writer_of(room, sizeof(room));
	config_encode(c, 2, &w);
	assert_true(writer_ok(&w));
	size_t len = writer_len(&w);
	struct reader r = reader_of(room, len);
	assert_int_equal(config_decode(to, &r, &why), OK);
	const struct shelf *a = config_find(to, &shelf_kind, TEXT_LITERAL("a"));
	const struct hall *hall = config_only(to, &hall_kind);
	assert_true(a->boards == 9 && a->tag.count == 5 && text_is(a->paper.content, "PEM\n") && text_is(a->key, "k1"));
	assert_true(hall->doors == 2); /* not of this role: by default */
	assert_null(config_only(to, &attic_kind));
	config_free(&to);
	for (size_t n = 0; n < len; n++) {
		to = config_new(kinds, COUNT(kinds));
		r = reader_of(room, n);
		assert_int_equal(config_decode(to, &r, &why), ERR_MALFORMED);
		config_free(&to);
	}
	config_free(&c);
}

/* A fixed walk over single-octet changes: never anything but OK or a refusal. */
static void damaged_records_are_refused_or_read(void **state)
{
	static uint8_t room[1 << 16];
	struct config *c = good("shelf a\n label x\n tag 1\n paper p\nhall\n doors 1\nattic\n");
	const char *why;

	(void)state;
	struct writer w = writer_of(room, sizeof(room));
	config_encode(c, 6, &w);
	for (size_t i = 0; i < writer_len(&w); i++) {
		uint8_t was = room[i];
		for (unsigned bit = 0; bit < 8; bit++) {
			struct config *to = config_new(kinds, COUNT(kinds));
			room[i] = (uint8_t)(was ^ (1u << bit));
			struct reader r = reader_of(room, writer_len(&w));
			enum result result = config_decode(to, &r, &why);
			assert_true(result == OK || result == ERR_MALFORMED);
			config_free(&to);
		}
		room[i] = was;
	}
	config_free(&c);
}

static enum result set(struct config *c, const char *kind, const char *name, const char *line)
{
	const char *why = "";

	return config_set(c, text_of(kind), text_of(name), text_of(line), &why);
}

static void commands_change_a_set(void **state)
{
	struct config *c = good("shelf a\n label x\n tag 1\n tag 2\n tag 3\n tag 4\n tag 5\n");
	const struct shelf *a = config_only(c, &shelf_kind);
	const char *why;
	struct faults f = { 0 };

	(void)state;
	assert_int_equal(set(c, "shelf", "a", "boards 5"), OK);
	assert_int_equal(set(c, "shelf", "a", "boards 6"), OK);
	assert_int_equal(a->boards, 6);
	assert_int_equal(set(c, "shelf", "a", "no boards"), OK);
	assert_int_equal(a->boards, 3);
	assert_int_equal(set(c, "shelf", "a", "boards 99"), ERR_MALFORMED);
	assert_int_equal(set(c, "shelf", "a", "tag 6"), OK);
	assert_int_equal(set(c, "shelf", "a", "no tag 2"), OK);
	assert_int_equal(set(c, "shelf", "a", "no tag 2"), ERR_NOT_FOUND);
	assert_int_equal(set(c, "shelf", "a", "no tag 6"), OK);
	assert_int_equal(a->tag.count, 4);
	assert_true(text_is(a->tag.items[1], "3") && text_is(a->tag.items[3], "5"));
	char *text = written(c, false, true);
	assert_non_null(strstr(text, " tag 5  ! f:7\n"));
	free(text);
	assert_int_equal(set(c, "shelf", "a", "no tag"), OK);
	assert_int_equal(a->tag.count, 0);
	assert_int_equal(set(c, "shelf", "a", "no also 127.0.0.1:7"), ERR_NOT_FOUND);
	assert_int_equal(set(c, "shelf", "new", ""), OK);
	assert_int_equal(config_check(c, note, &f), 1);
	assert_non_null(strstr(f.text[0], "needs `label`"));
	assert_int_equal(set(c, "shelf", "bad name", ""), ERR_MALFORMED);
	assert_int_equal(set(c, "hall", "x", ""), ERR_MALFORMED);
	assert_int_equal(set(c, "nothing", "", ""), ERR_NOT_FOUND);
	assert_int_equal(config_drop(c, TEXT_LITERAL("shelf"), TEXT_LITERAL("a"), &why), OK);
	assert_int_equal(config_drop(c, TEXT_LITERAL("shelf"), TEXT_LITERAL("a"), &why), ERR_NOT_FOUND);
	assert_int_equal(config_drop(c, TEXT_LITERAL("hall"), TEXT_LITERAL(""), &why), ERR_DENIED);
	assert_true(text_is(((const struct shelf *)config_only(c, &shelf_kind))->node.name, "new"));
	config_free(&c);
}

static void count_listen(void *owner, const struct node_kind *kind, struct text address)
{
	unsigned *n = owner;

	assert_true(address.len && kind->name);
	++*n;
}

static void sockets_are_named(void **state)
{
	struct config *c = good(whole);
	unsigned n = 0;

	(void)state;
	config_listens(c, count_listen, &n);
	assert_int_equal(n, 4); /* hall's default, a's listen and two also; b and attic want none */
	config_free(&c);
}

static void the_nearest_word_is_found(void **state)
{
	static const char *const words[] = { "account", "route", "queue", NULL };

	(void)state;
	assert_string_equal(config_nearest(TEXT_LITERAL("acount"), words), "account");
	assert_string_equal(config_nearest(TEXT_LITERAL("rotue"), words), "route");
	assert_string_equal(config_nearest(TEXT_LITERAL("queues"), words), "queue");
	assert_null(config_nearest(TEXT_LITERAL("xyzzy"), words));
	assert_null(config_nearest(TEXT_LITERAL(""), words));
}

/* The product's own tables: every fallback parses, and all of it written out reads back. */
static void our_own_kinds_hold(void **state)
{
	static const struct node_kind *const ours[] = { &account_kind, &route_kind, &queue_kind, &store_kind };
	struct faults f = { 0 };
	struct config *c = config_new(ours, COUNT(ours)), *again = config_new(ours, COUNT(ours));

	(void)state;
	assert_int_equal(
		config_read(c, "f", TEXT_LITERAL("account a\n secret x\nroute r\n prefix *\n link lab\n"), note, &f),
		0);
	char *text = written(c, true, false);
	if (config_read(again, "f", text_of(text), note, &f))
		fail_msg("%s", f.text[0]);
	char *back = written(again, true, false);
	assert_string_equal(text, back);
	free(text);
	free(back);
	config_free(&c);
	config_free(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_arrives_in_its_field),
		cmocka_unit_test(every_fault_names_its_place),
		cmocka_unit_test(all_faults_show_at_once),
		cmocka_unit_test(a_wrong_secret_is_not_shown),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(many_nodes_are_found_and_counted),
		cmocka_unit_test(what_is_written_reads_to_the_same_set),
		cmocka_unit_test(records_carry_the_set_to_its_roles),
		cmocka_unit_test(damaged_records_are_refused_or_read),
		cmocka_unit_test(commands_change_a_set),
		cmocka_unit_test(sockets_are_named),
		cmocka_unit_test(the_nearest_word_is_found),
		cmocka_unit_test(our_own_kinds_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
