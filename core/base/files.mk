SRCS_core/base := $(addprefix core/base/, result.c loop.c ipc.c text.c arena.c clock.c random.c log.c counter.c hex.c utf8.c writer.c)
SRCS_core/base += $(addprefix core/base/, idtable.c worker.c sandbox.c sandbox_landlock.c sandbox_seccomp.c)
