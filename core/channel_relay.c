/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/channel_relay.h"

#include "core/channel_internal.h"

#define RECORD_HEAD 32u

void channel_carrier(struct channel *c, const struct ipc_carrier *carrier)
{
	if (!c->ipc)
		return;
	ipc_put_carrier(ipc_begin(c->ipc, IPC_CARRIER, 0, RECORD_HEAD + carrier->link.len), carrier);
	channel_wrote(c, ipc_end(c->ipc));
}

bool channel_link_pdu(struct channel *c, const struct ipc_link_pdu *pdu)
{
	if (!channel_ready(c))
		return false;
	ipc_put_link_pdu(ipc_begin(c->ipc, IPC_LINK_PDU, 0, RECORD_HEAD + pdu->link.len + pdu->pdu.len), pdu);
	return ipc_end(c->ipc) == OK;
}

static uint32_t put_fact(struct channel *c, const struct ipc_fact *f)
{
	uint32_t call;

	if (!channel_ready(c))
		return 0;
	call = channel_new_call(c);
	ipc_put_fact(ipc_begin(c->ipc, IPC_FACT, call, RECORD_HEAD + f->key.len + f->value.len), f);
	channel_wrote(c, ipc_end(c->ipc));
	return call;
}

bool channel_fact_put(struct channel *c, struct text key, struct text value, int64_t keep_us)
{
	return put_fact(c, &(struct ipc_fact){ IPC_FACT_PUT, key, value, keep_us });
}

bool channel_fact_drop(struct channel *c, struct text key)
{
	return put_fact(c, &(struct ipc_fact){ .what = IPC_FACT_DROP, .key = key });
}

uint32_t channel_fact_list(struct channel *c, struct text prefix)
{
	return put_fact(c, &(struct ipc_fact){ .what = IPC_FACT_LIST, .key = prefix });
}

bool channel_relay_record(const struct channel_relay_handler *h, void *owner, struct ipc_record *record)
{
	union {
		struct ipc_carrier carrier;
		struct ipc_link_pdu pdu;
		struct ipc_facts facts;
	} u;

	switch ((enum ipc_type)record->type) {
	case IPC_CARRIER:
		if (!h->carrier || !ipc_get_carrier(&record->body, &u.carrier))
			return false;
		h->carrier(owner, &u.carrier);
		return true;
	case IPC_LINK_PDU:
		if (!h->link_pdu || !ipc_get_link_pdu(&record->body, &u.pdu))
			return false;
		h->link_pdu(owner, &u.pdu);
		return true;
	case IPC_FACTS:
		if (!h->facts || !ipc_get_facts(&record->body, &u.facts))
			return false;
		h->facts(owner, record->call, &u.facts);
		return true;
	default:
		return false;
	}
}
