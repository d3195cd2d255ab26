/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The nodes that more than one role reads: accounts, routes, the queue's rules, the store. Each struct is filled by
 * core/config.c from the table of its kind.
 */
#ifndef CORE_CORE_VTY_H
#define CORE_CORE_VTY_H

#include "core/config.h"

/* Roles as bits of node_kind.roles; the numbers are enum role_id of daemon/role.h. */
#define FOR_CONTROL (1u << 1)
#define FOR_QUEUE (1u << 2)
#define FOR_SMS (1u << 3)
#define FOR_API (1u << 4)
#define FOR_MEDIA (1u << 5)
#define FOR_LAB (1u << 6)
#define FOR_ALL (~0u)

/* account NAME: somebody who may send, over HTTP or SMPP (the name is the system_id and the Basic user). */
struct account_settings {
	struct config_node node;
	struct text secret;		 /* hash made by `cellpost secret`; core/secret.h checks it */
	struct config_list allow_sender; /* patterns, '*' at the end matches any rest; none = only default_sender */
	struct text default_sender;
	int64_t rate, burst;		 /* messages per second, 0 = unlimited; size of the bucket */
	struct text webhook;		 /* URL for receipts and incoming messages; empty = none */
	struct text webhook_secret;	 /* key of the HMAC-SHA256 signature */
	int64_t smpp_binds;		 /* at once */
	int64_t smpp_window;		 /* unanswered requests, each way */
	int64_t smpp_alphabet;		 /* enum smpp_alphabet_word: what data_coding 0 means */
	bool may_choose_link;		 /* the sender may name the link ("smsc" of Kannel) */
	bool admin;			 /* sees every message, metrics and balances */
	struct config_list from_address; /* IP prefixes it may come from; none = any */
	/* Who pays, where `billing` is configured (billing/charge.h). */
	int64_t payment; /* enum payment_word */
	struct text credit, currency, ceiling;
	int64_t consent; /* enum consent + 1, 0 = the default of `billing` */
	/* What its messages are screened by (core/screen.h). */
	bool optout;			    /* whether STOP and START of phones are taken for it */
	struct config_list allow_recipient; /* prefixes; none = any */
	struct text quiet_hours;	    /* "21:00-08:00 +09:00"; empty = none */
	int64_t duplicate_window;	    /* 0 = off */
	struct text charging_id;	    /* at the charging system, with `payment online` */
	struct config_list cap;		    /* "day 10.00", "month 100.00 now", "roaming-month 5.00" */
	struct config_list number;	    /* phones whose own messages it pays */
};
extern const struct node_kind account_kind;
enum payment_word { PAYMENT_WORD_PREPAID, PAYMENT_WORD_POSTPAID, PAYMENT_WORD_FREE };
enum smpp_alphabet_word { ALPHABET_WORD_GSM, ALPHABET_WORD_LATIN1, ALPHABET_WORD_ASCII, ALPHABET_WORD_GSM_PACKED };
extern const char *const smpp_alphabet_words[];

/* route NAME: which links take what. Links: "lab", "smsc:NAME", "esme:ACCOUNT", "webhook:ACCOUNT". */
struct route_settings {
	struct config_node node;
	struct config_list prefix;  /* of the recipient, longest wins; "*" = any */
	struct config_list sender;  /* patterns of the sender; none = any */
	struct config_list account; /* of the sender; none = any */
	int64_t from;		    /* enum route_from_word */
	struct config_list link;    /* "NAME [weight]", in order of failover; equal weights share */
	int64_t cost;		    /* least wins among routes of the same prefix */
	bool reject;		    /* what matches is refused */
	struct config_list network; /* of the recipient: MCC, or MCC and MNC; none = any */
};
extern const struct node_kind route_kind;
enum route_from_word { FROM_ANY, FROM_APPLICATIONS, FROM_NETWORK };

#define QUEUE_RETRIES_MAX 16u

/* queue: the rules of retry, expiry, waiting. */
struct queue_settings {
	struct config_node node;
	int64_t validity, validity_max;	 /* of a message whose sender names none; the most he may ask */
	struct config_list retry;	 /* waits between tries, the last one repeats: "1m" "5m" "30m" "2h" */
	int64_t lease;			 /* a handed-out delivery is in doubt when unanswered after this */
	int64_t report_wait;		 /* a report is awaited this long after the validity's end */
	int64_t reassembly;		 /* parts of a long message wait this long for the rest */
	int64_t reassembly_max;		 /* unfinished long messages kept at once */
	int64_t waiting_max;		 /* accept is refused above; 0 = no limit */
	int64_t keep_text, keep_message; /* retention after the end */
	int64_t keep_keys, keep_cdr, keep_outbox;
	int64_t outbox_give_up;		     /* a receipt nobody takes is dropped after this, counted */
	int64_t optouts_max, duplicates_max; /* entries kept at once */
};
extern const struct node_kind queue_kind;

/* store: where it is kept. */
struct store_settings {
	struct config_node node;
	int64_t driver; /* enum store_driver_word */
	struct text path;
	int64_t min_free, batch, wal_max;
	int64_t file_max, files_max, files_keep; /* of the folder `files` beside the database */
};
extern const struct node_kind store_kind;
enum store_driver_word { STORE_WORD_SQLITE, STORE_WORD_MEMORY };

#endif
