/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder of files: what is kept is whole, what is refused leaves nothing, what is young is never dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/files.h"
#include "core/message.h"
#include "core/net/digest.h"

#define DAY_US (86400 * USEC_PER_SEC)

static char folder[64];
static struct loop *loop;
static struct files *files;
static struct files_limits limits;
static bool is_done;

static void open_folder(void)
{
	const char *why = "";

	files = files_open(loop, folder, &limits, &why);
	assert_non_null(files);
}

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/cellpost-files-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	loop = loop_new();
	limits = (struct files_limits){ .file_max = 1 << 20, .total_max = 4 << 20, .keep_us = DAY_US };
	open_folder();
	return 0;
}

static unsigned each_name(void (*call)(const char *name))
{
	DIR *d = opendir(folder);
	struct dirent *e;
	unsigned n = 0;

	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		if (call)
			call(e->d_name);
	}
	closedir(d);
	return n;
}

static void path_of(const char *name, char path[512])
{
	(void)snprintf(path, 512, "%s/%s", folder, name);
}

static void remove_name(const char *name)
{
	char path[512];

	path_of(name, path);
	unlink(path);
}

static int tear_down(void **state)
{
	(void)state;
	files_close(&files);
	each_name(remove_name);
	rmdir(folder);
	loop_free(&loop);
	return 0;
}

static void done(struct files_call *c)
{
	(void)c;
	is_done = true;
}

static enum result wait_for(struct files_call *c, enum result (*ask)(struct files *, struct files_call *))
{
	is_done = false;
	c->done = done;
	assert_int_equal(ask(files, c), OK);
	for (unsigned i = 0; i < 1000 && !is_done; i++)
		loop_turn(loop, 10000);
	assert_true(is_done);
	return c->result;
}

static void hash_of(const char *content, size_t n, uint8_t hash[32])
{
	struct digest_part part = { content, n };

	digest_sha256(&part, 1, hash);
}

static int room_with(const char *content, size_t n)
{
	const char *why = "";
	int fd = -1;

	assert_int_equal(files_room(files, n, &fd, &why), OK);
	assert_int_equal(pwrite(fd, content, n, 0), n);
	return fd;
}

static struct files_call call_of(const char *content, size_t n)
{
	struct files_call c = { .size = n, .fd = -1 };

	hash_of(content, n, c.hash);
	return c;
}

static enum result keep(const char *content, size_t n)
{
	struct files_call c = call_of(content, n);

	c.fd = room_with(content, n);
	return wait_for(&c, files_keep);
}

static void age(const char *name)
{
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	char path[512];

	path_of(name, path);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
}

static void what_is_kept_can_be_read(void **state)
{
	struct files_call c = call_of("hello", 5);
	char got[8] = "";

	(void)state;
	assert_int_equal(keep("hello", 5), OK);
	assert_int_equal(wait_for(&c, files_look), OK);
	assert_int_equal(wait_for(&c, files_fetch), OK);
	assert_int_equal(read(c.fd, got, sizeof(got)), 5);
	assert_memory_equal(got, "hello", 5);
	assert_int_equal(write(c.fd, "x", 1), -1); /* for reading only */
	close(c.fd);
	assert_int_equal(files_octets(files), 5);
	assert_int_equal(keep("hello", 5), OK); /* once more is no second one */
	assert_int_equal(files_octets(files), 5);
	assert_int_equal(each_name(NULL), 1);
}

static void another_hash_leaves_nothing(void **state)
{
	struct files_call c = call_of("hello", 5);

	(void)state;
	c.fd = room_with("hullo", 5);
	assert_int_equal(wait_for(&c, files_keep), ERR_CONFLICT);
	assert_int_equal(each_name(NULL), 0);
	assert_int_equal(wait_for(&c, files_look), ERR_NOT_FOUND);
	c = call_of("hello", 5);
	assert_int_equal(keep("hello", 5), OK);
	c.size = 4;
	assert_int_equal(wait_for(&c, files_look), ERR_NOT_FOUND);
}

