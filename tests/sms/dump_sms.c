/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the independent judges of the scenarios read: our tables and PDUs in lines.
 *
 *	tables   one line per place that has a character: "locking|single LANGUAGE SEPTET CODEPOINT", and one per
 *	         character that can be written: "write-locking|write-single LANGUAGE CODEPOINT SEPTET"
 *	pdus     one line per PDU: protocol, hex, and what it says as "field=value" in the judge's words, tab separated
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/utf8.h"
#include "sms/alphabet_internal.h"
#include "sms/gsup.h"
#include "sms/rp.h"
#include "sms/sgsap.h"
#include "sms/split.h"
#include "sms/wap_push.h"
#include "sms/wap_service.h"

static void dump_written(unsigned language)
{
	for (uint32_t c = 1; c < 0x10000; c++) {
		const struct alphabet_place *p = alphabet_place_of(c);

		if (p->locking & ALPHABET_BIT(language))
			printf("write-locking %u %04X %02X\n", language, (unsigned)c, p->locking_septet[language]);
		if (p->single & ALPHABET_BIT(language))
			printf("write-single %u %04X %02X\n", language, (unsigned)c, p->single_septet[language]);
	}
}

static void dump_tables(void)
{
	for (unsigned language = 0; language < ALPHABET_LANGUAGES; language++) {
		for (unsigned septet = 0; septet < 128; septet++) {
			if (alphabet_locking[language][septet])
				printf("locking %u %02X %04X\n", language, septet, alphabet_locking[language][septet]);
			if (alphabet_single[language][septet])
				printf("single %u %02X %04X\n", language, septet, alphabet_single[language][septet]);
		}
		dump_written(language);
	}
}

/* One line; `fields` is a format of "\tfield=value". */
__attribute__((format(printf, 3, 4))) static void line(const char *protocol, const struct writer *w, const char *fields,
						       ...)
{
	va_list args;

	if (!writer_ok(w)) {
		printf("%s\tFAILED\n", protocol);
		return;
	}
	printf("%s\t", protocol);
	for (const uint8_t *at = w->start; at < w->at; at++)
		printf("%02x", *at);
	va_start(args, fields);
	vprintf(fields, args);
	va_end(args);
	printf("\n");
}

static struct text written(const struct writer *w)
{
	return text_range((const char *)w->start, writer_len(w));
}

/* The TPDU in the RP message that carries it that way. */
static void put_rp(struct writer *w, enum rp_type type, const struct tpdu *t)
{
	uint8_t room[RP_MAX];
	struct writer inner = writer_of(room, sizeof(room));
	struct rp rp = { .type = type, .reference = 5, .has_tpdu = true, .cause = RP_CAUSE_REJECTED };
	struct sms_address *centre = type == RP_DATA_TO_PHONE ? &rp.originator : &rp.destination;

	tpdu_encode(t, &inner);
	if (!writer_ok(&inner))
		w->failed = true;
	if (sms_address_from_text(text_of("+491770610000"), centre) != OK)
		w->failed = true;
	rp.tpdu = written(&inner);
	rp_encode(&rp, w);
}

static struct tpdu_time some_time(int quarters)
{
	return tpdu_time_of(INT64_C(1795646510) * USEC_PER_SEC, quarters);
}

struct sample {
	const char *from, *text;
	bool readable; /* the judge knows the alphabet */
	struct split_options options;
};

static const char long_text[] = "Wer zur Quelle gelangen will, muss gegen den Strom schwimmen. {[~]} €uro, "
				"und noch einmal: Wer zur Quelle gelangen will, muss gegen den Strom schwimmen. "
				"Nur tote Fische schwimmen mit dem Strom, das wusste schon die Grossmutter.";

