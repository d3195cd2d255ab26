SRCS_billing :=
