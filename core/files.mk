SRCS_core := $(addprefix core/, message.c address.c message_id.c trail.c store.c ipc_messages.c core_vty.c)
SRCS_core += $(addprefix core/, route.c route_table.c route_decide.c route_explain.c route_result.c)
SRCS_core += $(addprefix core/, secret.c bucket.c)
SRCS_core += $(addprefix core/, config.c config_value.c config_word.c config_read.c config_write.c config_records.c)
