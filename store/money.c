/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See money.h. */
#include "store/money.h"

#include <string.h>

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/net/digest.h"

int64_t money_tax_within(int64_t paid, int64_t tax_ppm)
{
	return (int64_t)((__int128)paid * tax_ppm / (MONEY_PPM + tax_ppm));
}

int64_t money_with_tax(int64_t price, int64_t tax_ppm)
{
	return price + (int64_t)(((__int128)price * tax_ppm + MONEY_PPM / 2) / MONEY_PPM);
}

void money_charge_posting(struct message_id delivery, uint8_t kind, uint8_t out[CHARGE_POSTING_SIZE])
{
	memcpy(out, delivery.octets, MESSAGE_ID_SIZE);
	out[MESSAGE_ID_SIZE] = kind;
}

void money_refund_posting(struct message_id delivery, uint8_t kind, uint8_t out[REFUND_POSTING_SIZE])
{
	money_charge_posting(delivery, kind, out);
	out[CHARGE_POSTING_SIZE] = 'r';
}

void money_window_put(uint8_t to[CAP_WINDOW_SIZE], uint8_t kind, int64_t from_us)
{
	struct writer w = writer_of(to, CAP_WINDOW_SIZE);

	writer_u8(&w, kind);
	writer_u64(&w, (uint64_t)from_us);
}

void money_window_get(const uint8_t from[CAP_WINDOW_SIZE], uint8_t *kind_out, int64_t *from_us_out)
{
	struct reader r = reader_of(from, CAP_WINDOW_SIZE);

	*kind_out = reader_u8(&r);
	*from_us_out = (int64_t)reader_u64(&r);
}

void money_warning_id(const uint8_t account_id[16], uint8_t kind, int64_t from_us, unsigned percent, uint8_t id_out[16])
{
	uint8_t window[CAP_WINDOW_SIZE], mark = (uint8_t)percent, digest[DIGEST_SHA256_SIZE];
	const struct digest_part parts[] = {
		{ "cap", 3 }, { account_id, 16 }, { window, sizeof(window) }, { &mark, 1 }
	};

	money_window_put(window, kind, from_us);
	digest_sha256(parts, 4, digest);
	memcpy(id_out, digest, 16);
}

bool money_bearer_in(struct text bearers, struct text bearer)
{
	struct text one;

	while (text_split(&bearers, ' ', &one)) {
		if (text_equal(one, bearer))
			return true;
	}
	return false;
}

const char *money_charge_fault(const struct store_charge *c)
{
	if (c->max_amount <= 0 || !money_is_amount(c->max_amount))
		return "a charge needs a maximum above zero";
	if (c->amount < 0 || c->amount > c->max_amount)
		return "a hold is at most the quoted maximum";
	if (c->tax_ppm < 0 || c->tax_ppm > TAX_PPM_MAX)
		return "no such tax";
	if (!c->currency.len || c->currency.len > 7)
		return "a charge needs a currency";
	return NULL;
}
