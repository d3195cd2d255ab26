/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receipt texts and the forms of ids; what is written again says the same. */
#include <stdlib.h>

#include "sms/smpp_receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void forms(struct text id)
{
	struct smpp_id_forms f;
	char once[SMPP_ID_SIZE], twice[SMPP_ID_SIZE];

	for (unsigned habit = SMPP_ID_ANY; habit <= SMPP_ID_RECEIPT_HEX; habit++) {
		smpp_id_candidates(id, (enum smpp_id_habit)habit, &f);
		if (f.count > SMPP_ID_FORMS)
			abort();
	}
	struct text canonical = smpp_id_canonical(id, once);
	if (!text_equal(canonical, smpp_id_canonical(canonical, twice)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static char text[SMPP_RECEIPT_TEXT_MAX], tlvs[200];
	struct text given = text_range((const char *)bytes, len);
	struct smpp_receipt r, back;
	struct writer w = writer_of(text, sizeof(text)), t = writer_of(tlvs, sizeof(tlvs));

	forms(given);
	if (!smpp_receipt_read(given, &r))
		return 0;
	forms(r.id);
	/* Ids of ours hold neither. */
	if (r.id.len && (memchr(r.id.at, ':', r.id.len) || memchr(r.id.at, 0, r.id.len)))
		return 0;
	r.other_id = (struct text){ 0 };
	smpp_receipt_put_text(&w, &r);
	if (!writer_ok(&w))
		abort();
	struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM };
	pdu.u.sm.octets = text_range(text, writer_len(&w));
	smpp_receipt_put_tlvs(&t, &r);
	if (!writer_ok(&t))
		abort();
	pdu.tlvs = text_range(tlvs, writer_len(&t));
	if (!smpp_receipt_of_pdu(&pdu, &back))
		abort();
	if (r.has_state && back.state != r.state)
		abort();
	return 0;
}
