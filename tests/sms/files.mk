# Tests of sms.
TESTS += $(addprefix tests/sms/test_, alphabet.c dcs.c gsup.c header.c rp_cp.c sgsap.c split.c tp_status.c tpdu.c wap_push.c)
DUMPS += tests/sms/dump_sms.c
TESTS += tests/sms/test_concat.c
FUZZ += $(addprefix sms:, tpdu sms_address header rp cp gsup ipa sgsap wap_push split alphabet concat)
TESTS += tests/sms/test_key_table.c
TESTS += $(addprefix tests/sms/test_smpp_, pdu.c session.c text.c words.c)
TESTS += tests/sms/test_session.c
FUZZ += sms:session
TESTS += tests/sms/test_sgs_fsm.c
FUZZ += sms:sgs_fsm
TESTS += tests/sms/test_retry_cause.c
FUZZ += $(addprefix sms:smpp_, pdu receipt session)
DUMPS += tests/sms/dump_smpp.c
TESTS += tests/sms/test_link_side.c
FUZZ += sms:link_side
BENCHES += sms:smpp
