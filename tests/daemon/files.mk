# Tests of daemon.
TESTS += tests/daemon/test_api_message.c
