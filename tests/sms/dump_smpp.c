/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every kind of SMPP PDU that we emit, for an independent judge: one line each, hex and what it says as "field=value"
 * in tshark's words, tab separated.
 */
#include <stdarg.h>
#include <stdio.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "sms/smpp_receipt.h"
#include "sms/smpp_text.h"
#include "sms/smpp_time.h"

static uint8_t room[70000];
static uint32_t sequence;

__attribute__((format(printf, 2, 3))) static void line(struct smpp_pdu *pdu, const char *fields, ...)
{
	struct writer w = writer_of(room, sizeof(room));
	va_list args;

	pdu->sequence = ++sequence;
	smpp_pdu_encode(pdu, &w);
	if (!writer_ok(&w)) {
		printf("FAILED\n");
		return;
	}
	for (const uint8_t *at = w.start; at < w.at; at++)
		printf("%02x", *at);
	printf("\tsmpp.command_id=0x%08x\tsmpp.sequence_number=%u", (unsigned)pdu->id, (unsigned)sequence);
	if (pdu->id & SMPP_RESPONSE)
		printf("\tsmpp.command_status=0x%08x", (unsigned)pdu->status);
	va_start(args, fields);
	vprintf(fields, args);
	va_end(args);
	printf("\n");
}

static const struct smpp_address from = { SMPP_TON_ALPHANUMERIC, SMPP_NPI_UNKNOWN, { "cellpost", 8 } };
static const struct smpp_address to = { SMPP_TON_INTERNATIONAL, SMPP_NPI_E164, { "49172345678", 11 } };

static void dump_session(void)
{
	static const uint32_t binds[] = { SMPP_BIND_RECEIVER, SMPP_BIND_TRANSMITTER, SMPP_BIND_TRANSCEIVER };
	static const uint32_t plain[] = { SMPP_UNBIND,
					  SMPP_ENQUIRE_LINK,
					  SMPP_RESPONSE_TO(SMPP_UNBIND),
					  SMPP_RESPONSE_TO(SMPP_ENQUIRE_LINK),
					  SMPP_RESPONSE_TO(SMPP_CANCEL_SM),
					  SMPP_RESPONSE_TO(SMPP_REPLACE_SM) };
	struct smpp_bind bind = { TEXT_LITERAL("esme"), TEXT_LITERAL("secret"), TEXT_LITERAL("VMA"), 0x34, 1, 1,
				  TEXT_LITERAL("4917") };

	for (size_t i = 0; i < 3; i++) {
		line(&(struct smpp_pdu){ .id = binds[i], .u.bind = bind },
		     "\tsmpp.system_id=esme\tsmpp.password=secret\tsmpp.system_type=VMA\tsmpp.address_range=4917");
		line(&(struct smpp_pdu){ .id = SMPP_RESPONSE_TO(binds[i]),
					 .u.system_id = TEXT_LITERAL("centre"),
					 .tlvs = TEXT_LITERAL("\x02\x10\x00\x01\x34") },
		     "\tsmpp.system_id=centre\tsmpp.SC_interface_version=52");
		line(&(struct smpp_pdu){ .id = SMPP_RESPONSE_TO(binds[i]), .status = SMPP_RINVPASWD }, "%s", "");
	}
	line(&(struct smpp_pdu){ .id = SMPP_OUTBIND, .u.outbind = { TEXT_LITERAL("centre"), TEXT_LITERAL("pw") } },
	     "\tsmpp.system_id=centre");
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		line(&(struct smpp_pdu){ .id = plain[i] }, "%s", "");
	line(&(struct smpp_pdu){ .id = SMPP_GENERIC_NACK, .status = SMPP_RINVCMDID }, "%s", "");
}

