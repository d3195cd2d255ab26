/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue's rules and routes out of a configuration. */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_internal.h"
#include "core/queue_online.h"
#include "core/queue_screen.h"
#include "core/queue_lookup.h"

static const int64_t default_retry_us[] = { 60 * USEC_PER_SEC, 300 * USEC_PER_SEC, 1800 * USEC_PER_SEC,
					    7200 * USEC_PER_SEC };

struct entry_builder {
	struct arena *arena;
	struct route_entry *entries;
	unsigned count;
};

/* "smsc:a 3": the name and its weight. Links without a weight stand in order of failover. */
static enum result parse_link(struct text item, uint8_t *order, bool first, struct route_link *out)
{
	uint64_t weight = 0;
	struct text name;

	if (!text_split(&item, ' ', &name) || !name.len)
		return ERR_MALFORMED;
	item = text_trim(item);
	if (item.len && !text_to_u64(item, 1000000, &weight))
		return ERR_MALFORMED;
	if (!item.len && !first)
		(*order)++;
	*out = (struct route_link){ .name = name, .weight = item.len ? (uint32_t)weight : 1, .order = *order };
	return OK;
}

/* Number `i` of a list, which means any when it is empty. */
static struct text value_of(const struct config_list *list, unsigned i)
{
	return i < list->count ? list->items[i] : (struct text){ 0 };
}

static unsigned values_of(const struct config_list *list)
{
	return list->count ? list->count : 1;
}

/* Who serves a number says more than the range it was once given from: a route of a network goes first. */
static uint8_t priority_of(struct text network)
{
	if (network.len)
		return network.len == 3 ? 1 : 0;
	return 2;
}

/* Lists of senders, accounts or networks become one entry per combination, number `part`: the table knows one each. */
static enum result add_entry(struct entry_builder *b, const struct route_settings *s, unsigned part)
{
	struct route_entry *e = &b->entries[b->count++];
	struct route_link *links = arena_alloc(b->arena, (s->link.count + 1) * sizeof(*links));
	struct text *prefixes = arena_alloc(b->arena, (s->prefix.count + 1) * sizeof(*prefixes));
	uint8_t order = 0;

	*e = (struct route_entry){ .name = s->node.name, .cost = s->cost, .refuse = s->reject };
	if (part)
		e->name = text_of(arena_printf(b->arena, "%.*s#%u", TEXT_ARGS(s->node.name), part + 1));
	e->network = value_of(&s->network, part % values_of(&s->network));
	e->priority = priority_of(e->network);
	part /= values_of(&s->network);
	e->account = value_of(&s->account, part % values_of(&s->account));
	e->sender = value_of(&s->sender, part / values_of(&s->account));
	for (unsigned i = 0; i < s->prefix.count; i++) {
		if (text_is(s->prefix.items[i], "*"))
			prefixes[e->prefixes_count++] = (struct text){ "", 0 };
		else
			prefixes[e->prefixes_count++] = s->prefix.items[i];
	}
	e->prefixes = prefixes;
	if (s->from == FROM_NETWORK)
		e->channel = TEXT_LITERAL("network");
	if (s->from == FROM_APPLICATIONS)
		e->channel = TEXT_LITERAL("application");
	for (unsigned i = 0; i < s->link.count; i++) {
		if (parse_link(s->link.items[i], &order, i == 0, &links[i]))
			return ERR_MALFORMED;
	}
	e->links = links;
	e->links_count = s->reject ? 0 : s->link.count;
	return OK;
}

static uint64_t entries_of(const struct route_settings *s)
{
	return (uint64_t)values_of(&s->sender) * values_of(&s->account) * values_of(&s->network);
}

static enum result add_route(struct entry_builder *b, const struct route_settings *s)
{
	enum result r = OK;

	for (unsigned i = 0; i < entries_of(s) && r == OK; i++)
		r = add_entry(b, s, i);
	return r;
}

static enum result compile_routes(const struct config *config, struct route_table **out, const char **why_out)
{
	struct entry_builder b = { .arena = arena_new(16384) };
	uint64_t total = 0;
	unsigned at_fault;
	enum result r = OK;

	for (const struct route_settings *s = config_next(config, &route_kind, NULL); s;
	     s = config_next(config, &route_kind, s))
		total += entries_of(s);
	if (total > ROUTE_ENTRIES_MAX) {
		*why_out = "too many routes: senders, accounts and networks of a route count in all combinations";
		arena_free(&b.arena);
		return ERR_TOO_BIG;
	}
	b.entries = arena_alloc(b.arena, (total + 1) * sizeof(*b.entries));
	for (const struct route_settings *s = config_next(config, &route_kind, NULL); s && !r;
	     s = config_next(config, &route_kind, s))
		r = add_route(&b, s);
	if (r)
		*why_out = "a link of a route is written as NAME or NAME WEIGHT";
	else
		r = route_table_new(b.entries, b.count, out, &at_fault, why_out);
	arena_free(&b.arena);
	return r;
}

static enum result read_retries(const struct queue_settings *s, struct queue_rules *rules)
{
	rules->retries = s->retry.count;
	if (s->retry.count > QUEUE_RETRIES_MAX)
		return ERR_TOO_BIG;
	for (unsigned i = 0; i < s->retry.count; i++) {
		if (!config_duration(s->retry.items[i], &rules->retry_us[i]) || rules->retry_us[i] <= 0)
			return ERR_MALFORMED;
	}
	if (!rules->retries) {
		rules->retries = sizeof(default_retry_us) / sizeof(default_retry_us[0]);
		memcpy(rules->retry_us, default_retry_us, sizeof(default_retry_us));
	}
	return OK;
}

enum result queue_check(const struct config *config, const char **why_out)
{
	struct route_table *table = NULL;
	struct queue_rules rules;
	enum result r = read_retries(config_only(config, &queue_kind), &rules);

	if (r) {
		*why_out = "`retry` of the queue takes up to 16 durations, as 1m 5m 30m";
		return r;
	}
	r = compile_routes(config, &table, why_out);
	route_table_free(&table);
	return r;
}

static void read_rules(const struct queue_settings *s, struct queue_rules *rules)
{
	*rules = (struct queue_rules){ .validity_us = s->validity,
				       .validity_max_us = s->validity_max,
				       .lease_us = s->lease,
				       .report_wait_us = s->report_wait,
				       .give_up_us = s->outbox_give_up,
				       .waiting_max = s->waiting_max };
	rules->keep = (struct store_retention){ .text_us = s->keep_text,
						.message_us = s->keep_message,
						.idem_us = s->keep_keys,
						.cdr_us = s->keep_cdr,
						.outbox_us = s->keep_outbox };
	if (read_retries(s, rules))
		log_fatal(LOG_CORE, "a configuration was switched to that had not been checked");
}

void queue_switch(struct queue *q, const struct config *config)
{
	struct route_table *table = NULL;
	const char *why = "";

	if (compile_routes(config, &table, &why))
		log_fatal(LOG_CORE, "a configuration was switched to that had not been checked: %s", why);
	route_table_free(&q->routes);
	q->routes = table;
	read_rules(config_only(config, &queue_kind), &q->rules);
	queue_screen_switch(q, config);
	q->priced = q->charge && q->charge->on(q->charge->owner);
	queue_online_switch(q);
	if (q->priced)
		queue_money_prices(q);
	q->questions_waiting = true; /* of an earlier run */
	q->rerouted_us = 0;
	queue_lookup_switch(q, config);
}
