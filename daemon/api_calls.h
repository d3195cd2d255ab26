/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to the queue that wait for its answer: the channel's call number stands for the client's exchange. */
#ifndef DAEMON_API_CALLS_H
#define DAEMON_API_CALLS_H

#include <stdbool.h>
#include <stdint.h>

struct api_port;

/* An exchange that may be gone by the time it is needed: api_port_exchange() looks. */
struct api_ref {
	struct api_port *port;
	uint64_t id;
};

enum api_call_kind { CALL_SEND, CALL_KANNEL, CALL_QUOTE, CALL_MESSAGE, CALL_CANCEL };

struct api_call {
	struct api_ref ref;
	enum api_call_kind kind;
};

struct api_calls;

struct api_calls *api_calls_new(void);
void api_calls_free(struct api_calls **calls);
/* Numbers are given by the channel, never 0, and each only once among those that wait. */
void api_calls_add(struct api_calls *calls, uint32_t number, const struct api_call *call);
/* False: nothing waits under it. */
bool api_calls_take(struct api_calls *calls, uint32_t number, struct api_call *out);
unsigned api_calls_count(const struct api_calls *calls);

#endif
