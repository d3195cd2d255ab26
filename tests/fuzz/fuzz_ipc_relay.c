/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of ipc_relay.h from any octets: the first says which. What is taken is written again alike. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/ipc_relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static uint8_t room[70000];

static void same(const struct writer *w, const uint8_t *octets, size_t len)
{
	assert(writer_ok(w) && writer_len(w) == len && !memcmp(room, octets, len));
}

static void read_rows(struct text rows)
{
	struct reader r = reader_of(rows.at, rows.len);
	struct text key, value;

	while (ipc_take_fact_row(&r, &key, &value))
		assert(key.len <= IPC_FACT_KEY_MAX && value.len <= IPC_FACT_VALUE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	union {
		struct ipc_carrier carrier;
		struct ipc_link_pdu pdu;
		struct ipc_fact fact;
		struct ipc_facts facts;
	} u;
	struct writer w = writer_of(room, sizeof(room));

	if (!len || len > sizeof(room))
		return 0;
	uint8_t kind = octets[0] & 3;
	struct reader r = reader_of(++octets, --len);
	if (kind == 0 && ipc_get_carrier(&r, &u.carrier)) {
		ipc_put_carrier(&w, &u.carrier);
		same(&w, octets, len);
	} else if (kind == 1 && ipc_get_link_pdu(&r, &u.pdu)) {
		ipc_put_link_pdu(&w, &u.pdu);
		same(&w, octets, len);
	} else if (kind == 2 && ipc_get_fact(&r, &u.fact)) {
		ipc_put_fact(&w, &u.fact);
		same(&w, octets, len);
	} else if (kind == 3 && ipc_get_facts(&r, &u.facts)) {
		read_rows(u.facts.rows);
		ipc_put_facts(&w, &u.facts);
		same(&w, octets, len);
	}
	return 0;
}
