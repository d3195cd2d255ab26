/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SGsAP messages: what decodes encodes, and then stays the same. */
#include <stdlib.h>
#include <string.h>

#include "sms/sgsap.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t first[8192], second[8192];
	struct writer w1 = writer_of(first, sizeof(first)), w2 = writer_of(second, sizeof(second));
	struct sgsap_error error = { 0 };
	struct sgsap m, again;
	char imsi[SGSAP_IMSI_MAX + 1], name[SGSAP_NAME_MAX + 1];

	if (sgsap_decode(bytes, len, &m, &error) != OK) {
		if (error.octet > len)
			abort();
		return 0;
	}
	(void)sgsap_get_imsi(&m, imsi);
	(void)sgsap_get_name(&m, SGSAP_MME_NAME, name);
	(void)sgsap_get_name(&m, SGSAP_VLR_NAME, name);
	sgsap_encode(&m, &w1);
	if (!writer_ok(&w1) || sgsap_decode(first, writer_len(&w1), &again, NULL) != OK)
		abort();
	sgsap_encode(&again, &w2);
	if (!writer_ok(&w2) || writer_len(&w1) != writer_len(&w2) || memcmp(first, second, writer_len(&w1)))
		abort();
	return 0;
}
