# Tests of core/net.
