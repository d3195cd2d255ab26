# Tests of billing.
