/* SPDX-License-Identifier: GPL-3.0-or-later */
/* openapi.json against the code: every handler is described and the reverse, and fields are those the parsers know. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/net/json.h"
#include "daemon/api_internal.h"
#include "daemon/api_message.h"
#include "daemon/api_push.h"
#include "daemon/api_terms.h"
#include "daemon/kannel_values.h"
#include "daemon/openapi_json.h"
#include "sms/wap_service.h"

static struct json_doc *doc;

static const struct json_value *at(const char *const *path)
{
	const struct json_value *v = json_root(doc);

	for (; *path; path++)
		v = json_member(v, *path);
	return v;
}

#define AT(...) at((const char *const[]){ __VA_ARGS__, NULL })

static enum http_method method_of(struct text name)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = { { "get", HTTP_METHOD_GET },
			{ "post", HTTP_METHOD_POST },
			{ "put", HTTP_METHOD_PUT },
			{ "delete", HTTP_METHOD_DELETE } };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (text_is(name, methods[i].name))
			return methods[i].method;
	}
	return HTTP_METHOD_OTHER;
}

static bool has_route(struct text path, enum http_method method)
{
	unsigned count;
	const struct api_route *routes = api_routes(&count);

	for (unsigned i = 0; i < count; i++) {
		if (text_is(path, routes[i].path) && routes[i].method == method)
			return true;
	}
	return false;
}

static void every_operation_has_a_handler_and_the_reverse(void **state)
{
	struct json_cursor paths = { 0 };
	struct text path, method;
	const struct json_value *operations, *operation;
	unsigned described = 0, count;

	(void)state;
	while (json_next_member(AT("paths"), &paths, &path, &operations)) {
		struct json_cursor each = { 0 };
		while (json_next_member(operations, &each, &method, &operation)) {
			if (!has_route(path, method_of(method)))
				fail_msg("%.*s %.*s has no handler", TEXT_ARGS(method), TEXT_ARGS(path));
			described++;
		}
	}
	(void)api_routes(&count);
	assert_int_equal(described, count);
}

/* The members of an object are the words of a list, both ways. */
static void same_members(const struct json_value *object, const char *const *words)
{
	unsigned n = 0;

	for (; words[n]; n++) {
		if (!json_member(object, words[n]))
			fail_msg("%s is not described", words[n]);
	}
	assert_int_equal(json_count(object), n);
}

static void same_items(const struct json_value *array, const char *const *words)
{
	struct text t;
	unsigned n = 0;

	for (; words[n]; n++) {
		assert_true(json_text(json_item(array, n), &t));
		assert_true(text_is(t, words[n]));
	}
	assert_int_equal(json_count(array), n);
}

static void fields_are_those_of_the_parser(void **state)
{
	const struct json_value *properties = AT("components", "schemas", "Message", "properties");

	(void)state;
	same_members(properties, api_message_fields);
	same_members(AT("components", "schemas", "Message", "properties", "ports", "properties"), api_message_ports);
	same_items(AT("components", "schemas", "ReportWord", "enum"), api_message_reports);
	same_members(AT("components", "schemas", "Message", "properties", "push", "properties"), api_push_fields);
	same_items(AT("components", "schemas", "Message", "properties", "push", "properties", "type", "enum"),
		   wap_service_words);
	same_items(json_member(json_item(json_member(json_member(properties, "coding"), "oneOf"), 0), "enum"),
		   api_message_codings);
	same_items(AT("components", "schemas", "Message", "properties", "bearer", "enum"), api_terms_bearers);
	same_items(AT("components", "schemas", "Message", "properties", "consent", "enum"), api_terms_consents);
}

static void parameters_are_those_of_sendsms(void **state)
{
	const struct json_value *parameters = AT("paths", "/cgi-bin/sendsms", "get", "parameters");
	unsigned n = 0;
	struct text name;

	(void)state;
	for (; kannel_parameters[n]; n++) {
		assert_true(json_text(json_member(json_item(parameters, n), "name"), &name));
		if (!text_is(name, kannel_parameters[n]))
			fail_msg("%s is described as %.*s", kannel_parameters[n], TEXT_ARGS(name));
	}
	assert_int_equal(json_count(parameters), n);
}

static int read_document(void **state)
{
	struct json_error error;

	(void)state;
	return json_parse(text_range((const char *)openapi_json, openapi_json_size), NULL, &doc, &error) == OK ? 0 : -1;
}

static int drop_document(void **state)
{
	(void)state;
	json_free(&doc);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_has_a_handler_and_the_reverse),
		cmocka_unit_test(fields_are_those_of_the_parser),
		cmocka_unit_test(parameters_are_those_of_sendsms),
	};
	return cmocka_run_group_tests(tests, read_document, drop_document);
}