/* Every part of a text with these settings, as submit_sm. `shown` as tshark reads the octets, or NULL. */
static void dump_text(struct smpp_text_settings s, struct message m, struct arena *arena, const char *shown)
{
	static struct smpp_text_plan plan;
	static uint8_t octets[SMPP_SHORT_MESSAGE_MAX], tlvs[70000];
	char validity[SMPP_TIME_SIZE];

	if (smpp_text_plan(&m, &s, arena, &plan, NULL) != OK) {
		printf("FAILED\n");
		return;
	}
	for (unsigned i = 0; i < plan.parts; i++) {
		struct writer w = writer_of(octets, sizeof(octets)), t = writer_of(tlvs, sizeof(tlvs));
		struct smpp_sm sm = { .source = from,
				      .destination = to,
				      .esm_class = (uint8_t)(plan.esm_class | SMPP_ESM_STORE),
				      .validity = smpp_time_relative(INT64_C(86400000000), validity),
				      .registered_delivery = SMPP_REGISTERED_ALWAYS,
				      .data_coding = plan.coding };

		smpp_text_put_part(&plan, i, 0x4d, &w, &t);
		sm.octets = text_range((const char *)octets, writer_len(&w));
		char more[300] = "";
		if (shown)
			snprintf(more, sizeof(more), "\tsmpp.message_text=%s", shown);
		else if (plan.join == SMPP_JOIN_SAR && plan.parts > 1)
			snprintf(more, sizeof(more),
				 "\tsmpp.sar_msg_ref_num=77\tsmpp.sar_total_segments=%u\tsmpp.sar_segment_seqnum=%u",
				 plan.parts, i + 1);
		line(&(struct smpp_pdu){ .id = SMPP_SUBMIT_SM,
					 .u.sm = sm,
					 .tlvs = text_range((const char *)tlvs, writer_len(&t)) },
		     "\tsmpp.source_addr=cellpost\tsmpp.destination_addr=49172345678\tsmpp.esm.submit.features=0x%02x"
		     "\tsmpp.sm_length=%u%s",
		     (unsigned)plan.esm_class >> 6, (unsigned)sm.octets.len, more);
	}
}

static void dump_texts(void)
{
	static char longer[400];
	struct arena *arena = arena_new(4096);

	memset(longer, 'x', sizeof(longer));
	dump_text((struct smpp_text_settings){ 0 }, (struct message){ .body = TEXT_LITERAL("Hello") }, arena, "Hello");
	dump_text((struct smpp_text_settings){ 0 }, (struct message){ .body = TEXT_LITERAL("Привет") }, arena,
		  "Привет");
	dump_text((struct smpp_text_settings){ .alphabet = SMPP_ALPHABET_LATIN1 },
		  (struct message){ .body = TEXT_LITERAL("été"), .flash = true }, arena, NULL);
	for (unsigned join = 0; join < SMPP_JOINS; join++)
		dump_text((struct smpp_text_settings){ .join = (enum smpp_join)join },
			  (struct message){ .body = text_range(longer, sizeof(longer)) }, arena, NULL);
	dump_text((struct smpp_text_settings){ .flash_by_subunit = true },
		  (struct message){ .body = TEXT_LITERAL("now"), .flash = true }, arena, "now");
	dump_text((struct smpp_text_settings){ 0 },
		  (struct message){ .content = MESSAGE_BINARY,
				    .body = TEXT_LITERAL("\x01\x06\x01"),
				    .has_ports = true,
				    .destination_port = 5000,
				    .source_port = 5001 },
		  arena, NULL);
	arena_free(&arena);
}

static void dump_receipt(void)
{
	static char text[SMPP_RECEIPT_TEXT_MAX];
	static uint8_t tlvs[200];
	struct writer w = writer_of(text, sizeof(text)), t = writer_of(tlvs, sizeof(tlvs));
	struct smpp_receipt r = { .id = TEXT_LITERAL("1234567890"),
				  .state = SMPP_STATE_DELIVERED,
				  .sub = 1,
				  .dlvrd = 1,
				  .submit_us = INT64_C(1795523405) * USEC_PER_SEC,
				  .done_us = INT64_C(1795523465) * USEC_PER_SEC,
				  .text = TEXT_LITERAL("Hello"),
				  .has_network_error = true,
				  .network = 3,
				  .has_user_reference = true,
				  .user_reference = 258 };
	struct smpp_sm sm = { .source = to, .destination = from, .esm_class = SMPP_ESM_RECEIPT };

	smpp_receipt_put_text(&w, &r);
	smpp_receipt_put_tlvs(&t, &r);
	sm.octets = text_range(text, writer_len(&w));
	line(&(struct smpp_pdu){ .id = SMPP_DELIVER_SM,
				 .u.sm = sm,
				 .tlvs = text_range((const char *)tlvs, writer_len(&t)) },
	     "\tsmpp.receipted_message_id=1234567890\tsmpp.message_state=2\tsmpp.network_error.type=3"
	     "\tsmpp.user_message_reference=258\tsmpp.message_text=%.*s",
	     TEXT_ARGS(sm.octets));
}

