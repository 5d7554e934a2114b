//! Room of zhipei-loadtest.
