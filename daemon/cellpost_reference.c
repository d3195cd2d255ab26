/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/cellpost_reference.h"

#define VALUES_SIZE 400u

/* --- values ----------------------------------------------------------------------------------------------------- */

struct unit {
	const char *name;
	int64_t size;
};

static const struct unit times[] = { { "d", INT64_C(86400000000) }, { "h", INT64_C(3600000000) },
				     { "m", INT64_C(60000000) },    { "s", INT64_C(1000000) },
				     { "ms", INT64_C(1000) },	    { "us", 1 } };
static const struct unit sizes[] = { { "g", INT64_C(1) << 30 }, { "m", INT64_C(1) << 20 }, { "k", 1024 }, { "", 1 } };

/* The largest unit that says it whole. */
static void put_in_units(struct writer *w, const struct unit *units, int64_t v)
{
	while (v % units->size)
		units++;
	writer_printf(w, "%lld%s", (long long)(v / units->size), v ? units->name : "");
}

static void put_number(struct writer *w, const struct knob *k, int64_t v)
{
	if (k->type == KNOB_DURATION)
		put_in_units(w, times, v);
	else if (k->type == KNOB_SIZE)
		put_in_units(w, sizes, v);
	else
		writer_printf(w, "%lld", (long long)v);
}

/* A maximum of nothing, or of all that fits, is none. */
static bool has_maximum(const struct knob *k)
{
	return k->max > 0 && k->max != INT64_MAX;
}

static void put_values(struct writer *w, const struct knob *k)
{
	switch (k->type) {
	case KNOB_BOOL:
		writer_printf(w, "yes | no");
		break;
	case KNOB_WORD:
		for (unsigned i = 0; k->words[i]; i++)
			writer_printf(w, "%s%s", i ? " | " : "", k->words[i]);
		break;
	case KNOB_UINT:
	case KNOB_DURATION:
	case KNOB_SIZE:
		put_number(w, k, k->min);
		writer_printf(w, has_maximum(k) ? " to " : " or more");
		if (has_maximum(k))
			put_number(w, k, k->max);
		break;
	case KNOB_LISTEN:
		writer_printf(w, "%s",
			      k->line	   ? "tty:path"
			      : k->records ? "sctp:address:port | udp-sctp:address:port | seqpacket:path"
					   : "address:port | unix:path");
		break;
	case KNOB_FILE:
		writer_printf(w, "path");
		break;
	default:
		writer_printf(w, "text");
	}
}

const char *reference_values(const struct knob *knob, char *to, size_t size)
{
	struct writer w = writer_of(to, size);

	put_values(&w, knob);
	writer_u8(&w, 0);
	if (!writer_ok(&w))
		snprintf(to, size, "?");
	return to;
}

static const char *default_words(const struct knob *k)
{
	if (k->fallback)
		return k->fallback;
	return k->required ? "must be given" : "none";
}

/* --- plain ------------------------------------------------------------------------------------------------------ */

void reference_print_text(FILE *to, const struct node_kind *kind)
{
	char values[VALUES_SIZE];

	fprintf(to, "%s%s\n  %s\n", kind->name, kind->named ? " NAME" : "", kind->help);
	for (unsigned i = 0; i < kind->knobs_count; i++) {
		const struct knob *k = &kind->knobs[i];
		fprintf(to, "  %-20s %s\n  %-20s   %s; default %s%s\n", k->name, k->help, "",
			reference_values(k, values, sizeof(values)), default_words(k),
			k->many ? "; may stand several times" : "");
	}
	fputs("\n", to);
}

/* --- mdoc ------------------------------------------------------------------------------------------------------- */

/* roff reads a backslash anywhere, and a dot or quote at the start of a line; "--" and the like stay as typed. */
static void put_roff(FILE *to, const char *s)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", to);
	for (; *s; s++) {
		if (*s == '\\')
			fputs("\\e", to);
		else if (*s == '-')
			fputs("\\-", to);
		else
			fputc(*s, to);
	}
}

static void put_knob(FILE *to, const struct knob *k)
{
	char values[VALUES_SIZE];

	fprintf(to, ".It Ic %s\n", k->name);
	put_roff(to, k->help);
	fputs(".\n.br\n", to);
	put_roff(to, reference_values(k, values, sizeof(values)));
	if (k->fallback) {
		fputs("; default ", to);
		put_roff(to, k->fallback);
	} else if (k->required) {
		fputs("; must be given", to);
	}
	if (k->many)
		fputs("; may stand several times", to);
	if (k->secret)
		fputs("; never shown", to);
	fputs("\n", to);
}

void reference_print_mdoc(FILE *to, const struct node_kind *kind)
{
	fprintf(to, ".Ss %s%s\n", kind->name, kind->named ? " NAME" : "");
	put_roff(to, kind->help);
	fputs(".\n", to);
	if (kind->optional)
		fputs("It exists only where it is written.\n", to);
	fputs(".Bl -tag -width Ds\n", to);
	for (unsigned i = 0; i < kind->knobs_count; i++)
		put_knob(to, &kind->knobs[i]);
	fputs(".El\n", to);
}