static void dump_others(void)
{
	struct smpp_data data = { .source = from, .destination = to, .registered_delivery = 1 };
	uint8_t entries[100], failures[100], tlvs[100];
	struct writer e = writer_of(entries, sizeof(entries)), f = writer_of(failures, sizeof(failures));
	struct writer t = writer_of(tlvs, sizeof(tlvs));
	char date[SMPP_TIME_SIZE];

	smpp_tlv_put(&t, SMPP_TLV_MESSAGE_PAYLOAD, TEXT_LITERAL("Hello"));
	struct text payload = text_range((const char *)tlvs, writer_len(&t));
	line(&(struct smpp_pdu){ .id = SMPP_DATA_SM, .u.data = data, .tlvs = payload },
	     "\tsmpp.destination_addr=49172345678\tsmpp.message_payload=48656c6c6f");
	static const uint32_t with_id[] = { SMPP_SUBMIT_SM, SMPP_DATA_SM };
	for (size_t i = 0; i < 2; i++)
		line(&(struct smpp_pdu){ .id = SMPP_RESPONSE_TO(with_id[i]), .u.message_id = TEXT_LITERAL("77") },
		     "\tsmpp.message_id=77");
	line(&(struct smpp_pdu){ .id = SMPP_RESPONSE_TO(SMPP_DELIVER_SM) }, "%s", "");
	line(&(struct smpp_pdu){ .id = SMPP_RESPONSE_TO(SMPP_SUBMIT_SM), .status = SMPP_RTHROTTLED }, "%s", "");
	smpp_multi_put(&e, &(struct smpp_multi_destination){ false, to });
	smpp_multi_put(&e, &(struct smpp_multi_destination){ true, { .at = TEXT_LITERAL("friends") } });
	struct smpp_multi multi = { .sm = { .source = from, .octets = TEXT_LITERAL("Hello") },
				    .count = 2,
				    .entries = text_range((const char *)entries, writer_len(&e)) };
	line(&(struct smpp_pdu){ .id = SMPP_SUBMIT_MULTI, .u.multi = multi },
	     "\tsmpp.destination_addr=49172345678\tsmpp.dl_name=friends\tsmpp.sm_length=5");
	smpp_multi_resp_put(&f, &(struct smpp_multi_failure){ to, SMPP_RINVDSTADR });
	struct smpp_multi_resp multi_resp = { TEXT_LITERAL("78"), 1,
					      text_range((const char *)failures, writer_len(&f)) };
	line(&(struct smpp_pdu){ .id = SMPP_RESPONSE_TO(SMPP_SUBMIT_MULTI), .u.multi_resp = multi_resp },
	     "\tsmpp.message_id=78\tsmpp.error_status_code=0x0000000b");
	line(&(struct smpp_pdu){ .id = SMPP_QUERY_SM, .u.query = { TEXT_LITERAL("77"), from } },
	     "\tsmpp.message_id=77\tsmpp.source_addr=cellpost");
	struct text final = smpp_time_absolute(INT64_C(1795523405) * USEC_PER_SEC, date);
	line(&(struct smpp_pdu){ .id = SMPP_RESPONSE_TO(SMPP_QUERY_SM),
				 .u.query_resp = { TEXT_LITERAL("77"), final, SMPP_STATE_DELIVERED, 0 } },
	     "\tsmpp.message_id=77\tsmpp.message_state=2");
	line(&(struct smpp_pdu){ .id = SMPP_CANCEL_SM, .u.cancel = { { 0 }, TEXT_LITERAL("77"), from, to } },
	     "\tsmpp.message_id=77\tsmpp.destination_addr=49172345678");
	line(&(struct smpp_pdu){ .id = SMPP_REPLACE_SM,
				 .u.replace = { .message_id = TEXT_LITERAL("77"),
						.source = from,
						.octets = TEXT_LITERAL("Bye") } },
	     "\tsmpp.message_id=77\tsmpp.sm_length=3");
	line(&(struct smpp_pdu){ .id = SMPP_ALERT_NOTIFICATION,
				 .u.alert = { to, from },
				 .tlvs = TEXT_LITERAL("\x04\x22\x00\x01\x00") },
	     "\tsmpp.source_addr=49172345678\tsmpp.esme_addr=cellpost\tsmpp.ms_availability_status=0");
	line(&(struct smpp_pdu){ .id = SMPP_RESPONSE_TO(SMPP_BROADCAST_SM), .status = SMPP_RINVCMDID }, "%s", "");
}

int main(void)
{
	dump_session();
	dump_texts();
	dump_receipt();
	dump_others();
	return 0;
}
