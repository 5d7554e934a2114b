//! Room of zhipei-learning.
