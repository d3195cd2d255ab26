/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a text would be cut, and the octets of its parts. */
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "daemon/cellpost_sms.h"
#include "daemon/cellpost_terminal.h"

#define REFERENCE 1u
#define INDENT "            "

static const char *unit_name(enum dcs_alphabet alphabet)
{
	return alphabet == DCS_GSM7 ? "septets" : alphabet == DCS_UCS2 ? "UTF-16 units" : "octets";
}

static void print_plan(FILE *to, const struct split *s)
{
	char why[SPLIT_WHY_SIZE];

	fprintf(to, "parts       %u\nalphabet    %s\n", s->parts, dcs_alphabet_name(s->alphabet));
	if (s->tables.locking || s->tables.single)
		fprintf(to, "languages   locking %s, single shift %s\n", alphabet_language_name(s->tables.locking),
			alphabet_language_name(s->tables.single));
	fprintf(to, "why         %s\n", split_why(s, why));
	fprintf(to, "size        %zu %s; a part of this plan holds %zu\n", s->units, unit_name(s->alphabet),
		s->part_units);
	if (s->header_octets)
		fprintf(to, "header      %zu octets in each part\n", s->header_octets);
	if (s->replaced)
		fprintf(to, "replaced    %zu characters: what arrives is not what was written\n", s->replaced);
}

static void put_part(const struct split *s, unsigned part, const struct tpdu *form, struct writer *w)
{
	uint8_t room[TPDU_USER_DATA_MAX];
	struct writer data = writer_of(room, sizeof(room));
	struct tpdu t = *form;

	t.user_data_len = split_put_user_data(s, part, REFERENCE, &data);
	t.user_data = text_range((const char *)room, writer_len(&data));
	t.has_header = s->header_octets != 0;
	t.has_user_data = true;
	t.dcs = dcs_of(s->alphabet, DCS_CLASS_NONE);
	if (!writer_ok(&data))
		w->failed = true;
	tpdu_encode(&t, w);
}

static void print_part(FILE *to, const struct split *s, unsigned part, const struct tpdu *form)
{
	uint8_t room[TPDU_MAX];
	struct writer w = writer_of(room, sizeof(room));

	fprintf(to, "part %-6u ", part + 1);
	terminal_print(to, split_part_text(s, part), INDENT);
	fputs("\n", to);
	if (!form)
		return;
	put_part(s, part, form, &w);
	fputs(INDENT, to);
	struct reader r = reader_of(room, writer_ok(&w) ? writer_len(&w) : 0);
	while (reader_left(&r))
		fprintf(to, "%02x", reader_u8(&r));
	fputs("\n", to);
}

static bool make_form(const struct sms_encode *e, struct tpdu *form)
{
	const char *given = e->recipient ? e->recipient : e->sender;

	*form = (struct tpdu){ .type = e->recipient ? TPDU_SUBMIT : TPDU_DELIVER };
	if (form->type == TPDU_DELIVER)
		form->time = tpdu_time_of(clock_now(), 0);
	if (!given || sms_address_from_text(text_of(given), &form->address) == OK)
		return true;
	fputs("cellpost: that is no number or name that a short message can carry\n", stderr);
	return false;
}

bool sms_print_encoded(FILE *to, const struct sms_encode *e)
{
	struct arena *arena = arena_new(4096);
	struct split *s = must_alloc(sizeof(*s));
	struct tpdu form;
	size_t bad = 0;
	bool good = make_form(e, &form);
	enum result r = good ? split_plan(text_of(e->text), &e->options, arena, s, &bad) : OK;

	if (r != OK)
		fprintf(stderr, "cellpost: the text cannot be sent so: %s at octet %zu\n", result_name(r), bad);
	good = good && r == OK;
	if (good) {
		print_plan(to, s);
		for (unsigned i = 0; i < s->parts; i++)
			print_part(to, s, i, e->recipient || e->sender ? &form : NULL);
	}
	free(s);
	arena_free(&arena);
	return good;
}
