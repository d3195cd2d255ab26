/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A modem: the start, one command at a time, what is due next, and what became of it. */
#include "sms/modem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/hex.h"
#include "sms/modem_internal.h"
#include "sms/tpdu.h"

#define CTRL_Z 0x1a
#define ESCAPE 0x1b
#define CMS_MEMORY_FULL 322u
#define CMS_NO_CENTRE 330u

/* The start, command by command. `other` is tried where the first is refused. */
static const struct step {
	const char *command, *other;
	bool needed; /* refused: this is no modem for us */
} steps[] = {
	{ "ATE0", NULL, true },
	{ "AT+CMEE=1", NULL, false },
	{ "AT+CPIN?", NULL, false },
	{ "AT+CREG=1", NULL, false },
	{ "AT+CMGF=0", NULL, true },
	{ "AT+CSMS=1", NULL, false }, /* acknowledged to the network by AT+CNMA; without it, by the modem */
	{ "AT+CPMS=\"ME\",\"ME\",\"ME\"", "AT+CPMS=\"SM\",\"SM\",\"SM\"", false },
	{ "AT+CSCA", NULL, false }, /* with the address, where one is configured */
	{ "AT+CNMI=2,2,0,1,0", "AT+CNMI=2,1,0,1,0", false },
	{ "AT+CREG?", NULL, false },
};
enum { STEP_PIN = 2, STEP_SERVICE = 5, STEP_CENTRE = 7, STEP_PUSH = 8, STEPS = sizeof(steps) / sizeof(steps[0]) };

/* These go into commands: nothing but digits. */
static void copy_number(const char *from, char *to, size_t size)
{
	struct text t = text_of(from);

	for (size_t i = 0; i < t.len; i++) {
		if (!(t.at[i] >= '0' && t.at[i] <= '9') && !(i == 0 && t.at[i] == '+'))
			return;
	}
	(void)text_copy(t, to, size);
}

struct modem *modem_new(const struct modem_user *user, void *owner, const struct modem_config *config)
{
	struct modem *m = must_alloc(sizeof(*m));

	m->user = user;
	m->owner = owner;
	copy_number(config->pin, m->pin, sizeof(m->pin));
	copy_number(config->centre, m->centre, sizeof(m->centre));
	m->timers = config->timers;
	m->signal = 99;
	m->bad = counter_get(COUNTER_COUNT, "sms_modem_bad_total", "", "lines and PDUs of modems that make no sense");
	m->received = counter_get(COUNTER_COUNT, "sms_modem_received_total", "", "messages and reports from modems");
	m->sent = counter_get(COUNTER_COUNT, "sms_modem_sent_total", "", "messages that modems sent");
	m->failed = counter_get(COUNTER_COUNT, "sms_modem_failed_total", "", "messages that modems could not send");
	m->silent = counter_get(COUNTER_COUNT, "sms_modem_silent_total", "", "commands without answer");
	return m;
}

void modem_free(struct modem **modem)
{
	free(*modem);
	*modem = NULL;
}

/* --- states
 * -------------------------------------------------------------------------------------------------------------------
 */

static void set_state(struct modem *m, enum modem_state state, const char *why)
{
	if (m->state == state)
		return;
	m->state = state;
	m->user->state(m->owner, state, why);
}

static bool is_up(const struct modem *m)
{
	return m->state == MODEM_READY || m->state == MODEM_NO_NETWORK;
}

static void end_submit(struct modem *m, enum modem_outcome outcome, unsigned cause)
{
	struct modem_end end = { outcome, m->reference, (uint16_t)cause };

	if (!m->submit_due && !m->submitting)
		return;
	m->submit_due = m->submitting = false;
	counter_add(outcome == MODEM_SENT ? m->sent : m->failed, 1);
	m->user->ended(m->owner, &end);
}