/* The one who writes can neither grow its memory, nor shrink it, nor change it later on. */
static void memory_is_sealed(void **state)
{
	struct files_call c = call_of("hello", 5);

	(void)state;
	c.fd = room_with("hello", 5);
	int theirs = dup(c.fd);
	assert_int_equal(pwrite(theirs, "more", 4, 5), -1);
	assert_int_equal(ftruncate(theirs, 100), -1);
	assert_int_equal(ftruncate(theirs, 1), -1);
	assert_int_equal(wait_for(&c, files_keep), OK);
	assert_int_equal(pwrite(theirs, "HELLO", 5, 0), -1);
	close(theirs);
	c = call_of("other", 5);
	c.fd = room_with("other", 5);
	void *map = mmap(NULL, 5, PROT_READ | PROT_WRITE, MAP_SHARED, c.fd, 0);
	assert_true(map != MAP_FAILED);
	assert_int_equal(wait_for(&c, files_keep), ERR_CONFLICT);
	munmap(map, 5);
	assert_int_equal(each_name(NULL), 1);
}

static void limits_hold(void **state)
{
	const char *why = "";
	char *large = calloc(1, 1 << 20);
	int fd;

	(void)state;
	assert_int_equal(files_room(files, 0, &fd, &why), ERR_MALFORMED);
	assert_int_equal(files_room(files, (1 << 20) + 1, &fd, &why), ERR_TOO_BIG);
	assert_int_equal(fd, -1);
	for (unsigned i = 0; i < 4; i++) {
		large[0] = (char)('a' + i);
		assert_int_equal(keep(large, 1 << 20), OK);
	}
	assert_int_equal(keep("x", 1), ERR_FULL);
	assert_int_equal(keep(large, 1 << 20), OK); /* it is there already */
	limits.total_max = 64 << 20;
	limits.min_free = UINT64_C(1) << 60;
	files_limit(files, &limits);
	assert_int_equal(keep("x", 1), ERR_FULL);
	limits.min_free = 0;
	files_limit(files, &limits);
	assert_int_equal(keep("x", 1), OK);
	free(large);
}

static unsigned listed(uint8_t names[FILES_LIST_MAX][FILES_HASH_SIZE])
{
	struct files_call c = { .fd = -1, .names = names };

	assert_int_equal(wait_for(&c, files_list), OK);
	return c.names_count;
}

static void what_is_young_stays(void **state)
{
	uint8_t names[FILES_LIST_MAX][FILES_HASH_SIZE];
	struct files_call c = call_of("old", 3), young = call_of("young", 5);
	char name[FILES_NAME_SIZE];

	(void)state;
	assert_int_equal(keep("old", 3), OK);
	assert_int_equal(keep("young", 5), OK);
	assert_int_equal(listed(names), 0);
	files_name(c.hash, name);
	age(name);
	assert_int_equal(listed(names), 1);
	assert_memory_equal(names[0], c.hash, FILES_HASH_SIZE);
	assert_int_equal(wait_for(&young, files_drop), ERR_BUSY);
	assert_int_equal(wait_for(&c, files_look), OK); /* a message is about to name it: that makes it young */
	assert_int_equal(wait_for(&c, files_drop), ERR_BUSY);
	age(name);
	assert_int_equal(wait_for(&c, files_drop), OK);
	assert_int_equal(wait_for(&c, files_drop), ERR_NOT_FOUND);
	assert_int_equal(files_octets(files), 5);
	assert_int_equal(each_name(NULL), 1);
}

static void many_are_listed_piece_by_piece(void **state)
{
	uint8_t names[FILES_LIST_MAX][FILES_HASH_SIZE];
	unsigned total = 0, n;
	char content[16];

	(void)state;
	for (unsigned i = 0; i < FILES_LIST_MAX + 10; i++)
		assert_int_equal(keep(content, (size_t)snprintf(content, sizeof(content), "file %u", i)), OK);
	each_name(age);
	do {
		n = listed(names);
		total += n;
	} while (n == FILES_LIST_MAX);
	assert_int_equal(total, FILES_LIST_MAX + 10);
}

