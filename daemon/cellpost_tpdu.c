/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fields of short messages in words: 3GPP TS 23.040 9.2.2, 24.011 7.3. */
#include <string.h>

#include "core/base/clock.h"
#include "daemon/cellpost_sms.h"
#include "daemon/cellpost_terminal.h"
#include "sms/tp_status.h"

#define NAME_WIDTH 18
#define INDENT "                    "

static void line(FILE *to, const char *name)
{
	fprintf(to, "  %-*s", NAME_WIDTH, name);
}

static void flag(FILE *to, const char *name, bool set)
{
	if (!set)
		return;
	line(to, name);
	fputs("yes\n", to);
}

void sms_print_octets(FILE *to, const char *name, struct text octets)
{
	struct reader r = reader_of(octets.at, octets.len);

	line(to, name);
	while (reader_left(&r))
		fprintf(to, "%02x", reader_u8(&r));
	fputs(octets.len ? "\n" : "-\n", to);
}

static void print_address(FILE *to, const char *name, const struct sms_address *a)
{
	char room[SMS_ADDRESS_SHOWN_MAX];
	struct writer w = writer_of(room, sizeof(room));

	line(to, name);
	sms_address_to_text(a, &w);
	terminal_print(to, text_range(room, writer_len(&w)), NULL);
	fprintf(to, "%s (type %u, plan %u)\n", writer_len(&w) ? "" : "none", a->ton, a->npi);
}

static void print_time(FILE *to, const char *name, const struct tpdu_time *t)
{
	char room[CLOCK_TEXT_SIZE];
	unsigned minutes = 15u * (unsigned)(t->quarters < 0 ? -t->quarters : t->quarters);

	if (!t->valid) {
		sms_print_octets(to, name, text_range((const char *)t->octets, sizeof(t->octets)));
		line(to, "");
		fputs("these octets are no time\n", to);
		return;
	}
	line(to, name);
	fprintf(to, "%.19sZ, its zone %c%02u:%02u\n", clock_text(t->us, room), t->quarters < 0 ? '-' : '+',
		minutes / 60, minutes % 60);
}

static void print_validity(FILE *to, const struct tpdu_validity *v)
{
	if (v->form == TPDU_VALIDITY_NONE)
		return;
	if (!v->valid) {
		line(to, "validity");
		fputs("octets without meaning\n", to);
	} else if (v->form == TPDU_VALIDITY_ABSOLUTE) {
		print_time(to, "valid until", &v->until);
	} else {
		line(to, "validity");
		fprintf(to, "%lld s%s\n", (long long)v->seconds, v->single_shot ? ", one try only" : "");
	}
}

static void print_dcs(FILE *to, uint8_t octet)
{
	struct dcs d = dcs_decode(octet);

	line(to, "coding");
	fprintf(to, "0x%02x: %s", octet, dcs_alphabet_name(d.alphabet));
	if (d.message_class != DCS_CLASS_NONE)
		fprintf(to, ", class %d%s", d.message_class, d.message_class == DCS_CLASS_FLASH ? " (flash)" : "");
	if (d.compressed)
		fputs(", compressed", to);
	if (d.auto_delete)
		fputs(", deleted once read", to);
	if (d.reserved)
		fputs(", reserved", to);
	if (d.waiting != DCS_WAITING_NONE)
		fprintf(to, ", message waiting type %u %s", d.waiting_type, d.waiting_active ? "on" : "off");
	fputs("\n", to);
}

static void print_pid(FILE *to, uint8_t pid)
{
	line(to, "protocol");
	fprintf(to, "0x%02x: %s%s\n", pid, pid_kind_name(pid_kind_of(pid)),
		pid_needs_trust(pid) ? ", reaches into the phone or SIM: only from trusted peers" : "");
}

static void print_user_data(FILE *to, const struct tpdu *t)
{
	char utf8[TPDU_TEXT_MAX];
	struct writer w = writer_of(utf8, sizeof(utf8));

	line(to, "length");
	fprintf(to, "%u %s\n", t->user_data_len, dcs_decode(t->dcs).alphabet == DCS_GSM7 ? "septets" : "octets");
	if (t->has_header)
		sms_print_header(to, &t->header);
	if (tpdu_text(t, &w) != OK || !writer_ok(&w)) {
		sms_print_octets(to, "content", tpdu_content(t));
		return;
	}
	line(to, "text");
	terminal_print(to, text_range(utf8, writer_len(&w)), INDENT);
	fputs("\n", to);
}

/* --- header ----------------------------------------------------------------------------------------------------- */

static void print_known(FILE *to, const struct header *h)
{
	if (h->concat.width) {
		line(to, "part");
		fprintf(to, "%u of %u, reference %u (%u bit)\n", h->concat.number, h->concat.total, h->concat.reference,
			h->concat.width);
	}
	if (h->ports.width) {
		line(to, "ports");
		fprintf(to, "to %u from %u\n", h->ports.destination, h->ports.source);
	}
	if (h->tables.locking || h->tables.single) {
		line(to, "language tables");
		fprintf(to, "locking %s, single shift %s\n", alphabet_language_name(h->tables.locking),
			alphabet_language_name(h->tables.single));
	}
	for (unsigned i = 0; i < h->indication_count; i++) {
		line(to, "waiting");
		fprintf(to, "%u of type %u%s\n", h->indications[i].count, h->indications[i].type,
			h->indications[i].store ? ", to be stored" : "");
	}
	flag(to, "SIM toolkit", h->has_toolkit);
}

