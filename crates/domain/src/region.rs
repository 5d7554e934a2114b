//! Regions (行政区划): a tree of codes. The code says nothing about the place in the tree; the parent does.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A region's code: of GB/T 2260 (`469002`), or one of our own where that has none. Text, never a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionCode(String);

/// The text is not 2 to 12 ASCII letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("行政区划代码须为 2 到 12 位字母或数字")]
pub struct NotARegionCode;

impl RegionCode {
    /// Takes 2 to 12 ASCII letters and digits.
    pub fn parse(text: &str) -> Result<Self, NotARegionCode> {
        let fits =
            (2..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned())).ok_or(NotARegionCode)
    }

    /// The code as stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RegionCode {
    type Err = NotARegionCode;

    fn from_str(text: &str) -> Result<Self, NotARegionCode> {
        Self::parse(text)
    }
}

impl TryFrom<String> for RegionCode {
    type Error = NotARegionCode;

    fn try_from(text: String) -> Result<Self, NotARegionCode> {
        Self::parse(&text)
    }
}

impl From<RegionCode> for String {
    fn from(code: RegionCode) -> Self {
        code.0
    }
}

/// One node of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its code.
    pub code: RegionCode,
    /// The node above; the root has none.
    pub parent: Option<RegionCode>,
    /// Its name, as printed: 琼海市.
    pub name: String,
}

/// The whole tree, to read names and paths from.
#[derive(Clone, Debug, Default)]
pub struct RegionTree(HashMap<RegionCode, Region>);

impl RegionTree {
    /// A tree of `regions`, in any order.
    pub fn new(regions: impl IntoIterator<Item = Region>) -> Self {
        Self(
            regions
                .into_iter()
                .map(|region| (region.code.clone(), region))
                .collect(),
        )
    }

    /// The region with this code.
    pub fn get(&self, code: &RegionCode) -> Option<&Region> {
        self.0.get(code)
    }

    /// All regions, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.0.values()
    }

    /// Is `inner` the node `outer`, or anywhere under it?
    pub fn covers(&self, outer: &RegionCode, inner: &RegionCode) -> bool {
        let mut at = self.get(inner);
        // A parent loop in bad data must not hang: a path is never longer than the tree.
        for _ in 0..=self.0.len() {
            match at {
                Some(region) if region.code == *outer => return true,
                Some(region) => at = region.parent.as_ref().and_then(|up| self.get(up)),
                None => return false,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> RegionCode {
        RegionCode::parse(text).unwrap()
    }

    fn tree(nodes: &[(&str, Option<&str>)]) -> RegionTree {
        RegionTree::new(nodes.iter().map(|(at, parent)| Region {
            code: code(at),
            parent: parent.map(code),
            name: (*at).to_owned(),
        }))
    }

    #[test]
    fn a_county_directly_under_the_province_belongs_to_no_city() {
        let tree = tree(&[
            ("460000", None),
            ("460100", Some("460000")),
            ("460105", Some("460100")),
            ("469002", Some("460000")),
            ("46YP00", Some("460000")),
        ]);
        for inner in ["460000", "460100", "460105", "469002", "46YP00"] {
            assert!(tree.covers(&code("460000"), &code(inner)), "{inner}");
        }
        assert!(tree.covers(&code("460100"), &code("460105")));
        assert!(!tree.covers(&code("460100"), &code("469002")));
        assert!(!tree.covers(&code("460105"), &code("460100")));
        assert!(!tree.covers(&code("460100"), &code("110000")));
    }

    #[test]
    fn a_loop_of_parents_ends() {
        let tree = tree(&[("11", Some("22")), ("22", Some("11"))]);
        assert!(!tree.covers(&code("33"), &code("11")));
    }

    #[test]
    fn a_region_code_is_plain_letters_and_digits() {
        for bad in ["", "4", "46 000", "四六", "460000'--", "4600000000000"] {
            assert_eq!(RegionCode::parse(bad), Err(NotARegionCode), "{bad}");
        }
    }
}
