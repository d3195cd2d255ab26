SRCS_daemon :=
SRCS_daemon += $(addprefix daemon/, api_problem.c api_time.c api_message.c)
SRCS_daemon += $(addprefix daemon/, kannel_charset.c kannel_query.c kannel_receipt.c)
