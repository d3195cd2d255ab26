/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A function per field, found by name. */
#include "daemon/api_message.h"

#include "core/config.h"
#include "core/net/uri.h"
#include "daemon/api_files.h"
#include "daemon/api_push.h"
#include "daemon/api_take.h"
#include "daemon/api_terms.h"
#include "daemon/api_time.h"

#define UDH_MAX 140u
#define DEPTH_MAX 3u
#define BODY_MAX (96u * 1024u * 1024u) /* `body-max` is the limit before */

enum result api_message_address(struct text given, struct text field, struct arena *arena, struct text *out,
				struct api_problem *problem)
{
	char to[MESSAGE_ADDRESS_MAX + 1];
	const char *why = "no address";

	if (!given.len || address_normalise(given, to, sizeof(to), &why) != OK) {
		char quoted[80];
		return api_problem(problem, arena, 400, "bad_address", field, "%s: %s; write it as +819012345678",
				   text_quote(given, quoted, sizeof(quoted)), given.len ? why : "an empty address");
	}
	*out = arena_text(arena, text_of(to));
	return OK;
}

static enum result take_from(struct api_take *p, const struct json_value *v)
{
	struct text t;
	enum result r = api_take_text(p, v, MESSAGE_ADDRESS_MAX, &t);

	return r != OK ? r : api_message_address(t, p->field, p->arena, &p->out->message.sender, p->problem);
}

static enum result take_recipient(struct api_take *p, const struct json_value *v, struct text *out)
{
	struct text t;

	if (!json_text(v, &t))
		return API_TAKE_BAD(p, "wrong_type", "must be a string or a list of strings");
	return api_message_address(t, p->field, p->arena, out, p->problem);
}

static enum result take_to(struct api_take *p, const struct json_value *v)
{
	bool list = json_kind(v) == JSON_KIND_ARRAY;
	size_t count = list ? json_count(v) : 1;

	if (!count)
		return API_TAKE_BAD(p, "missing", "names no recipient");
	if (count > MESSAGE_RECIPIENTS_MAX)
		return API_TAKE_BAD(p, "too_many", "%zu recipients, at most %u are taken: send it in several requests",
				    count, MESSAGE_RECIPIENTS_MAX);
	struct text *to = arena_alloc(p->arena, count * sizeof(*to));
	for (size_t i = 0; i < count; i++) {
		enum result r = take_recipient(p, list ? json_item(v, i) : v, &to[i]);
		if (r != OK)
			return r;
	}
	p->out->to = to;
	p->out->to_count = (unsigned)count;
	return OK;
}

static enum result one_body(struct api_take *p)
{
	if (p->has_body)
		return API_TAKE_BAD(p, "conflict", "a message has one of text, binary, binary_hex and push");
	p->has_body = true;
	return OK;
}

static enum result take_text_body(struct api_take *p, const struct json_value *v)
{
	enum result r = one_body(p);

	return r != OK ? r : api_take_text(p, v, MESSAGE_TEXT_MAX, &p->out->message.body);
}

static enum result take_binary_as(struct api_take *p, const struct json_value *v, bool hex)
{
	enum result r = one_body(p);

	p->out->message.content = MESSAGE_BINARY;
	return r != OK ? r : api_take_octets(p, v, hex, MESSAGE_TEXT_MAX, &p->out->message.body);
}

static enum result take_binary(struct api_take *p, const struct json_value *v)
{
	return take_binary_as(p, v, false);
}

static enum result take_binary_hex(struct api_take *p, const struct json_value *v)
{
	return take_binary_as(p, v, true);
}

static enum result take_udh(struct api_take *p, const struct json_value *v)
{
	struct text *udh = &p->out->message.udh;
	enum result r = api_take_octets(p, v, true, UDH_MAX, udh);

	if (r == OK && (!udh->len || (size_t)(uint8_t)udh->at[0] + 1 != udh->len))
		return API_TAKE_BAD(p, "malformed", "its first octet must be the number of octets behind it");
	return r;
}

static const uint8_t coding_of_word[] = { 0, 0, 3, 8 }; /* auto, gsm, latin1, ucs2: SMPP 3.4 5.2.19 */
const char *const api_message_codings[] = { "auto", "gsm", "latin1", "ucs2", NULL };

static enum result take_coding(struct api_take *p, const struct json_value *v)
{
	struct message *m = &p->out->message;
	struct text t;
	int64_t n = 0;

	if (!json_text(v, &t)) {
		enum result r = api_take_int(p, v, 0, 255, &n);
		m->has_coding = r == OK;
		m->coding = (uint8_t)n;
		return r;
	}
	for (unsigned i = 0; api_message_codings[i]; i++) {
		if (!text_is(t, api_message_codings[i]))
			continue;
		m->has_coding = i != 0;
		m->coding = coding_of_word[i];
		return OK;
	}
	return API_TAKE_BAD(p, "unknown_word", "must be auto, gsm, latin1, ucs2, or a data_coding of 0 to 255");
}

