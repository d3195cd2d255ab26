# Tests of sms.
TESTS += $(addprefix tests/sms/test_, alphabet.c)
