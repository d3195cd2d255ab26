/* SPDX-License-Identifier: GPL-3.0-or-later */
/* STOP and START in several languages. */
#include "core/optout.h"

#include <assert.h>

#include "core/base/utf8.h"

static const char *const commands[] = { "none", "stop", "start", "help" };
static_assert(sizeof(commands) / sizeof(commands[0]) == OPTOUT_COMMAND_COUNT, "each command has a name");

const char *optout_command_name(enum optout_command command)
{
	return (unsigned)command < OPTOUT_COMMAND_COUNT ? commands[command] : "invalid";
}

/* In normal form. English words are those that North American carriers require; others as local carriers print them. */
static const struct {
	const char *language;
	enum optout_command command;
	const char *word;
} words[] = {
	{ "en", OPTOUT_STOP, "stop" },	      { "en", OPTOUT_STOP, "stopall" },	    { "en", OPTOUT_STOP, "stop all" },
	{ "en", OPTOUT_STOP, "unsubscribe" }, { "en", OPTOUT_STOP, "cancel" },	    { "en", OPTOUT_STOP, "end" },
	{ "en", OPTOUT_STOP, "quit" },	      { "en", OPTOUT_STOP, "revoke" },	    { "en", OPTOUT_STOP, "opt out" },
	{ "en", OPTOUT_STOP, "opt-out" },     { "en", OPTOUT_STOP, "optout" },	    { "en", OPTOUT_START, "start" },
	{ "en", OPTOUT_START, "unstop" },     { "en", OPTOUT_START, "subscribe" },  { "en", OPTOUT_START, "opt in" },
	{ "en", OPTOUT_START, "opt-in" },     { "en", OPTOUT_START, "optin" },	    { "en", OPTOUT_HELP, "help" },
	{ "en", OPTOUT_HELP, "info" },	      { "ja", OPTOUT_STOP, "停止" },	    { "ja", OPTOUT_STOP, "配信停止" },
	{ "ja", OPTOUT_STOP, "受信拒否" },    { "ja", OPTOUT_STOP, "解除" },	    { "ja", OPTOUT_STOP, "解約" },
	{ "ja", OPTOUT_STOP, "退会" },	      { "ja", OPTOUT_STOP, "拒否" },	    { "ja", OPTOUT_STOP, "不要" },
	{ "ja", OPTOUT_STOP, "ストップ" },    { "ja", OPTOUT_START, "開始" },	    { "ja", OPTOUT_START, "再開" },
	{ "ja", OPTOUT_START, "配信再開" },   { "ja", OPTOUT_START, "登録" },	    { "ja", OPTOUT_START, "スタート" },
	{ "ja", OPTOUT_HELP, "ヘルプ" },      { "ja", OPTOUT_HELP, "案内" },	    { "de", OPTOUT_STOP, "stopp" },
	{ "de", OPTOUT_STOP, "abmelden" },    { "de", OPTOUT_STOP, "abbestellen" }, { "de", OPTOUT_START, "anmelden" },
	{ "de", OPTOUT_HELP, "hilfe" },	      { "fr", OPTOUT_STOP, "arrêt" },	    { "fr", OPTOUT_STOP, "arret" },
	{ "fr", OPTOUT_STOP, "désabonner" },  { "fr", OPTOUT_STOP, "desabonner" },  { "fr", OPTOUT_HELP, "aide" },
	{ "es", OPTOUT_STOP, "alto" },	      { "es", OPTOUT_STOP, "baja" },	    { "es", OPTOUT_STOP, "parar" },
	{ "es", OPTOUT_START, "alta" },	      { "es", OPTOUT_HELP, "ayuda" },	    { "pt", OPTOUT_STOP, "pare" },
	{ "pt", OPTOUT_STOP, "sair" },	      { "pt", OPTOUT_HELP, "ajuda" },	    { "it", OPTOUT_STOP, "basta" },
	{ "it", OPTOUT_HELP, "aiuto" },	      { "ru", OPTOUT_STOP, "стоп" },	    { "ru", OPTOUT_STOP, "отписаться" },
	{ "ru", OPTOUT_START, "старт" },      { "ko", OPTOUT_STOP, "수신거부" },    { "ko", OPTOUT_STOP, "중지" },
	{ "zh", OPTOUT_STOP, "退订" },	      { "zh", OPTOUT_STOP, "退訂" },
};

