/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TP-DCS (3GPP TS 23.038 4) and TP-PID (3GPP TS 23.040 9.2.3.9): what the two octets ask for. */
#ifndef SMS_DCS_H
#define SMS_DCS_H

#include <stdbool.h>
#include <stdint.h>

enum dcs_alphabet { DCS_GSM7, DCS_8BIT, DCS_UCS2 };

enum dcs_waiting { DCS_WAITING_NONE, DCS_WAITING_DISCARD, DCS_WAITING_STORE };

#define DCS_CLASS_NONE (-1)
#define DCS_CLASS_FLASH 0
#define DCS_CLASS_ME 1
#define DCS_CLASS_SIM 2 /* only from peers trusted for it */
#define DCS_CLASS_TE 3

struct dcs {
	enum dcs_alphabet alphabet;
	int message_class; /* DCS_CLASS_* */
	bool compressed;   /* 23.042: cellpost does not read it */
	bool auto_delete;
	bool reserved; /* a coding without meaning yet: read as GSM 7-bit, passed on unchanged */
	enum dcs_waiting waiting;
	bool waiting_active;
	uint8_t waiting_type; /* 0 voice, 1 fax, 2 e-mail, 3 other */
};

struct dcs dcs_decode(uint8_t octet);
/* The shortest group that says it: a compressed, reserved or 8-bit waiting coding has none and loses that. */
uint8_t dcs_encode(const struct dcs *dcs);
/* 0x00, 0x04, 0x08, or with a class 0x10..0x1b. */
uint8_t dcs_of(enum dcs_alphabet alphabet, int message_class);
const char *dcs_alphabet_name(enum dcs_alphabet alphabet); /* "GSM 7-bit" */

enum pid_kind {
	PID_PLAIN,	     /* 0x00 and the other SME to SME protocols 0x01-0x1f */
	PID_TELEMATIC,	     /* 0x20-0x3f but e-mail */
	PID_EMAIL,	     /* 0x32: "address text" in the user data */
	PID_SILENT,	     /* 0x40 type 0: acknowledged, never shown */
	PID_REPLACE,	     /* 0x41-0x47 */
	PID_DEVICE_TRIGGER,  /* 0x48 */
	PID_ENHANCED,	     /* 0x5e */
	PID_RETURN_CALL,     /* 0x5f */
	PID_ANSI136,	     /* 0x7c */
	PID_ME_DOWNLOAD,     /* 0x7d */
	PID_DEPERSONALISE,   /* 0x7e */
	PID_SIM_DOWNLOAD,    /* 0x7f */
	PID_CENTRE_SPECIFIC, /* 0xc0-0xff */
	PID_RESERVED,
	PID_KINDS
};

#define PID_TYPE_0 0x40
#define PID_INTERNET_EMAIL 0x32

enum pid_kind pid_kind_of(uint8_t pid);
const char *pid_kind_name(enum pid_kind kind);
/* The replace type 1-7, 0 for any other PID. */
unsigned pid_replace_type(uint8_t pid);
/* 0x7d-0x7f reach into the phone or SIM: only from peers trusted for it. */
bool pid_needs_trust(uint8_t pid);

#endif
