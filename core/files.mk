SRCS_core := $(addprefix core/, message.c address.c ipc_messages.c)
