/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands of `cellpost`, one row each, and the way from a word to its row. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "daemon/cellpost.h"
#include "daemon/version.h"

static int run_version(int argc, char **argv);
static int run_help(int argc, char **argv);

#define API_OPTIONS \
	"  --url URL        the HTTP API (CELLPOST_URL, " CELLPOST_URL ")\n" \
	"  --account NAME   the account (CELLPOST_ACCOUNT, that of examples/quickstart.cfg)\n" \
	"  --token TOKEN    its password or token (CELLPOST_TOKEN); without an account, ACCOUNT.TOKEN\n" \
	"  --authorities F  PEM file of those that vouch for an https URL (CELLPOST_AUTHORITIES), else the system's\n"
#define VTY_OPTION "  --vty HOST:PORT  the operator's terminal (CELLPOST_VTY, " CELLPOST_VTY ")\n"
#define MESSAGE_OPTIONS \
	"  --from SENDER    else the account's default-sender\n" \
	"  --link LINK      a link instead of the route's choice, where the account may choose\n" \
	"  --flash          shown at once, not kept by the phone\n" \
	"  --validity TIME  given up after this, as 30m or 2d\n" \
	"  --at TIME        not before, as 2026-12-31T23:59:00Z\n" \
	"  --bearer WORD    rcs: never at a price; sms: at its price; any: rcs, then sms with consent\n" \
	"  --consent WORD   never, ask, not-when-roaming or always: the stricter of this and the account's counts\n" \
	"  --max-price SUM  most for one delivery, as 5.00; above it the message waits\n" \
	"  --quote TOKEN    at the price of a quote, whose token `cellpost quote` showed\n" \
	"  --file PATH      with this file, by RCS or MMS; TEXT may be missing then\n" \
	"  --report         receipts of every kind are wanted\n" \
	"  --json           the answer as it came\n"

static const struct cellpost_command commands[] = {
	{ "send", "[OPTIONS] TO[,TO...] TEXT...", "send a message over the HTTP API",
	  "TEXT of a single - is read from the standard input.\n" MESSAGE_OPTIONS
	  "  --key KEY        idempotency key; else a random one, kept over repetitions\n" API_OPTIONS
	  "Repeated with the same key, three times in all, where the gateway is busy or the connection is lost: that\n"
	  "never makes a second message.\n",
	  cellpost_send },
	{ "quote", "[OPTIONS] TO[,TO...] TEXT...", "what would happen to a message, and its price; nothing is sent",
	  MESSAGE_OPTIONS API_OPTIONS, cellpost_quote },
	{ "explain", "[OPTIONS] TO[,TO...] TEXT...", "why a message would go as it would; nothing is sent",
	  "Per recipient the outcome, the rule with its facts, and a sentence for each bearer; exit 1 where it would "
	  "be\n"
	  "refused. What became of a message that was sent: `cellpost show decision ID`.\n" MESSAGE_OPTIONS API_OPTIONS,
	  cellpost_explain },
	{ "message", "[--vty HOST:PORT] ID", "the timeline of a message", VTY_OPTION, cellpost_message },
	{ "show", "[--vty HOST:PORT] WORDS...", "what the gateway shows, as `cellpost show links`",
	  VTY_OPTION "`cellpost show ?` lists the words.\n", cellpost_show },
	{ "vty", "[--vty HOST:PORT]", "the operator's terminal: configuration and commands", VTY_OPTION, cellpost_vty },
	{ "phone", "[--lab HOST:PORT] [--wait TIME] NUMBER", "a simulated handset of the lab network, in this terminal",
	  "  --lab HOST:PORT  the lab network (CELLPOST_LAB, " CELLPOST_LAB ")\n"
	  "A line that you type answers the last sender. Others begin with a slash: /help lists them.\n"
	  "Works in scripts too: lines in, lines out. When the input ends, what was sent is still answered;\n"
	  "  --wait TIME      or stay so much longer, as 30s\n",
	  cellpost_phone },
	{ "config", "check FILE | show [--set] FILE | reference [--mdoc]",
	  "check a configuration, or show its effective values",
	  "check     every fault as FILE:LINE: WORD: what is wrong; exit 1 where there is one\n"
	  "show      every value with the place it comes from, secrets masked; --set: only what is not default\n"
	  "reference every node and knob with its help\n",
	  cellpost_config },
	{ "secret", "[--password]", "make a token, or store a password: prints the line for the configuration",
	  "Without an option a token of 256 random bits is made: give it to the client, and the line to the account.\n"
	  "  --password       a password is asked for instead (or read from a pipe)\n",
	  cellpost_secret },
	{ "sms", "decode [--as FORM] HEX... | encode [OPTIONS] TEXT...", "look into short messages, or cut a text",
	  "decode: an SMS TPDU, RP message, modem PDU or user data header.\n"
	  "  --as FORM        deliver submit status-report command deliver-report submit-report rp modem udh; else "
	  "all\n"
	  "                   that fit are shown\n"
	  "encode: the alphabet, the parts, and why; with a number also the octets.\n"
	  "  --to NUMBER      as SMS-SUBMIT to it        --from NUMBER   as SMS-DELIVER from it\n"
	  "  --languages L,L  national tables that the phone knows (tr, hi, ... or all)\n"
	  "  --alphabet A     any, gsm or ucs2           --reference N   8, 16 or sar\n"
	  "  --transliterate  replace characters where that saves parts\n",
	  cellpost_sms },
	{ "doctor", "[--vty HOST:PORT] [--url URL] [FILE]", "look for what could go wrong, with the way out of it",
	  "FILE is the configuration (" CELLPOST_CONFIG "). Each line is ok, warn or fail; exit 1 after a fail.\n",
	  cellpost_doctor },
	{ "version", "", "say the version", "", run_version },
	{ "help", "[COMMAND]", "this, or more about a command", "", run_help },
};

#define COUNT (unsigned)(sizeof(commands) / sizeof(commands[0]))

const struct cellpost_command *cellpost_commands(unsigned *count_out)
{
	*count_out = COUNT;
	return commands;
}

static const struct cellpost_command *find(const char *name)
{
	for (unsigned i = 0; i < COUNT; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static int no_command(const char *given)
{
	const char *known[COUNT + 1];

	for (unsigned i = 0; i < COUNT; i++)
		known[i] = commands[i].name;
	known[COUNT] = NULL;
	return cellpost_unknown("command", given, known);
}

static int run_version(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return cellpost_usage("version", "takes no words");
	printf("cellpost %s\n", CELLPOST_VERSION);
	return CELLPOST_OK;
}

static void list(FILE *to)
{
	fputs("usage: cellpost COMMAND ...\n", to);
	for (unsigned i = 0; i < COUNT; i++)
		fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].help);
}

static int run_help(int argc, char **argv)
{
	const struct cellpost_command *c = argc > 1 ? find(argv[1]) : NULL;

	if (argc > 1 && !c)
		return no_command(argv[1]);
	if (!c)
		list(stdout);
	else
		printf("usage: cellpost %s %s\n%s\n%s", c->name, c->arguments, c->help, c->more);
	return CELLPOST_OK;
}

int cellpost_main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	for (enum log_category c = 0; c < LOG_CATEGORY_COUNT; c++)
		log_set_level(c, LOG_ERROR);
	if (argc < 2) {
		list(stderr);
		return CELLPOST_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return run_help(1, argv);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return run_version(1, argv);
	const struct cellpost_command *c = find(argv[1]);
	if (!c)
		return no_command(argv[1]);
	if (argc > 2 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h")))
		return run_help(2, argv);
	return c->run(argc - 1, argv + 1);
}
