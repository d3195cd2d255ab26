/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records between edges that the queue passes on unread, and facts that it keeps for them.
 *
 *	carrier edge (radio, rcs, lab) <-> queue <-> sms:  IPC_CARRIER, IPC_LINK_PDU; never stored
 *	edge -> queue: IPC_FACT     queue -> edge: IPC_FACTS
 *
 * One edge has the machines of CP and RP (sms). Carriers are links of the others: each announces its links with
 * IPC_CARRIER when it meets the queue, and is told by the same record whether the machines are there. PDUs go from a
 * carrier to the machines and back by the link's name. What the other end cannot take now is dropped and counted: the
 * machines' timers repair it, as on any signalling link.
 */
#ifndef CORE_IPC_RELAY_H
#define CORE_IPC_RELAY_H

#include "core/ipc_messages.h"

#define IPC_CARRIER_NAME_MAX 64u
#define IPC_LINK_PDU_MAX 2560u /* octets of one PDU: LINK_PDU_MAX of sms/link_pdu.h fits */

/* A carrier's link to the machines: it is there or not. The machines' side to the carrier: likewise. */
struct ipc_carrier {
	struct text link; /* "cell", "ims" */
	bool up;
	bool messages; /* it moves RP messages one by one (SIP), not CP messages over connections (the cell) */
};

struct ipc_link_pdu {
	struct text link;
	struct text pdu; /* link_pdu_encode() of sms/link_pdu.h; the queue does not look */
};

#define IPC_FACT_KEY_MAX 128u
#define IPC_FACT_VALUE_MAX 512u
#define IPC_FACT_KEEP_MAX (INT64_C(400) * 86400 * 1000000)
#define IPC_FACTS_LISTED_MAX 200000u /* of one list */

/*
 * A fact is of its edge alone: another role neither sees nor changes it. Puts and drops are not answered: what is kept
 * so must be something that the edge learns again, and puts again from time to time.
 */
enum ipc_fact_what {
	IPC_FACT_PUT,  /* key, value, and how long it is true without another put */
	IPC_FACT_DROP, /* key */
	IPC_FACT_LIST, /* all whose keys start with `key`; answered by IPC_FACTS records with the same call */
	IPC_FACT_WHATS
};
struct ipc_fact {
	enum ipc_fact_what what;
	struct text key, value;
	int64_t keep_us;
};

struct ipc_facts {
	enum result result; /* ERR_BUSY: the store could not say; ask later */
	bool more;	    /* another record of the same list follows */
	struct text rows;   /* read with ipc_take_fact_row() */
};

void ipc_put_carrier(struct writer *w, const struct ipc_carrier *c);
bool ipc_get_carrier(struct reader *r, struct ipc_carrier *out);
void ipc_put_link_pdu(struct writer *w, const struct ipc_link_pdu *p);
bool ipc_get_link_pdu(struct reader *r, struct ipc_link_pdu *out);
void ipc_put_fact(struct writer *w, const struct ipc_fact *f);
bool ipc_get_fact(struct reader *r, struct ipc_fact *out);
void ipc_put_facts(struct writer *w, const struct ipc_facts *f);
bool ipc_get_facts(struct reader *r, struct ipc_facts *out);
void ipc_put_fact_row(struct writer *w, struct text key, struct text value);
bool ipc_take_fact_row(struct reader *r, struct text *key, struct text *value);

#endif
