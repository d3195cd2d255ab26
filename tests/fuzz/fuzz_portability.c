/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a number database may answer: JSON, a URI, records with fields between line ends. A network is one, or none. */
#include <stdlib.h>
#include <string.h>

#include "core/ipc_lookup.h"
#include "core/portability.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct portability_operator operators[] = { { TEXT_LITERAL("D0012"), TEXT_LITERAL("44010") },
							 { TEXT_LITERAL("+1410"), TEXT_LITERAL("310410") } };

static void judge(enum result r, const struct portability_answer *a, const char *const *why)
{
	if (r != OK && (a->network[0] || a->routing[0] || !(*why)[0]))
		abort();
	if (a->network[0] && !portability_is_network(text_of(a->network)))
		abort();
	if (strlen(a->routing) >= sizeof(a->routing))
		abort();
}

static unsigned records_of(struct text t, struct dns_naptr records[DNS_NAPTRS_MAX])
{
	struct text line;
	unsigned n = 0;

	while (n < DNS_NAPTRS_MAX && text_split(&t, '\n', &line)) {
		struct dns_naptr *r = &records[n++];
		struct text field = { 0 };
		*r = (struct dns_naptr){ 0 };
		if (text_split(&line, ' ', &field) && field.len)
			r->order = (uint8_t)field.at[0];
		r->preference = (uint16_t)field.len;
		if (text_split(&line, ' ', &field))
			(void)text_copy(field, r->flags, sizeof(r->flags));
		if (text_split(&line, ' ', &field))
			(void)text_copy(field, r->service, sizeof(r->service));
		(void)text_copy(line, r->regexp, sizeof(r->regexp));
	}
	return n;
}

/* A record between the roles says what it said when it is written again. */
static void judge_record(const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	uint8_t again[512];
	struct writer w = writer_of(again, sizeof(again));
	struct ipc_found f;
	struct ipc_lookup l;

	if (ipc_get_found(&r, &f)) {
		judge(OK, &f.answer, &(const char *){ "" });
		ipc_put_found(&w, &f);
		if (writer_ok(&w) && (writer_len(&w) != len || memcmp(again, bytes, len) != 0))
			abort();
	}
	r = reader_of(bytes, len);
	if (ipc_get_lookup(&r, &l) && !portability_is_number(l.number))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct text t = text_range((const char *)bytes, len), number = TEXT_LITERAL("+819012345678");
	struct portability_rules rules = { .operators = operators, .operators_count = 2 };
	struct dns_naptr records[DNS_NAPTRS_MAX];
	struct portability_operator o;
	struct portability_answer a;
	char room[256];
	struct writer w = writer_of(room, sizeof(room));
	const char *why = "";

	judge(portability_of_uri(t, &rules, &a, &why), &a, &why);
	judge(portability_of_json(t, number, &rules, &a, &why), &a, &why);
	rules.member = TEXT_LITERAL("mcc a.0.mnc");
	judge(portability_of_json(t, number, &rules, &a, &why), &a, &why);
	judge(portability_of_naptrs(records, records_of(t, records), number, &rules, &a, &why), &a, &why);
	if (portability_substitute(t, number, &w, &why) == OK && !writer_ok(&w))
		abort();
	(void)portability_operator_parse(t, &o);
	judge_record(bytes, len);
	if (portability_url_good(t))
		portability_url(t, number, &w);
	return 0;
}
