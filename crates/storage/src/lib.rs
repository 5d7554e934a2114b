//! Room of zhipei-storage.
