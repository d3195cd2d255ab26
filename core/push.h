/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A push message: content for an application of the phone (an MMS notification, a service indication) in a short
 * message to its port. Channels reach each other only through the queue, and this is how one has such a message
 * delivered:
 *
 *	struct message m = { .channel = ..., .account = ..., .sender = ... };
 *	push_message(&m, &push, &writer);          the body lies in the writer's room, PUSH_ROOM(push.body.len) suffices
 *	message_encode(&m, &header);               then channel_accept() with header and m.body, as any message
 *
 * The queue routes and prices it by its segments as any other; every bearer of short messages cuts it into parts with
 * the ports in each (SMPP, GSUP, SGs, modems, the cell).
 */
#ifndef CORE_PUSH_H
#define CORE_PUSH_H

#include "core/message.h"

#define PUSH_PORT 2948u	       /* IANA wap-push: connectionless, not secured */
#define PUSH_SOURCE_PORT 9200u /* IANA wap-wsp */
#define PUSH_ROOM(body) ((body) + 8u)

/* Well-known numbers of WAP-230 table 40 and of OMNA's list of applications. */
#define PUSH_TYPE_SI 0x2e	  /* application/vnd.wap.sic */
#define PUSH_TYPE_SL 0x30	  /* application/vnd.wap.slc */
#define PUSH_TYPE_MMS 0x3e	  /* application/vnd.wap.mms-message */
#define PUSH_APPLICATION_WML 0x02 /* x-wap-application:wml.ua */
#define PUSH_APPLICATION_MMS 0x04 /* x-wap-application:mms.ua */

struct push {
	uint8_t transaction;  /* any; the same in a repeat of the same push */
	uint8_t content_type; /* PUSH_TYPE_..., below 0x80 */
	uint8_t application;  /* PUSH_APPLICATION_..., below 0x80 */
	struct text body;     /* of that type: M-Notification.ind, WBXML */
};

/* Content, ports and body of the message; the body is a view of what is put into the writer (WSP, WAP-230 8.2.4.1). The
 * writer is failed where its room does not suffice, and then the body is empty. */
void push_message(struct message *m, const struct push *push, struct writer *w);

#endif
