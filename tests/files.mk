# What is built for tests. TESTS: tests/<folder>/test_x.c. FUZZ: <folder>:<name>. BENCHES: <folder>:<name>. TOOLS: whole programs.
# Each folder's own list lies beside its tests.
-include $(wildcard tests/core/base/files.mk tests/core/net/files.mk tests/core/files.mk tests/sms/files.mk tests/billing/files.mk \
	tests/store/files.mk tests/daemon/files.mk tests/tools/files.mk)
