/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Octets by TP-DCS (3GPP TS 23.038 4) and the user data header (3GPP TS 23.040 9.2.3.24) into text. */
#include "daemon/handset_text.h"

#include <stdio.h>

#include "core/base/hex.h"
#include "sms/alphabet.h"
#include "sms/dcs.h"
#include "sms/header.h"

static void show_hex(const struct message *m, struct writer *w)
{
	size_t n = m->body.len > 64 ? 64 : m->body.len;

	writer_printf(w, "[%zu octets: ", m->body.len);
	hex_put(w, m->body.at, n);
	writer_printf(w, "%s]", n < m->body.len ? "..." : "");
}

/* Septets stand one per octet, as SMPP peers send them. */
static bool show_coded(const struct message *m, struct alphabet_tables tables, struct writer *w)
{
	struct reader r = reader_of(m->body.at, m->body.len);
	struct dcs dcs;
	size_t bad;

	dcs = dcs_decode(m->coding);
	if (dcs.alphabet == DCS_UCS2)
		return alphabet_ucs2_to_utf8(&r, false, w, &bad) == OK;
	if (dcs.alphabet == DCS_GSM7)
		return alphabet_gsm7_to_utf8(&r, tables, w, &bad) == OK;
	return false;
}

static void take_header(const struct message *m, struct header *h)
{
	struct reader r = reader_of(m->udh.at, m->udh.len);
	size_t bad;

	if (header_decode(&r, h, &bad) == ERR_SHORT)
		*h = (struct header){ 0 };
}

static void set_place(const struct message *m, const struct header_concat *c, struct handset_part *out)
{
	out->total = c->total;
	out->number = c->number;
	snprintf(out->key, sizeof(out->key), "%.*s/%u/%u/%u", TEXT_ARGS(m->sender), c->width, c->reference, c->total);
}

void handset_text(const struct message *m, char *room, size_t size, struct handset_part *out)
{
	struct writer w = writer_of(room, size);
	struct header h = { 0 };

	*out = (struct handset_part){ .text = m->body };
	if (m->udh.len)
		take_header(m, &h);
	if (h.concat.width)
		set_place(m, &h.concat, out);
	if (m->content == MESSAGE_TEXT)
		return;
	if (!m->has_coding || !show_coded(m, h.tables, &w)) {
		w = writer_of(room, size);
		show_hex(m, &w);
	}
	out->text = text_range(room, writer_len(&w));
}