/* Whatever was under way is over; what the modem keeps, it will tell again. */
static void give_up(struct modem *m)
{
	bool behind_prompt = m->command == MODEM_CMD_PDU;

	m->command = MODEM_CMD_NONE;
	m->expect = MODEM_EXPECT_NOTHING;
	m->commits_stale += m->commits_count;
	m->commits_count = 0;
	m->ack_due = m->delete_due = m->reading = false;
	m->waiting_count = 0;
	m->due_us = m->watch_us = 0;
	m->line_len = 0;
	end_submit(m, behind_prompt ? MODEM_UNSURE : MODEM_NOT_SENT, 0);
}

void modem_broken(struct modem *m, const char *why)
{
	give_up(m);
	m->due_us = m->now_us + m->timers.pause_us;
	set_state(m, MODEM_BROKEN, why);
}

void modem_stop(struct modem *m, const char *why)
{
	give_up(m);
	set_state(m, MODEM_STOPPED, why);
}

void modem_line_lost(struct modem *m, int64_t now_us)
{
	m->now_us = now_us;
	give_up(m);
	set_state(m, MODEM_OFF, "the line is gone");
}

void modem_network(struct modem *m, unsigned stat)
{
	m->registered = stat == 1 || stat == 5;
	if (is_up(m))
		set_state(m, m->registered ? MODEM_READY : MODEM_NO_NETWORK,
			  m->registered ? "registered"
			  : stat == 3	? "registration denied"
					: "no network");
}

/* --- commands out
 * ---------------------------------------------------------------------------------------------------------------- */

static void begin(struct modem *m, enum modem_command command, int64_t wait_us)
{
	m->command = command;
	m->due_us = m->now_us + wait_us;
}

__attribute__((format(printf, 3, 4))) static void say(struct modem *m, enum modem_command command, const char *format,
						      ...)
{
	char room[128];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(room, sizeof(room) - 1, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(room) - 1)
		return;
	room[n] = '\r';
	begin(m, command, m->timers.command_us);
	m->user->send(m->owner, room, (size_t)n + 1);
}

static void say_step(struct modem *m, bool other)
{
	const struct step *step = &steps[m->step];

	/* Pushed and not acknowledged by us, a message would be lost with us: then better from the store. */
	if (m->step == STEP_PUSH && !m->acknowledges)
		other = true;

	if (m->step == STEP_CENTRE && m->centre[0])
		say(m, MODEM_CMD_START, "AT+CSCA=\"%s\",%u", m->centre, m->centre[0] == '+' ? 145u : 129u);
	else if (m->step == STEP_CENTRE)
		say(m, MODEM_CMD_START, "AT");
	else
		say(m, MODEM_CMD_START, "%s", other ? step->other : step->command);
}

static void begin_start(struct modem *m)
{
	give_up(m);
	m->step = 0;
	m->silences = 0;
	m->pin_wanted = m->other_tried = m->acknowledges = m->signal_due = m->network_due = false;
	m->registered = true; /* until it says otherwise: some say nothing */
	m->list_due = true;
	set_state(m, MODEM_STARTING, "starting");
	/* Whatever a predecessor left half said. */
	m->user->send(m->owner, (const uint8_t[]){ ESCAPE, '\r' }, 2);
	say_step(m, false);
}

void modem_start(struct modem *m, int64_t now_us)
{
	m->now_us = now_us;
	m->pin_tried = false;
	begin_start(m);
}

static void put_pdu(struct modem *m)
{
	char room[2 * MODEM_PDU_MAX + 4];
	struct writer w = writer_of(room, sizeof(room));

	writer_text(&w, TEXT_LITERAL("00")); /* the service centre of the SIM */
	hex_put(&w, m->tpdu, m->tpdu_len);
	writer_u8(&w, CTRL_Z);
	begin(m, MODEM_CMD_PDU, m->timers.send_us);
	m->reference_came = false;
	m->user->send(m->owner, room, writer_len(&w));
}

void modem_prompt(struct modem *m)
{
	if (m->command == MODEM_CMD_SUBMIT)
		put_pdu(m);
	else
		m->user->send(m->owner, (const uint8_t[]){ ESCAPE }, 1); /* for a command that we no longer wait for */
}

