/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a modem says, line by line: results (27.007 annex B), answers and unsolicited codes (27.005 3.4, 4.1). */
#include "sms/modem_internal.h"

/* "+CMGS: 5": true, and what stands behind the colon. */
static bool named(struct text line, const char *name, struct text *rest)
{
	size_t n = strlen(name);

	if (line.len <= n || !text_starts(line, name) || line.at[n] != ':')
		return false;
	*rest = text_trim(text_range(line.at + n + 1, line.len - n - 1));
	return true;
}

static bool take_number(struct text *t, uint64_t max, unsigned *out)
{
	uint64_t v = 0;

	*t = text_trim(*t);
	if (!text_take_u64(t, max, &v))
		return false;
	*out = (unsigned)v;
	return true;
}

/* The last number of a list: "1,,23" or ",23". */
static bool last_number(struct text t, uint64_t max, unsigned *out)
{
	struct text part, last = { 0 };

	while (text_split(&t, ',', &part))
		last = text_trim(part);
	return take_number(&last, max, out) && !last.len;
}

static bool result_line(struct modem *m, struct text line)
{
	struct text rest;
	unsigned code = 0;

	if (text_is(line, "OK")) {
		modem_final(m, true, 0);
	} else if (text_is(line, "ERROR") || text_is(line, "COMMAND NOT SUPPORT")) {
		modem_final(m, false, 0);
	} else if (named(line, "+CMS ERROR", &rest)) {
		modem_final(m, false, take_number(&rest, 999, &code) ? code : MODEM_CMS_UNKNOWN);
	} else if (named(line, "+CME ERROR", &rest)) {
		/* 27.007 9.2: 10 to 18 are the SIM's; here as the causes of 27.005, 310 to 318, that mean the same. */
		bool sim = take_number(&rest, 999, &code) && code >= 10 && code <= 18;
		modem_final(m, false, sim ? code + 300 : MODEM_CMS_UNKNOWN);
	} else {
		return false;
	}
	return true;
}

static void expect_pdu(struct modem *m, struct text rest, enum modem_expect expect)
{
	if (last_number(rest, MODEM_PDU_MAX, &m->announced))
		m->expect = expect;
	else
		counter_add(m->bad, 1);
}

static void stored(struct modem *m, struct text rest)
{
	unsigned place;

	if (last_number(rest, 65535, &place))
		modem_want_place(m, place);
}

/* "index,stat,alpha,length": the PDU in the next line is looked at later, one place at a time. */
static void listed(struct modem *m, struct text rest)
{
	unsigned place;

	if (take_number(&rest, 65535, &place))
		modem_want_place(m, place);
	m->expect = MODEM_EXPECT_LISTED;
}

/* "stat" alone is unsolicited, "n,stat[,...]" an answer. */
static void network(struct modem *m, struct text rest)
{
	unsigned first, second;

	if (!take_number(&rest, 99, &first))
		return;
	if (m->command == MODEM_CMD_NETWORK || m->command == MODEM_CMD_START) {
		if (rest.len && rest.at[0] == ',') {
			rest = text_range(rest.at + 1, rest.len - 1);
			if (take_number(&rest, 99, &second))
				first = second;
		}
	}
	modem_network(m, first);
}

static void pin_state(struct modem *m, struct text rest)
{
	if (text_is(rest, "READY"))
		return;
	if (text_is(rest, "SIM PIN"))
		m->pin_wanted = true;
	else
		modem_stop(m, text_is(rest, "SIM PUK") ? "the SIM wants its PUK" : "the SIM is locked");
}

static bool answer_line(struct modem *m, struct text line)
{
	struct text rest;
	unsigned v;

	if (named(line, "+CMT", &rest) || named(line, "+CDS", &rest)) {
		expect_pdu(m, rest, MODEM_EXPECT_PUSHED);
	} else if (named(line, "+CMTI", &rest) || named(line, "+CDSI", &rest)) {
		stored(m, rest);
	} else if (named(line, "+CMGR", &rest)) {
		expect_pdu(m, rest, MODEM_EXPECT_STORED);
	} else if (named(line, "+CMGL", &rest)) {
		listed(m, rest);
	} else if (named(line, "+CMGS", &rest)) {
		m->reference_came = take_number(&rest, 255, &v);
		m->reference = m->reference_came ? (uint8_t)v : 0;
	} else if (named(line, "+CREG", &rest)) {
		network(m, rest);
	} else if (named(line, "+CSQ", &rest)) {
		m->signal = take_number(&rest, 99, &v) ? (int)v : 99;
	} else if (named(line, "+CPIN", &rest)) {
		pin_state(m, rest);
	} else {
		return false;
	}
	return true;
}

void modem_line(struct modem *m, struct text line)
{
	line = text_trim(line);
	if (!line.len)
		return;
	if (m->expect != MODEM_EXPECT_NOTHING) {
		modem_pdu(m, line);
		return;
	}
	if (text_is(line, ">"))
		modem_prompt(m);
	else if (!result_line(m, line))
		(void)answer_line(m, line); /* echoes and what else modems say to themselves */
}
