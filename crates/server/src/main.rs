//! The binary `zhipei`.

fn main() {}
