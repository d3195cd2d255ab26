/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one configuration language. The file is the commands that an operator types on the VTY:
 *
 *	account acme                     a node line at the left margin opens a node; some kinds have a name
 *	 secret sha256:...               knob lines follow, indented by one blank
 *	 allow-sender +8190*             a knob of many values may stand several times
 *	! comment                        '!' or '#' as the first character of a line, blanks before it do not count
 *
 * Each folder declares its kinds of node as data, beside the plain struct that they fill (x_vty.c); this engine knows
 * no kind itself. A wrong line is reported with file, line, word and the nearest known word, and reading goes on, so
 * that all faults show at once. Control reads text; the roles get the same set as records (config_encode, in a form
 * that names kinds and knobs) and fill the same structs.
 *
 * All strings of a set live as long as the set. A set is changed by config_read and config_set only, and never while
 * a role uses it: a reload makes a new one.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/reader.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

enum knob_type {
	KNOB_BOOL,     /* yes | no                         -> bool */
	KNOB_UINT,     /* decimal within min..max          -> int64_t */
	KNOB_DURATION, /* 500ms 30s 5m 2h 7d               -> int64_t, microseconds */
	KNOB_SIZE,     /* octets: 512 64k 10m 2g           -> int64_t */
	KNOB_WORD,     /* one of `words`                   -> int64_t, its index */
	KNOB_TEXT,     /* the rest of the line             -> struct text, with a NUL behind it */
	KNOB_LISTEN,   /* host:port or unix:path, numeric; "none" = empty, where there is a default; the parent binds it
			* and passes the socket -> struct text */
	KNOB_FILE,     /* path of a small file (PEM); its content is loaded by control -> struct config_file */
	KNOB_TYPE_COUNT
};

struct config_list { /* of a knob with `many`: in the order of the file */
	const struct text *items;
	unsigned count;
};

struct config_file {
	struct text path, content;
};

struct knob {
	const char *name;
	enum knob_type type;
	size_t offset; /* of the field in the node's struct */
	int64_t min, max;
	const char *fallback; /* the default as it would be written; NULL = none: text empty, list empty, number 0 */
	const char *const *words; /* KNOB_WORD: NULL-ended */
	const char *help;	  /* one line; units and what 0 means */
	bool many;		  /* KNOB_TEXT and KNOB_LISTEN only -> struct config_list */
	bool secret;		  /* never shown, and sent only to the roles of the node */
	bool required;		  /* a node without it is wrong */
	bool records; /* KNOB_LISTEN: a socket of records, sctp:host:port, udp-sctp:host:port or seqpacket:path */
	bool line;    /* KNOB_LISTEN: a serial line, tty:path, that the parent opens and passes */
};

/* First member of each node's struct. */
struct config_node {
	struct text name; /* empty for a kind without names */
	unsigned line;	  /* where the node was opened; 0 = by default or by the VTY */
};

struct config;

/* What only a whole set can show: a value that names what no node is. Texts live until the next such check. */
struct config_miss {
	const char *knob; /* whose line is at fault */
	struct text word;
	const char *why; /* NULL: nothing is amiss */
};

struct node_kind {
	const char *name;
	bool named; /* else at most one, and it exists even when the file does not mention it unless `optional` */
	bool optional;
	size_t size; /* of the struct */
	const struct knob *knobs;
	unsigned knobs_count;
	unsigned roles; /* 1u << enum role_id (daemon/role.h) of those who get it; control sees all */
	const char *help;
	/* What no single knob can check; may be NULL. Text lives as long as the program. */
	enum result (*check)(const void *node, const char **why_out);
	struct config_miss (*check_set)(const struct config *config, const void *node); /* may be NULL */
};

#define CONFIG_FILE_MAX (4u * 1024u * 1024u)
#define CONFIG_LINE_MAX 4096u
#define CONFIG_NODES_MAX 100000u

/* `kinds` lives as long as the set. The set holds all unnamed, non-optional nodes with their defaults. */
struct config *config_new(const struct node_kind *const *kinds, unsigned kinds_count);
void config_free(struct config **config);

/* One fault of a text: word may be empty; `text` says what is wrong and what to write instead. */
typedef void (*config_fault)(void *owner, const char *file, unsigned line, struct text word, const char *text);

/* Reads a whole text into the set. Returns the number of faults reported (0 = good). `file` is kept for origins. */
unsigned config_read(struct config *config, const char *file, struct text content, config_fault fault, void *owner);

/* What no single line can show: missing values, the checks of the kinds. config_read ends with it; what config_set
 * changed must pass it before it is used. */
unsigned config_check(const struct config *config, config_fault fault, void *owner);

/* One command of the VTY inside a node: "secret x", "no secret" (back to the default), "no link lab" (one value of
 * many), "" (only opens); the node is made when it is not there. *why_out lives until the next call with this set. */
MUST_CHECK enum result config_set(struct config *config, struct text kind, struct text name, struct text line,
				  const char **why_out);
/* Takes a named or optional node out. */
MUST_CHECK enum result config_drop(struct config *config, struct text kind, struct text name, const char **why_out);
struct config *config_clone(const struct config *config);

/* Nodes of a kind in the order of the file; previous NULL = the first; NULL at the end. */
const void *config_next(const struct config *config, const struct node_kind *kind, const void *previous);
/* The node of an unnamed kind; NULL only for an optional one that is not there. */
const void *config_only(const struct config *config, const struct node_kind *kind);
const void *config_find(const struct config *config, const struct node_kind *kind, struct text name);
const struct node_kind *config_kind(const struct config *config, struct text name);
const struct node_kind *const *config_kinds(const struct config *config, unsigned *count_out);

/* Back to text that reads to the same set: what differs from the defaults, or everything. With `origins` each line ends
 * in "  ! file:line", "  ! typed" or "  ! default", and secrets are masked: that is for people and reads back no more.
 */
void config_write(const struct config *config, bool defaults, bool origins, struct writer *w);

/* The nodes whose kind names one of `roles`, as records; and back, into a fresh set. */
void config_encode(const struct config *config, unsigned roles, struct writer *w);
MUST_CHECK enum result config_decode(struct config *config, struct reader *r, const char **why_out);

/* KNOB_FILE: calls `each` for every file knob with a path; its content is put in place by config_file_load. */
void config_files(struct config *config, void (*each)(void *owner, struct config_file *file), void *owner);
void config_file_load(struct config *config, struct config_file *file, struct text content);
/* Calls `each` for every address of a KNOB_LISTEN: `kind` is the node's kind and the purpose of the socket. */
void config_listens(const struct config *config,
		    void (*each)(void *owner, const struct node_kind *kind, struct text address), void *owner);

/* The word of `words` (NULL-ended) nearest to `given` (edit distance at most 1 in 3), or NULL. */
const char *config_nearest(struct text given, const char *const *words);

/* Values of knobs, for other readers of such words. */
bool config_duration(struct text t, int64_t *us_out);
bool config_size(struct text t, int64_t *octets_out);

#endif
