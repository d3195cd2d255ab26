TESTS += tests/store/test_sqlite.c
TESTS += tests/store/test_conformance.c
TESTS += tests/store/test_power.c
FAKES_tests/store/test_conformance.c := $(addprefix tests/store/, world.c conform_deliveries.c conform_lanes.c conform_records.c payer.c conform_money.c conform_prices.c)
FAKES_tests/store/test_power.c := $(addprefix tests/store/, world.c payer.c cut_vfs.c cut_file.c)
BENCHES += store:store
TESTS += tests/store/test_differential.c
FAKES_tests/store/test_differential.c := $(addprefix tests/store/, world.c payer.c)
