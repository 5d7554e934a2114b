//! Room of zhipei-api-types.
