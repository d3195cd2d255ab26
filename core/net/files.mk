SRCS_core/net :=
