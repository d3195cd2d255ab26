SRCS_daemon :=
SRCS_daemon += $(addprefix daemon/, api_problem.c api_time.c api_message.c)
SRCS_daemon += $(addprefix daemon/, kannel_charset.c kannel_query.c kannel_receipt.c)
SRCS_daemon += $(addprefix daemon/, role.c role_config.c role_links.c role_show.c roles.c kinds.c daemon_vty.c memory_file.c)
SRCS_daemon += $(addprefix daemon/, process.c process_child.c process_pair.c process_socket.c process_record.c config_file.c)
SRCS_daemon += $(addprefix daemon/, control.c apply.c media_role.c)
SRCS_daemon += $(addprefix daemon/, queue_role.c lab_role.c lab_vty.c handset.c handset_text.c)
SRCS_daemon += daemon/metrics.c daemon/role_names.c
