/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TP-ST to the state of a message. */
#include "sms/tp_status.h"

#include <stddef.h>

static const struct {
	uint8_t first, last;
	struct tp_status status;
} rows[] = {
	{ 0x00, 0x00, { TP_STATUS_DELIVERED, true, false, "received by the phone" } },
	{ 0x01, 0x01, { TP_STATUS_FORWARDED, true, false, "forwarded, unconfirmed" } },
	{ 0x02, 0x02, { TP_STATUS_CANCELLED, true, false, "replaced by the service centre" } },
	{ 0x10, 0x1f, { TP_STATUS_FORWARDED, true, true, "completed, service centre specific" } },
	{ 0x20, 0x20, { TP_STATUS_WAITING, false, false, "congestion" } },
	{ 0x21, 0x21, { TP_STATUS_WAITING, false, false, "phone busy" } },
	{ 0x22, 0x22, { TP_STATUS_WAITING, false, false, "no response from the phone" } },
	{ 0x23, 0x23, { TP_STATUS_WAITING, false, false, "service rejected" } },
	{ 0x24, 0x24, { TP_STATUS_WAITING, false, false, "quality of service not available" } },
	{ 0x25, 0x25, { TP_STATUS_WAITING, false, false, "error in the phone" } },
	{ 0x26, 0x2f, { TP_STATUS_WAITING, false, false, "reserved, still trying" } },
	{ 0x30, 0x3f, { TP_STATUS_WAITING, false, true, "still trying, service centre specific" } },
	{ 0x40, 0x40, { TP_STATUS_REFUSED, true, false, "remote procedure error" } },
	{ 0x41, 0x41, { TP_STATUS_REFUSED, true, false, "incompatible destination" } },
	{ 0x42, 0x42, { TP_STATUS_REFUSED, true, false, "rejected by the phone" } },
	{ 0x43, 0x43, { TP_STATUS_REFUSED, true, false, "not obtainable" } },
	{ 0x44, 0x44, { TP_STATUS_REFUSED, true, false, "quality of service not available" } },
	{ 0x45, 0x45, { TP_STATUS_REFUSED, true, false, "no interworking available" } },
	{ 0x46, 0x46, { TP_STATUS_EXPIRED, true, false, "validity period expired" } },
	{ 0x47, 0x47, { TP_STATUS_CANCELLED, true, false, "deleted by the sender" } },
	{ 0x48, 0x48, { TP_STATUS_CANCELLED, true, false, "deleted by the service centre" } },
	{ 0x49, 0x49, { TP_STATUS_REFUSED, true, false, "message does not exist" } },
	{ 0x4a, 0x4f, { TP_STATUS_REFUSED, true, false, "reserved, permanent error" } },
	{ 0x50, 0x5f, { TP_STATUS_REFUSED, true, true, "permanent error, service centre specific" } },
	{ 0x60, 0x60, { TP_STATUS_GAVE_UP, true, false, "congestion" } },
	{ 0x61, 0x61, { TP_STATUS_GAVE_UP, true, false, "phone busy" } },
	{ 0x62, 0x62, { TP_STATUS_GAVE_UP, true, false, "no response from the phone" } },
	{ 0x63, 0x63, { TP_STATUS_GAVE_UP, true, false, "service rejected" } },
	{ 0x64, 0x64, { TP_STATUS_GAVE_UP, true, false, "quality of service not available" } },
	{ 0x65, 0x65, { TP_STATUS_GAVE_UP, true, false, "error in the phone" } },
	{ 0x66, 0x6f, { TP_STATUS_GAVE_UP, true, false, "reserved, temporary error" } },
	{ 0x70, 0x7f, { TP_STATUS_GAVE_UP, true, true, "temporary error, service centre specific" } },
};

struct tp_status tp_status_of(uint8_t status)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (status >= rows[i].first && status <= rows[i].last)
			return rows[i].status;
	}
	/* 9.2.3.15: a reserved value is taken as "service rejected". */
	return (struct tp_status){ TP_STATUS_REFUSED, true, false, "reserved" };
}

const char *tp_status_state_name(enum tp_status_state state)
{
	static const char *const names[TP_STATUS_STATES] = {
		[TP_STATUS_DELIVERED] = "delivered", [TP_STATUS_FORWARDED] = "forwarded",
		[TP_STATUS_WAITING] = "waiting",     [TP_STATUS_CANCELLED] = "cancelled",
		[TP_STATUS_EXPIRED] = "expired",     [TP_STATUS_REFUSED] = "refused",
		[TP_STATUS_GAVE_UP] = "gave up",
	};

	return state < TP_STATUS_STATES ? names[state] : NULL;
}
