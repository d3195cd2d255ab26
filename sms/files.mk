SRCS_sms := $(addprefix sms/, alphabet.c alphabet_tables.c dcs.c grapheme.c header.c split.c transliterate.c)
