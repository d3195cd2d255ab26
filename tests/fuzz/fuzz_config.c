/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration's text and records; what reads well is written and must read to the same text again. */
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/config.h"
#include "core/core_vty.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define ROOM (1u << 16)

static const struct node_kind *const kinds[] = { &account_kind, &route_kind, &queue_kind, &store_kind };

static void ignore(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	(void)file;
	(void)line;
	(void)word;
	(void)text;
}

static size_t write_out(const struct config *config, uint8_t *room)
{
	struct writer w = writer_of(room, ROOM);

	config_write(config, true, false, &w);
	return writer_ok(&w) ? writer_len(&w) : 0;
}

static void read_text(struct text t)
{
	struct config *first = config_new(kinds, 4), *second = config_new(kinds, 4);
	uint8_t *one = must_alloc(ROOM), *two = must_alloc(ROOM);

	if (!config_read(first, "f", t, ignore, NULL)) {
		size_t n = write_out(first, one);
		if (n && config_read(second, "f", text_range((const char *)one, n), ignore, NULL))
			abort();
		if (n && (write_out(second, two) != n || memcmp(one, two, n) != 0))
			abort();
	}
	free(one);
	free(two);
	config_free(&first);
	config_free(&second);
}

static void read_records(struct reader r)
{
	struct config *config = config_new(kinds, 4);
	const char *why;

	if (config_decode(config, &r, &why))
		(void)strlen(why);
	config_free(&config);
}

static void read_commands(struct text t)
{
	struct config *config = config_new(kinds, 4);
	struct text line;
	const char *why;

	while (text_split(&t, '\n', &line)) {
		if (config_set(config, TEXT_LITERAL("route"), TEXT_LITERAL("r"), line, &why))
			(void)strlen(why);
	}
	config_free(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	uint8_t which = reader_u8(&r);
	struct text rest = text_range((const char *)r.at, reader_left(&r));

	if (which == 'r')
		read_records(r);
	else if (which == 'c')
		read_commands(rest);
	else
		read_text(rest);
	return 0;
}
