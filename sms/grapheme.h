/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a text may be cut so that a reader who sees only one half still sees whole characters: a base with its
 * combining marks, an emoji sequence (skin tone, variation selector, joiner, tag, flag), CR LF, a Hangul syllable and
 * an Indic conjunct stay together. The rules are those of Unicode's extended grapheme clusters as far as messages need
 * them.
 */
#ifndef SMS_GRAPHEME_H
#define SMS_GRAPHEME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/text.h"

/* Whether the valid UTF-8 text may be cut before octet `at`, which is between two characters (or at an end). */
bool grapheme_boundary(struct text t, size_t at);

#endif