static const struct sample samples[] = {
	{ "+49172345678", "Hello", true, { 0 } },
	{ "+49172345678", "", false, { 0 } },
	{ "cellpost", "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ ¤¡ÄÖÑÜ§¿äöñüà", true, { 0 } },
	{ "12345", "^{}\\[~]|€", true, { 0 } },
	{ "+1", "Привет", true, { 0 } },
	{ "+49172345678", "😀 family 👩‍👩‍👧‍👦", true, { 0 } },
	{ "+49172345678", "çok güzel ışık", false, { .single_languages = ALPHABET_ALL_SINGLE } },
	{ "+49172345678", "नमस्ते दुनिया", false, { .locking_languages = ALPHABET_ALL_LOCKING } },
	{ "+49172345678",
	  "नमस्ते ABC",
	  false,
	  { .locking_languages = ALPHABET_ALL_LOCKING, .single_languages = ALPHABET_ALL_SINGLE } },
	{ "+49172345678", long_text, true, { 0 } },
	{ "+49172345678", long_text, true, { .reference = SPLIT_REFERENCE_16 } },
	{ "+49172345678", long_text, true, { .alphabets = SPLIT_ONLY_UCS2 } },
};

static struct tpdu message(enum tpdu_type type, const struct sample *s, const struct split *plan)
{
	struct tpdu t = { .type = type, .reference = 77, .report = true, .time = some_time(4) };

	if (sms_address_from_text(text_of(s->from), &t.address) != OK)
		t.address.len = 255;
	t.has_header = plan->header_octets;
	t.dcs = dcs_of(plan->alphabet, DCS_CLASS_NONE);
	return t;
}

static void dump_part(const struct sample *s, const struct split *plan, unsigned part, enum tpdu_type type)
{
	uint8_t room[RP_MAX], content[140];
	struct writer w = writer_of(room, sizeof(room)), ud = writer_of(content, sizeof(content));
	struct tpdu t = message(type, s, plan);
	bool to_phone = type == TPDU_DELIVER;
	bool letters = t.address.ton == SMS_TON_ALPHANUMERIC;
	struct text text = split_part_text(plan, part);

	t.user_data_len = split_put_user_data(plan, part, 0x4d, &ud);
	t.user_data = written(&ud);
	t.more_messages = part + 1 < plan->parts;
	put_rp(&w, to_phone ? RP_DATA_TO_PHONE : RP_DATA_FROM_PHONE, &t);
	char shown[400] = "", concat[100] = "";
	if (s->readable)
		snprintf(shown, sizeof(shown), "\tgsm_sms.sms_text=%.*s", TEXT_ARGS(text));
	if (plan->parts > 1)
		snprintf(concat, sizeof(concat),
			 "\tgsm_sms.udh.mm.msg_id=%u\tgsm_sms.udh.mm.msg_parts=%u\tgsm_sms.udh.mm.msg_part=%u", 0x4d,
			 plan->parts, part + 1);
	line("gsm_a_rp", &w, "\tgsm_sms.tp-mti=%d\tgsm_sms.tp-udhi=%d\tgsm_sms.tp-%s=%s\tgsm_sms.tp-dcs=%d%s%s%s",
	     to_phone ? 0 : 1, t.has_header, to_phone ? "oa" : "da", letters ? s->from : t.address.text, t.dcs,
	     to_phone ? (t.more_messages ? "\tgsm_sms.tp-mms=0" : "\tgsm_sms.tp-mms=1") : "\tgsm_sms.tp-mr=77", concat,
	     shown);
}

static void dump_texts(void)
{
	static struct split plan;

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *s = &samples[i];

		if (split_plan(text_of(s->text), &s->options, NULL, &plan, NULL) != OK) {
			printf("gsm_a_rp\tFAILED\n");
			continue;
		}
		for (unsigned part = 0; part < plan.parts; part++) {
			dump_part(s, &plan, part, TPDU_DELIVER);
			dump_part(s, &plan, part, TPDU_SUBMIT);
		}
	}
}

static struct tpdu to_49172(enum tpdu_type type)
{
	struct tpdu t = { .type = type, .reference = 77, .time = some_time(-18), .discharge = some_time(-18) };

