/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes of link_vty.h as what the links want. */
#include "sms/link_vty.h"

/* "+09:00", "-03:30" in quarters of an hour. */
bool link_zone(struct text t, int *quarters_out)
{
	uint64_t hours, minutes;

	if (t.len != 6 || (t.at[0] != '+' && t.at[0] != '-') || t.at[3] != ':')
		return false;
	if (!text_to_u64(text_range(t.at + 1, 2), 14, &hours) || !text_to_u64(text_range(t.at + 4, 2), 45, &minutes) ||
	    minutes % 15)
		return false;
	int quarters = (int)(4 * hours + minutes / 15);
	*quarters_out = t.at[0] == '-' ? -quarters : quarters;
	return true;
}

static bool take_causes(struct text t, struct retry_rule *rule)
{
	uint64_t from, to;

	if (!text_take_u64(&t, 511, &from))
		return false;
	to = from;
	if (t.len && t.at[0] == '-' && !text_to_u64(text_range(t.at + 1, t.len - 1), 511, &to))
		return false;
	if (t.len && t.at[0] != '-')
		return false;
	rule->from = (uint16_t)from;
	rule->to = (uint16_t)to;
	return from <= to;
}

enum result link_retry_rule(struct text line, struct retry_table *table, const char **why_out)
{
	struct text source = { 0 }, causes = { 0 };
	struct retry_rule rule;

	*why_out = "a retry rule is SOURCE CAUSE[-CAUSE] ACTION, as `rp 38 wait-alert`";
	if (!text_split(&line, ' ', &source) || !text_split(&line, ' ', &causes) || !take_causes(causes, &rule))
		return ERR_MALFORMED;
	if (!retry_source_find(source, &rule.source)) {
		*why_out = "a retry rule's source is rp, fcs, tp-status, sgs, gsup or cms";
		return ERR_MALFORMED;
	}
	if (!retry_action_find(text_trim(line), &rule.action)) {
		*why_out = "a retry rule's action is later, wait-alert, wait-memory, once or never";
		return ERR_MALFORMED;
	}
	*why_out = "there are too many retry rules";
	return retry_table_add(table, rule);
}

static void fill_rules(const struct config_list *rules, struct retry_table *table)
{
	const char *why;

	retry_table_init(table);
	for (unsigned i = 0; i < rules->count; i++)
		(void)!link_retry_rule(rules->items[i], table, &why);
}

void phone_settings_fill(const struct phone_settings *s, const char *link, struct phone_link_settings *out)
{
	*out = (struct phone_link_settings){ .link = link,
					     .languages.transliterate = s->transliterate,
					     .doubt = (enum link_doubt)s->doubt,
					     .window = (uint32_t)s->window,
					     .phones_max = (uint32_t)s->phones,
					     .trusted = s->trusted };
	(void)link_zone(s->zone, &out->quarters);
	fill_rules(&s->retry, &out->retry);
	out->retry.alert_us = s->alert;
	out->retry.memory_us = s->memory;
}

struct gsup_timers gsup_settings_timers(const struct gsup_settings *s)
{
	return (struct gsup_timers){
		.ping_us = s->ping, .pong_us = s->pong, .mt_us = s->answer, .answer_us = s->phone_answer
	};
}

struct sgs_timers sgs_settings_timers(const struct sgs_settings *s)
{
	struct sgs_timers t = SGS_TIMERS_DEFAULT;

	t.ts5_us = s->paging;
	t.ts7_us = s->alert_answer;
	t.ts11_us = s->reset_answer;
	t.ns7 = t.ns11 = (unsigned)s->repeats;
	return t;
}

void modem_settings_fill(const struct modem_settings *s, struct modem_link_settings *out)
{
	*out = (struct modem_link_settings){
		.name = s->node.name.at,
		.number = s->number.at,
		.modem = { .storage = (enum modem_storage)s->storage,
			   .pin = s->pin.at,
			   .centre = s->centre.at,
			   .timers = { s->command, s->send, s->pause, s->watch } },
		.resume_us = s->resume,
		.languages.transliterate = s->transliterate,
		.reports = s->reports,
		.doubt = (enum link_doubt)s->doubt,
	};
	fill_rules(&s->retry, &out->retry);
}

static bool list_equal(const struct config_list *a, const struct config_list *b)
{
	bool equal = a->count == b->count;

	for (unsigned i = 0; equal && i < a->count; i++)
		equal = text_equal(a->items[i], b->items[i]);
	return equal;
}

static bool knob_equal(const struct knob *k, const void *a, const void *b)
{
	if (k->many)
		return list_equal(a, b);
	if (k->type == KNOB_BOOL)
		return *(const bool *)a == *(const bool *)b;
	if (k->type == KNOB_TEXT || k->type == KNOB_LISTEN)
		return text_equal(*(const struct text *)a, *(const struct text *)b);
	return *(const int64_t *)a == *(const int64_t *)b;
}

bool link_node_equal(const struct node_kind *kind, const void *a, const void *b)
{
	bool equal = true;

	for (unsigned i = 0; equal && i < kind->knobs_count; i++) {
		size_t at = kind->knobs[i].offset;
		equal = knob_equal(&kind->knobs[i], (const uint8_t *)a + at, (const uint8_t *)b + at);
	}
	return equal;
}
