/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quotes and their tokens. */
#include "billing/quote.h"

#include "core/base/hex.h"
#include "core/base/reader.h"
#include "core/net/digest.h"

#define TOKEN_VERSION 1
#define TOKEN_BINARY_MAX (QUOTE_TOKEN_MAX / 4 * 3)

enum result quote_make(const struct tariff_version *version, struct text destination, const struct quote_bearer *chain,
		       unsigned count, struct quote *out)
{
	out->lines_count = 0;
	out->max_amount = 0;
	if (count > QUOTE_BEARERS_MAX)
		return ERR_TOO_BIG;
	for (unsigned i = 0; i < count; i++) {
		struct quote_line *line = &out->lines[out->lines_count];
		struct tariff_price p;
		enum result result = tariff_price(version, chain[i].bearer, destination, chain[i].measures,
						  chain[i].measures_count, &p);
		if (result == ERR_NOT_FOUND)
			continue;
		if (result != OK)
			return result;
		if (!text_copy(chain[i].bearer, line->bearer, sizeof(line->bearer)))
			return ERR_TOO_BIG;
		line->units = p.units;
		line->total = p.total;
		line->tax_ppm = p.tax_ppm;
		line->pay_on = p.pay_on;
		if (p.total > out->max_amount)
			out->max_amount = p.total;
		out->lines_count++;
	}
	out->version = version->id;
	memcpy(out->currency, version->currency, CURRENCY_SIZE);
	return out->lines_count ? OK : ERR_NOT_FOUND;
}

static void put_quote(struct writer *w, const struct quote *q)
{
	writer_bytes(w, q->account_id, sizeof(q->account_id));
	writer_bytes(w, q->content_hash, sizeof(q->content_hash));
	writer_bytes(w, q->currency, 3);
	writer_u64(w, (uint64_t)q->version);
	writer_u64(w, (uint64_t)q->max_amount);
	writer_u64(w, (uint64_t)q->given_us);
	writer_u64(w, (uint64_t)q->until_us);
	writer_u8(w, (uint8_t)q->lines_count);
	for (unsigned i = 0; i < q->lines_count; i++) {
		const struct quote_line *line = &q->lines[i];
		writer_cstring(w, text_of(line->bearer));
		writer_u64(w, (uint64_t)line->units);
		writer_u64(w, (uint64_t)line->total);
		writer_u32(w, (uint32_t)line->tax_ppm);
		writer_u8(w, line->pay_on);
	}
	writer_u8(w, (uint8_t)q->runs_count);
	for (unsigned i = 0; i < q->runs_count && i < QUOTE_RUNS_MAX; i++) {
		writer_u8(w, q->runs[i].line);
		writer_u16(w, q->runs[i].count);
	}
}

static void get_line(struct reader *r, struct quote_line *line)
{
	struct text bearer = reader_cstring(r, QUOTE_BEARER_SIZE - 1);

	if (!text_copy(bearer, line->bearer, sizeof(line->bearer)))
		reader_fail(r);
	line->units = (int64_t)reader_u64(r);
	line->total = (int64_t)reader_u64(r);
	line->tax_ppm = reader_u32(r);
	line->pay_on = reader_u8(r);
}

static bool get_runs(struct reader *r, struct quote *q)
{
	q->runs_count = reader_u8(r);
	if (q->runs_count > QUOTE_RUNS_MAX)
		return false;
	for (unsigned i = 0; i < q->runs_count; i++) {
		struct quote_run *run = &q->runs[i];
		run->line = reader_u8(r);
		run->count = reader_u16(r);
		if (run->line >= q->lines_count && run->line != QUOTE_FREE)
			return false;
	}
	return reader_done(r);
}

