SRCS_sms :=
