//! A list of regions to be taken into the tree: checked as a whole, and taken whole or not at all.

use std::collections::HashMap;

use crate::{Region, RegionCode, RegionTree};

/// A row of the list as it was written, with its number in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRegion {
    /// Its line, from 1.
    pub line: u64,
    /// As written.
    pub code: String,
    /// As written; empty at a root.
    pub parent: String,
    /// As written.
    pub name: String,
}

/// What is wrong with a row. Shown to the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionFault {
    /// The code is none.
    #[error("第 {0} 行：代码须为 2 到 12 位字母或数字")]
    Code(u64),
    /// The name is empty or too long.
    #[error("第 {0} 行：名称须为 1 到 100 个字")]
    Name(u64),
    /// The code stands in the list twice.
    #[error("第 {0} 行：代码 {1} 在第 {2} 行已有")]
    Twice(u64, String, u64),
    /// The parent is neither in the list nor in the tree.
    #[error("第 {0} 行：上级 {1} 不在文件里，也不在已有的区划里")]
    Parent(u64, String),
    /// The region has another parent. Moving it would change what supervisors see.
    #[error("第 {0} 行：{1} 已有，上级是 {2}；不能用导入改变上级")]
    Moved(u64, String, String),
    /// Parents lead back to the region itself.
    #[error("第 {0} 行：{1} 的上级绕回了自己")]
    Loop(u64, String),
}

/// What a list changes in a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegionChanges {
    /// New regions, parents first.
    pub added: Vec<Region>,
    /// Known regions that get another name.
    pub renamed: Vec<Region>,
    /// Known regions that stay as they are.
    pub unchanged: usize,
}

impl RegionTree {
    /// What `list` changes, or everything that is wrong with it.
    pub fn changes(&self, list: &[ListedRegion]) -> Result<RegionChanges, Vec<RegionFault>> {
        let mut faults = Vec::new();
        let mut lines: HashMap<RegionCode, u64> = HashMap::new();
        let mut regions: Vec<(u64, Region)> = Vec::new();
        for row in list {
            match parse(row) {
                Ok(region) => {
                    if let Some(first) = lines.insert(region.code.clone(), row.line) {
                        let code = region.code.to_string();
                        faults.push(RegionFault::Twice(row.line, code, first));
                    }
                    regions.push((row.line, region));
                }
                Err(fault) => faults.push(fault),
            }
        }
        for (line, region) in &regions {
            faults.extend(self.fault(*line, region, &lines, &regions));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut changes = RegionChanges::default();
        let mut waiting = Vec::new();
        for (_, region) in regions {
            match self.get(&region.code) {
                None => waiting.push(region),
                Some(known) if known.name == region.name => changes.unchanged += 1,
                Some(_) => changes.renamed.push(region),
            }
        }
        // Parents first: each round takes those whose parent is there.
        while !waiting.is_empty() {
            let is_there = |code: &RegionCode| {
                self.get(code).is_some() || changes.added.iter().any(|region| region.code == *code)
            };
            let (ready, later): (Vec<_>, Vec<_>) = waiting
                .into_iter()
                .partition(|region| region.parent.as_ref().is_none_or(is_there));
            changes.added.extend(ready);
            waiting = later;
        }
        Ok(changes)
    }

    fn fault(
        &self,
        line: u64,
        region: &Region,
        lines: &HashMap<RegionCode, u64>,
        regions: &[(u64, Region)],
    ) -> Option<RegionFault> {
        if let Some(parent) = &region.parent
            && !lines.contains_key(parent)
            && self.get(parent).is_none()
        {
            return Some(RegionFault::Parent(line, parent.to_string()));
        }
        if let Some(known) = self.get(&region.code) {
            let was = known.parent.as_ref().map_or("（无）", RegionCode::as_str);
            return (known.parent != region.parent)
                .then(|| RegionFault::Moved(line, region.code.to_string(), was.to_owned()));
        }
        let listed: HashMap<&RegionCode, Option<&RegionCode>> = regions
            .iter()
            .map(|(_, region)| (&region.code, region.parent.as_ref()))
            .collect();
        let mut at = region.parent.as_ref();
        for _ in 0..=regions.len() {
            match at {
                Some(parent) if *parent == region.code => {
                    return Some(RegionFault::Loop(line, region.code.to_string()));
                }
                Some(parent) => at = listed.get(parent).copied().flatten(),
                None => return None,
            }
        }
        None
    }
}

fn parse(row: &ListedRegion) -> Result<Region, RegionFault> {
    let code = |text: &str| RegionCode::parse(text.trim()).map_err(|_| RegionFault::Code(row.line));
    let name = row.name.trim();
    if !(1..=100).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(RegionFault::Name(row.line));
    }
    let parent = row.parent.trim();
    Ok(Region {
        code: code(&row.code)?,
        parent: (!parent.is_empty()).then(|| code(parent)).transpose()?,
        name: name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> RegionTree {
        let region = |code: &str, parent: Option<&str>, name: &str| Region {
            code: RegionCode::parse(code).unwrap(),
            parent: parent.map(|code| RegionCode::parse(code).unwrap()),
            name: name.to_owned(),
        };
        RegionTree::new([
            region("460000", None, "海南省"),
            region("460100", Some("460000"), "海口市"),
        ])
    }

    fn list(rows: &[(&str, &str, &str)]) -> Vec<ListedRegion> {
        (2..)
            .zip(rows)
            .map(|(line, (code, parent, name))| ListedRegion {
                line,
                code: (*code).to_owned(),
                parent: (*parent).to_owned(),
                name: (*name).to_owned(),
            })
            .collect()
    }

    #[test]
    fn a_list_in_any_order_is_taken_parents_first_and_a_second_time_changes_nothing() {
        let rows = list(&[
            ("440103", "440100", "荔湾区"),
            ("440100", "440000", "广州市"),
            ("440000", "", "广东省"),
            ("460100", "460000", "海口"),
            ("460000", "", "海南省"),
        ]);
        let changes = tree().changes(&rows).unwrap();
        let codes: Vec<_> = changes.added.iter().map(|r| r.code.as_str()).collect();
        assert_eq!(codes, ["440000", "440100", "440103"]);
        assert_eq!(changes.renamed.len(), 1);
        assert_eq!(changes.unchanged, 1);
        let after: Vec<_> = tree()
            .iter()
            .filter(|r| r.code.as_str() != "460100")
            .cloned()
            .chain(changes.added)
            .chain(changes.renamed)
            .collect();
        let again = RegionTree::new(after).changes(&rows).unwrap();
        assert_eq!(
            (again.added.len(), again.renamed.len(), again.unchanged),
            (0, 0, 5)
        );
    }

    #[test]
    fn every_faulty_row_is_named_by_its_line() {
        let faults = tree().changes(&list(&[
            ("44 0000", "", "广东省"),
            ("440100", "", ""),
            ("440200", "449999", "韶关市"),
            ("440300", "", "深圳市"),
            ("440300", "", "深圳"),
            ("460100", "", "海口市"),
            ("450100", "450200", "南宁市"),
            ("450200", "450100", "柳州市"),
        ]));
        assert_eq!(
            faults.unwrap_err(),
            [
                RegionFault::Code(2),
                RegionFault::Name(3),
                RegionFault::Twice(6, "440300".to_owned(), 5),
                RegionFault::Parent(4, "449999".to_owned()),
                RegionFault::Moved(7, "460100".to_owned(), "460000".to_owned()),
                RegionFault::Loop(8, "450100".to_owned()),
                RegionFault::Loop(9, "450200".to_owned()),
            ]
        );
    }
}
