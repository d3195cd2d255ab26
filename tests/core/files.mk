TESTS += tests/core/test_message.c
