SRCS_core := $(addprefix core/, message.c address.c message_id.c trail.c store.c ipc_messages.c core_vty.c)
SRCS_core += $(addprefix core/, route.c route_table.c route_decide.c route_explain.c route_result.c permit.c optout.c route_links.c)
SRCS_core += $(addprefix core/, secret.c bucket.c)
SRCS_core += $(addprefix core/, config.c config_value.c config_word.c config_read.c config_write.c config_records.c config_command.c config_walk.c)
SRCS_core += $(addprefix core/, channel.c channel_calls.c channel_hand.c flight.c queue.c queue_accept.c queue_ask.c queue_config.c queue_flight.c queue_link.c queue_outbox.c queue_policy.c queue_report.c queue_reroute.c queue_result.c queue_settle.c queue_show.c queue_sweep.c)
SRCS_core += $(addprefix core/, queue_decide.c queue_presence.c queue_due.c queue_rcs.c queue_money.c queue_money_hold.c queue_money_ask.c queue_money_show.c permit_spend.c)
SRCS_core += core/push.c
