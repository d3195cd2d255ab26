SRCS_billing :=
SRCS_billing += $(addprefix billing/, money.c)