static bool get_quote(struct reader *r, struct quote *q)
{
	memset(q, 0, sizeof(*q));
	reader_copy(r, q->account_id, sizeof(q->account_id));
	reader_copy(r, q->content_hash, sizeof(q->content_hash));
	reader_copy(r, q->currency, 3);
	q->version = (int64_t)reader_u64(r);
	q->max_amount = (int64_t)reader_u64(r);
	q->given_us = (int64_t)reader_u64(r);
	q->until_us = (int64_t)reader_u64(r);
	q->lines_count = reader_u8(r);
	if (!q->lines_count || q->lines_count > QUOTE_BEARERS_MAX)
		return false;
	for (unsigned i = 0; i < q->lines_count; i++)
		get_line(r, &q->lines[i]);
	return get_runs(r, q);
}

void quote_encode(struct writer *w, const struct quote *quote, const struct quote_key *key)
{
	uint8_t room[TOKEN_BINARY_MAX];
	struct writer token = writer_of(room, sizeof(room));
	uint8_t mac[DIGEST_SHA256_SIZE];

	writer_u8(&token, TOKEN_VERSION);
	writer_u8(&token, key->number);
	put_quote(&token, quote);
	digest_hmac_sha256(key->secret.at, key->secret.len, room, writer_len(&token), mac);
	writer_bytes(&token, mac, sizeof(mac));
	if (!writer_ok(&token) || !quote->lines_count || quote->lines_count > QUOTE_BEARERS_MAX ||
	    quote->runs_count > QUOTE_RUNS_MAX || key->secret.len < QUOTE_KEY_MIN)
		w->failed = true;
	else
		base64_put(w, room, writer_len(&token), true);
}

static const struct quote_key *find_key(const struct quote_key *keys, unsigned count, uint8_t number)
{
	for (unsigned i = 0; i < count; i++) {
		if (keys[i].number == number && keys[i].secret.len >= QUOTE_KEY_MIN)
			return &keys[i];
	}
	return NULL;
}

enum result quote_verify(struct text token, const struct quote_key *keys, unsigned keys_count, int64_t now_us,
			 struct quote *out)
{
	uint8_t room[TOKEN_BINARY_MAX], mac[DIGEST_SHA256_SIZE];
	struct writer binary = writer_of(room, sizeof(room));

	if (token.len > QUOTE_TOKEN_MAX || base64_take(token, &binary) != OK || !writer_ok(&binary) ||
	    writer_len(&binary) < 2 + sizeof(mac))
		return ERR_MALFORMED;
	size_t signed_len = writer_len(&binary) - sizeof(mac);
	struct reader r = reader_of(room, signed_len);
	uint8_t version = reader_u8(&r);
	uint8_t number = reader_u8(&r);
	if (version != TOKEN_VERSION)
		return ERR_MALFORMED;
	const struct quote_key *key = find_key(keys, keys_count, number);
	if (!key)
		return ERR_DENIED;
	digest_hmac_sha256(key->secret.at, key->secret.len, room, signed_len, mac);
	if (!digest_equal(mac, room + signed_len, sizeof(mac)))
		return ERR_DENIED;
	if (!get_quote(&r, out))
		return ERR_MALFORMED;
	return now_us < out->until_us ? OK : ERR_TIMEOUT;
}

static const struct quote_line *line_of(const struct quote *quote, struct text bearer)
{
	for (unsigned i = 0; i < quote->lines_count; i++) {
		if (text_is(bearer, quote->lines[i].bearer))
			return &quote->lines[i];
	}
	return NULL;
}

const struct quote_line *quote_covers(const struct quote *quote, struct text bearer, int64_t units, int64_t total)
{
	const struct quote_line *line = line_of(quote, bearer);

	return line && units <= line->units && total <= line->total ? line : NULL;
}

enum price quote_price_fact(const struct quote *quote, struct text bearer, int64_t ceiling)
{
	const struct quote_line *line = line_of(quote, bearer);

	if (!line)
		return PRICE_UNKNOWN;
	return line->total > ceiling ? PRICE_ABOVE : PRICE_WITHIN;
}
