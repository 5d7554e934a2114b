//! Room of zhipei-actions.
