# Tests of sms.
TESTS += $(addprefix tests/sms/test_, alphabet.c dcs.c header.c rp_cp.c split.c tp_status.c tpdu.c)
