SRCS_store := $(addprefix store/, store_sqlite.c sqlite_open.c sqlite_writer.c sqlite_checkpoint.c sqlite_reader.c sqlite_db.c sqlite_statements.c sqlite_schema.c)
SRCS_store += $(addprefix store/, answer.c lanes.c sqlite_lane.c sqlite_memory.c sqlite_row.c)
SRCS_store += $(addprefix store/, sqlite_accept.c sqlite_claim.c sqlite_finish.c sqlite_report.c sqlite_end.c sqlite_prune.c)
SRCS_store += $(addprefix store/, money.c sqlite_charge.c sqlite_settle.c sqlite_ledger.c sqlite_account.c sqlite_price.c sqlite_sums.c)
SRCS_store += $(addprefix store/, store_memory.c memory_row.c memory_accept.c memory_end.c memory_records.c memory_read.c memory_money.c memory_ledger.c memory_accounts.c)
SRCS_store += $(addprefix store/, report_match.c sqlite_early.c memory_early.c sqlite_gather.c sqlite_pages.c)
SRCS_store += $(addprefix store/, sqlite_fact.c sqlite_records.c sqlite_read.c)

# The steps of the schema become C strings, so that the program carries them.
$(B)/gen/store/schema_%.h: store/schema/%.sql
	@mkdir -p $(@D)
	@sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@
$(B)/store/sqlite_schema.o: $(B)/gen/store/schema_001_initial.h $(B)/gen/store/schema_002_state_checks.h
$(B)/store/sqlite_schema.o: $(B)/gen/store/schema_003_early_reports.h $(B)/gen/store/schema_004_lean_rows.h
