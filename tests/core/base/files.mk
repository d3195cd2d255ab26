# Tests of core/base.
