# Tests of billing.
TESTS += tests/billing/test_money.c tests/billing/test_tariff.c tests/billing/test_quote.c tests/billing/test_permit.c tests/billing/test_cap.c tests/billing/test_ledger.c tests/billing/test_cdr.c tests/billing/test_reconcile.c
FUZZ += billing:billing
BENCHES += billing:route

# The model checker works on a whole store, so its programs carry the store's objects.
MODEL_OBJECTS := tests/store/world.c $(addprefix tests/billing/, model.c model_look.c model_world.c model_offer.c model_work.c model_action.c) $(SRCS_store)
TESTS += tests/billing/test_model.c
FAKES_tests/billing/test_model.c := $(MODEL_OBJECTS)
TESTS += tests/billing/test_model_kill.c
FAKES_tests/billing/test_model_kill.c := $(MODEL_OBJECTS)
TESTS += tests/billing/test_model_quote.c
TESTS += tests/billing/test_ro.c tests/billing/test_ro_message.c
FUZZ += billing:ro_message
