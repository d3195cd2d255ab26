/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A view of characters somebody else owns: not NUL-terminated, may hold any octet. Cursor primitives take the text by
 * address, take a maximum, and advance only on success.
 */
#ifndef CORE_BASE_TEXT_H
#define CORE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	const char *at;
	size_t len;
};

/* For printf("%.*s", TEXT_ARGS(t)). */
#define TEXT_ARGS(t) (int)(t).len, (t).at ? (t).at : ""
#define TEXT_LITERAL(s) ((struct text){ "" s, sizeof(s) - 1 })

static inline struct text text_of(const char *s)
{
	return (struct text){ s, s ? strlen(s) : 0 };
}

static inline struct text text_range(const char *at, size_t len)
{
	return (struct text){ at, len };
}

static inline bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && (!a.len || !memcmp(a.at, b.at, a.len));
}

static inline bool text_is(struct text a, const char *s)
{
	return text_equal(a, text_of(s));
}

/* ASCII case folded. */
bool text_is_nocase(struct text a, const char *s);
bool text_starts(struct text a, const char *prefix);
struct text text_trim(struct text t); /* without blanks, tabs, CR, LF at both ends */

/* Takes what stands before the first `separator` (the separator is taken too); the whole rest where there is none.
 * False at the end. */
bool text_split(struct text *rest, char separator, struct text *part_out);
/* Takes a decimal number of at most `max`; false, and nothing taken, without a digit or above max. */
bool text_take_u64(struct text *t, uint64_t max, uint64_t *out);
/* The whole text is one decimal number of at most `max`. */
bool text_to_u64(struct text t, uint64_t max, uint64_t *out);

/* Copies into a NUL-terminated buffer of `size` octets; false (and an empty string) when it does not fit or holds a
 * NUL. */
bool text_copy(struct text t, char *to, size_t size);
/* For logs and errors: printable ASCII stands for itself, the rest as \xNN, cut to fit `size` with "..." at the end.
 * Returns `to`. */
const char *text_quote(struct text t, char *to, size_t size);

/* For tables by names of our own configuration (FNV-1a): who chooses names could make them collide. */
static inline uint32_t text_hash(struct text t)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < t.len; i++)
		h = (h ^ (unsigned char)t.at[i]) * 16777619u;
	return h;
}

#endif
