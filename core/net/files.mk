SRCS_core/net := $(addprefix core/net/, digest.c)
SRCS_core/net += $(addprefix core/net/, net_address.c network.c listen.c stream.c stream_open.c stream_io.c stream_turn.c tls.c tls_session.c)
SRCS_core/net += $(addprefix core/net/, uri.c)
SRCS_core/net += $(addprefix core/net/, sctp.c sctp_usrsctp.c)
$(B)/core/net/sctp_usrsctp.o: PKG_CFLAGS += -DINET -DINET6
PKG_LIBS += -lusrsctp
SRCS_core/net += $(addprefix core/net/, json.c json_writer.c)
SRCS_core/net += $(addprefix core/net/, dns.c dns_name.c dns_hosts.c dns_resolver.c)
SRCS_core/net += $(addprefix core/net/, http_message.c http_builder.c http1.c http1_write.c http2.c http2_send.c)
SRCS_core/net += $(addprefix core/net/, http_server.c http_connection.c http_exchange.c)
SRCS_core/net += $(addprefix core/net/, http_client.c http_link.c)

# llhttp has no library package: its generated C comes in node-llhttp and is compiled here, in its strict mode.
LLHTTP := /usr/share/llhttp
SRCS_core/net += $(addprefix llhttp/, api.c http.c llhttp.c)
$(B)/llhttp/%.o: $(LLHTTP)/%.c
	@mkdir -p $(@D)
	@$(CCACHE) $(CC) -std=c17 $(CFLAGS_$(V)) -w -DLLHTTP_STRICT_MODE=1 -isystem /usr/share/include/llhttp -c -o $@ $<
$(B)/core/net/http1.o: PKG_CFLAGS += -isystem /usr/share/include