/* --- characters ------------------------------------------------------------------------------------------------------
 */

static bool is_blank(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0 || (c >= 0x2000 && c <= 0x200b) || c == 0x202f ||
	       c == 0x3000 || c == 0xfeff;
}

/* ASCII and Latin-1 marks, general and CJK punctuation, and what people put round a word: emoji, variation selectors.
 */
static bool is_mark(uint32_t c)
{
	return (c < 0x80 && c > ' ' && !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) ||
	       (c >= 0xa1 && c <= 0xbf && c != 0xaa && c != 0xba && c != 0xb5) || (c >= 0x2010 && c <= 0x2bff) ||
	       (c >= 0x3001 && c <= 0x303f) || c == 0x30fb || (c >= 0xfe00 && c <= 0xfe4f) ||
	       (c >= 0x1f000 && c <= 0x1faff);
}

static uint32_t lower(uint32_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c + 32;
	if (c >= 0xc0 && c <= 0xde && c != 0xd7)
		return c + 32;
	if (c >= 0x391 && c <= 0x3a9)
		return c + 32;
	if (c >= 0x410 && c <= 0x42f)
		return c + 32;
	if (c >= 0x400 && c <= 0x40f)
		return c + 80;
	return c;
}

/* U+FF66 .. U+FF9D, half-width katakana in code order. */
static const uint16_t katakana[] = {
	0x30f2, 0x30a1, 0x30a3, 0x30a5, 0x30a7, 0x30a9, 0x30e3, 0x30e5, 0x30e7, 0x30c3, 0x30fc, 0x30a2, 0x30a4, 0x30a6,
	0x30a8, 0x30aa, 0x30ab, 0x30ad, 0x30af, 0x30b1, 0x30b3, 0x30b5, 0x30b7, 0x30b9, 0x30bb, 0x30bd, 0x30bf, 0x30c1,
	0x30c4, 0x30c6, 0x30c8, 0x30ca, 0x30cb, 0x30cc, 0x30cd, 0x30ce, 0x30cf, 0x30d2, 0x30d5, 0x30d8, 0x30db, 0x30de,
	0x30df, 0x30e0, 0x30e1, 0x30e2, 0x30e4, 0x30e6, 0x30e8, 0x30e9, 0x30ea, 0x30eb, 0x30ec, 0x30ed, 0x30ef, 0x30f3,
};
static_assert(sizeof(katakana) / sizeof(katakana[0]) == 0xff9d - 0xff66 + 1, "the whole block");

/* One width for each character. */
static uint32_t plain_width(uint32_t c)
{
	if (c >= 0xff01 && c <= 0xff5e)
		return c - 0xff01 + '!';
	if (c >= 0xff66 && c <= 0xff9d)
		return katakana[c - 0xff66];
	if (c == 0xff61)
		return 0x3002;
	if (c == 0xff64)
		return 0x3001;
	if (c == 0xff65)
		return 0x30fb;
	return c;
}

/* The voiced or half-voiced form of a katakana, or 0 where there is none. In Unicode it is the next or the next but one
 * character. */
static uint32_t voiced(uint32_t kana, uint32_t sound_mark)
{
	bool h_row = kana >= 0x30cf && kana <= 0x30db && (kana - 0x30cf) % 3 == 0;
	bool plain = (kana >= 0x30ab && kana <= 0x30c1 && (kana - 0x30ab) % 2 == 0) ||
		     (kana >= 0x30c4 && kana <= 0x30c8 && kana % 2 == 0);

	if (sound_mark == 0xff9f)
		return h_row ? kana + 2 : 0;
	if (kana == 0x30a6)
		return 0x30f4;
	return h_row || plain ? kana + 1 : 0;
}

