/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cellpost send`, `quote` and `explain`: the HTTP API from the command line. */
#include "daemon/cellpost_send.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/arena.h"
#include "core/base/hex.h"
#include "core/base/random.h"
#include "core/message.h"
#include "daemon/cellpost.h"
#include "daemon/cellpost_file.h"
#include "daemon/cellpost_http.h"

#define TRIES 3u
#define PAUSE_MAX_S 10u
#define TIMEOUT_US (40 * INT64_C(1000000)) /* longer than the API's own answer-time */
#define KEY_OCTETS 16u

enum doing { SENDING, QUOTING, EXPLAINING };

struct sending {
	enum doing doing;
	struct send_words words;
	const char *url, *account, *token, *key, *authorities;
	bool json, quickstart;
	const char *file_path;
	struct cellpost_file file;
	char *text, *authorization;
	char random_key[2 * KEY_OCTETS + 1];
	struct json_writer body;
};

/* --- words ------------------------------------------------------------------------------------------------------ */

static char *read_stdin(void)
{
	char *room = must_alloc(MESSAGE_TEXT_MAX + 2);
	size_t n = fread(room, 1, MESSAGE_TEXT_MAX + 1, stdin);

	if (n && room[n - 1] == '\n') /* the one that ends the last line */
		n--;
	room[n] = '\0';
	return room;
}

/* "Basic", as an account's name may hold a dot; one word without an account is ACCOUNT.TOKEN already. */
static char *authorization(const char *account, const char *token)
{
	size_t plain_size = strlen(account ? account : "") + strlen(token) + 2, size = plain_size * 2 + 16;
	char *plain = must_alloc(plain_size), *room = must_alloc(size);
	struct writer w = writer_of(room, size);

	if (account) {
		snprintf(plain, plain_size, "%s:%s", account, token);
		writer_printf(&w, "Basic ");
		base64_put(&w, plain, strlen(plain), false);
	} else {
		writer_printf(&w, "Bearer %s", token);
	}
	free(plain);
	return room;
}

static void random_key(char to[2 * KEY_OCTETS + 1])
{
	uint8_t octets[KEY_OCTETS];
	struct writer w = writer_of(to, 2 * KEY_OCTETS);

	random_bytes(octets, sizeof(octets));
	hex_put(&w, octets, sizeof(octets));
	to[2 * KEY_OCTETS] = '\0';
}

/* The account of examples/quickstart.cfg, where nothing else is said and it may be that gateway which is asked. */
static void take_quickstart(struct sending *s)
{
	if (s->account || s->token || strcmp(s->url, CELLPOST_URL))
		return;
	s->account = s->token = "demo";
	s->quickstart = true;
}

static int take_account(const char *command, struct sending *s)
{
	s->url = cellpost_setting(s->url, "CELLPOST_URL", CELLPOST_URL);
	s->account = cellpost_setting(s->account, "CELLPOST_ACCOUNT", NULL);
	s->token = cellpost_setting(s->token, "CELLPOST_TOKEN", NULL);
	s->authorities = cellpost_setting(s->authorities, "CELLPOST_AUTHORITIES", NULL);
	take_quickstart(s);
	if (!s->token)
		return cellpost_usage(command, "who sends? Give --account and --token, or set CELLPOST_ACCOUNT and "
					       "CELLPOST_TOKEN");
	s->authorization = authorization(s->account, s->token);
	random_key(s->random_key);
	if (!s->key)
		s->key = s->random_key;
	return CELLPOST_OK;
}

static bool take_file(const char *command, struct sending *s)
{
	const char *why = "";

	if (!cellpost_file_read(s->file_path, &s->file, &why)) {
		(void)cellpost_usage(command, "--file %s: %s", s->file_path, why);
		return false;
	}
	s->words.file = s->file.handle;
	s->words.file_media = s->file.media;
	s->words.file_name = s->file.name;
	return true;
}

static int read_words(int argc, char **argv, struct sending *s)
{
	const struct cellpost_option options[] = {
		{ "from", &s->words.from, NULL },
		{ "link", &s->words.link, NULL },
		{ "validity", &s->words.validity, NULL },
		{ "at", &s->words.at, NULL },
		{ "bearer", &s->words.bearer, NULL },
		{ "consent", &s->words.consent, NULL },
		{ "max-price", &s->words.max_price, NULL },
		{ "quote", &s->words.quote, NULL },
		{ "account", &s->account, NULL },
		{ "token", &s->token, NULL },
		{ "url", &s->url, NULL },
		{ "key", &s->key, NULL },
		{ "file", &s->file_path, NULL },
		{ "report", NULL, &s->words.report },
		{ "flash", NULL, &s->words.flash },
		{ "authorities", &s->authorities, NULL },
		{ "json", NULL, &s->json },
		{ 0 },
	};
	int at = cellpost_options(argc, argv, options);

	if (at < 0)
		return CELLPOST_USAGE;
	if (argc - at < (s->file_path ? 1 : 2))
		return cellpost_usage(argv[0],
				      at < argc ? "the text is missing" : "the number and the text are missing");
	s->words.to = argv[at];
	if (s->file_path && !take_file(argv[0], s))
		return CELLPOST_USAGE;
	if (argc - at == 1)
		return take_account(argv[0], s);
	s->text = argc - at == 2 && !strcmp(argv[at + 1], "-") ? read_stdin() : cellpost_join(argc, argv, at + 1);
	s->words.text = s->text;
	return take_account(argv[0], s);
}

/* --- request ---------------------------------------------------------------------------------------------------- */

static bool is_temporary(const struct cellpost_answer *a)
{
	return a->result == ERR_UNKNOWN || (a->result == OK && (a->status == 429 || a->status >= 502));
}

static void pause_s(unsigned seconds)
{
	struct timespec t = { .tv_sec = seconds };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static void ask(const struct cellpost_request *request, struct cellpost_answer *answer)
{
	(void)cellpost_http_ask(request, answer);
	for (unsigned i = 1; i < TRIES && is_temporary(answer); i++) {
		unsigned wait = answer->retry_after ? answer->retry_after : 1;
		cellpost_answer_clear(answer);
		pause_s(wait > PAUSE_MAX_S ? PAUSE_MAX_S : wait);
		(void)cellpost_http_ask(request, answer);
	}
}

static int report_failure(const struct sending *s, const struct cellpost_answer *a)
{
	if (a->result == OK) {
		fputs("cellpost: refused: ", stderr);
		send_print_problem(stderr, a->status, a->body);
		if (a->status == 401 && s->quickstart)
			fputs("the account of examples/quickstart.cfg was tried; --account and --token name another\n",
			      stderr);
	} else {
		fprintf(stderr, "cellpost: %s: %s\n", s->url, a->why);
		if (a->result == ERR_CLOSED)
			fputs("is the gateway running there? `cellpost doctor` looks; --url or CELLPOST_URL names "
			      "another\n",
			      stderr);
	}
	if (a->result == ERR_DENIED)
		fputs("--authorities or CELLPOST_AUTHORITIES names a PEM file of those that vouch for it\n", stderr);
	if (s->doing == SENDING && is_temporary(a))
		fprintf(stderr, "it may or may not be accepted; repeat with --key %s: that makes no second message\n",
			s->key);
	return is_temporary(a) || a->result == ERR_CLOSED ? CELLPOST_TEMPORARY : CELLPOST_FAILED;
}

static int run(const struct sending *s)
{
	struct cellpost_request request = { .url = s->url,
					    .authorities = s->authorities,
					    .method = HTTP_METHOD_POST,
					    .path = s->doing == SENDING ? "/v1/messages" : "/v1/quotes",
					    .authorization = text_of(s->authorization),
					    .body = json_writer_text(&s->body),
					    .timeout_us = TIMEOUT_US };
	struct cellpost_answer answer;
	int code = CELLPOST_OK;

	if (s->doing == SENDING)
		request.key = text_of(s->key);
	ask(&request, &answer);
	if (answer.result != OK || answer.status < 200 || answer.status > 299)
		code = report_failure(s, &answer);
	else if (s->json)
		printf("%.*s\n", TEXT_ARGS(answer.body));
	else if (s->doing == EXPLAINING)
		code = send_print_decision(stdout, answer.body) ? CELLPOST_OK : CELLPOST_FAILED;
	else
		(void)send_print_answer(stdout, answer.body);
	cellpost_answer_clear(&answer);
	return code;
}

/* Before the message that names it; the same bytes twice are one file. */
static int give_file(const struct sending *s)
{
	struct cellpost_request request = { .url = s->url,
					    .authorities = s->authorities,
					    .method = HTTP_METHOD_POST,
					    .path = "/v1/files",
					    .authorization = text_of(s->authorization),
					    .content_type = "application/octet-stream",
					    .body = s->file.bytes,
					    .timeout_us = TIMEOUT_US };
	struct cellpost_answer answer;
	int code = CELLPOST_OK;

	if (s->doing != SENDING || !s->file.bytes.len)
		return CELLPOST_OK;
	ask(&request, &answer);
	if (answer.result != OK || answer.status != 201)
		code = report_failure(s, &answer);
	cellpost_answer_clear(&answer);
	return code;
}

static int ask_api(int argc, char **argv, enum doing doing)
{
	struct sending s = { .doing = doing };
	const char *why = "";
	int code = read_words(argc, argv, &s);

	json_writer_init_growing(&s.body, 4u * MESSAGE_TEXT_MAX + 65536u);
	if (code == CELLPOST_OK && send_body(&s.words, &s.body, &why) != OK)
		code = cellpost_usage(argv[0], "%s", why);
	if (code == CELLPOST_OK)
		code = give_file(&s);
	if (code == CELLPOST_OK)
		code = run(&s);
	cellpost_file_clear(&s.file);
	json_writer_clear(&s.body);
	free(s.text);
	free(s.authorization);
	return code;
}

int cellpost_send(int argc, char **argv)
{
	return ask_api(argc, argv, SENDING);
}

int cellpost_quote(int argc, char **argv)
{
	return ask_api(argc, argv, QUOTING);
}

int cellpost_explain(int argc, char **argv)
{
	return ask_api(argc, argv, EXPLAINING);
}
