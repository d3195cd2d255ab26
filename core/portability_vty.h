/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The node `portability`: who is asked for a recipient's network, and what is done without an answer. */
#ifndef CORE_PORTABILITY_VTY_H
#define CORE_PORTABILITY_VTY_H

#include "core/core_vty.h"

#define FOR_LOOKUP (1u << 7)

#define PORTABILITY_OPERATORS_MAX 10000u

struct portability_settings {
	struct config_node node;
	/* the source: one of the two */
	struct text url;	 /* with {number} or {digits} */
	struct text enum_suffix; /* "e164.arpa", or a private root */
	struct text dns_server;	 /* "192.0.2.53:53"; empty = the system's */
	struct text authorization;
	struct config_file authorities;
	bool verify;
	struct text member;	      /* struct portability_rules */
	struct config_list operators; /* "CODE NETWORK" */
	/* what is asked, and how */
	struct config_list only_prefix; /* none = every number */
	int64_t timeout, at_once, waiting_max;
	/* what is kept */
	int64_t cache_size, cache_age, negative_age;
	int64_t on_failure; /* enum portability_failure_word */
};
extern const struct node_kind portability_kind;
enum portability_failure_word { FAILURE_ROUTE_WITHOUT, FAILURE_REFUSE_TEMPORARILY };

#endif
