/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One value of a knob: understood, written back, put into its field. */
#include "core/config_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/base/utf8.h"
#include "core/net/net_address.h"

#define NONE "none" /* written for a socket that is not wanted though there is a default */

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit durations[] = {
	{ "d", INT64_C(86400000000) }, { "h", INT64_C(3600000000) }, { "m", INT64_C(60000000) },
	{ "s", INT64_C(1000000) },     { "ms", INT64_C(1000) },	     { "us", 1 },
};
static const struct unit sizes[] = { { "g", 1 << 30 }, { "m", 1 << 20 }, { "k", 1 << 10 }, { "", 1 } };

#define COUNT(a) (unsigned)(sizeof(a) / sizeof((a)[0]))

static bool with_unit(struct text t, const struct unit *units, unsigned count, int64_t *out)
{
	uint64_t number;

	if (!text_take_u64(&t, INT64_MAX, &number))
		return false;
	if (!number && !t.len) {
		*out = 0;
		return true;
	}
	for (unsigned i = 0; i < count; i++) {
		if (!text_is(t, units[i].name))
			continue;
		if (number > (uint64_t)(INT64_MAX / units[i].factor))
			return false;
		*out = (int64_t)number * units[i].factor;
		return true;
	}
	return false;
}

bool config_duration(struct text t, int64_t *us_out)
{
	return with_unit(t, durations, COUNT(durations), us_out);
}

bool config_size(struct text t, int64_t *octets_out)
{
	return with_unit(t, sizes, COUNT(sizes), octets_out);
}

/* The largest unit that says it exactly. */
static void write_unit(int64_t v, const struct unit *units, unsigned count, struct writer *w)
{
	unsigned i = 0;

	while (v && i + 1 < count && v % units[i].factor)
		i++;
	if (v)
		writer_printf(w, "%" PRId64 "%s", v / units[i].factor, units[i].name);
	else
		writer_printf(w, "0");
}

static void write_number(const struct knob *knob, int64_t v, struct writer *w)
{
	if (knob->type == KNOB_DURATION)
		write_unit(v, durations, COUNT(durations), w);
	else if (knob->type == KNOB_SIZE)
		write_unit(v, sizes, COUNT(sizes), w);
	else
		writer_printf(w, "%" PRId64, v);
}

static bool refuse_range(const struct knob *knob, char why[CONFIG_WHY_SIZE])
{
	struct writer w = writer_of(why, CONFIG_WHY_SIZE - 1);

	writer_printf(&w, "`%s` goes from ", knob->name);
	write_number(knob, knob->min, &w);
	writer_printf(&w, " to ");
	write_number(knob, knob->max, &w);
	why[writer_len(&w)] = 0;
	return false;
}

__attribute__((format(printf, 2, 3))) static bool refuse(char why[CONFIG_WHY_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, CONFIG_WHY_SIZE, format, args);
	va_end(args);
	return false;
}

static bool parse_number(const struct knob *knob, struct text t, int64_t *out, char why[CONFIG_WHY_SIZE])
{
	uint64_t n = 0;

	switch (knob->type) {
	case KNOB_DURATION:
		if (!config_duration(t, out))
			return refuse(why, "`%s` is a duration such as 500ms, 30s, 5m, 2h or 7d", knob->name);
		break;
	case KNOB_SIZE:
		if (!config_size(t, out))
			return refuse(why, "`%s` is a size in octets such as 512, 64k, 10m or 2g", knob->name);
		break;
	default:
		if (!text_to_u64(t, INT64_MAX, &n))
			return refuse(why, "`%s` is a whole number", knob->name);
		*out = (int64_t)n;
	}
	return (*out >= knob->min && *out <= knob->max) || refuse_range(knob, why);
}

static bool parse_bool(const struct knob *knob, struct text t, int64_t *out, char why[CONFIG_WHY_SIZE])
{
	*out = text_is(t, "yes");
	return *out || text_is(t, "no") || refuse(why, "`%s` is yes or no", knob->name);
}