/* The most urgent first: the network waits for an acknowledgement, the store may fill. */
static void next_command(struct modem *m)
{
	if (m->command != MODEM_CMD_NONE || !is_up(m))
		return;
	if (m->ack_due) {
		m->ack_due = false;
		say(m, MODEM_CMD_ACK, m->ack_kept ? "AT+CNMA" : "AT+CNMA=2");
	} else if (m->delete_due) {
		m->delete_due = false;
		say(m, MODEM_CMD_DELETE, "AT+CMGD=%u", m->place);
	} else if (m->waiting_count && !m->reading) {
		m->reading = true;
		m->place = m->waiting[0];
		memmove(m->waiting, m->waiting + 1, --m->waiting_count * sizeof(m->waiting[0]));
		say(m, MODEM_CMD_READ, "AT+CMGR=%u", m->place);
	} else if (m->submit_due) {
		m->submit_due = false;
		m->submitting = true;
		say(m, MODEM_CMD_SUBMIT, "AT+CMGS=%zu", m->tpdu_len);
	} else if (m->list_due) {
		m->list_due = false;
		say(m, MODEM_CMD_LIST, "AT+CMGL=4");
	} else if (m->signal_due) {
		m->signal_due = false;
		say(m, MODEM_CMD_SIGNAL, "AT+CSQ");
	} else if (m->network_due) {
		m->network_due = false;
		say(m, MODEM_CMD_NETWORK, "AT+CREG?");
	}
}

/* --- results
 * --------------------------------------------------------------------------------------------------------------------
 */

static void next_step(struct modem *m)
{
	if (++m->step < STEPS) {
		say_step(m, false);
		return;
	}
	m->watch_us = m->now_us + m->timers.watch_us;
	m->signal_due = true;
	set_state(m, m->registered ? MODEM_READY : MODEM_NO_NETWORK, m->registered ? "registered" : "no network");
}

static void stop_for_sim(struct modem *m, unsigned cms)
{
	modem_stop(m, cms == 310		 ? "no SIM"
		      : cms == 312 || cms == 311 ? "the SIM wants its PIN"
						 : "the SIM does not serve");
}

/* 27.005 3.2.5: 314 is a SIM that is only busy. */
static bool is_sim_error(unsigned cms)
{
	return cms >= 310 && cms <= 318 && cms != 314;
}

static void step_done(struct modem *m, bool ok, unsigned cms)
{
	const struct step *step = &steps[m->step];

	if (m->step == STEP_PIN && m->pin_wanted) {
		m->pin_wanted = false;
		if (m->pin_tried || !m->pin[0]) {
			modem_stop(m, m->pin_tried ? "the SIM refused its PIN" : "the SIM wants its PIN");
			return;
		}
		m->pin_tried = true; /* three wrong ones lock it */
		say(m, MODEM_CMD_PIN, "AT+CPIN=\"%s\"", m->pin);
		return;
	}
	if (m->step == STEP_SERVICE)
		m->acknowledges = ok;
	if (!ok && is_sim_error(cms)) {
		stop_for_sim(m, cms);
	} else if (!ok && step->other && !m->other_tried) {
		m->other_tried = true;
		say_step(m, true);
	} else if (!ok && step->needed) {
		modem_broken(m, "it refuses a command that we need");
	} else {
		m->other_tried = false;
		next_step(m);
	}
}

static void submit_done(struct modem *m, bool ok, unsigned cms, bool behind_prompt)
{
	if (ok && behind_prompt && m->reference_came) {
		end_submit(m, MODEM_SENT, 0);
		return;
	}
	if (ok) { /* an OK that says nothing: where the PDU went is not known */
		end_submit(m, behind_prompt ? MODEM_UNSURE : MODEM_NOT_SENT, 0);
		return;
	}
	if (cms == CMS_MEMORY_FULL)
		m->list_due = true;
	end_submit(m, MODEM_REFUSED, cms ? cms : MODEM_CMS_UNKNOWN);
	if (is_sim_error(cms))
		stop_for_sim(m, cms);
	else if (cms == CMS_NO_CENTRE)
		modem_stop(m, "the SIM has no service centre");
}

