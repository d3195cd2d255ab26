TESTS += tests/core/test_message.c tests/core/test_trail.c
FUZZ += core:ipc_messages
