//! The pledge (承诺书) that a learner signs when joining a class.

/// The text that is signed now.
pub const PLEDGE: &str = include_str!("../texts/pledge-1.txt");
/// Its version; a change of the text is a new one.
pub const PLEDGE_VERSION: u32 = 1;