	if (sms_address_from_text(text_of("+49172345678"), &t.address) != OK)
		t.address.len = 255;
	return t;
}

/*
 * The enhanced form with a relative period (first octet 1) is not among them: tshark 4.0 takes the octet behind it for
 * TP-UDL, where 9.2.3.12.3 gives the field seven octets whatever it holds.
 */
static void dump_validities(void)
{
	struct tpdu_validity validities[] = {
		{ 0 },
		tpdu_validity_relative(86400),
		tpdu_validity_relative(63 * 7 * 86400),
		tpdu_validity_until(INT64_C(1795646510) * USEC_PER_SEC, 4),
		{ .form = TPDU_VALIDITY_ENHANCED, .octets = { 0x40 } },
		{ .form = TPDU_VALIDITY_ENHANCED, .octets = { 0x02, 0x3c } },
		{ .form = TPDU_VALIDITY_ENHANCED, .octets = { 0x03, 0x10, 0x54, 0x32 } },
	};

	for (size_t i = 0; i < sizeof(validities) / sizeof(validities[0]); i++) {
		uint8_t room[RP_MAX];
		struct writer w = writer_of(room, sizeof(room));
		struct tpdu t = to_49172(TPDU_SUBMIT);

		t.validity = validities[i];
		t.reject_duplicates = i & 1;
		t.reply_path = i & 2;
		t.user_data_len = 1;
		t.user_data = text_of("x");
		put_rp(&w, RP_DATA_FROM_PHONE, &t);
		line("gsm_a_rp", &w, "\tgsm_sms.tp-mti=1\tgsm_sms.tp-vpf=%d\tgsm_sms.tp-rd=%d\tgsm_sms.tp-rp=%d",
		     validities[i].form, t.reject_duplicates, t.reply_path);
	}
}

static void dump_status_reports(void)
{
	static const uint8_t statuses[] = { 0x00, 0x01, 0x20, 0x25, 0x40, 0x46, 0x49, 0x60, 0x65 };

	for (size_t i = 0; i < sizeof(statuses); i++) {
		uint8_t room[RP_MAX];
		struct writer w = writer_of(room, sizeof(room));
		struct tpdu t = to_49172(TPDU_STATUS_REPORT);

		t.status = statuses[i];
		t.report = i & 1;
		t.has_pid = t.has_dcs = t.has_user_data = i & 2;
		t.user_data_len = t.has_user_data ? 1 : 0;
		t.user_data = text_range("x", t.user_data_len);
		put_rp(&w, RP_DATA_TO_PHONE, &t);
		line("gsm_a_rp", &w,
		     "\tgsm_sms.tp-mti=2\tgsm_sms.tp-mr=77\tgsm_sms.tp-srq=%d\tgsm_sms.tp-ra=49172345678"
		     "\tgsm_sms.scts.timezone=18,18\tgsm_sms.scts.year=26,26\tgsm_sms.scts.hour=18,18",
		     t.report);
	}
}

