/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libsmpp34 as the other opinion on our PDUs.
 *
 *	bench_libsmpp34 [messages]   how often per second it packs and unpacks the submit_sm of bench_smpp
 *	bench_libsmpp34 check        PDUs as hex, a line each, from the standard input: unpacked, packed again; prints
 *	                             the octets, or "refused" and why
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <smpp34.h>
#include <smpp34_structs.h>
#include <smpp34_params.h>

#define TEXT_100 "Wer zur Quelle gelangen will, muss gegen den Strom schwimmen. Nur tote Fische schwimmen mit dem Strom"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void report(const char *what, unsigned long n, double since)
{
	double s = now() - since;

	printf("libsmpp34 %-19s %8.3f M/s  %6.1f ns each\n", what, (double)n / s / 1e6, s * 1e9 / (double)n);
}

static void fill(submit_sm_t *pdu, tlv_t *tlv)
{
	static const uint8_t reference[2] = { 1, 2 };

	memset(pdu, 0, sizeof(*pdu));
	memset(tlv, 0, sizeof(*tlv));
	pdu->command_id = SUBMIT_SM;
	pdu->sequence_number = 1;
	pdu->source_addr_ton = 5;
	memcpy(pdu->source_addr, "cellpost", 9);
	pdu->dest_addr_ton = 1;
	pdu->dest_addr_npi = 1;
	memcpy(pdu->destination_addr, "49172345678", 12);
	pdu->registered_delivery = 1;
	pdu->sm_length = (uint8_t)strlen(TEXT_100);
	memcpy(pdu->short_message, TEXT_100, pdu->sm_length);
	tlv->tag = TLVID_user_message_reference;
	tlv->length = sizeof(reference);
	memcpy(tlv->value.octet, reference, sizeof(reference));
	build_tlv(&pdu->tlv, tlv);
}

static int from_hex(const char *line, uint8_t *to, int size)
{
	int n = 0;
	unsigned octet;
	char two[3] = "";

	for (; n < size && line[0] && line[1] && line[0] != '\n' && line[0] != '\t'; line += 2) {
		memcpy(two, line, 2);
		octet = (unsigned)strtoul(two, NULL, 16);
		to[n++] = (uint8_t)octet;
	}
	return n;
}

static int check(void)
{
	static char line[1 << 16];
	static uint8_t octets[1 << 15], again[1 << 15];
	static union {
		submit_sm_t submit;
		submit_multi_t multi;
		uint8_t room[1 << 18];
	} pdu;

	while (fgets(line, sizeof(line), stdin)) {
		int n = from_hex(line, octets, sizeof(octets)), len = 0;

		memset(&pdu, 0, sizeof(pdu));
		if (smpp34_unpack2(&pdu, octets, n) || smpp34_pack2(again, sizeof(again), &len, &pdu)) {
			printf("refused %s\n", smpp34_strerror);
			continue;
		}
		for (int i = 0; i < len; i++)
			printf("%02x", again[i]);
		printf("\n");
	}
	return 0;
}

int main(int argc, char **argv)
{
	static submit_sm_t pdu, back;
	static tlv_t tlv;
	uint8_t octets[1024];
	int len = 0;
	if (argc > 1 && !strcmp(argv[1], "check"))
		return check();
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 500000;

	fill(&pdu, &tlv);
	double since = now();
	for (unsigned long i = 0; i < n; i++) {
		pdu.command_length = 0;
		if (smpp34_pack2(octets, sizeof(octets), &len, &pdu)) {
			fprintf(stderr, "pack: %s\n", smpp34_strerror);
			return 1;
		}
	}
	report("pack submit_sm", n, since);
	since = now();
	for (unsigned long i = 0; i < n; i++) {
		memset(&back, 0, sizeof(back));
		if (smpp34_unpack2(&back, octets, len)) {
			fprintf(stderr, "unpack: %s\n", smpp34_strerror);
			return 1;
		}
		destroy_tlv(back.tlv);
	}
	report("unpack submit_sm", n, since);
	return 0;
}
