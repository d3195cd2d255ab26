TESTS += tests/core/test_message.c tests/core/test_trail.c
FUZZ += core:ipc_messages
TESTS += tests/core/test_route.c tests/core/test_route_decide.c tests/core/test_route_golden.c tests/core/test_route_result.c tests/core/test_optout.c
TESTS += tests/core/test_secret.c
TESTS += tests/core/test_config.c
FUZZ += core:config
FUZZ += core:optout
TESTS += tests/core/test_channel.c