/* Refused: the network gave up waiting for it, and some modems then push no more until told again. */
static void ack_done(struct modem *m, bool ok)
{
	if (!ok && is_up(m))
		begin_start(m);
}

static bool has_stored_commit(const struct modem *m)
{
	for (unsigned i = 0; i < m->commits_count; i++) {
		if (m->commits[i] == MODEM_COMMIT_STORED)
			return true;
	}
	return false;
}

void modem_final(struct modem *m, bool ok, unsigned cms)
{
	enum modem_command command = m->command;

	if (command == MODEM_CMD_NONE)
		return;
	m->command = MODEM_CMD_NONE;
	m->due_us = 0;
	m->silences = 0;
	switch (command) {
	case MODEM_CMD_START:
		step_done(m, ok, cms);
		break;
	case MODEM_CMD_PIN:
		if (ok)
			say_step(m, false); /* is it ready now? */
		else
			modem_stop(m, "the SIM refused its PIN");
		break;
	case MODEM_CMD_SUBMIT:
	case MODEM_CMD_PDU:
		submit_done(m, ok, cms, command == MODEM_CMD_PDU);
		break;
	case MODEM_CMD_ACK:
		ack_done(m, ok);
		break;
	case MODEM_CMD_READ:
		if (!has_stored_commit(m))
			m->reading = false; /* the place is empty */
		break;
	default:
		break;
	}
}

/* --- what arrives
 * ---------------------------------------------------------------------------------------------------------------- */

void modem_want_place(struct modem *m, unsigned place)
{
	if (m->reading && place == m->place)
		return;
	for (unsigned i = 0; i < m->waiting_count; i++) {
		if (m->waiting[i] == place)
			return;
	}
	if (m->waiting_count == MODEM_WAITING_MAX)
		m->list_due = true;
	else
		m->waiting[m->waiting_count++] = place;
}

/* What could not be kept stays in the store until the next look. */
static void settle(struct modem *m, enum modem_commit commit, bool kept)
{
	if (commit == MODEM_COMMIT_STORED) {
		m->reading = false;
		m->delete_due = kept;
	} else if (m->acknowledges) {
		m->ack_due = true;
		m->ack_kept = kept;
	}
}

static bool decode_pdu(const struct modem *m, struct text hex, struct writer *room, struct modem_message *out)
{
	struct tpdu t;

	if (hex_take(hex, room) != OK)
		return false;
	struct reader r = reader_of(room->start, writer_len(room));
	*out = (struct modem_message){ 0 };
	if (sms_address_take_rp(&r, &out->centre, NULL) != OK || reader_left(&r) != m->announced)
		return false;
	size_t len = reader_left(&r);
	out->tpdu = text_range((const char *)reader_take(&r, len), len);
	return tpdu_decode(out->tpdu.at, len, TPDU_TO_PHONE, TPDU_IN_DATA, &t, NULL) == OK;
}

/*
 * What cannot be read is acknowledged, or deleted: the network would only send it again. What is too much is not: it
 * will be sent again.
 */
void modem_pdu(struct modem *m, struct text hex)
{
	enum modem_commit commit = m->expect == MODEM_EXPECT_STORED ? MODEM_COMMIT_STORED : MODEM_COMMIT_PUSHED;
	uint8_t octets[MODEM_PDU_MAX];
	struct writer room = writer_of(octets, sizeof(octets));
	struct modem_message message;
	bool listed = m->expect == MODEM_EXPECT_LISTED;

	m->expect = MODEM_EXPECT_NOTHING;
	if (listed)
		return;
	if (!decode_pdu(m, hex, &room, &message)) {
		counter_add(m->bad, 1);
		settle(m, commit, true);
	} else if (m->commits_count == MODEM_COMMITS_MAX) {
		counter_add(m->bad, 1);
		settle(m, commit, false);
	} else {
		m->commits[m->commits_count++] = commit; /* before: the owner may answer from within */
		counter_add(m->received, 1);
		m->user->message(m->owner, &message);
	}
}

