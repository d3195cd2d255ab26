SRCS_sms := $(addprefix sms/, alphabet.c alphabet_tables.c bcd.c dcs.c grapheme.c header.c sms_address.c split.c tp_status.c tpdu.c tpdu_time.c transliterate.c)
