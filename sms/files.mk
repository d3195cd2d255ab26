SRCS_sms := $(addprefix sms/, alphabet.c alphabet_tables.c)
