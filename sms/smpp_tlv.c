/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLVs of SMPP (5.3): the part of smpp_pdu.h that looks into and makes them. */
#include "sms/smpp_pdu.h"
#include "sms/smpp_status.h"

static const struct tlv_info {
	uint16_t tag, least, most; /* octets of the value */
	const char *name;
} infos[] = {
	{ 0x0005, 1, 1, "dest_addr_subunit" },
	{ 0x0006, 1, 1, "dest_network_type" },
	{ 0x0007, 1, 1, "dest_bearer_type" },
	{ 0x0008, 2, 2, "dest_telematics_id" },
	{ 0x000d, 1, 1, "source_addr_subunit" },
	{ 0x000e, 1, 1, "source_network_type" },
	{ 0x000f, 1, 1, "source_bearer_type" },
	{ 0x0010, 1, 2, "source_telematics_id" },
	{ 0x0017, 4, 4, "qos_time_to_live" },
	{ 0x0019, 1, 1, "payload_type" },
	{ 0x001d, 0, 256, "additional_status_info_text" },
	{ 0x001e, 0, 65, "receipted_message_id" },
	{ 0x0030, 1, 1, "ms_msg_wait_facilities" },
	{ 0x0201, 1, 1, "privacy_indicator" },
	{ 0x0202, 2, 23, "source_subaddress" },
	{ 0x0203, 2, 23, "dest_subaddress" },
	{ 0x0204, 2, 2, "user_message_reference" },
	{ 0x0205, 1, 1, "user_response_code" },
	{ 0x020a, 2, 2, "source_port" },
	{ 0x020b, 2, 2, "destination_port" },
	{ 0x020c, 2, 2, "sar_msg_ref_num" },
	{ 0x020d, 1, 1, "language_indicator" },
	{ 0x020e, 1, 1, "sar_total_segments" },
	{ 0x020f, 1, 1, "sar_segment_seqnum" },
	{ 0x0210, 1, 1, "sc_interface_version" },
	{ 0x0302, 1, 1, "callback_num_pres_ind" },
	{ 0x0303, 0, 65, "callback_num_atag" },
	{ 0x0304, 1, 1, "number_of_messages" },
	{ 0x0381, 0, 19, "callback_num" },
	{ 0x0420, 1, 1, "dpf_result" },
	{ 0x0421, 1, 1, "set_dpf" },
	{ 0x0422, 1, 1, "ms_availability_status" },
	{ 0x0423, 3, 3, "network_error_code" },
	{ 0x0424, 0, 65535, "message_payload" },
	{ 0x0425, 1, 1, "delivery_failure_reason" },
	{ 0x0426, 1, 1, "more_messages_to_send" },
	{ 0x0427, 1, 1, "message_state" },
	{ 0x0428, 1, 1, "congestion_state" },
	{ 0x0501, 1, 1, "ussd_service_op" },
	{ 0x1201, 1, 1, "display_time" },
	{ 0x1203, 2, 2, "sms_signal" },
	{ 0x1204, 1, 4, "ms_validity" },
	{ 0x130c, 0, 1, "alert_on_message_delivery" },
	{ 0x1380, 1, 1, "its_reply_type" },
	{ 0x1383, 2, 2, "its_session_info" },
};

#define COUNT (sizeof(infos) / sizeof(infos[0]))

