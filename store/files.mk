SRCS_store :=
