# Tests of billing.
TESTS += tests/billing/test_money.c tests/billing/test_tariff.c tests/billing/test_quote.c tests/billing/test_permit.c tests/billing/test_cap.c tests/billing/test_ledger.c tests/billing/test_cdr.c tests/billing/test_reconcile.c
FUZZ += billing:billing
BENCHES += billing:route
