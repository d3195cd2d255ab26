/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fields of exported tables. */
#ifndef BILLING_CSV_H
#define BILLING_CSV_H

#include "core/base/writer.h"

/* RFC 4180, always quoted, line ends as blanks; a field that a spreadsheet would take for a formula gets an apostrophe
 * in front. Without the comma. */
void csv_field(struct writer *w, struct text t);

#endif
