/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SMPP on one core: encode and decode of a submit_sm of 100 characters with a TLV, text planning with them, and two
 * sessions that send each other messages through memory. bench_smpp [messages]
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "sms/smpp_session.h"
#include "sms/smpp_text.h"

#define TEXT_100 "Wer zur Quelle gelangen will, muss gegen den Strom schwimmen. Nur tote Fische schwimmen mit dem Strom"

static uint8_t octets[1 << 16];
static uint64_t sum; /* so that nothing is optimised away */

static struct smpp_pdu submit(void)
{
	struct smpp_pdu pdu = { .id = SMPP_SUBMIT_SM, .sequence = 1, .tlvs = TEXT_LITERAL("\x02\x04\x00\x02\x01\x02") };

	pdu.u.sm = (struct smpp_sm){ .source = { 5, 0, TEXT_LITERAL("cellpost") },
				     .destination = { 1, 1, TEXT_LITERAL("49172345678") },
				     .registered_delivery = 1,
				     .octets = TEXT_LITERAL(TEXT_100) };
	return pdu;
}

static void report(const char *what, uint64_t n, int64_t since)
{
	int64_t us = clock_monotonic() - since;

	printf("smpp %-24s %8.3f M/s  %6.1f ns each\n", what, (double)n / (double)us, (double)us * 1000 / (double)n);
}

static void encode(uint64_t n)
{
	struct smpp_pdu pdu = submit();
	int64_t since = clock_monotonic();

	for (uint64_t i = 0; i < n; i++) {
		struct writer w = writer_of(octets, sizeof(octets));
		pdu.sequence = (uint32_t)i;
		smpp_pdu_encode(&pdu, &w);
		sum += writer_len(&w);
	}
	report("encode submit_sm", n, since);
}

static void decode(uint64_t n)
{
	struct smpp_pdu pdu = submit();
	struct writer w = writer_of(octets, sizeof(octets));
	uint32_t status;

	smpp_pdu_encode(&pdu, &w);
	int64_t since = clock_monotonic();
	for (uint64_t i = 0; i < n; i++) {
		octets[15] = (uint8_t)i;
		sum += smpp_pdu_decode(octets, writer_len(&w), &pdu, &status) == OK;
	}
	report("decode submit_sm", n, since);
}

static void text(uint64_t n)
{
	static struct smpp_text_plan plan;
	struct smpp_text_settings s = { 0 };
	struct message m = { .body = TEXT_LITERAL(TEXT_100) };
	uint8_t tlvs[64];
	int64_t since = clock_monotonic();

	for (uint64_t i = 0; i < n; i++) {
		struct writer w = writer_of(octets, sizeof(octets)), t = writer_of(tlvs, sizeof(tlvs));
		if (smpp_text_plan(&m, &s, NULL, &plan, NULL) == OK)
			smpp_text_put_part(&plan, 0, 1, &w, &t);
		sum += writer_len(&w);
	}
	report("plan and put 100 chars", n, since);
}

static uint64_t answered;

static void on_bind(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	(void)owner;
	(void)pdu;
	smpp_session_answer_bind(s, 0, TEXT_LITERAL("centre"), 1);
}

static void on_request(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	(void)owner;
	(void)smpp_session_answer(s, pdu->id, pdu->sequence, 0, TEXT_LITERAL("1234567890"));
}

static void on_answer(void *owner, struct smpp_session *s, const struct smpp_answer *answer)
{
	(void)owner;
	(void)s;
	answered += answer->end == SMPP_ANSWERED;
}

static void carry(struct smpp_session *from, struct smpp_session *to)
{
	struct text out = smpp_session_output(from);

	if (smpp_session_receive(to, out.at, out.len, 1) != out.len)
		exit(1);
	smpp_session_sent(from, out.len);
}

static void sessions(uint64_t n, uint32_t window)
{
	static const struct smpp_session_user user = { .bind = on_bind, .request = on_request, .answer = on_answer };
	struct smpp_session_options o = SMPP_SESSION_DEFAULTS(SMPP_ESME), oc = SMPP_SESSION_DEFAULTS(SMPP_CENTRE);
	struct smpp_bind bind = { .system_id = TEXT_LITERAL("esme") };
	struct smpp_pdu pdu = submit();
	char what[40];

	o.window = window;
	struct smpp_session *esme = smpp_session_new(&o, &user, NULL, 1);
	struct smpp_session *centre = smpp_session_new(&oc, &user, NULL, 1);
	if (smpp_session_bind(esme, SMPP_BIND_TRANSCEIVER, &bind, 1) != OK)
		exit(1);
	carry(esme, centre);
	carry(centre, esme);
	answered = 0;
	int64_t since = clock_monotonic();
	while (answered < n) {
		while (smpp_session_send(esme, &pdu, answered, 1) == OK)
			;
		carry(esme, centre);
		carry(centre, esme);
	}
	snprintf(what, sizeof(what), "two sessions, window %u", (unsigned)window);
	report(what, answered, since);
	smpp_session_free(&esme);
	smpp_session_free(&centre);
}

int main(int argc, char **argv)
{
	uint64_t n = 2000000;

	if (argc > 1 && !text_to_u64(text_of(argv[1]), 1000000000, &n))
		return 2;
	encode(n);
	decode(n);
	text(n / 4);
	sessions(n / 2, 10);
	sessions(n / 2, 100);
	return sum ? 0 : 1;
}
