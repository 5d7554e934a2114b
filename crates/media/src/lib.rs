//! Room of zhipei-media.
