TESTS += tests/store/test_sqlite.c