static bool parse_word(const struct knob *knob, struct text t, int64_t *out, char why[CONFIG_WHY_SIZE])
{
	struct writer w = writer_of(why, CONFIG_WHY_SIZE - 1);
	const char *nearest = config_nearest(t, knob->words);

	for (*out = 0; knob->words[*out]; ++*out) {
		if (text_is(t, knob->words[*out]))
			return true;
	}
	writer_printf(&w, "`%s` is one of:", knob->name);
	for (unsigned i = 0; knob->words[i]; i++)
		writer_printf(&w, " %s", knob->words[i]);
	if (nearest)
		writer_printf(&w, "; did you mean `%s`?", nearest);
	why[writer_len(&w)] = 0;
	return false;
}

static bool parse_text(const struct knob *knob, struct text t, struct text *out, char why[CONFIG_WHY_SIZE])
{
	for (size_t i = 0; i < t.len; i++) {
		if ((unsigned char)t.at[i] < 0x20 || t.at[i] == 0x7f)
			return refuse(why, "`%s` holds a control character", knob->name);
	}
	if (!utf8_valid(t))
		return refuse(why, "`%s` is no UTF-8", knob->name);
	*out = t;
	return true;
}

static bool parse_listen(const struct knob *knob, struct text t, struct text *out, char why[CONFIG_WHY_SIZE])
{
	struct net_address address;
	const char *reason = "";

	*out = text_is(t, NONE) ? text_range("", 0) : t;
	if (!out->len)
		return true;
	if (knob->line)
		return text_starts(t, "tty:/") || refuse(why, "`%s` is a serial line: tty:/dev/...", knob->name);
	if (net_address_parse(t, &address, &reason) != OK)
		return refuse(why, "%s", reason);
	if (net_address_has_records(&address) == knob->records)
		return true;
	return refuse(why,
		      knob->records ? "`%s` is sctp:ADDRESS:PORT, udp-sctp:ADDRESS:PORT or seqpacket:PATH"
				    : "`%s` is ADDRESS:PORT, [IPV6]:PORT or unix:PATH",
		      knob->name);
}

bool config_value_parse(const struct knob *knob, struct text t, struct knob_value *out, char why[CONFIG_WHY_SIZE])
{
	*out = (struct knob_value){ 0 };
	if (!t.len)
		return refuse(why, "`%s` needs a value", knob->name);
	switch (knob->type) {
	case KNOB_BOOL:
		return parse_bool(knob, t, &out->number, why);
	case KNOB_WORD:
		return parse_word(knob, t, &out->number, why);
	case KNOB_LISTEN:
		return parse_text(knob, t, &out->text, why) && parse_listen(knob, t, &out->text, why);
	case KNOB_TEXT:
	case KNOB_FILE:
		return parse_text(knob, t, &out->text, why);
	default:
		return parse_number(knob, t, &out->number, why);
	}
}

static struct text text_of_field(const struct knob *knob, const void *field, unsigned item)
{
	if (knob->many) {
		const struct config_list *list = field;
		return item < list->count ? list->items[item] : (struct text){ 0 };
	}
	if (knob->type == KNOB_FILE)
		return ((const struct config_file *)field)->path;
	return *(const struct text *)field;
}

void config_value_write(const struct knob *knob, const void *field, unsigned item, struct writer *w)
{
	switch (knob->type) {
	case KNOB_BOOL:
		writer_printf(w, "%s", *(const bool *)field ? "yes" : "no");
		break;
	case KNOB_WORD:
		writer_printf(w, "%s", knob->words[*(const int64_t *)field]);
		break;
	case KNOB_TEXT:
	case KNOB_LISTEN:
	case KNOB_FILE: {
		struct text t = text_of_field(knob, field, item);
		writer_text(w, !t.len && knob->type == KNOB_LISTEN ? text_of(NONE) : t);
		break;
	}
	default:
		write_number(knob, *(const int64_t *)field, w);
	}
}