static const struct tlv_info *info_of(uint16_t tag)
{
	size_t low = 0, high = COUNT;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (infos[middle].tag == tag)
			return &infos[middle];
		if (infos[middle].tag < tag)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *smpp_tlv_name(uint16_t tag)
{
	const struct tlv_info *info = info_of(tag);

	return info ? info->name : NULL;
}

bool smpp_tlv_next(struct reader *tlvs, struct smpp_tlv *out)
{
	if (tlvs->failed || !reader_left(tlvs))
		return false;
	uint16_t tag = reader_u16(tlvs);
	uint16_t len = reader_u16(tlvs);
	const uint8_t *value = reader_take(tlvs, len);
	if (!value)
		return false;
	*out = (struct smpp_tlv){ tag, text_range((const char *)value, len) };
	return true;
}

bool smpp_tlvs_valid(struct text tlvs)
{
	struct reader r = reader_of(tlvs.at, tlvs.len);
	struct smpp_tlv tlv;

	while (smpp_tlv_next(&r, &tlv))
		;
	return reader_done(&r);
}

bool smpp_tlv_find(struct text tlvs, uint16_t tag, struct text *value_out)
{
	struct reader r = reader_of(tlvs.at, tlvs.len);
	struct smpp_tlv tlv;

	while (smpp_tlv_next(&r, &tlv)) {
		if (tlv.tag != tag)
			continue;
		*value_out = tlv.value;
		return true;
	}
	return false;
}

static bool find_sized(struct text tlvs, uint16_t tag, size_t size, struct reader *out)
{
	struct text value;

	if (!smpp_tlv_find(tlvs, tag, &value) || value.len != size)
		return false;
	*out = reader_of(value.at, value.len);
	return true;
}

bool smpp_tlv_u8(struct text tlvs, uint16_t tag, uint8_t *out)
{
	struct reader r;

	if (!find_sized(tlvs, tag, 1, &r))
		return false;
	*out = reader_u8(&r);
	return true;
}

bool smpp_tlv_u16(struct text tlvs, uint16_t tag, uint16_t *out)
{
	struct reader r;

	if (!find_sized(tlvs, tag, 2, &r))
		return false;
	*out = reader_u16(&r);
	return true;
}

bool smpp_tlv_u32(struct text tlvs, uint16_t tag, uint32_t *out)
{
	struct reader r;

	if (!find_sized(tlvs, tag, 4, &r))
		return false;
	*out = reader_u32(&r);
	return true;
}

bool smpp_tlv_string(struct text tlvs, uint16_t tag, size_t max, struct text *out)
{
	struct text value;

	if (!smpp_tlv_find(tlvs, tag, &value))
		return false;
	const char *nul = value.len ? memchr(value.at, 0, value.len) : NULL;
	if (nul)
		value.len = (size_t)(nul - value.at);
	if (value.len > max)
		return false;
	*out = value;
	return true;
}

uint32_t smpp_tlvs_check(struct text tlvs, uint16_t *tag_out)
{
	struct reader r = reader_of(tlvs.at, tlvs.len);
	struct smpp_tlv tlv;

	while (smpp_tlv_next(&r, &tlv)) {
		const struct tlv_info *info = info_of(tlv.tag);

		if (!info || (tlv.value.len >= info->least && tlv.value.len <= info->most))
			continue;
		*tag_out = tlv.tag;
		return SMPP_RINVTLVLEN;
	}
	return SMPP_ROK;
}

void smpp_tlv_put(struct writer *w, uint16_t tag, struct text value)
{
	if (value.len > UINT16_MAX) {
		w->failed = true;
		return;
	}
	writer_u16(w, tag);
	writer_u16(w, (uint16_t)value.len);
	writer_text(w, value);
}

void smpp_tlv_put_u8(struct writer *w, uint16_t tag, uint8_t value)
{
	writer_u16(w, tag);
	writer_u16(w, 1);
	writer_u8(w, value);
}

void smpp_tlv_put_u16(struct writer *w, uint16_t tag, uint16_t value)
{
	writer_u16(w, tag);
	writer_u16(w, 2);
	writer_u16(w, value);
}

void smpp_tlv_put_u32(struct writer *w, uint16_t tag, uint32_t value)
{
	writer_u16(w, tag);
	writer_u16(w, 4);
	writer_u32(w, value);
}

void smpp_tlv_put_string(struct writer *w, uint16_t tag, struct text value)
{
	if (value.len >= UINT16_MAX) {
		w->failed = true;
		return;
	}
	writer_u16(w, tag);
	writer_u16(w, (uint16_t)(value.len + 1));
	writer_cstring(w, value);
}

static bool listed(uint16_t tag, const uint16_t *list)
{
	for (; list && *list; list++)
		if (*list == tag)
			return true;
	return false;
}

void smpp_tlvs_pass_on(struct writer *w, struct text tlvs, const uint16_t *without)
{
	struct reader r = reader_of(tlvs.at, tlvs.len);
	struct smpp_tlv tlv;

	while (smpp_tlv_next(&r, &tlv))
		if (!listed(tlv.tag, without))
			smpp_tlv_put(w, tlv.tag, tlv.value);
}
