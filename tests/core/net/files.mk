TESTS += tests/core/net/test_digest.c
TESTS += $(addprefix tests/core/net/test_, net_address.c stream.c tls.c)
TESTS += $(addprefix tests/core/net/test_, uri.c)
FUZZ += core/net:uri
TESTS += $(addprefix tests/core/net/test_, json.c)
FUZZ += core/net:json
TESTS += $(addprefix tests/core/net/test_, dns.c)
BENCHES += core/net:stream
