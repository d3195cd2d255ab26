/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a text costs on its way into TPDUs and back: plan, user data and TPDU; TPDU decoded and its text read. CPU
 * time of one core, many different texts. bench_sms [texts]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "sms/split.h"
#include "sms/tpdu.h"

#define DIFFERENT 64u

struct kind {
	const char *name;
	const char *seed; /* repeated and shifted */
	size_t characters;
	struct split_options options;
};

static const struct kind kinds[] = {
	{ "160 characters, default", "The quick brown fox jumps over 13 lazy dogs; ", 160, { 0 } },
	{ "160 septets, accents", "Grüße aus Österreich, à demain señor Ø; ", 160, { 0 } },
	{ "70 characters, UCS-2", "Привет из Москвы, как дела? ", 70, { 0 } },
	{ "155 characters, Turkish",
	  "Çok güzel bir gün, ışık ve şarkı; ",
	  100,
	  { .single_languages = ALPHABET_ALL_SINGLE } },
	{ "480 characters, 4 parts", "The quick brown fox jumps over 13 lazy dogs; ", 480, { 0 } },
};

static char texts[DIFFERENT][2000];
static uint8_t tpdus[DIFFERENT][TPDU_MAX];
static size_t text_lens[DIFFERENT], tpdu_lens[DIFFERENT];

/* Kept, so that nothing is optimised away. */
static volatile size_t sink;

static size_t after_character(const char *at)
{
	size_t n = 1;

	while (((uint8_t)at[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static void make_texts(const struct kind *k)
{
	size_t seed = strlen(k->seed);

	for (unsigned i = 0; i < DIFFERENT; i++) {
		size_t from = 0, to = 0;

		for (unsigned skip = 0; skip < i % 16; skip++)
			from = (from + after_character(k->seed + from)) % seed;
		for (size_t c = 0; c < k->characters; c++) {
			size_t n = after_character(k->seed + from);

			memcpy(texts[i] + to, k->seed + from, n);
			to += n;
			from = (from + n) % seed;
		}
		text_lens[i] = to;
	}
}

static struct tpdu tpdu_of(const struct split *plan)
{
	struct tpdu t = { .type = TPDU_DELIVER, .has_header = plan->header_octets };

	t.address = (struct sms_address){ SMS_TON_INTERNATIONAL, SMS_NPI_ISDN, 11, "49172345678" };
	t.dcs = dcs_of(plan->alphabet, DCS_CLASS_NONE);
	t.time.octets[1] = 0x11;
	return t;
}

static size_t encode(const struct kind *k, unsigned i)
{
	static struct split plan;
	size_t parts = 0;

	if (split_plan(text_range(texts[i], text_lens[i]), &k->options, NULL, &plan, NULL) != OK)
		abort();
	struct tpdu t = tpdu_of(&plan);
	for (unsigned part = 0; part < plan.parts; part++) {
		uint8_t user_data[TPDU_USER_DATA_MAX];
		struct writer ud = writer_of(user_data, sizeof(user_data)), w = writer_of(tpdus[i], TPDU_MAX);

		t.user_data_len = split_put_user_data(&plan, part, (uint16_t)i, &ud);
		t.user_data = text_range((char *)user_data, writer_len(&ud));
		tpdu_encode(&t, &w);
		if (!writer_ok(&w))
			abort();
		tpdu_lens[i] = writer_len(&w);
		parts++;
	}
	return parts;
}

static void decode(unsigned i, bool text)
{
	char room[TPDU_TEXT_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct tpdu t;

	if (tpdu_decode(tpdus[i], tpdu_lens[i], TPDU_TO_PHONE, TPDU_IN_DATA, &t, NULL) != OK)
		abort();
	if (text && tpdu_text(&t, &w) != OK)
		abort();
	sink = writer_len(&w) + t.user_data.len;
}

/* Of this process: other work on the machine does not count. */
static int64_t cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000) + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void show(const struct kind *k, const char *what, unsigned long n, int64_t us)
{
	printf("sms %-26s %-18s %8.3f M/s  %6.1f ns each\n", k->name, what, (double)n / (double)us,
	       (double)us * 1000 / (double)n);
}

static void bench(const struct kind *k, unsigned long n)
{
	size_t parts = 0;

	make_texts(k);
	int64_t start = cpu_us();
	for (unsigned long i = 0; i < n; i++)
		parts += encode(k, i % DIFFERENT);
	show(k, "split and encode", n, cpu_us() - start);
	sink = parts;
	start = cpu_us();
	for (unsigned long i = 0; i < n; i++)
		decode(i % DIFFERENT, false);
	show(k, "decode", n, cpu_us() - start);
	start = cpu_us();
	for (unsigned long i = 0; i < n; i++)
		decode(i % DIFFERENT, true);
	show(k, "decode and text", n, cpu_us() - start);
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		bench(&kinds[i], n);
	return 0;
}