/* --- normal form
 * ------------------------------------------------------------------------------------------------------- */

#define CHARS_MAX OPTOUT_TEXT_MAX

struct chars {
	uint32_t at[CHARS_MAX];
	size_t count;
};

static bool is_sound_mark(uint32_t c)
{
	return c == 0xff9e || c == 0xff9f;
}

static void add_char(struct chars *chars, uint32_t c)
{
	uint32_t joined = is_sound_mark(c) && chars->count ? voiced(chars->at[chars->count - 1], c) : 0;

	if (joined)
		chars->at[chars->count - 1] = joined;
	else if (!is_blank(c))
		chars->at[chars->count++] = lower(plain_width(c));
	else if (chars->count && chars->at[chars->count - 1] != ' ')
		chars->at[chars->count++] = ' ';
}

static bool is_edge(uint32_t c)
{
	return c == ' ' || is_mark(c);
}

enum result optout_normalise(struct text utf8, struct writer *w)
{
	struct chars chars = { .count = 0 };
	uint32_t c;

	while (utf8.len && chars.count < CHARS_MAX) {
		if (!utf8_take(&utf8, &c))
			return ERR_MALFORMED;
		add_char(&chars, c);
	}
	if (utf8.len)
		return ERR_TOO_BIG;
	size_t first = 0, end = chars.count;
	while (first < end && is_edge(chars.at[first]))
		first++;
	while (end > first && is_edge(chars.at[end - 1]))
		end--;
	for (size_t i = first; i < end; i++)
		utf8_put(w, chars.at[i]);
	return OK;
}

/* --- commands
 * ---------------------------------------------------------------------------------------------------------- */

/* In normal form in `room`; empty for what is no command anyway. */
static struct text normal(struct text utf8, char *room, size_t size)
{
	struct writer w = writer_of(room, size);

	if (utf8.len > OPTOUT_TEXT_MAX || optout_normalise(utf8, &w) != OK || !writer_ok(&w))
		return (struct text){ 0 };
	return text_range(room, writer_len(&w));
}

#define NORMAL_ROOM (4 * CHARS_MAX)

enum optout_command optout_command_with(struct text utf8, const struct optout_word *own, unsigned count,
					struct text *language_out)
{
	char room[NORMAL_ROOM], own_room[NORMAL_ROOM];
	struct text text = normal(utf8, room, sizeof(room));

	*language_out = (struct text){ 0 };
	if (!text.len)
		return OPTOUT_NONE;
	for (unsigned i = 0; i < count; i++) {
		if (text_equal(text, normal(own[i].word, own_room, sizeof(own_room)))) {
			*language_out = own[i].language;
			return own[i].command;
		}
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_is(text, words[i].word)) {
			*language_out = text_of(words[i].language);
			return words[i].command;
		}
	}
	return OPTOUT_NONE;
}

enum optout_command optout_command(struct text utf8, const char **language_out)
{
	struct text language;
	enum optout_command command = optout_command_with(utf8, NULL, 0, &language);

	if (language_out)
		*language_out = language.len ? language.at : "";
	return command;
}

static const struct {
	const char *language;
	const char *replies[OPTOUT_COMMAND_COUNT];
} replies[] = {
	{ "en",
	  { "", "You will get no more messages from this sender. Reply START to get them again.",
	    "You will get messages from this sender again. Reply STOP to end them.",
	    "Reply STOP to get no more messages from this sender. This message is free." } },
	{ "ja",
	  { "", "配信を停止しました。再開するには「開始」と返信してください。",
	    "配信を再開しました。停止するには「停止」と返信してください。",
	    "配信を停止するには「停止」と返信してください。返信は無料です。" } },
};

const char *optout_reply(enum optout_command command, struct text language)
{
	for (size_t i = 1; i < sizeof(replies) / sizeof(replies[0]); i++) {
		if (text_is(language, replies[i].language))
			return replies[i].replies[command];
	}
	return replies[0].replies[command];
}
