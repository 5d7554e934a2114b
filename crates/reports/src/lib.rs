//! Room of zhipei-reports.
