/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smpp_receipt.h. */
#include "sms/smpp_receipt.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/base/utf8.h"
#include "sms/smpp_time.h"

enum key { KEY_ID, KEY_SUB, KEY_DLVRD, KEY_SUBMIT, KEY_DONE, KEY_STAT, KEY_ERR, KEY_TEXT, KEYS };

static const char *const names[KEYS] = {
	"id:", "sub:", "dlvrd:", "submit date:", "done date:", "stat:", "err:", "text:"
};

/* Which key stands at the start of t, of those not seen yet; KEYS = none. */
static enum key key_at(struct text t, unsigned seen)
{
	for (unsigned k = 0; k < KEYS; k++) {
		size_t n = strlen(names[k]);

		if (!(seen & 1u << k) && t.len >= n && text_is_nocase(text_range(t.at, n), names[k]))
			return (enum key)k;
	}
	return KEYS;
}

/* Takes what stands before the next key that begins a word, or the rest. */
static struct text take_value(struct text *t, unsigned seen)
{
	struct text value = { t->at, 0 };

	while (t->len) {
		bool word = value.len && (t->at[-1] == ' ' || t->at[-1] == '\n' || t->at[-1] == ',');

		if ((word || !value.len) && key_at(*t, seen) != KEYS)
			break;
		value.len++;
		t->at++;
		t->len--;
	}
	return value;
}

/* Values are one word, but for the text. */
static struct text first_word(struct text value)
{
	value = text_trim(value);
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] == ' ' || value.at[i] == ',' || value.at[i] == '\n' || value.at[i] == '\r')
			return text_range(value.at, i);
	return value;
}

static uint16_t number_of(struct text t)
{
	uint64_t v;

	return text_to_u64(t, UINT16_MAX, &v) ? (uint16_t)v : 0;
}

static void set(struct smpp_receipt *r, enum key key, struct text value)
{
	struct text word = first_word(value);

	switch (key) {
	case KEY_ID:
		r->id = word.len <= SMPP_MESSAGE_ID_MAX ? word : (struct text){ 0 };
		break;
	case KEY_SUB:
		r->sub = number_of(word);
		break;
	case KEY_DLVRD:
		r->dlvrd = number_of(word);
		break;
	case KEY_SUBMIT:
		r->submit_us = smpp_time_of_receipt(word);
		break;
	case KEY_DONE:
		r->done_us = smpp_time_of_receipt(word);
		break;
	case KEY_STAT:
		r->stat = word;
		r->has_state = smpp_state_of_word(word, &r->state);
		break;
	case KEY_ERR:
		r->err = word;
		break;
	default:
		r->text = value;
	}
}

bool smpp_receipt_read(struct text t, struct smpp_receipt *out)
{
	unsigned seen = 0;

	memset(out, 0, sizeof(*out));
	(void)take_value(&t, seen); /* what stands before the first key */
	while (t.len) {
		enum key key = key_at(t, seen);
		size_t n = strlen(names[key]);

		t = text_range(t.at + n, t.len - n);
		seen |= 1u << key;
		/* The text comes last by the book: once the state is known, keys in it are the sender's words. */
		if (key == KEY_TEXT && seen & 1u << KEY_ID && seen & 1u << KEY_STAT) {
			out->text = t;
			break;
		}
		set(out, key, take_value(&t, seen));
	}
	return out->id.len || out->has_state;
}

static void read_tlvs(struct text tlvs, struct smpp_receipt *r)
{
	struct text id, error;

	if (smpp_tlv_u8(tlvs, SMPP_TLV_MESSAGE_STATE, &r->state))
		r->has_state = true;
	if (smpp_tlv_string(tlvs, SMPP_TLV_RECEIPTED_MESSAGE_ID, SMPP_MESSAGE_ID_MAX, &id) && id.len) {
		if (r->id.len && !text_equal(r->id, id))
			r->other_id = r->id;
		r->id = id;
	}
	r->has_user_reference = smpp_tlv_u16(tlvs, SMPP_TLV_USER_MESSAGE_REFERENCE, &r->user_reference);
	if (!smpp_tlv_find(tlvs, SMPP_TLV_NETWORK_ERROR_CODE, &error) || error.len != 3)
		return;
	struct reader reader = reader_of(error.at, error.len);
	r->network = reader_u8(&reader);
	r->network_error = reader_u16(&reader);
	r->has_network_error = true;
}

