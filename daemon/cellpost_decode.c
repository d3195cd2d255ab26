/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Octets without a label: each form they may have is tried. The first octet of a TPDU means two things, and an RP
 * message or a header may look like one too, so all that fit are shown. Forms that fit nearly anything are tried only
 * when the others do not.
 */
#include <string.h>

#include "daemon/cellpost_sms.h"
#include "daemon/cellpost_terminal.h"

struct outcome {
	enum result result;
	size_t bad_octet;
};

struct form {
	const char *name, *title;
	unsigned rank; /* 0 is tried first */
	struct outcome (*print)(FILE *to, const struct form *form, struct text octets, bool dry);
	enum tpdu_type type;
	enum tpdu_direction direction;
};

/* Both reports may stand in RP-ACK, or with a failure cause in RP-ERROR. */
static struct outcome decode_tpdu(const struct form *form, struct text octets, struct tpdu *t)
{
	bool report = form->type == TPDU_DELIVER_REPORT || form->type == TPDU_SUBMIT_REPORT;
	enum tpdu_carrier carrier = report ? TPDU_IN_ACK : TPDU_IN_DATA;
	struct outcome o = { OK, 0 };

	o.result = tpdu_decode(octets.at, octets.len, form->direction, carrier, t, &o.bad_octet);
	if (report && o.result != OK)
		o.result = tpdu_decode(octets.at, octets.len, form->direction, TPDU_IN_ERROR, t, &o.bad_octet);
	if (o.result == OK && t->type != form->type)
		o = (struct outcome){ ERR_UNSUPPORTED, 0 };
	return o;
}

static struct outcome as_tpdu(FILE *to, const struct form *form, struct text octets, bool dry)
{
	struct tpdu t;
	struct outcome o = decode_tpdu(form, octets, &t);

	if (o.result == OK && !dry)
		sms_print_tpdu(to, &t);
	return o;
}

static struct outcome as_rp(FILE *to, const struct form *form, struct text octets, bool dry)
{
	struct outcome o = { OK, 0 };
	struct rp rp;
	struct tpdu t;

	(void)form;
	o.result = rp_decode(octets.at, octets.len, &rp, &o.bad_octet);
	/* What holds no TPDU that can be read is no RP message but something else that looks like one. */
	if (o.result == OK && rp.has_tpdu)
		o.result = tpdu_decode(rp.tpdu.at, rp.tpdu.len, rp_direction(rp.type), rp_carrier(rp.type), &t,
				       &o.bad_octet);
	if (o.result == OK && !dry)
		sms_print_rp(to, &rp);
	return o;
}

/* 3GPP TS 27.005: the service centre's address stands in front of the TPDU. */
static struct outcome as_modem(FILE *to, const struct form *form, struct text octets, bool dry)
{
	static const struct form inside[] = { { .type = TPDU_DELIVER, .direction = TPDU_TO_PHONE },
					      { .type = TPDU_STATUS_REPORT, .direction = TPDU_TO_PHONE },
					      { .type = TPDU_SUBMIT, .direction = TPDU_FROM_PHONE } };
	struct reader r = reader_of(octets.at, octets.len);
	char shown[SMS_ADDRESS_SHOWN_MAX];
	struct sms_address centre;
	struct tpdu t;
	struct outcome o = { OK, 0 };

	(void)form;
	o.result = sms_address_take_rp(&r, &centre, &o.bad_octet);
	if (o.result != OK)
		return o;
	struct text rest = text_range((const char *)r.at, reader_left(&r));
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		o = decode_tpdu(&inside[i], rest, &t);
		if (o.result == OK)
			break;
	}
	o.bad_octet += o.result == OK ? 0 : octets.len - rest.len;
	if (o.result != OK || dry)
		return o;
	struct writer w = writer_of(shown, sizeof(shown));
	sms_address_to_text(&centre, &w);
	fputs("service centre ", to);
	terminal_print(to, centre.len ? text_range(shown, writer_len(&w)) : TEXT_LITERAL("of the modem"), NULL);
	fputs(", then ", to);
	sms_print_tpdu(to, &t);
	return o;
}

static struct outcome as_header(FILE *to, const struct form *form, struct text octets, bool dry)
{
	struct reader r = reader_of(octets.at, octets.len);
	struct outcome o = { OK, 0 };
	struct header h;

	(void)form;
	o.result = header_decode(&r, &h, &o.bad_octet);
	if (o.result == OK && h.octets < 2) /* a zero is no header worth a word */
		o.result = ERR_SHORT;
	if (o.result != OK || dry)
		return o;
	fputs("user data header\n", to);
	sms_print_header(to, &h);
	if (reader_left(&r))
		sms_print_octets(to, "behind it", text_range((const char *)r.at, reader_left(&r)));
	return o;
}

static const struct form forms[] = {
	{ "deliver", "SMS-DELIVER", 0, as_tpdu, TPDU_DELIVER, TPDU_TO_PHONE },
	{ "submit", "SMS-SUBMIT", 0, as_tpdu, TPDU_SUBMIT, TPDU_FROM_PHONE },
	{ "status-report", "SMS-STATUS-REPORT", 0, as_tpdu, TPDU_STATUS_REPORT, TPDU_TO_PHONE },
	{ "command", "SMS-COMMAND", 0, as_tpdu, TPDU_COMMAND, TPDU_FROM_PHONE },
	{ "rp", "RP message", 0, as_rp, 0, 0 },
	{ "modem", "modem PDU", 0, as_modem, 0, 0 },
	{ "deliver-report", "SMS-DELIVER-REPORT", 1, as_tpdu, TPDU_DELIVER_REPORT, TPDU_FROM_PHONE },
	{ "submit-report", "SMS-SUBMIT-REPORT", 1, as_tpdu, TPDU_SUBMIT_REPORT, TPDU_TO_PHONE },
	{ "udh", "user data header", 2, as_header, 0, 0 },
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))
#define RANKS 3u

const char *const sms_forms[] = { "deliver", "submit",	       "status-report", "command", "rp",
				  "modem",   "deliver-report", "submit-report", "udh",	   NULL };

static unsigned try_forms(FILE *to, struct text octets, const char *only, unsigned rank)
{
	unsigned found = 0;

	for (const struct form *f = forms; f < forms + FORMS; f++) {
		if (only ? strcmp(f->name, only) != 0 : f->rank != rank)
			continue;
		if (f->print(to, f, octets, true).result != OK)
			continue;
		if (found++)
			fputs("\nor\n", to);
		(void)f->print(to, f, octets, false);
	}
	return found;
}

static void print_why_not(FILE *to, struct text octets, const char *only)
{
	for (const struct form *f = forms; f < forms + FORMS; f++) {
		if (only && strcmp(f->name, only))
			continue;
		struct outcome o = f->print(to, f, octets, true);
		fprintf(to, "no %-18s  %s at octet %zu\n", f->title, result_name(o.result), o.bad_octet);
	}
}

unsigned sms_print_decoded(FILE *to, struct text octets, const char *form)
{
	unsigned found = 0;

	for (unsigned rank = 0; rank < RANKS && !found; rank++)
		found = try_forms(to, octets, form, rank);
	if (!found)
		print_why_not(to, octets, form);
	return found;
}
