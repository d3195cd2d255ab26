/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The knobs of the configuration as a reference, made from the tables alone. cellpostd.conf(5) holds the mdoc form
 * between two marks; tests/scenario/test_cli.py compares the two, so that the page cannot go stale.
 */
#ifndef DAEMON_CELLPOST_REFERENCE_H
#define DAEMON_CELLPOST_REFERENCE_H

#include <stdio.h>

#include "core/config.h"

void reference_print_text(FILE *to, const struct node_kind *kind);
void reference_print_mdoc(FILE *to, const struct node_kind *kind);
/* "30m to 60d", "0 to 1000", "word | word", "text": what a knob takes. Returns `to`. */
const char *reference_values(const struct knob *knob, char *to, size_t size);

#endif
