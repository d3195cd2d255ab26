/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON: what is read, written again, is read again with the same number of members; any octets as a string are valid.
 */
#include <stdlib.h>

#include "core/net/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void copy(struct json_writer *j, const struct json_value *v)
{
	struct json_cursor at = { 0 };
	const struct json_value *inside;
	struct text t = { 0 };
	int64_t i = 0;
	bool b = false;

	switch (json_kind(v)) {
	case JSON_KIND_OBJECT:
		json_open_object(j);
		while (json_next_member(v, &at, &t, &inside)) {
			json_key(j, "k");
			copy(j, inside);
		}
		json_close_object(j);
		break;
	case JSON_KIND_ARRAY:
		json_open_array(j);
		for (size_t n = 0; n < json_count(v); n++)
			copy(j, json_item(v, n));
		json_close_array(j);
		break;
	case JSON_KIND_TEXT:
		(void)json_text(v, &t);
		json_put_text(j, t);
		break;
	case JSON_KIND_INT:
		(void)json_int(v, &i);
		json_put_int(j, i);
		break;
	default:
		json_put_bool(j, json_bool(v, &b) && b);
	}
}

static void must_parse(struct json_writer *j)
{
	struct json_doc *doc;
	struct json_error e;

	if (!json_writer_ok(j))
		return;
	if (json_parse(json_writer_text(j), NULL, &doc, &e) && !strstr(e.why, "twice") && !strstr(e.why, "U+0000"))
		abort();
	json_free(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct text t = text_range((const char *)bytes, len);
	struct json_writer j;
	struct json_doc *doc;
	struct json_error e;

	json_writer_init_growing(&j, 1 << 18);
	if (json_parse(t, NULL, &doc, &e) == OK) {
		copy(&j, json_root(doc));
		must_parse(&j);
	}
	json_free(&doc);
	json_writer_reset(&j);
	json_open_array(&j);
	json_put_text(&j, t);
	json_close_array(&j);
	must_parse(&j);
	json_writer_clear(&j);
	return 0;
}
