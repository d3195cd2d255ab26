SRCS_daemon :=
