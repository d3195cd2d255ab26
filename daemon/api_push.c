/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/api_push.h"

#include "core/config.h"
#include "sms/wap_service.h"

const char *const api_push_fields[] = { "type", "url", "text", "size", NULL };

static enum result take_type(struct api_take *p, const struct json_value *v, struct wap_service *s)
{
	struct text t;

	if (!json_text(v, &t))
		return API_TAKE_BAD(p, "wrong_type", "\"type\" must be a string");
	for (unsigned i = 0; wap_service_words[i]; i++) {
		if (!text_is(t, wap_service_words[i]))
			continue;
		s->type = (enum wap_service_type)i;
		return OK;
	}
	return API_TAKE_BAD(p, "unknown_word", "\"type\" must be si, sl or mms-notification");
}

static enum result unknown_member(struct api_take *p, struct text name)
{
	const char *near = config_nearest(name, api_push_fields);
	char quoted[80];

	return API_TAKE_BAD(p, "unknown_field", "has no member %s; did you mean \"%s\"?",
			    text_quote(name, quoted, sizeof(quoted)), near ? near : "type");
}

static enum result take_member(struct api_take *p, struct text name, const struct json_value *v, struct wap_service *s)
{
	int64_t size = 0;
	enum result r = OK;

	if (text_is(name, "type"))
		return take_type(p, v, s);
	if (text_is(name, "url"))
		return api_take_text(p, v, WAP_SERVICE_URL_MAX, &s->url);
	if (text_is(name, "text"))
		return api_take_text(p, v, WAP_SERVICE_TEXT_MAX, &s->text);
	if (!text_is(name, "size"))
		return unknown_member(p, name);
	r = api_take_int(p, v, 0, UINT32_MAX, &size);
	s->size = (uint32_t)size;
	return r;
}

static enum result take_members(struct api_take *p, const struct json_value *v, struct wap_service *s)
{
	const struct json_value *member;
	struct json_cursor at = { 0 };
	struct text name;
	enum result r = OK;

	if (json_kind(v) != JSON_KIND_OBJECT || !json_member(v, "type"))
		return API_TAKE_BAD(p, "wrong_type", "must be an object with \"type\", \"url\" and perhaps \"text\"");
	while (r == OK && json_next_member(v, &at, &name, &member))
		r = take_member(p, name, member, s);
	return r;
}

enum result api_push_take(struct api_take *p, const struct json_value *v)
{
	struct wap_service s = { 0 };
	struct message *m = &p->out->message;
	const char *why = "";

	if (p->has_body || m->has_ports)
		return API_TAKE_BAD(p, "conflict", "a push is the whole content: no text, binary or ports beside it");
	enum result r = take_members(p, v, &s);
	if (r != OK)
		return r;
	char *room = arena_alloc(p->arena, WAP_SERVICE_MAX);
	struct writer w = writer_of(room, WAP_SERVICE_MAX);
	r = wap_service_message(&s, m, &w, &why);
	if (r != OK)
		return API_TAKE_BAD(p, r == ERR_TOO_BIG ? "too_long" : "malformed", "%s", why);
	p->has_body = true;
	return OK;
}
