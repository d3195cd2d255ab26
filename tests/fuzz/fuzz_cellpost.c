/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator's command reads from others: octets of short messages, answers of the API, the terminal and the
 * lab. Whatever they hold, nothing but printable characters and line ends is printed. First octet: which of them. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/reader.h"
#include "daemon/cellpost_send.h"
#include "daemon/cellpost_sms.h"
#include "daemon/cellpost_terminal.h"
#include "daemon/cellpost_vty.h"
#include "daemon/phone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void of_terminal(FILE *to, struct text t)
{
	struct vty_answer answer = { 0 };
	struct reader r = reader_of(t.at, t.len);
	bool prompt;

	while (reader_left(&r)) {
		uint8_t octet = reader_u8(&r);
		vty_answer_take(&answer, &octet, 1, &prompt);
	}
	terminal_print(to, vty_answer_text(&answer), "");
	vty_answer_clear(&answer);
}

static void of_lab(FILE *to, struct text t)
{
	struct json_doc *doc = NULL;
	struct phone_event e;

	if (!phone_event(t, &doc, &e))
		return;
	terminal_print(to, e.text, "");
	terminal_print(to, e.from, NULL);
	json_free(&doc);
}

static void of_keys(FILE *to, struct text t)
{
	struct phone_edit edit = { 0 };
	struct reader r = reader_of(t.at, t.len);

	while (reader_left(&r)) {
		if (phone_edit_key(&edit, reader_u8(&r)) == PHONE_KEY_LINE) {
			struct phone_typed typed = phone_typed(text_range(edit.line, edit.len), TEXT_LITERAL("+81"));
			terminal_print(to, typed.text, NULL);
			phone_edit_clear(&edit);
		}
	}
	terminal_print(to, phone_edit_tail(&edit, 20), NULL);
}

static void print(FILE *to, uint8_t which, struct text t)
{
	switch (which % 6) {
	case 0:
		(void)sms_print_decoded(to, t, NULL);
		break;
	case 1:
		(void)send_print_answer(to, t);
		break;
	case 2:
		send_print_problem(to, 400, t);
		break;
	case 3:
		of_terminal(to, t);
		break;
	case 4:
		of_lab(to, t);
		break;
	default:
		of_keys(to, t);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_of(data, size);
	char *printed = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&printed, &n);
	uint8_t which = reader_u8(&r);

	if (!to)
		return 0;
	print(to, which, text_range((const char *)r.at, reader_left(&r)));
	fclose(to);
	for (size_t i = 0; i < n; i++) {
		if (((unsigned char)printed[i] < 0x20 && printed[i] != '\n') || printed[i] == 0x7f)
			abort();
	}
	free(printed);
	return 0;
}
