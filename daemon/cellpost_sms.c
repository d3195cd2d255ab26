/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of `cellpost sms`. */
#include "daemon/cellpost_sms.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hex.h"
#include "daemon/cellpost.h"

#define OCTETS_MAX 512u

static const char *const words[] = { "decode", "encode", NULL };

/* --- decode ----------------------------------------------------------------------------------------------------- */

/* Blanks, colons and dashes between the digits are fine: such octets come out of logs and captures. */
static bool take_octets(const char *given, uint8_t to[OCTETS_MAX], size_t *len_out)
{
	char digits[2 * OCTETS_MAX];
	struct writer w = writer_of(digits, sizeof(digits)), octets = writer_of(to, OCTETS_MAX);

	for (; *given; given++) {
		if (!isspace((unsigned char)*given) && !strchr(":-", *given))
			writer_u8(&w, (uint8_t)*given);
	}
	bool good = writer_ok(&w) && hex_take(text_range(digits, writer_len(&w)), &octets) == OK && writer_ok(&octets);
	*len_out = good ? writer_len(&octets) : 0;
	return *len_out != 0;
}

static bool is_form(const char *form)
{
	for (unsigned i = 0; sms_forms[i]; i++) {
		if (!strcmp(sms_forms[i], form))
			return true;
	}
	return false;
}

static int decode(int argc, char **argv)
{
	const char *form = NULL;
	const struct cellpost_option options[] = { { "as", &form, NULL }, { 0 } };
	uint8_t octets[OCTETS_MAX];
	size_t len;
	int at = cellpost_options(argc, argv, options);

	if (at < 0)
		return CELLPOST_USAGE;
	if (form && !is_form(form))
		return cellpost_unknown("form", form, sms_forms);
	char *given = cellpost_join(argc, argv, at);
	bool good = take_octets(given, octets, &len);
	free(given);
	if (!good)
		return cellpost_usage("sms", "octets are pairs of hexadecimal digits, at most %u of them", OCTETS_MAX);
	return sms_print_decoded(stdout, text_range((const char *)octets, len), form) ? CELLPOST_OK : CELLPOST_FAILED;
}

/* --- encode ----------------------------------------------------------------------------------------------------- */

/* The index of the word, or -1 after a complaint. */
static int word_of(const char *what, const char *given, const char *const *known)
{
	for (int i = 0; known[i]; i++) {
		if (!strcmp(given, known[i]))
			return i;
	}
	(void)cellpost_unknown(what, given, known);
	return -1;
}

static bool take_languages(const char *given, struct split_options *o)
{
	struct text rest = text_of(given), one;
	unsigned language;

	if (text_is(rest, "all")) {
		o->locking_languages = ALPHABET_ALL_LOCKING;
		o->single_languages = ALPHABET_ALL_SINGLE;
		return true;
	}
	while (text_split(&rest, ',', &one)) {
		if (!alphabet_language_find(text_trim(one), &language) || language == ALPHABET_DEFAULT) {
			fprintf(stderr,
				"cellpost: no national table for `%.*s`; give names or codes, as tr,hi, or all\n",
				TEXT_ARGS(one));
			return false;
		}
		unsigned bit = 1u << language;
		o->locking_languages = (uint16_t)(o->locking_languages | (bit & ALPHABET_ALL_LOCKING));
		o->single_languages = (uint16_t)(o->single_languages | (bit & ALPHABET_ALL_SINGLE));
	}
	return true;
}

static bool take_split_words(const char *alphabet, const char *reference, const char *languages,
			     struct split_options *o)
{
	static const char *const alphabets[] = { "any", "gsm", "ucs2", NULL };
	static const char *const references[] = { "8", "16", "sar", NULL };
	int a = alphabet ? word_of("alphabet", alphabet, alphabets) : 0;
	int r = reference ? word_of("reference", reference, references) : 0;

	if (a < 0 || r < 0)
		return false;
	o->alphabets = (enum split_alphabets)a;
	o->reference = (enum split_reference)r;
	return !languages || take_languages(languages, o);
}

static int encode(int argc, char **argv)
{
	struct sms_encode e = { 0 };
	const char *alphabet = NULL, *reference = NULL, *languages = NULL;
	const struct cellpost_option options[] = {
		{ "to", &e.recipient, NULL },
		{ "from", &e.sender, NULL },
		{ "alphabet", &alphabet, NULL },
		{ "reference", &reference, NULL },
		{ "languages", &languages, NULL },
		{ "transliterate", NULL, &e.options.transliterate },
		{ 0 },
	};
	int at = cellpost_options(argc, argv, options);

	if (at < 0 || !take_split_words(alphabet, reference, languages, &e.options))
		return CELLPOST_USAGE;
	if (at == argc)
		return cellpost_usage("sms", "the text is missing");
	if (e.recipient && e.sender)
		return cellpost_usage("sms", "either --to (as a phone sends it) or --from (as a phone gets it)");
	char *text = cellpost_join(argc, argv, at);
	e.text = text;
	bool good = sms_print_encoded(stdout, &e);
	free(text);
	return good ? CELLPOST_OK : CELLPOST_FAILED;
}

int cellpost_sms(int argc, char **argv)
{
	if (argc < 2)
		return cellpost_usage(argv[0], "decode or encode?");
	if (!strcmp(argv[1], "decode"))
		return decode(argc - 1, argv + 1);
	if (!strcmp(argv[1], "encode"))
		return encode(argc - 1, argv + 1);
	return cellpost_unknown("command `sms`", argv[1], words);
}
