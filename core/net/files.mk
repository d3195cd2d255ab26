SRCS_core/net := $(addprefix core/net/, digest.c)
