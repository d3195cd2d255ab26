TESTS += tests/core/base/test_base.c tests/core/base/test_ipc.c
