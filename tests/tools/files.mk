# Peers and load generators.
# The yardstick of bench_smpp, where libsmpp34-dev is installed.
TOOLS += $(if $(wildcard /usr/include/libsmpp34/smpp34.h),tests/tools/bench_libsmpp34.c)
TOOL_LIBS_tests/tools/bench_libsmpp34.c := -I/usr/include/libsmpp34 -lsmpp34
# The bench's load and its targets.
TOOLS += tests/tools/http_load.c tests/tools/http_sink.c tests/tools/smpp_load.c tests/tools/smpp_sink.c
TOOLS += tests/tools/sctp_bridge.c
TOOL_LIBS_tests/tools/sctp_bridge.c := -DINET -DINET6 -lusrsctp
