SRCS_core := $(addprefix core/, message.c address.c message_id.c trail.c store.c ipc_messages.c)