void sms_print_header(FILE *to, const struct header *h)
{
	struct reader elements = header_elements(h);
	struct header_ie ie;

	line(to, "header");
	fprintf(to, "%zu octets:", h->octets);
	while (header_next(&elements, &ie))
		fprintf(to, " %02x(%u)", ie.iei, ie.len);
	fputs("\n", to);
	print_known(to, h);
}

/* --- TPDU ------------------------------------------------------------------------------------------------------- */

static const char *command_name(uint8_t command)
{
	static const char *const names[] = { "enquire", "cancel the report", "delete", "enable the report" };

	return command < sizeof(names) / sizeof(names[0]) ? names[command] : "unknown";
}

static void print_status(FILE *to, uint8_t status)
{
	struct tp_status s = tp_status_of(status);

	line(to, "status");
	fprintf(to, "0x%02x: %s: %s%s\n", status, tp_status_state_name(s.state), s.name,
		s.final ? "" : "; another report follows");
}

static void print_flags(FILE *to, const struct tpdu *t)
{
	flag(to, "more messages", t->more_messages);
	flag(to, "loop prevention", t->loop_prevention);
	flag(to, "reject duplicates", t->reject_duplicates);
	flag(to, "report", t->report);
	flag(to, "reply path", t->reply_path);
}

static bool has_reference(enum tpdu_type type)
{
	return type == TPDU_SUBMIT || type == TPDU_STATUS_REPORT || type == TPDU_COMMAND;
}

static bool is_report(enum tpdu_type type)
{
	return type == TPDU_DELIVER_REPORT || type == TPDU_SUBMIT_REPORT;
}

static void print_addresses(FILE *to, const struct tpdu *t)
{
	if (has_reference(t->type)) {
		line(to, "reference");
		fprintf(to, "%u\n", t->reference);
	}
	if (!is_report(t->type))
		print_address(to, t->type == TPDU_DELIVER ? "from" : "to", &t->address);
}

static void print_times(FILE *to, const struct tpdu *t)
{
	if (t->type == TPDU_DELIVER || t->type == TPDU_STATUS_REPORT || t->type == TPDU_SUBMIT_REPORT)
		print_time(to, "centre's time", &t->time);
	if (t->type == TPDU_STATUS_REPORT)
		print_time(to, "discharge time", &t->discharge);
	if (t->type == TPDU_SUBMIT)
		print_validity(to, &t->validity);
}

static void print_causes(FILE *to, const struct tpdu *t)
{
	if (t->type == TPDU_STATUS_REPORT)
		print_status(to, t->status);
	if (t->has_fcs) {
		line(to, "failure cause");
		fprintf(to, "0x%02x: %s\n", t->fcs, tpdu_fcs_name(t->fcs));
	}
	if (t->type == TPDU_COMMAND) {
		line(to, "command");
		fprintf(to, "%u: %s, about reference %u\n", t->command, command_name(t->command), t->command_number);
	}
}

void sms_print_tpdu(FILE *to, const struct tpdu *t)
{
	bool always = t->type == TPDU_DELIVER || t->type == TPDU_SUBMIT;

	fprintf(to, "%s\n", tpdu_type_name(t->type));
	print_flags(to, t);
	print_addresses(to, t);
	print_times(to, t);
	print_causes(to, t);
	if (always || t->has_pid || t->type == TPDU_COMMAND)
		print_pid(to, t->pid);
	if (always || t->has_dcs)
		print_dcs(to, t->dcs);
	if (t->type == TPDU_COMMAND)
		sms_print_octets(to, "command data", t->user_data);
	else if (always || t->has_user_data)
		print_user_data(to, t);
}

/* --- RP --------------------------------------------------------------------------------------------------------- */

static void print_inside(FILE *to, const struct rp *rp)
{
	struct tpdu t;
	size_t bad = 0;
	enum result r = tpdu_decode(rp->tpdu.at, rp->tpdu.len, rp_direction(rp->type), rp_carrier(rp->type), &t, &bad);

	if (r == OK) {
		sms_print_tpdu(to, &t);
		return;
	}
	sms_print_octets(to, "TPDU", rp->tpdu);
	line(to, "");
	fprintf(to, "is no TPDU: %s at octet %zu\n", result_name(r), bad);
}

void sms_print_rp(FILE *to, const struct rp *rp)
{
	bool data = rp->type == RP_DATA_FROM_PHONE || rp->type == RP_DATA_TO_PHONE;

	fprintf(to, "%s %s\n", rp_type_name(rp->type),
		rp->type == RP_SMMA || !(rp->type & 1) ? "from the phone" : "to the phone");
	line(to, "reference");
	fprintf(to, "%u\n", rp->reference);
	if (data && rp->originator.len)
		print_address(to, "centre (from)", &rp->originator);
	if (data && rp->destination.len)
		print_address(to, "centre (to)", &rp->destination);
	if (rp->type == RP_ERROR_FROM_PHONE || rp->type == RP_ERROR_TO_PHONE) {
		line(to, "cause");
		fprintf(to, "%u: %s\n", rp->cause, rp_cause_name(rp->cause));
	}
	if (rp->has_tpdu)
		print_inside(to, rp);
}