static enum result take_flash(struct api_take *p, const struct json_value *v)
{
	return api_take_bool(p, v, &p->out->message.flash);
}

static enum result take_protocol(struct api_take *p, const struct json_value *v)
{
	int64_t n = 0;
	enum result r = api_take_int(p, v, 0, 255, &n);

	p->out->message.protocol_id = (uint8_t)n;
	return r;
}

static enum result take_validity(struct api_take *p, const struct json_value *v)
{
	int64_t n = 0;
	enum result r = api_take_int(p, v, 1, API_VALIDITY_MAX, &n);

	p->out->message.validity_us = n * INT64_C(1000000);
	return r;
}

static enum result take_send_at(struct api_take *p, const struct json_value *v)
{
	struct text t;
	int64_t at = 0;
	enum result r = api_take_text(p, v, 64, &t);

	if (r != OK)
		return r;
	if (!api_time_parse(t, &at))
		return API_TAKE_BAD(p, "malformed", "must be a date of RFC 3339, as 2026-12-31T23:59:00Z");
	if (at > p->now_us + API_SEND_AT_MAX)
		return API_TAKE_BAD(p, "out_of_range", "at most 366 days ahead");
	p->out->message.due_us = at; /* also a past one: a repeat of the same request must stay the same message */
	return OK;
}

static enum result take_priority(struct api_take *p, const struct json_value *v)
{
	int64_t n = 0;
	enum result r = api_take_int(p, v, 0, 3, &n);

	p->out->message.priority = (uint8_t)n;
	return r;
}

static enum result take_reference(struct api_take *p, const struct json_value *v)
{
	return api_take_text(p, v, MESSAGE_REFERENCE_MAX, &p->out->message.reference);
}

/* In the order of the bits REPORT_*. */
const char *const api_message_reports[] = { "delivered", "failed", "buffered", "accepted",
					    "rejected",	 "all",	   "none",     NULL };

static enum result take_report_word(struct api_take *p, const struct json_value *v)
{
	static const uint8_t bits[] = {
		REPORT_DELIVERED, REPORT_FAILED, REPORT_BUFFERED, REPORT_ACCEPTED, REPORT_REJECTED, REPORT_ALL, 0
	};
	struct text t;

	if (!json_text(v, &t))
		return API_TAKE_BAD(p, "wrong_type", "must be a word or a list of words");
	for (unsigned i = 0; api_message_reports[i]; i++) {
		if (text_is(t, api_message_reports[i])) {
			p->out->message.reports |= bits[i];
			return OK;
		}
	}
	return API_TAKE_BAD(p, "unknown_word", "must be of delivered, failed, buffered, accepted, rejected, all, none");
}

static enum result take_report(struct api_take *p, const struct json_value *v)
{
	size_t count = json_count(v);

	if (json_kind(v) != JSON_KIND_ARRAY)
		return take_report_word(p, v);
	for (size_t i = 0; i < count; i++) {
		enum result r = take_report_word(p, json_item(v, i));
		if (r != OK)
			return r;
	}
	return OK;
}

static enum result take_report_url(struct api_take *p, const struct json_value *v)
{
	struct message *m = &p->out->message;
	struct uri uri;
	const char *why = "";
	enum result r = api_take_text(p, v, MESSAGE_URL_MAX, &m->report_to);

	if (r == OK && uri_parse(m->report_to, &uri, &why) != OK)
		return API_TAKE_BAD(p, "malformed", "must be an http or https URL: %s", why);
	return r;
}

static enum result take_key(struct api_take *p, const struct json_value *v)
{
	enum result r = api_take_text(p, v, API_KEY_MAX, &p->out->key);

	return r == OK && !p->out->key.len ? API_TAKE_BAD(p, "malformed", "must not be empty") : r;
}

static enum result take_link(struct api_take *p, const struct json_value *v)
{
	return api_take_text(p, v, MESSAGE_ACCOUNT_MAX, &p->out->message.link);
}

static enum result unknown_field(struct api_take *p, struct text name, const char *const *known)
{
	const char *near = config_nearest(name, known);

	p->field = name;
	if (near)
		return API_TAKE_BAD(p, "unknown_field", "no such field; did you mean \"%s\"?", near);
	return API_TAKE_BAD(p, "unknown_field", "no such field; GET /openapi.json lists them");
}

const char *const api_message_ports[] = { "destination", "source", NULL };

static enum result take_ports(struct api_take *p, const struct json_value *v)
{
	struct message *m = &p->out->message;
	const struct json_value *member;
	struct json_cursor at = { 0 };
	struct text name;

	if (m->has_ports)
		return API_TAKE_BAD(p, "conflict", "a push has its own ports");
	if (json_kind(v) != JSON_KIND_OBJECT || !json_member(v, "destination"))
		return API_TAKE_BAD(p, "wrong_type", "must be an object with \"destination\" and perhaps \"source\"");
	while (json_next_member(v, &at, &name, &member)) {
		bool source = text_is(name, "source");
		int64_t port = 0;
		enum result r = api_take_int(p, member, 0, 65535, &port);

		if (!source && !text_is(name, "destination"))
			return unknown_field(p, name, api_message_ports);
		if (r != OK)
			return r;
		*(source ? &m->source_port : &m->destination_port) = (uint16_t)port;
	}
	m->has_ports = true;
	return OK;
}

