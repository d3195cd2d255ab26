# Tests of daemon.
TESTS += tests/daemon/test_api_message.c tests/daemon/test_api_kannel.c tests/daemon/test_api_webhook.c
TESTS += tests/daemon/test_api_openapi.c tests/daemon/test_api_role.c
FUZZ += daemon:api_message daemon:kannel
TESTS += tests/daemon/test_queue.c
TESTS += tests/daemon/test_metrics.c
TESTS += tests/daemon/test_vty.c tests/daemon/test_process_record.c
FUZZ += daemon:vty
DUMPS += tests/daemon/dump_roles.c
TESTS += tests/daemon/test_cellpost.c tests/daemon/test_cellpost_phone.c tests/daemon/test_cellpost_sms.c
FUZZ += daemon:cellpost
BENCHES += daemon:api
TESTS += tests/daemon/test_queue_money.c
TESTS += tests/daemon/test_money_model.c
TESTS += tests/daemon/test_queue_relay.c
TESTS += tests/daemon/test_queue_lookup.c
TESTS += tests/daemon/test_queue_files.c
TESTS += tests/daemon/test_queue_screen.c
