/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The node `billing`. Without it nothing is priced. What an account pays stands in the account (core/core_vty.h). */
#ifndef BILLING_BILLING_VTY_H
#define BILLING_BILLING_VTY_H

#include "core/config.h"

struct billing_settings {
	struct config_node node;
	struct config_file tariff; /* price list, billing/tariff.h */
	struct text currency;	   /* of accounts that name none */
	int64_t consent;	   /* enum consent of route_decide.h: of accounts that say nothing */
	struct text ceiling;	   /* most for one delivery, of accounts that name none */
	int64_t quote_valid;	   /* an offer's life */
	struct text notice_number; /* of our own texts to phones */
	int64_t language;	   /* of them: en, ja */
	struct text utc_offset;	   /* "+09:00": where days and months of caps begin */
};
extern const struct node_kind billing_kind;

#endif
