SRCS_billing :=
SRCS_billing += $(addprefix billing/, money.c tariff.c tariff_file.c tariff_check.c tariff_value.c quote.c cap.c ledger.c cdr.c cdr_chain.c csv.c reconcile.c)
