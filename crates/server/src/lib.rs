//! Room of zhipei-server.
