//! Room of zhipei-migrations.
