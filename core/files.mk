SRCS_core :=
