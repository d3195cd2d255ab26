/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The values, read one by one into the envelope. */
#include "daemon/kannel_query.h"

#include "core/base/hex.h"
#include "core/net/uri.h"
#include "daemon/api_message.h"
#include "daemon/kannel_charset.h"
#include "daemon/kannel_receipt.h"
#include "daemon/kannel_values.h"

#define UDH_MAX 140u
#define URL_FILLED_MAX 8192u
#define MINUTES_MAX (UINT64_C(60) * 24 * 60)
#define MINUTE INT64_C(60000000)

struct parse {
	struct kannel_values values;
	struct arena *arena;
	struct kannel_query *out;
	int64_t now_us;
};

static enum result refuse(struct parse *p, unsigned status, const char *why)
{
	p->out->status = status;
	p->out->why = text_of(why);
	return ERR_MALFORMED;
}

/* --- numbers ---------------------------------------------------------------------------------------------------- */

/* False: there, and no number of 0..max. *out stays as it is when the parameter is not there or empty. */
static bool number(const struct kannel_values *v, enum kannel_parameter which, uint64_t max, int64_t *out)
{
	struct text t = text_trim(v->of[which]);
	uint64_t n = 0;

	if (!t.len)
		return true;
	if (!text_to_u64(t, max, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

struct numbers {
	int64_t coding, mclass, mwi, alt_dcs, compress, validity, deferred, mask, priority, pid, rpi;
};

static const struct number_rule {
	enum kannel_parameter which, other; /* the older name, or the same */
	uint64_t max;
	size_t at;
	const char *why;
} rules[] = {
	{ P_CODING, P_CODING, 2, offsetof(struct numbers, coding), "Coding field misformed, rejected" },
	{ P_MCLASS, P_FLASH, 3, offsetof(struct numbers, mclass), "MClass field misformed, rejected" },
	{ P_MWI, P_MWI, 7, offsetof(struct numbers, mwi), "MWI field misformed, rejected" },
	{ P_ALT_DCS, P_ALT_DCS, 2, offsetof(struct numbers, alt_dcs), "Alt-DCS field misformed, rejected" },
	{ P_COMPRESS, P_COMPRESS, 1, offsetof(struct numbers, compress), "Compress field misformed, rejected" },
	{ P_VALIDITY, P_VALIDITY, MINUTES_MAX, offsetof(struct numbers, validity),
	  "Validity field misformed, rejected" },
	{ P_DEFERRED, P_DEFERRED, MINUTES_MAX, offsetof(struct numbers, deferred),
	  "Deferred field misformed, rejected" },
	{ P_DLR_MASK, P_DLRMASK, 127, offsetof(struct numbers, mask), "DLR-Mask field misformed, rejected" },
	{ P_PRIORITY, P_PRIORITY, 3, offsetof(struct numbers, priority), "Priority field misformed, rejected" },
	{ P_PID, P_PID, 255, offsetof(struct numbers, pid), "PID field misformed, rejected" },
	{ P_RPI, P_RPI, 2, offsetof(struct numbers, rpi), "RPI field misformed, rejected" },
};

static enum result read_numbers(struct parse *p, struct numbers *n)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct number_rule *rule = &rules[i];
		enum kannel_parameter which = p->values.of[rule->which].at ? rule->which : rule->other;
		void *field = (char *)n + rule->at;

		if (!number(&p->values, which, rule->max, field))
			return refuse(p, 400, rule->why);
	}
	return OK;
}

/* Data coding schemes that the envelope has no word for: a class other than 0, the waiting indicators, and the F group
 * that alt-dcs asks for (3GPP TS 23.038 4). */
static void set_coding(struct message *m, const struct numbers *n)
{
	static const uint8_t alphabets[] = { 0x00, 0x04, 0x08 };
	uint8_t alphabet = alphabets[n->coding >= 0 ? n->coding : 0];

	m->flash = n->mclass == 0;
	if (n->mwi >= 0) {
		static const uint8_t groups[] = { 0xd0, 0xd0, 0xe0 };
		m->coding = (uint8_t)((m->body.len ? groups[n->coding >= 0 ? n->coding : 0] : 0xc0) | (n->mwi & 3) |
				      (n->mwi & 4 ? 0 : 8));
		m->has_coding = true;
	} else if (n->alt_dcs == 1) {
		m->coding = (uint8_t)(0xf0 | (alphabet & 4) | (n->mclass > 0 ? n->mclass : 0));
		m->has_coding = true;
	} else if (n->mclass > 0) {
		m->coding = (uint8_t)(0x10 | alphabet | n->mclass);
		m->has_coding = true;
	} else if (n->coding == 2 && n->mclass < 0) {
		m->coding = alphabet;
		m->has_coding = true;
	}
}

/* --- texts ------------------------------------------------------------------------------------------------------ */

static enum result read_udh(struct parse *p)
{
	struct text udh = p->values.of[P_UDH];
	struct message *m = &p->out->message;

	if (!udh.len)
		return OK;
	if (p->values.udh_is_hex) {
		char *room = arena_alloc(p->arena, udh.len);
		struct writer w = writer_of(room, udh.len);
		if (hex_take(udh, &w) != OK)
			return refuse(p, 400, "UDH field misformed, rejected");
		udh = text_range(room, writer_len(&w));
	}
	if (udh.len > UDH_MAX)
		return refuse(p, 400, "UDH field is too long, rejected");
	if ((size_t)(uint8_t)udh.at[0] + 1 != udh.len)
		return refuse(p, 400, "UDH field misformed, rejected");
	m->udh = udh;
	return OK;
}

static enum result read_text(struct parse *p, int64_t coding)
{
	struct message *m = &p->out->message;
	struct text t = p->values.of[P_TEXT], charset = text_trim(p->values.of[P_CHARSET]);

	if (t.len > MESSAGE_TEXT_MAX)
		return refuse(p, 400, "Text is too long, rejected");
	if (coding == 1) {
		m->content = MESSAGE_BINARY;
		m->body = t;
		return OK;
	}
	if (!charset.len)
		charset = coding == 2 ? TEXT_LITERAL("UTF-16BE") : TEXT_LITERAL("UTF-8");
	if (kannel_charset_decode(charset, t, p->arena, &m->body) != OK)
		return refuse(p, 400, "Charset or body misformed, rejected");
	if (m->body.len > MESSAGE_TEXT_MAX) /* UTF-8 may be longer */
		return refuse(p, 400, "Text is too long, rejected");
	return OK;
}

static bool is_separator(char c)
{
	return c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '\r';
}

static bool next_receiver(struct text *rest, struct text *out)
{
	size_t from = 0, to;

	while (from < rest->len && is_separator(rest->at[from]))
		from++;
	for (to = from; to < rest->len && !is_separator(rest->at[to]);)
		to++;
	*out = text_range(rest->at + from, to - from);
	*rest = text_range(rest->at + to, rest->len - to);
	return out->len;
}

static enum result read_receivers(struct parse *p)
{
	struct text rest = p->values.of[P_TO], one;
	struct text *to;
	unsigned count = 0;
	struct api_problem problem;

	if (!rest.at)
		return refuse(p, 400, "Missing receiver number, rejected");
	while (next_receiver(&rest, &one))
		count++;
	if (!count)
		return refuse(p, 400, "Empty receiver number not allowed, rejected");
	if (count > MESSAGE_RECIPIENTS_MAX)
		return refuse(p, 400, "Too many receiver numbers, rejected");
	to = arena_alloc(p->arena, count * sizeof(*to));
	rest = p->values.of[P_TO];
	for (unsigned i = 0; next_receiver(&rest, &one); i++) {
		if (api_message_address(one, TEXT_LITERAL("to"), p->arena, &to[i], &problem) != OK)
			return refuse(p, 400, arena_printf(p->arena, "Receiver number %s, rejected", problem.message));
	}
	p->out->to = to;
	p->out->to_count = count;
	return OK;
}

static enum result read_sender(struct parse *p)
{
	struct text t = text_trim(p->values.of[P_FROM]);
	struct api_problem problem;

	if (!t.len)
		return OK;
	if (api_message_address(t, TEXT_LITERAL("from"), p->arena, &p->out->message.sender, &problem) != OK)
		return refuse(p, 400, arena_printf(p->arena, "Sender %s, rejected", problem.message));
	return OK;
}

/* Judged as it will look once its escapes are filled in: "%p" is no percent-encoding. */
static bool url_is_good(struct text pattern, struct arena *arena)
{
	struct writer w = writer_of(arena_alloc(arena, URL_FILLED_MAX), URL_FILLED_MAX);
	struct uri uri;
	const char *why;

	kannel_receipt_url(pattern, &(struct kannel_receipt){ 0 }, &w);
	return writer_ok(&w) && uri_parse(text_range((const char *)w.start, writer_len(&w)), &uri, &why) == OK;
}

static enum result read_url(struct parse *p)
{
	struct text t = text_trim(kannel_values_first(&p->values, P_DLR_URL, P_DLRURL));

	if (!t.len)
		return OK;
	if (t.len > MESSAGE_URL_MAX || !url_is_good(t, p->arena))
		return refuse(p, 400, "DLR-URL field misformed, rejected");
	p->out->message.report_to = t;
	return OK;
}

/* --- meta-data ---------------------------------------------------------------------------------------------------- */

static bool hex_tag(struct text name, uint16_t *out)
{
	uint8_t room[2];
	struct writer w = writer_of(room, sizeof(room));

	if (name.len != 6 || name.at[0] != '0' || (name.at[1] != 'x' && name.at[1] != 'X') ||
	    hex_take(text_range(name.at + 2, 4), &w) != OK)
		return false;
	*out = (uint16_t)(room[0] << 8 | room[1]);
	return true;
}

/* "?smpp?0x1401=abc&0x1402=d?other?..": the part of the group smpp, values percent-encoded. */
static enum result read_meta(struct parse *p)
{
	struct text rest = p->values.of[P_META_DATA], group, form, name, value;
	uint8_t *room = arena_alloc(p->arena, MESSAGE_TLVS_MAX);
	struct writer w = writer_of(room, MESSAGE_TLVS_MAX);

	if (!rest.len)
		return OK;
	if (rest.at[0] != '?')
		return refuse(p, 400, "Meta-Data field misformed, rejected");
	rest = text_range(rest.at + 1, rest.len - 1);
	while (text_split(&rest, '?', &group)) {
		if (!text_split(&rest, '?', &form))
			break;
		while (text_is_nocase(group, "smpp") && http_form_next(&form, p->arena, &name, &value)) {
			uint16_t tag;

			if (!hex_tag(name, &tag) || value.len > UINT16_MAX)
				continue;
			writer_u16(&w, tag);
			writer_u16(&w, (uint16_t)value.len);
			writer_text(&w, value);
		}
	}
	if (!writer_ok(&w))
		return refuse(p, 400, "Meta-Data field is too long, rejected");
	p->out->message.tlvs = text_range((const char *)room, writer_len(&w));
	return OK;
}

static enum result read_words(struct parse *p)
{
	struct message *m = &p->out->message;

	m->reference = p->values.of[P_ACCOUNT];
	m->service_type = p->values.of[P_BINFO];
	m->link = text_trim(p->values.of[P_SMSC]);
	if (m->reference.len > MESSAGE_REFERENCE_MAX)
		return refuse(p, 400, "Account field misformed or too long, rejected");
	if (m->service_type.len > 5) /* SMPP 3.4 5.2.11 */
		return refuse(p, 400, "BInfo field misformed or too long, rejected");
	if (m->link.len > MESSAGE_ACCOUNT_MAX)
		return refuse(p, 400, "SMSC field misformed or too long, rejected");
	return OK;
}

static void apply(struct parse *p, const struct numbers *n)
{
	struct message *m = &p->out->message;

	set_coding(m, n);
	m->validity_us = n->validity > 0 ? n->validity * MINUTE : 0;
	m->due_us = n->deferred > 0 ? p->now_us + n->deferred * MINUTE : 0;
	m->priority = (uint8_t)(n->priority > 0 ? n->priority : 0);
	m->protocol_id = (uint8_t)(n->pid > 0 ? n->pid : 0);
	m->reports = (uint8_t)(n->mask > 0 ? n->mask & REPORT_ALL : 0);
}

enum result kannel_query_parse(const struct http_message *request, int64_t now_us, struct arena *arena,
			       struct kannel_query *out)
{
	struct parse p = { .arena = arena, .out = out, .now_us = now_us };
	struct numbers n = { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 };
	static enum result (*const steps[])(struct parse *) = { read_receivers, read_sender, read_udh,
								read_url,	read_words,  read_meta };

	*out = (struct kannel_query){ .message = { .channel = TEXT_LITERAL("kannel") } };
	if (!kannel_values_collect(&p.values, request, arena))
		return refuse(&p, 415, "Unsupported content-type, rejected");
	out->username = kannel_values_first(&p.values, P_USERNAME, P_USER);
	out->password = kannel_values_first(&p.values, P_PASSWORD, P_PASS);
	enum result r = read_numbers(&p, &n);
	for (size_t i = 0; r == OK && i < sizeof(steps) / sizeof(steps[0]); i++)
		r = steps[i](&p);
	if (r != OK)
		return r;
	if (n.coding < 0 && (out->message.udh.len || p.values.octets_body))
		n.coding = 1;
	r = read_text(&p, n.coding);
	if (r == OK)
		apply(&p, &n);
	return r;
}
