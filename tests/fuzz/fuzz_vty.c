/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a terminal sends: telnet's octets, then lines and their words. */
#include "core/base/reader.h"
#include "daemon/vty_telnet.h"
#include "daemon/vty_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct vty_pattern patterns[] = {
	{ "show queue", 3, "" }, { "show message ID", 3, "" }, { "write", 2, "" }, { "set NAME on", 2, "" }
};
#define PATTERNS sizeof(patterns[0]), (unsigned)(sizeof(patterns) / sizeof(patterns[0]))

static void ignore(void *owner, struct text word, const char *help)
{
	(void)owner;
	(void)word;
	(void)help;
}

static void use_line(struct text t)
{
	struct vty_line line;
	unsigned which = 0;
	char to[64];

	vty_split(t, &line);
	vty_next_words(patterns, PATTERNS, 1, &line, ignore, NULL);
	if (vty_find(patterns, PATTERNS, 1, &line, &which) == VTY_FOUND)
		(void)vty_full_words(patterns[which].words, &line, 1, to, sizeof(to));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	struct telnet t = { .state = TELNET_DATA };
	char text[512];
	size_t n = 0;

	while (reader_left(&r)) {
		uint8_t room[3];
		struct writer w = writer_of(room, sizeof(room));
		int c = telnet_take(&t, reader_u8(&r), &w);
		if (c == '\n' || n == sizeof(text)) {
			use_line(text_range(text, n));
			n = 0;
		} else if (c >= 0) {
			text[n++] = (char)c;
		}
	}
	use_line(text_range(text, n));
	return 0;
}
