/* SPDX-License-Identifier: GPL-3.0-or-later */
/* URIs, request targets and forms: what is taken apart must be good for making it again. */
#include <stdlib.h>

#include "core/net/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool good)
{
	if (!good)
		abort();
}

static void parse(struct text t)
{
	static uint8_t room[URI_MAX + 2];
	struct writer w = writer_of(room, sizeof(room));
	struct text path, query;
	struct uri uri;
	const char *why = NULL;

	if (uri_parse(t, &uri, &why) == OK) {
		uri_put_target(&w, &uri);
		must(writer_ok(&w) && uri.port);
		must(uri_split_target(text_range((char *)room, writer_len(&w)), &path, &query) == OK);
		must(text_equal(query, uri.query));
	} else {
		must(why != NULL);
	}
	if (uri_split_target(t, &path, &query))
		path = (struct text){ 0 };
}

static void decode(struct text t)
{
	static char to[URI_MAX], again[URI_MAX];
	static uint8_t room[3 * URI_MAX];
	struct text out, same;

	if (uri_decode(t, true, to, sizeof(to), &out))
		return;
	struct writer w = writer_of(room, sizeof(room));
	uri_encode(&w, out);
	must(writer_ok(&w));
	must(uri_decode(text_range((char *)room, writer_len(&w)), true, again, sizeof(again), &same) == OK);
	must(text_equal(out, same));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct text t = text_range((const char *)bytes, len), rest = t, name, value;
	char to[100];

	parse(t);
	decode(t);
	while (uri_form_next(&rest, &name, &value))
		decode(value);
	if (uri_form_get(t, "to", to, sizeof(to), &value))
		value = (struct text){ 0 };
	return 0;
}
