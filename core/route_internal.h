/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The compiled table of operator routes, shared by route_table.c (builds) and route.c (selects). */
#ifndef CORE_ROUTE_INTERNAL_H
#define CORE_ROUTE_INTERNAL_H

#include "core/base/arena.h"
#include "core/route.h"

#define ROUTE_NONE UINT32_MAX

/* A trie over the octets of the prefixes: children are a list, at most 11 long where prefixes are numbers. */
struct route_node {
	uint32_t child, sibling; /* node, or ROUTE_NONE */
	uint32_t uses;		 /* first of the entries that end here, or ROUTE_NONE */
	char octet;
};

struct route_use {
	uint32_t entry, next;
};

struct route_table {
	struct arena *arena;
	struct route_entry *entries;
	unsigned count;
	struct route_node *nodes; /* 0 is the root */
	uint32_t nodes_count, nodes_room;
	struct route_use *uses;
	uint32_t uses_count, uses_room;
};

#endif
