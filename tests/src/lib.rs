//! Room of zhipei-tests.