struct field {
	const char *name;
	enum result (*take)(struct api_take *p, const struct json_value *v);
};

/* Those of nearly every message first. */
#define FIELDS(X) \
	X("to", take_to) \
	X("from", take_from) \
	X("text", take_text_body) \
	X("reference", take_reference) \
	X("report", take_report) \
	X("report_url", take_report_url) \
	X("idempotency_key", take_key) \
	X("binary", take_binary) \
	X("binary_hex", take_binary_hex) \
	X("udh", take_udh) \
	X("coding", take_coding) \
	X("flash", take_flash) \
	X("protocol_id", take_protocol) \
	X("validity", take_validity) \
	X("send_at", take_send_at) \
	X("priority", take_priority) \
	X("ports", take_ports) \
	X("bearer", api_terms_bearer) \
	X("consent", api_terms_consent) \
	X("max_price", api_terms_max_price) \
	X("quote", api_terms_quote) \
	X("link", take_link) \
	X("push", api_push_take) \
	X("files", api_files_take)

#define AS_FIELD(name, take) { name, take },
#define AS_NAME(name, take) name,

static const struct field fields[] = { FIELDS(AS_FIELD){ NULL, NULL } };
const char *const api_message_fields[] = { FIELDS(AS_NAME) NULL };

static enum result take_member(struct api_take *p, struct text name, const struct json_value *v)
{
	for (const struct field *f = fields; f->name; f++) {
		if (text_is(name, f->name)) {
			p->field = text_of(f->name);
			return f->take(p, v);
		}
	}
	return unknown_field(p, name, api_message_fields);
}

static enum result whole(struct api_take *p)
{
	struct message *m = &p->out->message;

	p->field = (struct text){ 0 };
	if (!p->out->to_count) {
		p->field = TEXT_LITERAL("to");
		return API_TAKE_BAD(p, "missing", "names no recipient: \"to\": \"+819012345678\"");
	}
	if (!p->has_body && !m->files.len) {
		p->field = TEXT_LITERAL("text");
		return API_TAKE_BAD(p, "missing", "a message has text, binary, binary_hex, push or files");
	}
	if (m->files.len && m->content != MESSAGE_TEXT) {
		p->field = TEXT_LITERAL("files");
		return API_TAKE_BAD(p, "conflict", "files stand beside a text, not beside binary content");
	}
	if (m->has_ports && m->udh.len) {
		p->field = TEXT_LITERAL("ports");
		return API_TAKE_BAD(p, "conflict", "the user data header given as \"udh\" says the ports already");
	}
	return api_terms_agree(p);
}

static enum result take_members(struct api_take *p, const struct json_value *root)
{
	const struct json_value *v;
	struct json_cursor at = { 0 };
	struct text name;

	if (json_kind(root) != JSON_KIND_OBJECT)
		return API_TAKE_BAD(p, "malformed", "the body must be a JSON object");
	while (json_next_member(root, &at, &name, &v)) {
		enum result r = take_member(p, name, v);
		if (r != OK)
			return r;
	}
	return whole(p);
}

enum result api_message_parse(struct text body, int64_t now_us, struct arena *arena, struct api_message *out,
			      struct api_problem *problem)
{
	static const struct json_limits limits = { .bytes_max = BODY_MAX, .depth_max = DEPTH_MAX };
	struct api_take p = { .arena = arena, .out = out, .problem = problem, .now_us = now_us };
	struct json_doc *doc = NULL;
	struct json_error error = { 0 };

	*out = (struct api_message){ .message = { .channel = TEXT_LITERAL("http") } };
	enum result r = json_parse(body, &limits, &doc, &error);
	if (r != OK)
		return api_problem(problem, arena, r == ERR_TOO_BIG ? 413 : 400, "malformed", (struct text){ 0 },
				   "no JSON, line %u column %u: %s", error.line, error.column,
				   error.why ? error.why : "cannot be read");
	r = take_members(&p, json_root(doc));
	json_free(&doc);
	return r;
}

enum result api_message_key(struct text header, struct arena *arena, struct api_message *out,
			    struct api_problem *problem)
{
	struct text key = text_trim(header), field = TEXT_LITERAL("Idempotency-Key");

	if (key.len >= 2 && key.at[0] == '"' && key.at[key.len - 1] == '"')
		key = text_range(key.at + 1, key.len - 2);
	if (!key.len)
		return OK;
	if (key.len > API_KEY_MAX)
		return api_problem(problem, arena, 400, "too_long", field, "at most %u octets are taken", API_KEY_MAX);
	if (out->key.len && !text_equal(out->key, key))
		return api_problem(problem, arena, 400, "conflict", field, "differs from the field idempotency_key");
	out->key = arena_text(arena, key);
	return OK;
}
