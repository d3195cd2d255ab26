# Tests of sms.
