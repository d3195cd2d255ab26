TESTS += tests/core/base/test_base.c tests/core/base/test_ipc.c
TESTS += $(addprefix tests/core/base/test_, idtable.c worker.c sandbox.c)
