# Tests of sms.
TESTS += $(addprefix tests/sms/test_, alphabet.c dcs.c header.c split.c tp_status.c tpdu.c)
