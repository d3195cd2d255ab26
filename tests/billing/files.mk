# Tests of billing.
TESTS += tests/billing/test_money.c
