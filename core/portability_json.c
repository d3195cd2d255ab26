/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON answer of an HTTP service. */
#include "core/net/json.h"
#include "core/portability_internal.h"

#define DEPTH_MAX 16u
#define NAME_SIZE 64u

/* "data.mccmnc", "results.0.network" */
static const struct json_value *follow(const struct json_value *v, struct text path)
{
	struct text step;
	char name[NAME_SIZE];
	uint64_t index;

	while (v && text_split(&path, '.', &step)) {
		if (json_kind(v) == JSON_KIND_ARRAY)
			v = text_to_u64(step, UINT16_MAX, &index) ? json_item(v, (size_t)index) : NULL;
		else
			v = text_copy(step, name, sizeof(name)) ? json_member(v, name) : NULL;
	}
	return v;
}

/* A text of digits, or a number that was meant as one. */
static bool digits_of(const struct json_value *v, char *room, size_t size, struct text *out)
{
	struct writer w = writer_of(room, size);
	int64_t number;

	if (json_text(v, out))
		return true;
	if (!json_int(v, &number) || number < 0)
		return false;
	writer_printf(&w, "%lld", (long long)number);
	*out = text_range(room, writer_ok(&w) ? writer_len(&w) : 0);
	return true;
}

static bool is_nothing(const struct json_value *v)
{
	struct text t;

	return json_kind(v) == JSON_KIND_NULL || (json_text(v, &t) && !t.len);
}

/* An MNC that came as a number has lost its zeroes: two digits, as most have. */
static struct text pad_mnc(struct text mnc, char room[3])
{
	if (mnc.len != 1)
		return mnc;
	room[0] = '0';
	room[1] = mnc.at[0];
	return text_range(room, 2);
}

static enum result take_pair(const struct json_value *root, struct text mcc_name, struct text mnc_name,
			     struct portability_answer *out, const char **why_out)
{
	const struct json_value *mcc = follow(root, mcc_name), *mnc = follow(root, mnc_name);
	char a[24], b[24], padded[3];
	struct text mcc_text, mnc_text;

	if (is_nothing(mcc) && is_nothing(mnc))
		return ERR_NOT_FOUND;
	*why_out = "the members of MCC and MNC hold no MCC and MNC";
	if (!digits_of(mcc, a, sizeof(a), &mcc_text) || !digits_of(mnc, b, sizeof(b), &mnc_text))
		return ERR_MALFORMED;
	return portability_join(mcc_text, pad_mnc(mnc_text, padded), out->network) ? OK : ERR_MALFORMED;
}

static enum result take_network(const struct json_value *root, struct text member, struct portability_answer *out,
				const char **why_out)
{
	char room[24];
	struct text name, network;

	*why_out = "the service knows no network of this number";
	if (!member.len)
		member = TEXT_LITERAL("network");
	(void)text_split(&member, ' ', &name);
	member = text_trim(member);
	if (member.len)
		return take_pair(root, name, member, out, why_out);
	const struct json_value *v = follow(root, name);
	if (is_nothing(v))
		return ERR_NOT_FOUND;
	*why_out = "the member of the network holds no MCC and MNC of 5 or 6 digits";
	if (!digits_of(v, room, sizeof(room), &network) || !portability_is_network(network) || network.len == 3)
		return ERR_MALFORMED;
	return text_copy(network, out->network, sizeof(out->network)) ? OK : ERR_MALFORMED;
}

/* An answer about another number is a fault of the service or of a cache before it. */
static bool is_about(const struct json_value *v, struct text number)
{
	struct text said;

	if (!json_text(v, &said))
		return true;
	return text_equal(said, number) || text_equal(said, text_range(number.at + 1, number.len - 1));
}

static enum result take_rest(const struct json_value *root, struct text number, struct portability_answer *out,
			     const char **why_out)
{
	struct text routing = { 0 };
	int64_t ttl = 0;

	if (!is_about(json_member(root, "number"), number)) {
		*why_out = "the answer is about another number";
		return ERR_MALFORMED;
	}
	(void)json_bool(json_member(root, "ported"), &out->ported);
	if (json_text(json_member(root, "routing"), &routing) &&
	    !text_copy(routing, out->routing, sizeof(out->routing))) {
		*why_out = "the routing number is longer than 32 octets";
		return ERR_TOO_BIG;
	}
	if (json_int(json_member(root, "ttl"), &ttl) && ttl > 0)
		out->ttl_s = ttl < (int64_t)PORTABILITY_TTL_MAX_S ? (uint32_t)ttl : PORTABILITY_TTL_MAX_S;
	return OK;
}

enum result portability_of_json(struct text body, struct text number, const struct portability_rules *rules,
				struct portability_answer *out, const char **why_out)
{
	static const struct json_limits limits = { .bytes_max = PORTABILITY_BODY_MAX, .depth_max = DEPTH_MAX };
	struct portability_answer answer = { 0 };
	struct json_doc *doc = NULL;
	struct json_error error;

	*out = answer;
	enum result r = json_parse(body, &limits, &doc, &error);
	if (r) {
		*why_out = "the answer is no JSON";
		return r;
	}
	const struct json_value *root = json_root(doc);
	r = take_rest(root, number, &answer, why_out);
	if (r == OK)
		r = take_network(root, rules->member, &answer, why_out);
	if (r == OK)
		*out = answer;
	json_free(&doc);
	return r;
}
