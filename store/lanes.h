/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many unfinished deliveries each lane has (waiting and leased; not those on HOLD or handed over). The one writer
 * of SQLite keeps it in memory, so that an accept needs no query to know whether it parks. Writer thread only.
 */
#ifndef STORE_LANES_H
#define STORE_LANES_H

#include <stdint.h>

struct lanes;

struct lanes *lanes_new(void);
void lanes_free(struct lanes **lanes);
void lanes_clear(struct lanes *lanes);

uint32_t lanes_count(const struct lanes *lanes, int64_t lane);
/* The lane is about to be asked for or added: for whoever has many, the memory is fetched meanwhile. */
void lanes_expect(const struct lanes *lanes, int64_t lane);
void lanes_add(struct lanes *lanes, int64_t lane);
/* The count after one less; a lane that is not there stays so and gives 0. */
uint32_t lanes_remove(struct lanes *lanes, int64_t lane);

#endif
