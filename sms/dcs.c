/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TP-DCS groups (3GPP TS 23.038 4) and TP-PID groups (3GPP TS 23.040 9.2.3.9). */
#include "sms/dcs.h"

#include <stddef.h>

/* 00xx and 01xx: bit 5 compressed, bit 4 class valid, bits 3-2 alphabet, bits 1-0 class. */
static struct dcs decode_general(uint8_t octet)
{
	static const enum dcs_alphabet alphabets[4] = { DCS_GSM7, DCS_8BIT, DCS_UCS2, DCS_GSM7 };

	return (struct dcs){
		.alphabet = alphabets[octet >> 2 & 3],
		.message_class = octet & 0x10 ? octet & 3 : DCS_CLASS_NONE,
		.compressed = octet & 0x20,
		.auto_delete = octet & 0x40,
		.reserved = (octet & 0x0c) == 0x0c,
	};
}

/* 1100 discard, 1101 store as GSM 7-bit, 1110 store as UCS-2: bit 3 active, bits 1-0 type. */
static struct dcs decode_waiting(uint8_t octet)
{
	return (struct dcs){
		.alphabet = (octet & 0xf0) == 0xe0 ? DCS_UCS2 : DCS_GSM7,
		.message_class = DCS_CLASS_NONE,
		.waiting = (octet & 0xf0) == 0xc0 ? DCS_WAITING_DISCARD : DCS_WAITING_STORE,
		.waiting_active = octet & 8,
		.waiting_type = octet & 3,
	};
}

struct dcs dcs_decode(uint8_t octet)
{
	if (octet < 0x80)
		return decode_general(octet);
	if (octet < 0xc0)
		return (struct dcs){ .message_class = DCS_CLASS_NONE, .reserved = true };
	if (octet < 0xf0)
		return decode_waiting(octet);
	return (struct dcs){ .alphabet = octet & 4 ? DCS_8BIT : DCS_GSM7, .message_class = octet & 3 };
}

uint8_t dcs_of(enum dcs_alphabet alphabet, int message_class)
{
	static const uint8_t bits[] = { [DCS_GSM7] = 0x00, [DCS_8BIT] = 0x04, [DCS_UCS2] = 0x08 };

	return (uint8_t)(bits[alphabet] | (message_class < 0 ? 0 : 0x10 | (message_class & 3)));
}

uint8_t dcs_encode(const struct dcs *dcs)
{
	uint8_t type = (uint8_t)((dcs->waiting_active ? 8 : 0) | (dcs->waiting_type & 3));

	if (dcs->waiting == DCS_WAITING_DISCARD)
		return 0xc0 | type;
	if (dcs->waiting == DCS_WAITING_STORE)
		return (dcs->alphabet == DCS_UCS2 ? 0xe0 : 0xd0) | type;
	return dcs_of(dcs->alphabet, dcs->message_class) | (dcs->auto_delete ? 0x40 : 0);
}

const char *dcs_alphabet_name(enum dcs_alphabet alphabet)
{
	static const char *const names[] = { [DCS_GSM7] = "GSM 7-bit", [DCS_8BIT] = "8-bit", [DCS_UCS2] = "UCS-2" };

	return names[alphabet];
}

static enum pid_kind kind_of_second_group(uint8_t pid)
{
	if (pid > 0x40 && pid < 0x48)
		return PID_REPLACE;
	switch (pid) {
	case 0x40:
		return PID_SILENT;
	case 0x48:
		return PID_DEVICE_TRIGGER;
	case 0x5e:
		return PID_ENHANCED;
	case 0x5f:
		return PID_RETURN_CALL;
	case 0x7c:
		return PID_ANSI136;
	case 0x7d:
		return PID_ME_DOWNLOAD;
	case 0x7e:
		return PID_DEPERSONALISE;
	case 0x7f:
		return PID_SIM_DOWNLOAD;
	default:
		return PID_RESERVED;
	}
}

enum pid_kind pid_kind_of(uint8_t pid)
{
	switch (pid >> 6) {
	case 0:
		if (pid == PID_INTERNET_EMAIL)
			return PID_EMAIL;
		return pid & 0x20 ? PID_TELEMATIC : PID_PLAIN;
	case 1:
		return kind_of_second_group(pid);
	case 2:
		return PID_RESERVED;
	default:
		return PID_CENTRE_SPECIFIC;
	}
}

const char *pid_kind_name(enum pid_kind kind)
{
	static const char *const names[PID_KINDS] = {
		[PID_PLAIN] = "plain",
		[PID_TELEMATIC] = "telematic",
		[PID_EMAIL] = "Internet e-mail",
		[PID_SILENT] = "silent (type 0)",
		[PID_REPLACE] = "replace",
		[PID_DEVICE_TRIGGER] = "device trigger",
		[PID_ENHANCED] = "enhanced message service",
		[PID_RETURN_CALL] = "return call",
		[PID_ANSI136] = "ANSI-136 R-DATA",
		[PID_ME_DOWNLOAD] = "ME data download",
		[PID_DEPERSONALISE] = "ME depersonalisation",
		[PID_SIM_DOWNLOAD] = "SIM data download",
		[PID_CENTRE_SPECIFIC] = "service centre specific",
		[PID_RESERVED] = "reserved",
	};

	return kind < PID_KINDS ? names[kind] : NULL;
}

unsigned pid_replace_type(uint8_t pid)
{
	return pid_kind_of(pid) == PID_REPLACE ? pid & 7u : 0;
}

bool pid_needs_trust(uint8_t pid)
{
	return pid >= 0x7d && pid <= 0x7f;
}
