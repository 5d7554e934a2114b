//! Room of zhipei-api.