bool smpp_receipt_of_pdu(const struct smpp_pdu *pdu, struct smpp_receipt *out)
{
	struct text t = { 0 }, payload;

	if (pdu->id == SMPP_DELIVER_SM || pdu->id == SMPP_SUBMIT_SM)
		t = pdu->u.sm.octets;
	if (!t.len && smpp_tlv_find(pdu->tlvs, SMPP_TLV_MESSAGE_PAYLOAD, &payload))
		t = payload;
	(void)smpp_receipt_read(t, out);
	read_tlvs(pdu->tlvs, out);
	return out->id.len || out->has_state || out->has_user_reference;
}

void smpp_receipt_put_text(struct writer *w, const struct smpp_receipt *r)
{
	char submit[SMPP_RECEIPT_DATE_SIZE], done[SMPP_RECEIPT_DATE_SIZE];
	struct text err = r->err.len ? r->err : TEXT_LITERAL("000");

	(void)smpp_time_to_receipt(r->submit_us, submit);
	(void)smpp_time_to_receipt(r->done_us, done);
	if (err.len > 8)
		err.len = 8;
	writer_printf(w, "id:%.*s sub:%03u dlvrd:%03u submit date:%s done date:%s stat:%s err:%.*s text:",
		      TEXT_ARGS(r->id), r->sub > 999 ? 999u : r->sub, r->dlvrd > 999 ? 999u : r->dlvrd, submit, done,
		      smpp_state_word(r->state), TEXT_ARGS(err));
	writer_text(w, text_range(r->text.at, utf8_prefix(r->text, 20)));
}

void smpp_receipt_put_tlvs(struct writer *w, const struct smpp_receipt *r)
{
	smpp_tlv_put_string(w, SMPP_TLV_RECEIPTED_MESSAGE_ID, r->id);
	smpp_tlv_put_u8(w, SMPP_TLV_MESSAGE_STATE, r->state);
	if (r->has_network_error) {
		writer_u16(w, SMPP_TLV_NETWORK_ERROR_CODE);
		writer_u16(w, 3);
		writer_u8(w, r->network);
		writer_u16(w, r->network_error);
	}
	if (r->has_user_reference)
		smpp_tlv_put_u16(w, SMPP_TLV_USER_MESSAGE_REFERENCE, r->user_reference);
}

/* --- forms of an id --- */

struct text smpp_id_canonical(struct text id, char to[SMPP_ID_SIZE])
{
	id = text_trim(id);
	while (id.len > 1 && id.at[0] == '0')
		id = text_trim(text_range(id.at + 1, id.len - 1));
	if (id.len > SMPP_MESSAGE_ID_MAX)
		id = text_trim(text_range(id.at, SMPP_MESSAGE_ID_MAX));
	for (size_t i = 0; i < id.len; i++) {
		char c = id.at[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		to[i] = c;
	}
	to[id.len] = 0;
	return text_range(to, id.len);
}

/* Of a canonical one. */
static bool hex_value(struct text t, uint64_t *out)
{
	uint64_t v = 0;

	if (!t.len || t.len > 16)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		unsigned digit = (unsigned char)t.at[i];

		if (digit >= '0' && digit <= '9')
			digit -= '0';
		else if (digit >= 'a' && digit <= 'f')
			digit -= 'a' - 10;
		else
			return false;
		v = v << 4 | digit;
	}
	*out = v;
	return true;
}

static void add_form(struct smpp_id_forms *out, const char *form)
{
	for (unsigned i = 0; i < out->count; i++)
		if (!strcmp(out->text[i], form))
			return;
	(void)text_copy(text_of(form), out->text[out->count++], SMPP_ID_SIZE);
}

void smpp_id_candidates(struct text receipt_id, enum smpp_id_habit habit, struct smpp_id_forms *out)
{
	char same[SMPP_ID_SIZE], hex[SMPP_ID_SIZE] = "", decimal[SMPP_ID_SIZE] = "";
	uint64_t v;

	out->count = 0;
	struct text id = smpp_id_canonical(receipt_id, same);
	if (text_to_u64(id, UINT64_MAX, &v))
		snprintf(hex, sizeof(hex), "%" PRIx64, v);
	if (hex_value(id, &v))
		snprintf(decimal, sizeof(decimal), "%" PRIu64, v);
	if (habit == SMPP_ID_RESP_HEX && hex[0])
		add_form(out, hex);
	if (habit == SMPP_ID_RECEIPT_HEX && decimal[0])
		add_form(out, decimal);
	add_form(out, same);
	if (habit != SMPP_ID_ANY)
		return;
	if (hex[0])
		add_form(out, hex);
	if (decimal[0])
		add_form(out, decimal);
}