static void dump_commands_and_reports(void)
{
	uint8_t room[RP_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct tpdu t = to_49172(TPDU_COMMAND);

	t.command = TPDU_DELETE;
	t.command_number = 11;
	t.report = true;
	put_rp(&w, RP_DATA_FROM_PHONE, &t);
	line("gsm_a_rp", &w,
	     "\tgsm_sms.tp-mti=2\tgsm_sms.tp-srr=1\tgsm_sms.tp.command_type=2\tgsm_sms.tp.message_number=11"
	     "\tgsm_sms.tp-da=49172345678");
	for (unsigned i = 0; i < 8; i++) {
		bool to_phone = i & 1, error = i & 2, content = i & 4;

		t = to_49172(to_phone ? TPDU_SUBMIT_REPORT : TPDU_DELIVER_REPORT);
		t.has_fcs = error;
		t.fcs = to_phone ? TPDU_FCS_DESTINATION_BARRED : TPDU_FCS_MEMORY_FULL;
		t.has_pid = t.has_dcs = t.has_user_data = content;
		t.dcs = 4;
		t.user_data_len = content ? 2 : 0;
		t.user_data = text_range("ab", t.user_data_len);
		w = writer_of(room, sizeof(room));
		put_rp(&w, (error ? RP_ERROR_FROM_PHONE : RP_ACK_FROM_PHONE) + (to_phone ? 1 : 0), &t);
		line("gsm_a_rp", &w, "\tgsm_sms.tp-mti=%d%s%s", to_phone, to_phone ? "\tgsm_sms.scts.timezone=18" : "",
		     !error	? ""
		     : to_phone ? "\tgsm_sms.tp-fcs=0xc4\tgsm_a.rp.cause=21"
				: "\tgsm_sms.tp-fcs=0xd3");
	}
}

static void dump_plain_rp(void)
{
	static const struct rp rows[] = {
		{ .type = RP_SMMA, .reference = 9 },
		{ .type = RP_ACK_FROM_PHONE, .reference = 9 },
		{ .type = RP_ACK_TO_PHONE, .reference = 9 },
		{ .type = RP_ERROR_FROM_PHONE,
		  .reference = 9,
		  .cause = RP_CAUSE_MEMORY_EXCEEDED,
		  .has_diagnostic = true,
		  .diagnostic = 1 },
		{ .type = RP_ERROR_TO_PHONE, .reference = 9, .cause = RP_CAUSE_CONGESTION },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t room[RP_MAX];
		struct writer w = writer_of(room, sizeof(room));

		rp_encode(&rows[i], &w);
		if (rows[i].cause)
			line("gsm_a_rp", &w,
			     "\tgsm_a.rp.msg_type=0x%02x\tgsm_a.rp.rp_message_reference=0x09\tgsm_a.rp.cause=%d",
			     rows[i].type, rows[i].cause);
		else
			line("gsm_a_rp", &w, "\tgsm_a.rp.msg_type=0x%02x\tgsm_a.rp.rp_message_reference=0x09",
			     rows[i].type);
	}
}

/* An MMS notification's first octets behind a push header, in two parts. */
static void dump_push(void)
{
	static const char url[] =
		"\x8c\x82\x98t1\0\x8d\x90\x83http://mms.example.net/"
		"a-long-path-so-that-two-parts-are-needed-a-long-path-so-that-two-parts-are-needed-a-long-path-so-that-"
		"two-parts-are-needed-really";
	struct wap_push push = { .transaction = 1,
				 .content_type = WAP_PUSH_MMS_TYPE,
				 .has_application = true,
				 .application = WAP_PUSH_MMS_APPLICATION,
				 .body = text_range(url, sizeof(url)) };
	struct header_ports ports = { HEADER_16_BIT, WAP_PUSH_PORT, WAP_PUSH_SOURCE_PORT };
	uint8_t elements[8], octets[300], room[RP_MAX], content[140];
	struct writer e = writer_of(elements, sizeof(elements)), p = writer_of(octets, sizeof(octets));
	static struct split plan;

	header_put_ports(&e, &ports);
	wap_push_encode(&push, &p);
	struct split_options o = { .elements = written(&e) };
	if (split_plan_octets(written(&p), &o, &plan) != OK)
		printf("gsm_a_rp\tFAILED\n");
	for (unsigned part = 0; part < plan.parts; part++) {
		struct writer w = writer_of(room, sizeof(room)), ud = writer_of(content, sizeof(content));
		struct tpdu t = message(TPDU_DELIVER, &samples[0], &plan);

		t.user_data_len = split_put_user_data(&plan, part, 1, &ud);
		t.user_data = written(&ud);
		put_rp(&w, RP_DATA_TO_PHONE, &t);
		line("gsm_a_rp", &w,
		     "\tgsm_sms.destination_port=2948\tgsm_sms.originator_port=9200\tgsm_sms.tp-dcs=4"
		     "\tgsm_sms.udh.mm.msg_parts=%u\tgsm_sms.udh.mm.msg_part=%u",
		     plan.parts, part + 1);
	}
	line("wsp-cl", &p,
	     "\twsp.pdu_type=0x06\twsp.header.content_type=application/vnd.wap.mms-message"
	     "\twsp.header.x_wap_application_id=x-wap-application:mms.ua");
}

/* What the API's pushes carry. */
static void dump_services(void)
{
	static const struct {
		struct wap_service service;
		const char *fields;
	} rows[] = {
		{ { WAP_SI, TEXT_LITERAL("http://www.example.org/a"), TEXT_LITERAL("Hello \xc3\xa9"), 0 },
		  "\twsp.header.content_type=application/"
		  "vnd.wap.sic\twbxml.version=0x02\twbxml.public_id.known=0x00000005" },
		{ { WAP_SL, TEXT_LITERAL("https://example.org/b"), { 0 }, 0 },
		  "\twsp.header.content_type=application/"
		  "vnd.wap.slc\twbxml.version=0x02\twbxml.public_id.known=0x00000006" },
		{ { WAP_MMS_NOTIFICATION, TEXT_LITERAL("http://mms.example.net/m1"), TEXT_LITERAL("Holiday"), 70000 },
		  "\twsp.header.x_wap_application_id=x-wap-application:mms.ua\tmmse.message_type=0x82"
		  "\tmmse.content_location=http://mms.example.net/"
		  "m1\tmmse.message_size=70000\tmmse.subject=Holiday"
		  "\tmmse.expiry.rel=259200.000000000\tmmse.mms_version=1.2" },
	};
	static char octets[WAP_SERVICE_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct writer w = writer_of(octets, sizeof(octets));
		struct message m = { 0 };
		const char *why;

		if (wap_service_message(&rows[i].service, &m, &w, &why) != OK)
			printf("wsp-cl\tFAILED\n");
		else
			line("wsp-cl", &w, "%s", rows[i].fields);
	}
}

static void dump_codings(void)
{
	static const uint8_t codings[] = { 0x00, 0x04, 0x08, 0x10, 0x11, 0x14, 0x16, 0x18,
					   0x40, 0x48, 0xc8, 0xd0, 0xe1, 0xf0, 0xf6 };

	for (size_t i = 0; i < sizeof(codings); i++) {
		uint8_t room[RP_MAX];
		struct writer w = writer_of(room, sizeof(room));
		struct tpdu t = to_49172(TPDU_DELIVER);
		struct dcs dcs = dcs_decode(codings[i]);

		t.pid = 0x41;
		t.dcs = codings[i];
		t.user_data_len = 2;
		t.user_data = text_of(dcs.alphabet == DCS_UCS2 ? "\x04\x1f" : "ab");
		put_rp(&w, RP_DATA_TO_PHONE, &t);
		line("gsm_a_rp", &w, "\tgsm_sms.tp-dcs=%d\tgsm_sms.tp-pid=65%s", codings[i],
		     dcs.alphabet == DCS_UCS2 ? "\tgsm_sms.sms_text=П" : "");
	}
}

static void fill_sgsap(struct sgsap *m, uint8_t type)
{
	sgsap_init(m, type);
	sgsap_set_imsi(m, text_of("001010000000012"));
	switch (type) {
	case SGSAP_PAGING_REQUEST:
		sgsap_set_name(m, SGSAP_VLR_NAME, text_of("vlr.example.net"));
		sgsap_set_octet(m, SGSAP_SERVICE_INDICATOR, SGSAP_SERVICE_SMS);
		sgsap_set(m, SGSAP_TMSI, text_of("\x01\x02\x03\x04"));
		sgsap_set(m, SGSAP_LAI, text_range("\x00\xf1\x10\x00\x01", 5));
		break;
	case SGSAP_SERVICE_REQUEST:
		sgsap_set_octet(m, SGSAP_SERVICE_INDICATOR, SGSAP_SERVICE_SMS);
		sgsap_set_octet(m, SGSAP_TIME_ZONE, 0x40);
		sgsap_set(m, SGSAP_TAI, text_range("\x00\xf1\x10\x00\x01", 5));
		sgsap_set(m, SGSAP_ECGI, text_range("\x00\xf1\x10\x00\x00\x01\x02", 7));
		sgsap_set_octet(m, SGSAP_EMM_MODE, SGSAP_EMM_IDLE);
		break;
	case SGSAP_DOWNLINK_UNITDATA:
	case SGSAP_UPLINK_UNITDATA:
		sgsap_set(m, SGSAP_NAS_CONTAINER, text_of("\x89\x04"));
		break;
	case SGSAP_LOCATION_UPDATE_REQUEST:
		sgsap_set_octet(m, SGSAP_EPS_UPDATE_TYPE, SGSAP_UPDATE_ATTACH);
		sgsap_set(m, SGSAP_OLD_LAI, text_range("\x00\xf1\x10\x00\x02", 5));
		sgsap_set_octet(m, SGSAP_TMSI_STATUS, 0);
		/* fall through */
	case SGSAP_EPS_DETACH_INDICATION:
	case SGSAP_IMSI_DETACH_INDICATION:
		sgsap_set_name(m, SGSAP_MME_NAME, text_of("mmec01.mmegi0001.mme.epc.mnc001.mcc001.3gppnetwork.org"));
		if (type == SGSAP_EPS_DETACH_INDICATION)
			sgsap_set_octet(m, SGSAP_EPS_DETACH_TYPE, 1);
		if (type == SGSAP_IMSI_DETACH_INDICATION)
			sgsap_set_octet(m, SGSAP_NON_EPS_DETACH_TYPE, 1);
		if (type != SGSAP_LOCATION_UPDATE_REQUEST)
			break;
		/* fall through */
	case SGSAP_LOCATION_UPDATE_ACCEPT:
		sgsap_set(m, SGSAP_LAI, text_range("\x00\xf1\x10\x00\x01", 5));
		break;
	case SGSAP_LOCATION_UPDATE_REJECT:
		sgsap_set_octet(m, SGSAP_REJECT_CAUSE, 2);
		break;
	case SGSAP_RESET_INDICATION:
	case SGSAP_RESET_ACK:
		m->element[SGSAP_IMSI] = (struct text){ 0 };
		sgsap_set_name(m, SGSAP_VLR_NAME, text_of("vlr.example.net"));
		break;
	case SGSAP_MM_INFORMATION_REQUEST:
		sgsap_set(m, SGSAP_MM_INFORMATION, text_of("\x46\x40"));
		break;
	case SGSAP_PAGING_REJECT:
	case SGSAP_ALERT_REJECT:
	case SGSAP_UE_UNREACHABLE:
		sgsap_set_octet(m, SGSAP_CAUSE, SGSAP_CAUSE_UNREACHABLE);
		break;
	case SGSAP_STATUS:
		sgsap_set_octet(m, SGSAP_CAUSE, SGSAP_CAUSE_TYPE_UNKNOWN);
		sgsap_set(m, SGSAP_ERRONEOUS_MESSAGE, text_of("\x05"));
		break;
	default:
		break;
	}
}

static void dump_sgsap(void)
{
	for (unsigned type = 0; type < 256; type++) {
		uint8_t room[SGSAP_MAX];
		struct writer w = writer_of(room, sizeof(room));
		struct sgsap m;
		char name[SGSAP_NAME_MAX + 1], fields[256] = "";

		if (!sgsap_type_name((uint8_t)type))
			continue;
		fill_sgsap(&m, (uint8_t)type);
		sgsap_encode(&m, &w);
		struct writer f = writer_of(fields, sizeof(fields) - 1);
		if (sgsap_has(&m, SGSAP_IMSI))
			writer_printf(&f, "\te212.imsi=001010000000012");
		if (sgsap_get_name(&m, SGSAP_VLR_NAME, name))
			writer_printf(&f, "\tsgsap.vlr_name=%s", name);
		if (sgsap_get_name(&m, SGSAP_MME_NAME, name))
			writer_printf(&f, "\tsgsap.mme_name=%s", name);
		if (sgsap_has(&m, SGSAP_CAUSE))
			writer_printf(&f, "\tsgsap.sgs_cause=%u", sgsap_octet(&m, SGSAP_CAUSE));
		if (sgsap_has(&m, SGSAP_SERVICE_INDICATOR))
			writer_printf(&f, "\tsgsap.service_indicator=2");
		fields[writer_len(&f)] = 0;
		/* A STATUS shows the message that it is about as well. */
		line("sgsap", &w, "\tsgsap.msg_type=0x%02x%s%s", type, type == SGSAP_STATUS ? ",0x05" : "", fields);
	}
}

static void dump_gsup(void)
{
	static const struct gsup rows[] = {
		{ .type = GSUP_MT_FORWARD,
		  .imsi = "001010000000012",
		  .has_reference = true,
		  .reference = 7,
		  .destination = { GSUP_ADDRESS_IMSI, { .len = 15, .text = "001010000000012" } },
		  .originator = { GSUP_ADDRESS_CENTRE, { 1, 1, 12, "491770610000" } },
		  .has_tpdu = true,
		  .tpdu = { "\x04\x0b\x91\x94\x71\x32\x54\x76\xf8\x00\x00\x62\x11\x52\x32\x14\x05\x40\x05\xc8\x32\x9b"
			    "\xfd"
			    "\x06",
			    24 },
		  .has_more = true,
		  .more = true,
		  .has_class = true,
		  .class_of = GSUP_CLASS_SMS,
		  .source = { "SMSC-cellpost", 13 },
		  .destination_name = { "MSC-b", 5 } },
		{ .type = GSUP_RESULT(GSUP_MO_FORWARD),
		  .imsi = "001010000000012",
		  .has_reference = true,
		  .reference = 7,
		  .has_class = true,
		  .class_of = GSUP_CLASS_SMS },
		{ .type = GSUP_ERROR(GSUP_MO_FORWARD),
		  .imsi = "001010000000012",
		  .has_reference = true,
		  .reference = 7,
		  .has_rp_cause = true,
		  .rp_cause = RP_CAUSE_CONGESTION },
		{ .type = GSUP_ERROR(GSUP_READY_FOR_SM),
		  .imsi = "001010000000012",
		  .has_cause = true,
		  .cause = GSUP_CAUSE_IMSI_UNKNOWN },
		{ .type = GSUP_READY_FOR_SM,
		  .imsi = "001010000000012",
		  .has_reference = true,
		  .reference = 7,
		  .has_alert = true,
		  .alert = GSUP_ALERT_MEMORY },
		{ .type = GSUP_RESULT(GSUP_READY_FOR_SM), .imsi = "001010000000012" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t room[300];
		struct writer w = writer_of(room, sizeof(room));

		gsup_encode(&rows[i], &w);
		/* The first one's destination is an IMSI too. */
		line("gsup", &w, "\tgsup.msg_type=%u\te212.imsi=001010000000012%s", rows[i].type,
		     i ? ""
		       : ",001010000000012\tgsup.source_name.text=SMSC-cellpost\tgsup.dest_name.text=MSC-b\tgsm_sms."
			 "sms_text=Hello");
	}
}

static void dump_pdus(void)
{
	dump_texts();
	dump_validities();
	dump_status_reports();
	dump_commands_and_reports();
	dump_plain_rp();
	dump_push();
	dump_services();
	dump_codings();
	dump_sgsap();
	dump_gsup();
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "tables"))
		dump_tables();
	else if (argc > 1 && !strcmp(argv[1], "pdus"))
		dump_pdus();
	else
		return 2;
	return 0;
}
