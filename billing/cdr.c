/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charging records as JSON and CSV. */
#include "billing/cdr.h"

#include <assert.h>

#include "billing/csv.h"
#include "core/base/clock.h"
#include "core/base/utf8.h"

static const char *const types[] = { "sms", "mms", "rcs", "mail", "refund", "funding" };
static_assert(sizeof(types) / sizeof(types[0]) == CDR_TYPE_COUNT, "each type has a name");

const char *cdr_type_name(enum cdr_type type)
{
	return (unsigned)type < CDR_TYPE_COUNT ? types[type] : "invalid";
}

/* RFC 8259 7. What is no UTF-8 becomes U+FFFD: a record is always valid JSON. */
static void put_string(struct writer *w, struct text t)
{
	uint32_t c;

	writer_u8(w, '"');
	while (t.len) {
		if (!utf8_take(&t, &c)) {
			c = 0xfffd;
			t = text_range(t.at + 1, t.len - 1);
		}
		if (c == '"' || c == '\\')
			writer_printf(w, "\\%c", (int)c);
		else if (c < 0x20 || c == 0x7f)
			writer_printf(w, "\\u%04x", (unsigned)c);
		else
			utf8_put(w, c);
	}
	writer_u8(w, '"');
}

static void put_text(struct writer *w, const char *name, struct text t)
{
	writer_printf(w, ",\"%s\":", name);
	put_string(w, t);
}

static void put_number(struct writer *w, const char *name, int64_t n)
{
	writer_printf(w, ",\"%s\":%lld", name, (long long)n);
}

static void put_flag(struct writer *w, const char *name, bool flag)
{
	writer_printf(w, ",\"%s\":%s", name, flag ? "true" : "false");
}

static void put_time(struct writer *w, const char *name, int64_t us)
{
	char room[CLOCK_TEXT_SIZE];

	put_text(w, name, text_of(clock_text(us, room)));
}

static void put_amount(struct writer *w, const char *name, int64_t micros)
{
	writer_printf(w, ",\"%s\":\"", name);
	amount_print(w, micros);
	writer_u8(w, '"');
}

void cdr_write(struct writer *w, const struct cdr *cdr)
{
	char id[MESSAGE_ID_TEXT_SIZE];

	writer_printf(w, "{\"type\":\"%s\"", cdr_type_name(cdr->type));
	put_text(w, "id", text_of(message_id_text(cdr->delivery, id)));
	put_text(w, "account", cdr->account);
	put_text(w, "originator", cdr->originator);
	put_text(w, "recipient", cdr->recipient);
	put_time(w, "submitted", cdr->submit_us);
	put_time(w, "ended", cdr->end_us);
	put_number(w, "size", cdr->size);
	put_number(w, "units", cdr->units);
	put_number(w, "validity", cdr->validity_s);
	put_flag(w, "report", cdr->report_asked);
	put_text(w, "result", text_of(store_outcome_name(cdr->result)));
	put_text(w, "bearers", cdr->bearers);
	put_text(w, "rule", cdr->rule);
	put_number(w, "attempts", cdr->attempts);
	put_text(w, "quote", cdr->quote);
	put_number(w, "price_version", cdr->price_version);
	put_amount(w, "amount", cdr->amount);
	put_amount(w, "tax", cdr->tax);
	put_text(w, "currency", cdr->currency);
	put_flag(w, "duplicate", cdr->duplicate);
	put_flag(w, "doubt", cdr->doubt);
	put_flag(w, "operator_bears", cdr->operator_bears);
	if (cdr->reason.len)
		put_text(w, "reason", cdr->reason);
	writer_u8(w, '}');
}

static void put_field(struct writer *w, struct text t)
{
	writer_u8(w, ',');
	csv_field(w, t);
}

static void put_decimal(struct writer *w, int64_t micros)
{
	writer_u8(w, ',');
	amount_print(w, micros);
}

void cdr_csv_head(struct writer *w)
{
	writer_text(
		w, TEXT_LITERAL("number,type,id,account,originator,recipient,submitted,ended,size,units,result,bearers,"
				"rule,attempts,price_version,amount,tax,currency,duplicate,doubt\r\n"));
}

void cdr_csv_row(struct writer *w, int64_t number, const struct cdr *cdr)
{
	char id[MESSAGE_ID_TEXT_SIZE], submitted[CLOCK_TEXT_SIZE], ended[CLOCK_TEXT_SIZE];

	writer_printf(w, "%lld,%s,%s", (long long)number, cdr_type_name(cdr->type), message_id_text(cdr->delivery, id));
	put_field(w, cdr->account);
	put_field(w, cdr->originator);
	put_field(w, cdr->recipient);
	writer_printf(w, ",%s,%s,%lld,%lld,%s", clock_text(cdr->submit_us, submitted), clock_text(cdr->end_us, ended),
		      (long long)cdr->size, (long long)cdr->units, store_outcome_name(cdr->result));
	put_field(w, cdr->bearers);
	put_field(w, cdr->rule);
	writer_printf(w, ",%lld,%lld", (long long)cdr->attempts, (long long)cdr->price_version);
	put_decimal(w, cdr->amount);
	put_decimal(w, cdr->tax);
	put_field(w, cdr->currency);
	writer_printf(w, ",%d,%d\r\n", cdr->duplicate, cdr->doubt);
}
