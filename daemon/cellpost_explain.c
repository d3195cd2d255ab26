/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `cellpost explain` prints of a quote: per recipient the outcome, the rule and facts, a sentence per bearer. */
#include "daemon/cellpost_send.h"
#include "daemon/cellpost_terminal.h"

static bool print_text(FILE *to, const char *before, const struct json_value *v, const char *after)
{
	struct text t;

	if (!json_text(v, &t) || !t.len)
		return false;
	fputs(before, to);
	terminal_print(to, t, NULL);
	fputs(after, to);
	return true;
}

static void print_recipient(FILE *to, const struct json_value *r)
{
	const struct json_value *bearers = json_member(r, "bearers");

	(void)print_text(to, "", json_member(r, "to"), ": ");
	(void)print_text(to, "", json_member(r, "outcome"), "");
	(void)print_text(to, " by link ", json_member(r, "link"), "");
	if (print_text(to, ", ", json_member(r, "price"), ""))
		(void)print_text(to, " ", json_member(r, "currency"), "");
	fputs("\n", to);
	if (!print_text(to, "  ", json_member(r, "decision"), "\n"))
		(void)print_text(to, "  ", json_member(r, "reason"), "\n");
	(void)print_text(to, "  ", json_member(r, "screening"), "\n");
	for (size_t i = 0; i < json_count(bearers); i++)
		(void)print_text(to, "  ", json_item(bearers, i), "\n");
}

static void print_sum(FILE *to, const struct json_value *root)
{
	if (!print_text(to, "in all ", json_member(root, "total"), ""))
		return;
	(void)print_text(to, " ", json_member(root, "currency"), "");
	(void)print_text(to, ", to spend ", json_member(root, "available"), "");
	(void)print_text(to, ": ", json_member(root, "why"), "");
	fputs("\n", to);
}

bool send_print_decision(FILE *to, struct text body)
{
	struct json_doc *doc = NULL;
	struct json_error error;
	bool accepted = true;

	if (json_parse(body, NULL, &doc, &error))
		return send_print_answer(to, body);
	const struct json_value *recipients = json_member(json_root(doc), "recipients");
	for (size_t i = 0; i < json_count(recipients); i++)
		print_recipient(to, json_item(recipients, i));
	print_sum(to, json_root(doc));
	if (json_bool(json_member(json_root(doc), "accepted"), &accepted) && !accepted)
		fputs("it would be refused\n", to);
	json_free(&doc);
	return accepted;
}
