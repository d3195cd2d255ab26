/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a decision costs: route_decide() on facts at random, then with its line for the record; a link chosen among
 * 10,000 prefixes; a price looked up. bench_route [rounds]
 */
#include <stdio.h>
#include <stdlib.h>

#include "billing/tariff.h"
#include "core/base/clock.h"
#include "core/route.h"
#include "core/route_decide.h"

#define FACTS 4096u

static struct route_facts facts[FACTS];
static uint32_t seed = 1;

static unsigned below(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 16) % n;
}

static void make_facts(struct route_facts *f)
{
	f->sender = below(SENDER_STATE_COUNT);
	f->recipient = below(RECIPIENT_STATE_COUNT);
	f->freshness = below(8) == 0;
	f->capability = below(8) == 0;
	f->content = below(CONTENT_CLASS_COUNT);
	f->query = below(QUERY_STATE_COUNT);
	f->latch = below(LATCH_COUNT);
	f->charge_class = below(CHARGE_CLASS_COUNT);
	f->consent = below(CONSENT_COUNT);
	f->answer = below(ANSWER_COUNT);
	f->price = below(PRICE_COUNT);
	f->offline_text = below(2);
	f->offline_file = below(2);
	f->rcs_fits = below(8) != 0;
	f->e2ee = below(8) == 0;
}

static void report(const char *what, uint64_t count, int64_t us)
{
	printf("%-34s %10.0f /s  %7.1f ns each\n", what, (double)count * 1e6 / (double)us,
	       (double)us * 1e3 / (double)count);
}

static void decisions(unsigned rounds)
{
	unsigned seen[ROUTE_OUTCOME_COUNT] = { 0 };
	struct route_decision d;
	int64_t start = clock_monotonic();

	for (unsigned r = 0; r < rounds; r++) {
		for (unsigned i = 0; i < FACTS; i++) {
			route_decide(&facts[i], &d);
			seen[d.outcome]++;
		}
	}
	report("decision", (uint64_t)rounds * FACTS, clock_monotonic() - start);
	const struct route_record record = { .policy = 1, .price = TEXT_LITERAL("1 x 3.30 JPY <= 10.00") };
	size_t octets = 0;
	start = clock_monotonic();
	for (unsigned r = 0; r < rounds / 16 + 1; r++) {
		for (unsigned i = 0; i < FACTS; i++) {
			char line[512];
			struct writer w = writer_of(line, sizeof(line));
			route_decide(&facts[i], &d);
			route_explain(&w, &facts[i], &d, &record);
			octets += writer_len(&w);
		}
	}
	report("decision with its record", (uint64_t)(rounds / 16 + 1) * FACTS, clock_monotonic() - start);
	printf("%-34s %u RCS, %u SMS of the first rounds; %zu octets of records\n", "", seen[ROUTE_RCS],
	       seen[ROUTE_SMS], octets);
}

static bool always_up(void *owner, struct text link)
{
	(void)owner;
	return link.len > 0;
}

#define PREFIXES 10000u
static void links(unsigned rounds)
{
	static char names[PREFIXES][16], prefixes[PREFIXES][16];
	static struct text prefix[PREFIXES];
	static const struct route_link link[] = { { { "upstream1", 9 }, 1, 0 }, { { "upstream2", 9 }, 1, 1 } };
	struct route_entry *entries = calloc(PREFIXES, sizeof(*entries));
	struct route_table *table;
	struct route_choice choice;
	const char *why;
	unsigned at, found = 0;

	if (!entries)
		exit(1);
	for (unsigned i = 0; i < PREFIXES; i++) {
		snprintf(names[i], sizeof(names[i]), "r%u", i);
		snprintf(prefixes[i], sizeof(prefixes[i]), "+81%u", i);
		prefix[i] = text_of(prefixes[i]);
		entries[i] = (struct route_entry){ .name = text_of(names[i]),
						   .prefixes = &prefix[i],
						   .prefixes_count = 1,
						   .links = link,
						   .links_count = 2 };
	}
	if (route_table_new(entries, PREFIXES, &table, &at, &why) != OK)
		exit(1);
	int64_t start = clock_monotonic();
	for (unsigned r = 0; r < rounds * FACTS / 8; r++) {
		char number[20];
		number[0] = '+';
		number[1] = '8';
		number[2] = '1';
		for (unsigned i = 3; i < 13; i++)
			number[i] = (char)('0' + (r >> (i & 3)) % 10);
		route_select(table, &(struct route_query){ .recipient = text_range(number, 13), .spread = r },
			     always_up, NULL, &choice);
		found += choice.count > 0;
	}
	report("link among 10,000 prefixes", (uint64_t)rounds * FACTS / 8, clock_monotonic() - start);
	printf("%-34s %u found\n", "", found);
	route_table_free(&table);
	free(entries);
}

static void price_list(unsigned rounds)
{
	struct tariff *t;
	struct tariff_error e;
	struct tariff_price p;
	int64_t sum = 0;

	if (tariff_load("examples/tariff-japan.csv", &t, &e) != OK)
		exit(1);
	int64_t start = clock_monotonic();
	for (unsigned r = 0; r < rounds * FACTS / 8; r++) {
		const struct tariff_measure m = { TEXT_LITERAL("full"), 1 + r % 670 };
		if (tariff_price(tariff_version(t, 0), TEXT_LITERAL("sms"), TEXT_LITERAL("+819012345678"), &m, 1, &p) ==
		    OK)
			sum += p.net / MONEY_UNIT;
	}
	report("price", (uint64_t)rounds * FACTS / 8, clock_monotonic() - start);
	printf("%-34s %lld yen\n", "", (long long)sum);
	tariff_free(&t);
}

int main(int argc, char **argv)
{
	uint64_t rounds = 2000;

	if (argc > 1 && (!text_to_u64(text_of(argv[1]), 100000, &rounds) || rounds < 8))
		return 2;
	for (unsigned i = 0; i < FACTS; i++)
		make_facts(&facts[i]);
	decisions((unsigned)rounds);
	links((unsigned)rounds);
	price_list((unsigned)rounds);
	return 0;
}
