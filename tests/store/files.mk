TESTS += tests/store/test_sqlite.c
BENCHES += store:store