unsigned config_value_count(const struct knob *knob, const void *field, bool set)
{
	switch (knob->type) {
	case KNOB_TEXT:
	case KNOB_FILE:
	case KNOB_LISTEN:
		break;
	default:
		return 1;
	}
	if (set && knob->type == KNOB_LISTEN && (!knob->many || !((const struct config_list *)field)->count))
		return 1;
	if (knob->many)
		return ((const struct config_list *)field)->count;
	return text_of_field(knob, field, 0).len ? 1 : 0;
}

/* Lists grow by doubling; the lines of the items lie behind them. */
static unsigned list_room(unsigned count)
{
	unsigned room = 4;

	while (room < count)
		room *= 2;
	return room;
}

static uint32_t *list_lines(struct text *items, unsigned room)
{
	return (uint32_t *)(void *)(items + room);
}

static struct text *list_items(struct config_list *list)
{
	union {
		const struct text *kept;
		struct text *changed;
	} u = { .kept = list->items }; /* ours: it lies in the set's arena */
	return u.changed;
}

static void list_add(struct config *config, struct config_list *list, struct text value, uint32_t line)
{
	unsigned had = list->count ? list_room(list->count) : 0;
	unsigned need = list_room(list->count + 1);
	struct text *items = list_items(list);

	if (had != need) {
		struct text *more = arena_alloc(config->arena, need * (sizeof(*more) + sizeof(uint32_t)));
		for (unsigned i = 0; i < list->count; i++) {
			more[i] = items[i];
			list_lines(more, need)[i] = list_lines(items, had)[i];
		}
		items = more;
	}
	items[list->count] = value;
	list_lines(items, need)[list->count] = line;
	list->items = items;
	list->count++;
}

uint32_t config_value_line(const struct entry *entry, unsigned knob, unsigned item)
{
	const struct knob *k = &entry->kind->knobs[knob];

	if (!k->many)
		return entry->lines[knob];
	const struct config_list *list = entry_field_of(entry, k);
	if (item >= list->count)
		return entry->lines[knob];
	const void *lines = list->items + list_room(list->count);
	return ((const uint32_t *)lines)[item];
}

bool config_value_remove(struct entry *entry, unsigned knob, struct text value)
{
	struct config_list *list = entry_field(entry, &entry->kind->knobs[knob]);
	struct text *items = list_items(list);
	unsigned i = 0, had = list->count ? list_room(list->count) : 0;

	while (i < list->count && !text_equal(items[i], value))
		i++;
	if (i == list->count)
		return false;
	uint32_t *lines = list_lines(items, had);
	for (; i + 1 < list->count; i++) {
		items[i] = items[i + 1];
		lines[i] = lines[i + 1];
	}
	list->count--;
	/* The lines lie where a list of this length looks for them. */
	unsigned room = list->count ? list_room(list->count) : 0;
	if (list->count && room != had)
		memmove(list_lines(items, room), lines, list->count * sizeof(*lines));
	return true;
}

static void put_list(struct config *config, struct entry *entry, unsigned knob, struct text value, uint32_t line)
{
	struct config_list *list = entry_field(entry, &entry->kind->knobs[knob]);

	/* What stood there by default is not added to but replaced. */
	if (!entry->lines[knob])
		*list = (struct config_list){ 0 };
	if (value.len)
		list_add(config, list, value, line);
	else
		*list = (struct config_list){ 0 };
}

void config_value_put(struct config *config, struct entry *entry, unsigned knob, const struct knob_value *value,
		      uint32_t line)
{
	const struct knob *k = &entry->kind->knobs[knob];
	void *field = entry_field(entry, k);
	struct text kept = { 0 };

	if (k->type == KNOB_TEXT || k->type == KNOB_LISTEN || k->type == KNOB_FILE)
		kept = arena_text(config->arena, value->text);
	if (k->many)
		put_list(config, entry, knob, kept, line);
	else if (k->type == KNOB_FILE)
		*(struct config_file *)field = (struct config_file){ .path = kept };
	else if (k->type == KNOB_TEXT || k->type == KNOB_LISTEN)
		*(struct text *)field = kept;
	else if (k->type == KNOB_BOOL)
		*(bool *)field = value->number != 0;
	else
		*(int64_t *)field = value->number;
	entry->lines[knob] = line;
}
