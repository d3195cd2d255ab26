/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CSV that is safe to open. */
#include "billing/csv.h"

#include "core/message.h"

static bool is_formula(struct text t)
{
	if (t.len && t.at[0] == '+')
		return !address_is_number(t);
	return t.len && strchr("=@-\t", t.at[0]);
}

void csv_field(struct writer *w, struct text t)
{
	writer_u8(w, '"');
	if (is_formula(t))
		writer_u8(w, '\'');
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '"')
			writer_u8(w, '"');
		writer_u8(w, (uint8_t)(t.at[i] == '\r' || t.at[i] == '\n' ? ' ' : t.at[i]));
	}
	writer_u8(w, '"');
}
