SRCS_store := $(addprefix store/, lanes.c sqlite_db.c sqlite_schema.c sqlite_accept.c sqlite_delivery.c sqlite_report.c sqlite_other.c store_sqlite.c)

# The schema becomes a C string, so that the program carries it.
$(B)/gen/store/schema_001.h: store/schema/001_initial.sql
	@mkdir -p $(@D)
	@sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@
$(B)/store/sqlite_schema.o: $(B)/gen/store/schema_001.h
