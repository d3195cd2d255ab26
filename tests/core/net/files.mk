TESTS += tests/core/net/test_digest.c
