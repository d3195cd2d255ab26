/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoders and decoders of ipc_lookup.h. */
#include "core/ipc_lookup.h"

#include "core/base/ipc.h"

static struct text get_number(struct reader *r)
{
	struct text number = ipc_get_text(r, PORTABILITY_DIGITS_MAX + 1);

	if (!portability_is_number(number))
		reader_fail(r);
	return number;
}

void ipc_put_lookup(struct writer *w, const struct ipc_lookup *l)
{
	ipc_put_text(w, l->number);
}

bool ipc_get_lookup(struct reader *r, struct ipc_lookup *out)
{
	out->number = get_number(r);
	return reader_done(r);
}

void ipc_put_found(struct writer *w, const struct ipc_found *f)
{
	ipc_put_text(w, f->number);
	writer_u8(w, (uint8_t)f->result);
	ipc_put_text(w, text_of(f->answer.network));
	ipc_put_text(w, text_of(f->answer.routing));
	writer_u8(w, f->answer.ported);
	writer_u32(w, f->answer.ttl_s);
	ipc_put_text(w, f->why);
}

bool ipc_get_found(struct reader *r, struct ipc_found *out)
{
	*out = (struct ipc_found){ 0 };
	out->number = get_number(r);
	uint8_t result = reader_u8(r);
	struct text network = ipc_get_text(r, PORTABILITY_NETWORK_SIZE - 1);
	struct text routing = ipc_get_text(r, PORTABILITY_ROUTING_SIZE - 1);
	uint8_t ported = reader_u8(r);
	out->answer.ttl_s = reader_u32(r);
	out->why = ipc_get_text(r, UINT16_MAX);
	if (!reader_done(r) || result >= RESULT_COUNT || ported > 1)
		return false;
	out->result = (enum result)result;
	out->answer.ported = ported;
	return (!network.len || portability_is_network(network)) &&
	       text_copy(network, out->answer.network, PORTABILITY_NETWORK_SIZE) &&
	       text_copy(routing, out->answer.routing, PORTABILITY_ROUTING_SIZE);
}
