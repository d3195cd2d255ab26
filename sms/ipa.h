/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IPA multiplex, the frames in which Osmocom's programs speak over TCP, and its control messages (CCM):
 *
 *	length u16 | protocol u8 | payload      length counts the payload alone
 *	protocol FE: 00 ping, 01 pong, 04 identity request, 05 identity response, 06 identity acknowledge
 *	protocol EE: extension u8 (05 = GSUP) | message
 */
#ifndef SMS_IPA_H
#define SMS_IPA_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

#define IPA_PAYLOAD_MAX 4096u /* a longer frame closes the link */

enum ipa_protocol { IPA_OSMO = 0xee, IPA_CCM = 0xfe };
enum ipa_extension { IPA_GSUP = 0x05 };
enum ipa_ccm { IPA_PING = 0, IPA_PONG = 1, IPA_ID_REQUEST = 4, IPA_ID_RESPONSE = 5, IPA_ID_ACK = 6 };
enum ipa_id_tag { IPA_ID_SERIAL = 0x00, IPA_ID_NAME = 0x01, IPA_ID_UNIT = 0x08 };

struct ipa_frame {
	uint8_t protocol;
	uint8_t kind;	     /* the extension of IPA_OSMO, the message of IPA_CCM; 0 for others */
	struct text payload; /* behind it; a view */
};

/*
 * One frame from the start of the octets received so far. OK and its size in used_out; ERR_SHORT: wait for more octets,
 * none consumed; ERR_TOO_BIG, ERR_MALFORMED (nothing behind the protocol octet): close the link.
 */
MUST_CHECK enum result ipa_parse(const void *octets, size_t len, struct ipa_frame *out, size_t *used_out);

/* A frame around what is written between begin and end. */
size_t ipa_begin(struct writer *w, uint8_t protocol, uint8_t kind);
void ipa_end(struct writer *w, size_t mark);
void ipa_put_ccm(struct writer *w, enum ipa_ccm message); /* ping, pong, acknowledge: no payload */

/* Who a client is. Empty = not said. */
struct ipa_identity {
	struct text name, serial, unit; /* unit is "0/0/0": without it osmo-hlr and osmo-msc cut the link */
};
void ipa_put_identity_request(struct writer *w); /* asks for all that Osmocom's server asks for */
void ipa_put_identity(struct writer *w, const struct ipa_identity *identity);
/* The payload of an identity response. Views, without the NUL that Osmocom appends. ERR_SHORT, ERR_MALFORMED. */
MUST_CHECK enum result ipa_take_identity(struct text payload, struct ipa_identity *out, size_t *bad_octet_out);

#endif
