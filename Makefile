# cellpost. `make run` starts it, `make check` tests it; `make help` lists the rest.
#
# One Makefile, no recursion: each folder's files.mk adds to SRCS_<folder>, TESTS, FUZZ and BENCHES. Objects lie under
# $(O)/<variant>/ only. A folder becomes an archive lib<folder>.a, and a test links just the archives that its folder may
# include, so a forbidden call does not link either.

V ?= release
O ?= build
B := $(O)/$(V)
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:

CC := gcc
CLANG := clang
CCACHE := $(shell command -v ccache 2>/dev/null)
PKGS := openssl sqlite3 jansson libnghttp2 libseccomp libsystemd libcares
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wcast-qual -Werror
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS_release := -pie -Wl,-z,relro,-z,now
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS_asan := -fsanitize=address,undefined
CFLAGS_tsan := -O1 -g -fsanitize=thread
LDFLAGS_tsan := -fsanitize=thread
CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
LDFLAGS_fuzz := -fsanitize=address,undefined
ifeq ($(V),fuzz)
CC := $(CLANG)
endif
CFLAGS = -std=c17 $(WARN) $(CFLAGS_$(V)) -D_GNU_SOURCE -I. -I$(B)/gen -MMD -MP $(PKG_CFLAGS)
LDFLAGS = $(LDFLAGS_$(V))
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
PKG_LIBS = $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm -lpthread
PKG_CFLAGS := $(PKG_CFLAGS)
PKG_LIBS := $(PKG_LIBS)

# A folder's archive, with slashes as dashes, and what its tests link (the include table of ARCHITECTURE.md, from the top).
FOLDERS := core/base core/net core sms billing store daemon
LINK_core/base := core/base
LINK_core/net := core/net core/base
LINK_core := core core/net core/base
LINK_sms := sms core core/net core/base
LINK_billing := billing core core/net core/base
LINK_store := store core core/net core/base
LINK_daemon := daemon sms billing store core core/net core/base

-include $(foreach f,$(FOLDERS),$(f)/files.mk)
include tests/files.mk

archive = $(B)/lib$(subst /,-,$(1)).a
objects = $(patsubst %.c,$(B)/%.o,$(1))
PROGRAMS := $(if $(wildcard daemon/main.c),cellpostd) $(if $(wildcard daemon/cellpost.c),cellpost)

all: $(PROGRAMS:%=$(B)/%)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@$(CCACHE) $(CC) $(CFLAGS) -c -o $@ $<

$(B)/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	@$(CCACHE) $(CC) $(CFLAGS) -c -o $@ $<

define folder_rules
$(call archive,$(1)): $(call objects,$(SRCS_$(1)))
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rules,$(f))))

$(B)/cellpostd: $(B)/daemon/main.o $(foreach f,$(LINK_daemon),$(call archive,$(f)))
	@$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(B)/cellpost: $(B)/daemon/cellpost.o $(foreach f,$(LINK_daemon),$(call archive,$(f)))
	@$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# --- tests: tests/<folder>/test_x.c links the archives of LINK_<folder> -------------------------------------------
test_folder = $(patsubst tests/%/,%,$(dir $(1)))
define test_rules
$(B)/$(1:.c=): $(B)/$(1:.c=.o) $(call objects,$(FAKES_$(1))) $(foreach f,$(LINK_$(call test_folder,$(1))),$(call archive,$(f)))
	@$$(CC) $$(LDFLAGS) -o $$@ $$^ -lcmocka $$(PKG_LIBS)
endef
$(foreach t,$(TESTS),$(eval $(call test_rules,$(t))))
TEST_PROGRAMS := $(patsubst %.c,$(B)/%,$(TESTS))

# Programs that print ours for an independent judge in a scenario: DUMPS += tests/<folder>/dump_x.c, linked as tests are.
$(foreach t,$(DUMPS),$(eval $(call test_rules,$(t))))
DUMP_PROGRAMS := $(patsubst %.c,$(B)/%,$(DUMPS))

# One test by hand: make t-sms/test_tpdu
$(foreach t,$(TESTS),$(eval t-$(patsubst tests/%.c,%,$(t)): $(B)/$(t:.c=) ; @$$<))

# --- fuzzing: FUZZ += <folder>:<name> is tests/fuzz/fuzz_<name>.c with tests/fuzz/corpus/<name>/ ---------------------
# Built with libFuzzer as $(O)/fuzz/fuzz_<name>, and with tests/fuzz/replay.c as a unit test over its corpus.
define fuzz_rules
$(B)/replay_$(word 2,$(subst :, ,$(1))): $(B)/tests/fuzz/fuzz_$(word 2,$(subst :, ,$(1))).o $(B)/tests/fuzz/replay.o $(foreach f,$(LINK_$(word 1,$(subst :, ,$(1)))),$(call archive,$(f)))
	@$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(PKG_LIBS)
$(B)/fuzz_$(word 2,$(subst :, ,$(1))): $(B)/tests/fuzz/fuzz_$(word 2,$(subst :, ,$(1))).o $(foreach f,$(LINK_$(word 1,$(subst :, ,$(1)))),$(call archive,$(f)))
	@$$(CC) $$(LDFLAGS) -fsanitize=fuzzer -o $$@ $$^ $$(PKG_LIBS)
