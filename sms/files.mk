SRCS_sms := $(addprefix sms/, alphabet.c alphabet_tables.c bcd.c cp.c cp_fsm.c dcs.c grapheme.c gsup.c header.c ipa.c rp.c rp_fsm.c sgsap.c sms_address.c split.c tp_status.c tpdu.c tpdu_time.c transliterate.c wap_push.c)
SRCS_sms += $(addprefix sms/, concat.c concat_part.c)
SRCS_sms += $(addprefix sms/smpp_, bucket.c encode.c pdu.c receipt.c status.c text.c text_plan.c time.c tlv.c)
SRCS_sms += $(addprefix sms/, key_table.c)
