/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The yardstick for bench_smpp: how often per second libsmpp34 packs and unpacks the same submit_sm on this machine.
 * bench_libsmpp34 [messages]
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

int main(int argc, char **argv)
{
	static submit_sm_t pdu, back;
	static tlv_t tlv;
	uint8_t octets[1024];
	int len = 0;
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