endef
$(foreach f,$(FUZZ),$(eval $(call fuzz_rules,$(f))))
FUZZ_NAMES := $(foreach f,$(FUZZ),$(word 2,$(subst :, ,$(f))))
REPLAYS := $(FUZZ_NAMES:%=$(B)/replay_%)

# --- benches: BENCHES += <folder>:<name> is tests/bench/bench_<name>.c ------------------------------------------------
define bench_rules
$(B)/bench_$(word 2,$(subst :, ,$(1))): $(B)/tests/bench/bench_$(word 2,$(subst :, ,$(1))).o $(foreach f,$(LINK_$(word 1,$(subst :, ,$(1)))),$(call archive,$(f)))
	@$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(PKG_LIBS)
endef
$(foreach b,$(BENCHES),$(eval $(call bench_rules,$(b))))
BENCH_PROGRAMS := $(foreach b,$(BENCHES),$(B)/bench_$(word 2,$(subst :, ,$(b))))

# Programs of the tests that link nothing of ours (peers, load generators): TOOLS += tests/tools/x.c
TOOL_PROGRAMS := $(patsubst %.c,$(B)/%,$(TOOLS))
$(TOOL_PROGRAMS): $(B)/%: %.c
	@mkdir -p $(@D)
	@$(CC) -std=c17 -O2 -g -Wall -Wextra -Werror -D_GNU_SOURCE -o $@ $< -lpthread $(TOOL_LIBS_$<)

deps:
	@sh tests/deps.sh

programs: all
unit-programs: $(TEST_PROGRAMS) $(REPLAYS)
test-programs: all unit-programs $(DUMP_PROGRAMS) $(TOOL_PROGRAMS)

run:
	@sh tests/deps.sh run
	@$(MAKE) --no-print-directory -j2 all >/dev/null
	@echo 'the commands lie in $(B): $(B)/cellpost phone +819012345678'
	@$(B)/cellpostd -c examples/quickstart.cfg

check: deps
	@$(MAKE) --no-print-directory -j2 test-programs
	@B=$(B) sh tests/run.sh

# The unit tests alone, without deps or scenarios: the quick loop while you work.
unit: unit-programs
	@B=$(B) sh tests/run.sh unit

asan tsan:
	@$(MAKE) --no-print-directory -j2 V=$@ test-programs
	@B=$(O)/$@ VARIANT=$@ sh tests/run.sh unit

fuzz:
	@$(MAKE) --no-print-directory -j2 V=fuzz $(FUZZ_NAMES:%=$(O)/fuzz/fuzz_%)
	@B=$(O)/fuzz SECONDS_EACH=$(or $(FUZZ_SECONDS),60) sh tests/fuzz/run.sh $(FUZZ_NAMES)

prove: deps
	@$(MAKE) --no-print-directory -j2 test-programs
	@B=$(B) sh tests/prove.sh

bench: deps
	@$(MAKE) --no-print-directory -j2 all $(BENCH_PROGRAMS) $(TOOL_PROGRAMS)
	@B=$(B) sh tests/bench/run.sh

# Who includes whom, from the compiler's own dependency files.
layers: unit-programs all
	@B=$(B) /usr/bin/python3 tests/layers.py
	@B=$(B) /usr/bin/python3 tests/doors.py

# Each header compiles alone.
HEADERS = $(shell git ls-files --cached --others --exclude-standard '*.h')
headers:
	@for h in $(HEADERS); do $(CC) $(filter-out -MMD -MP,$(CFLAGS)) -fsyntax-only -include $$h -x c /dev/null || exit 1; done; echo "headers: each compiles alone"

lint:
	@sh tests/lint.sh

PREFIX ?= /usr/local
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)/etc/cellpost
	install -m 755 $(B)/cellpostd $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(B)/cellpost $(DESTDIR)$(PREFIX)/bin/
	install -m 644 daemon/cellpost.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 daemon/cellpostd.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 daemon/cellpostd.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	install -m 644 daemon/cellpost.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/cellpost
	install -m 644 daemon/cellpostd.service $(DESTDIR)$(PREFIX)/lib/systemd/system/
	[ -e $(DESTDIR)/etc/cellpost/cellpostd.conf ] || install -m 640 examples/quickstart.cfg $(DESTDIR)/etc/cellpost/cellpostd.conf

clean:
	rm -rf $(O)

help:
	@echo 'run      install what is missing, build, start the gateway with examples/quickstart.cfg'
	@echo 'check    install what is missing, build, run every test; ends with "N passed, N failed"'
	@echo 'unit     the unit tests alone          all      build the programs'
	@echo 'asan     unit tests under ASan+UBSan   tsan     unit tests under TSan'
	@echo 'fuzz     each fuzz target for FUZZ_SECONDS (60)'
	@echo 'prove    the long proofs               bench    our figures beside the peer'\''s'
	@echo 'layers   who includes whom             headers  each header compiles alone'
	@echo 'lint     banned calls, missing words   install  PREFIX=/usr/local DESTDIR='

.PHONY: all run check unit asan tsan fuzz prove bench layers headers lint install clean help deps programs unit-programs test-programs

-include $(shell find $(B) -name '*.d' 2>/dev/null)
