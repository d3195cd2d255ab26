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
	m->storage = config->storage;
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

/* --- states --- */

void modem_set_state(struct modem *m, enum modem_state state, const char *why)
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
void modem_give_up(struct modem *m)
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
	modem_give_up(m);
	m->due_us = m->now_us + m->timers.pause_us;
	modem_set_state(m, MODEM_BROKEN, why);
}

void modem_stop(struct modem *m, const char *why)
{
	modem_give_up(m);
	modem_set_state(m, MODEM_STOPPED, why);
}

void modem_halt(struct modem *m, const char *why, int64_t now_us)
{
	m->now_us = now_us;
	if (is_up(m))
		modem_stop(m, why);
}

void modem_line_lost(struct modem *m, int64_t now_us)
{
	m->now_us = now_us;
	modem_give_up(m);
	modem_set_state(m, MODEM_OFF, "the line is gone");
}

void modem_network(struct modem *m, unsigned stat)
{
	m->registered = stat == 1 || stat == 5;
	if (is_up(m))
		modem_set_state(m, m->registered ? MODEM_READY : MODEM_NO_NETWORK,
				m->registered ? "registered"
				: stat == 3   ? "registration denied"
					      : "no network");
}

/* --- commands out
 * ---------------------------------------------------------------------------------------------------------------- */

static void begin(struct modem *m, enum modem_command command, int64_t wait_us)
{
	m->command = command;
	m->due_us = m->now_us + wait_us;
}

void modem_say(struct modem *m, enum modem_command command, const char *format, ...)
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
void modem_next_command(struct modem *m)
{
	if (m->command != MODEM_CMD_NONE || !is_up(m))
		return;
	if (m->ack_due) {
		m->ack_due = false;
		modem_say(m, MODEM_CMD_ACK, m->ack_kept ? "AT+CNMA" : "AT+CNMA=2");
	} else if (m->delete_due) {
		m->delete_due = false;
		modem_say(m, MODEM_CMD_DELETE, "AT+CMGD=%u", m->place);
	} else if (m->waiting_count && !m->reading) {
		m->reading = true;
		m->place = m->waiting[0];
		memmove(m->waiting, m->waiting + 1, --m->waiting_count * sizeof(m->waiting[0]));
		modem_say(m, MODEM_CMD_READ, "AT+CMGR=%u", m->place);
	} else if (m->submit_due) {
		m->submit_due = false;
		m->submitting = true;
		modem_say(m, MODEM_CMD_SUBMIT, "AT+CMGS=%zu", m->tpdu_len);
	} else if (m->list_due) {
		m->list_due = false;
		modem_say(m, MODEM_CMD_LIST, "AT+CMGL=4");
	} else if (m->signal_due) {
		m->signal_due = false;
		modem_say(m, MODEM_CMD_SIGNAL, "AT+CSQ");
	} else if (m->network_due) {
		m->network_due = false;
		modem_say(m, MODEM_CMD_NETWORK, "AT+CREG?");
	}
}

/* --- results --- */

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
	if (modem_is_sim_error(cms))
		modem_stop_for_sim(m, cms);
	else if (cms == CMS_NO_CENTRE)
		modem_stop(m, "the SIM has no service centre");
}

/* Refused: the network gave up waiting for it, and some modems then push no more until told again. */
static void ack_done(struct modem *m, bool ok)
{
	if (!ok && is_up(m))
		modem_begin_start(m);
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
		modem_step_done(m, ok, cms);
		break;
	case MODEM_CMD_PIN:
		if (ok)
			modem_say_step(m, false); /* is it ready now? */
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
		if (!modem_has_stored_commit(m))
			m->reading = false; /* the place is empty */
		break;
	default:
		break;
	}
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
	modem_next_command(m);
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
	modem_next_command(m);
	return OK;
}

/* --- time --- */

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
		m->reading = modem_has_stored_commit(m);
	if (command == MODEM_CMD_READ || command == MODEM_CMD_DELETE)
		m->list_due = true;
}

void modem_run(struct modem *m, int64_t now_us)
{
	m->now_us = now_us;
	if (m->due_us && m->due_us <= now_us) {
		if (m->state == MODEM_BROKEN)
			modem_begin_start(m);
		else
			silence(m);
	}
	if (m->watch_us && m->watch_us <= now_us) {
		m->watch_us = now_us + m->timers.watch_us;
		m->signal_due = m->network_due = m->list_due = true;
	}
	modem_next_command(m);
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
