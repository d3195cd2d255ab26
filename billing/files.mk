SRCS_billing :=
SRCS_billing += $(addprefix billing/, money.c tariff.c tariff_file.c tariff_check.c tariff_value.c quote.c cap.c ledger.c cdr.c cdr_chain.c csv.c reconcile.c)
SRCS_billing += $(addprefix billing/, billing_vty.c charge.c charge_config.c charge_store.c charge_record.c)
SRCS_billing += $(addprefix billing/, ro.c ro_message.c ro_avp.c ro_decode.c ro_vty.c)
SRCS_billing += billing/charge_quote.c
SRCS_billing += billing/charge_cap.c
