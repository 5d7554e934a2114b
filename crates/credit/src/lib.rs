//! Room of zhipei-credit.
