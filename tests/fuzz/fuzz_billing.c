/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What billing reads: a price list, a quote's token as a stranger would send it, the same with a good MAC, a line of an
 * export. The first octet chooses.
 */
#include <stdlib.h>

#include "billing/cdr.h"
#include "billing/quote.h"
#include "core/base/hex.h"
#include "core/net/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct quote_key key = { 1, { "a key for this target", 21 } };

/* What loads has a price for each step, and none behind the last. */
static void read_tariff(struct text list)
{
	struct tariff *t;
	struct tariff_error error;

	if (tariff_parse(list, &t, &error) != OK)
		return;
	for (unsigned i = 0; i < tariff_count(t); i++) {
		const struct tariff_version *v = tariff_version(t, i);
		for (unsigned k = 0; k < v->rows_count; k++) {
			const struct store_price_row *row = &v->rows[k];
			const struct tariff_measure m = { row->unit, row->upto };
			struct tariff_price p;
			if (tariff_price(v, row->bearer, row->prefix, &m, 1, &p) != OK || p.net != row->amount ||
			    p.total < p.net)
				abort();
		}
	}
	tariff_free(&t);
}

static void read_token(struct text token)
{
	struct quote quote;

	if (quote_verify(token, &key, 1, 0, &quote) == OK)
		abort(); /* nobody guesses a MAC */
}

/* With a MAC of ours whatever the fields: it decodes to what encodes to the same token, or is refused. */
static void read_signed(const uint8_t *bytes, size_t len)
{
	uint8_t room[1024], mac[DIGEST_SHA256_SIZE];
	char token[2048], again[2048];
	struct writer w = writer_of(room, sizeof(room));
	struct writer text = writer_of(token, sizeof(token));
	struct writer back = writer_of(again, sizeof(again));
	struct quote quote;

	writer_u8(&w, 1);
	writer_u8(&w, key.number);
	writer_bytes(&w, bytes, len);
	if (!writer_ok(&w))
		return;
	digest_hmac_sha256(key.secret.at, key.secret.len, room, writer_len(&w), mac);
	writer_bytes(&w, mac, sizeof(mac));
	if (!writer_ok(&w))
		return;
	base64_put(&text, room, writer_len(&w), true);
	struct text t = text_range(token, writer_len(&text));
	if (quote_verify(t, &key, 1, INT64_MIN, &quote) != OK)
		return;
	quote_encode(&back, &quote, &key);
	if (!writer_ok(&back) || !text_equal(t, text_range(again, writer_len(&back))))
		abort();
}

static void read_line(struct text line)
{
	struct cdr_check check = { 0 };

	if (cdr_check_line(&check, line) == CDR_GOOD && cdr_check_line(&check, line) != CDR_REPEATED)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (!len)
		return 0;
	struct text rest = text_range((const char *)bytes + 1, len - 1);
	switch (bytes[0] % 4) {
	case 0:
		read_tariff(rest);
		break;
	case 1:
		read_token(rest);
		break;
	case 2:
		read_signed(bytes + 1, len - 1);
		break;
	default:
		read_line(rest);
		break;
	}
	return 0;
}
