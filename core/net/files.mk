SRCS_core/net := $(addprefix core/net/, digest.c)
SRCS_core/net += $(addprefix core/net/, net_address.c listen.c stream.c stream_io.c stream_turn.c tls.c tls_session.c)
SRCS_core/net += $(addprefix core/net/, uri.c)
SRCS_core/net += $(addprefix core/net/, json.c json_writer.c)
