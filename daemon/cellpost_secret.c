/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cellpost secret`: the line of an account that keeps a token or password without showing it. */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/secret.h"
#include "daemon/cellpost.h"

#define PASSWORD_SIZE (SECRET_GIVEN_MAX + 2)

static bool read_line(char to[PASSWORD_SIZE])
{
	if (!fgets(to, PASSWORD_SIZE, stdin))
		return false;
	to[strcspn(to, "\n")] = '\0';
	return to[0] != '\0';
}

/* Without echo where there is a terminal. */
static bool ask(const char *prompt, char to[PASSWORD_SIZE])
{
	struct termios old, quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &old) == 0;

	if (!terminal)
		return read_line(to);
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fputs(prompt, stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	bool good = read_line(to);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
	fputs("\n", stderr);
	return good;
}

static int print_form(enum secret_kind kind, const char *given)
{
	char form[SECRET_TEXT_SIZE];
	enum result r = secret_make(kind, text_of(given), form);

	if (r != OK) {
		fprintf(stderr, "cellpost: it cannot be stored: %s; at most %u octets are taken\n", result_name(r),
			SECRET_GIVEN_MAX);
		return CELLPOST_FAILED;
	}
	printf(" secret %s\n", form);
	return CELLPOST_OK;
}

static int of_password(void)
{
	char first[PASSWORD_SIZE], again[PASSWORD_SIZE];
	bool terminal = isatty(STDIN_FILENO) == 1, good = ask("Password: ", first);
	int code = CELLPOST_FAILED;

	if (good && terminal && (!ask("Again: ", again) || strcmp(first, again)))
		fputs("cellpost: the two are not the same\n", stderr);
	else if (!good)
		fputs("cellpost: an empty password is none\n", stderr);
	else
		code = print_form(SECRET_PASSWORD, first);
	explicit_bzero(first, sizeof(first));
	explicit_bzero(again, sizeof(again));
	return code;
}

static int of_token(void)
{
	char token[SECRET_TOKEN_SIZE];

	printf("token for the client, shown only now:\n %s\nline for its account in the configuration:\n",
	       secret_token_new(token));
	int code = print_form(SECRET_TOKEN, token);
	explicit_bzero(token, sizeof(token));
	return code;
}

int cellpost_secret(int argc, char **argv)
{
	bool password = false;
	const struct cellpost_option options[] = { { "password", NULL, &password }, { 0 } };
	int at = cellpost_options(argc, argv, options);

	if (at < 0)
		return CELLPOST_USAGE;
	if (at < argc)
		return cellpost_usage(argv[0], "a secret is never given as a word: others would see it");
	return password ? of_password() : of_token();
}
