SRCS_daemon :=
SRCS_daemon += $(addprefix daemon/, api_problem.c api_time.c api_take.c api_message.c)
SRCS_daemon += $(addprefix daemon/, kannel_charset.c kannel_values.c kannel_query.c kannel_receipt.c)
SRCS_daemon += $(addprefix daemon/, api_role.c api_port.c api_routes.c api_auth.c api_accounts.c api_calls.c api_answer.c)
SRCS_daemon += $(addprefix daemon/, api_send.c api_ask.c api_money.c api_events.c api_health.c api_vty.c webhook.c webhook_body.c webhook_client.c)
SRCS_daemon += daemon/api_files.c daemon/api_upload.c
SRCS_daemon += daemon/openapi_json.c
$(B)/gen/daemon/openapi_json.c: daemon/openapi.json
	@mkdir -p $(@D)
	@{ echo '#include "daemon/openapi_json.h"'; echo 'const unsigned char openapi_json[] = {'; \
		od -An -v -tu1 $< | sed 's/\([0-9]\{1,\}\)/\1,/g'; \
		echo '};'; echo 'const unsigned openapi_json_size = sizeof(openapi_json);'; } >$@
SRCS_daemon += $(addprefix daemon/, role.c role_config.c role_links.c role_show.c roles.c kinds.c daemon_vty.c memory_file.c)
SRCS_daemon += $(addprefix daemon/, process.c process_child.c process_pair.c process_socket.c process_line.c process_record.c config_file.c)
SRCS_daemon += $(addprefix daemon/, control.c apply.c member.c media_role.c)
SRCS_daemon += $(addprefix daemon/, queue_role.c queue_parts.c lab_role.c lab_link.c lab_presence.c lab_files.c lab_terminal.c lab_terminal_say.c lab_terminal_file.c lab_send.c lab_vty.c handset.c handset_text.c)
SRCS_daemon += daemon/metrics.c daemon/role_names.c
SRCS_daemon += $(addprefix daemon/, vty.c vty_session.c vty_history.c vty_telnet.c vty_words.c vty_command.c vty_configure.c vty_show.c vty_help.c)
SRCS_daemon += $(addprefix daemon/, cellpost_command.c cellpost_words.c cellpost_terminal.c cellpost_connect.c cellpost_http.c)
SRCS_daemon += $(addprefix daemon/, cellpost_send.c cellpost_file.c cellpost_explain.c cellpost_answer.c cellpost_vty.c cellpost_vty_answer.c cellpost_secret.c)
SRCS_daemon += $(addprefix daemon/, cellpost_config.c cellpost_reference.c cellpost_sms.c cellpost_tpdu.c cellpost_decode.c cellpost_encode.c)
SRCS_daemon += $(addprefix daemon/, phone.c phone_file.c phone_line.c phone_edit.c phone_screen.c)
SRCS_daemon += $(addprefix daemon/, doctor.c doctor_ports.c doctor_files.c doctor_host.c doctor_certificate.c doctor_live.c)
# Puts the nodes and knobs of the program into cellpostd.conf(5); tests/scenario/test_cli.py compares them.
reference: $(B)/cellpost
	@{ sed '/^\.\\" reference begins/q' daemon/cellpostd.conf.5; $(B)/cellpost config reference --mdoc; \
		sed -n '/^\.\\" reference ends/,$$p' daemon/cellpostd.conf.5; } >$(B)/cellpostd.conf.5
	@cp $(B)/cellpostd.conf.5 daemon/cellpostd.conf.5
.PHONY: reference
SRCS_daemon += daemon/sms_role.c daemon/sms_links.c daemon/sms_modems.c
SRCS_daemon += daemon/api_push.c
SRCS_daemon += daemon/api_terms.c
SRCS_daemon += $(addprefix daemon/, capture_command.c capture_file.c sms_captures.c)
SRCS_daemon += daemon/sms_carriers.c
SRCS_daemon += $(addprefix daemon/, diameter_role.c diameter_peer.c diameter_sessions.c)
SRCS_daemon += daemon/lab_carrier.c
SRCS_daemon += daemon/api_optouts.c
SRCS_daemon += daemon/lookup_role.c daemon/lookup_ask.c
