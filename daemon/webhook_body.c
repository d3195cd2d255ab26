/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON and signatures of webhooks. */
#include "daemon/webhook_body.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "core/net/digest.h"
#include "core/net/json.h"
#include "daemon/api_time.h"

#define FRAME_SIZE 256u
#define FIELDS_SIZE 2048u
#define RETRY_AFTER_MAX 86400u

static struct text hex_of(const void *octets, size_t n, struct arena *arena)
{
	struct writer w = writer_of(arena_alloc(arena, n * 2 + 1), n * 2);

	hex_put(&w, octets, n);
	return text_range((const char *)w.start, writer_len(&w));
}

static void open_event(struct json_writer *j, const char *type, struct text event_id)
{
	json_open_object(j);
	json_put_member_cstring(j, "type", type);
	json_put_member_text(j, "event_id", event_id);
	json_key(j, "data");
}

struct text webhook_event_body(struct text type, const uint8_t event_id[16], struct text data, struct arena *arena)
{
	size_t size = data.len + FRAME_SIZE;
	struct json_writer j;

	json_writer_init(&j, arena_alloc(arena, size), size);
	open_event(&j, arena_cstring(arena, type), hex_of(event_id, 16, arena));
	json_put_raw(&j, data);
	json_close_object(&j);
	return json_writer_text(&j);
}

static void put_octets(struct json_writer *j, const char *name, struct text octets, struct arena *arena)
{
	size_t size = octets.len * 4 / 3 + 8;
	struct writer w = writer_of(arena_alloc(arena, size), size);

	base64_put(&w, octets.at, octets.len, false);
	json_put_member_text(j, name, text_range((const char *)w.start, writer_len(&w)));
}

static void put_content(struct json_writer *j, const struct message *m, struct text body, struct arena *arena)
{
	if (m->content == MESSAGE_BINARY)
		put_octets(j, "binary", body, arena);
	else
		json_put_member_text(j, "text", body);
	if (m->udh.len)
		json_put_member_text(j, "udh", hex_of(m->udh.at, m->udh.len, arena));
	if (m->has_coding)
		json_put_member_int(j, "coding", m->coding);
	if (m->protocol_id)
		json_put_member_int(j, "protocol_id", m->protocol_id);
	if (m->flash)
		json_put_member_bool(j, "flash", true);
	if (m->reference.len)
		json_put_member_text(j, "reference", m->reference);
}

static void put_ports(struct json_writer *j, const struct message *m)
{
	if (!m->has_ports)
		return;
	json_key(j, "ports");
	json_open_object(j);
	json_put_member_int(j, "destination", m->destination_port);
	json_put_member_int(j, "source", m->source_port);
	json_close_object(j);
}

enum result webhook_message_body(const struct ipc_deliver *d, struct arena *arena, struct text *body_out)
{
	char id[MESSAGE_ID_TEXT_SIZE], at[CLOCK_TEXT_SIZE];
	struct message m;
	struct json_writer j;

	if (message_decode(d->header, &m) != OK)
		return ERR_MALFORMED;
	/* Escapes of JSON take at most six octets for one. */
	size_t size = (d->body.len + d->header.len + d->recipient.len) * 6 + FIELDS_SIZE;
	json_writer_init(&j, arena_alloc(arena, size), size);
	open_event(&j, "message", text_of(message_id_text(d->id, id)));
	json_open_object(&j);
	json_put_member_cstring(&j, "id", message_id_text(message_id_of_delivery(d->id), id));
	json_put_member_text(&j, "from", m.sender);
	json_put_member_text(&j, "to", d->recipient);
	put_content(&j, &m, d->body, arena);
	put_ports(&j, &m);
	json_put_member_text(&j, "came_by", m.account);
	json_put_member_cstring(&j, "received_at", clock_text(d->accepted_us, at));
	json_put_member_int(&j, "attempt", d->attempt);
	json_close_object(&j);
	json_close_object(&j);
	*body_out = json_writer_text(&j);
	return body_out->len ? OK : ERR_TOO_BIG;
}

const char *webhook_sign(struct text secret, int64_t seconds, struct text body, struct arena *arena,
			 char to[WEBHOOK_SIGNATURE_SIZE])
{
	uint8_t digest[DIGEST_SHA256_SIZE];
	struct writer w = writer_of(to, WEBHOOK_SIGNATURE_SIZE), signed_text;
	size_t size = body.len + 24;

	signed_text = writer_of(arena_alloc(arena, size), size);
	writer_printf(&signed_text, "%lld.", (long long)seconds);
	writer_text(&signed_text, body);
	digest_hmac_sha256(secret.at, secret.len, signed_text.start, writer_len(&signed_text), digest);
	writer_printf(&w, "t=%lld,v1=", (long long)seconds);
	hex_put(&w, digest, sizeof(digest));
	writer_u8(&w, 0);
	return to;
}

static struct text member(const struct json_value *root, const char *name, struct arena *arena)
{
	struct text t = { 0 };

	return json_text(json_member(root, name), &t) ? arena_text(arena, t) : (struct text){ 0 };
}

static void read_kannel(const struct json_value *root, struct arena *arena, struct kannel_receipt *k)
{
	int64_t wanted;

	k->report = kannel_report_of(member(root, "state", arena));
	/* A refusal counts as a failure for those who asked for failures alone. */
	if (json_int(json_member(root, "reports"), &wanted) && k->report == REPORT_REJECTED &&
	    !(wanted & REPORT_REJECTED))
		k->report = REPORT_FAILED;
	k->from = member(root, "from", arena);
	k->to = member(root, "to", arena);
	k->account = member(root, "account", arena);
	k->id = member(root, "id", arena);
	k->wire_id = member(root, "wire_id", arena);
	k->link = member(root, "link", arena);
	k->reply = member(root, "detail", arena);
	k->reference = member(root, "reference", arena);
	if (!api_time_parse(member(root, "at", arena), &k->at_us))
		k->at_us = clock_now();
}

enum result webhook_receipt_read(struct text json, struct arena *arena, struct webhook_receipt *out)
{
	struct json_doc *doc = NULL;
	struct json_error error;

	*out = (struct webhook_receipt){ 0 };
	enum result r = json_parse(json, NULL, &doc, &error);
	if (r != OK)
		return ERR_MALFORMED;
	const struct json_value *root = json_root(doc);
	out->channel = member(root, "channel", arena);
	out->report_to = member(root, "report_to", arena);
	read_kannel(root, arena, &out->kannel);
	json_free(&doc);
	return OK;
}

enum webhook_verdict webhook_verdict_of(unsigned status)
{
	if (status >= 200 && status < 300)
		return WEBHOOK_DONE;
	switch (status) {
	case 400:
	case 410:
	case 413:
	case 415:
	case 422:
		return WEBHOOK_REFUSED;
	}
	return WEBHOOK_AGAIN;
}

unsigned webhook_retry_after(const struct http_message *answer)
{
	uint64_t seconds = 0;

	if (!text_to_u64(text_trim(http_field_get(answer, "retry-after")), UINT32_MAX, &seconds))
		return 0;
	return seconds > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : (unsigned)seconds;
}

uint32_t webhook_wait_ms(unsigned failures)
{
	uint32_t wait = WEBHOOK_WAIT_FIRST_MS;

	for (unsigned i = 1; i < failures && wait < WEBHOOK_WAIT_MAX_MS; i++)
		wait *= 2;
	return wait < WEBHOOK_WAIT_MAX_MS ? wait : WEBHOOK_WAIT_MAX_MS;
}
