SRCS_core/base := $(addprefix core/base/, result.c writer.c)