void modem_committed(struct modem *m, bool kept, int64_t now_us)
{
	m->now_us = now_us;
	if (m->commits_stale) {
		m->commits_stale--;
		return;
	}
	if (!m->commits_count)
		return;
	enum modem_commit commit = m->commits[0];
	memmove(m->commits, m->commits + 1, --m->commits_count * sizeof(m->commits[0]));
	settle(m, commit, kept);
	next_command(m);
}

static void end_line(struct modem *m)
{
	bool dropped = m->line_too_long;

	m->line[m->line_len] = 0;
	struct text line = text_range(m->line, m->line_len);
	m->line_len = 0;
	m->line_too_long = false;
	if (dropped)
		counter_add(m->bad, 1);
	else
		modem_line(m, line);
}

void modem_received(struct modem *m, const void *octets, size_t len, int64_t now_us)
{
	struct reader r = reader_of(octets, len);

	m->now_us = now_us;
	while (reader_left(&r) && m->state != MODEM_OFF) {
		char c = (char)reader_u8(&r);

		if (c == '\r' || c == '\n') {
			end_line(m);
		} else if (m->line_len == MODEM_LINE_MAX) {
			m->line_too_long = true;
		} else {
			m->line[m->line_len++] = c;
			/* The prompt has no line end. */
			if (c == '>' && m->line_len == 1)
				end_line(m);
		}
	}
	next_command(m);
}

enum result modem_submit(struct modem *m, struct text tpdu, int64_t now_us)
{
	m->now_us = now_us;
	if (m->state != MODEM_READY)
		return ERR_CLOSED;
	if (m->submit_due || m->submitting)
		return ERR_BUSY;
	if (!tpdu.len || tpdu.len > TPDU_MAX)
		return ERR_TOO_BIG;
	memcpy(m->tpdu, tpdu.at, tpdu.len);
	m->tpdu_len = tpdu.len;
	m->reference = 0;
	m->submit_due = true;
	next_command(m);
	return OK;
}

/* --- time
 * --------------------------------------------------------------------------------------------------------------------------
 */

int64_t modem_next_us(const struct modem *m)
{
	int64_t next = m->due_us ? m->due_us : INT64_MAX;

	return m->watch_us && m->watch_us < next ? m->watch_us : next;
}

static void silence(struct modem *m)
{
	enum modem_command command = m->command;

	m->due_us = 0;
	counter_add(m->silent, 1);
	/* A PDU without answer, or a start that goes nowhere: the line needs a new start. */
	if (++m->silences >= MODEM_SILENCES_MAX || command == MODEM_CMD_PDU || command == MODEM_CMD_START ||
	    command == MODEM_CMD_PIN) {
		modem_broken(m, "it does not answer");
		return;
	}
	m->command = MODEM_CMD_NONE;
	if (command == MODEM_CMD_SUBMIT) {
		m->user->send(m->owner, (const uint8_t[]){ ESCAPE }, 1);
		end_submit(m, MODEM_NOT_SENT, 0);
	}
	if (command == MODEM_CMD_ACK)
		m->ack_due = true;
	if (command == MODEM_CMD_READ)
		m->reading = has_stored_commit(m);
	if (command == MODEM_CMD_READ || command == MODEM_CMD_DELETE)
		m->list_due = true;
}

void modem_run(struct modem *m, int64_t now_us)
{
	m->now_us = now_us;
	if (m->due_us && m->due_us <= now_us) {
		if (m->state == MODEM_BROKEN)
			begin_start(m);
		else
			silence(m);
	}
	if (m->watch_us && m->watch_us <= now_us) {
		m->watch_us = now_us + m->timers.watch_us;
		m->signal_due = m->network_due = m->list_due = true;
	}
	next_command(m);
}

enum modem_state modem_state_of(const struct modem *m)
{
	return m->state;
}

const char *modem_state_name(enum modem_state state)
{
	static const char *const names[MODEM_STATES] = {
		"off", "starting", "ready", "no network", "broken", "stopped"
	};

	return state < MODEM_STATES ? names[state] : NULL;
}

int modem_signal(const struct modem *m)
{
	return m->signal;
}
