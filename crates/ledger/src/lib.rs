//! Room of zhipei-ledger.
