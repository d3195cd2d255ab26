/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gateway that runs: does its terminal answer, does the queue, does the API. */
#include <stdio.h>
#include <string.h>

#include "core/net/net_address.h"
#include "daemon/cellpost.h"
#include "daemon/cellpost_http.h"
#include "daemon/cellpost_vty.h"
#include "daemon/doctor.h"

#define API_US (5 * INT64_C(1000000))

struct first {
	const char *kind;
	char address[NET_ADDRESS_TEXT_SIZE];
};

static void take_first(void *owner, const struct node_kind *kind, struct text address)
{
	struct first *f = owner;

	if (!f->address[0] && !strcmp(kind->name, f->kind))
		(void)text_copy(address, f->address, sizeof(f->address));
}

static bool first_address(const struct doctor *d, struct first *f)
{
	config_listens(d->config, take_first, f);
	return f->address[0] != '\0';
}

/* "waiting      3", from the answer to `show queue`. */
static void say_queue(struct doctor *d, struct text answer)
{
	struct text line = { 0 };

	if (text_starts(answer, "%")) {
		(void)text_split(&answer, '\n', &line);
		doctor_say(d, FINDING_FAIL, "queue", "`cellpost show roles` says how each part of the gateway is",
			   "%.*s", TEXT_ARGS(line));
		return;
	}
	while (text_split(&answer, '\n', &line)) {
		if (text_starts(line, "ledger") && !memmem(line.at, line.len, " sound", 6))
			doctor_say(d, FINDING_FAIL, "ledger", "stop priced sending, and compare the sums",
				   "it is not sound");
		if (text_starts(line, "waiting"))
			doctor_say(d, FINDING_OK, "queue", NULL, "answers: %.*s", TEXT_ARGS(line));
	}
}

static struct text next_word(struct text *rest)
{
	struct text word = { 0 };

	while (text_split(rest, ' ', &word) && !word.len)
		;
	return word;
}

/* "NAME  up|down  ...", under a line of titles. */
static void say_links(struct doctor *d, struct text answer)
{
	struct text line = { 0 };
	unsigned up = 0, down = 0;

	(void)text_split(&answer, '\n', &line);
	while (text_split(&answer, '\n', &line)) {
		struct text name = next_word(&line), state = next_word(&line);
		up += text_is(state, "up");
		if (!text_is(state, "down"))
			continue;
		down++;
		doctor_say(d, FINDING_WARN, "link",
			   "`cellpost show links` says more; what it should take waits meanwhile", "%.*s is down",
			   TEXT_ARGS(name));
	}
	if (!down)
		doctor_say(d, up ? FINDING_OK : FINDING_WARN, "links", "a message has nowhere to go: `smsc` or `lab`",
			   "%u up", up);
}

static void ask_links(struct doctor *d, const char *where)
{
	struct vty_answer answer = { 0 };
	const char *why = "";

	if (vty_ask(where, "show links", &answer, &why) == OK)
		say_links(d, vty_answer_text(&answer));
	vty_answer_clear(&answer);
}

static void terminal(struct doctor *d, const char *where)
{
	struct vty_answer answer = { 0 };
	const char *why = "";

	if (vty_ask(where, "show queue", &answer, &why) == OK) {
		say_queue(d, vty_answer_text(&answer));
		ask_links(d, where);
	} else if (d->running) {
		doctor_say(d, FINDING_FAIL, "terminal",
			   "`journalctl -u cellpostd` or the gateway's own output says more", "%s does not answer: %s",
			   where, why);
	} else {
		doctor_say(d, FINDING_WARN, "gateway", "`make run`, or `systemctl start cellpostd`", "it does not run");
	}
	vty_answer_clear(&answer);
}

static void api(struct doctor *d, const char *url)
{
	struct cellpost_request request = { .url = url,
					    .method = HTTP_METHOD_GET,
					    .path = "/readyz",
					    .timeout_us = API_US,
					    .authorities = cellpost_setting(NULL, "CELLPOST_AUTHORITIES", NULL) };
	struct cellpost_answer answer;

	(void)cellpost_http_ask(&request, &answer);
	if (answer.result != OK)
		doctor_say(d, d->running ? FINDING_FAIL : FINDING_WARN, "API",
			   "is `listen` of `http` what you ask for?", "%s: %s", url, answer.why);
	else
		doctor_say(d, answer.status == 200 ? FINDING_OK : FINDING_FAIL, "API",
			   "`cellpost show roles` says how each part of the gateway is", "%s/readyz answers %u", url,
			   answer.status);
	cellpost_answer_clear(&answer);
}

void doctor_live(struct doctor *d)
{
	struct first vty = { .kind = "vty" }, http = { .kind = "http" };
	char url[NET_ADDRESS_TEXT_SIZE + 8];

	if (d->vty || first_address(d, &vty))
		terminal(d, d->vty ? d->vty : vty.address);
	if (!d->running && !d->url)
		return;
	if (!d->url && !first_address(d, &http))
		return;
	snprintf(url, sizeof(url), "http://%s", http.address);
	if (d->url || strncmp(http.address, "unix:", 5))
		api(d, d->url ? d->url : url);
}
