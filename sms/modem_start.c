/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The start of a modem: its commands in order, the PIN, and what each refusal means. */
#include "sms/modem_internal.h"

#define ESCAPE 0x1b

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
	{ "AT+CSMS=1", NULL, false },	 /* acknowledged to the network by AT+CNMA; without it, by the modem */
	{ "AT+CPMS", "AT+CPMS", false }, /* with the storage */
	{ "AT+CSCA", NULL, false },	 /* with the address, where one is configured */
	{ "AT+CNMI=2,2,0,1,0", "AT+CNMI=2,1,0,1,0", false },
	{ "AT+CREG?", NULL, false },
};
enum {
	STEP_PIN = 2,
	STEP_SERVICE = 5,
	STEP_STORAGE = 6,
	STEP_CENTRE = 7,
	STEP_PUSH = 8,
	STEPS = sizeof(steps) / sizeof(steps[0])
};

/* The second where the first is refused. */
static const char *const storages[][2] = {
	[MODEM_STORAGE_ANY] = { "\"ME\",\"ME\",\"ME\"", "\"SM\",\"SM\",\"SM\"" },
	[MODEM_STORAGE_SIM] = { "\"SM\",\"SM\",\"SM\"", "\"SM\"" },
	[MODEM_STORAGE_PHONE] = { "\"ME\",\"ME\",\"ME\"", "\"ME\"" },
	[MODEM_STORAGE_BOTH] = { "\"MT\",\"ME\",\"ME\"", "\"MT\",\"SM\",\"SM\"" },
};

void modem_say_step(struct modem *m, bool other)
{
	const struct step *step = &steps[m->step];

	/* Pushed and not acknowledged by us, a message would be lost with us: then better from the store. */
	if (m->step == STEP_PUSH && !m->acknowledges)
		other = true;

	if (m->step == STEP_CENTRE && m->centre[0])
		modem_say(m, MODEM_CMD_START, "AT+CSCA=\"%s\",%u", m->centre, m->centre[0] == '+' ? 145u : 129u);
	else if (m->step == STEP_STORAGE)
		modem_say(m, MODEM_CMD_START, "AT+CPMS=%s", storages[m->storage][other]);
	else if (m->step == STEP_CENTRE)
		modem_say(m, MODEM_CMD_START, "AT");
	else
		modem_say(m, MODEM_CMD_START, "%s", other ? step->other : step->command);
}

void modem_begin_start(struct modem *m)
{
	modem_give_up(m);
	m->step = 0;
	m->silences = 0;
	m->pin_wanted = m->other_tried = m->acknowledges = m->signal_due = m->network_due = false;
	m->registered = true; /* until it says otherwise: some say nothing */
	m->list_due = true;
	modem_set_state(m, MODEM_STARTING, "starting");
	/* Whatever a predecessor left half said. */
	m->user->send(m->owner, (const uint8_t[]){ ESCAPE, '\r' }, 2);
	modem_say_step(m, false);
}

void modem_start(struct modem *m, int64_t now_us)
{
	m->now_us = now_us;
	m->pin_tried = false;
	modem_begin_start(m);
}

void modem_resume(struct modem *m, int64_t now_us)
{
	m->now_us = now_us;
	if (m->state == MODEM_STOPPED)
		modem_begin_start(m);
}

static void next_step(struct modem *m)
{
	if (++m->step < STEPS) {
		modem_say_step(m, false);
		return;
	}
	m->watch_us = m->now_us + m->timers.watch_us;
	m->signal_due = true;
	modem_set_state(m, m->registered ? MODEM_READY : MODEM_NO_NETWORK, m->registered ? "registered" : "no network");
}

void modem_stop_for_sim(struct modem *m, unsigned cms)
{
	modem_stop(m, cms == 310		 ? "no SIM"
		      : cms == 312 || cms == 311 ? "the SIM wants its PIN"
						 : "the SIM does not serve");
}

/* 27.005 3.2.5: 314 is a SIM that is only busy. */
bool modem_is_sim_error(unsigned cms)
{
	return cms >= 310 && cms <= 318 && cms != 314;
}

void modem_step_done(struct modem *m, bool ok, unsigned cms)
{
	const struct step *step = &steps[m->step];

	if (m->step == STEP_PIN && m->pin_wanted) {
		m->pin_wanted = false;
		if (m->pin_tried || !m->pin[0]) {
			modem_stop(m, m->pin_tried ? "the SIM refused its PIN" : "the SIM wants its PIN");
			return;
		}
		m->pin_tried = true; /* three wrong ones lock it */
		modem_say(m, MODEM_CMD_PIN, "AT+CPIN=\"%s\"", m->pin);
		return;
	}
	if (m->step == STEP_SERVICE)
		m->acknowledges = ok;
	if (!ok && modem_is_sim_error(cms)) {
		modem_stop_for_sim(m, cms);
	} else if (!ok && step->other && !m->other_tried) {
		m->other_tried = true;
		modem_say_step(m, true);
	} else if (!ok && m->step == STEP_STORAGE && m->storage != MODEM_STORAGE_ANY) {
		modem_stop(m, "it has not the storage that is configured");
	} else if (!ok && step->needed) {
		modem_broken(m, "it refuses a command that we need");
	} else {
		m->other_tried = false;
		next_step(m);
	}
}