static void a_start_drops_what_was_not_finished(void **state)
{
	char path[512];

	(void)state;
	assert_int_equal(keep("hello", 5), OK);
	files_close(&files);
	path_of("new-7", path);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	open_folder();
	for (unsigned i = 0; i < 500 && !files_idle(files); i++)
		loop_turn(loop, 10000);
	assert_int_equal(each_name(NULL), 1);
	assert_int_equal(files_octets(files), 5);
}

/* The disk fails in the middle of a file. */
static void what_cannot_be_written_leaves_nothing(void **state)
{
	struct rlimit before, small = { 100, 100 };
	struct files_call c;
	char content[5000];

	(void)state;
	memset(content, 'x', sizeof(content));
	c = call_of(content, sizeof(content));
	c.fd = room_with(content, sizeof(content));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	enum result r = wait_for(&c, files_keep);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(r, ERR_IO);
	assert_int_equal(each_name(NULL), 0);
	assert_int_equal(files_octets(files), 0);
	assert_int_equal(keep(content, sizeof(content)), OK);
}

static void a_folder_that_cannot_be_is_said(void **state)
{
	const char *why = "";
	struct files *none = files_open(loop, "/nonexistent/files", &limits, &why);

	(void)state;
	assert_null(none);
	assert_true(strlen(why) > 0);
}

/* --- the envelope's side ---------------------------------------------------------------------- */

static struct text describe(struct writer *w, const char *media, const char *name, uint64_t size, unsigned count)
{
	struct message_file f = { text_of(media), text_of(name), size, { 7 } };

	while (count--)
		message_put_file(w, &f);
	return text_range((const char *)w->start, writer_len(w));
}

static bool valid(const char *media, const char *name, uint64_t size, unsigned count)
{
	uint8_t room[8192];
	struct writer w = writer_of(room, sizeof(room));
	struct message m = { .files = describe(&w, media, name, size, count) };

	return message_files_valid(&m);
}

static void descriptions_within_the_limits(void **state)
{
	char long_name[256];

	(void)state;
	memset(long_name, 'n', 255);
	long_name[255] = '\0';
	assert_true(valid("a/b", "", 1, 1));
	assert_true(valid("a/b", "c", 1, 10));
	assert_false(valid("a/b", "c", 1, 11));
	assert_false(valid("", "c", 1, 1));
	assert_false(valid("a/b", "c", 0, 1));
	assert_false(valid("a/b", "c", UINT64_MAX, 1));
	assert_true(valid("a/b", long_name, 1, 10));
	assert_true(valid("", "", 0, 0));
}

static void every_prefix_is_refused(void **state)
{
	uint8_t room[512];
	struct writer w = writer_of(room, sizeof(room));
	struct text all = describe(&w, "image/jpeg", "tea.jpg", 5000, 1);
	struct message m = { .body = TEXT_LITERAL("see") };
	struct message_file f;

	(void)state;
	for (size_t n = 1; n < all.len; n++) {
		m.files = text_range(all.at, n);
		assert_false(message_files_valid(&m));
	}
	m.files = all;
	assert_true(message_files_valid(&m));
	assert_int_equal(message_octets(&m), 5003);
	assert_int_equal(message_files_count(&m), 1);
	assert_true(message_file_at(&m, 0, &f));
	assert_true(text_is(f.media, "image/jpeg") && text_is(f.name, "tea.jpg") && f.size == 5000);
	assert_false(message_file_at(&m, 1, &f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_kept_can_be_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_hash_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(memory_is_sealed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(limits_hold, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_young_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_are_listed_piece_by_piece, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_start_drops_what_was_not_finished, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_written_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_is_said, set_up, tear_down),
		cmocka_unit_test(descriptions_within_the_limits),
		cmocka_unit_test(every_prefix_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
