/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conformance suite of stores: a driver that is not green here does not ship. */
#include "tests/store/world.h"

int main(void)
{
	int (*const groups[])(void) = { conform_deliveries, conform_reports, conform_lanes,
					conform_records,    conform_money,   conform_prices };
	int failed = 0;

	for (world_driver = WORLD_SQLITE; world_driver <= WORLD_MEMORY; world_driver++) {
		for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
			failed += groups[i]();
	}
	return failed;
}
