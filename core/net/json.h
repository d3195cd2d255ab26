/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON (RFC 8259) in and out. Reading is jansson's work, behind this file alone, within limits, with duplicate keys
 * refused and integers of 64 bits kept whole. Writing is ours, into a buffer, without a tree.
 */
#ifndef CORE_NET_JSON_H
#define CORE_NET_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

/* --- reading ---------------------------------------------------------------------------------------------------- */

#define JSON_BYTES_MAX (1024u * 1024u) /* defaults of struct json_limits */
#define JSON_DEPTH_MAX 32u

struct json_limits {
	size_t bytes_max;
	unsigned depth_max;
};

struct json_error {
	const char *why; /* lives for ever */
	unsigned line, column;
};

struct json_doc;
struct json_value; /* lives as long as its document */

enum json_kind {
	JSON_KIND_NULL,
	JSON_KIND_BOOL,
	JSON_KIND_INT,
	JSON_KIND_REAL,
	JSON_KIND_TEXT,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT
};

/* One value, an object or an array at the top. `limits` NULL = the defaults. ERR_TOO_BIG at a limit, else
 * ERR_MALFORMED; error_out says where. Invalid UTF-8, U+0000, and integers beyond 64 bits are malformed. */
MUST_CHECK enum result json_parse(struct text t, const struct json_limits *limits, struct json_doc **out,
				  struct json_error *error_out);
void json_free(struct json_doc **doc);
const struct json_value *json_root(const struct json_doc *doc);

/* All of these take NULL for "not there", so that look-ups chain. */
enum json_kind json_kind(const struct json_value *v); /* NULL gives JSON_KIND_NULL */
const struct json_value *json_member(const struct json_value *object, const char *name);
bool json_text(const struct json_value *v, struct text *out); /* false: not a string */
bool json_int(const struct json_value *v, int64_t *out);
bool json_number(const struct json_value *v, double *out); /* of an integer, too */
bool json_bool(const struct json_value *v, bool *out);
size_t json_count(const struct json_value *v); /* of items or members; 0 for anything else */
const struct json_value *json_item(const struct json_value *array, size_t i);

/* Members in the order in which they stood. `at` starts as { 0 }. */
struct json_cursor {
	void *at;
	bool started;
};
bool json_next_member(const struct json_value *object, struct json_cursor *at, struct text *name_out,
		      const struct json_value **value_out);

/* --- writing ---------------------------------------------------------------------------------------------------- */

#define JSON_WRITER_DEPTH_MAX 32u

struct json_writer {
	struct writer *out; /* `own`, or somebody else's */
	struct writer own;
	size_t max;	    /* growing: the most octets; 0 = fixed room */
	uint32_t has_items; /* a bit per level */
	unsigned depth;
	bool after_key, failed;
};

/* Into fixed room, into a writer of somebody else, or into memory that grows up to `max` octets. */
void json_writer_init(struct json_writer *j, void *room, size_t size);
void json_writer_init_on(struct json_writer *j, struct writer *out);
void json_writer_init_growing(struct json_writer *j, size_t max);
void json_writer_reset(struct json_writer *j); /* empty again, the memory kept */
void json_writer_clear(struct json_writer *j); /* frees what grew */
/* False when something did not fit, or what was opened is not closed. */
bool json_writer_ok(const struct json_writer *j);
struct text json_writer_text(const struct json_writer *j); /* what was written; empty when not ok */

void json_open_object(struct json_writer *j);
void json_close_object(struct json_writer *j);
void json_open_array(struct json_writer *j);
void json_close_array(struct json_writer *j);
void json_key(struct json_writer *j, const char *name);	     /* the name needs no escaping: it is ours */
void json_put_text(struct json_writer *j, struct text t);    /* invalid UTF-8 becomes U+FFFD */
void json_put_cstring(struct json_writer *j, const char *s); /* NULL writes null */
void json_put_int(struct json_writer *j, int64_t v);
void json_put_uint(struct json_writer *j, uint64_t v);
void json_put_bool(struct json_writer *j, bool v);
void json_put_null(struct json_writer *j);
void json_put_raw(struct json_writer *j, struct text json); /* one value that is JSON already */

/* A key and its value. */
void json_put_member_text(struct json_writer *j, const char *name, struct text t);
void json_put_member_cstring(struct json_writer *j, const char *name, const char *s);
void json_put_member_int(struct json_writer *j, const char *name, int64_t v);
void json_put_member_bool(struct json_writer *j, const char *name, bool v);

#endif
